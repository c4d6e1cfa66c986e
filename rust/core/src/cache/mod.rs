//! What is remembered from one call to the next, on disk.
//!
//! A cache can only make a call faster. Whatever goes wrong in here is a miss, or a write that did not happen; nothing that was read is
//! believed before its checksum held.

pub(crate) mod counts;
pub(crate) mod faults;
mod files;
pub(crate) mod folder;
pub(crate) mod fork;
#[cfg(test)]
mod random;
pub(crate) mod record;
pub(crate) mod store;
mod system;
