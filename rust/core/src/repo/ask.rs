//! Answers a question: from what is kept, if it still holds, else by asking git.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::{Answer, Content, Explanation, Outcome};
use super::form::Form;
use super::gate::Unkept;
use super::index::Index;
use super::layout::Layout;
use super::learn::Learning;
use super::memory::{Kept, Repositories};
use super::process::{Fault, Run, run_all};
use super::program::{Blanks, Git};
use super::proof::Proof;
use super::submodules::Submodules;
use super::user::User;
use super::{entries, parse, refs};
use crate::cancel::Cancel;
use crate::error::{Error, GitFault, Result};
use crate::tree::stamp::{Clock, system_clock};

/// Why an answer is given again.
const STILL_TRUE: &str = "nothing that it depends on has changed";

/// The variables of an environment, in no particular order, and the user on whose behalf programs run in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    variables: Arc<Vec<(OsString, OsString)>>,
    user: User,
}

impl Environment {
    /// That of this process. Nobody may be changing it meanwhile.
    #[must_use]
    pub fn current() -> Self {
        std::env::vars_os().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(key, value)| (key.as_os_str(), value.as_os_str()))
    }

    pub(super) fn without(&self, names: &[&str]) -> Self {
        let stays = |(key, _): &&(OsString, OsString)| !names.iter().any(|name| key == name);
        let variables = self.variables.iter().filter(stays).cloned().collect();
        Self { variables: Arc::new(variables), user: self.user.clone() }
    }

    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut environment = self.without(&[name]);
        Arc::make_mut(&mut environment.variables).push((name.into(), value.into()));
        environment
    }
}

impl Default for Environment {
    fn default() -> Self {
        [].into_iter().collect()
    }
}

/// The user is that of this process.
impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<T: IntoIterator<Item = (OsString, OsString)>>(variables: T) -> Self {
        Self { variables: Arc::new(variables.into_iter().collect()), user: User::current() }
    }
}

/// A question about the repository that a folder belongs to.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where git is asked; absolute.
    pub folder: PathBuf,
    /// In which environment.
    pub environment: Environment,
    /// What.
    pub form: Form,
    /// How long git may take.
    pub timeout: Duration,
    /// How many threads may look at files; by default as many as there are cores.
    pub threads: Option<usize>,
    /// What time it is.
    pub clock: Clock,
    /// Whether answers are kept, and kept ones given.
    pub keeps: bool,
}

impl Question {
    /// How many threads look at files.
    pub(super) fn threads(&self) -> usize {
        self.threads.unwrap_or_else(crate::pool::default_threads)
    }

    /// A question in the environment of this process.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, form: Form) -> Self {
        Self {
            folder: folder.into(),
            environment: Environment::current(),
            form,
            timeout: Duration::from_secs(30),
            threads: None,
            clock: system_clock,
            keeps: true,
        }
    }
}

impl Repositories {
    /// The kept answer, if there is one that rests on at most so many stamps and still holds. Starts no process and no thread then.
    #[must_use]
    pub fn recall(&self, question: &Question, most_stamps: usize) -> Option<Outcome> {
        let is_small = |kept: &Arc<Kept>| kept.proof.len() <= most_stamps;
        let kept = self.with(question, |place| place.slot(&question.form).kept.clone().filter(is_small))??;
        if !question.keeps {
            return None;
        }
        self.again(question, &kept, || 1, &Cancel::new()).ok().flatten()
    }

    /// Answers a question. With [`Form::Text`], all that git cannot answer is empty, and no error.
    pub fn ask(&self, question: &Question, cancel: &Cancel) -> Result<Outcome> {
        if !question.folder.is_dir() {
            let source = std::fs::read_dir(&question.folder).err();
            let source = source.unwrap_or_else(|| std::io::ErrorKind::NotADirectory.into());
            return Err(Error::Path { path: question.folder.clone(), source });
        }
        let kept = self.with(question, |place| place.slot(&question.form).kept.clone()).flatten();
        if question.keeps
            && let Some(kept) = kept
            && let Some(outcome) = self.again(question, &kept, || question.threads(), cancel)?
        {
            return Ok(outcome);
        }
        let mut inquiry = Inquiry { repositories: self, question, cancel, explanation: Explanation::default() };
        let answer = inquiry.answer();
        let mut explanation = inquiry.explanation;
        if let Err(Error::Git(fault)) = &answer {
            explanation.problem = Some(fault.to_string());
            if explanation.stamps == 0 {
                explanation.not_kept.get_or_insert_with(|| fault.to_string());
            }
        }
        self.with(question, |place| place.explanation = Some(explanation.clone()));
        let answer = match (answer, &question.form) {
            (Err(Error::Git(_)), Form::Text { excluded, .. }) => {
                let text = text_of(question, excluded, b"", b"")?;
                Arc::new(Answer { content: Content::Text(text), top: None })
            }
            (answer, _) => answer?,
        };
        Ok(Outcome { answer, explanation })
    }

    /// The floor of a kept answer, for benchmarks: a bare look at all it rests on. Gives how many there are still, if it is kept.
    #[doc(hidden)]
    #[must_use]
    pub fn bare_look(&self, question: &Question) -> Option<usize> {
        let kept = self.with(question, |place| place.slot(&question.form).kept.clone())??;
        Some(kept.proof.bare_look(|| question.threads()))
    }

    /// The kept answer, if it still holds; else it is given up.
    fn again(
        &self,
        question: &Question,
        kept: &Arc<Kept>,
        threads: impl FnOnce() -> usize,
        cancel: &Cancel,
    ) -> Result<Option<Outcome>> {
        let cause = kept.proof.check(threads, question.clock, cancel)?;
        let outcome = match &cause {
            Some(_) => None,
            None => Some(Outcome {
                answer: Arc::clone(&kept.answer),
                explanation: Explanation {
                    kept: true,
                    reason: STILL_TRUE.to_owned(),
                    not_kept: None,
                    git: Some(kept.git.clone()),
                    problem: None,
                    processes: 0,
                    stamps: kept.proof.len(),
                },
            }),
        };
        self.with(question, |place| {
            place.explanation = outcome.as_ref().map(|outcome| outcome.explanation.clone());
            let slot = place.slot(&question.form);
            // Another thread may have put a newer one there.
            let is_it = slot.kept.as_ref().is_some_and(|other| Arc::ptr_eq(other, kept));
            match cause {
                None => slot.habit.was_right(),
                Some(cause) if is_it => {
                    slot.kept = None;
                    slot.habit.was_in_vain(format!("`{}` {}", cause.path.display(), cause.reason));
                }
                Some(_) => {}
            }
        });
        Ok(outcome)
    }
}

fn failed(command: &'static str, run: &Run) -> Error {
    let said = String::from_utf8_lossy(&run.errors).trim_end().to_owned();
    let message = if run.was_killed() { "a signal ended it".to_owned() } else { said };
    Error::Git(GitFault::Failed { command, message })
}

fn text_of(question: &Question, excluded: &[OsString], status: &[u8], log: &[u8]) -> Result<String> {
    let entries = entries::list(&question.folder, excluded);
    let entries = entries.map_err(|source| Error::Path { path: question.folder.clone(), source })?;
    Ok(entries::text(status, log, &entries))
}

/// What is known of a repository before git is asked for anything.
pub(super) struct Ground {
    pub(super) layout: Arc<Layout>,
    pub(super) index: Option<Arc<Index>>,
    pub(super) submodules: Submodules,
    /// The filters that must not run, there and in the submodules.
    pub(super) blanks: Blanks,
}

/// One question that is put to git.
pub(super) struct Inquiry<'a> {
    pub(super) repositories: &'a Repositories,
    pub(super) question: &'a Question,
    pub(super) cancel: &'a Cancel,
    pub(super) explanation: Explanation,
}

impl Inquiry<'_> {
    fn answer(&mut self) -> Result<Arc<Answer>> {
        let Self { repositories, question, cancel, .. } = *self;
        let deadline = Instant::now() + question.timeout;
        let started = (question.clock)();
        let known = repositories.with(question, |place| {
            let slot = place.slot(&question.form);
            let because = slot.habit.because.take();
            let wants = slot.habit.wants(started);
            (because, wants, place.layout.clone(), place.index.clone())
        });
        let (because, wants, layout, index) = known.unwrap_or((None, Ok(()), None, None));
        self.explanation.reason = because.unwrap_or_else(|| "nothing was kept".to_owned());
        let Ground { layout, index, submodules, blanks } = self.ground(layout, index, deadline)?;

        let wants = if question.keeps { wants } else { Err(Unkept::Unmodelled("it shall not be kept")) };
        let may_keep =
            wants.and_then(|()| Learning::begin(question, &layout, index.as_ref(), &submodules, started, cancel));
        let lists_ignored = question.form.reads_tree() && may_keep.is_ok();
        let commands: Vec<_> = (question.form.commands(lists_ignored).iter().enumerate())
            .map(|(number, words)| {
                let mut command = layout.git.command(&question.folder, &question.environment, &blanks);
                command.args(words);
                if number == 0 {
                    command.args(question.form.last_argument());
                }
                if question.form.is_status(number) && !submodules.are_safe {
                    // What is not known of submodules has git not ask in them.
                    command.arg("--ignore-submodules=dirty");
                }
                command
            })
            .collect();
        self.explanation.processes += commands.len() as u32;
        let mut runs = run_all(commands, deadline, cancel).map_err(|fault| self.fault(fault))?;
        let mut ignored = Vec::new();
        if lists_ignored && let Some(run) = runs.first_mut() {
            let separator = if question.form == Form::Status { 0 } else { b'\n' };
            (run.output, ignored) = parse::without_ignored(&run.output, separator);
        }
        let content = self.content(&runs, &layout)?;
        let answer = Arc::new(Answer { content, top: layout.tree.as_ref().map(|tree| tree.top.clone()) });
        let proof = may_keep.and_then(|learning| learning.finish(&runs, &ignored, &answer, cancel));
        let now = (question.clock)();
        let (kept, unkept) = match proof {
            Ok(proof) => {
                self.explanation.stamps = proof.len();
                let git = layout.git.program.clone();
                (Some(Arc::new(Kept { answer: Arc::clone(&answer), proof, git })), None)
            }
            Err(Unkept::Cancelled) => return Err(Error::Cancelled),
            Err(unkept) => (None, Some(unkept)),
        };
        self.explanation.not_kept = unkept.as_ref().map(Unkept::text);
        repositories.with(question, |place| {
            let slot = place.slot(&question.form);
            if let Some(unkept) = &unkept {
                slot.habit.failed(unkept, now);
            }
            slot.kept = kept;
        });
        Ok(answer)
    }

    /// What has to be known before git is asked for anything.
    pub(super) fn ground(
        &mut self,
        layout: Option<Arc<Layout>>,
        index: Option<Arc<Index>>,
        deadline: Instant,
    ) -> Result<Ground> {
        let layout = self.layout(layout, deadline)?;
        self.explanation.git = Some(layout.git.program.clone());
        if layout.is_outside {
            return Err(self.outside(&layout));
        }
        if layout.config.is_none() {
            return Err(Error::Git(GitFault::Failed { command: "config", message: layout.problem.clone() }));
        }
        let index = self.index(&layout, index);
        let submodules = self.submodules(&layout, index.as_deref(), deadline)?;
        let own = layout.own_filters();
        let names = own.union(&submodules.filters).map(OsString::as_os_str);
        let blanks = Blanks::new(names).ok_or(Error::Git(GitFault::TooManyFilters))?;
        Ok(Ground { layout, index, submodules, blanks })
    }

    /// There is no repository, and that is known as long as nothing above the folder could begin one.
    fn outside(&mut self, layout: &Layout) -> Error {
        self.explanation.stamps = layout.proof.as_ref().map_or(0, Proof::len);
        if self.explanation.processes == 0 {
            self.explanation.kept = true;
            STILL_TRUE.clone_into(&mut self.explanation.reason);
        } else {
            self.explanation.not_kept = layout.proof.as_ref().err().map(Unkept::text);
        }
        Error::Git(GitFault::Failed { command: "rev-parse", message: layout.problem.clone() })
    }

    fn layout(&mut self, known: Option<Arc<Layout>>, deadline: Instant) -> Result<Arc<Layout>> {
        let Self { repositories, question, cancel, .. } = *self;
        let may_answer = |layout: &Arc<Layout>| question.keeps || !layout.is_outside;
        if let Some(layout) = known.filter(|layout| may_answer(layout) && layout.holds(question.clock, cancel)) {
            return Ok(layout);
        }
        let git = Git::find(&question.environment, &question.folder).ok_or(Error::Git(GitFault::Missing))?;
        let layout =
            Layout::ask(&git, question, question.clock, deadline, cancel).map_err(|fault| self.fault(fault))?;
        self.explanation.processes += layout.processes;
        let layout = Arc::new(layout);
        repositories.with(question, |place| {
            place.layout = layout.proof.is_ok().then(|| Arc::clone(&layout));
            place.index = None;
        });
        Ok(layout)
    }

    fn index(&self, layout: &Layout, known: Option<Arc<Index>>) -> Option<Arc<Index>> {
        let tree = layout.tree.as_ref().filter(|_| self.question.form.reads_tree())?;
        if let Some(index) = known.filter(|index| index.is_still(&tree.index)) {
            return Some(index);
        }
        let now = (self.question.clock)();
        let index = Arc::new(Index::read(tree, self.cancel)?);
        // By a stamp that is not settled, another index could look like this one. A shared part has none: git sets its times.
        if index.stamp.is_settled(now) && index.shared.is_none() {
            self.repositories.with(self.question, |place| place.index = Some(Arc::clone(&index)));
        }
        Some(index)
    }

    /// The submodules, where the answer depends on them.
    fn submodules(&mut self, layout: &Layout, index: Option<&Index>, deadline: Instant) -> Result<Submodules> {
        if !self.question.form.reads_tree() {
            return Ok(Submodules { are_known: true, are_safe: true, ..Submodules::default() });
        }
        let Some(tree) = &layout.tree else { return Ok(Submodules::default()) };
        let found = Submodules::find(self.repositories, self.question, layout, tree, index, deadline, self.cancel);
        let found = found.map_err(|fault| self.fault(fault))?;
        self.explanation.processes += found.processes;
        Ok(found)
    }

    fn content(&mut self, runs: &[Run], layout: &Layout) -> Result<Content> {
        let unread =
            |command| Error::Git(GitFault::Failed { command, message: "its output cannot be read".to_owned() });
        match (&self.question.form, runs) {
            (Form::Text { excluded, .. }, [status, log]) => {
                let is_unborn = || layout.tree.as_ref().is_some_and(|tree| refs::is_unborn(tree, self.cancel));
                if !status.is_done() {
                    self.explanation.problem = Some(failed("status", status).to_string());
                } else if !log.is_done() && !is_unborn() {
                    self.explanation.problem = Some(failed("log", log).to_string());
                }
                // Half of an answer is none. What git printed before it failed by itself is the text, as rev has it.
                let [status, log] = [status, log].map(|run| if run.was_killed() { &[] } else { &run.output[..] });
                Ok(Content::Text(text_of(self.question, excluded, status, log)?))
            }
            (Form::Status, [run]) if run.is_done() => {
                parse::status(&run.output).map(Content::Status).ok_or_else(|| unread("status"))
            }
            (Form::Status, [run]) => Err(failed("status", run)),
            // Where there is a commit, there is something to print, or to complain about.
            (Form::Log { commits }, [run, head]) if run.is_done() => {
                let log = parse::log(&run.output).ok_or_else(|| unread("log"))?;
                let is_whole = !run.is_lost || (head.is_done() && log.is_empty() == (*commits == 0));
                if is_whole { Ok(Content::Log(log)) } else { Err(failed("log", run)) }
            }
            // There is a repository and no commit in it.
            (Form::Log { .. }, [run, head]) if !run.was_killed() && head.has_found_nothing() => {
                Ok(Content::Log(Vec::new()))
            }
            (Form::Log { .. }, [run, _]) => Err(failed("log", run)),
            (Form::Head, [commit, reference]) if commit.is_done() || commit.has_found_nothing() => {
                let reference = parse::line(&reference.output).map(<[u8]>::to_vec);
                let commit = parse::line(&commit.output).map(|line| String::from_utf8_lossy(line).into_owned());
                // Without a commit there is at least the name of what will lead to one.
                if commit.is_none() && reference.is_none() {
                    return Err(unread("rev-parse"));
                }
                Ok(Content::Head(parse::Head { commit, reference }))
            }
            (Form::Head, [run, ..]) => Err(failed("rev-parse", run)),
            _ => Err(unread("git")),
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> Error {
        match fault {
            Fault::Start(source) => Error::Git(GitFault::Start(source)),
            Fault::TimedOut => Error::Git(GitFault::TimedOut(self.question.timeout)),
            Fault::TooLong => Error::Git(GitFault::TooLong),
            Fault::Cancelled => Error::Cancelled,
        }
    }
}
