//! The name under which a file appears in reports.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::path::Path;

/// A path relative to the root with forward slashes, or absolute when it is not inside the root.
///
/// Kept as bytes: a name that is not UTF-8 is shown as Python shows it, with each undecodable byte as a lone surrogate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The key of a path for a root; both absolute, or both relative to the same directory.
    pub(crate) fn new(path: &Path, root: &Path) -> Self {
        let shown = path.strip_prefix(root).unwrap_or(path);
        let bytes = shown.as_os_str().as_encoded_bytes();
        if cfg!(windows) {
            return Self(bytes.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect());
        }
        Self(bytes.into())
    }

    /// The bytes of the path.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with bytes that are not UTF-8 replaced; for people.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The code points of the `str` that Python makes of the path (its `surrogateescape`).
    pub(crate) fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.utf8_chunks().flat_map(|chunk| {
            let escaped = chunk.invalid().iter().map(|&byte| 0xdc00 + u32::from(byte));
            chunk.valid().chars().map(u32::from).chain(escaped)
        })
    }
}

impl<T: AsRef<OsStr>> From<T> for Key {
    /// The key that is just this name.
    fn from(name: T) -> Self {
        Self(name.as_ref().as_encoded_bytes().into())
    }
}

impl Ord for Key {
    /// Orders as Python orders the strings: by code point.
    fn cmp(&self, other: &Self) -> Ordering {
        match (std::str::from_utf8(&self.0), std::str::from_utf8(&other.0)) {
            (Ok(this), Ok(other)) => this.cmp(other),
            _ => self.code_points().cmp(other.code_points()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_sort_below_the_private_use_area() {
        let escaped = Key(b"\xff.py".to_vec().into());
        let private = Key::from("\u{e000}.py");
        assert!(private.as_bytes() < escaped.as_bytes());
        assert!(escaped < private);
    }
}
