//! The filters that the configurations of submodules name: `git status` asks git in each of them, and that would run them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Instant;

use super::ask::Question;
use super::index::Index;
use super::layout::{Layout, Tree, without_place};
use super::memory::Repositories;
use super::process::Fault;
use crate::cancel::Cancel;

/// How many submodules are gone through, at all depths.
const MOST: usize = 1000;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) names: BTreeSet<OsString>,
    pub(super) processes: u32,
    /// Whether all submodules told.
    pub(super) is_whole: bool,
}

/// Asks all submodules that are checked out, and theirs.
pub(super) fn filters(
    repositories: &Repositories,
    question: &Question,
    layout: &Layout,
    tree: &Tree,
    index: &Index,
    deadline: Instant,
    cancel: &Cancel,
) -> Result<Found, Fault> {
    let known = repositories.with(question, |place| place.submodules.clone()).unwrap_or_default();
    // As git asks there: in the repository of the submodule, and in no other if that is none.
    let environment = without_place(&question.environment).with("GIT_DIR", ".git");
    let mut found = Found { is_whole: true, ..Found::default() };
    let mut seen = Vec::new();
    let mut left: Vec<_> = index.submodules.iter().map(|path| tree.top.join(path)).collect();
    while let Some(folder) = left.pop() {
        if !folder.join(".git").exists() {
            continue;
        }
        if seen.len() == MOST {
            found.is_whole = false;
            break;
        }
        let inner = Question { folder: folder.clone(), environment: environment.clone(), ..question.clone() };
        let before = known.iter().find(|(path, _)| *path == folder).map(|(_, layout)| Arc::clone(layout));
        let inner = match before.filter(|before| before.holds(question.clock, cancel)) {
            Some(before) => before,
            None => Arc::new(Layout::ask(layout.git.clone(), &inner, question.clock, deadline, cancel)?),
        };
        let is_new = !known.iter().any(|(_, layout)| Arc::ptr_eq(layout, &inner));
        found.processes += if is_new { inner.processes } else { 0 };
        found.names.extend(inner.own_filters());
        match &inner.tree {
            Some(tree) if inner.config.is_some() => match Index::read(&tree.index, &tree.top, tree.hash) {
                Some(index) => left.extend(index.submodules.iter().map(|path| tree.top.join(path))),
                None => found.is_whole = false,
            },
            _ => found.is_whole = false,
        }
        seen.push((folder, inner));
    }
    repositories.with(question, |place| place.submodules = seen);
    Ok(found)
}
