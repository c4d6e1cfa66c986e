//! Which files of a tree are Python sources, or are searched.

use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::device::Devices;
use super::key::Key;
use super::listing::Listing;
use super::read::exception_of;
use super::snapshot::{Snapshot, resolve};
use super::stamp::{Clock, Stamp};
use super::watch::Watch;
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

/// A folder with one of these is what `venv`, `virtualenv` or `conda` made.
pub(crate) const MARKERS: [&str; 2] = ["pyvenv.cfg", "conda-meta"];

/// Which files of a folder are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What has the name of a Python file, links to files too.
    Python,
    /// Regular files. Links are not followed, so that nothing outside of a folder is reached through it.
    Regular,
}

/// What a selection gave.
#[derive(Default)]
pub(crate) struct Selected {
    /// The files, sorted by key, each once.
    pub(crate) files: Vec<(Key, PathBuf)>,
    /// Those of them that the caller named, sorted; only of [`select_regular`].
    pub(crate) named: Vec<PathBuf>,
    /// Folders that could not be listed, sorted by key.
    pub(crate) unlisted: Vec<(Key, Failure)>,
    /// What all this depended on, if that was asked for, without the files' own stamps.
    pub(crate) watch: Option<Snapshot>,
}

/// Finds the files of some paths, given absolute or relative to the root.
///
/// With `watch` it also notes what the answer depends on: everything but the arguments.
pub(crate) fn select(
    root: &Path,
    paths: &[PathBuf],
    selection: Selection,
    exclude: &[String],
    watch: Option<(&Devices, Clock)>,
    cancel: &Cancel,
) -> Result<Selected> {
    let watch = watch.map(|(devices, clock)| Watch::new(devices, clock));
    let overrides = overrides(root, exclude)?;
    let wanted = Wanted::Python;
    Search { root, overrides, wanted, cancel, watch, selected: Selected::default() }.run(paths, selection)
}

/// Finds the regular files of some paths, whatever their names; otherwise as [`select`]. A link is followed only where the caller
/// named it.
pub(crate) fn select_regular(
    root: &Path,
    paths: &[PathBuf],
    selection: Selection,
    exclude: &[String],
    cancel: &Cancel,
) -> Result<Selected> {
    let overrides = overrides(root, exclude)?;
    let wanted = Wanted::Regular;
    Search { root, overrides, wanted, cancel, watch: None, selected: Selected::default() }.run(paths, selection)
}

/// The path without `.` and `..` parts, so that a key does not depend on how the path was written.
///
/// What comes before a `..` is resolved, since the parent of a linked folder is not the folder that holds the link.
pub(crate) fn normalised(path: &Path) -> io::Result<PathBuf> {
    if has_parent_parts(path) { resolve(path) } else { Ok(path.components().collect()) }
}

fn has_parent_parts(path: &Path) -> bool {
    path.components().any(|part| part == Component::ParentDir)
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
    wanted: Wanted,
    cancel: &'a Cancel,
    watch: Option<Watch<'a>>,
    selected: Selected,
}

/// What the walk passed that it does not hand out.
#[derive(Default)]
struct Passed {
    /// Folders that are entered, with their stamps before.
    folders: Vec<(PathBuf, Stamp)>,
    /// Virtual environments, with what was found of [`MARKERS`].
    environments: Vec<(PathBuf, [Option<Metadata>; 2])>,
}

impl Search<'_> {
    fn run(mut self, paths: &[PathBuf], selection: Selection) -> Result<Selected> {
        for path in paths {
            let unreadable = |source| Error::Path { path: path.clone(), source };
            let given = self.root.join(path);
            let absolute = normalised(&given).map_err(unreadable)?;
            let metadata = fs::metadata(&absolute).map_err(unreadable)?;
            if let Some(watch) = &mut self.watch {
                if has_parent_parts(&given) {
                    watch.led_to(&given, &absolute);
                }
                watch.kind(&absolute, Some(&metadata));
            }
            match selection {
                _ if !metadata.is_dir() => self.add_named(absolute),
                Selection::All => self.all(absolute),
                Selection::Ignore => self.unignored(&absolute),
            }
            if self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
        }
        let mut selected = self.selected;
        selected.watch = self.watch.map(Watch::finish);
        selected.files.sort_by(|one, other| one.0.cmp(&other.0));
        selected.files.dedup_by(|one, other| one.0 == other.0);
        selected.named.sort();
        selected.unlisted.sort_by(|one, other| one.0.cmp(&other.0));
        selected.unlisted.dedup_by(|one, other| one.0 == other.0);
        Ok(selected)
    }

    fn add_named(&mut self, path: PathBuf) {
        if self.wanted == Wanted::Regular {
            self.selected.named.push(path.clone());
        }
        self.add_file(path);
    }

    fn add_file(&mut self, path: PathBuf) {
        self.selected.files.push((Key::new(&path, self.root), path));
    }

    fn add_unlisted(&mut self, folder: &Path, error: &io::Error) {
        let message = format!("the folder cannot be listed: {error}");
        let failure = Failure::new(Status::Unreadable, exception_of(error), message);
        self.selected.unlisted.push((Key::new(folder, self.root), failure));
        self.is_uncertain();
    }

    /// Something went wrong that may go better the next time.
    fn is_uncertain(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.is_uncertain();
        }
    }

    fn all(&mut self, top: PathBuf) {
        let mut folders = vec![top];
        let mut listed = Vec::new();
        while let Some(folder) = folders.pop() {
            if self.cancel.is_cancelled() {
                return;
            }
            let before = self.watch.is_some().then(|| Watch::before(&folder, listed.is_empty()));
            let mut listing = before.map(|_| Listing::default());
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.add_unlisted(&folder, &error);
                    continue;
                }
            };
            for entry in entries {
                let Ok(entry) = entry else {
                    self.is_uncertain();
                    continue;
                };
                let (kind, name) = (entry.file_type(), entry.file_name());
                match (&mut listing, &kind) {
                    (Some(listing), Ok(kind)) => listing.add(&name, *kind),
                    (Some(_), Err(_)) => self.is_uncertain(),
                    (None, _) => {}
                }
                let is_folder = kind.as_ref().is_ok_and(FileType::is_dir);
                let is_wanted = match self.wanted {
                    Wanted::Python => has_python_name(&name),
                    Wanted::Regular => kind.as_ref().is_ok_and(FileType::is_file),
                };
                if !is_folder && !is_wanted {
                    continue;
                }
                let path = entry.path();
                if self.overrides.matched(&path, is_folder).is_ignore() {
                    continue;
                }
                if is_folder {
                    folders.push(path.clone());
                }
                if is_wanted {
                    self.add_file(path);
                }
            }
            listed.extend(before.zip(listing).map(|(before, listing)| (folder, before, listing)));
        }
        if let Some(watch) = &mut self.watch {
            watch.listed(listed);
        }
    }

    fn unignored(&mut self, top: &Path) {
        let before = self.watch.as_mut().map(|watch| {
            watch.before_walk(top);
            Watch::before(top, true)
        });
        let passed = before.map(|_| Arc::new(Mutex::new(Passed::default())));
        for entry in self.walk(top, passed.clone()).build() {
            if self.cancel.is_cancelled() {
                return;
            }
            match entry {
                Ok(entry) => {
                    if entry.error().is_some_and(|error| !is_about_patterns(error)) {
                        self.is_uncertain();
                    }
                    if self.is_wanted(&entry) {
                        self.add_file(entry.into_path());
                    }
                }
                Err(error) => {
                    if !is_about_patterns(&error) {
                        self.is_uncertain();
                    }
                    if let (Some(path), Some(error)) = (path_of(&error), error.io_error()) {
                        self.add_unlisted(path, error);
                    }
                }
            }
        }
        if let (Some(watch), Some(before), Some(passed)) = (&mut self.watch, before, passed) {
            let passed = std::mem::take(&mut *passed.lock().unwrap_or_else(PoisonError::into_inner));
            watch.walked(top, before, &passed.folders);
            for (folder, found) in passed.environments {
                for (marker, found) in MARKERS.iter().zip(found) {
                    watch.kind(&folder.join(marker), found.as_ref());
                }
            }
        }
    }

    fn walk(&self, top: &Path, passed: Option<Arc<Mutex<Passed>>>) -> WalkBuilder {
        let mut builder = WalkBuilder::new(top);
        builder.hidden(false).git_global(false).require_git(false).overrides(self.overrides.clone());
        builder.filter_entry(move |entry| {
            if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            if entry.file_name() == ".git" {
                return false;
            }
            let folder = entry.path();
            let found = MARKERS.map(|marker| folder.join(marker).metadata().ok());
            let is_environment = found.iter().any(Option::is_some);
            if let Some(passed) = &passed {
                let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
                if is_environment {
                    passed.environments.push((folder.to_owned(), found));
                } else {
                    passed.folders.push((folder.to_owned(), Watch::before(folder, false)));
                }
            }
            !is_environment
        });
        builder
    }

    fn is_wanted(&mut self, entry: &DirEntry) -> bool {
        let kind = entry.file_type();
        match self.wanted {
            Wanted::Regular => kind.is_some_and(|kind| kind.is_file()),
            Wanted::Python => {
                let is_named_so = has_python_name(entry.file_name()) && !kind.is_some_and(|kind| kind.is_dir());
                let is_link = kind.is_some_and(|kind| kind.is_symlink());
                is_named_so && !(is_link && self.leads_to_folder(entry.path()))
            }
        }
    }

    /// Whether a link with a Python file's name leads to a folder, which may become otherwise.
    fn leads_to_folder(&mut self, link: &Path) -> bool {
        let found = link.metadata().ok();
        if let Some(watch) = &mut self.watch {
            watch.kind(link, found.as_ref());
        }
        found.is_some_and(|metadata| metadata.is_dir())
    }
}

/// Whether `*.py` matches a name; `.py` alone does.
pub(crate) fn has_python_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().ends_with(b".py")
}

/// Whether an error is only about patterns in ignore files: as long as these stay, it will be the same again.
fn is_about_patterns(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Partial(errors) => errors.iter().all(is_about_patterns),
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => is_about_patterns(err),
        ignore::Error::Glob { .. } => true,
        _ => false,
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
