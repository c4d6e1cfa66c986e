//! The one door from Python into work that takes time.
//!
//! Work runs on a thread of its own, outside the GIL. The calling thread waits, looks every [`POLL`] whether a signal came in, and passes
//! on what the work wants to tell Python meanwhile. Nothing lives between calls: a child that was forked meanwhile finds no lock held.

use std::any::Any;
use std::cell::RefCell;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use rev_accel_core::{Cancel, Error, while_awaited};

use crate::error;

/// How often signals are looked at: Ctrl-C is noticed within this time and one step of the work.
const POLL: Duration = Duration::from_millis(20);

/// How many messages of the work may wait for Python before the work waits, too.
const BACKLOG: usize = 16;

/// Stack of the thread that leads the work. Parsing happens on the core's own workers.
const STACK: usize = 4 << 20;

/// An answer that rests on at most so many stamps is looked up at once, on the thread of the call: that takes well below a millisecond.
pub(crate) const FEW_STAMPS: usize = 600;

/// `EX_SOFTWARE` of `sysexits.h`.
const STATUS_OF_CHILD: i32 = 70;

enum Message<E, T> {
    Event(E),
    Done(thread::Result<Result<T, Error>>),
}

/// What work uses to tell Python something while it runs.
pub(crate) struct Events<'a, E, T>(&'a SyncSender<Message<E, T>>);

impl<E, T> Events<'_, E, T> {
    /// Sends an event, waiting while too many are under way. False when nobody listens any more and the work should stop.
    pub(crate) fn send(&self, event: E) -> bool {
        self.0.send(Message::Event(event)).is_ok()
    }
}

/// Runs work that reports nothing before its end.
pub(crate) fn run<T: Send>(py: Python<'_>, work: impl FnOnce(&Cancel) -> Result<T, Error> + Send) -> PyResult<T> {
    run_with_events(py, |cancel, _: &Events<'_, (), T>| work(cancel), |_, ()| Ok(()))
}

/// Runs work that sends events; each is handled on the calling thread, attached to the interpreter.
///
/// An exception raised by a handler or by a signal cancels the work and is raised when the work has stopped.
pub(crate) fn run_with_events<E: Send, T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Cancel, &Events<'_, E, T>) -> Result<T, Error> + Send,
    mut handle: impl FnMut(Python<'_>, E) -> PyResult<()> + Send,
) -> PyResult<T> {
    let cancel = Cancel::new();
    let mut raised = None;
    let done = py.detach(|| {
        let (sender, receiver) = mpsc::sync_channel(BACKLOG);
        let (cancel, raised, handle) = (&cancel, &mut raised, &mut handle);
        thread::scope(|scope| {
            let lead = move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(cancel, &Events(&sender))));
                let result = result.map_err(|payload| -> Box<dyn Any + Send> { Box::new(describe(&*payload)) });
                let _ = sender.send(Message::Done(result));
            };
            let builder = thread::Builder::new().name("rev-accel-lead".to_owned()).stack_size(STACK);
            if let Err(error) = builder.spawn_scoped(scope, lead) {
                return Ok(Err(Error::Spawn(error)));
            }
            loop {
                let outcome = match receiver.recv_timeout(POLL) {
                    Ok(Message::Done(result)) => return result,
                    Ok(Message::Event(event)) if raised.is_none() => attached(|py| handle(py, event)),
                    #[expect(
                        clippy::redundant_closure_for_method_calls,
                        reason = "the method alone is not general enough"
                    )]
                    Err(RecvTimeoutError::Timeout) if raised.is_none() => attached(|py| py.check_signals()),
                    Ok(Message::Event(_)) | Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(Err(Error::Cancelled)),
                };
                match outcome {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        *raised = Some(error);
                        cancel.cancel();
                    }
                    // The interpreter is shutting down.
                    None => cancel.cancel(),
                }
            }
        })
    });
    if let Some(raised) = raised {
        return Err(raised);
    }
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(error::to_python(py, &failure)),
        Err(payload) => Err(error::internal(py, describe(&*payload))),
    }
}

/// Runs work that is over in a moment, on this thread and outside the GIL. Signals wait for its end: where others may have to be waited
/// for, it is to give up, and [`run`] is for the second attempt.
pub(crate) fn brief<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)).map_err(|payload| describe(&*payload)))
        .map_err(|panic| error::internal(py, panic))
}

/// Does something in Python while the work goes on; `None` when the interpreter is shutting down.
fn attached(handle: impl FnOnce(Python<'_>) -> PyResult<()>) -> Option<PyResult<()>> {
    let process = std::process::id();
    let handled = while_awaited(|| {
        let end_of_python = EndOfPython;
        let handled = Python::try_attach(handle);
        std::mem::forget(end_of_python);
        handled
    });
    if std::process::id() != process {
        // A forked child that came back: the threads that the call would wait for are its parent's.
        let _ = writeln!(io::stderr(), "rev-accel: a process that is forked in a callback has to end in it");
        std::process::exit(STATUS_OF_CHILD);
    }
    handled
}

/// Stops a thread that CPython ends, by unwinding its stack, because it wanted the GIL back while the interpreter finalises: further up
/// there is Rust that would catch it, which aborts the process.
struct EndOfPython;

impl Drop for EndOfPython {
    fn drop(&mut self) {
        // A panic may pass.
        while !thread::panicking() {
            thread::park();
        }
    }
}

/// Runs short work attached to the interpreter; a panic becomes `InternalError` here, too.
pub(crate) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(error::internal(py, describe(&*payload))))
}

thread_local! {
    /// Where the last panic of this thread happened.
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic is reported through its exception, not on the user's terminal.
pub(crate) fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        // A panic while the thread's own storage goes away has no place to be noted.
        let _ = PANIC_PLACE.try_with(|last| last.try_borrow_mut().map(|mut last| *last = place));
    }));
}

fn describe(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    let place = PANIC_PLACE.try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take())).ok().flatten();
    match (text, place) {
        (Some(text), Some(place)) => format!("panic at {place}: {text}"),
        (Some(text), None) => text.to_owned(),
        (None, _) => "panic without a message".to_owned(),
    }
}

/// The module's state (signals, the panic hook) belongs to one interpreter of a process.
pub(crate) fn refuse_subinterpreters() -> PyResult<()> {
    // SAFETY: both functions only read the current thread state, and a module is initialised by an attached thread.
    #[expect(unsafe_code, reason = "the number of the interpreter is only in the C API")]
    let interpreter = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
    if interpreter == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err("rev_accel can only be imported in the main interpreter, not in a subinterpreter"))
}

/// Panics on purpose, so that the tests see what becomes of it. `where` is `caller` or `worker`.
#[pyfunction]
#[pyo3(name = "_panic_for_tests", signature = (r#where))]
pub(crate) fn panic_for_tests(py: Python<'_>, r#where: &str) -> PyResult<()> {
    match r#where {
        "caller" => guarded(py, || panic!("on the calling thread, as asked")),
        "worker" => run(py, |_| panic!("on a worker thread, as asked")),
        other => Err(error::input(py, format!("`where` is `caller` or `worker`, not `{other}`"))),
    }
}
