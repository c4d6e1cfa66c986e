//! What a text defines: classes, functions, and names that are assigned to outside of functions.
//!
//! The parser goes on after an error, so that most of a text that is being edited has its place here. Where the guard does not let it
//! see a text, [`lines`] tells what the first lines of definitions say.

mod lines;
mod signature;
mod statements;

use ruff_python_ast::{self as ast, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};

use super::guard::{self, LONG_TEXT};
use super::interpreter::Grammar;
use crate::source::LineStarts;

/// Something that a text defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// In how many others it stands. The symbols of a text stand in its order: one's parent is the last before it that is less deep.
    pub depth: u32,
    /// What it is.
    pub kind: SymbolKind,
    /// For functions and methods: whether it is an `async def`.
    pub is_async: bool,
    /// Its own name.
    pub name: String,
    /// Physical line of `def`, `class` or the assignment, 1-based.
    pub line: u32,
    /// The line of its first decorator, or `line`.
    pub first_line: u32,
    /// The line that it ends in.
    pub last_line: u32,
    /// How it is written up to the colon, without comments, and on one line as far as there is no string of several lines in it; for an
    /// assignment, the name and its annotation.
    pub signature: String,
    /// The first line of its docstring that is not blank.
    pub doc: Option<String>,
}

/// What a [`Symbol`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A class.
    Class,
    /// A function that stands in no class, or deeper in a function of one.
    Function,
    /// A function that stands directly in a class.
    Method,
    /// A name that is assigned to at the level of the module or of a class.
    Variable,
}

impl SymbolKind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Function => "function",
            Self::Method => "method",
            Self::Variable => "variable",
        }
    }
}

/// The symbols of a text, and whether the parser saw all of it and found nothing wrong.
pub(crate) fn symbols(text: &str, grammar: Grammar) -> (Vec<Symbol>, bool) {
    let pass = guard::outline(text);
    if pass.stop.is_some() || guard::has_nul(text) {
        return (lines::symbols(text), false);
    }
    if text.len() > LONG_TEXT {
        let head = parsed(&text[..pass.head], grammar);
        if !head.1 {
            return head;
        }
    }
    parsed(text, grammar)
}

fn parsed(text: &str, grammar: Grammar) -> (Vec<Symbol>, bool) {
    let version = PythonVersion { major: 3, minor: grammar.minor };
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(version));
    let is_whole = parsed.errors().is_empty() && parsed.unsupported_syntax_errors().is_empty();
    let ast::Mod::Module(module) = parsed.syntax() else { return (Vec::new(), false) };
    let mut visitor = statements::Visitor::new(text, parsed.tokens(), LineStarts::new(text));
    visitor.module(&module.body);
    (visitor.symbols, is_whole)
}
