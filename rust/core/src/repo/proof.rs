//! What an answer depends on: looks at the file system that have to give the same again.
//!
//! The argument is that of [`stamp`](crate::tree::stamp). A look is believed if what it saw had been so for a while when git was
//! started: then git saw the same, and any later change shows. Of a path under which there is nothing, the folder above must not have
//! changed since: what was removed from it meanwhile would show there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::seen::Seen;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::tree::device::Devices;
use crate::tree::paths::Paths;
use crate::tree::snapshot::{Cause, LastDevice, PATHS_PER_THREAD, STACK};
use crate::tree::stamp::Clock;

/// Paths that a thread takes at a time.
pub(super) const CHUNK: usize = 64;

/// Looks of one kind.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) paths: Arc<Paths>,
    pub(super) seen: Vec<Seen>,
}

/// All looks that an answer depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    pub(super) parts: Vec<Arc<Part>>,
    /// The latest time that the clock showed.
    pub(super) newest: i64,
}

impl Proof {
    /// How many looks there are.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.seen.len()).sum()
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        self.parts.iter().map(|part| part.paths.bytes().len() + part.seen.len() * (size_of::<Seen>() + 4)).sum()
    }

    /// Looks at everything again, and gives what is not as it was. What changed before the call is seen.
    pub(super) fn check(
        &self,
        threads: impl FnOnce() -> usize,
        clock: Clock,
        cancel: &Cancel,
    ) -> Result<Option<Cause>> {
        let cause = |path: &Path, reason| Ok(Some(Cause { path: path.to_owned(), reason }));
        // Times from before the clock was put back could come again.
        if !cfg!(unix) || clock() < self.newest {
            return cause(Path::new(""), "the clock was put back");
        }
        let pass = Pass {
            parts: &self.parts,
            devices: &Devices::default(),
            cancel,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            found: Mutex::new(None),
        };
        pass.run(threads, self.len());
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(pass.found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The floor of a check: a bare look at the same paths by the same number of threads. Gives how many there are still.
    pub(super) fn bare_look(&self, threads: impl FnOnce() -> usize) -> usize {
        let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = self.len();
        let work = || {
            let mut there = 0;
            loop {
                let start = next.fetch_add(CHUNK, Ordering::Relaxed);
                if start >= count {
                    found.fetch_add(there, Ordering::Relaxed);
                    return;
                }
                for index in start..count.min(start + CHUNK) {
                    let (part, index) = place(&self.parts, index);
                    there += usize::from(fs::symlink_metadata(part.paths.get(index)).is_ok());
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads_for(count, threads) {
                scope.spawn(work);
            }
            work();
        });
        found.into_inner()
    }
}

/// How many threads look at so many paths. How many there may be is asked only where it matters: that takes as long as a look at a
/// small tree.
pub(super) fn threads_for(count: usize, threads: impl FnOnce() -> usize) -> usize {
    match count / PATHS_PER_THREAD {
        0 | 1 => 1,
        most => most.min(threads()),
    }
}

/// The part that the look with this number is in, and its number there.
fn place(parts: &[Arc<Part>], mut index: usize) -> (&Part, usize) {
    for part in parts {
        if index < part.seen.len() {
            return (part, index);
        }
        index -= part.seen.len();
    }
    unreachable!("there are as many looks as in all parts")
}

/// One pass over all looks, by several threads.
struct Pass<'a> {
    parts: &'a [Arc<Part>],
    devices: &'a Devices,
    cancel: &'a Cancel,
    next: AtomicUsize,
    stop: AtomicBool,
    found: Mutex<Option<Cause>>,
}

impl Pass<'_> {
    fn run(&self, threads: impl FnOnce() -> usize, count: usize) {
        thread::scope(|scope| {
            // Where the system refuses a thread, the others do its work.
            for _ in 1..threads_for(count, threads) {
                if thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.work(count)).is_err() {
                    break;
                }
            }
            self.work(count);
        });
    }

    fn work(&self, count: usize) {
        let mut device = LastDevice::new(self.devices);
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count || self.stop.load(Ordering::Relaxed) || self.cancel.is_cancelled() {
                return;
            }
            for index in start..count.min(start + CHUNK) {
                let (part, index) = place(self.parts, index);
                let path = part.paths.get(index);
                if let Some(reason) = part.seen[index].differs(path, &mut device) {
                    self.stop.store(true, Ordering::Relaxed);
                    let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                    *found = Some(Cause { path: path.to_owned(), reason });
                    return;
                }
            }
        }
    }
}
