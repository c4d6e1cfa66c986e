//! From text to facts: what a file says that a rule may want to know, or why it cannot be read as Python.
//!
//! Facts are the interface. Who made them, the recogniser, the parser or the running interpreter, does not show. Only this folder
//! names the parser. Beside the facts stands the [`outline`]: what a file defines.

pub mod audit;
mod depth;
pub(crate) mod facts;
pub mod guard;
pub(crate) mod interpreter;
mod judge;
pub(crate) mod outline;
mod recogniser;
pub(crate) mod tree;

pub use judge::Producer;
pub(crate) use judge::facts_of;
