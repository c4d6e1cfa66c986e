//! What decides which repository a folder belongs to, and whether git trusts its owner.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::ask::Question;
use super::config::{Config, expand, text};
use super::content;
use super::gate::Unkept;
use super::layout::Tree;
use super::links;
use super::notes::Notes;
use super::program::Git;

/// The longest file that says where another folder is, in bytes.
const LINE: u64 = 16 << 10;

/// Everything that would begin a repository in the folder or above it, if nothing of it is there, and the environment names none either.
pub(super) fn all_absent(question: &Question) -> Option<Vec<PathBuf>> {
    if question.environment.get("GIT_DIR").is_some() {
        return None;
    }
    let folder = question.folder.canonicalize().ok()?;
    let beginnings: Vec<_> = folder.ancestors().flat_map(|up| [up.join(".git"), up.join("HEAD")]).collect();
    let is_absent =
        |path: &PathBuf| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    beginnings.iter().all(is_absent).then_some(beginnings)
}

/// Notes what git looked at in vain.
pub(super) fn note_absent(
    question: &Question,
    beginnings: &[PathBuf],
    git: &Git,
    notes: &mut Notes,
) -> Result<(), Unkept> {
    notes.settled_or_absent(&git.program)?;
    notes.place(&question.folder)?;
    beginnings.iter().try_for_each(|path| notes.told_absent(path))
}

/// Notes what git looks at to find a repository.
///
/// Of folders only which they are and whose: their times change with every lock in them.
pub(super) fn note(
    question: &Question,
    tree: &Tree,
    config: &Config,
    files: &BTreeSet<PathBuf>,
    git: &Git,
    notes: &mut Notes,
) -> Result<(), Unkept> {
    notes.settled_or_absent(&git.program)?;
    for folder in [&question.folder, &tree.top, &tree.own, &tree.common, &tree.objects, &tree.common.join("refs")] {
        notes.identity(folder)?;
    }
    let folder = notes.place(&question.folder)?;
    if !folder.starts_with(&tree.top) {
        return Err(Unkept::At(folder, "is not in the working tree"));
    }
    let is_bare_too = ["HEAD", "objects", "refs"].iter().all(|name| tree.top.join(name).exists());
    if is_bare_too && tree.own != tree.top {
        return Err(Unkept::At(tree.top.clone(), "looks like a bare repository"));
    }
    let mut given = Given { question, tree, notes };
    given.lead(std::slice::from_ref(&question.folder), Some(&folder))?;
    given.note_beginning(&folder)?;
    given.note_parts(config)?;
    given.note_names(config, files)
}

/// The paths as git was given them. What it says of them is without links, so the links themselves are noted here.
struct Given<'a> {
    question: &'a Question,
    tree: &'a Tree,
    notes: &'a mut Notes,
}

impl Given<'_> {
    /// Where the repository begins, and that it begins nowhere before.
    fn note_beginning(&mut self, folder: &Path) -> Result<(), Unkept> {
        let beginning = match self.variable("GIT_DIR") {
            Some(path) => self.question.folder.join(path),
            None => self.first_beginning(folder)?,
        };
        let end = self.lead(std::slice::from_ref(&beginning), None)?;
        if end.is_dir() {
            self.notes.identity(&end)?;
            // Git passes over a folder that is no repository.
            let is_it = end == self.tree.own;
            return if is_it { Ok(()) } else { Err(Unkept::At(end, "may begin another repository")) };
        }
        // A file that says where it is.
        self.notes.settled_or_absent(&end)?;
        let odd = || Unkept::At(end.clone(), "does not say where the repository is");
        let content = content::start(&end, LINE).ok().flatten().ok_or_else(odd)?;
        let there = content.strip_prefix(b"gitdir: ").map(without_end).ok_or_else(odd)?;
        let base = beginning.parent().unwrap_or(&beginning);
        self.lead(&[base.join(text(there))], Some(&self.tree.own)).map(drop)
    }

    /// The first `.git` in the folder or above it. Before it neither another one nor a bare repository may begin.
    fn first_beginning(&mut self, folder: &Path) -> Result<PathBuf, Unkept> {
        for up in folder.ancestors() {
            let path = up.join(".git");
            if path.symlink_metadata().is_ok() {
                return Ok(path);
            }
            self.notes.told_absent(&path)?;
            let path = up.join("HEAD");
            if path.symlink_metadata().is_ok() {
                return Err(Unkept::At(path, "may begin another repository"));
            }
            self.notes.told_absent(&path)?;
        }
        Err(Unkept::At(folder.to_owned(), "is in no repository that can be seen"))
    }

    /// The parts of the repository.
    fn note_parts(&mut self, config: &Config) -> Result<(), Unkept> {
        let Tree { top, own, common, index, objects, .. } = self.tree;
        let link = own.join("commondir");
        if own == common { self.notes.told_absent(&link) } else { self.notes.settled_or_absent(&link) }?;
        let shared = if let Some(path) = self.variable("GIT_COMMON_DIR") {
            self.bases(path)
        } else {
            let content = content::start(&link, LINE).map_err(|_| Unkept::At(link, "cannot be read"))?;
            vec![content.map_or_else(|| own.clone(), |line| own.join(text(without_end(&line))))]
        };
        self.lead(&shared, Some(common))?;
        let paths = self.variable("GIT_INDEX_FILE").map_or_else(|| vec![own.join("index")], |path| self.bases(path));
        self.lead(&paths, Some(index))?;
        let paths = self.variable("GIT_OBJECT_DIRECTORY");
        let paths = paths.map_or_else(|| vec![common.join("objects")], |path| self.bases(path));
        self.lead(&paths, Some(objects))?;
        if let Some(path) = self.variable("GIT_WORK_TREE") {
            self.lead(&self.bases(path), Some(top))?;
        } else if let Some(path) = config.last("core.worktree") {
            // A linked working tree does not take it from the configuration that it shares.
            let there = (own == common).then_some(top.as_path());
            self.lead(&[own.join(text(path))], there)?;
        }
        Ok(())
    }

    /// Names that git compares with where it is, after it has resolved them.
    fn note_names(&mut self, config: &Config, files: &BTreeSet<PathBuf>) -> Result<(), Unkept> {
        let mut names = Vec::new();
        if let Some(ceilings) = self.variable("GIT_CEILING_DIRECTORIES") {
            names.extend(std::env::split_paths(ceilings));
        }
        for value in config.all("safe.directory").filter(|value| !matches!(value, [] | [b'*'])) {
            let path = expand(value.strip_suffix(b"/*").unwrap_or(value), &self.tree.top, &self.question.environment);
            names.push(path.ok_or(Unkept::Unmodelled("it cannot be told what `safe.directory` names"))?);
        }
        if config.has("includeif.gitdir", ".path") {
            names.extend(self.variable("HOME").map(PathBuf::from));
            names.extend(files.iter().cloned());
        }
        names.retain(|path| path.is_absolute());
        names.iter().try_for_each(|path| self.lead(std::slice::from_ref(path), None).map(drop))
    }

    /// Notes the links that these paths run over, of which git took one. Gives where the last one ends.
    fn lead(&mut self, paths: &[PathBuf], there: Option<&Path>) -> Result<PathBuf, Unkept> {
        let mut ends = Vec::with_capacity(paths.len());
        for path in paths {
            let way = links::follow(path)?;
            for link in &way.links {
                self.notes.entry(link)?;
            }
            if let Some(missing) = way.missing {
                self.notes.told_absent(&missing)?;
            }
            ends.push(way.end);
        }
        let end = ends.last().cloned().unwrap_or_default();
        match there {
            Some(there) if !ends.iter().any(|end| end == there) => Err(Unkept::Moved(end)),
            _ => Ok(end),
        }
    }

    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.question.environment.get(name)
    }

    /// A relative path starts where git looks from: at the top, or where it was started.
    fn bases(&self, path: &OsStr) -> Vec<PathBuf> {
        [&self.tree.top, &self.question.folder].map(|base| base.join(path)).into()
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    &line[..end.map_or(0, |end| end + 1)]
}
