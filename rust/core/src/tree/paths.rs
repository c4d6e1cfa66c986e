//! Many paths in one allocation: a tree has a hundred thousand.

#[cfg(unix)]
use std::ffi::OsStr;
use std::path::Path;

/// A list of paths. On Unix any bytes; elsewhere what is not Unicode is replaced, and then names nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    bytes: Vec<u8>,
    /// Where each path ends in the bytes.
    ends: Vec<u32>,
}

impl Paths {
    /// Adds a path; false, and nothing is added, when there are more than 4 GiB of them.
    #[must_use]
    pub(crate) fn push(&mut self, path: &Path) -> bool {
        #[cfg(unix)]
        let new = path.as_os_str().as_encoded_bytes();
        #[cfg(not(unix))]
        let new = path.to_string_lossy();
        #[cfg(not(unix))]
        let new = new.as_bytes();
        let Ok(end) = u32::try_from(self.bytes.len() + new.len()) else { return false };
        self.bytes.extend_from_slice(new);
        self.ends.push(end);
        true
    }

    /// The paths whose bytes follow each other, each as long as its entry in `lengths` says.
    ///
    /// `None` when the lengths are not exactly those of the bytes, or a path is none: empty, or with a NUL in it.
    pub(crate) fn from_parts(bytes: Vec<u8>, lengths: impl Iterator<Item = u32>) -> Option<Self> {
        let (mut ends, mut start) = (Vec::new(), 0_u32);
        ends.try_reserve_exact(lengths.size_hint().0).ok()?;
        for length in lengths {
            let end = start.checked_add(length)?;
            if length == 0 || end as usize > bytes.len() {
                return None;
            }
            ends.push(end);
            start = end;
        }
        let whole = start as usize == bytes.len() && memchr::memchr(0, &bytes).is_none();
        let readable = cfg!(unix) || std::str::from_utf8(&bytes).is_ok();
        (whole && readable).then_some(Self { bytes, ends })
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All paths, one behind the other.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long each path is, in bytes.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).map(|index| (self.ends[index] as usize - self.start(index)) as u32)
    }

    /// The path at an index.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn get(&self, index: usize) -> &Path {
        let bytes = &self.bytes[self.start(index)..self.ends[index] as usize];
        #[cfg(unix)]
        return Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes));
        #[cfg(not(unix))]
        return Path::new(std::str::from_utf8(bytes).unwrap_or_default());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Path> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Paths {
        let mut paths = Paths::default();
        assert!(names.iter().all(|name| paths.push(Path::new(name))));
        paths
    }

    #[test]
    fn paths_come_back_and_survive_their_parts() {
        let paths = paths(&["/a", "/a/b.py", "c"]);
        assert_eq!(paths.len(), 3);
        assert_eq!(paths.iter().collect::<Vec<_>>(), [Path::new("/a"), Path::new("/a/b.py"), Path::new("c")]);
        assert_eq!(Paths::from_parts(paths.bytes().to_vec(), paths.lengths()), Some(paths));
        assert_eq!(Paths::from_parts(Vec::new(), std::iter::empty()), Some(Paths::default()));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_may_be_any_bytes() {
        let odd = Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"/\xff\n.py"));
        let mut paths = Paths::default();
        assert!(paths.push(odd));
        assert_eq!(paths.get(0), odd);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let refused: [(&[u8], &[u32]); 7] = [
            (b"abc", &[1, 1]),
            (b"abc", &[1, 3]),
            (b"abc", &[3, 0]),
            (b"abc", &[]),
            (b"", &[1]),
            (b"a\0c", &[3]),
            (b"abc", &[2, u32::MAX]),
        ];
        for (bytes, lengths) in refused {
            assert_eq!(Paths::from_parts(bytes.to_vec(), lengths.iter().copied()), None, "{bytes:?} {lengths:?}");
        }
    }
}
