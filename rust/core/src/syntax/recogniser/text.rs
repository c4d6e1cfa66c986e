//! The text under recognition, with bytes behind it that end every token, so that no loop needs to look for the end.

use std::cell::RefCell;

use super::KEPT_BYTES;
use super::lanes::LANES;
use crate::source::universal_newlines;

/// What stands behind the text. The line end closes the last line and ends words, numbers, comments and short strings; NUL is the end
/// marker; the quotes end an unterminated string of either kind; the rest lets blocks be read from any place before.
const PADDING: &str =
    "\n\0\"'\"'\"'\"'\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

thread_local! {
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Copies a text, its line ends as CPython reads them, in front of the padding and passes it on. The copy's memory is used again.
pub(super) fn with_padding<T>(text: &str, visit: impl FnOnce(Text<'_>) -> T) -> T {
    BUFFER.with_borrow_mut(|buffer| {
        let text = universal_newlines(text);
        buffer.clear();
        buffer.reserve(text.len() + PADDING.len());
        buffer.push_str(&text);
        buffer.push_str(PADDING);
        let result = visit(Text { bytes: buffer.as_bytes(), text: &buffer[..text.len()] });
        if buffer.capacity() > KEPT_BYTES {
            *buffer = String::new();
        }
        result
    })
}

/// A padded text. Reading behind the padding panics.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    text: &'a str,
}

impl<'a> Text<'a> {
    /// The text without its padding.
    pub(super) fn as_str(&self) -> &'a str {
        self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    #[inline]
    pub(super) fn byte(&self, index: usize) -> u8 {
        self.bytes[index]
    }

    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        &self.bytes[start..end]
    }

    /// The bytes from `index` on.
    #[inline]
    pub(super) fn block(&self, index: usize) -> &'a [u8; LANES] {
        match self.bytes[index..].first_chunk() {
            Some(block) => block,
            None => behind_the_end(),
        }
    }

    /// Eight bytes as a little-endian number.
    #[inline]
    pub(super) fn word(&self, index: usize) -> u64 {
        match self.bytes[index..].first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => behind_the_end(),
        }
    }
}

#[cold]
#[inline(never)]
fn behind_the_end() -> ! {
    panic!("the recogniser read behind the end of its text")
}
