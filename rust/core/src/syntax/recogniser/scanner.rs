//! From bytes to tokens, one at a time, and from lines to columns.

use super::Recogniser;
use super::lanes::{self, LANES};
use super::strings::Prefix;
use super::token::{self, CLASSES, Class, LONGEST_KEYWORD, SINGLES, Token};

/// A place to come back to, where two rules begin alike.
pub(super) struct Checkpoint {
    token: Token,
    start: usize,
    end: usize,
    brackets: u32,
    column: (u32, u32),
    nesting: u32,
    depth: u32,
    deepest: u32,
    hits: usize,
}

impl Recogniser<'_> {
    /// Goes on to the next token of the logical line.
    #[inline]
    pub(super) fn next(&mut self) -> Option<()> {
        let mut index = self.end;
        loop {
            let byte = self.text.byte(index);
            // These are nearly all there is, and branches are cheaper to foresee than the jump of a `match`.
            if byte == b' ' {
                index += 1;
                continue;
            }
            let class = CLASSES[byte as usize];
            if class == Class::Word {
                return self.word(index);
            }
            if byte == b'.' && CLASSES[self.text.byte(index + 1) as usize] == Class::Word {
                return self.accept(Token::Dot, index, index + 1);
            }
            if byte == b'=' && self.text.byte(index + 1) != b'=' {
                return self.accept(Token::Equal, index, index + 1);
            }
            if byte == b'\n' && self.brackets == 0 {
                return self.accept(Token::Newline, index, index + 1);
            }
            if matches!(class, Class::Single | Class::Open | Class::Close) {
                let opened = self.brackets + u32::from(class == Class::Open);
                self.brackets = opened.checked_sub(u32::from(class == Class::Close))?;
                return self.accept(SINGLES[usize::from(byte & 0x7f)], index, index + 1);
            }
            match class {
                // A tab or a form feed.
                Class::Blank => index += 1,
                Class::Operator => return self.operator(index, byte),
                Class::Quote => return self.string(index, index, Prefix::default()),
                Class::Digit => return self.number(index),
                Class::Hash => {
                    // CPython 3.11 takes no comment in a replacement field.
                    if self.fields > 0 {
                        return self.give_up(index);
                    }
                    index = self.line_end(index);
                }
                Class::LineEnd => {
                    if self.brackets == 0 {
                        return self.accept(Token::Newline, index, index + 1);
                    }
                    if index >= self.text.len() {
                        return self.give_up(index);
                    }
                    index += 1;
                }
                Class::Backslash => index = self.continued_line(index)?,
                _ => return self.give_up(index),
            }
        }
    }

    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "it ends functions that may give up")]
    pub(super) fn accept(&mut self, token: Token, start: usize, end: usize) -> Option<()> {
        self.token = token;
        self.start = start;
        self.end = end;
        Some(())
    }

    /// "Don't know", because of what stands at `index`.
    #[cold]
    #[inline(never)]
    pub(super) fn give_up<T>(&mut self, index: usize) -> Option<T> {
        self.start = index;
        None
    }

    /// Goes on past a token that must be there.
    #[inline]
    pub(super) fn expect(&mut self, token: Token) -> Option<()> {
        if self.token == token { self.next() } else { None }
    }

    /// Goes on past a token if it is there, and says whether it was.
    #[inline]
    pub(super) fn skip(&mut self, token: Token) -> Option<bool> {
        if self.token != token {
            return Some(false);
        }
        self.next()?;
        Some(true)
    }

    /// Whether the current token is a name with this spelling.
    #[inline]
    pub(super) fn is_name(&self, spelling: &[u8]) -> bool {
        self.token == Token::Name
            && self.end - self.start == spelling.len()
            && self.text.slice(self.start, self.end) == spelling
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            token: self.token,
            start: self.start,
            end: self.end,
            brackets: self.brackets,
            column: self.column,
            nesting: self.nesting,
            depth: self.depth,
            deepest: self.deepest,
            hits: self.hits.len(),
        }
    }

    /// Goes back to a place at the level of statements.
    pub(super) fn rewind(&mut self, checkpoint: &Checkpoint) {
        self.token = checkpoint.token;
        self.start = checkpoint.start;
        self.end = checkpoint.end;
        self.fields = 0;
        self.brackets = checkpoint.brackets;
        self.column = checkpoint.column;
        self.nesting = checkpoint.nesting;
        self.depth = checkpoint.depth;
        self.deepest = checkpoint.deepest;
        self.hits.truncate(checkpoint.hits);
    }

    /// A name, a keyword, or the prefix of a string.
    #[inline]
    fn word(&mut self, start: usize) -> Option<()> {
        let end = self.word_end(start);
        let length = end - start;
        let after = self.text.byte(end);
        if length > LONGEST_KEYWORD {
            self.accept(Token::Name, start, end)?;
        } else {
            let word = self.text.word(start) & (u64::MAX >> (64 - 8 * length));
            self.accept(token::word_token(word), start, end)?;
            if length <= 2 && CLASSES[after as usize] == Class::Quote {
                return self.prefixed_string(start, end);
            }
        }
        // The name goes on outside ASCII.
        if after >= 0x80 { self.give_up(end) } else { Some(()) }
    }

    #[inline]
    fn word_end(&self, mut index: usize) -> usize {
        loop {
            let length = lanes::word_length(self.text.block(index));
            index += length;
            if length < LANES {
                return index;
            }
        }
    }

    #[inline]
    fn line_end(&self, mut index: usize) -> usize {
        loop {
            let length = lanes::find_line_end(self.text.block(index));
            index += length;
            if length < LANES {
                return index;
            }
        }
    }

    /// Where the line goes on that a backslash at `index` joins. CPython has rules of its own for what may not follow.
    #[cold]
    fn continued_line(&mut self, index: usize) -> Option<usize> {
        if self.fields > 0 || self.text.byte(index + 1) != b'\n' {
            return self.give_up(index);
        }
        let next = index + 2;
        let mut first = next;
        while matches!(self.text.byte(first), b' ' | b'\t') {
            first += 1;
        }
        if matches!(self.text.byte(first), b'\n' | b'#' | 0 | b'\\') { self.give_up(index) } else { Some(next) }
    }

    #[inline]
    fn operator(&mut self, start: usize, byte: u8) -> Option<()> {
        let second = self.text.byte(start + 1);
        let equal = second == b'=';
        let (token, length) = match byte {
            b'.' if second.is_ascii_digit() => return self.number(start),
            b'.' if second == b'.' && self.text.byte(start + 2) == b'.' => (Token::Ellipsis, 3),
            b'.' => (Token::Dot, 1),
            b':' if equal => (Token::ColonEqual, 2),
            b':' => (Token::Colon, 1),
            b'=' | b'!' if equal => (Token::Comparison, 2),
            b'=' => (Token::Equal, 1),
            b'!' if self.fields > 0 => (Token::Exclamation, 1),
            b'!' => return self.give_up(start),
            b'-' if second == b'>' => (Token::Arrow, 2),
            // `<>` is an operator under one `__future__` import.
            b'<' if second == b'>' => return self.give_up(start),
            b'<' | b'>' if equal => (Token::Comparison, 2),
            b'<' | b'>' | b'*' | b'/' if second == byte => {
                if self.text.byte(start + 2) == b'=' {
                    (Token::AugmentedAssign, 3)
                } else {
                    let token = match byte {
                        b'<' => Token::LeftShift,
                        b'>' => Token::RightShift,
                        b'*' => Token::DoubleStar,
                        _ => Token::DoubleSlash,
                    };
                    (token, 2)
                }
            }
            b'<' | b'>' => (Token::Comparison, 1),
            _ if equal => (Token::AugmentedAssign, 2),
            _ => (SINGLES[usize::from(byte & 0x7f)], 1),
        };
        self.accept(token, start, start + length)
    }

    /// Goes on to the first token of the next logical line, or to the end marker, and measures the line's indentation.
    #[inline]
    pub(super) fn next_line(&mut self) -> Option<()> {
        let mut index = self.end;
        loop {
            let start = index;
            loop {
                let length = lanes::space_length(self.text.block(index));
                index += length;
                if length < LANES {
                    break;
                }
            }
            let spaces = (index - start) as u32;
            let mut column = (spaces, spaces);
            loop {
                match self.text.byte(index) {
                    b' ' => column = (column.0 + 1, column.1 + 1),
                    b'\t' => column = ((column.0 / 8 + 1) * 8, column.1 + 1),
                    0x0c => column = (0, 0),
                    _ => break,
                }
                index += 1;
            }
            match self.text.byte(index) {
                b'\n' => index += 1,
                b'#' => index = self.line_end(index) + 1,
                b'\\' => return self.give_up(index),
                0 => break,
                _ => {
                    self.column = column;
                    self.end = index;
                    return self.next();
                }
            }
            if index > self.text.len() {
                break;
            }
        }
        // A NUL inside the text is no end.
        if index < self.text.len() {
            return self.give_up(index);
        }
        self.column = (0, 0);
        self.accept(Token::EndMarker, self.text.len(), self.text.len())
    }

    /// Whether the line begins where the current block's lines do.
    #[inline]
    pub(super) fn is_at_block(&self) -> bool {
        self.column == self.block_column
    }
}
