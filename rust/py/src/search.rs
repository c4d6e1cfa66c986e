//! `rev_accel_core::search` for Python.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rev_accel_core as core;
use rev_accel_core::{Case, Key, Match, Pattern, SearchLimits, SearchOptions, Selection};

use crate::scan::key_to_python;
use crate::{detach, error};

/// `path`, `line`, `column`, `text`, `offset`, `length`, `spans`, `before`, `after`.
type MatchParts<'py> =
    (Bound<'py, PyAny>, u64, u64, String, u64, u64, Bound<'py, PyTuple>, Bound<'py, PyTuple>, Bound<'py, PyTuple>);

/// A path, the number of its matching lines, whether it is binary, and the lines that are kept.
type FileParts<'py> = (Bound<'py, PyAny>, u64, bool, Vec<MatchParts<'py>>);

/// A path, the status, the class of the exception, and the message.
pub(crate) type FailureParts<'py> = (Bound<'py, PyAny>, &'static str, String, String);

/// Searches files and folders for lines that match a pattern.
#[pyfunction]
#[pyo3(signature = (root, paths, *, pattern, literal, case, words, all_files, include, exclude, before, after, max_matches, max_file_matches, max_characters, threads = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
pub(crate) fn search<'py>(
    py: Python<'py>,
    root: PathBuf,
    paths: Vec<PathBuf>,
    pattern: String,
    literal: bool,
    case: &str,
    words: bool,
    all_files: bool,
    include: Vec<String>,
    exclude: Vec<String>,
    before: usize,
    after: usize,
    max_matches: usize,
    max_file_matches: usize,
    max_characters: usize,
    threads: Option<usize>,
) -> PyResult<(Vec<FileParts<'py>>, Vec<FailureParts<'py>>, usize, u64)> {
    let case = match case {
        "sensitive" => Case::Sensitive,
        "insensitive" => Case::Insensitive,
        "smart" => Case::Smart,
        other => {
            return Err(error::input(py, format!("`case` is `sensitive`, `insensitive` or `smart`, not `{other}`")));
        }
    };
    let options = SearchOptions {
        root,
        paths,
        pattern: Pattern { text: pattern, literal, case, words },
        selection: if all_files { Selection::All } else { Selection::Ignore },
        include,
        exclude,
        context: (before, after),
        limits: SearchLimits { matches: max_matches, file_matches: max_file_matches, characters: max_characters },
        threads,
    };
    let found = detach::run(py, |cancel| core::search(&options, cancel))?;
    let files = found.files.into_iter().map(|file| {
        let path = key_to_python(py, &file.key)?;
        let matches = file.matches.into_iter().map(|found| match_parts(&path, found)).collect::<PyResult<_>>()?;
        Ok((path, file.lines, file.binary, matches))
    });
    let files = files.collect::<PyResult<_>>()?;
    Ok((files, failure_parts(py, &found.failures)?, found.selected, found.bytes))
}

/// Failures of files, for `rev_accel.FileError`.
pub(crate) fn failure_parts<'py>(
    py: Python<'py>,
    failures: &[(Key, core::Failure)],
) -> PyResult<Vec<FailureParts<'py>>> {
    let parts = failures.iter().map(|(key, failure)| {
        let (exception, message) = (failure.exception.to_string(), failure.message.to_string());
        Ok((key_to_python(py, key)?, failure.status.name(), exception, message))
    });
    parts.collect()
}

fn match_parts<'py>(path: &Bound<'py, PyAny>, found: Match) -> PyResult<MatchParts<'py>> {
    let py = path.py();
    let Match { line, column, text, offset, length, spans, before, after } = found;
    let (spans, before, after) = (PyTuple::new(py, spans)?, PyTuple::new(py, before)?, PyTuple::new(py, after)?);
    Ok((path.clone(), line, column, text, offset, length, spans, before, after))
}
