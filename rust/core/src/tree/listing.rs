//! What of a folder's entries decides which files are selected, as one number.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// Names that decide about a folder, beside those of folders and Python files.
const SPECIAL: [&str; 5] = [".gitignore", ".ignore", ".git", "pyvenv.cfg", "conda-meta"];

/// A number for the entries of a folder that matter; never 0. Another order of the same entries gives the same number.
pub(crate) fn listing(folder: &Path) -> io::Result<u128> {
    Ok(Listing::read(folder)?.finish())
}

/// The entries of one folder that matter: folders, Python files, what ignores and what marks a virtual environment.
#[derive(Default)]
pub(crate) struct Listing {
    names: Vec<u8>,
    /// Start in the names, length, kind.
    entries: Vec<(usize, usize, u8)>,
    special: bool,
}

impl Listing {
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            listing.add(&entry.file_name(), entry.file_type()?);
        }
        Ok(listing)
    }

    /// Adds an entry; its kind is that of a link itself, not of where it leads.
    pub(crate) fn add(&mut self, name: &OsStr, kind: FileType) {
        let bytes = name.as_encoded_bytes();
        let special = is_special(bytes);
        self.special |= special;
        if special || kind.is_dir() || bytes.ends_with(b".py") {
            let kind = match kind {
                kind if kind.is_file() => b'f',
                kind if kind.is_dir() => b'd',
                kind if kind.is_symlink() => b'l',
                _ => b'o',
            };
            self.entries.push((self.names.len(), bytes.len(), kind));
            self.names.extend_from_slice(bytes);
        }
    }

    /// Whether there may be an entry that ignores others or marks a virtual environment.
    pub(crate) fn has_special(&self) -> bool {
        self.special
    }

    pub(crate) fn finish(mut self) -> u128 {
        let names = &self.names;
        let name = |&(start, length, _): &(usize, usize, u8)| &names[start..start + length];
        self.entries.sort_unstable_by(|one, other| name(one).cmp(name(other)));
        let mut hash = Xxh3::new();
        for entry in &self.entries {
            // The length keeps two names from running into one.
            hash.update(&(entry.1 as u64).to_le_bytes());
            hash.update(&[entry.2]);
            hash.update(name(entry));
        }
        hash.digest128().max(1)
    }
}

/// Whether a file system might find the entry under one of the special names.
///
/// Where case does not count, `.GitIgnore` is found as `.gitignore`; and folding knows characters outside of ASCII that count as one
/// inside, or as none. A name too many costs one more selection, a name too few a wrong answer.
fn is_special(name: &[u8]) -> bool {
    !name.is_ascii() || SPECIAL.iter().any(|special| name.eq_ignore_ascii_case(special.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, remove_file, write};

    fn after(folder: &Path, change: impl FnOnce()) -> bool {
        let before = listing(folder).unwrap();
        change();
        before != listing(folder).unwrap()
    }

    #[test]
    fn what_matters_changes_the_listing_and_the_rest_does_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_ne!(listing(folder.path()).unwrap(), 0);
        for name in ["a.py", ".py", ".gitignore", ".ignore", ".git", "pyvenv.cfg", "conda-meta", ".GitIgnore", "é"] {
            assert!(after(folder.path(), || write(path(name), "").unwrap()), "{name}");
        }
        for name in ["a.pyc", "b.txt", "gitignore"] {
            assert!(!after(folder.path(), || write(path(name), "").unwrap()), "{name}");
        }
        assert!(after(folder.path(), || create_dir(path("sub")).unwrap()));
        assert!(!after(folder.path(), || write(path("a.py"), "longer").unwrap()));
        assert!(after(folder.path(), || fs::rename(path("a.py"), path("b.py")).unwrap()));
        assert!(after(folder.path(), || fs::rename(path("b.txt"), path("b.txt.py")).unwrap()));
        assert!(after(folder.path(), || remove_file(path(".ignore")).unwrap()));
    }

    #[cfg(unix)]
    #[test]
    fn another_kind_of_entry_is_another_listing() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        create_dir(path("a.py")).unwrap();
        create_dir(path("sub")).unwrap();
        write(path("file"), "").unwrap();
        let link = |name: &str| std::os::unix::fs::symlink(path("file"), path(name)).unwrap();
        let replaced = |name: &'static str, make: &dyn Fn(&str)| {
            assert!(
                after(folder.path(), || {
                    fs::remove_dir(path(name)).or_else(|_| remove_file(path(name))).unwrap();
                    make(name);
                }),
                "{name}"
            );
        };
        replaced("a.py", &|name| write(path(name), "").unwrap());
        replaced("a.py", &link);
        replaced("sub", &link);
        assert_eq!(listing(&path("nowhere")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_order_of_entries_does_not_count() {
        let folder = tempfile::TempDir::new().unwrap();
        let kind = folder.path().metadata().unwrap().file_type();
        let of = |names: &[&str]| {
            let mut listing = Listing::default();
            for name in names {
                listing.add(OsStr::new(name), kind);
            }
            listing.finish()
        };
        assert_eq!(of(&["a", "b", "c"]), of(&["c", "a", "b"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
