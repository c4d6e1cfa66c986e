//! How results are written.

pub(crate) mod drop_in;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod object;
mod sarif;

pub use lines::LineFormat;
