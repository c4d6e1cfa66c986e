//! Makes the proof of an answer that git has just given.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::answer::Answer;
use super::ask::Question;
use super::config::{Config, expand, is_no, text};
use super::form::Form;
use super::gate::{self, Unkept};
use super::index::Index;
use super::layout::{Layout, Tree};
use super::notes::{Before, Notes};
use super::process::Run;
use super::proof::Proof;
use super::submodules::{Submodule, Submodules};
use super::{entries, objects, parse, refs, walk};
use crate::cancel::Cancel;

/// A question that git is being asked, and whose answer may be kept.
pub(super) struct Learning<'a> {
    question: &'a Question,
    started: i64,
    outer: Repository<'a>,
    /// The submodules, which git asks in the same way.
    inner: Vec<Repository<'a>>,
}

impl<'a> Learning<'a> {
    /// Looks at what git is about to read.
    pub(super) fn begin(
        question: &'a Question,
        layout: &'a Layout,
        index: Option<&'a Arc<Index>>,
        submodules: &'a Submodules,
        started: i64,
        cancel: &Cancel,
    ) -> Result<Self, Unkept> {
        let inner = |submodule: &'a Submodule| {
            Repository::look(&submodule.question, &submodule.layout, Some(&submodule.index), cancel)
        };
        let outer = Repository::look(question, layout, index, cancel)?;
        if !submodules.are_known {
            return Err(Unkept::Unmodelled("it cannot be told which submodules there are, or what one is like"));
        }
        let inner = submodules.found.iter().map(inner).collect::<Result<_, _>>()?;
        Ok(Self { question, started, outer, inner })
    }

    /// The proof, from what is there after git has answered.
    pub(super) fn finish(
        self,
        runs: &[Run],
        ignored: &[Vec<u8>],
        answer: &Answer,
        cancel: &Cancel,
    ) -> Result<Proof, Unkept> {
        let Self { question, outer, .. } = &self;
        let form = &question.form;
        let is_quiet = |(number, run): (usize, &Run)| {
            let is_usual = run.errors.is_empty() && form.is_kept_with(run.code);
            // Git complains where there is no commit yet, and there is nothing to be said.
            is_usual
                || (form.abbreviates() == Some(number) && run.output.is_empty() && refs::is_unborn(outer.tree, cancel))
        };
        if !runs.iter().enumerate().all(is_quiet) {
            return Err(Unkept::Unmodelled("git complained"));
        }
        let mut notes = Notes::new(self.started, question.clock);
        for repository in [outer].into_iter().chain(&self.inner) {
            repository.note(&mut notes, cancel)?;
        }
        if let Some(output) = form.abbreviates().and_then(|number| runs.get(number)) {
            let commits = match form {
                Form::Log { .. } => parse::log(&output.output).unwrap_or_default(),
                _ => Vec::new(),
            };
            let digits = match form {
                Form::Log { .. } => objects::first_digits(commits.iter().map(|commit| commit.id.as_bytes()))?,
                _ => objects::first_digits(output.output.split(|&byte| byte == b'\n'))?,
            };
            for path in objects::files(outer.tree, &digits, cancel)? {
                notes.settled_or_absent(&path)?;
            }
        }
        if let Form::Text { excluded, .. } = form {
            notes.entry(&question.folder)?;
            let entries = entries::list(&question.folder, excluded);
            let entries = entries.map_err(|_| Unkept::At(question.folder.clone(), "cannot be listed"))?;
            for link in entries::links(&question.folder, &entries) {
                notes.kind(&link)?;
            }
            // They were listed once more: between the first time and the look at the links these may have changed.
            if !answer.shows(&entries) {
                return Err(Unkept::Moved(question.folder.clone()));
            }
        }
        outer.note_tree(&outer.folders(ignored)?, &mut notes, cancel)?;
        for repository in &self.inner {
            // What is ignored there was not asked for; so all of it counts.
            repository.note_tree(&HashSet::new(), &mut notes, cancel)?;
        }
        notes.finish()
    }
}

/// A repository that git reads for an answer.
struct Repository<'a> {
    question: &'a Question,
    tree: &'a Tree,
    config: &'a Config,
    layout: &'a Layout,
    index: Option<&'a Arc<Index>>,
    /// What git reads, as it was before.
    before: Vec<(PathBuf, Before)>,
    attributes: Vec<PathBuf>,
}

impl<'a> Repository<'a> {
    fn look(
        question: &'a Question,
        layout: &'a Layout,
        index: Option<&'a Arc<Index>>,
        cancel: &Cancel,
    ) -> Result<Self, Unkept> {
        gate::check(&question.form, &question.environment, layout, cancel)?;
        let (Some(tree), Some(config)) = (&layout.tree, &layout.config) else {
            return Err(Unkept::Unmodelled("there is no repository with a working tree"));
        };
        let mut files = refs::files(tree)?;
        files.extend([
            tree.common.join("info").join("grafts"),
            tree.common.join("shallow"),
            tree.common.join("refs").join("replace"),
        ]);
        let mut attributes = Vec::new();
        if question.form.reads_tree() {
            let Some(index) = index else { return Err(Unkept::At(tree.index.clone(), "cannot be read")) };
            gate::check_index(index)?;
            files.extend([tree.index.clone(), tree.own.join("info").join("sparse-checkout")]);
            files.push(tree.top.join(".gitmodules"));
            files.extend(excludes(question, tree, config)?);
            attributes.extend(layout.attributes.iter().cloned());
            attributes.push(tree.common.join("info").join("attributes"));
            if let Some(value) = config.last("core.attributesfile").filter(|value| !value.is_empty()) {
                attributes.extend(expanded(value, question, tree)?);
            }
            files.extend(attributes.iter().cloned());
        }
        let before = files.into_iter().map(|path| (path.clone(), Before::look(&path))).collect();
        Ok(Self { question, tree, config, layout, index, before, attributes })
    }

    /// Notes where it is, how it is configured, and the files in which git keeps its state.
    fn note(&self, notes: &mut Notes, cancel: &Cancel) -> Result<(), Unkept> {
        for (path, before) in &self.before {
            notes.settled_as_before(path, before)?;
        }
        let Ok(proof) = &self.layout.proof else { return Err(Unkept::Unmodelled("the layout is not kept")) };
        match proof.check(|| 1, self.question.clock, cancel) {
            Ok(None) => {
                notes.all_of(proof);
                Ok(())
            }
            Ok(Some(cause)) => Err(Unkept::Moved(cause.path)),
            Err(_) => Err(Unkept::Cancelled),
        }
    }

    /// Notes its working tree, without the folders that are ignored as a whole.
    fn note_tree(&self, ignored: &HashSet<PathBuf>, notes: &mut Notes, cancel: &Cancel) -> Result<(), Unkept> {
        let Self { tree, index: Some(index), .. } = self else { return Ok(()) };
        // What was parsed has to be what git read.
        if !index.is_still(&tree.index) {
            return Err(Unkept::Moved(tree.index.clone()));
        }
        if let Some(shared) = &index.shared {
            notes.identity(shared)?;
        }
        let mut attributes = walk::note(tree, index, ignored, notes, cancel)?;
        notes.entries(&index.tracked, || self.question.threads(), cancel)?;
        for folder in index.folders.iter().map(|folder| tree.top.join(folder)) {
            if folder.symlink_metadata().is_ok() {
                return Err(Unkept::At(folder, "is there, and outside of the sparse tree"));
            }
        }
        if self.config.has_other_filters() {
            attributes.extend(self.attributes.iter().cloned());
            let tracked = index.tracked.iter().filter(|path| gate::is_attributes(path));
            for path in tracked {
                if path.symlink_metadata().is_err() {
                    return Err(Unkept::At(path.to_owned(), "is only in the index, and may name a filter"));
                }
                attributes.push(path.to_owned());
            }
            if let Some(path) = attributes.into_iter().find(|path| gate::names_filter(path, cancel)) {
                return Err(Unkept::At(path, "may name a filter"));
            }
        }
        Ok(())
    }

    /// The folders under the paths that status printed.
    fn folders(&self, printed: &[Vec<u8>]) -> Result<HashSet<PathBuf>, Unkept> {
        let is_relative =
            self.config.last("status.relativepaths").is_none_or(|value| !is_no(value) || value.is_empty());
        let base = if self.question.form == Form::Status || !is_relative {
            self.tree.top.clone()
        } else {
            let folder = &self.question.folder;
            folder.canonicalize().map_err(|_| Unkept::At(folder.clone(), "cannot be resolved"))?
        };
        Ok(printed.iter().map(|path| normal(&base.join(text(path)))).collect())
    }
}

/// The files that say what is ignored, besides those in the working tree.
fn excludes(question: &Question, tree: &Tree, config: &Config) -> Result<Vec<PathBuf>, Unkept> {
    let mut files = vec![tree.common.join("info").join("exclude")];
    let variable = |name| question.environment.get(name).filter(|value| !value.is_empty());
    match config.last("core.excludesfile") {
        Some([]) => {}
        Some(value) => files.extend(expanded(value, question, tree)?),
        None => {
            let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
            let folder = folder.or_else(|| variable("HOME").map(|home| Path::new(home).join(".config")));
            // A relative one starts where git looks from: at the top, or where it was started.
            let bases = [&tree.top, &question.folder];
            files.extend(
                folder.iter().flat_map(|folder| bases.map(|base| base.join(folder).join("git").join("ignore"))),
            );
        }
    }
    Ok(files)
}

fn expanded(value: &[u8], question: &Question, tree: &Tree) -> Result<Vec<PathBuf>, Unkept> {
    let bases = [&tree.top, &question.folder];
    let paths = bases.map(|base| expand(value, base, &question.environment));
    let paths: Option<Vec<_>> = paths.into_iter().collect();
    paths.ok_or(Unkept::Unmodelled("it cannot be told where a part of the configuration is"))
}

/// The path without `..`, by its text alone, as git made it.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}
