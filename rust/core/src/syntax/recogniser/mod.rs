//! The recogniser: accepts plain Python without building a tree and collects the facts on the way.
//!
//! It answers "these are the facts" only when CPython's `ast.parse` surely accepts the text and these are the facts; to anything else it
//! answers "don't know", and the [judge](super::judge) goes on as if it had not been asked. It says nothing of what is wrong with a text.
//!
//! It is a recursive-descent parser over the grammar of Python 3.11 that keeps no nodes. A function bears the name of the rule it
//! recognises in the *Full Grammar specification* of the Python reference; where one function stands for several rules its comment
//! names them, as far as they are not told by their tokens (`statement_newline` is only for interactive input). Recursion is bounded by
//! the caps below, whatever the text.
//!
//! | file | job |
//! |---|---|
//! | `text` | the text and the bytes behind it; all reading goes through it |
//! | `lanes` | sixteen bytes at a time: the only `unsafe` |
//! | `token`, `scanner`, `numbers`, `strings` | tokens, lines and indentation |
//! | `statements`, `compound`, `patterns`, `parameters` | statements |
//! | `expressions`, `atoms`, `calls`, `fields`, `targets` | expressions, and what may be assigned to |
//! | `facts` | depth and order |
//! | `characters` | the names in `\N{...}` |

mod atoms;
mod calls;
mod characters;
mod compound;
mod expressions;
mod facts;
mod fields;
mod lanes;
mod numbers;
mod parameters;
mod patterns;
mod scanner;
mod statements;
mod strings;
mod targets;
mod text;
mod token;

use super::facts::Fact;
use super::guard;
use super::interpreter::Grammar;
use facts::Hit;
use text::Text;
use token::Token;

/// Minor versions of CPython 3 for which the recogniser may speak: those against which `tests/recogniser` was run.
///
/// What it accepts is the grammar of 3.11, as far as later versions accept it, too. What they add is "don't know", and so is what one
/// of them refuses, as 3.14 does with features of `__future__` that it does not know.
const VERSIONS: [u8; 4] = [11, 12, 13, 14];

/// Most brackets, prefix operators, conditionals, lambdas and replacement fields inside each other. CPython's parser gives up at about
/// 6,000 levels of its own, of which the dearest of these takes 60.
const MAX_NESTING: u32 = 40;

/// Most indented blocks inside each other. CPython refuses the 100th.
const MAX_BLOCKS: u32 = 40;

/// Deepest tree. CPython turns trees of 3,000 levels less three for each Python frame of the caller into objects, so this holds for a
/// caller 900 frames deep.
const MAX_DEPTH: u32 = 200;

/// Most digits of a decimal number: the least limit that `sys.set_int_max_str_digits` takes is 640.
const MAX_DIGITS: usize = 600;

/// Longest text, in bytes, whose copy is kept for reuse by the thread.
const KEPT_BYTES: usize = 4 << 20;

/// The facts of a text that CPython surely accepts, in the order of its `ast.walk`; `None` is "don't know".
pub(crate) fn recognise(text: &str, grammar: Grammar) -> Option<Vec<Fact>> {
    examine(text, grammar).ok()
}

/// As [`recognise`], with the byte offset at which it gave up; in a text with carriage returns, that of the text without them.
pub(crate) fn examine(text: &str, grammar: Grammar) -> Result<Vec<Fact>, usize> {
    let is_plain = !text.starts_with('\u{feff}') && !guard::has_nul(text) && u32::try_from(text.len()).is_ok();
    if !VERSIONS.contains(&grammar.minor) || !is_plain {
        return Err(0);
    }
    text::with_padding(text, |text| {
        let mut recogniser = Recogniser::new(text);
        match recogniser.file() {
            Some(()) => Ok(recogniser.into_facts()),
            None => Err(recogniser.start),
        }
    })
}

/// Where the recogniser stands in a text and what it has collected.
struct Recogniser<'a> {
    text: Text<'a>,
    /// The current token and its place.
    token: Token,
    start: usize,
    end: usize,
    /// What stands between the quotes of the current string token, and whether a backslash means itself there.
    content: (usize, usize),
    raw: bool,
    /// Open brackets. Line ends inside them are blanks.
    brackets: u32,
    /// Replacement fields that the current token stands in.
    fields: u32,
    /// Columns of the current line's first token, with tabs to multiples of eight and with tabs as one column.
    column: (u32, u32),
    /// The columns of the current block.
    block_column: (u32, u32),
    blocks: u32,
    nesting: u32,
    /// Depth, in CPython's count, of the node that is recognised now.
    depth: u32,
    /// Depth of the deepest node since the last [`facts::Mark`].
    deepest: u32,
    hits: Vec<Hit>,
    /// Places of the names of `global` statements.
    global_names: Vec<(u32, u32)>,
    /// Place of the last bare name that was an atom.
    name: (usize, usize),
}

impl<'a> Recogniser<'a> {
    fn new(text: Text<'a>) -> Self {
        Self {
            text,
            token: Token::EndMarker,
            start: 0,
            end: 0,
            content: (0, 0),
            raw: false,
            brackets: 0,
            fields: 0,
            column: (0, 0),
            block_column: (0, 0),
            blocks: 0,
            nesting: 0,
            depth: 1,
            deepest: 0,
            hits: Vec::new(),
            global_names: Vec::new(),
            name: (0, 0),
        }
    }

    /// Goes one level of nesting deeper; every path of recursion passes here or through a block.
    #[inline]
    fn enter(&mut self) -> Option<()> {
        self.nesting += 1;
        (self.nesting <= MAX_NESTING).then_some(())
    }

    #[inline]
    fn leave(&mut self) {
        self.nesting -= 1;
    }
}
