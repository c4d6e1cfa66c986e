//! Where the parts of a repository are and how it is configured, as git says; kept until one of the files changes that say so.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::ask::{Environment, Question};
use super::config::{self, Config, text};
use super::content;
use super::discovery;
use super::gate::Unkept;
use super::notes::Notes;
use super::process::{Fault, Run, run_all};
use super::program::{Blanks, Git};
use super::proof::Proof;
use super::refs;
use crate::cancel::Cancel;
use crate::tree::stamp::Clock;

/// What [`Tree::parse`] reads, a line each.
const PARTS: [&str; 11] = [
    "rev-parse",
    "--path-format=absolute",
    "--show-toplevel",
    "--absolute-git-dir",
    "--git-common-dir",
    "--git-path",
    "index",
    "--git-path",
    "objects",
    "--show-object-format",
    // Versions that do not know it print it, and know no other format either.
    "--show-ref-format",
];

/// Where a repository with a working tree is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) top: PathBuf,
    /// The folder `.git`, or that of a linked working tree.
    pub(super) own: PathBuf,
    /// What linked working trees share.
    pub(super) common: PathBuf,
    pub(super) index: PathBuf,
    pub(super) objects: PathBuf,
    /// Bytes of an object's name.
    pub(super) hash: usize,
    /// Whether references are files.
    pub(super) has_loose_references: bool,
}

impl Tree {
    fn parse(run: &Run) -> Option<Self> {
        let lines: Vec<_> = run.output.strip_suffix(b"\n")?.split(|&byte| byte == b'\n').collect();
        // More lines: a path has one in its name.
        let [top, own, common, index, objects, format, references] = lines[..] else { return None };
        let path = |bytes| Some(PathBuf::from(text(bytes))).filter(|path: &PathBuf| path.is_absolute());
        let hash = match format {
            b"sha1" => 20,
            b"sha256" => 32,
            _ => return None,
        };
        // With all its lines it is whole, even if it is not known how git ended.
        (run.code == Some(0) || run.is_lost).then_some(())?;
        Some(Self {
            top: path(top)?,
            own: path(own)?,
            common: path(common)?,
            index: path(index)?,
            objects: path(objects)?,
            hash,
            has_loose_references: matches!(references, b"files" | b"--show-ref-format"),
        })
    }
}

/// What git says of a repository before it is asked for its state.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) git: Git,
    /// `None`: there is no repository, or none with a working tree, or its paths cannot be told.
    pub(super) tree: Option<Tree>,
    /// `None`: the configuration cannot be read, and then git says nothing else either.
    pub(super) config: Option<Config>,
    /// What git printed in its place.
    pub(super) problem: String,
    /// Whether git ended by itself and said that it does not work there.
    pub(super) is_refused: bool,
    /// Whether there is no repository at all, as far as one can see without git, too.
    pub(super) is_outside: bool,
    /// The files, present or absent, that name attributes.
    pub(super) attributes: BTreeSet<PathBuf>,
    /// Or why nothing can be kept.
    pub(super) proof: Result<Proof, Unkept>,
    /// How many processes it took.
    pub(super) processes: u32,
}

impl Layout {
    /// Asks git.
    pub(super) fn ask(
        git: &Git,
        question: &Question,
        clock: Clock,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<Self, Fault> {
        let started = clock();
        let command = |arguments: &[&str]| {
            let mut command = git.command(&question.folder, &question.environment, &Blanks::default());
            // It would have `git config` read another file than all others do.
            command.env_remove("GIT_CONFIG").args(arguments);
            command
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        let mut layout = Self {
            git: git.clone(),
            tree: None,
            config: None,
            problem: String::new(),
            is_refused: false,
            is_outside: false,
            attributes: BTreeSet::new(),
            proof: Err(Unkept::Cancelled),
            processes: 0,
        };
        if let Some(beginnings) = discovery::all_absent(question) {
            layout.processes += 1;
            let runs = run_all(vec![command(&PARTS)], deadline, cancel)?;
            if let [Run { code: Some(128), output, errors, .. }] = &runs[..]
                && output.is_empty()
            {
                layout.is_refused = true;
                layout.is_outside = true;
                layout.problem = text(errors);
                let mut notes = Notes::new(started, clock);
                let result = discovery::note_absent(question, &beginnings, &layout.git, &mut notes);
                layout.proof = result.and_then(|()| notes.finish());
                return Ok(layout);
            }
        }
        let commands = vec![command(&PARTS), command(&config::LIST), command(&["var", "-l"])];
        layout.processes += commands.len() as u32;
        let runs = run_all(commands, deadline, cancel)?;
        let [parts, list, variables] = &runs[..] else { return Err(Fault::Cancelled) };
        layout.tree = Tree::parse(parts);
        let is_whole = (list.code == Some(0) || list.is_lost) && config::is_whole(&list.output);
        layout.config = is_whole.then(|| Config::parse(&list.output)).flatten();
        layout.is_refused = parts.code.is_some_and(|code| code != 0);
        layout.problem = text(if layout.config.is_some() { &parts.errors } else { &list.errors });
        layout.proof = layout.prove(question, variables, started, clock);
        Ok(layout)
    }

    /// Names of filters that must not run.
    pub(super) fn own_filters(&self) -> BTreeSet<OsString> {
        self.config.as_ref().map(Config::own_filters).unwrap_or_default()
    }

    /// Whether all that it follows from is as it was.
    pub(super) fn holds(&self, clock: Clock, cancel: &Cancel) -> bool {
        let Ok(proof) = &self.proof else { return false };
        let is_repository = |tree: &Tree| names_a_commit(&tree.own.join("HEAD"));
        self.tree.as_ref().is_none_or(is_repository)
            && proof.check(|| 1, clock, cancel).is_ok_and(|cause| cause.is_none())
    }

    fn prove(&mut self, question: &Question, variables: &Run, started: i64, clock: Clock) -> Result<Proof, Unkept> {
        let unkept = |reason| Err(Unkept::Unmodelled(reason));
        let Some(tree) = &self.tree else { return unkept("there is no repository with a working tree") };
        let Some(config) = &self.config else { return unkept("the configuration cannot be read") };
        let environment = &question.environment;
        let Some((mut files, attributes)) = named_files(variables, &[&tree.top, &question.folder]) else {
            return unkept("this version of git does not tell where its configuration is");
        };
        let bases = [tree.top.as_path(), &question.folder];
        let Some(more) = config.files(&bases, environment) else {
            return unkept("it cannot be told where a part of the configuration is");
        };
        files.extend(more);
        files.insert(tree.common.join("config"));
        // It is read with this setting only, which the file before it has to hold.
        if config.last("extensions.worktreeconfig").is_some() {
            files.insert(tree.own.join("config.worktree"));
        }
        if config.has("includeif.onbranch:", ".path") {
            files.extend(refs::files(tree)?);
        }
        let mut notes = Notes::new(started, clock);
        discovery::note(question, tree, config, &files, &self.git, &mut notes)?;
        // They were read before they are looked at here: what is settled since before that was read as it is.
        for path in &files {
            notes.settled_or_absent(path)?;
        }
        self.attributes = attributes;
        notes.finish()
    }
}

/// Files of configuration, and of attributes, that `git var -l` names.
fn named_files(variables: &Run, bases: &[&Path]) -> Option<(BTreeSet<PathBuf>, BTreeSet<PathBuf>)> {
    let (mut files, mut attributes, mut tells) = (BTreeSet::new(), BTreeSet::new(), false);
    for line in variables.output.split(|&byte| byte == b'\n') {
        let Some(end) = memchr::memchr(b'=', line) else { continue };
        let paths = bases.iter().map(|base| base.join(text(&line[end + 1..])));
        match &line[..end] {
            // A setting whose value has lines could look like these: a file too many does no harm.
            b"GIT_CONFIG_SYSTEM" => files.extend(paths),
            b"GIT_CONFIG_GLOBAL" => {
                tells = true;
                files.extend(paths);
            }
            b"GIT_ATTR_SYSTEM" | b"GIT_ATTR_GLOBAL" => attributes.extend(paths),
            _ => {}
        }
    }
    tells.then_some((files, attributes))
}

/// Whether git takes this for the HEAD of a repository. If it did not, it would look for one further up.
fn names_a_commit(head: &Path) -> bool {
    if head.is_symlink() {
        return std::fs::read_link(head).is_ok_and(|there| there.starts_with("refs") || there.is_absolute());
    }
    let Ok(Some(start)) = content::start(head, 256) else { return false };
    match start.strip_prefix(b"ref:") {
        Some(name) => name.trim_ascii_start().starts_with(b"refs/"),
        None => start.len() >= 40 && start[..40].iter().all(u8::is_ascii_hexdigit),
    }
}

/// The environment for a question to a submodule: without what says where the repository around it is.
pub(super) fn without_place(environment: &Environment) -> Environment {
    const PLACE: [&str; 15] = [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CONFIG",
        "GIT_OBJECT_DIRECTORY",
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_REPLACE_REF_BASE",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_COMMON_DIR",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
    ];
    environment.without(&PLACE)
}
