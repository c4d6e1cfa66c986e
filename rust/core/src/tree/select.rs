//! Which files of a tree are Python sources.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::key::Key;
use super::read::exception_of;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::syntax::facts::{Failure, Status};

/// How folders are searched. A file named by the caller is always selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// What `pathlib`'s `rglob('*.py')` gives: everything, hidden or not; linked files, but not into linked folders.
    All,
    /// What a developer would call the project: as `All`, without what `.gitignore` and `.ignore` files exclude (also outside of a git
    /// repository), `.git` folders and virtual environments. The user's own global excludes do not count.
    #[default]
    Ignore,
}

/// What a selection gave.
#[derive(Default)]
pub(crate) struct Selected {
    /// The files, sorted by key, each once.
    pub(crate) files: Vec<(Key, PathBuf)>,
    /// Folders that could not be listed, sorted by key.
    pub(crate) unlisted: Vec<(Key, Failure)>,
}

/// Finds the files of some paths, given absolute or relative to the root.
pub(crate) fn select(
    root: &Path,
    paths: &[PathBuf],
    selection: Selection,
    exclude: &[String],
    cancel: &Cancel,
) -> Result<Selected> {
    let overrides = overrides(root, exclude)?;
    let mut search = Search { root, overrides, cancel, selected: Selected::default() };
    for path in paths {
        let unreadable = |source| Error::Path { path: path.clone(), source };
        let absolute = normalised(&root.join(path)).map_err(unreadable)?;
        let metadata = fs::metadata(&absolute).map_err(unreadable)?;
        match selection {
            _ if !metadata.is_dir() => search.add_file(absolute),
            Selection::All => search.all(absolute),
            Selection::Ignore => search.unignored(&absolute),
        }
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
    }
    let mut selected = search.selected;
    selected.files.sort_by(|one, other| one.0.cmp(&other.0));
    selected.files.dedup_by(|one, other| one.0 == other.0);
    selected.unlisted.sort_by(|one, other| one.0.cmp(&other.0));
    selected.unlisted.dedup_by(|one, other| one.0 == other.0);
    Ok(selected)
}

/// The path without `.` and `..` parts, so that a key does not depend on how the path was written.
///
/// What comes before a `..` is resolved, since the parent of a linked folder is not the folder that holds the link.
fn normalised(path: &Path) -> io::Result<PathBuf> {
    if !path.components().any(|part| part == Component::ParentDir) {
        return Ok(path.components().collect());
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => path.canonicalize(),
    }
}

fn overrides(root: &Path, exclude: &[String]) -> Result<Override> {
    let refused = |pattern: &str, error: ignore::Error| {
        let message = match error {
            ignore::Error::Glob { err, .. } => err,
            other => other.to_string(),
        };
        Error::Exclude { pattern: pattern.to_owned(), message }
    };
    let mut builder = OverrideBuilder::new(root);
    for pattern in exclude {
        // In overrides a plain glob includes and a negated one excludes.
        builder.add(&format!("!{pattern}")).map_err(|error| refused(pattern, error))?;
    }
    builder.build().map_err(|error| refused(&exclude.join(", "), error))
}

struct Search<'a> {
    root: &'a Path,
    overrides: Override,
    cancel: &'a Cancel,
    selected: Selected,
}

impl Search<'_> {
    fn add_file(&mut self, path: PathBuf) {
        self.selected.files.push((Key::new(&path, self.root), path));
    }

    fn add_unlisted(&mut self, folder: &Path, error: &io::Error) {
        let message = format!("the folder cannot be listed: {error}");
        let failure = Failure::new(Status::Unreadable, exception_of(error), message);
        self.selected.unlisted.push((Key::new(folder, self.root), failure));
    }

    fn all(&mut self, top: PathBuf) {
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            if self.cancel.is_cancelled() {
                return;
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.add_unlisted(&folder, &error);
                    continue;
                }
            };
            for entry in entries.flatten() {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let is_python = has_python_name(&entry.file_name());
                if !is_folder && !is_python {
                    continue;
                }
                let path = entry.path();
                if self.overrides.matched(&path, is_folder).is_ignore() {
                    continue;
                }
                if is_folder {
                    folders.push(path.clone());
                }
                if is_python {
                    self.add_file(path);
                }
            }
        }
    }

    fn unignored(&mut self, top: &Path) {
        let mut builder = WalkBuilder::new(top);
        builder.hidden(false).git_global(false).require_git(false).overrides(self.overrides.clone());
        builder.filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || !is_folder || !(entry.file_name() == ".git" || is_virtual_environment(entry.path()))
        });
        for entry in builder.build() {
            if self.cancel.is_cancelled() {
                return;
            }
            match entry {
                Ok(entry) => {
                    let kind = entry.file_type();
                    let is_python = has_python_name(entry.file_name()) && !kind.is_some_and(|kind| kind.is_dir());
                    let is_linked_folder = || kind.is_some_and(|kind| kind.is_symlink()) && entry.path().is_dir();
                    if is_python && !is_linked_folder() {
                        self.add_file(entry.into_path());
                    }
                }
                Err(error) => {
                    if let (Some(path), Some(error)) = (path_of(&error), error.io_error()) {
                        self.add_unlisted(path, error);
                    }
                }
            }
        }
    }
}

/// Whether `*.py` matches a name; `.py` alone does.
fn has_python_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().ends_with(b".py")
}

/// Whether a folder is what `venv`, `virtualenv` or `conda` made.
fn is_virtual_environment(folder: &Path) -> bool {
    folder.join("pyvenv.cfg").exists() || folder.join("conda-meta").exists()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
