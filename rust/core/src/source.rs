//! From bytes to text, and from offsets to lines and columns.

use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

/// Whether Python's `str.isspace` holds for a character.
///
/// Python adds the four information separators to Unicode's `White_Space`.
pub(crate) fn is_python_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// Length in bytes of the line end at `index` as `str.splitlines` sees it, or 0 if there is none.
pub(crate) fn splitlines_end(text: &[u8], index: usize) -> usize {
    match text[index] {
        b'\r' if text.get(index + 1) == Some(&b'\n') => 2,
        b'\r' | b'\n' | 0x0b | 0x0c | 0x1c..=0x1e => 1,
        0xc2 if text.get(index + 1) == Some(&0x85) => 2,
        0xe2 if text.get(index + 1) == Some(&0x80) && matches!(text.get(index + 2), Some(0xa8 | 0xa9)) => 3,
        _ => 0,
    }
}

/// Number of characters in a piece of UTF-8.
fn count_characters(text: &[u8]) -> u32 {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u32
}

/// Turns offsets into physical lines and columns, both 1-based, in one pass over the text.
///
/// A physical line ends at LF, CR LF or a lone CR, as in CPython's universal newlines. Columns count characters.
pub(crate) struct Positions<'a> {
    text: &'a [u8],
    offset: usize,
    line: u32,
    /// Where the characters of the current line are counted from, and how many of it came before.
    counted_from: usize,
    counted: u32,
    has_carriage_returns: bool,
}

impl<'a> Positions<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        Self {
            text,
            offset: 0,
            line: 1,
            counted_from: 0,
            counted: 0,
            has_carriage_returns: memchr(b'\r', text).is_some(),
        }
    }

    /// Line and column of a byte offset. Offsets must not decrease from call to call.
    pub(crate) fn at(&mut self, offset: usize) -> (u32, u32) {
        if self.has_carriage_returns {
            for index in self.offset..offset {
                let ends = match self.text[index] {
                    b'\n' => true,
                    b'\r' => self.text.get(index + 1) != Some(&b'\n'),
                    _ => false,
                };
                if ends {
                    self.start_line(index + 1);
                }
            }
        } else {
            let passed = &self.text[self.offset..offset];
            let ends = memchr_iter(b'\n', passed).count() as u32;
            if let Some(last) = memrchr(b'\n', passed) {
                self.line += ends - 1;
                self.start_line(self.offset + last + 1);
            }
        }
        self.offset = offset;
        self.counted += count_characters(&self.text[self.counted_from..offset]);
        self.counted_from = offset;
        (self.line, self.counted + 1)
    }

    fn start_line(&mut self, start: usize) {
        self.line += 1;
        self.counted_from = start;
        self.counted = 0;
    }
}

/// Turns offsets into physical lines, in any order.
pub(crate) struct LineStarts(Vec<u32>);

impl LineStarts {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.as_bytes();
        let ends = memchr2_iter(b'\n', b'\r', text);
        let ends = ends.filter(|&index| text[index] == b'\n' || text.get(index + 1) != Some(&b'\n'));
        Self(ends.map(|index| index as u32 + 1).collect())
    }

    /// The line of a byte offset, 1-based.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        self.0.partition_point(|&start| start as usize <= offset) as u32 + 1
    }
}

/// The text with CR LF and lone CR turned into LF, as `open(..., newline=None)` gives it.
pub(crate) fn universal_newlines(text: &str) -> std::borrow::Cow<'_, str> {
    if memchr(b'\r', text.as_bytes()).is_none() {
        return text.into();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_every_kind_of_line_end_and_characters() {
        let text = "a\r\nbé\rc\n\u{e9}x";
        let mut positions = Positions::new(text);
        assert_eq!(positions.at(0), (1, 1));
        assert_eq!(positions.at(3), (2, 1));
        assert_eq!(positions.at(text.find('c').unwrap_or_default()), (3, 1));
        assert_eq!(positions.at(text.len()), (4, 3));
    }

    #[test]
    fn universal_newlines_are_applied_as_python_does() {
        assert_eq!(universal_newlines("a\r\r\nb\n\rc"), "a\n\nb\n\nc");
    }
}
