//! Files: which ones, under which names, and their bytes.

pub(crate) mod key;
pub(crate) mod read;
pub(crate) mod select;
