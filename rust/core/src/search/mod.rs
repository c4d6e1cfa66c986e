//! Text search in whole trees: the lines that match a pattern, file by file in the order of paths.
//!
//! [`pattern`] makes the matcher, [`file`] searches one file, [`kept`] holds the lines that are kept, [`line`](mod@line) says what there is to
//! say of one. Which lines match, and which files are binary, is what ripgrep says by default: the engines are its own crates.

mod file;
mod kept;
mod line;
mod pattern;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use grep_regex::RegexMatcher;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::pool::{self, Schedule};
use crate::syntax::facts::Failure;
use crate::tree::key::Key;
use crate::tree::select::{Selection, select_regular};

pub use pattern::{Case, MAX_PATTERN_BYTES, Pattern};

use self::file::{Bounds, Found, Worker};
use self::kept::Kept;

/// How far, in files, a worker may be ahead of what was handed out.
const WINDOW: usize = 1024;

/// What to search for, and where.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Keys are relative to this folder.
    pub root: PathBuf,
    /// Files and folders, absolute or relative to the root.
    pub paths: Vec<PathBuf>,
    /// What to look for.
    pub pattern: Pattern,
    /// How folders are searched. Links are followed only where they are named.
    pub selection: Selection,
    /// Globs in the form of `.gitignore`, relative to the root: if there are any, only files that match one are taken from folders.
    pub include: Vec<String>,
    /// Globs in the same form of what is left out.
    pub exclude: Vec<String>,
    /// How many lines before and after a match are kept.
    pub context: (usize, usize),
    /// What is kept of what is found.
    pub limits: SearchLimits,
    /// Number of worker threads; `None` is one for each core that this process may use.
    pub threads: Option<usize>,
}

/// What is kept of what is found; all of it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// Matching lines in all.
    pub matches: usize,
    /// Matching lines of a file.
    pub file_matches: usize,
    /// Characters of a line.
    pub characters: usize,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Search {
    /// The files with a match, sorted by key.
    pub files: Vec<FileMatches>,
    /// Files that could not be searched, or not to their end; then folders that could not be listed.
    pub failures: Vec<(Key, Failure)>,
    /// Files selected.
    pub selected: usize,
    /// Bytes read.
    pub bytes: u64,
    matcher: RegexMatcher,
}

impl Search {
    /// One of the lines that are kept of a file, by index in `files` and in the file.
    ///
    /// Where it matches is looked for now, unless the line is a long one or has context: the list of all lines takes little more than
    /// their bytes.
    #[must_use]
    pub fn line(&self, file: usize, index: usize) -> Option<Match> {
        self.files.get(file)?.kept.get(index, &self.matcher)
    }
}

/// The matches of one file.
#[derive(Clone, Debug)]
pub struct FileMatches {
    /// Its name in reports.
    pub key: Key,
    /// Number of matching lines.
    pub lines: u64,
    /// Whether it holds a NUL byte. Then its search ended before the block in which that stands; a file that was named was searched to
    /// the first match behind it, which is not kept.
    pub binary: bool,
    kept: Kept,
}

impl FileMatches {
    /// How many of its matching lines are kept: the first ones.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }
}

/// A matching line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its number, 1-based.
    pub line: u64,
    /// Where its first match begins, in characters, 1-based.
    pub column: u64,
    /// What is kept of it, without its end; what is not UTF-8 is replaced.
    pub text: String,
    /// How many characters of the line stand before `text`.
    pub offset: u64,
    /// How many characters the line has.
    pub length: u64,
    /// Where `text` matches, in characters: start and end.
    pub spans: Vec<(u32, u32)>,
    /// The lines just before it that are not part of an earlier match or its context.
    pub before: Vec<String>,
    /// The lines just behind it, up to the next match.
    pub after: Vec<String>,
}

/// Searches files and folders.
pub fn search(options: &SearchOptions, cancel: &Cancel) -> Result<Search> {
    let matcher = pattern::matcher(&options.pattern)?;
    let include = globs(&options.root, &options.include)?;
    let mut selected = select_regular(&options.root, &options.paths, options.selection, &options.exclude, cancel)?;
    let is_named = |path: &PathBuf| selected.named.binary_search(path).is_ok();
    if !options.include.is_empty() {
        selected.files.retain(|(_, path)| is_named(path) || includes(&include, &options.root, path));
    }
    let files = &selected.files;
    let threads = options.threads.unwrap_or_else(pool::default_threads).max(1);
    let SearchLimits { matches, file_matches, characters } = options.limits;
    // Once the list is full, the rest is only counted.
    let room = AtomicUsize::new(matches);
    let mut result =
        Search { files: Vec::new(), failures: Vec::new(), selected: files.len(), bytes: 0, matcher: matcher.clone() };
    let schedule = Schedule { threads, count: files.len(), window: WINDOW, cancel };
    pool::ordered(
        &schedule,
        || Worker::new(&matcher, options.context, cancel),
        |worker, index| {
            let path = &files[index].1;
            let bounds = Bounds { matches: file_matches.min(room.load(Ordering::Relaxed)), characters };
            worker.search(path, is_named(path), bounds)
        },
        |index, found| {
            result.bytes += found.bytes;
            let key = &files[index].0;
            if let Some(failure) = found.failure {
                result.failures.push((key.clone(), failure));
            }
            if found.lines > 0 {
                let Found { lines, binary, mut kept, .. } = found;
                let left = room.load(Ordering::Relaxed);
                kept.truncate(left);
                room.store(left - kept.len(), Ordering::Relaxed);
                result.files.push(FileMatches { key: key.clone(), lines, binary, kept });
            }
            true
        },
    )?;
    if cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    result.failures.append(&mut selected.unlisted);
    Ok(result)
}

/// Globs that take files; a glob that matches a folder takes all in it.
pub(crate) fn globs(root: &Path, globs: &[String]) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new(root);
    builder.allow_unclosed_class(false);
    let refused = |pattern: &str, error: ignore::Error| {
        let message = match error {
            ignore::Error::Glob { err, .. } => err,
            other => other.to_string(),
        };
        Error::Include { pattern: pattern.to_owned(), message }
    };
    for glob in globs {
        builder.add_line(None, glob).map_err(|error| refused(glob, error))?;
    }
    builder.build().map_err(|error| refused(&globs.join(", "), error))
}

/// Whether globs take a file. One outside of the root is matched as if its first folder were the root's.
pub(crate) fn includes(globs: &Gitignore, root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or_else(|_| {
        let mut parts = path.components();
        while parts.as_path().has_root() && parts.next().is_some() {}
        parts.as_path()
    });
    globs.matched_path_or_any_parents(inside, false).is_ignore()
}
