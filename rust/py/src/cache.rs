//! The result cache for Python: what calls say about it, what a process remembers, and its upkeep.

use std::any::Any;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rev_accel_core as core;
use rev_accel_core::{Cache, CacheOptions, Held, KeptText, Memory, Verify};

use crate::detach;
use crate::error;
use crate::repo;

/// What this process remembers.
pub(crate) static MEMORY: Memory = Memory::new(core::DEFAULT_MEMORY_BYTES);

thread_local! {
    /// Between the fork hooks, on the thread that forks.
    static HELD: RefCell<Option<Held<'static>>> = const { RefCell::new(None) };
}

/// How a call uses the cache, as Python says it: the folder or `None`, whether to compare contents always, the limit in bytes.
#[derive(FromPyObject)]
pub(crate) struct CacheArguments(Option<PathBuf>, bool, u64, Option<PathBuf>);

impl CacheArguments {
    /// The options for the core; `remembers` is for calls whose answers this process keeps.
    pub(crate) fn options(self, py: Python<'_>, remembers: bool) -> PyResult<CacheOptions> {
        let Self(folder, compares_contents, max_bytes, explain) = self;
        Ok(CacheOptions {
            folder,
            verify: if compares_contents { Verify::Always } else { Verify::Stamp },
            max_bytes,
            explain,
            memory: remembers.then_some(&MEMORY),
            ..CacheOptions::new(interpreter(py)?)
        })
    }
}

/// Names what the grammar of the running interpreter depends on.
fn interpreter(py: Python<'_>) -> PyResult<String> {
    let sys = py.import("sys")?;
    let implementation: String = sys.getattr("implementation")?.getattr("name")?.extract()?;
    let digits: usize = sys.call_method0("get_int_max_str_digits")?.extract()?;
    let version = py.version_info();
    let suffix = version.suffix.unwrap_or_default();
    Ok(format!("{implementation} {}.{}.{}{suffix} {digits}", version.major, version.minor, version.patch))
}

/// A `str` that is kept with its bytes at hand.
pub(crate) struct PythonText {
    text: Py<PyString>,
    bytes: &'static [u8],
}

impl PythonText {
    /// Takes a text of ASCII characters.
    pub(crate) fn new(text: &Bound<'_, PyString>) -> PyResult<Self> {
        let bytes = text.to_str()?.as_bytes();
        // SAFETY: a `str` does not change, and CPython keeps its UTF-8 form in place for as long as the object lives, which `text` sees
        // to. The slice does not leave this struct without a borrow of it.
        #[expect(unsafe_code, reason = "the lifetime ends with that of the object beside it")]
        let bytes = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
        Ok(Self { text: text.clone().unbind(), bytes })
    }

    /// The object in a kept text, if that is one.
    pub(crate) fn of(py: Python<'_>, text: Arc<dyn KeptText>) -> Option<Bound<'_, PyString>> {
        let text: Arc<dyn Any + Send + Sync> = text;
        text.downcast::<Self>().ok().map(|text| text.text.clone_ref(py).into_bound(py))
    }
}

impl KeptText for PythonText {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

/// Waits, without the interpreter, until nobody uses the cache, and keeps it so over a fork.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    py.detach(core::before_fork);
    if HELD.with_borrow(Option::is_none) {
        HELD.set(Some(MEMORY.hold()));
    }
}

/// Ends what `before_fork` began, in the parent.
#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    HELD.take();
    core::after_fork_in_parent();
}

/// Ends what `before_fork` began, in the child.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    HELD.take();
    MEMORY.forget_counts();
    core::after_fork_in_child();
}

/// Forgets what this process remembers.
#[pyfunction]
pub(crate) fn forget() {
    MEMORY.clear();
    repo::forget();
}

/// Writes down how often each part of the cache had the answer, as far as that was not done yet.
#[pyfunction]
#[pyo3(signature = (folder))]
pub(crate) fn write_counts(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<()> {
    detach::guarded(py, || {
        MEMORY.write_counts(folder);
        Ok(())
    })
}

/// Adds how questions for replies were answered: hit, miss, shared, stored, refused, bypass.
#[pyfunction]
#[pyo3(signature = (folder, numbers))]
pub(crate) fn add_reply_counts(py: Python<'_>, folder: Option<PathBuf>, numbers: [u64; 6]) -> PyResult<()> {
    detach::guarded(py, || {
        core::add_reply_counts(folder, numbers);
        Ok(())
    })
}

/// Figures of the cache in a folder or in the usual place; `None` when there is none.
#[pyfunction]
#[pyo3(signature = (folder))]
pub(crate) fn cache_info(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some(cache) = open(py, folder)? else { return Ok(None) };
    let info = detach::run(py, |cancel| Ok(cache.info(cancel)))?;
    let dict = PyDict::new(py);
    dict.set_item("folder", info.folder.into_os_string())?;
    dict.set_item("writable", info.is_writable)?;
    dict.set_item("manifests", info.manifests)?;
    dict.set_item("manifest_bytes", info.manifest_bytes)?;
    dict.set_item("contents", info.contents)?;
    dict.set_item("content_bytes", info.content_bytes)?;
    dict.set_item("content_problem", info.content_problem)?;
    dict.set_item("replies", info.replies)?;
    dict.set_item("reply_bytes", info.reply_bytes)?;
    dict.set_item("reply_problem", info.reply_problem)?;
    for (kind, files) in ["memory", "manifest", "store", "recent", "miss"].into_iter().zip(info.answered) {
        dict.set_item(kind, files)?;
    }
    dict.set_item("reply_counts", info.reply_counts)?;
    Ok(Some(dict))
}

/// Reads all of the cache and drops what is damaged; `None` when there is none.
#[pyfunction]
#[pyo3(signature = (folder))]
pub(crate) fn cache_verify(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some(cache) = open(py, folder)? else { return Ok(None) };
    let check = detach::run(py, |cancel| Ok(cache.verify(cancel)))?;
    let dict = PyDict::new(py);
    dict.set_item("manifests", check.manifests)?;
    dict.set_item("damaged_manifests", check.damaged_manifests)?;
    dict.set_item("contents", check.contents)?;
    dict.set_item("damaged_contents", check.damaged_contents)?;
    dict.set_item("store_damaged", check.is_store_damaged)?;
    dict.set_item("replies", check.replies)?;
    dict.set_item("damaged_replies", check.damaged_replies)?;
    dict.set_item("reply_store_damaged", check.is_reply_store_damaged)?;
    dict.set_item("is_left", check.is_left)?;
    Ok(Some(dict))
}

/// How many bytes the files of the cache take; `None` when there is none.
#[pyfunction]
#[pyo3(signature = (folder))]
pub(crate) fn cache_bytes(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Option<u64>> {
    let Some(cache) = open(py, folder)? else { return Ok(None) };
    Ok(Some(py.detach(|| cache.bytes())))
}

/// Gives up what was not used for longest until results and replies take at most so many bytes each; false when that failed.
#[pyfunction]
#[pyo3(signature = (folder, *, max_bytes, max_reply_bytes))]
pub(crate) fn cache_shrink(
    py: Python<'_>,
    folder: Option<PathBuf>,
    max_bytes: u64,
    max_reply_bytes: u64,
) -> PyResult<bool> {
    let Some(cache) = open(py, folder)? else { return Ok(true) };
    detach::run(py, |cancel| Ok(cache.shrink(max_bytes, cancel) & cache.shrink_replies(max_reply_bytes, cancel)))
}

/// Empties the cache of results, also what this process remembers, or of replies, or of both; false when something is left.
#[pyfunction]
#[pyo3(signature = (folder, *, results, replies))]
pub(crate) fn cache_clear(py: Python<'_>, folder: Option<PathBuf>, results: bool, replies: bool) -> PyResult<bool> {
    if results {
        forget();
    }
    let Some(cache) = open(py, folder)? else { return Ok(true) };
    detach::run(py, |cancel| Ok((!results || cache.clear(cancel)) & (!replies || cache.clear_replies(cancel))))
}

fn open(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Option<Cache>> {
    Cache::open(folder).map_err(|problem| error::input(py, problem))
}
