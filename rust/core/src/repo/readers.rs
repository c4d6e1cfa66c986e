//! Doors for [`fuzzing`](crate::fuzzing) to the readers of what git wrote or printed, which need neither files nor git.

use super::config::Config;
pub use super::config::Setting;
pub use super::index::IndexFile;
use super::parse;
use super::{Commit, StatusEntry};

/// Reads an index, in which names of objects have so many bytes; `None` if it is none.
#[must_use]
pub fn read_index(bytes: &[u8], hash: usize) -> Option<IndexFile> {
    let mut found = IndexFile::default();
    found.file(bytes, hash)?;
    Some(found)
}

/// Reads what `git config --list --show-scope --show-origin -z` printed; `None` if it is not that.
#[must_use]
pub fn read_settings(output: &[u8]) -> Option<Vec<Setting>> {
    Config::parse(output).map(|config| config.0)
}

/// Reads what `git status --porcelain=v1 -z` printed; `None` if it is not that.
#[must_use]
pub fn read_status(output: &[u8]) -> Option<Vec<StatusEntry>> {
    parse::status(output)
}

/// Reads what `git log` printed in the form that is asked for; `None` if it is not that.
#[must_use]
pub fn read_log(output: &[u8]) -> Option<Vec<Commit>> {
    parse::log(output)
}

/// Takes entries of `git status` apart, each ended by a separator: those that differ, and the folders that are ignored.
#[must_use]
pub fn without_ignored(output: &[u8], separator: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    parse::without_ignored(output, separator)
}
