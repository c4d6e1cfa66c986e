//! What is kept of a line.

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;

use super::Match;

/// Stands for what is left out at the end of a line of context.
const CUT: char = '…';

/// A matching line, cut to so many characters round its first match.
pub(super) fn matching(
    line: &[u8],
    number: u64,
    before: Vec<String>,
    matcher: &RegexMatcher,
    characters: usize,
) -> Match {
    // A carriage return at the end is not shown, but can match.
    let whole = line.strip_suffix(b"\n").unwrap_or(line);
    let line = without_end(whole);
    // The matcher's type of errors has no values.
    let first = matcher.find(whole).ok().flatten().map_or(whole.len(), |found| found.start());
    let shown_first = first.min(line.len());
    let column = count(&line[..shown_first]);
    // Where the match would be cut off, it comes behind a quarter of the room for what stands before it.
    let fits = line.len() <= characters || column as usize + characters / 4 <= characters;
    let start = if fits { 0 } else { back(line, shown_first, characters / 4) };
    let (text, end) = forward(line, start, characters);
    let kept = text.chars().count() as u32;
    let mut spans = Vec::new();
    let mut counted = (start, 0_u32);
    let mut place = |offset: usize| {
        let offset = offset.min(end);
        if offset > counted.0 {
            counted = (offset, counted.1 + count(&line[counted.0..offset]) as u32);
        }
        counted.1.min(kept)
    };
    let is_cut = end < line.len();
    let _ = matcher.find_iter_at(whole, first, |found| {
        let is_shown = found.start() < end || !is_cut;
        if is_shown {
            let span = (place(found.start()), place(found.end()));
            // An empty match may lie between the bytes of a character.
            if spans.last() != Some(&span) {
                spans.push(span);
            }
        }
        is_shown
    });
    let offset = count(&line[..start]);
    let length = offset + u64::from(kept) + count(&line[end..]);
    Match { line: number, column: column + 1, text, offset, length, spans, before, after: Vec::new() }
}

/// A line of context, cut to so many characters.
pub(super) fn shown(line: &[u8], characters: usize) -> String {
    let line = without_end(line);
    let (mut text, end) = forward(line, 0, characters);
    if end < line.len() {
        text.push(CUT);
    }
    text
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How many characters some bytes are; what is not UTF-8 counts as what it is replaced by.
fn count(bytes: &[u8]) -> u64 {
    let chunks = bytes.utf8_chunks();
    chunks.map(|chunk| chunk.valid().chars().count() as u64 + u64::from(!chunk.invalid().is_empty())).sum()
}

/// Up to so many characters from an offset on, and where they end.
fn forward(line: &[u8], start: usize, characters: usize) -> (String, usize) {
    let (mut text, mut end, mut left) = (String::new(), start, characters);
    for chunk in line[start..].utf8_chunks() {
        let taken = chunk.valid().char_indices().nth(left).map_or(chunk.valid().len(), |(index, _)| index);
        text.push_str(&chunk.valid()[..taken]);
        end += taken;
        if taken < chunk.valid().len() {
            break;
        }
        left -= chunk.valid().chars().count();
        if !chunk.invalid().is_empty() {
            if left == 0 {
                break;
            }
            text.push(char::REPLACEMENT_CHARACTER);
            end += chunk.invalid().len();
            left -= 1;
        }
    }
    (text, end)
}

/// The offset that lies so many characters before another.
fn back(line: &[u8], offset: usize, characters: usize) -> usize {
    let starts = line[..offset].iter().enumerate().rev().filter(|(_, byte)| **byte & 0xc0 != 0x80);
    starts.take(characters).last().map_or(offset, |(index, _)| index)
}
