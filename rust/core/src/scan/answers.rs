//! From outcomes to what was asked for.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::plan::Plan;
use super::run::{Render, Run};
use super::update::Update;
use super::{FileReport, Options, Progress, Scan, Stats};
use crate::cache::fork;
use crate::cache::manifest::Keep;
use crate::cache::memory::{Answer, Form};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::report::LineFormat;
use crate::report::lines::{Part, Writer};
use crate::rules::{Finding, Outcome};
use crate::syntax::interpreter::Interpreter;
use crate::tree::key::Key;
use crate::tree::read;

/// How far, in files, a streamed report may be ahead of what was written.
const STREAM_WINDOW: usize = 256;

/// How many bytes of a streamed report are collected before they are handed out.
const STREAM_CHUNK: usize = 64 << 10;

/// Scans and keeps the reports.
pub fn scan(
    options: &Options,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
    progress: &Progress<'_>,
) -> Result<Scan> {
    let form = Form::scan(options);
    let in_use = options.cache.as_ref().and_then(|_| fork::enter());
    let mut plan = Plan::new(options, &form, Keep::Memory, in_use.as_ref(), cancel, |_| ())?;
    named_must_open(options)?;
    let unlisted = std::mem::take(&mut plan.unlisted);
    let earlier = plan.cached.as_mut().and_then(|cached| match cached.answer.take() {
        Some(Answer::Scan(reports)) => Some(reports),
        _ => None,
    });
    let mut update = plan.cached.as_ref().map(|cached| Update::new(cached, false, false));
    let mut merge = Merge {
        earlier: earlier.as_ref().map_or(&[], |reports| reports),
        is_lazy: earlier.is_some(),
        keeps_gaps: plan.todo().is_some(),
        reports: Vec::new(),
    };
    let run = Run { options, interpreter, cancel, progress, window: usize::MAX };
    let mut stats = run.run(&plan, earlier.is_some(), &Reports, |mut done| {
        if let (Some(update), Some(cached)) = (&mut update, &plan.cached) {
            update.push(cached, &mut done, cancel);
        }
        merge.push(&plan, done.index, done.rendered, done.same);
        true
    })?;
    let mut reports = Arc::new(merge.finish());
    if let Some(update) = update {
        let started = Instant::now();
        let (tree, memory) = plan.cached.as_ref().map(|cached| (cached.tree, cached.options.memory)).unzip();
        if let Some(updated) = update.finish(plan, None, cancel) {
            stats.bytes = updated.known.bytes();
            let mut answer = Some((form, Answer::Scan(Arc::clone(&reports))));
            if let Some(earlier) = earlier.filter(|_| updated.same) {
                (reports, answer) = (earlier, None);
            }
            if let (Some(tree), Some(Some(memory))) = (tree, memory) {
                memory.remember(tree, &updated.known, answer);
            }
        }
        stats.keep_time = started.elapsed();
    }
    Ok(counted(reports, unlisted, stats))
}

/// With the figures that follow from the reports.
pub(super) fn counted(reports: Arc<Vec<Arc<FileReport>>>, unlisted: Vec<FileReport>, mut stats: Stats) -> Scan {
    stats.errors = unlisted.len();
    stats.by_rule = [0; 6];
    for report in reports.iter() {
        stats.count(&report.outcome);
    }
    Scan { reports, unlisted, stats }
}

/// Makes reports that are kept.
struct Reports;

impl Render for Reports {
    type Made = FileReport;

    fn render<S: AsRef<str> + Into<String>>(&self, key: Cow<'_, Key>, outcome: Outcome<S>) -> FileReport {
        let owned =
            |Finding { line, column, detail }: Finding<S>| Finding { line, column, detail: detail.map(S::into) };
        let outcome = outcome.map(|findings| findings.into_iter().map(owned).collect());
        FileReport { key: key.into_owned(), outcome }
    }
}

/// Makes the parts of a streamed report.
struct Parts(LineFormat);

impl Render for Parts {
    type Made = Part;

    fn render<S: AsRef<str> + Into<String>>(&self, key: Cow<'_, Key>, outcome: Outcome<S>) -> Part {
        let report = Reports.render(key, outcome);
        if self.0.shows_silent() || !report.is_silent() { self.0.part(&report) } else { Part::default() }
    }
}

/// Puts new reports among earlier ones, in order of keys.
struct Merge<'a> {
    earlier: &'a [Arc<FileReport>],
    /// Whether a file of which nothing was made has its earlier report.
    is_lazy: bool,
    /// Whether files that do not come up have theirs, too.
    keeps_gaps: bool,
    reports: Vec<Arc<FileReport>>,
}

impl Merge<'_> {
    fn push(&mut self, plan: &Plan<'_>, index: usize, report: Option<FileReport>, same: bool) {
        let mut before = None;
        if self.is_lazy {
            let key = plan.key(index);
            while let Some((first, rest)) = self.earlier.split_first()
                && first.key <= *key
            {
                self.earlier = rest;
                if first.key == *key {
                    before = Some(Arc::clone(first));
                } else if self.keeps_gaps {
                    self.reports.push(Arc::clone(first));
                }
            }
        }
        match (report, before) {
            (None, before) => self.reports.extend(before),
            (Some(_), Some(before)) if same => self.reports.push(before),
            (Some(report), _) if report.is_silent() => {}
            (Some(report), _) => self.reports.push(Arc::new(report)),
        }
    }

    fn finish(mut self) -> Vec<Arc<FileReport>> {
        if self.is_lazy && self.keeps_gaps {
            self.reports.extend(self.earlier.iter().cloned());
        }
        self.reports
    }
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
    let form = Form::scan(options);
    let in_use = options.cache.as_ref().and_then(|_| fork::enter());
    let mut plan = Plan::new(options, &form, Keep::File, in_use.as_ref(), cancel, |_| ())?;
    named_must_open(options)?;
    let unlisted = std::mem::take(&mut plan.unlisted);
    let mut update = plan.cached.as_ref().map(|cached| Update::new(cached, true, false));
    let mut chunk = Vec::with_capacity(STREAM_CHUNK);
    let mut writer = Writer::begin(format, &mut chunk);
    let run = Run { options, interpreter, cancel, progress, window: STREAM_WINDOW };
    let mut stats = run.run(&plan, false, &Parts(format), |mut done| {
        if let (Some(update), Some(cached)) = (&mut update, &plan.cached) {
            update.push(cached, &mut done, cancel);
        }
        if let Some(part) = &done.rendered {
            writer.push(&mut chunk, part);
        }
        let goes_on = chunk.len() < STREAM_CHUNK || write(&chunk);
        if chunk.len() >= STREAM_CHUNK {
            chunk.clear();
        }
        goes_on
    })?;
    stats.errors += unlisted.len();
    for report in &unlisted {
        writer.push(&mut chunk, &format.part(report));
    }
    writer.end(&mut chunk, &stats);
    if !chunk.is_empty() && !write(&chunk) {
        return Err(Error::Cancelled);
    }
    if let Some(update) = update {
        let started = Instant::now();
        update.finish(plan, None, cancel);
        stats.keep_time = started.elapsed();
    }
    Ok(stats)
}

/// Paths that the caller named must lead to something that can be read.
pub(super) fn named_must_open(options: &Options) -> Result<()> {
    options.paths.iter().try_for_each(|path| {
        read::try_open(&options.root.join(path)).map_err(|source| Error::Path { path: path.clone(), source })
    })
}
