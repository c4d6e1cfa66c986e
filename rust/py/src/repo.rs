//! `rev_accel_core::repo` for Python.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rev_accel_core::repo::{Content, Explanation, Form, Outcome, Question, Ran, Repositories};

use crate::{detach, error};

/// How many bytes this process remembers of repositories.
const MEMORY_BYTES: usize = 64 << 20;

static REPOSITORIES: Repositories = Repositories::new(MEMORY_BYTES);

/// `kept`, `reason`, `not_kept`, `problem`, `git`, `processes`, `stamps`.
type ExplanationParts = (bool, String, Option<String>, Option<String>, Option<OsString>, u32, usize);

/// The code, the path, and where it came from.
type EntryParts<'py> = (String, Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

/// The fields of a commit.
type CommitParts<'py> =
    (String, String, Vec<String>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, i64, Bound<'py, PyBytes>);

/// The text of rev for a folder.
#[pyfunction]
#[pyo3(signature = (folder, *, commits, excluded, timeout, threads, keep))]
pub(crate) fn repo_text(
    py: Python<'_>,
    folder: PathBuf,
    commits: String,
    excluded: Vec<OsString>,
    timeout: f64,
    threads: Option<usize>,
    keep: bool,
) -> PyResult<Bound<'_, PyString>> {
    let outcome = ask(py, question(folder, Form::Text { commits, excluded }, timeout, threads, keep))?;
    match &outcome.answer.content {
        Content::Text(text) => Ok(PyString::new(py, text)),
        _ => Err(other_form(py)),
    }
}

/// What differs in the working tree that a folder is in.
#[pyfunction]
#[pyo3(signature = (folder, *, timeout, threads, keep))]
pub(crate) fn repo_status(
    py: Python<'_>,
    folder: PathBuf,
    timeout: f64,
    threads: Option<usize>,
    keep: bool,
) -> PyResult<Vec<EntryParts<'_>>> {
    let outcome = ask(py, question(folder, Form::Status, timeout, threads, keep))?;
    let Content::Status(entries) = &outcome.answer.content else { return Err(other_form(py)) };
    let parts = entries.iter().map(|entry| {
        let code = entry.code.map(char::from).iter().collect();
        let original = entry.original.as_ref().map(|original| PyBytes::new(py, original));
        (code, PyBytes::new(py, &entry.path), original)
    });
    Ok(parts.collect())
}

/// The latest commits.
#[pyfunction]
#[pyo3(signature = (folder, *, commits, timeout, threads, keep))]
pub(crate) fn repo_log(
    py: Python<'_>,
    folder: PathBuf,
    commits: u32,
    timeout: f64,
    threads: Option<usize>,
    keep: bool,
) -> PyResult<Vec<CommitParts<'_>>> {
    let outcome = ask(py, question(folder, Form::Log { commits }, timeout, threads, keep))?;
    let Content::Log(commits) = &outcome.answer.content else { return Err(other_form(py)) };
    let parts = commits.iter().map(|commit| {
        let bytes = |bytes: &[u8]| PyBytes::new(py, bytes);
        (
            commit.id.clone(),
            commit.abbreviated.clone(),
            commit.parents.clone(),
            bytes(&commit.author),
            bytes(&commit.email),
            commit.time,
            bytes(&commit.subject),
        )
    });
    Ok(parts.collect())
}

/// The commit, the reference that HEAD leads to, and the top of the working tree.
#[pyfunction]
#[pyo3(signature = (folder, *, timeout, threads, keep))]
#[expect(clippy::type_complexity, reason = "the shape of the tuple is the interface")]
pub(crate) fn repo_head(
    py: Python<'_>,
    folder: PathBuf,
    timeout: f64,
    threads: Option<usize>,
    keep: bool,
) -> PyResult<(Option<String>, Option<Bound<'_, PyBytes>>, Option<OsString>)> {
    let outcome = ask(py, question(folder, Form::Head, timeout, threads, keep))?;
    let Content::Head(head) = &outcome.answer.content else { return Err(other_form(py)) };
    let reference = head.reference.as_ref().map(|reference| PyBytes::new(py, reference));
    let top = outcome.answer.top.clone().map(PathBuf::into_os_string);
    Ok((head.commit.clone(), reference, top))
}

/// How the last answer for a folder came about.
#[pyfunction]
#[pyo3(signature = (folder))]
#[expect(clippy::needless_pass_by_value, reason = "as Python gives it")]
pub(crate) fn repo_explain(folder: PathBuf) -> Option<ExplanationParts> {
    let Explanation { kept, reason, not_kept, problem, git, processes, stamps } = REPOSITORIES.explanation(&folder)?;
    Some((kept, reason, not_kept, problem, git.map(PathBuf::into_os_string), processes, stamps))
}

/// `code`, `output`, `errors`, `top`, `blanked`.
type RanParts<'py> = (Option<i32>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, OsString, Vec<OsString>);

/// Runs a command of git.
#[pyfunction]
#[pyo3(signature = (folder, arguments, *, timeout, writes))]
pub(crate) fn repo_git(
    py: Python<'_>,
    folder: PathBuf,
    arguments: Vec<OsString>,
    timeout: f64,
    writes: bool,
) -> PyResult<RanParts<'_>> {
    let question = question(folder, Form::Status, timeout, None, true);
    let ran = detach::run(py, move |cancel| REPOSITORIES.run(&question, &arguments, writes, cancel))?;
    let Ran { code, output, errors, top, blanked } = ran;
    Ok((code, PyBytes::new(py, &output), PyBytes::new(py, &errors), top.into_os_string(), blanked))
}

/// Forgets all repositories.
pub(crate) fn forget() {
    REPOSITORIES.clear();
}

/// The floor of a kept text, for benchmarks: a bare look at all that it rests on; `None` when none is kept.
#[pyfunction]
#[pyo3(name = "_repo_floor_for_benches", signature = (folder, *, commits, excluded, threads))]
pub(crate) fn repo_floor(
    py: Python<'_>,
    folder: PathBuf,
    commits: String,
    excluded: Vec<OsString>,
    threads: Option<usize>,
) -> PyResult<Option<usize>> {
    let question = question(folder, Form::Text { commits, excluded }, 1.0, threads, true);
    detach::brief(py, || REPOSITORIES.bare_look(&question))
}

/// A question in the environment of this process. The calling thread is attached, so nobody changes it meanwhile through Python.
fn question(folder: PathBuf, form: Form, timeout: f64, threads: Option<usize>, keeps: bool) -> Question {
    let timeout = Duration::try_from_secs_f64(timeout).unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
    Question { timeout, threads, keeps, ..Question::new(folder, form) }
}

fn ask(py: Python<'_>, question: Question) -> PyResult<Outcome> {
    let recalled = detach::brief(py, || REPOSITORIES.recall(&question, detach::FEW_STAMPS))?;
    match recalled {
        Some(outcome) => Ok(outcome),
        None => detach::run(py, move |cancel| REPOSITORIES.ask(&question, cancel)),
    }
}

fn other_form(py: Python<'_>) -> PyErr {
    error::internal(py, "an answer of another form was given".to_owned())
}
