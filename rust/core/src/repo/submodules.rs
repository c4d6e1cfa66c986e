//! The submodules that are checked out: `git status` asks git in each of them. The filters that their configurations name would run
//! then; and what git says there depends on them as the answer in a repository depends on that.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::ask::Question;
use super::config::text;
use super::index::Index;
use super::layout::{Layout, Tree, without_place};
use super::memory::Repositories;
use super::process::{Fault, Run, run_all};
use super::program::Blanks;
use crate::cancel::Cancel;

/// How many submodules are gone through, at all depths.
const MOST: usize = 1000;

/// Variables that change what `:/` says.
const PATTERNS: [&str; 4] =
    ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];

/// A submodule.
#[derive(Debug)]
pub(super) struct Submodule {
    /// As git is asked there.
    pub(super) question: Question,
    pub(super) layout: Arc<Layout>,
    pub(super) index: Arc<Index>,
}

/// All that are checked out, at all depths.
#[derive(Debug, Default)]
pub(super) struct Submodules {
    pub(super) found: Vec<Submodule>,
    /// The filters that must not run.
    pub(super) filters: BTreeSet<OsString>,
    pub(super) processes: u32,
    /// Whether all of them told what they are like.
    pub(super) are_known: bool,
    /// Whether all filters that git would run there are known.
    pub(super) are_safe: bool,
}

impl Submodules {
    /// Asks in each of them, and in theirs.
    pub(super) fn find(
        repositories: &Repositories,
        question: &Question,
        layout: &Layout,
        tree: &Tree,
        index: Option<&Index>,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<Self, Fault> {
        let mut all = Self { are_known: true, are_safe: true, ..Self::default() };
        let mut left = all.named(question, layout, tree, index, deadline, cancel)?;
        if left.is_empty() {
            return Ok(all);
        }
        let known = repositories.with(question, |place| place.submodules.clone()).unwrap_or_default();
        // As git asks there: in the repository of the submodule, and in no other if that is none.
        let environment = without_place(&question.environment).with("GIT_DIR", ".git");
        let mut seen: Vec<(PathBuf, Arc<Layout>)> = Vec::new();
        while let Some(folder) = left.pop() {
            // Where one leads back to another, once is enough.
            let is_known = seen.iter().any(|(path, _)| *path == folder);
            if is_known || folder.join(".git").symlink_metadata().is_err() {
                continue;
            }
            if seen.len() == MOST {
                all.are_known = false;
                all.are_safe = false;
                break;
            }
            let question = Question { folder: folder.clone(), environment: environment.clone(), ..question.clone() };
            let before = known.iter().find(|(path, _)| *path == folder).map(|(_, layout)| layout);
            let before = before.filter(|before| before.holds(question.clock, cancel)).map(Arc::clone);
            let layout = match before {
                Some(before) => before,
                None => Arc::new(Layout::ask(&layout.git, &question, question.clock, deadline, cancel)?),
            };
            if !known.iter().any(|(_, before)| Arc::ptr_eq(before, &layout)) {
                all.processes += layout.processes;
            }
            all.filters.extend(layout.own_filters());
            seen.push((folder, Arc::clone(&layout)));
            let tree = layout.tree.as_ref().filter(|_| layout.config.is_some());
            let Some(tree) = tree else {
                all.are_known = false;
                // Where git itself fails it runs nothing, and fails as a whole.
                all.are_safe &= layout.tree.is_none() && layout.is_refused;
                continue;
            };
            let index = Index::read(tree, cancel);
            left.extend(all.named(&question, &layout, tree, index.as_ref(), deadline, cancel)?);
            match index {
                Some(index) => all.found.push(Submodule { question, layout, index: Arc::new(index) }),
                None => all.are_known = false,
            }
        }
        repositories.with(question, |place| place.submodules = seen);
        Ok(all)
    }
    /// The submodules that the index of one repository names. Where it could name others to git, git itself is asked.
    fn named(
        &mut self,
        question: &Question,
        layout: &Layout,
        tree: &Tree,
        index: Option<&Index>,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<Vec<PathBuf>, Fault> {
        // What is there of a folder that stands for all in it, git looks into.
        let is_there = |folder: &PathBuf| tree.top.join(folder).symlink_metadata().is_ok();
        if let Some(index) = index.filter(|index| !index.may_have_more && !index.folders.iter().any(is_there)) {
            return Ok(index.submodules.iter().map(|path| tree.top.join(path)).collect());
        }
        let environment = question.environment.without(&PATTERNS);
        let mut command = layout.git.command(&question.folder, &environment, &Blanks::default());
        command.args(["ls-files", "--stage", "-z", "--full-name", "--", ":/"]);
        self.processes += 1;
        self.are_known = false;
        let runs = run_all(vec![command], deadline, cancel)?;
        // How git ended has to be known: of half a list nothing follows.
        let [Run { code: Some(0), output, .. }] = &runs[..] else {
            self.are_safe = false;
            return Ok(Vec::new());
        };
        let entries = output.split(|&byte| byte == 0).filter(|entry| entry.starts_with(b"160000 "));
        let names = entries.filter_map(|entry| Some(&entry[memchr::memchr(b'\t', entry)? + 1..]));
        Ok(names.map(|name| tree.top.join(text(name))).collect())
    }
}
