//! What a text would cost, found out before anything recursive looks at it.
//!
//! One linear pass over the bytes follows strings, brackets and lines as the parser's lexer does, and bounds the depth of the tree that
//! the text can give. It stops at the first thing that no valid program has or that CPython's tokenizer refuses. Nothing here allocates
//! in proportion to the text.
//!
//! The pass is the guard of the parser: a text that it calls [`Stop`]ped never reaches the parser whole.

mod classes;
mod lines;
mod numbers;
mod strings;
mod words;

use memchr::memchr;

use self::classes::{CLASSES, Class};
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
                Class::Digit => self.number()?,
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

    /// A number and the keyword that may stand right behind it: `1if x else 2`. No other word may, though the parser takes some.
    fn number(&mut self) -> Result<(), Stop> {
        self.index = numbers::end(self.text, self.index);
        self.after_operand = true;
        let start = self.index;
        self.skip_word();
        let word = &self.text[start..self.index];
        if !numbers::may_follow(word) {
            return Err(Stop::Irregular);
        }
        if word.is_empty() {
            return Ok(());
        }
        match word {
            b"if" | b"else" | b"for" | b"not" => self.elements().operator(Precedence::Lowest),
            _ => self.elements().flat(),
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
}

/// Whether a text holds the byte that no Python source may hold.
#[must_use]
pub fn has_nul(text: &str) -> bool {
    memchr(0, text.as_bytes()).is_some()
}
