//! From the core's error to Python's exceptions, which are defined in `rev_accel.errors`.

use pyo3::exceptions::{PyFileExistsError, PyMemoryError, PyOSError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use rev_accel_core::canonical::Excess;
use rev_accel_core::workspace::WorkspaceFault;
use rev_accel_core::{Error, Fault, GitFault};

/// The exception for an error of the core.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Value { fault: Fault::Type(_) | Fault::KeyType(_), .. } => PyTypeError::new_err(error.to_string()),
        Error::Value { fault: Fault::Excess(Excess::Memory), .. } => PyMemoryError::new_err(error.to_string()),
        Error::Path { .. }
        | Error::Exclude { .. }
        | Error::Include { .. }
        | Error::Pattern { .. }
        | Error::Value { .. } => input(py, error.to_string()),
        Error::Spawn(source) if source.kind() == std::io::ErrorKind::OutOfMemory => {
            PyMemoryError::new_err(error.to_string())
        }
        // The machine grants no thread: the same class as where Python cannot start a process.
        Error::Spawn(_) => PyOSError::new_err(error.to_string()),
        Error::Git(fault) => git(py, fault),
        Error::Workspace { path, fault } => workspace(py, path, fault, error.to_string()),
        Error::Cancelled => internal(py, error.to_string()),
    }
}

/// `rev_accel.errors.InputError`: the caller asked for something that cannot be.
pub(crate) fn input(py: Python<'_>, message: String) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    raise(py, &CLASS, "InputError", message)
}

/// `rev_accel.errors.InternalError`: a fault of this library.
pub(crate) fn internal(py: Python<'_>, message: String) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    raise(py, &CLASS, "InternalError", message)
}

/// `rev_accel.errors.GitError`, with its attribute `reason`.
fn git(py: Python<'_>, fault: &GitFault) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let reason = match fault {
        GitFault::Missing => "missing",
        GitFault::TimedOut(_) => "timeout",
        // The name of the setting stands in the text in every language.
        GitFault::Failed { message, .. } if message.contains("safe.directory") => "refused",
        GitFault::TooManyFilters | GitFault::UnknownSubmodules | GitFault::OwnHooks => "refused",
        GitFault::Start(_) | GitFault::TooLong | GitFault::Failed { .. } => "failed",
    };
    let error = raise(py, &CLASS, "GitError", fault.to_string());
    match error.value(py).setattr("reason", reason) {
        Ok(()) => error,
        Err(failed) => failed,
    }
}

/// The exception for what could not be done in a workspace.
fn workspace(py: Python<'_>, path: &str, fault: &WorkspaceFault, message: String) -> PyErr {
    static OUTSIDE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static STALE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match fault {
        WorkspaceFault::Outside | WorkspaceFault::ReadOnly(_) => raise(py, &OUTSIDE, "PathOutsideRootError", message),
        WorkspaceFault::Stale { .. } => raise(py, &STALE, "StaleFileError", message),
        WorkspaceFault::Exists => PyFileExistsError::new_err(message),
        WorkspaceFault::System(source) => match source.raw_os_error() {
            // Python makes it the class of the number, as `FileNotFoundError`.
            Some(number) => PyOSError::new_err((number, strerror(py, number), path.to_owned())),
            None => PyOSError::new_err(message),
        },
        WorkspaceFault::Name(_)
        | WorkspaceFault::Kind { .. }
        | WorkspaceFault::HardLinks(_)
        | WorkspaceFault::Protected(_)
        | WorkspaceFault::HoldsRepository(_)
        | WorkspaceFault::Restless
        | WorkspaceFault::TooDeep(_)
        | WorkspaceFault::Cancelled => input(py, message),
    }
}

/// What Python says for a number of the system.
fn strerror(py: Python<'_>, number: i32) -> Option<String> {
    py.import("os").and_then(|os| os.call_method1("strerror", (number,))?.extract()).ok()
}

fn raise(py: Python<'_>, class: &PyOnceLock<Py<PyType>>, name: &str, message: String) -> PyErr {
    match class.import(py, "rev_accel.errors", name) {
        Ok(class) => PyErr::from_type(class.clone(), message),
        // The package's own module is missing, so the installation is broken.
        Err(_) => PyRuntimeError::new_err(message),
    }
}
