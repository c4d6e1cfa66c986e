//! Why something in a workspace could not be done.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{Kind, Version, shown};
use crate::error::Error;

/// Why something in a workspace could not be done.
#[derive(Debug)]
pub enum WorkspaceFault {
    /// The text is no name: what is wrong with it.
    Name(String),
    /// It leads out of all roots.
    Outside,
    /// It is in a root that may only be read.
    ReadOnly(PathBuf),
    /// What is there is of another kind than what can be worked with.
    Kind {
        /// What is there.
        found: Kind,
        /// What was expected, as `a regular file`.
        expected: &'static str,
    },
    /// The file has so many names, and writing would part this one from the others.
    HardLinks(u64),
    /// It cannot be changed here: why, and what to do.
    Protected(&'static str),
    /// It is a folder with the own data of a git repository in it: where, from there.
    HoldsRepository(PathBuf),
    /// Something is there already, and was not to be replaced.
    Exists,
    /// The file is not as it was expected to be.
    Stale {
        /// What is there; `None` for nothing.
        found: Option<Version>,
        /// Whether nothing was expected to be there.
        expected_absent: bool,
    },
    /// It was changed from a file or folder to a link again and again while it was looked at.
    Restless,
    /// There are more folders in one another than can be gone through.
    TooDeep(usize),
    /// What the operating system said.
    System(io::Error),
    /// The work was asked to stop.
    Cancelled,
}

/// What a step of a call gives, before it is known what path the call was about.
pub(super) type Outcome<T> = std::result::Result<T, WorkspaceFault>;

impl WorkspaceFault {
    /// The error of a call that was about `path`.
    pub(super) fn at(self, path: &str) -> Error {
        match self {
            Self::Cancelled => Error::Cancelled,
            fault => Error::Workspace { path: path.to_owned(), fault },
        }
    }
}

impl From<io::Error> for WorkspaceFault {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

#[cfg(unix)]
impl From<rustix::io::Errno> for WorkspaceFault {
    fn from(error: rustix::io::Errno) -> Self {
        Self::System(error.into())
    }
}

impl fmt::Display for WorkspaceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(problem) => f.write_str(problem),
            Self::Outside => {
                f.write_str("leads out of the workspace: expected a path in it, as one relative to its root")
            }
            Self::ReadOnly(root) => write!(f, "is in `{}`, which may only be read", root.display()),
            Self::Kind { found, expected } => write!(f, "is {found}: expected {expected}"),
            Self::HardLinks(links) => write!(
                f,
                "has {links} names (hard links), and writing would part it from the others: delete this name first, or allow that"
            ),
            Self::Protected(why) => f.write_str(why),
            Self::HoldsRepository(place) => write!(
                f,
                "has a git repository's own data in it, at `{}`, which has to stay as it is: work on what is beside that",
                shown(&place.to_string_lossy())
            ),
            Self::Exists => f.write_str("is there already: choose another name, or ask for it to be replaced"),
            Self::Stale { found: _, expected_absent: true } => {
                f.write_str("is there already, and was expected not to be; read it first")
            }
            Self::Stale { found: None, expected_absent: false } => f.write_str("is gone since it was read"),
            Self::Stale { found: Some(_), expected_absent: false } => {
                f.write_str("has changed since it was read; read it again")
            }
            Self::Restless => {
                f.write_str("is being replaced by links again and again: try again when nothing changes it")
            }
            Self::TooDeep(folders) => write!(f, "has more than {folders} folders in one another"),
            Self::System(error) => write!(f, "cannot be used: {error}"),
            Self::Cancelled => f.write_str("was left, since the work was cancelled"),
        }
    }
}
