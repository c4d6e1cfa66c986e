//! The running interpreter as the core's last word on what is valid Python.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use rev_accel_core::{Callee, Fact, FactKind, Failure, Grammar, Interpreter, Status};

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

    fn ask(&self, text: &str) -> Option<Result<Vec<Fact>, Failure>> {
        let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        Python::try_attach(|py| {
            let answer = py.import("rev_accel._interpreter").and_then(|module| module.call_method1("inspect", (text,)));
            match answer.and_then(|answer| read_answer(&answer)) {
                Ok(answer) => Some(answer),
                // Only out of memory or an interpreter in pieces gets here: go on without its word.
                Err(_) => None,
            }
        })
        .flatten()
    }

    fn is_identifier(&self, name: &str) -> Option<bool> {
        Python::try_attach(|py| name.into_pyobject(py).ok()?.call_method0("isidentifier").ok()?.extract().ok())
            .flatten()
    }
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
