//! Where a test makes the cache's calls of the operating system fail.
//!
//! Everything in this folder that opens, reads, writes, renames, removes or allocates asks here first. Outside of
//! this crate's own tests the questions compile to nothing.

#[cfg(all(unix, test))]
mod memory;
#[cfg(all(unix, test))]
mod plan;
#[cfg(all(unix, test))]
mod vfs;

use std::io;
use std::path::Path;

#[cfg(all(unix, test))]
pub(crate) use memory::scope;
#[cfg(all(unix, test))]
pub(crate) use plan::{Fault, Plan, install, short, step};
#[cfg(all(unix, test))]
pub(crate) use vfs::{NAME as VFS, prepare};

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Open,
    Read,
    Write,
    Rename,
    MakeFolder,
    Remove,
    Stat,
    Allocate,
}

/// How often a call that a signal interrupted is made again.
const ATTEMPTS: usize = 16;

/// Does one step on a path, and does it again when a signal interrupted it.
pub(crate) fn attempt<T>(kind: Step, path: &Path, mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..ATTEMPTS {
        match step(kind, path).and_then(|()| action()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
    step(kind, path).and_then(|()| action())
}

/// Makes room for `additional` bytes.
pub(crate) fn reserve(buffer: &mut Vec<u8>, additional: usize, path: &Path) -> io::Result<()> {
    step(Step::Allocate, path)?;
    buffer.try_reserve_exact(additional).map_err(|_| io::ErrorKind::OutOfMemory.into())
}

/// While it lives, the thread works on a folder.
#[cfg(not(all(unix, test)))]
pub(crate) struct Scope;

/// Begins to work on a folder; without the feature it makes no difference.
#[cfg(not(all(unix, test)))]
#[inline]
pub(crate) const fn scope(_folder: &Path) -> Scope {
    Scope
}

/// May fail what is about to be done.
#[cfg(not(all(unix, test)))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
#[inline]
pub(crate) fn step(_kind: Step, _path: &Path) -> io::Result<()> {
    Ok(())
}

/// As [`step`], for a read or a write of `bytes` bytes: how many of them to ask for.
#[cfg(not(all(unix, test)))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
#[inline]
pub(crate) fn short(_kind: Step, bytes: usize, _path: &Path) -> io::Result<usize> {
    Ok(bytes)
}

#[cfg(all(unix, test))]
mod tests;
