//! The lines of a file that are kept, as they were read: what there is to say of one is worked out when it is asked for.

use grep_regex::RegexMatcher;

use super::{Match, line};

/// Longest line, in bytes, that is kept as it was read: what is asked of it later cannot be interrupted.
const MAX_RAW_BYTES: usize = 4 << 10;

/// Lines of a file, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    lines: Vec<Line>,
    /// Those that are kept as they were read, one behind the other.
    raw: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Line {
    /// A part of `raw`.
    Raw { number: u64, start: usize, length: u32 },
    /// What is kept of a long line, or of one with context.
    Made(Box<Match>),
}

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether a line can be kept as it was read when so many characters of it are to be shown.
    pub(super) fn takes(line: &[u8], characters: usize) -> bool {
        line.len() <= characters.min(MAX_RAW_BYTES)
    }

    pub(super) fn push_raw(&mut self, number: u64, line: &[u8]) {
        self.lines.push(Line::Raw { number, start: self.raw.len(), length: line.len() as u32 });
        self.raw.extend_from_slice(line);
    }

    pub(super) fn push(&mut self, found: Match) {
        self.lines.push(Line::Made(Box::new(found)));
    }

    /// Adds a line of context behind the last one, which was not kept as it was read.
    pub(super) fn push_after(&mut self, text: String) {
        if let Some(Line::Made(found)) = self.lines.last_mut() {
            found.after.push(text);
        }
    }

    /// Gives up all lines behind the first so many, and memory that is not needed.
    pub(super) fn truncate(&mut self, count: usize) {
        let starts = self.lines.iter().skip(count).find_map(|line| match line {
            Line::Raw { start, .. } => Some(*start),
            Line::Made(_) => None,
        });
        self.raw.truncate(starts.unwrap_or(self.raw.len()));
        self.lines.truncate(count);
        self.raw.shrink_to_fit();
        self.lines.shrink_to_fit();
    }

    pub(super) fn get(&self, index: usize, matcher: &RegexMatcher) -> Option<Match> {
        match self.lines.get(index)? {
            Line::Raw { number, start, length } => {
                let line = self.raw.get(*start..*start + *length as usize)?;
                Some(line::matching(line, *number, Vec::new(), matcher, line.len()))
            }
            Line::Made(found) => Some(Match::clone(found)),
        }
    }
}
