//! `rev_accel_core::workspace` for Python.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rev_accel_core::workspace::{self, EntryStatus, Expected, Kind, Right, Root, Version, Workspace, WriteOptions};
use rev_accel_core::{Digest, Error};

use crate::{detach, error};

/// A path as the caller gave it: a text that every system can take.
struct Name(String);

impl FromPyObject<'_, '_> for Name {
    type Error = PyErr;

    fn extract(path: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = path.py();
        let converted;
        let text = if let Ok(text) = path.cast::<PyString>() {
            text
        } else {
            // With `os.fspath`, whose error says what was expected.
            converted = py.import("os")?.call_method1("fspath", (path,))?;
            converted.as_borrowed().cast::<PyString>()?
        };
        match text.to_str() {
            Ok(text) => Ok(Self(text.to_owned())),
            Err(_) => {
                Err(error::input(py, format!("path {} has a lone surrogate: expected Unicode text", text.repr()?)))
            }
        }
    }
}

/// So many bytes are hashed on the thread of the call.
const FEW_BYTES: usize = 64 << 10;

/// The kind, the size in bytes, the mode, the number of names, when it was changed in nanoseconds.
type StatusParts = (&'static str, u64, u32, u64, i128);

/// The files below roots.
#[pyclass(frozen, module = "rev_accel._core")]
pub(crate) struct WorkspaceCore(Workspace);

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what is extracted from an argument comes by value")]
impl WorkspaceCore {
    /// The roots, the main one first, each with whether it may be written to.
    #[new]
    #[pyo3(signature = (roots))]
    fn new(roots: Vec<(PathBuf, bool)>) -> Self {
        Self(Workspace::new(roots.into_iter().map(|(path, writes)| Root { path, right: right(writes) }).collect()))
    }

    /// The name that a path leads to.
    #[pyo3(signature = (path, writes))]
    fn resolve(&self, py: Python<'_>, path: Name, writes: bool) -> PyResult<OsString> {
        brief(py, || self.0.resolve(&path.0, right(writes)).map(PathBuf::into_os_string))
    }

    /// A file, opened for reading: its descriptor, on Windows its handle.
    #[pyo3(signature = (path))]
    fn open(&self, py: Python<'_>, path: Name) -> PyResult<isize> {
        brief(py, || self.0.open(&path.0)).map(into_raw)
    }

    /// The digest and the size of a file's content; `None` if there is no file.
    #[pyo3(signature = (path))]
    fn version(&self, py: Python<'_>, path: Name) -> PyResult<Option<(String, u64)>> {
        let version = detach::run(py, |cancel| self.0.version(&path.0, cancel))?;
        Ok(version.map(|version| (version.digest.to_string(), version.size)))
    }

    /// Writes a file as a whole. `expected` is the digest of what has to be there, the empty text for nothing, `None` for anything.
    #[pyo3(signature = (path, data, *, expected, make_folders, break_links))]
    fn write(
        &self,
        py: Python<'_>,
        path: Name,
        data: &Bound<'_, PyBytes>,
        expected: Option<&str>,
        make_folders: bool,
        break_links: bool,
    ) -> PyResult<String> {
        let data = data.as_bytes();
        let expected = match expected {
            None => Expected::Anything,
            Some("") => Expected::Absent,
            Some(text) => Expected::Content(Digest::from_hex(text).ok_or_else(|| {
                error::input(py, format!("`expected` has the digest `{text}`: expected 64 hexadecimal digits"))
            })?),
        };
        let options = WriteOptions { expected, makes_folders: make_folders, breaks_links: break_links };
        let version = detach::run(py, |cancel| self.0.write(&path.0, data, options, cancel))?;
        Ok(version.digest.to_string())
    }

    /// The entries of a folder by name: the name, the kind, the size.
    #[pyo3(signature = (path))]
    fn list(&self, py: Python<'_>, path: Name) -> PyResult<Vec<(OsString, &'static str, u64)>> {
        let entries = detach::run(py, |cancel| self.0.list(&path.0, cancel))?;
        Ok(entries.into_iter().map(|entry| (entry.name, kind(entry.status.kind), entry.status.size)).collect())
    }

    /// What is at a path.
    #[pyo3(signature = (path))]
    fn stat(&self, py: Python<'_>, path: Name) -> PyResult<StatusParts> {
        let EntryStatus { kind: found, size, mode, links, modified, .. } = brief(py, || self.0.status(&path.0))?;
        Ok((kind(found), size, mode, links, modified))
    }

    /// Makes a folder and those around it.
    #[pyo3(signature = (path))]
    fn make_folder(&self, py: Python<'_>, path: Name) -> PyResult<()> {
        detach::run(py, |_| self.0.make_folder(&path.0))
    }

    /// Gives something another name.
    #[pyo3(signature = (source, target, overwrite))]
    fn r#move(&self, py: Python<'_>, source: Name, target: Name, overwrite: bool) -> PyResult<()> {
        detach::run(py, |cancel| self.0.rename(&source.0, &target.0, overwrite, cancel))
    }

    /// Copies a file or a folder.
    #[pyo3(signature = (source, target, overwrite))]
    fn copy(&self, py: Python<'_>, source: Name, target: Name, overwrite: bool) -> PyResult<()> {
        detach::run(py, |cancel| self.0.copy(&source.0, &target.0, overwrite, cancel))
    }

    /// Deletes a file, a link, a folder.
    #[pyo3(signature = (path, recursive))]
    fn delete(&self, py: Python<'_>, path: Name, recursive: bool) -> PyResult<()> {
        detach::run(py, |cancel| self.0.delete(&path.0, recursive, cancel))
    }
}

/// The name without links of a path below a root, where its text alone says it; else `None`.
#[pyfunction]
#[pyo3(signature = (root, path))]
pub(crate) fn plain_name(
    py: Python<'_>,
    root: &Bound<'_, PyString>,
    path: &Bound<'_, PyString>,
) -> PyResult<Option<String>> {
    // A lone surrogate is no text for the core.
    let (Ok(root), Ok(path)) = (root.to_str(), path.to_str()) else { return Ok(None) };
    detach::brief(py, || workspace::plain_name(root, path))
}

/// The digest of a file with this content.
#[pyfunction]
#[pyo3(signature = (data))]
pub(crate) fn content_digest(py: Python<'_>, data: &Bound<'_, PyBytes>) -> PyResult<String> {
    let data = data.as_bytes();
    let version = if data.len() <= FEW_BYTES { Version::of(data) } else { detach::brief(py, || Version::of(data))? };
    Ok(version.digest.to_string())
}

fn right(writes: bool) -> Right {
    if writes { Right::Write } else { Right::Read }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::Link => "link",
        Kind::Other => "other",
    }
}

/// Work of a few calls of the system, on the thread of the call.
fn brief<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    detach::brief(py, work)?.map_err(|failure| error::to_python(py, &failure))
}

#[cfg(unix)]
fn into_raw(file: File) -> isize {
    use std::os::fd::IntoRawFd;
    file.into_raw_fd() as isize
}

#[cfg(windows)]
fn into_raw(file: File) -> isize {
    use std::os::windows::io::IntoRawHandle;
    file.into_raw_handle() as isize
}
