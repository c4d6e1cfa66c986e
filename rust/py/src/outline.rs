//! What Python files define, for Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use rev_accel_core as core;
use rev_accel_core::{Definition, DefinitionOptions, Outline, Selection, Symbol};

use crate::detach;
use crate::interpreter::Running;
use crate::scan::key_to_python;
use crate::search::{FailureParts, failure_parts};

/// `kind`, `is_async`, `name`, `line`, `first_line`, `last_line`, `signature`, `doc`.
type SymbolParts = (&'static str, bool, String, u32, u32, u32, String, Option<String>);

/// The status, the class of the exception, the message, line and column.
type FailureFields = (&'static str, String, String, Option<u32>, Option<u32>);

/// The symbols, each with its depth, and what is wrong.
type OutlineParts = (Vec<(u32, SymbolParts)>, Option<FailureFields>);

/// The outline of a file, and its name in reports.
#[pyfunction]
#[pyo3(signature = (root, path, *, max_bytes))]
pub(crate) fn outline(
    py: Python<'_>,
    root: PathBuf,
    path: PathBuf,
    max_bytes: u64,
) -> PyResult<(Bound<'_, PyAny>, OutlineParts)> {
    let interpreter = Running::new(py)?;
    let (key, outline) =
        detach::run(py, move |cancel| core::outline_file(&root, &path, max_bytes, &interpreter, cancel))?;
    Ok((key_to_python(py, &key)?, outline_parts(outline)))
}

/// The outline of a text.
#[pyfunction]
#[pyo3(signature = (source, *, max_bytes))]
pub(crate) fn outline_source(py: Python<'_>, source: &[u8], max_bytes: u64) -> PyResult<OutlineParts> {
    let interpreter = Running::new(py)?;
    let outline = detach::run(py, |cancel| core::outline_source(source, max_bytes, &interpreter, cancel))?;
    Ok(outline_parts(outline))
}

/// Where a name is defined: path, name with those of what it stands in, and symbol of the first ones; how many there are; files that
/// may hold more; and how many were looked at.
#[pyfunction]
#[pyo3(signature = (root, paths, *, name, all_files, exclude, max_bytes, max_definitions, threads = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
#[expect(clippy::type_complexity, reason = "the shape of the tuple is the interface")]
pub(crate) fn find_definitions(
    py: Python<'_>,
    root: PathBuf,
    paths: Vec<PathBuf>,
    name: String,
    all_files: bool,
    exclude: Vec<String>,
    max_bytes: u64,
    max_definitions: usize,
    threads: Option<usize>,
) -> PyResult<(Vec<(Bound<'_, PyAny>, String, SymbolParts)>, usize, Vec<FailureParts<'_>>, usize)> {
    let selection = if all_files { Selection::All } else { Selection::Ignore };
    let options = DefinitionOptions { root, paths, name, selection, exclude, max_bytes, max_definitions, threads };
    let interpreter = Running::new(py)?;
    let found = detach::run(py, |cancel| core::find_definitions(&options, &interpreter, cancel))?;
    let definitions = found
        .found
        .into_iter()
        .map(|Definition { key, qualified, symbol }| Ok((key_to_python(py, &key)?, qualified, symbol_parts(symbol))));
    let definitions = definitions.collect::<PyResult<_>>()?;
    Ok((definitions, found.total, failure_parts(py, &found.failures)?, found.selected))
}

fn outline_parts(outline: Outline) -> OutlineParts {
    let symbols = outline.symbols.into_iter().map(|symbol| (symbol.depth, symbol_parts(symbol))).collect();
    let failure = outline.failure.map(|failure| {
        let (line, column) = failure.position.unzip();
        (failure.status.name(), failure.exception.into_owned(), failure.message.into_owned(), line, column)
    });
    (symbols, failure)
}

fn symbol_parts(symbol: Symbol) -> SymbolParts {
    let Symbol { depth: _, kind, is_async, name, line, first_line, last_line, signature, doc } = symbol;
    (kind.name(), is_async, name, line, first_line, last_line, signature, doc)
}
