//! String tokens, their prefixes and escapes.
//!
//! An f-string is one token here, as in CPython 3.11; `fields` looks inside it.

use super::Recogniser;
use super::characters;
use super::lanes::{self, LANES};
use super::token::Token;

/// What stands before the quotes.
#[derive(Clone, Copy, Default)]
pub(super) struct Prefix {
    raw: bool,
    bytes: bool,
    formatted: bool,
}

impl Prefix {
    fn of(letters: &[u8]) -> Option<Self> {
        let mut prefix = Self::default();
        match *letters {
            [b'u' | b'U'] => return Some(prefix),
            [b'r' | b'R'] => prefix.raw = true,
            [b'b' | b'B'] => prefix.bytes = true,
            [b'f' | b'F'] => prefix.formatted = true,
            [b'r' | b'R', b'b' | b'B'] | [b'b' | b'B', b'r' | b'R'] => (prefix.raw, prefix.bytes) = (true, true),
            [b'r' | b'R', b'f' | b'F'] | [b'f' | b'F', b'r' | b'R'] => (prefix.raw, prefix.formatted) = (true, true),
            _ => return None,
        }
        Some(prefix)
    }
}

impl Recogniser<'_> {
    /// A word of one or two letters with a quote behind it: a string, or no valid text.
    #[inline(never)]
    pub(super) fn prefixed_string(&mut self, start: usize, quote: usize) -> Option<()> {
        match Prefix::of(self.text.slice(start, quote)) {
            Some(prefix) => self.string(start, quote, prefix),
            // `if"x"` is two tokens; the keyword is already accepted.
            None if self.token != Token::Name => Some(()),
            None => self.give_up(start),
        }
    }

    /// A string token that begins at `start` and whose first quote is at `quote`.
    #[inline]
    pub(super) fn string(&mut self, start: usize, quote: usize, prefix: Prefix) -> Option<()> {
        let mark = self.text.byte(quote);
        let triple = self.text.byte(quote + 1) == mark && self.text.byte(quote + 2) == mark;
        let content = quote + if triple { 3 } else { 1 };
        let stops = [mark, b'\\', if triple { mark } else { b'\n' }];
        let mut index = content;
        loop {
            let length = lanes::find_any(self.text.block(index), stops, prefix.bytes);
            index += length;
            if length == LANES {
                continue;
            }
            if index >= self.text.len() {
                return self.give_up(start);
            }
            let byte = self.text.byte(index);
            if byte == b'\\' {
                index = self.escape(index, prefix)?;
            } else if byte != mark {
                return self.give_up(index);
            } else if !triple || (self.text.byte(index + 1) == mark && self.text.byte(index + 2) == mark) {
                break;
            } else {
                index += 1;
            }
        }
        let end = index + if triple { 3 } else { 1 };
        // The last two quotes may be those of the padding.
        if end > self.text.len() {
            return self.give_up(start);
        }
        self.content = (content, index);
        self.raw = prefix.raw;
        let token = match prefix {
            Prefix { bytes: true, .. } => Token::Bytes,
            Prefix { formatted: true, .. } => Token::FString,
            _ => Token::Text,
        };
        self.accept(token, start, end)
    }

    /// Where a backslash at `index` and what it covers end.
    #[inline]
    fn escape(&mut self, index: usize, prefix: Prefix) -> Option<usize> {
        let escaped = self.text.byte(index + 1);
        if index + 1 >= self.text.len() || (prefix.bytes && !escaped.is_ascii()) {
            return self.give_up(index);
        }
        let digits = match escaped {
            _ if prefix.raw => 0,
            b'x' => 2,
            b'u' if !prefix.bytes => 4,
            b'U' if !prefix.bytes => 8,
            b'N' if !prefix.bytes => {
                return match self.named_character(index + 2) {
                    Some(end) => Some(end),
                    None => self.give_up(index),
                };
            }
            _ => 0,
        };
        let first = index + 2;
        let written = self.text.slice(first, first + digits);
        let in_range = digits < 8 || written.starts_with(b"000") || written.starts_with(b"0010");
        if !in_range || !written.iter().all(u8::is_ascii_hexdigit) {
            return self.give_up(index);
        }
        // A character outside ASCII goes on, but none of its further bytes stops the search.
        Some(first + digits)
    }

    /// The braces and the name behind `\N`: where they end.
    pub(super) fn named_character(&self, open: usize) -> Option<usize> {
        if self.text.byte(open) != b'{' {
            return None;
        }
        let rest = self.text.slice(open + 1, self.text.len());
        let length = rest.iter().take(characters::LONGEST_NAME + 1).position(|&byte| byte == b'}')?;
        characters::is_name(&rest[..length]).then_some(open + 1 + length + 1)
    }
}
