//! Worker threads that live only as long as the call that needs them.
//!
//! There is no pool that outlives a call: a forked child would inherit its locks without its threads and hang, and CPython warns
//! about forking a process that has threads.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// Stack of a worker, in bytes. Address space only: pages are taken when touched.
///
/// The guard keeps a tree below [`MAX_DEPTH`](crate::syntax::guard::MAX_DEPTH) levels, which needs about 6 MiB; asking the interpreter
/// needs 16 MiB. The rest is the second line of defence, for text on which the guard and the parser might disagree.
const STACK: usize = 256 << 20;

/// How many results a worker collects before it hands them over.
const BATCH: usize = 16;

/// How long a worker that is too far ahead sleeps before it looks at the cancel flag again.
const WAIT: Duration = Duration::from_millis(20);

/// The number of threads to use when the caller does not say: the cores this process may use, as of the first time that it was asked.
///
/// The system is asked once, since that reads a handful of files, which takes as long as looking at a small tree.
#[must_use]
pub fn default_threads() -> usize {
    /// 0 until the system was asked. No lock: a child forked while it is held could never take it.
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let threads = thread::available_parallelism().map_or(1, NonZero::get);
            THREADS.store(threads, Ordering::Relaxed);
            threads
        }
        threads => threads,
    }
}

/// How [`ordered`] runs.
pub(crate) struct Schedule<'a> {
    /// Number of worker threads, at least one.
    pub(crate) threads: usize,
    /// Number of items.
    pub(crate) count: usize,
    /// How far, in items, a worker may run ahead of the item that is emitted next.
    pub(crate) window: usize,
    /// Polled before each item.
    pub(crate) cancel: &'a Cancel,
}

/// Runs `work` for each index below `count` on worker threads and passes the results to `emit`, on this thread, in order of index.
///
/// `init` makes the state that a worker keeps between its items. `emit` returns whether to go on. Fewer threads than asked for are used
/// when the system refuses more; with none at all the call fails.
pub(crate) fn ordered<S, T: Send>(
    schedule: &Schedule<'_>,
    init: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
    mut emit: impl FnMut(usize, T) -> bool,
) -> Result<()> {
    let Schedule { threads, count, window, cancel } = *schedule;
    let next = AtomicUsize::new(0);
    let gate = Gate::default();
    let (sender, receiver) = mpsc::channel::<Vec<(usize, T)>>();
    let worker = |sender: mpsc::Sender<Vec<(usize, T)>>| {
        let mut state = init();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || cancel.is_cancelled() {
                break;
            }
            if index >= gate.emitted().saturating_add(window) {
                // What this worker holds back may be what the others wait for.
                if sender.send(std::mem::take(&mut batch)).is_err() || !gate.wait_until(index, window, cancel) {
                    return;
                }
            }
            batch.push((index, work(&mut state, index)));
            if batch.len() == BATCH && sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_err() {
                return;
            }
        }
        let _ = sender.send(batch);
    };
    thread::scope(|scope| {
        let mut refused = None;
        let mut started = 0;
        for _ in 0..threads.clamp(1, count.max(1)) {
            let sender = sender.clone();
            let worker = &worker;
            let builder = thread::Builder::new().name("rev-accel".to_owned()).stack_size(STACK);
            match builder.spawn_scoped(scope, move || worker(sender)) {
                Ok(_) => started += 1,
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        drop(sender);
        if let (0, Some(error)) = (started, refused) {
            return Err(Error::Spawn(error));
        }
        let mut held = BTreeMap::new();
        let mut due = 0;
        for batch in receiver {
            for (index, result) in batch {
                if index != due {
                    held.insert(index, result);
                    continue;
                }
                let mut ready = Some(result);
                while let Some(result) = ready {
                    if !emit(due, result) {
                        cancel.cancel();
                        return Err(Error::Cancelled);
                    }
                    due += 1;
                    ready = held.remove(&due);
                }
                gate.advance(due);
            }
        }
        if due == count { Ok(()) } else { Err(Error::Cancelled) }
    })
}

/// Lets workers wait for the emitter.
#[derive(Default)]
struct Gate {
    emitted: AtomicUsize,
    lock: Mutex<()>,
    moved: Condvar,
}

impl Gate {
    fn emitted(&self) -> usize {
        self.emitted.load(Ordering::Acquire)
    }

    fn advance(&self, emitted: usize) {
        self.emitted.store(emitted, Ordering::Release);
        self.moved.notify_all();
    }

    /// Whether the worker may go on with `index`; false when the work was cancelled meanwhile.
    fn wait_until(&self, index: usize, window: usize, cancel: &Cancel) -> bool {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while index >= self.emitted().saturating_add(window) {
            if cancel.is_cancelled() {
                return false;
            }
            // The time-out covers a notification sent between the test and the wait.
            guard = self.moved.wait_timeout(guard, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
