//! Which step fails, and how.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Step;

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// With this error number; an allocation fails as one that found no memory.
    Error(i32),
    /// A read or a write does half of what it was asked for; a step of another kind is left alone.
    Short,
    /// An allocation of SQLite's finds no memory; no other step counts.
    Memory,
}

/// Fails the `nth` step on paths below `below`, counted from 1, and if `for_good` every later one.
///
/// The path keeps tests apart that run at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) below: PathBuf,
    pub(crate) nth: usize,
    pub(crate) for_good: bool,
    pub(crate) fault: Fault,
}

struct Entry {
    identity: usize,
    plan: Plan,
    steps: usize,
}

static PLANS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
static IN_FORCE: AtomicUsize = AtomicUsize::new(0);
static IDENTITIES: AtomicUsize = AtomicUsize::new(0);

/// A plan in force; dropping it ends it.
pub(crate) struct Installed(usize);

/// Puts a plan into force.
pub(crate) fn install(plan: Plan) -> Installed {
    let identity = IDENTITIES.fetch_add(1, Ordering::Relaxed);
    plans().push(Entry { identity, plan, steps: 0 });
    IN_FORCE.fetch_add(1, Ordering::SeqCst);
    Installed(identity)
}

impl Installed {
    /// Whether the plan made a step fail: when it did not, the run had fewer steps, and the loop over `nth` is done.
    pub(crate) fn has_failed(&self) -> bool {
        plans().iter().any(|entry| entry.identity == self.0 && entry.steps >= entry.plan.nth)
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        plans().retain(|entry| entry.identity != self.0);
        IN_FORCE.fetch_sub(1, Ordering::SeqCst);
    }
}

fn plans() -> std::sync::MutexGuard<'static, Vec<Entry>> {
    PLANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fault that is planned for the step that is about to be done.
pub(super) fn next(path: &Path) -> Option<Fault> {
    planned(path, |fault| fault != Fault::Memory)
}

/// Whether an allocation of SQLite's fails that is made for a folder.
pub(super) fn allocation_fails(folder: &Path) -> bool {
    planned(folder, |fault| fault == Fault::Memory).is_some()
}

fn planned(path: &Path, counts: impl Fn(Fault) -> bool) -> Option<Fault> {
    if IN_FORCE.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let mut plans = plans();
    let entry = plans.iter_mut().find(|entry| path.starts_with(&entry.plan.below) && counts(entry.plan.fault))?;
    entry.steps += 1;
    let Plan { nth, for_good, fault, .. } = entry.plan;
    (entry.steps == nth || (for_good && entry.steps > nth)).then_some(fault)
}

/// May fail what is about to be done.
pub(crate) fn step(kind: Step, path: &Path) -> io::Result<()> {
    match next(path) {
        Some(Fault::Error(_)) if kind == Step::Allocate => Err(io::ErrorKind::OutOfMemory.into()),
        Some(Fault::Error(number)) => Err(io::Error::from_raw_os_error(number)),
        Some(Fault::Short | Fault::Memory) | None => Ok(()),
    }
}

/// As [`step`], for a read or a write of `bytes` bytes: how many of them to ask for.
pub(crate) fn short(_kind: Step, bytes: usize, path: &Path) -> io::Result<usize> {
    match next(path) {
        Some(Fault::Error(number)) => Err(io::Error::from_raw_os_error(number)),
        Some(Fault::Short) => Ok(bytes.div_ceil(2)),
        Some(Fault::Memory) | None => Ok(bytes),
    }
}
