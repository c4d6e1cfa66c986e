//! Numbers: the rules of the reference's *Numeric literals*.

use super::token::{CLASSES, Class, Token};
use super::{MAX_DIGITS, Recogniser};

impl Recogniser<'_> {
    /// A number that begins at `start` with a digit, or with a dot and a digit.
    #[inline(never)]
    pub(super) fn number(&mut self, start: usize) -> Option<()> {
        let end = match (self.text.byte(start), self.text.byte(start + 1) | 0x20) {
            (b'0', b'x') => self.prefixed_digits(start + 2, |digit| digit.is_ascii_hexdigit()),
            (b'0', b'o') => self.prefixed_digits(start + 2, |digit| matches!(digit, b'0'..=b'7')),
            (b'0', b'b') => self.prefixed_digits(start + 2, |digit| matches!(digit, b'0' | b'1')),
            _ => self.decimal(start),
        };
        let Some(end) = end else { return self.give_up(start) };
        // A keyword may stand right behind a number, but CPython warns of it.
        if matches!(CLASSES[self.text.byte(end) as usize], Class::Word | Class::Digit | Class::Foreign) {
            return self.give_up(start);
        }
        self.accept(Token::Number, start, end)
    }

    /// `decinteger`, `floatnumber` or `imagnumber`: where it ends.
    fn decimal(&self, start: usize) -> Option<usize> {
        let mut end = start;
        let mut is_integer = true;
        if self.text.byte(start) != b'.' {
            end = self.digit_part(start)?;
        }
        let integer = start..end;
        if self.text.byte(end) == b'.' {
            is_integer = false;
            end += 1;
            if self.text.byte(end).is_ascii_digit() {
                end = self.digit_part(end)?;
            }
        }
        if self.text.byte(end) | 0x20 == b'e' {
            is_integer = false;
            end += 1;
            if matches!(self.text.byte(end), b'+' | b'-') {
                end += 1;
            }
            end = self.digit_part(end)?;
        }
        if self.text.byte(end) | 0x20 == b'j' {
            is_integer = false;
            end += 1;
        }
        let is_zero = || self.text.slice(integer.start, integer.end).iter().all(|byte| matches!(byte, b'0' | b'_'));
        // An integer other than zero has no leading zero.
        if is_integer && integer.len() > 1 && self.text.byte(start) == b'0' && !is_zero() {
            return None;
        }
        (end - start <= MAX_DIGITS).then_some(end)
    }

    /// `digitpart`: digits, single underscores between them.
    fn digit_part(&self, start: usize) -> Option<usize> {
        self.digits(start, |digit| digit.is_ascii_digit())
    }

    /// The digits behind `0x`, `0o` or `0b`, of which an underscore may be the first.
    fn prefixed_digits(&self, start: usize, is_digit: impl Fn(u8) -> bool) -> Option<usize> {
        self.digits(if self.text.byte(start) == b'_' { start + 1 } else { start }, is_digit)
    }

    fn digits(&self, start: usize, is_digit: impl Fn(u8) -> bool) -> Option<usize> {
        let mut end = start;
        loop {
            if !is_digit(self.text.byte(end)) {
                return None;
            }
            while is_digit(self.text.byte(end)) {
                end += 1;
            }
            if self.text.byte(end) != b'_' {
                return Some(end);
            }
            end += 1;
        }
    }

    /// Whether the current token, a number, is imaginary.
    pub(super) fn is_imaginary(&self) -> bool {
        let number = self.text.slice(self.start, self.end);
        // In a hexadecimal number `j` is no digit, so it can only be the suffix.
        matches!(number.last(), Some(b'j' | b'J'))
    }
}
