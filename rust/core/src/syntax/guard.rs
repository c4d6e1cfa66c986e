//! What a text would cost, found out before anything recursive looks at it.
//!
//! One linear pass over the bytes follows strings, brackets and lines as the parser's lexer does, and bounds the depth of the tree that
//! the text can give. It stops at the first thing that no valid program has or that CPython's tokenizer refuses. Nothing here allocates
//! in proportion to the text.
//!
//! The pass is the guard of the parser: a text that it calls [`Stop`]ped never reaches the parser whole.

use memchr::{memchr, memchr2};

use super::depth::{Elements, Precedence};

/// Longest text, in bytes, about which the interpreter is asked. `ast.parse` holds the GIL and cannot be interrupted; at this size it
/// takes at most about 0.25 s and 100 MB, at eight times the size it was seen to take gigabytes.
pub const ASK_BYTES: usize = 64 << 10;

/// Most dots in one dotted name about which the interpreter is asked: `import a.a.a…` is quadratic in CPython.
pub const ASK_DOTS: usize = 1_000;

/// Most f-string replacement fields about which the interpreter is asked: they are quadratic in CPython 3.11.
pub const ASK_FIELDS: u32 = 5_000;

/// Deepest tree that is parsed, in levels: what CPython itself can turn into objects at its default recursion limit.
pub const MAX_DEPTH: u32 = 3_000;

/// Deepest tree of a long text that is taken as valid without asking. CPython's own limit depends on the caller's frames.
pub const SURE_DEPTH: u32 = 2_900;

/// Depth of tree, and nesting of brackets, from which on CPython's parser may run into limits of its own.
pub const DOUBTFUL_DEPTH: u32 = 100;

/// Most brackets open at once (CPython's `MAXLEVEL`).
pub const MAX_BRACKETS: usize = 200;

/// CPython refuses a block at this depth (its `MAXINDENT`).
pub const MAX_INDENTS: usize = 100;

/// From how many bytes on the beginning of a text is parsed alone first, and the parser's errors must be few.
pub(crate) const LONG_TEXT: usize = 1 << 20;

/// Longest part of a long text, in bytes, that is tried before the rest: each error costs the parser memory, and where errors come early
/// the first one is enough.
const HEAD_BYTES: usize = 256 << 10;

/// What one pass over a text found.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Upper bound of the depth of the tree, statements' own nesting left out.
    pub depth: u32,
    /// Most brackets open at once.
    pub brackets: usize,
    /// Number of replacement fields in f-strings and t-strings.
    pub fields: u32,
    /// An indentation that goes on over a backslash, where CPython has rules of its own.
    pub odd_indentation: bool,
    /// End of the last statement that ends within the first 256 KiB.
    pub head: usize,
    /// Where and why the pass ended before the end of the text.
    pub stop: Option<(usize, Stop)>,
}

/// Why a text is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Something that ends every reading of it as Python: an unclosed or unmatched bracket, an unterminated string, an empty field of
    /// a string, a character that has no meaning, two names side by side.
    Irregular,
    /// A byte order mark, which CPython takes from a file but not from a text.
    ByteOrderMark,
    /// More than [`MAX_BRACKETS`] brackets.
    Brackets,
    /// A tree deeper than [`MAX_DEPTH`].
    Depth,
    /// [`MAX_INDENTS`] blocks.
    Indents,
    /// A line whose indentation is that of no open block.
    Dedent,
    /// Indentation whose meaning depends on the width of a tab.
    Tabs,
}

/// Looks over a text.
#[must_use]
pub fn outline(text: &str) -> Outline {
    let mut pass = Pass::new(text.as_bytes());
    if let Err(stop) = pass.run() {
        pass.outline.stop = Some((pass.index, stop));
    }
    pass.outline
}

/// Whether the interpreter may be asked about a text, as far as the text's own form says.
#[must_use]
pub fn may_be_asked(text: &str, outline: &Outline) -> bool {
    text.len() <= ASK_BYTES && outline.fields <= ASK_FIELDS && longest_dotted_name(text.as_bytes()) <= ASK_DOTS
}

/// Most dots in a row of names, dots, blanks and continued lines.
fn longest_dotted_name(text: &[u8]) -> usize {
    let (mut dots, mut most) = (0, 0);
    for &byte in text {
        match CLASSES[byte as usize] {
            Class::Dot => dots += 1,
            Class::Word | Class::Digit | Class::Blank | Class::LineEnd | Class::Backslash => {}
            _ => {
                most = most.max(dots);
                dots = 0;
            }
        }
    }
    most.max(dots)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Digit,
    Quote,
    Hash,
    LineEnd,
    Open,
    Close,
    Comma,
    Colon,
    Semicolon,
    Backslash,
    Dot,
    Operator,
    Flat,
    /// What stands in no valid program outside of strings and comments.
    Stray,
}

static CLASSES: [Class; 256] = {
    let mut table = [Class::Blank; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128.. => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'"' | b'\'' => Class::Quote,
            b'#' => Class::Hash,
            b'\n' | b'\r' => Class::LineEnd,
            b'(' | b'[' | b'{' => Class::Open,
            b')' | b']' | b'}' => Class::Close,
            b',' => Class::Comma,
            b':' => Class::Colon,
            b';' => Class::Semicolon,
            b'\\' => Class::Backslash,
            b'.' => Class::Dot,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' => Class::Operator,
            // Comparisons and assignments do not nest.
            b'=' | b'!' => Class::Flat,
            b' ' | b'\t' | 0x0c => Class::Blank,
            _ => Class::Stray,
        };
        byte += 1;
    }
    table
};

/// A string literal that can hold replacement fields.
#[derive(Clone, Copy, Default)]
struct Literal {
    quote: u8,
    triple: bool,
    raw: bool,
}

/// What is open: a bracket, or a replacement field of a literal.
#[derive(Clone, Copy, Default)]
struct Level {
    /// The closing byte.
    closer: u8,
    /// For a field: the literal that it stands in.
    literal: Option<Literal>,
    /// For a field: whether it stands in the format specification of the field below.
    in_specification: bool,
    /// What it holds.
    elements: Elements,
}

struct Pass<'a> {
    text: &'a [u8],
    index: usize,
    /// `levels[0]` is the statement; `levels[open]` the innermost open bracket.
    levels: [Level; MAX_BRACKETS + 1],
    open: usize,
    /// Columns of the open blocks, with tabs to multiples of eight and with tabs as one column.
    blocks: [(u32, u32); MAX_INDENTS],
    block: usize,
    /// Whether a `+` or `-` that comes now can stand between two operands; true when in doubt.
    after_operand: bool,
    /// Start and end of the last word that is no operator.
    name: (usize, usize),
    outline: Outline,
}

impl<'a> Pass<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            index: 0,
            levels: [Level::default(); MAX_BRACKETS + 1],
            open: 0,
            blocks: [(0, 0); MAX_INDENTS],
            block: 0,
            after_operand: false,
            name: (0, 0),
            outline: Outline::default(),
        }
    }

    fn byte(&self, offset: usize) -> u8 {
        self.text.get(self.index + offset).copied().unwrap_or(0)
    }

    fn elements(&mut self) -> &mut Elements {
        &mut self.levels[self.open].elements
    }

    fn run(&mut self) -> Result<(), Stop> {
        self.indentation()?;
        while let Some(&byte) = self.text.get(self.index) {
            match CLASSES[byte as usize] {
                Class::Word => self.word()?,
                Class::Blank => self.index += 1,
                Class::Dot => {
                    self.elements().operator(Precedence::Primary);
                    self.after_operand = true;
                    self.index += 1;
                }
                Class::Operator => self.operator(byte),
                Class::Flat => {
                    self.elements().flat();
                    self.after_operand = false;
                    self.index += 1;
                }
                Class::Digit => self.number(),
                Class::Comma => {
                    self.elements().comma();
                    self.after_operand = false;
                    self.index += 1;
                }
                Class::Open => {
                    let closer = match byte {
                        b'(' => b')',
                        b'[' => b']',
                        _ => b'}',
                    };
                    self.open_level(Level { closer, ..Level::default() })?;
                }
                Class::Close => self.close(byte)?,
                Class::Colon => self.colon()?,
                Class::Quote => self.string(byte)?,
                Class::Stray => return Err(Stop::Irregular),
                Class::Hash => self.index = self.line_end(),
                Class::LineEnd => self.new_line(byte)?,
                Class::Semicolon => {
                    if self.open == 0 {
                        self.end_statement()?;
                    }
                    self.index += 1;
                }
                Class::Backslash => {
                    self.index += 1;
                    match self.byte(0) {
                        b'\r' if self.byte(1) == b'\n' => self.index += 2,
                        b'\n' | b'\r' => self.index += 1,
                        _ => {}
                    }
                }
            }
        }
        if self.open > 0 {
            return Err(Stop::Irregular);
        }
        self.end_statement()
    }

    fn operator(&mut self, byte: u8) {
        let doubled = self.byte(1) == byte;
        let precedence = match byte {
            b'*' if doubled => Some(Precedence::Unary),
            b'*' | b'/' | b'%' | b'@' => Some(Precedence::Product),
            b'+' | b'-' if self.after_operand => Some(Precedence::Sum),
            b'+' | b'-' | b'~' => Some(Precedence::Unary),
            // A single one compares.
            b'<' | b'>' if !doubled => None,
            _ => Some(Precedence::Bitwise),
        };
        match precedence {
            Some(precedence) => self.elements().operator(precedence),
            None => self.elements().flat(),
        }
        self.index += if doubled && matches!(byte, b'*' | b'/' | b'<' | b'>') { 2 } else { 1 };
        self.after_operand = false;
    }

    /// A number and the keyword that may stand right behind it: `1if x else 2`.
    fn number(&mut self) {
        let start = self.index;
        self.skip_word();
        self.after_operand = true;
        let keyword =
            self.text[start..self.index].iter().rposition(u8::is_ascii_digit).map_or(start, |last| start + last + 1);
        if keyword < self.index {
            // What stands before the keyword may be a hexadecimal or imaginary number; the keyword is at the end.
            let word = &self.text[keyword..self.index];
            if [&b"if"[..], b"else", b"for", b"not"].iter().any(|keyword| word.ends_with(keyword)) {
                self.elements().operator(Precedence::Lowest);
            } else {
                self.elements().flat();
            }
            self.after_operand = false;
        }
    }

    fn line_end(&self) -> usize {
        memchr2(b'\n', b'\r', &self.text[self.index..]).map_or(self.text.len(), |length| self.index + length)
    }

    fn end_statement(&mut self) -> Result<(), Stop> {
        let depth = self.levels[0].elements.depth();
        self.levels[0] = Level::default();
        self.after_operand = false;
        if self.index <= HEAD_BYTES {
            self.outline.head = self.index;
        }
        self.outline.depth = self.outline.depth.max(depth);
        if depth > MAX_DEPTH { Err(Stop::Depth) } else { Ok(()) }
    }

    fn new_line(&mut self, byte: u8) -> Result<(), Stop> {
        self.index += if byte == b'\r' && self.byte(1) == b'\n' { 2 } else { 1 };
        if self.open > 0 {
            return Ok(());
        }
        self.end_statement()?;
        self.indentation()
    }

    /// Follows the blocks by CPython's two counts, at the start of a line that is in no bracket.
    fn indentation(&mut self) -> Result<(), Stop> {
        let start = self.index;
        while self.byte(0) == b' ' {
            self.index += 1;
        }
        let mut column = (self.index - start) as u32;
        let mut alternative = column;
        loop {
            match self.byte(0) {
                b' ' => (column, alternative) = (column + 1, alternative + 1),
                b'\t' => (column, alternative) = ((column / 8 + 1) * 8, alternative + 1),
                0x0c => (column, alternative) = (0, 0),
                b'#' | b'\n' | b'\r' => return Ok(()),
                b'\\' => {
                    self.outline.odd_indentation |= self.index > start;
                    return Ok(());
                }
                _ => break,
            }
            self.index += 1;
        }
        if self.index >= self.text.len() {
            return Ok(());
        }
        if column > self.blocks[self.block].0 {
            if self.block + 1 >= MAX_INDENTS {
                return Err(Stop::Indents);
            }
            if alternative <= self.blocks[self.block].1 {
                return Err(Stop::Tabs);
            }
            self.block += 1;
            self.blocks[self.block] = (column, alternative);
            return Ok(());
        }
        while column < self.blocks[self.block].0 {
            self.block -= 1;
        }
        let (level, level_alternative) = self.blocks[self.block];
        if column != level {
            return Err(Stop::Dedent);
        }
        if alternative == level_alternative { Ok(()) } else { Err(Stop::Tabs) }
    }

    fn skip_word(&mut self) {
        let rest = &self.text[self.index..];
        let length = rest.iter().position(|&byte| !matches!(CLASSES[byte as usize], Class::Word | Class::Digit));
        self.index += length.unwrap_or(rest.len());
    }

    fn word(&mut self) -> Result<(), Stop> {
        let start = self.index;
        self.skip_word();
        let word = &self.text[start..self.index];
        let quote = self.byte(0);
        if matches!(quote, b'"' | b'\'')
            && let Some((interpolated, raw)) = string_prefix(word)
        {
            return if interpolated { self.interpolated_string(quote, raw) } else { self.string(quote) };
        }
        let elements = &mut self.levels[self.open].elements;
        match word {
            b"if" | b"not" | b"else" | b"for" | b"from" | b"await" | b"yield" | b"async" => {
                elements.operator(Precedence::Lowest);
            }
            b"and" | b"or" | b"in" | b"is" => elements.flat(),
            b"lambda" => elements.lambda(),
            _ => {
                self.after_operand = true;
                let (name_start, name_end) = std::mem::replace(&mut self.name, (start, self.index));
                let is_beside = self.text.len() > LONG_TEXT
                    && (1..start).contains(&name_end)
                    && self.text[name_end..start].iter().all(|byte| matches!(byte, b' ' | b'\t'));
                let before = &self.text[name_start..name_end];
                // The parser would keep an error for each pair of names, and a long text can hold millions.
                return if is_beside && is_plain_name(before) && is_plain_name(word) {
                    Err(Stop::Irregular)
                } else {
                    Ok(())
                };
            }
        }
        self.after_operand = false;
        Ok(())
    }

    fn open_level(&mut self, level: Level) -> Result<(), Stop> {
        if self.open >= MAX_BRACKETS {
            return Err(Stop::Brackets);
        }
        self.index += 1;
        self.open += 1;
        self.levels[self.open] = level;
        self.after_operand = false;
        self.outline.brackets = self.outline.brackets.max(self.open);
        Ok(())
    }

    /// Leaves the innermost level: what it holds is a part of the element around it.
    fn close_level(&mut self) -> Result<Level, Stop> {
        let level = self.levels[self.open];
        let depth = level.elements.depth();
        self.open -= 1;
        match level.literal {
            Some(_) => self.elements().field(depth),
            None => self.elements().bracket(depth),
        }
        self.after_operand = true;
        if depth > MAX_DEPTH { Err(Stop::Depth) } else { Ok(level) }
    }

    fn close(&mut self, byte: u8) -> Result<(), Stop> {
        if self.open == 0 || self.levels[self.open].closer != byte {
            return Err(Stop::Irregular);
        }
        let level = self.close_level()?;
        self.index += 1;
        match level.literal {
            Some(_) if level.in_specification => self.specification(),
            Some(literal) => self.literal(literal),
            None => Ok(()),
        }
    }

    fn colon(&mut self) -> Result<(), Stop> {
        self.index += 1;
        self.after_operand = false;
        if self.levels[self.open].literal.is_some() {
            return self.specification();
        }
        self.elements().colon();
        Ok(())
    }

    /// A string without replacement fields, from its first quote.
    fn string(&mut self, quote: u8) -> Result<(), Stop> {
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
    fn escape(&mut self) {
        let length = if self.byte(1) == b'\r' && self.byte(2) == b'\n' { 3 } else { 2 };
        self.index = (self.index + length).min(self.text.len());
    }

    fn interpolated_string(&mut self, quote: u8, raw: bool) -> Result<(), Stop> {
        self.after_operand = true;
        let triple = self.byte(1) == quote && self.byte(2) == quote;
        self.index += if triple { 3 } else { 1 };
        self.literal(Literal { quote, triple, raw })
    }

    /// The literal part of an f-string or t-string, up to its end or its next field.
    fn literal(&mut self, literal: Literal) -> Result<(), Stop> {
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

    fn field(&mut self, literal: Literal, in_specification: bool) -> Result<(), Stop> {
        self.outline.fields = self.outline.fields.saturating_add(1);
        if self.byte(1) == b'}' {
            return Err(Stop::Irregular);
        }
        self.open_level(Level { closer: b'}', literal: Some(literal), in_specification, ..Level::default() })
    }

    /// A format specification, up to the end of its field or the next field inside it.
    fn specification(&mut self) -> Result<(), Stop> {
        let Some(literal) = self.levels[self.open].literal else { return Err(Stop::Irregular) };
        while let Some(&byte) = self.text.get(self.index) {
            match byte {
                b'{' => return self.field(literal, true),
                b'}' => return self.close(b'}'),
                b'\\' => return Err(Stop::Irregular),
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

/// Words that may stand beside a name, in any version of Python.
const KEYWORDS: [&str; 40] = [
    "False", "None", "True", "_", "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "lazy",
    "match", "nonlocal", "not", "or", "pass", "raise", "return", "try", "type", "while", "with", "yield",
];

/// Whether a word cannot be anything but a name.
fn is_plain_name(word: &[u8]) -> bool {
    !KEYWORDS.iter().any(|keyword| keyword.as_bytes() == word)
}

/// Whether a word is the prefix of a string, and then whether the string has fields and whether it is raw.
fn string_prefix(word: &[u8]) -> Option<(bool, bool)> {
    let (mut interpolated, mut raw) = (false, false);
    match *word {
        [one] => match one.to_ascii_lowercase() {
            b'f' | b't' => interpolated = true,
            b'r' => raw = true,
            b'b' | b'u' => {}
            _ => return None,
        },
        [one, two] => {
            raw = true;
            let ((b'r', other) | (other, b'r')) = (one.to_ascii_lowercase(), two.to_ascii_lowercase()) else {
                return None;
            };
            match other {
                b'f' | b't' => interpolated = true,
                b'b' => {}
                _ => return None,
            }
        }
        _ => return None,
    }
    Some((interpolated, raw))
}

/// Whether a text holds the byte that no Python source may hold.
#[must_use]
pub fn has_nul(text: &str) -> bool {
    memchr(0, text.as_bytes()).is_some()
}
