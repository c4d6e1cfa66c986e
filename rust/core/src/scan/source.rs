//! The scan of one text that is in memory.

use std::sync::Arc;
use std::time::Instant;

use super::analyse::{Analysis, analyse};
use super::{FileReport, HARD_MAX_BYTES, Scan, Stats};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool::{self, Schedule};
use crate::rules::RuleSet;
use crate::syntax::Producer;
use crate::syntax::facts::{Failure, Status};
use crate::syntax::interpreter::Interpreter;
use crate::tree::key::Key;

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
    let work = |(): &mut (), _| {
        if source.len() as u64 > max_bytes.min(HARD_MAX_BYTES) {
            let failure = Failure::new(Status::TooLarge, "MemoryError", format!("more than {max_bytes} bytes"));
            return (Analysis::failed(failure), 0);
        }
        (analyse(source, rules, producer, interpreter), source.len() as u64)
    };
    pool::ordered(
        &schedule,
        || (),
        work,
        |_, (analysis, bytes)| {
            stats.bytes = bytes;
            stats.count(&analysis.outcome);
            (stats.parsed, stats.asked) = (analysis.parsed.into(), analysis.asked.into());
            reports.extend(key.take().map(|key| Arc::new(FileReport { key, outcome: analysis.outcome })));
            true
        },
    )?;
    stats.analyse_time = started.elapsed();
    Ok(Scan { reports: Arc::new(reports), unlisted: Vec::new(), stats })
}
