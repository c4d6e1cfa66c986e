//! Stores that stay open between calls.
//!
//! To open one takes ten times as long as to look a reply up in it, and the first one after the last was closed reads the whole log. So
//! a store that was used is kept for the next use by the same [`Replies`](super::Replies), of whatever thread.
//!
//! A forked child would inherit SQLite's notes of the locks that its parent holds, without holding them, and what it opened next would
//! go by these notes. So all that is kept is closed before a fork, when nothing is in use any more; both sides open it again when
//! they need it. A child that was forked past the hooks uses no store at all (see [`fork`]), and never comes here.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use crate::cache::faults::{Step, attempt};
use crate::cache::folder::distrust;
use crate::cache::fork;
use crate::cache::store::Store;

/// No more than these are kept open for one [`Replies`](super::Replies): more are opened only while more threads are at it.
const MOST: usize = 8;

/// What is not in use. Locked only within a [`Use`](fork::Use), so that no fork finds it locked.
static IDLE: Mutex<Vec<(u64, Kept)>> = Mutex::new(Vec::new());

/// Names one user of kept stores.
pub(super) fn new_identity() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// An open store, with what tells whether its file is still the one to use.
pub(super) struct Kept {
    store: Store,
    generation: u32,
    database: PathBuf,
    /// What would take its place.
    next: PathBuf,
    file: Option<FileIdentity>,
}

impl Kept {
    pub(super) fn new(store: Store) -> Self {
        let generation = store.generation();
        let [database, next] = [generation, generation.saturating_add(1)].map(|number| store.path_of(number));
        let file = identify(&database);
        Self { store, generation, database, next, file }
    }

    pub(super) fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Whether another use may begin: the file was not removed, replaced, or made accessible to others, and no other one took its place.
    fn is_current(&self) -> bool {
        self.file.is_some()
            && identify(&self.database) == self.file
            && look(&self.next).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

/// Device and number of a file.
type FileIdentity = (u64, u64);

fn identify(database: &Path) -> Option<FileIdentity> {
    let metadata = look(database).ok()?;
    (metadata.is_file() && distrust(&metadata).is_none()).then(|| identity(&metadata))
}

fn look(path: &Path) -> io::Result<Metadata> {
    attempt(Step::Stat, path, || fs::symlink_metadata(path))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere a file that is open cannot be removed or replaced.
#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> FileIdentity {
    (0, 0)
}

/// A store that is open already and whose file is still the one to use. Within a use.
pub(super) fn take(identity: u64) -> Option<Kept> {
    loop {
        let mut kept = {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            // The one that was used last, with most in memory.
            let index = idle.iter().rposition(|(owner, _)| *owner == identity)?;
            idle.remove(index).1
        };
        if kept.is_current() {
            kept.store.look_at_clock();
            return Some(kept);
        }
    }
}

/// Keeps a store for the next use. Within a use.
pub(super) fn keep(identity: u64, kept: Kept) {
    // A store that is only read may be of a moment: the log of others is not looked at.
    if !kept.store.is_writable() || kept.store.has_noted() {
        return;
    }
    let has_moved = kept.store.generation() != kept.generation;
    let kept = if has_moved { Kept::new(kept.store) } else { kept };
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.iter().filter(|(owner, _)| *owner == identity).count() < MOST {
        idle.push((identity, kept));
    }
}

/// Closes what is kept for one user.
pub(super) fn close(identity: u64) {
    // Where that is not possible now, a fork closes all.
    let Some(_in_use) = fork::enter() else { return };
    let closed: Vec<_> = {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extract_if(.., |(owner, _)| *owner == identity).collect()
    };
    drop(closed);
}

#[cfg(test)]
pub(super) fn is_open(replies: &super::Replies) -> bool {
    has(replies.identity)
}

#[cfg(test)]
pub(super) fn has(identity: u64) -> bool {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    idle.iter().any(|(owner, _)| *owner == identity)
}

/// Closes everything, between the hooks of a fork: nothing is in use, or the child will do without.
pub(crate) fn close_all() {
    match IDLE.try_lock() {
        Ok(mut idle) => idle.clear(),
        Err(TryLockError::Poisoned(idle)) => idle.into_inner().clear(),
        Err(TryLockError::WouldBlock) => {}
    }
}
