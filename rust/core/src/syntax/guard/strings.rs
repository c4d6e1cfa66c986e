//! String literals and the fields in them.

use memchr::memchr2;

use super::{Level, Literal, Pass, Stop};

impl Pass<'_> {
    /// A string without replacement fields, from its first quote.
    pub(super) fn string(&mut self, quote: u8) -> Result<(), Stop> {
        self.after_operand = true;
        if self.byte(1) == quote && self.byte(2) == quote {
            self.index += 3;
            loop {
                let Some(length) = memchr2(quote, b'\\', &self.text[self.index..]) else { return Err(Stop::Irregular) };
                self.index += length;
                if self.byte(0) == b'\\' {
                    self.index = (self.index + 2).min(self.text.len());
                } else if self.byte(1) == quote && self.byte(2) == quote {
                    self.index += 3;
                    return Ok(());
                } else {
                    self.index += 1;
                }
            }
        }
        self.index += 1;
        loop {
            match self.text.get(self.index) {
                Some(&byte) if byte == quote => {
                    self.index += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(),
                Some(b'\n' | b'\r') | None => return Err(Stop::Irregular),
                Some(_) => self.index += 1,
            }
        }
    }

    /// A backslash in a string and what it covers.
    pub(super) fn escape(&mut self) {
        let length = if self.byte(1) == b'\r' && self.byte(2) == b'\n' { 3 } else { 2 };
        self.index = (self.index + length).min(self.text.len());
    }

    pub(super) fn interpolated_string(&mut self, quote: u8, raw: bool) -> Result<(), Stop> {
        self.after_operand = true;
        let triple = self.byte(1) == quote && self.byte(2) == quote;
        self.index += if triple { 3 } else { 1 };
        self.literal(Literal { quote, triple, raw })
    }

    /// The literal part of an f-string or t-string, up to its end or its next field.
    pub(super) fn literal(&mut self, literal: Literal) -> Result<(), Stop> {
        let mut in_name = false;
        while let Some(&byte) = self.text.get(self.index) {
            match byte {
                _ if byte == literal.quote => {
                    if !literal.triple {
                        self.index += 1;
                        return Ok(());
                    }
                    if self.byte(1) == byte && self.byte(2) == byte {
                        self.index += 3;
                        return Ok(());
                    }
                    self.index += 1;
                }
                b'{' if self.byte(1) == b'{' && !in_name => self.index += 2,
                b'{' => return self.field(literal, false),
                b'}' if in_name => {
                    in_name = false;
                    self.index += 1;
                }
                b'}' if self.byte(1) == b'}' => self.index += 2,
                b'}' => return Err(Stop::Irregular),
                b'\\' if matches!(self.byte(1), b'{' | b'}') => self.index += 1,
                b'\\' if !literal.raw && self.byte(1) == b'N' && self.byte(2) == b'{' => {
                    in_name = true;
                    self.index += 3;
                }
                b'\\' => self.escape(),
                b'\n' | b'\r' if !literal.triple => return Err(Stop::Irregular),
                _ => self.index += 1,
            }
        }
        Err(Stop::Irregular)
    }

    pub(super) fn field(&mut self, literal: Literal, in_specification: bool) -> Result<(), Stop> {
        self.outline.fields = self.outline.fields.saturating_add(1);
        if self.byte(1) == b'}' {
            return Err(Stop::Irregular);
        }
        self.open_level(Level { closer: b'}', literal: Some(literal), in_specification, ..Level::default() })
    }

    /// A format specification, up to the end of its field or the next field inside it.
    pub(super) fn specification(&mut self) -> Result<(), Stop> {
        let Some(literal) = self.levels[self.open].literal else { return Err(Stop::Irregular) };
        while let Some(&byte) = self.text.get(self.index) {
            match byte {
                b'{' => return self.field(literal, true),
                b'}' => return self.close(b'}'),
                // What these cover differs between versions.
                b'\\' if matches!(self.byte(1), b'{' | b'}' | b'N' | b'\'' | b'"' | b'\n' | b'\r') => {
                    return Err(Stop::Irregular);
                }
                b'\\' => self.escape(),
                b'\n' | b'\r' if !literal.triple => return Err(Stop::Irregular),
                _ if byte == literal.quote && (!literal.triple || (self.byte(1) == byte && self.byte(2) == byte)) => {
                    return Err(Stop::Irregular);
                }
                _ => self.index += 1,
            }
        }
        Err(Stop::Irregular)
    }
}
