//! `rev_accel_core::search` for Python.

use std::path::PathBuf;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rev_accel_core as core;
use rev_accel_core::{Case, Key, Match, Pattern, Search, SearchLimits, SearchOptions, Selection};

use crate::scan::key_to_python;
use crate::{detach, error};

/// `path`, `line`, `column`, `text`, `offset`, `length`, `spans`, `before`, `after`.
type MatchParts<'py> =
    (Bound<'py, PyAny>, u64, u64, String, u64, u64, Bound<'py, PyTuple>, Bound<'py, PyTuple>, Bound<'py, PyTuple>);

/// A path, the status, the class of the exception, and the message.
pub(crate) type FailureParts<'py> = (Bound<'py, PyAny>, &'static str, String, String);

/// The result of a search. Records are made of its lines when they are asked for.
#[pyclass(frozen, module = "rev_accel._core")]
pub(crate) struct FoundLines {
    search: Search,
    /// Paths of the files in `search`: one object for all records of a file.
    paths: Vec<Py<PyAny>>,
    /// How many lines are kept of each file and those before it.
    ends: Vec<usize>,
}

impl FoundLines {
    fn new(py: Python<'_>, search: Search) -> PyResult<Self> {
        let paths = search.files.iter().map(|file| Ok(key_to_python(py, &file.key)?.unbind()));
        let paths = paths.collect::<PyResult<_>>()?;
        let kept = search.files.iter().scan(0, |end, file| {
            *end += file.kept();
            Some(*end)
        });
        let ends = kept.collect();
        Ok(Self { search, paths, ends })
    }

    fn find(&self, index: usize) -> Option<(&Py<PyAny>, Match)> {
        let file = self.ends.partition_point(|end| *end <= index);
        let start = if file == 0 { 0 } else { self.ends[file - 1] };
        Some((self.paths.get(file)?, self.search.line(file, index - start)?))
    }
}

#[pymethods]
impl FoundLines {
    fn __len__(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    #[getter]
    fn total(&self) -> u64 {
        self.search.files.iter().map(|file| file.lines).sum()
    }

    #[getter]
    fn files(&self) -> usize {
        self.search.selected
    }

    #[getter]
    fn bytes(&self) -> u64 {
        self.search.bytes
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for (path, file) in self.paths.iter().zip(&self.search.files) {
            counts.set_item(path, file.lines)?;
        }
        Ok(counts)
    }

    fn binary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let files = self.paths.iter().zip(&self.search.files).filter(|(_, file)| file.binary);
        PyTuple::new(py, files.map(|(path, _)| path).collect::<Vec<_>>())
    }

    fn failures<'py>(&self, py: Python<'py>) -> PyResult<Vec<FailureParts<'py>>> {
        failure_parts(py, &self.search.failures)
    }

    #[pyo3(name = "match")]
    fn line<'py>(&self, py: Python<'py>, index: usize) -> PyResult<MatchParts<'py>> {
        detach::guarded(py, || {
            let (path, found) = self.find(index).ok_or_else(|| PyIndexError::new_err("no such line"))?;
            match_parts(path.bind(py), found)
        })
    }
}

/// Searches files and folders for lines that match a pattern.
#[pyfunction]
#[pyo3(signature = (root, paths, *, pattern, literal, case, words, all_files, include, exclude, before, after, max_matches, max_file_matches, max_characters, threads = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
pub(crate) fn search(
    py: Python<'_>,
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
) -> PyResult<FoundLines> {
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
    FoundLines::new(py, found)
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
