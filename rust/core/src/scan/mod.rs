//! The main job: find out what there is to do, do it in parallel, hand out reports in order.
//!
//! [`plan`] says for each file whether its outcome is known; [`run`] gets the outcomes, known or not, from worker threads; [`update`]
//! keeps what was found out; [`answers`] and [`drop_in`] turn outcomes into what was asked for. [`recall`] gives an answer once more.

pub(crate) mod analyse;
mod answers;
mod drop_in;
mod explain;
mod plan;
mod recall;
mod run;
mod source;
mod update;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::CacheOptions;
use crate::report::{LineFormat, drop_in as form, lines::Writer, object::Object};
use crate::rules::{Finding, RuleSet};
use crate::syntax::Producer;
use crate::syntax::facts::Failure;
use crate::tree::key::Key;
use crate::tree::select::Selection;

pub use answers::{scan, scan_lines};
pub use drop_in::{DropIn, DropInText, Slot, scan_drop_in};
pub use recall::{recall_drop_in, recall_scan};
pub use source::scan_source;

/// About how many bytes a finding takes in the drop-in's object: room that is there from the start is not moved about.
const BYTES_PER_FINDING: usize = 140;

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
    /// How to use what is known from earlier scans; `None` to do without.
    pub cache: Option<CacheOptions>,
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
            cache: None,
        }
    }
}

/// What there is to say of one file or folder.
#[derive(Clone, Debug)]
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

    /// About how many bytes of memory this takes.
    pub(crate) fn weight(&self) -> usize {
        let (room, findings) = self.outcome.as_ref().map_or((0, &[][..]), |findings| (findings.capacity(), findings));
        let texts = findings.iter().map(|finding| finding.detail.weight());
        self.key.as_bytes().len() + 150 + room * size_of::<Finding>() + texts.sum::<usize>()
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
    /// Bytes of the files that could be read.
    pub bytes: u64,
    /// Files, and folders that could not be listed, without findings because of a failure.
    pub errors: usize,
    /// Files that were parsed.
    pub parsed: usize,
    /// Files that could not even be parsed, since they could not be read or decoded, or are beyond a limit.
    pub unparsed: usize,
    /// Files about which the interpreter was asked.
    pub asked: usize,
    /// Files answered from what this process remembers.
    pub memory: usize,
    /// Files answered from the manifest of the tree.
    pub manifest: usize,
    /// Files whose content was read again and is the same as before.
    pub recent: usize,
    /// Files whose content had been seen before, here or elsewhere.
    pub store: usize,
    /// Findings by rule, in the order of [`Rule::ALL`](crate::Rule::ALL).
    pub by_rule: [usize; 6],
    /// Worker threads asked for.
    pub threads: usize,
    /// Time to find the files, or to see what has changed.
    pub select_time: Duration,
    /// Time to read and analyse them and to write the report, in parallel.
    pub analyse_time: Duration,
    /// Time to keep what was found out.
    pub keep_time: Duration,
    /// Why the cache was not used, or only in part, if it should have been.
    pub cache_problem: Option<String>,
    /// How the file that [`CacheOptions::explain`] names was answered.
    pub explanation: Option<String>,
}

impl Stats {
    /// Findings of all rules.
    #[must_use]
    pub fn findings(&self) -> usize {
        self.by_rule.iter().sum()
    }
}

/// The reports of all files that have something to say, sorted by key.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The reports; shared with what the process remembers.
    pub reports: Arc<Vec<Arc<FileReport>>>,
    /// Folders among them that could not be listed: the drop-in's object leaves them out.
    pub unlisted: Vec<FileReport>,
    /// The figures.
    pub stats: Stats,
}

impl Scan {
    /// The object of the drop-in, without its last key and its closing brace; pure ASCII.
    #[must_use]
    pub fn to_drop_in_json(&self) -> Vec<u8> {
        let mut object = Object::new(self.stats.files, self.stats.findings().saturating_mul(BYTES_PER_FINDING));
        let mut entry = Vec::new();
        for report in self.reports.iter() {
            entry.clear();
            let issues = form::file(&mut entry, &report.key, drop_in_outcome(report));
            object.push(&entry, issues as u32);
        }
        object.finish("").0
    }

    /// The report that [`scan_lines`] writes.
    #[must_use]
    pub fn to_lines(&self, format: LineFormat) -> Vec<u8> {
        let mut output = Vec::new();
        let mut writer = Writer::begin(format, &mut output);
        for report in self.reports.iter().map(|report| &**report).chain(&self.unlisted) {
            writer.push(&mut output, &format.part(report));
        }
        writer.end(&mut output, &self.stats);
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

#[cfg(test)]
#[cfg(unix)]
mod tests;
