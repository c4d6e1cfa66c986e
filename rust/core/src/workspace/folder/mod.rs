//! An open folder, in which everything is done by names of one part.
//!
//! On Unix it is a handle, and nothing follows a link: a folder is opened by `openat2` without links or, where the kernel has or
//! allows none, part by part. Elsewhere it is a name.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use portable::Folder;
#[cfg(unix)]
pub(super) use unix::Folder;

impl Folder {
    /// The names in the folder, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        self.each(|name| names.push(name.to_owned()))?;
        names.sort_unstable();
        Ok(names)
    }
}

/// What is under a name, which may be a link itself; `None` if nothing is, or the system does not tell.
#[cfg(unix)]
pub(super) fn identity(name: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    name.symlink_metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity(_name: &Path) -> Option<(u64, u64)> {
    // Names are in the case of the file system there, see `resolve`.
    None
}

/// That a link was where none was when the name was made. It never leaves the workspace: the name is made anew.
#[derive(Debug)]
struct LinkMet;

impl fmt::Display for LinkMet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link was met")
    }
}

impl std::error::Error for LinkMet {}

/// The error for a link where none should be.
pub(super) fn link_met() -> io::Error {
    io::Error::other(LinkMet)
}

/// Whether an error is that for a link where none should be.
pub(super) fn met_link(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<LinkMet>()).is_some()
}
