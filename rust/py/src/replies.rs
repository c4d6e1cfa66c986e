//! The reply store for Python.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use rev_accel_core::{Bypass, Cancel, Lease, Owner, PutOptions, Replies, Seen, Taken};

use crate::{detach, error};

/// The replies in a folder for caches, or in the usual one.
#[pyclass(frozen, module = "rev_accel._core")]
pub(crate) struct ReplyStore(Replies);

#[pymethods]
impl ReplyStore {
    #[new]
    #[pyo3(signature = (folder))]
    fn new(folder: Option<PathBuf>) -> Self {
        Self(Replies::new(folder))
    }

    /// The reply to a request, `None`, or why the store was not used.
    #[pyo3(signature = (key, *, max_age = None))]
    fn get<'py>(&self, py: Python<'py>, key: &[u8], max_age: Option<u64>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (key, max_age) = (read_key(py, key)?, milliseconds(max_age));
        let mut found = detach::brief(py, || self.0.get(&key, max_age))?;
        if matches!(found, Err(Bypass::Unusable(_))) {
            // Perhaps only for a moment.
            found = detach::run(py, |cancel| Ok(self.0.get_patiently(&key, max_age, cancel)))?;
        }
        match found {
            Ok(None) => Ok(None),
            Ok(Some(reply)) => Ok(Some(PyBytes::new(py, &reply).into_any())),
            Err(bypass) => explain(py, bypass).map(Some),
        }
    }

    /// Keeps a reply, and ends the flight of `owner`; why it could not be done, or `None`.
    #[pyo3(signature = (key, reply, *, lasts, max_bytes, owner = None))]
    fn put<'py>(
        &self,
        py: Python<'py>,
        key: &[u8],
        reply: &[u8],
        lasts: Option<u64>,
        max_bytes: u64,
        owner: Option<&[u8]>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let key = read_key(py, key)?;
        let owner = owner.map(|owner| read_owner(py, owner)).transpose()?;
        let options = PutOptions { lasts: milliseconds(lasts), max_bytes, owner: owner.as_ref() };
        let put = detach::run(py, |cancel| Ok(self.0.put(&key, reply, &options, cancel)))?;
        put.err().map(|bypass| explain(py, bypass)).transpose()
    }

    /// Takes a lease, unless the reply is there or somebody else has it: what it came to, and what belongs to that.
    #[expect(clippy::too_many_arguments, reason = "the arguments are keywords of the Python signature")]
    #[pyo3(signature = (key, owner, *, lease, max_age = None, waited_for = None, stale = None))]
    fn take<'py>(
        &self,
        py: Python<'py>,
        key: &[u8],
        owner: &[u8],
        lease: u64,
        max_age: Option<u64>,
        waited_for: Option<&[u8]>,
        stale: Option<LeaseTuple<'py>>,
    ) -> PyResult<(&'static str, Option<Bound<'py, PyAny>>)> {
        let (key, owner, max_age) = (read_key(py, key)?, read_owner(py, owner)?, milliseconds(max_age));
        let length = Duration::from_millis(lease);
        let stale = stale.map(|stale| stale.read(py)).transpose()?;
        let waited_for = waited_for.map(|owner| read_owner(py, owner)).transpose()?;
        let seen = Seen { owner: waited_for.as_ref(), stale: stale.as_ref() };
        let taken = detach::run(py, |cancel| Ok(self.0.take(&key, &owner, length, max_age, seen, cancel)))?;
        Ok(match taken {
            Ok(Taken::Reply(reply)) => ("reply", Some(PyBytes::new(py, &reply).into_any())),
            Ok(Taken::Mine) => ("mine", None),
            Ok(Taken::Held(lease)) => ("held", Some(show(py, &lease)?.into_any())),
            Ok(Taken::Refused) => ("refused", None),
            Err(bypass) => ("bypass", Some(explain(py, bypass)?)),
        })
    }

    /// Puts the end of a lease off; false when it is not the owner's any more, or could not be done at once.
    #[pyo3(signature = (key, owner, *, lease))]
    fn renew(&self, py: Python<'_>, key: &[u8], owner: &[u8], lease: u64) -> PyResult<bool> {
        let (key, owner) = (read_key(py, key)?, read_owner(py, owner)?);
        let length = Duration::from_millis(lease);
        detach::brief(py, || self.0.renew(&key, &owner, length, &at_once()).unwrap_or(false))
    }

    /// Ends a flight without a reply; false when it was not the owner's any more, or could not be done at once.
    #[pyo3(signature = (key, owner))]
    fn release(&self, py: Python<'_>, key: &[u8], owner: &[u8]) -> PyResult<bool> {
        let (key, owner) = (read_key(py, key)?, read_owner(py, owner)?);
        detach::brief(py, || self.0.release(&key, &owner, &at_once()).unwrap_or(false))
    }

    /// Ends a flight whose call came to nothing that may be kept; false when it was not the owner's any more, or could not be done at
    /// once.
    #[pyo3(signature = (key, owner))]
    fn refuse(&self, py: Python<'_>, key: &[u8], owner: &[u8]) -> PyResult<bool> {
        let (key, owner) = (read_key(py, key)?, read_owner(py, owner)?);
        detach::brief(py, || self.0.refuse(&key, &owner, &at_once()).unwrap_or(false))
    }
}

/// A lease as Python has it: owner, process, length in milliseconds, deadline in milliseconds since 1970.
#[derive(FromPyObject)]
struct LeaseTuple<'py>(Bound<'py, PyBytes>, u32, u64, i64);

impl LeaseTuple<'_> {
    fn read(self, py: Python<'_>) -> PyResult<Lease> {
        let Self(owner, process, length, deadline) = self;
        let owner = read_owner(py, owner.as_bytes())?;
        Ok(Lease { owner, process, length: Duration::from_millis(length), deadline })
    }
}

fn show<'py>(py: Python<'py>, lease: &Lease) -> PyResult<Bound<'py, PyTuple>> {
    let length = u64::try_from(lease.length.as_millis()).unwrap_or(u64::MAX);
    (PyBytes::new(py, &lease.owner), lease.process, length, lease.deadline).into_pyobject(py)
}

/// A word for the statistics, and a line for people where there is something that they can do.
fn explain(py: Python<'_>, bypass: Bypass) -> PyResult<Bound<'_, PyAny>> {
    let (reason, problem) = match bypass {
        Bypass::Forked => ("forked", None),
        Bypass::Unusable(problem) => ("unusable", Some(problem)),
        Bypass::ReadOnly => ("read_only", None),
        Bypass::Failed => ("failed", None),
        Bypass::TooLarge => ("too_large", None),
    };
    Ok((reason, problem).into_pyobject(py)?.into_any())
}

/// Tries once.
fn at_once() -> Cancel {
    let cancel = Cancel::new();
    cancel.cancel();
    cancel
}

fn milliseconds(number: Option<u64>) -> Option<Duration> {
    number.map(Duration::from_millis)
}

fn read_key(py: Python<'_>, key: &[u8]) -> PyResult<[u8; 32]> {
    key.try_into().map_err(|_| error::input(py, format!("a key has 32 bytes, not {}", key.len())))
}

fn read_owner(py: Python<'_>, owner: &[u8]) -> PyResult<Owner> {
    owner.try_into().map_err(|_| error::input(py, format!("an owner has 16 bytes, not {}", owner.len())))
}
