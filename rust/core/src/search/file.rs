//! The search of one file.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use grep_regex::RegexMatcher;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch};

use super::kept::Kept;
use super::line;
use crate::cancel::Cancel;
use crate::syntax::facts::{Failure, Status};
use crate::tree::read::{exception_of, open_regular};

/// Most bytes that are held to see the end of a line (with its context).
const MAX_LINE_BYTES: usize = 16 << 20;

/// What is kept of the matches of a file.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) matches: usize,
    pub(super) characters: usize,
}

/// What was found in a file.
#[derive(Default)]
pub(super) struct Found {
    pub(super) lines: u64,
    pub(super) binary: bool,
    pub(super) kept: Kept,
    /// Why it was not searched, or not to its end.
    pub(super) failure: Option<Failure>,
    pub(super) bytes: u64,
}

/// What a worker keeps from file to file.
pub(super) struct Worker<'a> {
    matcher: RegexMatcher,
    searcher: Searcher,
    context: (usize, usize),
    cancel: &'a Cancel,
}

impl<'a> Worker<'a> {
    pub(super) fn new(matcher: &RegexMatcher, context: (usize, usize), cancel: &'a Cancel) -> Self {
        // A clone has caches of its own: workers do not wait for each other's.
        Self { matcher: matcher.clone(), searcher: searcher(context), context, cancel }
    }

    /// Searches a file. One that was `named` may be a link, and is searched beyond a NUL byte to say whether it matches.
    pub(super) fn search(&mut self, path: &Path, named: bool, bounds: Bounds) -> Found {
        let file = match open_regular(path, named) {
            Ok(file) => file,
            Err(failure) => return Found { failure: Some(failure), ..Found::default() },
        };
        let detection = if named { BinaryDetection::convert(0) } else { BinaryDetection::quit(0) };
        let searched = catch_unwind(AssertUnwindSafe(|| {
            self.searcher.set_binary_detection(detection);
            let mut source = Source { file, cancel: self.cancel, bytes: 0, failure: None };
            let mut lines = Lines::new(&self.matcher, bounds, self.context != (0, 0), self.cancel);
            let done = self.searcher.search_reader(&self.matcher, &mut source, &mut lines);
            let failure = match done {
                Ok(()) => None,
                Err(_) if self.cancel.is_cancelled() => None,
                Err(_) => Some(source.failure.unwrap_or_else(|| {
                    let message = format!("a line of more than {} MiB", MAX_LINE_BYTES >> 20);
                    Failure::new(Status::TooLarge, "MemoryError", message)
                })),
            };
            Found { lines: lines.count, binary: lines.binary, kept: lines.kept, failure, bytes: source.bytes }
        }));
        searched.unwrap_or_else(|_| {
            self.searcher = searcher(self.context);
            let message = "a fault in rev-accel; please report it";
            Found { failure: Some(Failure::new(Status::InternalError, "InternalError", message)), ..Found::default() }
        })
    }
}

fn searcher((before, after): (usize, usize)) -> Searcher {
    SearcherBuilder::new()
        .line_number(true)
        .before_context(before)
        .after_context(after)
        .heap_limit(Some(MAX_LINE_BYTES))
        .build()
}

/// A file that is read until the call is cancelled.
struct Source<'a> {
    file: File,
    cancel: &'a Cancel,
    bytes: u64,
    failure: Option<Failure>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.cancel.is_cancelled() {
                return Err(cancelled());
            }
            match self.file.read(buffer) {
                Ok(read) => {
                    self.bytes += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(Failure::new(Status::Unreadable, exception_of(&error), error.to_string()));
                    return Err(error);
                }
            }
        }
    }
}

fn cancelled() -> io::Error {
    io::Error::other("cancelled")
}

/// Takes the lines that the searcher hands out.
struct Lines<'a> {
    matcher: &'a RegexMatcher,
    bounds: Bounds,
    has_context: bool,
    cancel: &'a Cancel,
    count: u64,
    binary: bool,
    kept: Kept,
    /// Context of the match that comes next.
    before: Vec<String>,
    /// Whether the last match is among those that are kept.
    keeps_last: bool,
}

impl<'a> Lines<'a> {
    fn new(matcher: &'a RegexMatcher, bounds: Bounds, has_context: bool, cancel: &'a Cancel) -> Self {
        let (count, binary, kept, before, keeps_last) = Default::default();
        Self { matcher, bounds, has_context, cancel, count, binary, kept, before, keeps_last }
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        self.count += 1;
        if self.binary && searcher.binary_detection().convert_byte().is_some() {
            // It matches; more cannot be said of what is no text.
            return Ok(false);
        }
        self.keeps_last = self.kept.len() < self.bounds.matches;
        if self.keeps_last {
            let number = found.line_number().unwrap_or_default();
            let characters = self.bounds.characters;
            if !self.has_context && Kept::takes(found.bytes(), characters) {
                self.kept.push_raw(number, found.bytes());
            } else {
                let before = std::mem::take(&mut self.before);
                self.kept.push(line::matching(found.bytes(), number, before, self.matcher, characters));
            }
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> io::Result<bool> {
        let shown = || line::shown(context.bytes(), self.bounds.characters);
        match context.kind() {
            SinkContextKind::Before if self.kept.len() < self.bounds.matches => self.before.push(shown()),
            SinkContextKind::After if self.keeps_last => {
                self.kept.push_after(shown());
            }
            _ => {}
        }
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> io::Result<bool> {
        self.binary = true;
        Ok(true)
    }
}
