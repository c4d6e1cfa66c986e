//! Gives an answer once more, while all that it depends on is as it was.
//!
//! Nothing is read and no thread is started, so that the thread of a caller will do: for a small tree that is half of the time.

use std::time::Instant;

use super::answers::{counted, named_must_open};
use super::plan::Cached;
use super::run::count_answers;
use super::{DropIn, DropInText, Options, Scan, Stats};
use crate::cache::memory::{Answer, Form};
use crate::pool;

/// What [`scan`](super::scan) would answer, if this process has just to look at no more than `most_stamps` files and folders for that.
#[must_use]
pub fn recall_scan(options: &Options, most_stamps: usize) -> Option<Scan> {
    let (answer, stats) = recall(options, &Form::scan(options), most_stamps)?;
    let Answer::Scan(reports) = answer else { return None };
    named_must_open(options).ok()?;
    Some(counted(reports, Vec::new(), stats))
}

/// What [`scan_drop_in`](super::scan_drop_in) would answer, if this process has just to look at no more than `most_stamps` files and
/// folders for that.
#[must_use]
pub fn recall_drop_in(options: &Options, check_error: Option<&str>, tail: &str, most_stamps: usize) -> Option<DropIn> {
    let (answer, stats) = recall(options, &Form::drop_in(options, check_error, tail), most_stamps)?;
    let Answer::DropIn(text, _) = answer else { return None };
    Some(DropIn { text: Some(DropInText::Kept(text)), stats })
}

fn recall(options: &Options, form: &Form, most_stamps: usize) -> Option<(Answer, Stats)> {
    let started = Instant::now();
    let (cached, known, answer) = Cached::unchanged(options, form, most_stamps)?;
    let stats = Stats {
        files: known.len(),
        bytes: known.bytes(),
        memory: known.len(),
        threads: options.threads.unwrap_or_else(pool::default_threads).max(1),
        select_time: started.elapsed(),
        ..Stats::default()
    };
    count_answers(&cached, &stats);
    Some((answer, stats))
}
