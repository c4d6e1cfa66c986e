//! `rev_accel_core::scan` for Python.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use rev_accel_core as core;
use rev_accel_core::{
    Detail, DropInText, FileReport, Finding, LineFormat, Options, Producer, RuleSet, Scan, Selection, Stats,
};

use crate::cache::{CacheArguments, PythonText};
use crate::detach::{self, FEW_STAMPS};
use crate::error;
use crate::interpreter::Running;

/// The result of a scan: what there is to say of each file that has something to say.
#[pyclass(frozen, module = "rev_accel._core")]
pub(crate) struct ScanResult {
    scan: Scan,
}

impl ScanResult {
    fn report(&self, index: usize) -> PyResult<&FileReport> {
        let Scan { reports, unlisted, .. } = &self.scan;
        let report = reports.get(index).map(|report| &**report);
        let report = report.or_else(|| unlisted.get(index.checked_sub(reports.len())?));
        report.ok_or_else(|| PyIndexError::new_err("no such file"))
    }
}

#[pymethods]
impl ScanResult {
    fn __len__(&self) -> usize {
        self.scan.reports.len() + self.scan.unlisted.len()
    }

    #[getter]
    fn total(&self) -> usize {
        self.scan.stats.findings()
    }

    #[getter]
    fn cache_problem(&self) -> Option<&str> {
        self.scan.stats.cache_problem.as_deref()
    }

    #[getter]
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats_to_python(py, &self.scan.stats)
    }

    fn path<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        key_to_python(py, &self.report(index)?.key)
    }

    fn status(&self, index: usize) -> PyResult<&'static str> {
        Ok(self.report(index)?.status())
    }

    #[expect(clippy::type_complexity, reason = "the shape of the tuple is the interface")]
    fn error(&self, index: usize) -> PyResult<Option<(&str, &str, Option<u32>, Option<u32>)>> {
        let failure = self.report(index)?.outcome.as_ref().err();
        Ok(failure.map(|failure| {
            let position = failure.position;
            let (line, column) = (position.map(|place| place.0), position.map(|place| place.1));
            (&*failure.exception, &*failure.message, line, column)
        }))
    }

    fn findings<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let findings = self.report(index)?.by_position();
        findings.into_iter().map(|finding| finding_to_python(py, finding)).collect()
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        detach::guarded(py, || PyString::from_bytes(py, &self.scan.to_drop_in_json()))
    }

    #[pyo3(signature = (*, format, color))]
    fn lines<'py>(&self, py: Python<'py>, format: &str, color: bool) -> PyResult<Bound<'py, PyBytes>> {
        let format = line_format(py, format, color)?;
        detach::guarded(py, || Ok(PyBytes::new(py, &self.scan.to_lines(format))))
    }
}

/// A path as the `str` that `os.fsdecode` makes of it.
pub(crate) fn key_to_python<'py>(py: Python<'py>, key: &core::Key) -> PyResult<Bound<'py, PyAny>> {
    match std::str::from_utf8(key.as_bytes()) {
        Ok(text) => text.into_bound_py_any(py),
        Err(_) => py.import("os")?.call_method1("fsdecode", (key.as_bytes(),)),
    }
}

fn finding_to_python<'py>(py: Python<'py>, finding: &Finding) -> PyResult<Bound<'py, PyAny>> {
    let data = PyDict::new(py);
    match &finding.detail {
        Detail::Todo { text, marker, .. } => {
            data.set_item("text", text)?;
            data.set_item("type", marker.name())?;
        }
        Detail::Print => {}
        Detail::Dangerous(callee) => {
            data.set_item("function", callee.name())?;
            data.set_item("severity", "HIGH")?;
        }
        Detail::MissingReturnType { function } => data.set_item("function", function)?,
        Detail::ManyParameters { function, parameters } => {
            data.set_item("function", function)?;
            data.set_item("parameters", parameters)?;
        }
        Detail::Global { names } => data.set_item("variables", names)?,
    }
    let Finding { line, column, detail } = finding;
    (detail.rule().name(), *line, *column, detail.message(), data).into_bound_py_any(py)
}

fn stats_to_python<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("files", stats.files)?;
    dict.set_item("bytes", stats.bytes)?;
    dict.set_item("findings", stats.findings())?;
    dict.set_item("errors", stats.errors)?;
    dict.set_item("parsed", stats.parsed)?;
    dict.set_item("unparsed", stats.unparsed)?;
    dict.set_item("asked", stats.asked)?;
    dict.set_item("threads", stats.threads)?;
    dict.set_item("memory", stats.memory)?;
    dict.set_item("manifest", stats.manifest)?;
    dict.set_item("recent", stats.recent)?;
    dict.set_item("store", stats.store)?;
    dict.set_item("select_ns", nanoseconds(stats.select_time))?;
    dict.set_item("analyse_ns", nanoseconds(stats.analyse_time))?;
    dict.set_item("keep_ns", nanoseconds(stats.keep_time))?;
    dict.set_item("cache_problem", &stats.cache_problem)?;
    dict.set_item("explanation", &stats.explanation)?;
    let by_rule = PyDict::new(py);
    for rule in core::Rule::ALL {
        by_rule.set_item(rule.name(), stats.by_rule[rule as usize])?;
    }
    dict.set_item("by_rule", by_rule)?;
    Ok(dict)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The drop-in's answer, with `tail` in place of its last key and closing brace, or `None` when there is no Python file; and why the
/// cache was not used, if it should have been.
#[pyfunction]
#[pyo3(signature = (root, target, *, rules, tail, check_error = None, threads = None, producer = "auto", cache = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
pub(crate) fn analyze<'py>(
    py: Python<'py>,
    root: PathBuf,
    target: PathBuf,
    rules: u8,
    tail: &str,
    check_error: Option<&str>,
    threads: Option<usize>,
    producer: &str,
    cache: Option<CacheArguments>,
) -> PyResult<(Option<Bound<'py, PyString>>, Option<String>)> {
    let interpreter = Running::new(py)?;
    let options = Options {
        rules: RuleSet::from_bits(rules),
        selection: Selection::All,
        threads,
        producer: self::producer(py, producer)?,
        cache: cache.map(|cache| cache.options(py, true)).transpose()?,
        ..Options::new(root, [target])
    };
    let mut made = None;
    let answer = match detach::brief(py, || core::recall_drop_in(&options, check_error, tail, FEW_STAMPS))? {
        Some(answer) => answer,
        None => detach::run_with_events(
            py,
            |cancel, events| {
                let mut pass_on = |text| {
                    events.send(text);
                };
                core::scan_drop_in(&options, check_error, tail, &interpreter, cancel, &mut pass_on)
            },
            |py, text: Arc<Vec<u8>>| {
                // While the core goes on; the last one counts.
                made = Some(PyString::from_bytes(py, &text)?.unbind());
                Ok(())
            },
        )?,
    };
    let text = match answer.text {
        None => None,
        Some(DropInText::Kept(text)) => match PythonText::of(py, text) {
            Some(text) => Some(text),
            None => return Err(error::internal(py, "a text of another kind was kept".to_owned())),
        },
        Some(DropInText::Made(slot)) => {
            let text = made.ok_or_else(|| error::internal(py, "the text got lost".to_owned()))?.into_bound(py);
            if let Some(slot) = slot {
                slot.keep(Arc::new(PythonText::new(&text)?));
            }
            Some(text)
        }
    };
    Ok((text, answer.stats.cache_problem))
}

/// Scans files and folders and keeps the reports.
#[pyfunction]
#[pyo3(signature = (root, paths, *, rules, all_files, exclude, max_bytes, threads = None, progress = None, producer = "auto", cache = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
pub(crate) fn scan(
    py: Python<'_>,
    root: PathBuf,
    paths: Vec<PathBuf>,
    rules: u8,
    all_files: bool,
    exclude: Vec<String>,
    max_bytes: u64,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    producer: &str,
    cache: Option<CacheArguments>,
) -> PyResult<ScanResult> {
    let producer = self::producer(py, producer)?;
    let cache = cache.map(|cache| cache.options(py, true)).transpose()?;
    let options = Options { producer, cache, ..options(root, paths, rules, all_files, exclude, max_bytes, threads) };
    let interpreter = Running::new(py)?;
    let watcher = Watcher::new(progress);
    let scan = match detach::brief(py, || core::recall_scan(&options, FEW_STAMPS))? {
        Some(scan) => scan,
        None => detach::run_with_events(
            py,
            |cancel, events| {
                let report = |done: usize, all: usize| watcher.report(done, all, |event| events.send(event));
                core::scan(&options, &interpreter, cancel, &report)
            },
            |py, (done, all)| watcher.tell(py, done, all),
        )?,
    };
    Ok(ScanResult { scan })
}

/// Scans one text in memory.
#[pyfunction]
#[pyo3(signature = (source, *, path, rules, max_bytes, producer = "auto"))]
pub(crate) fn scan_source(
    py: Python<'_>,
    source: &[u8],
    path: PathBuf,
    rules: u8,
    max_bytes: u64,
    producer: &str,
) -> PyResult<ScanResult> {
    let interpreter = Running::new(py)?;
    let rules = RuleSet::from_bits(rules);
    let key = core::Key::from(path);
    let producer = self::producer(py, producer)?;
    let scan =
        detach::run(py, |cancel| core::scan_source(source, key, rules, max_bytes, producer, &interpreter, cancel))?;
    Ok(ScanResult { scan })
}

/// Scans and passes the report to `write` piece by piece, on the calling thread; returns the figures.
#[pyfunction]
#[pyo3(signature = (root, paths, *, rules, all_files, exclude, max_bytes, format, color, write, threads = None, progress = None, producer = "auto", cache = None))]
#[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
pub(crate) fn stream<'py>(
    py: Python<'py>,
    root: PathBuf,
    paths: Vec<PathBuf>,
    rules: u8,
    all_files: bool,
    exclude: Vec<String>,
    max_bytes: u64,
    format: &str,
    color: bool,
    write: &Bound<'py, PyAny>,
    threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
    producer: &str,
    cache: Option<CacheArguments>,
) -> PyResult<Bound<'py, PyDict>> {
    let format = line_format(py, format, color)?;
    let producer = self::producer(py, producer)?;
    let cache = cache.map(|cache| cache.options(py, false)).transpose()?;
    let options = Options { producer, cache, ..options(root, paths, rules, all_files, exclude, max_bytes, threads) };
    let interpreter = Running::new(py)?;
    let watcher = Watcher::new(progress);
    let write = write.clone().unbind();
    let stats = detach::run_with_events(
        py,
        |cancel, events| {
            let report = |done: usize, all: usize| {
                watcher.report(done, all, |(done, all)| events.send(StreamEvent::Progress(done, all)));
            };
            let emit = |piece: &[u8]| events.send(StreamEvent::Piece(piece.to_vec()));
            core::scan_lines(&options, format, &interpreter, cancel, &report, emit)
        },
        |py, event| match event {
            StreamEvent::Piece(piece) => write.call1(py, (piece.as_slice(),)).map(drop),
            StreamEvent::Progress(done, all) => watcher.tell(py, done, all),
        },
    )?;
    stats_to_python(py, &stats)
}

fn line_format(py: Python<'_>, name: &str, color: bool) -> PyResult<LineFormat> {
    match name {
        "text" => Ok(LineFormat::Text { color }),
        "jsonl" => Ok(LineFormat::JsonLines),
        "sarif" => Ok(LineFormat::Sarif),
        _ => Err(error::input(py, format!("`format` is `text`, `jsonl` or `sarif`, not `{name}`"))),
    }
}

fn producer(py: Python<'_>, name: &str) -> PyResult<Producer> {
    match name {
        "auto" => Ok(Producer::Auto),
        "parser" => Ok(Producer::Parser),
        "audit" => Ok(Producer::Audit),
        _ => Err(error::input(py, format!("`producer` is `auto`, `parser` or `audit`, not `{name}`"))),
    }
}

enum StreamEvent {
    Piece(Vec<u8>),
    Progress(usize, usize),
}

fn options(
    root: PathBuf,
    paths: Vec<PathBuf>,
    rules: u8,
    all_files: bool,
    exclude: Vec<String>,
    max_bytes: u64,
    threads: Option<usize>,
) -> Options {
    Options {
        rules: RuleSet::from_bits(rules),
        selection: if all_files { Selection::All } else { Selection::Ignore },
        exclude,
        max_bytes,
        threads,
        ..Options::new(root, paths)
    }
}

/// Passes on about a hundred steps of a scan, whatever the number of files.
struct Watcher {
    callback: Option<Py<PyAny>>,
    told: AtomicUsize,
}

impl Watcher {
    fn new(callback: Option<&Bound<'_, PyAny>>) -> Self {
        Self { callback: callback.map(|callback| callback.clone().unbind()), told: AtomicUsize::new(0) }
    }

    /// On the leading thread.
    fn report(&self, done: usize, all: usize, send: impl FnOnce((usize, usize)) -> bool) {
        if self.callback.is_none() {
            return;
        }
        let step = (all / 100).max(1);
        if done == all || done >= self.told.load(Ordering::Relaxed) + step {
            self.told.store(done, Ordering::Relaxed);
            // When nobody listens any more the work is cancelled anyway.
            send((done, all));
        }
    }

    /// On the calling thread.
    fn tell(&self, py: Python<'_>, done: usize, all: usize) -> PyResult<()> {
        self.callback.as_ref().map_or(Ok(()), |callback| callback.call1(py, (done, all)).map(drop))
    }
}
