//! The main job: select files, analyse them in parallel, hand out reports in order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool::{self, Schedule};
use crate::report::{LineFormat, drop_in};
use crate::rules::{self, Finding, Rule, RuleSet};
use crate::syntax::facts::{Failure, Status};
use crate::syntax::interpreter::Interpreter;
use crate::syntax::{Producer, facts_of};
use crate::tree::key::Key;
use crate::tree::read;
use crate::tree::select::{Selection, select};

/// How far, in files, a streamed report may be ahead of what was written.
const STREAM_WINDOW: usize = 256;

/// How many bytes of a streamed report are collected before they are handed out.
const STREAM_CHUNK: usize = 64 << 10;

/// Default of [`Options::max_bytes`].
pub const DEFAULT_MAX_BYTES: u64 = 16 << 20;

/// Hard limit of [`Options::max_bytes`]: offsets inside a file are 32 bits.
pub const HARD_MAX_BYTES: u64 = u32::MAX as u64 - 1;

/// What to scan, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Keys are relative to this folder.
    pub root: PathBuf,
    /// Files and folders, absolute or relative to the root.
    pub paths: Vec<PathBuf>,
    /// The rules whose findings are reported.
    pub rules: RuleSet,
    /// How folders are searched.
    pub selection: Selection,
    /// Globs in the form of `.gitignore`, relative to the root, of what is left out.
    pub exclude: Vec<String>,
    /// A larger file fails with [`Status::TooLarge`].
    pub max_bytes: u64,
    /// Number of worker threads; `None` is one for each core that this process may use.
    pub threads: Option<usize>,
    /// Who makes the facts: [`Producer::Audit`] checks this library's own work.
    pub producer: Producer,
}

impl Options {
    /// All rules over some paths, with the defaults for the rest.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            root: root.into(),
            paths: paths.into_iter().collect(),
            rules: RuleSet::ALL,
            selection: Selection::default(),
            exclude: Vec::new(),
            max_bytes: DEFAULT_MAX_BYTES,
            threads: None,
            producer: Producer::default(),
        }
    }
}

/// What there is to say of one file or folder.
#[derive(Debug)]
pub struct FileReport {
    /// Its name in reports.
    pub key: Key,
    /// Its findings, grouped by rule in the order of [`Rule::ALL`], or why it has none.
    pub outcome: std::result::Result<Vec<Finding>, Failure>,
}

impl FileReport {
    /// The findings by line and column.
    #[must_use]
    pub fn by_position(&self) -> Vec<&Finding> {
        let mut findings: Vec<_> = self.outcome.iter().flatten().collect();
        findings.sort_by_key(|finding| (finding.line, finding.column, finding.detail.rule()));
        findings
    }

    /// `ok`, or the name of the failure's status.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.outcome.as_ref().map_or_else(|failure| failure.status.name(), |_| "ok")
    }

    fn is_silent(&self) -> bool {
        self.outcome.as_ref().is_ok_and(Vec::is_empty)
    }
}

/// Figures of one scan.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Files selected.
    pub files: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Files, and folders that could not be listed, without findings because of a failure.
    pub errors: usize,
    /// Files that were parsed.
    pub parsed: usize,
    /// Files about which the interpreter was asked.
    pub asked: usize,
    /// Findings by rule, in the order of [`Rule::ALL`].
    pub by_rule: [usize; 6],
    /// Worker threads asked for.
    pub threads: usize,
    /// Time to find the files.
    pub select_time: Duration,
    /// Time to read and analyse them and to write the report, in parallel.
    pub analyse_time: Duration,
}

impl Stats {
    /// Findings of all rules.
    #[must_use]
    pub fn findings(&self) -> usize {
        self.by_rule.iter().sum()
    }
}

/// The reports of all files that have something to say, sorted by key.
#[derive(Debug, Default)]
pub struct Scan {
    /// The reports.
    pub reports: Vec<FileReport>,
    /// Folders among them that could not be listed: the drop-in's object leaves them out.
    pub unlisted: Vec<FileReport>,
    /// The figures.
    pub stats: Stats,
}

impl Scan {
    /// The object of the drop-in, without its last key and its closing brace; pure ASCII.
    #[must_use]
    pub fn to_drop_in_json(&self) -> Vec<u8> {
        let (mut files, mut entry, mut issues) = (Vec::new(), Vec::new(), 0);
        for report in &self.reports {
            entry.clear();
            issues += drop_in::file(&mut entry, &report.key, drop_in_outcome(report));
            drop_in::join(&mut files, &entry);
        }
        drop_in::object(self.stats.files, &files, issues)
    }

    /// The report that [`scan_lines`] writes.
    #[must_use]
    pub fn to_lines(&self, format: LineFormat) -> Vec<u8> {
        let mut output = Vec::new();
        for report in self.reports.iter().chain(&self.unlisted) {
            format.file(&mut output, report);
        }
        format.summary(&mut output, &self.stats);
        output
    }
}

fn drop_in_outcome(report: &FileReport) -> std::result::Result<&[Finding], &str> {
    match &report.outcome {
        Ok(findings) => Ok(findings),
        Err(failure) => Err(&failure.exception),
    }
}

/// Watches a scan from the thread that called it: files done, files in all.
pub type Progress<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Scans and keeps the reports.
pub fn scan(
    options: &Options,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
    progress: &Progress<'_>,
) -> Result<Scan> {
    let mut reports = Vec::new();
    let run = Run { options, interpreter, cancel, progress, window: usize::MAX };
    let (stats, unlisted) = run.run(
        |report| (!report.is_silent()).then_some(report),
        |report| {
            reports.extend(report);
            true
        },
    )?;
    Ok(Scan { reports, unlisted, stats })
}

/// Answers as the drop-in does: its object without the last key and the closing brace, or `None` when there is no Python file.
///
/// `check_error` is given as the error of every file that parses, for arguments with which the drop-in's own check fails.
pub fn scan_drop_in(
    options: &Options,
    check_error: Option<&str>,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
) -> Result<Option<Vec<u8>>> {
    let (mut files, mut total) = (Vec::new(), 0);
    let run = Run { options, interpreter, cancel, progress: &|_, _| {}, window: usize::MAX };
    let (stats, _) = run.run(
        |report| {
            let mut entry = Vec::new();
            let outcome = match (drop_in_outcome(&report), check_error) {
                (Ok(_), Some(exception)) => Err(exception),
                (outcome, _) => outcome,
            };
            let issues = drop_in::file(&mut entry, &report.key, outcome);
            (entry, issues)
        },
        |(entry, issues)| {
            drop_in::join(&mut files, &entry);
            total += issues;
            true
        },
    )?;
    Ok((stats.files > 0).then(|| drop_in::object(stats.files, &files, total)))
}

/// Scans and hands the report out in pieces, in order of keys, without keeping it.
///
/// `write` returns whether to go on; it is called on the calling thread.
pub fn scan_lines(
    options: &Options,
    format: LineFormat,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
    progress: &Progress<'_>,
    mut write: impl FnMut(&[u8]) -> bool,
) -> Result<Stats> {
    let mut chunk = Vec::with_capacity(STREAM_CHUNK);
    let run = Run { options, interpreter, cancel, progress, window: STREAM_WINDOW };
    let (stats, unlisted) = run.run(
        |report| {
            let mut lines = Vec::new();
            if !report.is_silent() {
                format.file(&mut lines, &report);
            }
            lines
        },
        |lines| {
            chunk.extend_from_slice(&lines);
            let goes_on = chunk.len() < STREAM_CHUNK || write(&chunk);
            if chunk.len() >= STREAM_CHUNK {
                chunk.clear();
            }
            goes_on
        },
    )?;
    for report in &unlisted {
        format.file(&mut chunk, report);
    }
    format.summary(&mut chunk, &stats);
    if chunk.is_empty() || write(&chunk) { Ok(stats) } else { Err(crate::Error::Cancelled) }
}

/// Analyses one text that is in memory, on a worker thread.
pub fn scan_source(
    source: &[u8],
    key: Key,
    rules: RuleSet,
    max_bytes: u64,
    producer: Producer,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
) -> Result<Scan> {
    let started = Instant::now();
    let mut stats = Stats { files: 1, threads: 1, ..Stats::default() };
    let mut key = Some(key);
    let mut reports = Vec::new();
    let schedule = Schedule { threads: 1, count: 1, window: 1, cancel };
    let analyse = |(): &mut (), _| {
        if source.len() as u64 > max_bytes.min(HARD_MAX_BYTES) {
            let failure = Failure::new(Status::TooLarge, "MemoryError", format!("more than {max_bytes} bytes"));
            return Analysis { outcome: Err(failure), bytes: 0, parsed: false, asked: false };
        }
        analyse_bytes(source, rules, producer, interpreter)
    };
    pool::ordered(
        &schedule,
        || (),
        analyse,
        |_, analysis| {
            analysis.count(&mut stats);
            let report = key.take().map(|key| FileReport { key, outcome: analysis.outcome });
            reports.extend(report.filter(|report| !report.is_silent()));
            true
        },
    )?;
    stats.analyse_time = started.elapsed();
    Ok(Scan { reports, unlisted: Vec::new(), stats })
}

/// One file's outcome with its part of the figures.
struct Analysis {
    outcome: std::result::Result<Vec<Finding>, Failure>,
    bytes: u64,
    parsed: bool,
    asked: bool,
}

impl Analysis {
    fn count(&self, stats: &mut Stats) {
        stats.bytes += self.bytes;
        stats.parsed += usize::from(self.parsed);
        stats.asked += usize::from(self.asked);
        match &self.outcome {
            Err(_) => stats.errors += 1,
            Ok(findings) => {
                for finding in findings {
                    stats.by_rule[finding.detail.rule() as usize] += 1;
                }
            }
        }
    }
}

/// The pure part: from bytes to findings. A panic becomes a failure of this file alone.
fn analyse_bytes(bytes: &[u8], rules: RuleSet, producer: Producer, interpreter: &dyn Interpreter) -> Analysis {
    let analysis = catch_unwind(AssertUnwindSafe(|| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let failure = Failure::new(Status::Undecodable, "UnicodeDecodeError", "not UTF-8");
            return Analysis { outcome: Err(failure), bytes: 0, parsed: false, asked: false };
        };
        let judgement = facts_of(text, interpreter, producer);
        let outcome = judgement.facts.map(|facts| rules::findings(text, &facts, rules));
        Analysis { outcome, bytes: 0, parsed: true, asked: judgement.asked }
    }));
    let analysis = analysis.unwrap_or_else(|_| Analysis {
        outcome: Err(Failure::new(Status::InternalError, "InternalError", "a fault in rev-accel; please report it")),
        bytes: 0,
        parsed: true,
        asked: false,
    });
    Analysis { bytes: bytes.len() as u64, ..analysis }
}

/// What all kinds of scan share.
struct Run<'a> {
    options: &'a Options,
    interpreter: &'a dyn Interpreter,
    cancel: &'a Cancel,
    progress: &'a Progress<'a>,
    window: usize,
}

impl Run<'_> {
    /// Turns each file's report into something on a worker and hands that out in order, on this thread.
    fn run<T: Send>(
        &self,
        render: impl Fn(FileReport) -> T + Sync,
        mut emit: impl FnMut(T) -> bool,
    ) -> Result<(Stats, Vec<FileReport>)> {
        let Options { root, paths, rules, selection, exclude, max_bytes, threads, producer: _ } = self.options;
        let started = Instant::now();
        let selected = select(root, paths, *selection, exclude, None, self.cancel)?;
        let threads = threads.unwrap_or_else(pool::default_threads).max(1);
        let mut stats =
            Stats { files: selected.files.len(), threads, select_time: started.elapsed(), ..Stats::default() };
        let unlisted = selected.unlisted.into_iter();
        let unlisted: Vec<_> = unlisted.map(|(key, failure)| FileReport { key, outcome: Err(failure) }).collect();
        stats.errors = unlisted.len();
        let max_bytes = (*max_bytes).min(HARD_MAX_BYTES);
        let large = Mutex::new(());
        let files = &selected.files;
        let work = |buffer: &mut Vec<u8>, index: usize| {
            let (key, path) = &files[index];
            let analysis = self.analyse_file(path, *rules, max_bytes, buffer, &large);
            let mut figures = Stats::default();
            analysis.count(&mut figures);
            (render(FileReport { key: key.clone(), outcome: analysis.outcome }), figures)
        };
        let schedule = Schedule { threads, count: files.len(), window: self.window, cancel: self.cancel };
        let started = Instant::now();
        pool::ordered(&schedule, Vec::new, work, |index, (result, figures)| {
            stats.bytes += figures.bytes;
            stats.parsed += figures.parsed;
            stats.asked += figures.asked;
            stats.errors += figures.errors;
            for rule in Rule::ALL {
                stats.by_rule[rule as usize] += figures.by_rule[rule as usize];
            }
            (self.progress)(index + 1, files.len());
            emit(result)
        })?;
        stats.analyse_time = started.elapsed();
        Ok((stats, unlisted))
    }

    fn analyse_file(
        &self,
        path: &Path,
        rules: RuleSet,
        max_bytes: u64,
        buffer: &mut Vec<u8>,
        large: &Mutex<()>,
    ) -> Analysis {
        if let Err(failure) = read::read(path, max_bytes, buffer, None) {
            return Analysis { outcome: Err(failure), bytes: 0, parsed: false, asked: false };
        }
        if buffer.len() <= read::LARGE {
            return analyse_bytes(buffer, rules, self.options.producer, self.interpreter);
        }
        let analysis = {
            let _one_at_a_time = large.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            analyse_bytes(buffer, rules, self.options.producer, self.interpreter)
        };
        *buffer = Vec::new();
        analysis
    }
}
