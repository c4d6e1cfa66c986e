//! The one error of this crate.
//!
//! What goes wrong with a single file of a tree is not an error but a [`Failure`](crate::Failure) in the result.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::canonical::Excess;
use crate::place::Place;
use crate::workspace::{WorkspaceFault, shown};

/// How many characters of a pattern a message shows.
const SHOWN: usize = 80;

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
    /// An inclusion pattern that is not a valid glob.
    Include {
        /// The pattern as the caller gave it.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A text to search for that cannot be.
    Pattern {
        /// The pattern as the caller gave it.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// A value that has no digest.
    Value {
        /// The part of it that is at fault.
        place: Place,
        /// What is wrong with that part.
        fault: Fault,
    },
    /// No worker thread could be started.
    Spawn(io::Error),
    /// Git gave no answer.
    Git(GitFault),
    /// Something in a workspace could not be done.
    Workspace {
        /// The path as the caller gave it.
        path: String,
        /// Why.
        fault: WorkspaceFault,
    },
    /// The work was asked to stop through [`Cancel`](crate::Cancel).
    Cancelled,
}

/// Why git gave no answer.
#[derive(Debug)]
pub enum GitFault {
    /// There is none that may be run.
    Missing,
    /// It could not be started, or its output not be read.
    Start(io::Error),
    /// It took longer than this.
    TimedOut(Duration),
    /// It printed more than is taken.
    TooLong,
    /// A command failed.
    Failed {
        /// The command's name.
        command: &'static str,
        /// What it printed on standard error.
        message: String,
    },
    /// The repository names more filters than can be kept from running.
    TooManyFilters,
    /// It cannot be told which filters its submodules name.
    UnknownSubmodules,
    /// Its own configuration names hooks.
    OwnHooks,
}

/// Why a part of a value has no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is of a type that is not one of data; the name of the type.
    Type(String),
    /// It is a dict with a key that is not a text; the name of the key's type.
    KeyType(String),
    /// It is a dict in which two keys are the same text.
    EqualKeys,
    /// It contains itself.
    Cycle,
    /// It goes beyond a bound.
    Excess(Excess),
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
            Self::Include { pattern, message } => {
                write!(f, "include pattern `{pattern}` is not a valid glob: {message}")
            }
            Self::Pattern { pattern, message } => {
                let cut = pattern.char_indices().nth(SHOWN).map(|(index, _)| index);
                let (shown, rest) = (&pattern[..cut.unwrap_or(pattern.len())], if cut.is_some() { "..." } else { "" });
                write!(f, "pattern `{shown}{rest}` cannot be searched for: {message}")
            }
            Self::Value { place, fault } => write!(f, "`{place}` {fault}"),
            Self::Spawn(source) => write!(f, "no worker thread could be started: {source}"),
            Self::Git(fault) => fault.fmt(f),
            Self::Workspace { path, fault } => write!(f, "`{}` {fault}", shown(path)),
            Self::Cancelled => f.write_str("the work was cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Path { source, .. }
            | Self::Spawn(source)
            | Self::Git(GitFault::Start(source))
            | Self::Workspace { fault: WorkspaceFault::System(source), .. } => Some(source),
            Self::Exclude { .. }
            | Self::Include { .. }
            | Self::Pattern { .. }
            | Self::Value { .. }
            | Self::Git(_)
            | Self::Workspace { .. }
            | Self::Cancelled => None,
        }
    }
}

impl fmt::Display for GitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "no `git` was found in an absolute folder of PATH outside of the working tree: install it, or add its folder",
            ),
            Self::Start(source) => write!(f, "`git` could not be run: {source}"),
            Self::TimedOut(time) => write!(f, "`git` did not answer within {} s and was ended", time.as_secs_f64()),
            Self::TooLong => f.write_str("`git` printed more than 256 MiB and was ended"),
            Self::Failed { command, message } if message.is_empty() => write!(f, "`git {command}` failed"),
            Self::Failed { command, message } => write!(f, "`git {command}` failed: {message}"),
            Self::TooManyFilters => f.write_str(
                "the repository's own configuration names more filters than can be kept from running: remove `filter.*` from it",
            ),
            Self::UnknownSubmodules => f.write_str(
                "it cannot be told which filters the submodules of the repository name, so git is not run: see what `git submodule status` says",
            ),
            Self::OwnHooks => f.write_str(
                "the repository's own configuration names hooks, which cannot be kept from running: remove `hook.*` from it",
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => write!(
                f,
                "is of type `{name}`, which has no digest: expected None, bool, int, float, str, list, tuple or dict"
            ),
            Self::KeyType(name) => write!(f, "has a key of type `{name}`: expected only keys of type `str`"),
            Self::EqualKeys => f.write_str("has two keys that are the same text"),
            Self::Cycle => f.write_str("contains itself"),
            Self::Excess(excess) => excess.fmt(f),
        }
    }
}
