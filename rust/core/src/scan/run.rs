//! Gets the outcomes of files, known or not, on worker threads, and hands them out in order.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::analyse::{Analysis, analyse};
use super::explain::Explanation;
use super::plan::{Cached, Job, Origin, Plan};
use super::worker::Worker;
use super::{HARD_MAX_BYTES, Options, Progress, Stats};
use crate::cache::counts::{self, Counts};
use crate::cache::known::{Known, Learned, NO_DIGEST};
use crate::cache::record;
use crate::cache::store::{ContentHash, ContentKey, Keys};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool::{self, Schedule};
use crate::rules::{Outcome, Rule, RuleSet};
use crate::syntax::facts::Failure;
use crate::syntax::interpreter::Interpreter;
use crate::tree::key::Key;
use crate::tree::read;
use crate::tree::stamp::Stamp;

/// From how many files on that must be read it pays to open the content store.
const STORE_FROM: usize = 16;

/// What all kinds of scan share.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) interpreter: &'a dyn Interpreter,
    pub(crate) cancel: &'a Cancel,
    pub(crate) progress: &'a Progress<'a>,
    /// How far, in files, a worker may be ahead of what was handed out.
    pub(crate) window: usize,
}

/// What became of a file.
pub(crate) struct Done<T> {
    /// Its place among all files.
    pub(crate) index: usize,
    /// What was made of it; `None` if nothing was to be made of what is as before, and it is.
    pub(crate) rendered: Option<T>,
    /// What was found out about it; `None` if that is what is known.
    pub(crate) learned: Option<Learned>,
    /// The key of its content, if that was not known.
    pub(crate) content: Option<ContentKey>,
    /// Whether its outcome is as before.
    pub(crate) same: bool,
}

/// How a file was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Kept,
    Recent,
    Store,
    Analysed,
}

/// Makes of outcomes what was asked for.
pub(crate) trait Render: Sync {
    type Made: Send;

    /// The texts of a known outcome are still where they are kept.
    fn render<S: AsRef<str> + Into<String>>(&self, key: Cow<'_, Key>, outcome: Outcome<S>) -> Self::Made;
}

/// A file on its way through a worker.
struct Handled<T> {
    made: Option<T>,
    figures: Stats,
    learned: Option<Learned>,
    content: Option<ContentKey>,
    same: bool,
    level: Level,
}

impl Run<'_> {
    /// Turns files into something on workers and hands that out in order, on this thread.
    ///
    /// If `lazy`, nothing is made of a file whose outcome is as before, and those that need no look do not come up.
    pub(crate) fn run<R: Render>(
        &self,
        plan: &Plan<'_>,
        lazy: bool,
        render: &R,
        mut emit: impl FnMut(Done<R::Made>) -> bool,
    ) -> Result<Stats> {
        let started = Instant::now();
        let threads = self.options.threads.unwrap_or_else(pool::default_threads).max(1);
        let only = if lazy { plan.todo() } else { None };
        let count = only.map_or(plan.len(), <[u32]>::len);
        let mut stats = Stats { files: plan.len(), threads, select_time: plan.select_time, ..Stats::default() };
        let asks_store = plan.cached.as_ref().filter(|cached| count >= STORE_FROM && cached.may_use_store());
        let keys = asks_store.map(|cached| Keys::new(&cached.options.interpreter));
        let explanation = Explanation::new(plan);
        let origin = plan.cached.as_ref().map(|cached| cached.origin);
        let file_run =
            FileRun { run: self, plan, lazy, render, large: Mutex::new(()), keys, explanation: &explanation };
        let work = |worker: &mut Worker<'_>, place: usize| {
            let index = only.map_or(place, |only| only[place] as usize);
            let Handled { made, mut figures, learned, content, same, level } = file_run.handle(worker, index);
            figures.count_level(level, origin);
            (Done { index, rendered: made, learned, content, same }, figures)
        };
        let schedule = Schedule { threads, count, window: self.window, cancel: self.cancel };
        if count > 0 {
            pool::ordered(
                &schedule,
                || Worker::new(self.cancel),
                work,
                |place, (done, figures)| {
                    stats.add(&figures);
                    (self.progress)(place + 1, count);
                    emit(done)
                },
            )?;
        }
        if let Some(cached) = &plan.cached {
            stats.add_kept(plan.len() - count, cached.origin);
            stats.explanation = explanation.explained(plan, cached);
            stats.cache_problem = cached.problem().map(str::to_owned);
            count_answers(cached, &stats);
        }
        stats.analyse_time = started.elapsed();
        Ok(stats)
    }
}

/// Adds to the counts of the cache folder; where that was not needed otherwise, the memory collects them first.
pub(super) fn count_answers(cached: &Cached<'_>, stats: &Stats) {
    let counts = Counts {
        memory: stats.memory as u64,
        manifest: stats.manifest as u64,
        store: stats.store as u64,
        recent: stats.recent as u64,
        miss: (stats.parsed + stats.unparsed) as u64,
    };
    let counts = match cached.options.memory {
        Some(memory) => memory.count(counts, cached.has_opened_folder()),
        None => Some(counts),
    };
    if let Some(counts) = counts
        && let Some(folder) = cached.folder()
    {
        counts::add(folder, counts);
    }
}

/// What the workers share.
struct FileRun<'a, R> {
    run: &'a Run<'a>,
    plan: &'a Plan<'a>,
    lazy: bool,
    render: &'a R,
    /// Held while a large file is analysed.
    large: Mutex<()>,
    /// For the keys of contents, where the store is to be asked.
    keys: Option<Keys>,
    explanation: &'a Explanation,
}

impl<R: Render> FileRun<'_, R> {
    fn handle(&self, worker: &mut Worker<'_>, index: usize) -> Handled<R::Made> {
        let path = self.plan.path(index);
        let Some(cached) = &self.plan.cached else {
            return match self.read(worker, path, None) {
                Ok(_) => {
                    let size = worker.buffer.len() as u32;
                    self.analysed(index, self.analyse(&mut worker.buffer, self.run.options.rules), size)
                }
                Err(failure) => self.analysed(index, Analysis::failed(failure), 0),
            };
        };
        let before = cached.before(index).zip(cached.known.as_deref());
        if let Some((place, known)) = before {
            let is_kept = match cached.job(index) {
                Job::Keep(_) => true,
                Job::Compare(_) => cached.is_unchanged(known, place),
                Job::Read(_) => false,
            };
            if is_kept && let Some(handled) = self.kept(worker, known, place, index) {
                return handled;
            }
        }
        let handled = self.look(worker, cached, before, index);
        if self.explanation.index == Some(index) {
            let found = (handled.level, handled.learned.as_ref());
            self.explanation.explain(cached, before, path, found, self.keys.is_some());
        }
        handled
    }

    /// A file whose outcome is the one that is known; `None` when that cannot be had.
    fn kept(&self, worker: &mut Worker<'_>, known: &Known, place: u32, index: usize) -> Option<Handled<R::Made>> {
        let record = if self.lazy { &[] } else { known.record(place, &mut worker.record)? };
        let (made, figures) = self.as_before(index, record)?;
        let figures = Stats { bytes: known.size(place).into(), ..figures };
        Some(Handled { made, figures, learned: None, content: None, same: true, level: Level::Kept })
    }

    /// A file that must be read.
    fn look(
        &self,
        worker: &mut Worker<'_>,
        cached: &Cached<'_>,
        before: Option<(u32, &Known)>,
        index: usize,
    ) -> Handled<R::Made> {
        let stamp = match self.read(worker, self.plan.path(index), Some(cached)) {
            Ok(stamp) => stamp,
            Err(failure) => return self.not_kept(worker, before, index, Analysis::failed(failure), 0),
        };
        let size = worker.buffer.len() as u32;
        let hash = ContentHash::of(&worker.buffer);
        let learned = |record: Arc<[u8]>| Some(Learned { stamp, digest: hash.0, size, record });
        if let Some((place, known)) = before
            && known.digest(place) == hash.0
            && let Some(record) = known.record(place, &mut worker.record)
            && let Some((made, figures)) = self.as_before(index, record)
        {
            let learned = learned(record.into());
            worker.release();
            let figures = Stats { bytes: size.into(), ..figures };
            return Handled { made, figures, learned, content: None, same: true, level: Level::Recent };
        }
        let content = self.keys.as_ref().map(|keys| keys.key(&hash));
        if let Some(content) = &content
            && let Some(store) = worker.store(cached)
            && let Some(((made, figures), record)) =
                store.get_with(content, |record| Some((self.known(index, record)?, Arc::<[u8]>::from(record))))
        {
            let same = is_same(before, &record, &mut worker.record);
            worker.release();
            let figures = Stats { bytes: size.into(), ..figures };
            return Handled { made, figures, learned: learned(record), content: None, same, level: Level::Store };
        }
        let analysis = self.analyse(&mut worker.buffer, RuleSet::ALL);
        worker.encoded.clear();
        if analysis.tentative || !record::encode(&analysis.outcome, &mut worker.encoded) {
            return self.not_kept(worker, before, index, analysis, size);
        }
        let same = is_same(before, &worker.encoded, &mut worker.record);
        let learned = learned(worker.encoded.as_slice().into());
        Handled { learned, content, same, ..self.analysed(index, analysis, size) }
    }

    /// A file whose outcome may be another the next time, with the same content.
    fn not_kept(
        &self,
        worker: &mut Worker<'_>,
        before: Option<(u32, &Known)>,
        index: usize,
        analysis: Analysis,
        size: u32,
    ) -> Handled<R::Made> {
        // Never decoded, only compared: an outcome like that is looked for again each time.
        let record = format!("{:?}", analysis.outcome).into_bytes();
        let same = is_same(before, &record, &mut worker.record);
        let learned = Learned { stamp: Stamp::UNKNOWN, digest: NO_DIGEST, size, record: record.into() };
        Handled { learned: Some(learned), same, ..self.analysed(index, analysis, size) }
    }

    fn analysed(&self, index: usize, analysis: Analysis, size: u32) -> Handled<R::Made> {
        let Analysis { mut outcome, parsed, asked, .. } = analysis;
        if let Ok(findings) = &mut outcome
            && self.run.options.rules != RuleSet::ALL
        {
            findings.retain(|finding| self.run.options.rules.contains(finding.detail.rule()));
        }
        let (made, figures) = self.make(index, outcome);
        let figures = Stats {
            bytes: size.into(),
            parsed: parsed.into(),
            unparsed: (!parsed).into(),
            asked: asked.into(),
            ..figures
        };
        Handled { made: Some(made), figures, learned: None, content: None, same: false, level: Level::Analysed }
    }

    /// What a record as before makes, if that is needed; `None` when it is damaged.
    fn as_before(&self, index: usize, record: &[u8]) -> Option<(Option<R::Made>, Stats)> {
        if self.lazy { Some(Default::default()) } else { self.known(index, record) }
    }

    /// What a record makes; `None` when it is damaged.
    fn known(&self, index: usize, record: &[u8]) -> Option<(Option<R::Made>, Stats)> {
        let (made, figures) = self.make(index, record::decode::<&str>(record, self.run.options.rules)?);
        Some((Some(made), figures))
    }

    fn make<S: AsRef<str> + Into<String>>(&self, index: usize, outcome: Outcome<S>) -> (R::Made, Stats) {
        let mut figures = Stats::default();
        figures.count(&outcome);
        (self.render.render(self.plan.key(index), outcome), figures)
    }

    fn read(
        &self,
        worker: &mut Worker<'_>,
        path: &Path,
        cached: Option<&Cached<'_>>,
    ) -> std::result::Result<Stamp, Failure> {
        let stamps = cached.map(|cached| (&cached.devices, cached.options.clock));
        read::read(path, self.run.options.max_bytes.min(HARD_MAX_BYTES), &mut worker.buffer, stamps)
    }

    fn analyse(&self, buffer: &mut Vec<u8>, rules: RuleSet) -> Analysis {
        let Options { producer, .. } = *self.run.options;
        if buffer.len() <= read::LARGE {
            return analyse(buffer, rules, producer, self.run.interpreter);
        }
        let analysis = {
            let _one_at_a_time = self.large.lock().unwrap_or_else(PoisonError::into_inner);
            analyse(buffer, rules, producer, self.run.interpreter)
        };
        *buffer = Vec::new();
        analysis
    }
}

fn is_same(before: Option<(u32, &Known)>, record: &[u8], buffer: &mut Vec<u8>) -> bool {
    before.is_some_and(|(place, known)| known.record(place, buffer) == Some(record))
}

impl Stats {
    pub(crate) fn count<S>(&mut self, outcome: &Outcome<S>) {
        match outcome {
            Err(_) => self.errors += 1,
            Ok(findings) => findings.iter().for_each(|finding| self.by_rule[finding.detail.rule() as usize] += 1),
        }
    }

    fn count_level(&mut self, level: Level, origin: Option<Origin>) {
        match (level, origin) {
            (Level::Kept, Some(origin)) => self.add_kept(1, origin),
            (Level::Recent, _) => self.recent += 1,
            (Level::Store, _) => self.store += 1,
            (Level::Analysed, _) | (Level::Kept, None) => {}
        }
    }

    fn add_kept(&mut self, files: usize, origin: Origin) {
        match origin {
            Origin::Memory => self.memory += files,
            Origin::Manifest => self.manifest += files,
        }
    }

    fn add(&mut self, figures: &Self) {
        self.bytes += figures.bytes;
        self.errors += figures.errors;
        self.parsed += figures.parsed;
        self.unparsed += figures.unparsed;
        self.asked += figures.asked;
        self.memory += figures.memory;
        self.manifest += figures.manifest;
        self.recent += figures.recent;
        self.store += figures.store;
        for rule in Rule::ALL {
            self.by_rule[rule as usize] += figures.by_rule[rule as usize];
        }
    }
}
