//! Files: which ones, under which names, and their bytes; and how to see later that nothing of this has changed.

pub(crate) mod device;
pub(crate) mod key;
pub(crate) mod listing;
pub(crate) mod paths;
pub(crate) mod read;
pub(crate) mod select;
pub(crate) mod snapshot;
pub(crate) mod stamp;
#[cfg(test)]
mod tests;
mod watch;
