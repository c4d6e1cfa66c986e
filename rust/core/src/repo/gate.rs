//! When an answer is not kept, because something counts that its proof does not cover.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::ask::Environment;
use super::config::{Config, is_no};
use super::content;
use super::form::Form;
use super::index::Index;
use super::layout::{Layout, Tree};
use crate::cancel::Cancel;

/// Why an answer is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unkept {
    /// Something that is not modelled.
    Unmodelled(&'static str),
    /// What is under a path is not modelled.
    At(PathBuf, &'static str),
    /// Something has changed so shortly before that another change might not show; until when, in nanoseconds since 1970.
    Recent(PathBuf, i64),
    /// Something changed while git was asked.
    Moved(PathBuf),
    /// There is more to look at than it would save.
    TooLarge,
    Cancelled,
}

impl Unkept {
    /// For people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Unmodelled(reason) => (*reason).to_owned(),
            Self::At(path, reason) => format!("`{}` {reason}", path.display()),
            Self::Recent(path, _) => format!("`{}` has changed only just now", path.display()),
            Self::Moved(path) => format!("`{}` changed while git was asked", path.display()),
            Self::TooLarge => "there are too many untracked files to watch".to_owned(),
            Self::Cancelled => "the work was cancelled".to_owned(),
        }
    }
}

/// Variables of the environment that make an answer depend on more.
const VARIABLES: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    // The references do not follow it.
    "GIT_COMMON_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_NAMESPACE",
    "GIT_PAGER_IN_USE",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_REF_PARANOIA",
];

/// What can be told before git is asked.
pub(super) fn check(form: &Form, environment: &Environment, layout: &Layout, cancel: &Cancel) -> Result<(), Unkept> {
    let refuse = |reason| Err(Unkept::Unmodelled(reason));
    if VARIABLES.iter().any(|name| environment.get(name).is_some()) {
        return refuse("a variable of the environment makes git read more");
    }
    let (Some(tree), Some(config)) = (&layout.tree, &layout.config) else {
        return refuse("there is no repository with a working tree");
    };
    if let Err(unkept) = &layout.proof {
        return Err(unkept.clone());
    }
    check_config(form, config)?;
    check_tree(tree, cancel)
}

fn check_config(form: &Form, config: &Config) -> Result<(), Unkept> {
    let rules: [(bool, &'static str); 9] = [
        (config.is_on("status.branch"), "`status.branch` is set"),
        (
            config
                .last("log.decorate")
                .is_some_and(|value| !value.eq_ignore_ascii_case(b"auto") && (value.is_empty() || !is_no(value))),
            "`log.decorate` is set",
        ),
        (
            form.reads_tree() && config.last("status.showuntrackedfiles").is_some_and(|value| !shows_untracked(value)),
            "`status.showUntrackedFiles` is set",
        ),
        (config.has_value("color.", "always"), "a color is set to `always`"),
        (config.last("attr.tree").is_some(), "`attr.tree` is set"),
        (config.last("diff.orderfile").is_some(), "`diff.orderFile` is set"),
        (
            config.last("extensions.partialclone").is_some() || config.has("remote.", ".promisor"),
            "it is a partial clone",
        ),
        (config.has("trace2.", ""), "`trace2` is configured"),
        (config.last("core.alternaterefscommand").is_some(), "`core.alternateRefsCommand` is set"),
    ];
    match rules.iter().find(|(applies, _)| *applies) {
        Some((_, reason)) => Err(Unkept::Unmodelled(reason)),
        None => Ok(()),
    }
}

fn shows_untracked(value: &[u8]) -> bool {
    ["normal", "all", "true", "yes", "on", "1"].iter().any(|shown| value.eq_ignore_ascii_case(shown.as_bytes()))
}

fn check_tree(tree: &Tree, cancel: &Cancel) -> Result<(), Unkept> {
    if !tree.has_loose_references {
        return Err(Unkept::Unmodelled("its references are in a table"));
    }
    let replaced = tree.common.join("refs").join("replace");
    if std::fs::read_dir(&replaced).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Unkept::At(replaced, "replaces objects"));
    }
    let packed = tree.common.join("packed-refs");
    match content::whole(&packed, content::LONG, cancel) {
        Ok(Some((bytes, _))) if memchr::memmem::find(&bytes, b" refs/replace/").is_some() => {
            Err(Unkept::At(packed, "replaces objects"))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Unkept::At(packed, "cannot be read")),
    }
}

/// What the index says.
pub(super) fn check_index(index: &Index) -> Result<(), Unkept> {
    let rules = [
        (index.has_untracked_cache, "git remembers in the index what is untracked"),
        (index.is_unusual, "the index has parts that are not read here"),
    ];
    match rules.iter().find(|(applies, _)| *applies) {
        Some((_, reason)) => Err(Unkept::Unmodelled(reason)),
        None => Ok(()),
    }
}

/// Whether a file of attributes may name a filter.
pub(super) fn names_filter(path: &std::path::Path, cancel: &Cancel) -> bool {
    let read = content::whole(path, content::SHORT, cancel);
    read.map_or(true, |read| read.is_some_and(|(bytes, _)| memchr::memmem::find(&bytes, b"filter").is_some()))
}

/// The name of files that name attributes.
pub(super) fn is_attributes(path: &std::path::Path) -> bool {
    path.file_name() == Some(OsStr::new(".gitattributes"))
}
