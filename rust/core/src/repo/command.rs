//! Runs a command of git that no [`Form`](super::Form) asks, hardened as a question is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use super::answer::Explanation;
use super::ask::{Ground, Inquiry, Question};
use super::form::Form;
use super::memory::Repositories;
use super::process::run_all;
use crate::cancel::Cancel;
use crate::error::{Error, GitFault, Result};

/// Variables that give paths a meaning of their own, which would contradict the one that is set.
const PATHSPECS: [&str; 3] = ["GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];

/// What a command left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` if a signal ended it, or if that is lost and it complained.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub output: Vec<u8>,
    /// What it printed on standard error.
    pub errors: Vec<u8>,
    /// The top of the working tree.
    pub top: PathBuf,
    /// The filters that did not run, since the repository's own configuration names them.
    pub blanked: Vec<OsString>,
}

impl Repositories {
    /// Runs git with these arguments in a folder of a working tree. Paths among them mean what they say, without wildcards.
    ///
    /// No program runs that the repository names: what the arguments themselves could start is for the caller to switch off, as drivers of
    /// differences, signatures and editors.
    ///
    /// Only a command that is said to write may start hooks. Those in files are switched off; newer versions of git know such in a
    /// configuration, too, and where the repository's own names some, the command is refused.
    ///
    /// The form of the question counts for nothing.
    pub fn run(&self, question: &Question, arguments: &[OsString], writes: bool, cancel: &Cancel) -> Result<Ran> {
        // One that reads the tree: the submodules are looked at.
        let question = &Question { form: Form::Status, ..question.clone() };
        let deadline = Instant::now() + question.timeout;
        let known = self.with(question, |place| (place.layout.clone(), place.index.clone()));
        let (layout, index) = known.unwrap_or_default();
        let mut inquiry = Inquiry { repositories: self, question, cancel, explanation: Explanation::default() };
        let Ground { layout, submodules, blanks, .. } = inquiry.ground(layout, index, deadline)?;
        let (Some(config), Some(tree)) = (&layout.config, &layout.tree) else {
            return Err(Error::Git(GitFault::Failed { command: "rev-parse", message: layout.problem.clone() }));
        };
        if writes && config.has_own("hook.") {
            return Err(Error::Git(GitFault::OwnHooks));
        }
        if !submodules.are_safe {
            return Err(Error::Git(GitFault::UnknownSubmodules));
        }
        let mut command = layout.git.command(&question.folder, &question.environment, &blanks);
        for name in PATHSPECS {
            command.env_remove(name);
        }
        command.env("GIT_LITERAL_PATHSPECS", "1").args(arguments);
        let runs = run_all(vec![command], deadline, cancel).map_err(|fault| inquiry.fault(fault))?;
        let run = runs.into_iter().next().unwrap_or_default();
        let blanked = layout.own_filters().union(&submodules.filters).cloned().collect();
        // Where it is lost how git ended, it is taken as Python's `subprocess` takes it, unless git complained.
        let code = run.code.or(run.is_done().then_some(0));
        Ok(Ran { code, output: run.output, errors: run.errors, top: tree.top.clone(), blanked })
    }
}
