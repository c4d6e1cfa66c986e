//! One thread with a large stack for all inputs: to make one for each would take most of the time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use crate::STACK;

type Job = (fn(&[u8]), Vec<u8>);

/// Where jobs go in and what became of them comes out.
type Worker = (SyncSender<Job>, Receiver<thread::Result<()>>);

/// Does `work` with the stack that the parser needs for the deepest text that the guard lets through, and panics if that panics.
pub(super) fn on_large_stack(work: fn(&[u8]), data: &[u8]) {
    let worker = WORKER.lock().unwrap_or_else(PoisonError::into_inner);
    let outcome = worker.0.send((work, data.to_vec())).ok().and_then(|()| worker.1.recv().ok());
    drop(worker);
    match outcome {
        Some(Ok(())) => {}
        Some(Err(panic)) => resume_unwind(panic),
        None => panic!("there is no thread to work on"),
    }
}

static WORKER: LazyLock<Mutex<Worker>> = LazyLock::new(|| {
    let (jobs, asked) = sync_channel::<Job>(0);
    let (done, outcomes) = sync_channel(0);
    let work = move || {
        for (work, data) in asked {
            if done.send(catch_unwind(AssertUnwindSafe(|| work(&data)))).is_err() {
                return;
            }
        }
    };
    let _ = thread::Builder::new().stack_size(STACK).spawn(work);
    Mutex::new((jobs, outcomes))
});
