//! The replacement fields of f-strings, by the rules that CPython 3.11 and later versions share.
//!
//! A field is recognised in place with the ordinary scanner. What 3.11 does not take there (comments, backslashes, the quotes of the
//! string around it) and what versions read differently is "don't know".

use super::Recogniser;
use super::token::Token;

/// Most fields that a token may stand in: those of an f-string and of one inside it.
const MAX_FIELDS: u32 = 2;

impl Recogniser<'_> {
    /// The fields of the current token, an `fstring`, which stays the current token; what is between them is an `fstring_middle`.
    #[inline(never)]
    pub(super) fn fstring(&mut self) -> Option<()> {
        if self.fields >= MAX_FIELDS {
            return None;
        }
        let ((mut index, limit), raw, end) = (self.content, self.raw, self.end);
        while index < limit {
            let next = self.text.byte(index + 1);
            index = match self.text.byte(index) {
                b'{' if next == b'{' => index + 2,
                b'{' => self.replacement_field(index + 1, limit, false)?,
                b'}' if next == b'}' => index + 2,
                b'}' => return None,
                b'\\' if raw => index + 1,
                // The versions agree neither on what this backslash means nor on whether it may be there.
                b'\\' if matches!(next, b'{' | b'}') => return None,
                b'\\' if next == b'N' => self.named_character(index + 2)?,
                b'\\' => index + 2,
                _ => index + 1,
            };
        }
        self.end = end;
        (index == limit).then_some(())
    }

    /// `fstring_replacement_field`, with `fstring_conversion`: a field from behind its `{`, in an f-string whose content ends at
    /// `limit`: where it ends.
    ///
    /// The current node is the string. A field is a level below it, and so is a format specification below the field.
    fn replacement_field(&mut self, start: usize, limit: usize, in_specification: bool) -> Option<usize> {
        let (brackets, depth) = (self.brackets, self.depth);
        // Versions differ on braces in a specification.
        if in_specification && self.text.byte(start) == b'{' {
            return None;
        }
        self.enter()?;
        self.fields += 1;
        self.brackets += 1;
        self.depth += 2;
        self.end = start;
        self.next()?;
        if self.token == Token::Star {
            return None;
        }
        self.star_expressions()?;
        let mut index = self.start;
        if index >= limit || memchr::memchr(b'\\', self.text.slice(start, index)).is_some() {
            return None;
        }
        if self.text.byte(index) == b'=' {
            // CPython 3.12 cannot make a tree of that.
            if in_specification {
                return None;
            }
            index += 1;
            while self.text.byte(index) == b' ' {
                index += 1;
            }
        }
        if self.text.byte(index) == b'!' {
            if !matches!(self.text.byte(index + 1), b's' | b'r' | b'a') {
                return None;
            }
            index += 2;
        }
        if self.text.byte(index) == b':' {
            index = self.fstring_format_spec(index + 1, limit, in_specification)?;
        }
        self.leave();
        self.fields -= 1;
        self.brackets = brackets;
        self.depth = depth;
        (index < limit && self.text.byte(index) == b'}').then_some(index + 1)
    }

    /// `fstring_full_format_spec`: a format specification, up to the `}` that ends its field.
    fn fstring_format_spec(&mut self, start: usize, limit: usize, in_specification: bool) -> Option<usize> {
        let mut index = start;
        while index < limit {
            index = match self.text.byte(index) {
                b'}' => return Some(index),
                b'{' if in_specification => return None,
                b'{' => self.replacement_field(index + 1, limit, true)?,
                b'\\' | b'\n' => return None,
                _ => index + 1,
            };
        }
        None
    }
}
