//! Stores that stay open between calls.
//!
//! To open one takes eight times as long as to look a reply up in it, and the first one after the last was closed reads the whole log. So
//! a store that was used is kept for the next use by the same [`Replies`](super::Replies), of whatever thread.
//!
//! A forked child would inherit SQLite's notes of the locks that its parent holds, without holding them, and what it opened next would
//! go by these notes. So all that is kept is closed before a fork, when nothing is in use any more; both sides open it again when
//! they need it. A child that was forked past the hooks uses no store at all (see [`fork`]), and never comes here.
//!
//! SQLite maps the file through which processes coordinate, `-shm`, into memory. If somebody cuts that file, whoever looks at it ends by
//! a signal. So it is not looked at without a look at its length: not by the store that stayed open, and not by another one of this process,
//! which would share the map.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

use crate::cache::faults::{Step, attempt};
use crate::cache::folder::distrust;
use crate::cache::fork;
use crate::cache::store::{Store, beside};

/// No more than these are kept open for one [`Replies`](super::Replies): more are opened only while more threads are at it.
const MOST: usize = 8;

/// What is not in use. Locked only within a [`Use`](fork::Use), so that no fork finds it locked.
static IDLE: Mutex<Vec<(u64, Kept)>> = Mutex::new(Vec::new());

/// Names one user of kept stores.
pub(super) fn new_identity() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// An open store, with what tells whether its files are still the ones to use.
pub(super) struct Kept {
    store: Store,
    generation: u32,
    /// The database, its log, and the file through which processes coordinate.
    files: [PathBuf; 3],
    /// The database that would take its place.
    next: PathBuf,
    /// The files when they were used last; `None` before that, or when one is not to be used.
    known: Option<[File; 3]>,
}

impl Kept {
    pub(super) fn new(store: Store) -> Self {
        let generation = store.generation();
        let database = store.path_of(generation);
        let files = [beside(&database, "-wal"), beside(&database, "-shm")];
        let [log, shared] = files;
        let next = store.path_of(generation.saturating_add(1));
        Self { store, generation, files: [database, log, shared], next, known: None }
    }

    pub(super) fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Whether another use may begin: no file was removed, replaced, or made accessible to others, that which is mapped was not
    /// shortened, and no other database took the place of this one.
    fn is_current(&self) -> bool {
        let (Some(known), Some(found)) = (&self.known, self.look()) else { return false };
        let is_same = known.iter().zip(&found).all(|(known, found)| known.identity == found.identity);
        is_same
            && known[2].length <= found[2].length
            && look(&self.next).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    fn look(&self) -> Option<[File; 3]> {
        let [database, log, shared] = &self.files;
        Some([File::look(database)?, File::look(log)?, File::look(shared)?])
    }
}

/// What there is to know of a file.
struct File {
    /// Device and number.
    identity: (u64, u64),
    length: u64,
}

impl File {
    /// `None` for one that is not to be used.
    fn look(path: &Path) -> Option<Self> {
        let metadata = look(path).ok()?;
        let is_safe = metadata.is_file() && distrust(&metadata).is_none();
        is_safe.then(|| Self { identity: identity(&metadata), length: metadata.len() })
    }
}

fn look(path: &Path) -> io::Result<Metadata> {
    attempt(Step::Stat, path, || fs::symlink_metadata(path))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere a file that is open cannot be removed or replaced.
#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> (u64, u64) {
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
    if !kept.store.may_stay_open() {
        return;
    }
    let has_moved = kept.store.generation() != kept.generation;
    let mut kept = if has_moved { Kept::new(kept.store) } else { kept };
    kept.known = kept.look();
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.iter().filter(|(owner, _)| *owner == identity).count() < MOST {
        idle.push((identity, kept));
    }
}

/// Closes what should not be used any more, before another store is opened. Within a use.
pub(crate) fn close_stale() {
    let closed: Vec<_> = {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extract_if(.., |(_, kept)| !kept.is_current()).collect()
    };
    drop(closed);
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
