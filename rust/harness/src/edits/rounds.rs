//! Rounds on many small trees that take turns, some just edited and some at rest for as long as stamps need to be trusted.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rev_accel_core::{DEFAULT_MEMORY_BYTES, Memory, Stats};

use super::asks::{self, Kept, Question};
use super::clock::{self, Kernel, Mode};
use super::contents::Contents;
use super::tree::Tree;
use super::{Result, kinds};
use crate::random::Random;

/// After this time the stamps of what was edited are trusted.
const REST: Duration = Duration::from_millis(2700);

/// How many trees share a cache folder: the more manifests are in it, the longer it takes to add one.
const TREES_PER_FOLDER: usize = 16;

/// How many trees share the memories of two processes; each is forgotten as a whole.
const TREES_PER_MEMORY: usize = 4;

/// Of so many trees one is a repository.
const TREES_PER_REPOSITORY: usize = 64;

/// Rounds after which a tree is made anew under the same name, before links and spare folders pile up.
const AGE: usize = 60;

/// The same for repositories, which take longer to make.
const AGE_OF_REPOSITORY: usize = 500;

/// How many steps are told of a tree about which an answer was wrong.
const HISTORY: usize = 16;

/// What a campaign is like.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What the clock does.
    pub mode: Mode,
    /// How many trees take turns.
    pub trees: usize,
    /// Decides all rounds, but for what depends on the time.
    pub seed: u64,
}

/// What was done, and how it was answered.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Edits, each followed by a question.
    pub rounds: u64,
    /// Rounds of which a part was answered without looking at a content.
    pub trusting: u64,
    /// Edits by kind; one round may have several.
    pub edits: BTreeMap<&'static str, u64>,
    /// Edits that found nothing to do or were refused.
    pub refused: u64,
    /// Questions by kind.
    pub asked: BTreeMap<&'static str, u64>,
    /// Questions and files that were answered, even if only in part, by memory, manifest, content store, a look at the content, and
    /// the analysis.
    pub answered: [(u64, u64); 5],
}

/// Where answers come from, in the order of [`Tally::answered`].
const LEVELS: [&str; 5] = ["memory", "manifest", "store", "recent", "analysed"];

impl Tally {
    fn answer(&mut self, stats: &Stats) -> bool {
        let files = [stats.memory, stats.manifest, stats.store, stats.recent, stats.parsed];
        for (answered, files) in self.answered.iter_mut().zip(files) {
            answered.0 += u64::from(files > 0);
            answered.1 += files as u64;
        }
        stats.memory + stats.manifest > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<&str, u64>| {
            let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            counts.join(", ")
        };
        let levels = LEVELS.iter().zip(self.answered);
        let levels: Vec<_> = levels.map(|(name, (asked, files))| format!("{name} {asked}/{files}")).collect();
        writeln!(f, "edits: {}; nothing to do {}", list(&self.edits), self.refused)?;
        writeln!(f, "asked: {}", list(&self.asked))?;
        writeln!(f, "answered, questions/files: {}; stamps trusted in {} rounds", levels.join(", "), self.trusting)
    }
}

/// A tree, and what was done to it of late.
struct Subject {
    tree: Tree,
    number: usize,
    cache: PathBuf,
    memories: [&'static Memory; 2],
    /// Which process asks; the third one remembers nothing.
    process: usize,
    edited: Instant,
    /// The kernel's clock when it was asked about with a clock that was ahead.
    asked: Option<(i64, i64)>,
    question: Option<Question>,
    rounds: usize,
    history: VecDeque<String>,
}

impl Subject {
    fn kept(&self) -> Kept<'_> {
        Kept { folder: &self.cache, memory: self.memories.get(self.process).copied() }
    }

    fn note(&mut self, step: impl Into<String>) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(step.into());
    }
}

/// A running campaign.
pub struct Rounds {
    plan: Plan,
    folder: PathBuf,
    random: Random,
    contents: Contents,
    kernel: Kernel,
    subjects: VecDeque<Subject>,
    tally: Tally,
}

impl Rounds {
    /// Makes the trees in an empty folder.
    pub fn new(plan: Plan, folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize()?;
        let mut rounds = Self {
            plan,
            kernel: Kernel::new(&folder)?,
            folder,
            random: Random::new(plan.seed),
            contents: Contents::new(),
            subjects: VecDeque::new(),
            tally: Tally::default(),
        };
        plan.mode.put(1);
        let memory = || -> &'static Memory { Box::leak(Box::new(Memory::new(DEFAULT_MEMORY_BYTES))) };
        let memories: Vec<_> = (0..plan.trees.div_ceil(TREES_PER_MEMORY)).map(|_| [memory(), memory()]).collect();
        for number in 0..plan.trees {
            let tree = rounds.make(number)?;
            rounds.subjects.push_back(Subject {
                tree,
                number,
                cache: rounds.folder.join(format!("cache{}", number / TREES_PER_FOLDER)),
                memories: memories[number / TREES_PER_MEMORY],
                process: 0,
                edited: Instant::now(),
                asked: None,
                question: None,
                rounds: 0,
                history: VecDeque::new(),
            });
        }
        if plan.mode == Mode::Real {
            thread::sleep(REST);
        }
        Ok(rounds)
    }

    /// What was done so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn make(&mut self, number: usize) -> Result<Tree> {
        let random = &mut self.random;
        // The content store is asked only about larger ones.
        let size = if random.below(12) == 0 { 20 } else { 4 + random.below(5) };
        let holder = self.folder.join(format!("{}/{number}", number / 64));
        let mut tree = Tree::new(holder, size, &self.contents, random)?;
        if number.is_multiple_of(TREES_PER_REPOSITORY) {
            let contents = &self.contents;
            tree.make_branches(|tree| {
                for _ in 0..3 {
                    let _ = (kinds::choose(random).act)(tree, contents, random);
                }
            })?;
        }
        Ok(tree)
    }

    /// So many rounds, or a few more. An answer that is wrong is an error.
    pub fn run(&mut self, count: u64) -> Result<()> {
        let end = self.tally.rounds + count;
        while self.tally.rounds < end {
            self.turn()?;
        }
        Ok(())
    }

    /// The turn of one tree.
    fn turn(&mut self) -> Result<()> {
        let mode = self.plan.mode;
        // A clock that is put back too often is never trusted.
        if self.random.below(4 * self.plan.trees) == 0 {
            mode.put(self.random.below(1 << 20));
        }
        // One that was just edited is asked about while no stamp of it can be trusted; the next in turn is at rest, or seems so.
        let lately = self.subjects.len().min(8);
        let is_turn = mode != Mode::Real
            || self.subjects.front().is_some_and(|subject| subject.edited.elapsed() > REST) && self.random.below(4) > 0;
        let place = if is_turn { 0 } else { self.subjects.len() - 1 - self.random.below(lately) };
        let Some(mut subject) = self.subjects.remove(place) else { return Ok(()) };
        if is_turn && mode == Mode::Real {
            // What is learned now is trusted.
            subject.note("rested");
            let question = Question::main(&mut self.random);
            self.check(&mut subject, question)?;
        }
        let again = if mode == Mode::Ahead { 1 } else { [1, 1, 1, 2, 3][self.random.below(5)] };
        for _ in 0..again {
            if mode == Mode::Jumps && clock::shift() > 0 && self.random.below(12) == 0 {
                self.put_back(&mut subject)?;
            }
            self.round(&mut subject)?;
        }
        self.subjects.push_back(subject);
        Ok(())
    }

    /// A clock that was ahead is put back between two edits within one step of the kernel's clock. What was trusted too early by then
    /// looks the same after the second edit, which must be seen all the same.
    fn put_back(&mut self, subject: &mut Subject) -> Result<()> {
        self.wait(subject)?;
        let Ok(path) = subject.tree.file(&self.contents, &mut self.random) else { return Ok(()) };
        let question = Question::main(&mut self.random);
        let shift = clock::shift();
        let mut alike = true;
        for step in ["edited", "edited again, with the clock put back"] {
            alike &= kinds::disguised(&path, &self.contents, &mut self.random).is_ok();
            subject.edited = Instant::now();
            subject.note(step);
            self.check(subject, question.clone())?;
            clock::put(-1);
        }
        self.tally.rounds += u64::from(alike);
        *self.tally.edits.entry("clock put back between edits").or_default() += u64::from(alike);
        // Who has not seen the clock put back shall not be asked before a change has another time.
        self.kernel.pass(self.kernel.now()?)?;
        subject.asked = None;
        clock::put(shift);
        Ok(())
    }

    /// Edits a tree and asks about it.
    fn round(&mut self, subject: &mut Subject) -> Result<()> {
        self.wait(subject)?;
        let age = if subject.tree.is_repository { AGE_OF_REPOSITORY } else { AGE };
        if subject.rounds >= age {
            self.renew(subject)?;
        } else {
            self.edit(subject);
        }
        subject.rounds += 1;
        match self.random.below(20) {
            process @ 0..6 => subject.process = process % 3,
            6 => {
                subject.note("forget");
                subject.memories.into_iter().for_each(Memory::clear);
            }
            _ => {}
        }
        // Often what was asked before, since only that is compared with what was known then.
        let question = match subject.question.take() {
            Some(question) if self.random.below(10) < 7 => question,
            _ => Question::any(&mut self.random),
        };
        let trusting = self.check(subject, question)?;
        self.tally.trusting += u64::from(trusting);
        self.tally.rounds += 1;
        if self.random.below(12) == 0 {
            let question = Question::any(&mut self.random);
            self.check(subject, question)?;
        }
        Ok(())
    }

    /// Sees to it that a change has another time than what was trusted too early.
    fn wait(&self, subject: &mut Subject) -> Result<()> {
        if let Some(asked) = subject.asked.take() {
            self.kernel.pass(asked)?;
        }
        Ok(())
    }

    /// A new tree in place of one that was edited often, as after removing and cloning it again.
    fn renew(&mut self, subject: &mut Subject) -> Result<()> {
        fs::remove_dir_all(&subject.tree.holder)?;
        subject.tree = self.make(subject.number)?;
        subject.rounds = 0;
        subject.edited = Instant::now();
        subject.note("made anew");
        *self.tally.edits.entry("tree made anew").or_default() += 1;
        Ok(())
    }

    /// One to four edits.
    fn edit(&mut self, subject: &mut Subject) {
        let random = &mut self.random;
        if subject.tree.is_repository && random.below(2) == 0 {
            let switched = subject.tree.switch(random);
            self.tally.edit(subject, "branch switched by git", switched.is_ok());
        } else {
            for _ in 0..[1, 1, 1, 1, 2, 4][random.below(6)] {
                let kind = kinds::choose(random);
                let done = (kind.act)(&mut subject.tree, &self.contents, random);
                self.tally.edit(subject, kind.name, done.is_ok());
            }
        }
        let reused = std::mem::take(&mut subject.tree.reused_inodes);
        *self.tally.edits.entry("(inode reused)").or_default() += reused;
        subject.edited = Instant::now();
    }

    /// Asks, and compares; whether stamps were trusted.
    fn check(&mut self, subject: &mut Subject, question: Question) -> Result<bool> {
        *self.tally.asked.entry(question.name).or_default() += 1;
        let kept = subject.kept();
        let answer = asks::ask(&question, &subject.tree, &kept, &mut self.contents, &mut self.random)?;
        if answer.said != answer.right {
            return Err(self.complaint(subject, &question, &answer).into());
        }
        subject.note(format!("{} by {}", question.name, subject.process));
        subject.question = Some(question);
        if clock::shift() > 0 {
            subject.asked = Some(self.kernel.now()?);
        }
        Ok(self.tally.answer(&answer.stats))
    }

    /// All that may help to find out why an answer is wrong.
    fn complaint(&mut self, subject: &Subject, question: &Question, answer: &asks::Answer) -> String {
        let Plan { mode, trees, seed } = self.plan;
        let mut text = format!(
            "a wrong answer about {} in round {} of seed {seed}, {trees} trees, {mode:?} clock now ahead by {} ns\nafter {:?}\n\
             asked: {question:?}\n{:?}\n",
            subject.tree.root.display(),
            self.tally.rounds,
            clock::shift(),
            subject.history,
            answer.stats,
        );
        for (said, right) in answer.said.lines().zip(answer.right.lines()) {
            if said != right {
                let _ = writeln!(text, "said {said}, not {right}");
                break;
            }
        }
        let _ = writeln!(text, "said:\n{}\nright:\n{}", answer.said, answer.right);
        let kept = subject.kept();
        for what in ["again", "after forgetting", "without a cache"] {
            if what == "after forgetting" {
                subject.memories.into_iter().for_each(Memory::clear);
            }
            let question = if what == "without a cache" { question.uncached() } else { question.clone() };
            let answer = asks::ask(&question, &subject.tree, &kept, &mut self.contents, &mut self.random);
            let verdict = answer.map(|answer| if answer.said == answer.right { "right" } else { "wrong" });
            let _ = writeln!(text, "{what}: {verdict:?}");
        }
        list(&subject.tree.holder, &mut text);
        text
    }
}

impl Tally {
    fn edit(&mut self, subject: &mut Subject, name: &'static str, done: bool) {
        subject.note(if done { name.to_owned() } else { format!("({name})") });
        if done {
            *self.edits.entry(name).or_default() += 1;
        } else {
            self.refused += 1;
        }
    }
}

/// What the system says of everything in a folder.
fn list(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Ok(stat) = path.symlink_metadata() {
            let _ = writeln!(
                text,
                "{} mode {:o} inode {} size {} mtime {}.{:09} ctime {}.{:09}",
                path.display(),
                stat.mode(),
                stat.ino(),
                stat.size(),
                stat.mtime(),
                stat.mtime_nsec(),
                stat.ctime(),
                stat.ctime_nsec()
            );
            if stat.is_dir() && !path.ends_with(".git") {
                list(&path, text);
            }
        }
    }
}
