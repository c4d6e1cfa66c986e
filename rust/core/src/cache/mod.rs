//! What was found out earlier, so that it need not be found out again.
//!
//! Looked up in this order: what this process [remembers](memory), the [manifest] of the tree, the [store] of contents. Any failure on
//! the way is a miss: a cache can only make a scan faster.

pub(crate) mod admin;
pub(crate) mod counts;
pub(crate) mod faults;
mod files;
pub(crate) mod folder;
pub(crate) mod fork;
pub(crate) mod known;
pub(crate) mod manifest;
pub(crate) mod memory;
mod meta;
#[cfg(test)]
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod replies;
pub(crate) mod store;
mod system;

use std::path::PathBuf;

pub use admin::{Cache, CacheCheck, CacheInfo};
pub use counts::add_reply_counts;
pub use fork::{after_fork_in_child, after_fork_in_parent, while_awaited};
pub use memory::{DEFAULT_MEMORY_BYTES, Held, KeptText, Memory};
pub use replies::{Bypass, Lease, Owner, PutOptions, Replies, Seen, Taken};

use crate::tree::stamp::{Clock, system_clock};

/// To be called before a fork: waits until no other thread uses a store, keeps it so until one of the other hooks is called by this
/// thread, and closes what is open.
pub fn before_fork() {
    fork::before_fork();
    replies::close_all();
}

/// Names what makes an answer: whatever was made by another engine is not found. The last number is raised whenever the same text would
/// give another answer, or one in another form, although the version of the crate does not tell.
pub(crate) const ENGINE: &str = concat!("rev-accel ", env!("CARGO_PKG_VERSION"), " rules 1");

/// Default of [`CacheOptions::max_bytes`].
pub const DEFAULT_CACHE_BYTES: u64 = 1 << 30;

/// How to use what is known from earlier scans.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// The folder of the cache, or `None` for the usual place.
    pub folder: Option<PathBuf>,
    /// When a file counts as unchanged.
    pub verify: Verify,
    /// From how many bytes on the content store gives up what was not used for the longest time. Manifests take at most half as many.
    pub max_bytes: u64,
    /// Names the interpreter: its implementation, full version, and limits that its grammar depends on.
    pub interpreter: String,
    /// A file of whose answer the figures shall tell how it came about.
    pub explain: Option<PathBuf>,
    /// What this process remembers.
    pub memory: Option<&'static Memory>,
    /// What time it is.
    pub clock: Clock,
}

impl CacheOptions {
    /// The usual options, for this interpreter.
    #[must_use]
    pub fn new(interpreter: impl Into<String>) -> Self {
        Self {
            folder: None,
            verify: Verify::Stamp,
            max_bytes: DEFAULT_CACHE_BYTES,
            interpreter: interpreter.into(),
            explain: None,
            memory: None,
            clock: system_clock,
        }
    }
}

/// When a file counts as unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// When the file system says so: same file, size and times.
    #[default]
    Stamp,
    /// When its bytes are the same.
    Always,
}
