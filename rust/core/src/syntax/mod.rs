//! From text to facts: what a file says that a rule may want to know, or why it cannot be read as Python.
//!
//! Facts are the interface. Who made them, the parser or the running interpreter, does not show. Only this folder names the parser.

mod depth;
pub(crate) mod facts;
pub mod guard;
pub(crate) mod interpreter;
mod judge;
pub(crate) mod tree;

pub(crate) use judge::facts_of;
