//! Digests of Python values.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rev_accel_core::canonical::{Encoder, Output};
use rev_accel_core::{Digest, Domain, Hashing};

use crate::walk::walk;
use crate::{detach, error};

/// The name of a domain as a caller gives it, which may be any text.
pub(crate) enum Name<'py> {
    Usual,
    Given(Bound<'py, PyString>),
}

impl<'py> FromPyObject<'_, 'py> for Name<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(object.cast::<PyString>()?.to_owned()))
    }
}

/// The digest of a value: a name for its content, as 64 lower-case hexadecimal digits.
///
/// A value is made of None, bool, int, float, str, list, tuple and dict with str keys. The order of keys is irrelevant, a list equals a
/// tuple, and everything else counts, also the domain: the role in which the value is digested. `TypeError` for anything else in it, with
/// its place; `ValueError` for cycles, more than 1,000 levels, 10,000,000 values or 1 GiB.
#[pyfunction]
#[pyo3(signature = (value, *, domain = Name::Usual), text_signature = "(value, *, domain='value')")]
pub(crate) fn digest(py: Python<'_>, value: Bound<'_, PyAny>, domain: Name<'_>) -> PyResult<String> {
    encode(py, value, domain, Hashing::default()).map(|digest| digest.to_string())
}

/// The digest of a value, as 32 bytes.
#[pyfunction]
#[pyo3(signature = (value, *, domain = Name::Usual), text_signature = "(value, *, domain='value')")]
pub(crate) fn digest_bytes<'py>(
    py: Python<'py>,
    value: Bound<'py, PyAny>,
    domain: Name<'_>,
) -> PyResult<Bound<'py, PyBytes>> {
    encode(py, value, domain, Hashing::default()).map(|digest| PyBytes::new(py, digest.as_bytes()))
}

/// The digest of a sequence of messages, as 32 bytes: of those that it begins with, whose digest is `previous`, and of `messages`. `None`
/// when there are none at all. In errors these are numbered from `first` on.
#[pyfunction]
#[pyo3(signature = (messages, *, previous = None, first = 0))]
pub(crate) fn chain_digest<'py>(
    py: Python<'py>,
    messages: Vec<Bound<'py, PyAny>>,
    previous: Option<&[u8]>,
    first: usize,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let Some(domain) = Domain::new("message") else { return Err(error::internal(py, "no domain".to_owned())) };
    let previous = previous.map(<[u8; 32]>::try_from).transpose();
    let Ok(previous) = previous else { return Err(error::input(py, "`previous` must have 32 bytes".to_owned())) };
    let mut digest = previous.map(Digest::from_bytes);
    detach::guarded(py, || {
        for (index, message) in messages.into_iter().enumerate() {
            let root = format!("messages[{}]", first.saturating_add(index));
            let last = walk(message, &root, Encoder::new(domain, Hashing::default()))?;
            let chained = Digest::chain(digest.as_ref(), &last);
            digest = Some(chained.map_err(|excess| error::internal(py, excess.to_string()))?);
        }
        Ok(digest.map(|digest| PyBytes::new(py, digest.as_bytes())))
    })
}

/// What is hashed to make the digest of a value.
#[pyfunction]
#[pyo3(signature = (value, *, domain = Name::Usual), text_signature = "(value, *, domain='value')")]
pub(crate) fn canonical_bytes<'py>(
    py: Python<'py>,
    value: Bound<'py, PyAny>,
    domain: Name<'_>,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = encode(py, value, domain, Vec::new())?;
    PyBytes::new_with(py, bytes.len(), |copy| {
        copy.copy_from_slice(&bytes);
        Ok(())
    })
}

/// Encodes a value into an output. In messages, the value is called as its domain.
fn encode<O: Output>(py: Python<'_>, value: Bound<'_, PyAny>, name: Name<'_>, output: O) -> PyResult<O::Done> {
    let given;
    // A lone surrogate becomes a character that no domain has, either.
    let name = match name {
        Name::Usual => Cow::Borrowed("value"),
        Name::Given(name) => {
            given = name;
            given.to_string_lossy()
        }
    };
    let Some(domain) = Domain::new(&name) else {
        let (most, shown) = (Domain::MAX_LENGTH, name.chars().take(80).collect::<String>());
        return Err(error::input(py, format!("`domain` must be 1 to {most} visible ASCII characters, not {shown:?}")));
    };
    detach::guarded(py, || walk(value, domain.as_str(), Encoder::new(domain, output)))
}
