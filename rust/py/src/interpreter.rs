//! The running interpreter as the core's last word on what is valid Python.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyList};
use rev_accel_core::{Callee, Fact, FactKind, Failure, Grammar, Interpreter, Status};

/// Stack of a thread on which CPython parses, in bytes: with less it was seen to overflow.
const STACK: usize = 16 << 20;

/// How often an asker looks whether the interpreter is still there.
const POLL: Duration = Duration::from_millis(20);

/// How often, and how long in between, an asker tries to start its thread while others start theirs. Bounded, since in a forked child
/// the lock may be held by a thread that is not there.
const TRIES: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(1);

/// Held while the size of the stacks of new threads, which all of the process has in common, is another than the program's.
static STACK_SIZE: Mutex<()> = Mutex::new(());

/// Speaks for the interpreter of one call.
pub(crate) struct Running {
    grammar: Grammar,
    /// One question at a time: the answers' trees must not add up.
    asking: Mutex<()>,
}

impl Running {
    /// Reads the version and limits that count now.
    pub(crate) fn new(py: Python<'_>) -> PyResult<Self> {
        let limit = py.import("sys")?.getattr("get_int_max_str_digits")?.call0()?.extract()?;
        let grammar = Grammar { minor: py.version_info().minor, integer_digits: limit };
        Ok(Self { grammar, asking: Mutex::new(()) })
    }
}

impl Interpreter for Running {
    fn grammar(&self) -> Grammar {
        self.grammar
    }

    /// The question is answered on a thread of Python's own making.
    ///
    /// CPython ends a thread that wants the GIL back while the interpreter finalises, by unwinding its stack. That must find no Rust
    /// frames, or it aborts the process: so none may stand below a call that lets the GIL go, as compiling does. It also gives the
    /// parser a stack of a known size.
    fn ask(&self, text: &str) -> Option<Result<Vec<Fact>, Failure>> {
        let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, receiver) = mpsc::channel();
        let mut tries = 0;
        // Nobody may wait for the lock while attached: its holder may want the GIL back.
        while !Python::try_attach(|py| start_answering(py, text, &sender))?.ok()? {
            tries += 1;
            if tries == TRIES {
                return None;
            }
            thread::sleep(PAUSE);
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(POLL) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return None,
                // An interpreter that has begun to finalise gives no answer any more.
                Err(RecvTimeoutError::Timeout) => Python::try_attach(|_| ())?,
            }
        }
    }

    fn is_identifier(&self, name: &str) -> Option<bool> {
        Python::try_attach(|py| name.into_pyobject(py).ok()?.call_method0("isidentifier").ok()?.extract().ok())
            .flatten()
    }
}

type Answer = Option<Result<Vec<Fact>, Failure>>;

/// Starts the thread that sends the answer: `None` when there is none, for want of memory. False while another one is being started.
fn start_answering(py: Python<'_>, text: &str, sender: &mpsc::Sender<Answer>) -> PyResult<bool> {
    let _held = match STACK_SIZE.try_lock() {
        Ok(held) => held,
        Err(TryLockError::Poisoned(held)) => held.into_inner(),
        Err(TryLockError::WouldBlock) => return Ok(false),
    };
    // It is there already. To import something would run Python here, where the GIL may be let go.
    let answer = py.import("sys")?.getattr("modules")?.get_item("rev_accel")?.getattr("_answer")?;
    let sender = sender.clone();
    let reply = PyCFunction::new_closure(py, None, None, move |arguments, _| {
        let answer = arguments.get_item(0).and_then(|answer| read_answer(&answer)).ok();
        // The asker may be gone.
        let _ = sender.send(answer);
    })?;
    let threads = py.import("_thread")?;
    let previous_size = threads.call_method1("stack_size", (STACK,))?;
    let started = threads.call_method1("start_new_thread", (answer, (text, reply)));
    threads.call_method1("stack_size", (previous_size,))?;
    started.map(|_| true)
}

/// Reads what `inspect` answers: a list of facts, or a tuple that describes the exception.
fn read_answer(answer: &Bound<'_, PyAny>) -> PyResult<Result<Vec<Fact>, Failure>> {
    if let Ok(facts) = answer.cast::<PyList>() {
        return facts.iter().map(|fact| read_fact(&fact)).collect::<PyResult<Vec<_>>>().map(Ok);
    }
    let (exception, message, position): (String, String, Option<(u32, u32)>) = answer.extract()?;
    let (exception, message) = (exception.into(), message.into());
    Ok(Err(Failure { status: Status::SyntaxError, exception, message, position }))
}

fn read_fact(fact: &Bound<'_, PyAny>) -> PyResult<Fact> {
    let (line, column, name, parameters, returns): (u32, u32, Bound<'_, PyAny>, Option<u32>, bool) = fact.extract()?;
    let kind = if let Ok(names) = name.cast::<PyList>() {
        FactKind::Global(names.extract()?)
    } else {
        let name: String = name.extract()?;
        match (parameters, Callee::from_name(&name)) {
            (None, Some(callee)) => FactKind::Call(callee),
            (parameters, _) => FactKind::Function { name, parameters: parameters.unwrap_or(0), returns },
        }
    };
    Ok(Fact { line, column, kind })
}
