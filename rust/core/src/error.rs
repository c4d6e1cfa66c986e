//! The one error of this crate.
//!
//! What goes wrong with a single file of a tree is not an error but a [`Failure`](crate::Failure) in the result.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a whole call gave no result.
#[derive(Debug)]
pub enum Error {
    /// A path named by the caller cannot be looked at.
    Path {
        /// The path as the caller gave it.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An exclusion pattern that is not a valid glob.
    Exclude {
        /// The pattern as the caller gave it.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// No worker thread could be started.
    Spawn(io::Error),
    /// The work was asked to stop through [`Cancel`](crate::Cancel).
    Cancelled,
}

/// A `Result` whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { path, source } => match source.kind() {
                io::ErrorKind::NotFound => write!(f, "path `{}` does not exist", path.display()),
                _ => write!(f, "path `{}` cannot be read: {source}", path.display()),
            },
            Self::Exclude { pattern, message } => {
                write!(f, "exclude pattern `{pattern}` is not a valid glob: {message}")
            }
            Self::Spawn(source) => write!(f, "no worker thread could be started: {source}"),
            Self::Cancelled => f.write_str("the work was cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Path { source, .. } | Self::Spawn(source) => Some(source),
            Self::Exclude { .. } | Self::Cancelled => None,
        }
    }
}
