//! From what the caller looks for to a matcher of lines.

use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

use crate::error::{self, Error};

/// Longest pattern, in bytes: each two of them may stand for a class of all letters, which take kilobytes.
pub const MAX_PATTERN_BYTES: usize = 10_000;

/// Most places of a pattern with its repetitions written out.
///
/// Where a text drives the lazy automaton to give up, the time for each byte grows with this, and a step of the search (64 KiB, or a
/// line that is longer) cannot be interrupted. With as many as these, 15 µs a byte were seen, with five times as many 600.
const MAX_PLACES: u32 = 1_000;

/// Largest compiled pattern, in bytes.
const MAX_COMPILED_BYTES: usize = 10 << 20;

/// Most memory for the lazy automaton of each thread, in bytes.
const MAX_AUTOMATON_BYTES: usize = 32 << 20;

/// Deepest nesting of groups.
const MAX_NESTING: u32 = 200;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The text of it.
    pub text: String,
    /// Whether `text` is looked for as it stands, instead of being a regular expression.
    pub literal: bool,
    /// Which letters are equal.
    pub case: Case,
    /// Whether only whole words match.
    pub words: bool,
}

/// Whether capital and small letters are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// They differ.
    #[default]
    Sensitive,
    /// They are equal.
    Insensitive,
    /// They are equal if the pattern has no capital letter.
    Smart,
}

/// A matcher of single lines; it never matches the end of one.
pub(super) fn matcher(pattern: &Pattern) -> error::Result<RegexMatcher> {
    let refused = |message: String| Error::Pattern { pattern: pattern.text.clone(), message };
    if pattern.text.len() > MAX_PATTERN_BYTES {
        return Err(refused(format!("it is longer than {MAX_PATTERN_BYTES} bytes")));
    }
    // Alone: it is put into brackets, and one that closes them and opens others would pass.
    if !pattern.literal && places(&parsed(&pattern.text).map_err(refused)?) > MAX_PLACES {
        let message =
            format!("it has more than {MAX_PLACES} places once its repetitions are written out; use `*` or `+`");
        return Err(refused(message));
    }
    let mut builder = RegexMatcherBuilder::new();
    builder
        .case_insensitive(pattern.case == Case::Insensitive)
        .case_smart(pattern.case == Case::Smart)
        .fixed_strings(pattern.literal)
        .word(pattern.words)
        .multi_line(true)
        .line_terminator(Some(b'\n'))
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_AUTOMATON_BYTES)
        .nest_limit(MAX_NESTING);
    let mut made = builder.build(&pattern.text);
    if made.is_err() && !pattern.literal {
        // In the brackets a comment at its end, as `(?x)` allows one, would hide the closing one.
        made = builder.build(&format!("{}\n", pattern.text)).or(made);
    }
    made.map_err(|error| {
        refused(match error.kind() {
            ErrorKind::NotAllowed(_) => "it matches the end of a line, and the search is line by line".to_owned(),
            ErrorKind::Regex(message) if message.contains("size limit") => {
                "it is too large once its repetitions and classes are written out".to_owned()
            }
            _ => last_line(&error),
        })
    })
}

/// What is wrong, by an error whose lines above show the pattern and point into it.
fn last_line(error: &impl ToString) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The parts of a pattern, or what is wrong with it.
fn parsed(pattern: &str) -> Result<Hir, String> {
    let mut parser = ParserBuilder::new();
    parser.utf8(false).multi_line(true).nest_limit(MAX_NESTING);
    parser.build().parse(pattern).map_err(|error| last_line(&error))
}

/// How many places a part has: texts and classes, as often as they are repeated. The nesting of parts is bounded by the parser.
fn places(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(_) | HirKind::Class(_) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            places(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => places(&capture.sub),
        // Any number of words is one automaton that no text blows up.
        HirKind::Alternation(parts) if parts.iter().all(|part| matches!(part.kind(), HirKind::Literal(_))) => 1,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum, part| sum.saturating_add(places(part)))
        }
    }
}
