//! The parser as a producer of facts: one parse, one visit.
//!
//! The visit is depth first and records the depth of each hit; a stable sort by depth then gives the order of CPython's `ast.walk`, which
//! is breadth first. That needs CPython's depths, not those of this parser's tree: `arguments`, `arg`, `keyword`, `withitem`,
//! `comprehension`, `match_case`, `ExceptHandler`, `FormattedValue` and a format specification are levels of their own, each `elif` is an
//! `If` inside the one before, and decorators are plain children. Children come in the order of CPython's `_fields`.

mod expressions;
mod patterns;
mod statements;

use ruff_python_ast::{self as ast, Expr, PythonVersion, Stmt};
use ruff_python_parser::{LexicalErrorType, Mode, ParseErrorType, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::facts::{Fact, FactKind};
use super::guard::MAX_DEPTH;
use super::interpreter::{FEATURES, Grammar};
use crate::source::Positions;

/// What the parser says of a text.
pub(crate) enum Parse {
    /// It is a module with these facts.
    Accepted(Accepted),
    /// It is not.
    Rejected(Rejection),
}

/// A text that parses.
#[derive(Default)]
pub(crate) struct Accepted {
    pub(crate) facts: Vec<Fact>,
    /// Depth of the tree in CPython's count.
    pub(crate) depth: u32,
    /// A form of which CPython refuses some.
    pub(crate) doubt: Option<Doubt>,
    /// Names with characters outside ASCII, as written.
    pub(crate) foreign_names: Vec<String>,
}

/// A form that this parser accepts and CPython may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Most of these are valid, so it is taken as valid where CPython cannot be asked.
    Valid,
    /// None of these is known to be valid, so it is taken as an error where CPython cannot be asked.
    Invalid(&'static str),
    /// As `Invalid`, in the grammar before Python 3.12.
    InvalidBefore312(&'static str),
    /// As `Invalid`, in Python 3.14 and later.
    InvalidSince314(&'static str),
}

/// The first error of a text.
pub(crate) struct Rejection {
    /// Name of the exception class, as far as the parser's error tells it.
    pub(crate) exception: &'static str,
    pub(crate) message: String,
    /// Byte offset of the error.
    pub(crate) offset: usize,
    /// Whether every error is of a kind that the parser is known to report on valid text.
    pub(crate) false_alarm: bool,
}

/// Parses a text whose depth the guard has bounded.
pub(crate) fn parse(text: &str, grammar: Grammar) -> Parse {
    match parse_as_it_is(text, grammar) {
        Parse::Rejected(rejection) => parse_with_plain_keys(text, grammar, rejection),
        accepted @ Parse::Accepted(_) => accepted,
    }
}

/// Parses once more, with f-strings as keys of mapping patterns as plain strings of the same length: CPython takes them, this version of
/// the parser does not.
fn parse_with_plain_keys(text: &str, grammar: Grammar, mut rejection: Rejection) -> Parse {
    let mut plain = text.to_owned();
    for _ in 0..MAX_PLAIN_KEYS {
        let Some(prefix) = f_string_key(&plain, rejection.offset) else { break };
        let replacement = if prefix.len() == 1 { " " } else { " r" };
        plain.replace_range(prefix, replacement);
        match parse_as_it_is(&plain, grammar) {
            Parse::Rejected(next) if next.offset > rejection.offset => rejection = next,
            Parse::Rejected(_) => break,
            accepted @ Parse::Accepted(_) => return accepted,
        }
    }
    Parse::Rejected(rejection)
}

/// The prefix of an f-string that begins at an offset, behind `{` or `,`, and that holds at most names: no facts.
fn f_string_key(text: &str, offset: usize) -> Option<std::ops::Range<usize>> {
    let (before, after) = text.split_at_checked(offset)?;
    let before = before.trim_end_matches(|character: char| character.is_whitespace() || character == '\\');
    if !before.ends_with(['{', ',']) {
        return None;
    }
    let quote = after.find(['"', '\''])?;
    let is_prefix =
        matches!(&after.as_bytes()[..quote], [b'f' | b'F'] | [b'f' | b'F', b'r' | b'R'] | [b'r' | b'R', b'f' | b'F']);
    let delimiter = &after[quote..=quote];
    let content = after[quote + 1..].split(delimiter).next()?;
    let mut pieces = content.split('{');
    let holds_names = !pieces.next()?.contains(['\\', '\n', '}'])
        && pieces.all(|piece| {
            piece.split_once('}').is_some_and(|(name, rest)| {
                !rest.contains(['\\', '\n', '}'])
                    && !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            })
        });
    (is_prefix && holds_names).then_some(offset..offset + quote)
}

fn parse_as_it_is(text: &str, grammar: Grammar) -> Parse {
    let version = PythonVersion { major: 3, minor: grammar.minor };
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(version));
    let error = parsed.errors().first();
    let unsupported = parsed.unsupported_syntax_errors().first();
    if error.is_some() || unsupported.is_some() {
        let rejection = match (error, unsupported) {
            (Some(error), other) if other.is_none_or(|other| error.location.start() <= other.range.start()) => {
                Rejection {
                    exception: exception_of(&error.error),
                    message: error.error.to_string(),
                    offset: error.location.start().to_usize(),
                    false_alarm: other.is_none()
                        && parsed.errors().iter().all(|error| is_false_alarm(text, error.location)),
                }
            }
            (_, other) => Rejection {
                exception: "SyntaxError",
                message: other.map_or_else(String::new, ToString::to_string),
                offset: other.map_or(0, |other| other.range.start().to_usize()),
                false_alarm: false,
            },
        };
        if !rejection.false_alarm {
            return Parse::Rejected(rejection);
        }
    }
    let ast::Mod::Module(module) = parsed.syntax() else {
        return Parse::Accepted(Accepted::default());
    };
    let mut visitor = Visitor { text, integer_digits: grammar.integer_digits, depth: 1, ..Visitor::default() };
    visitor.body(&module.body);
    let foreign_names = if text.is_ascii() {
        Vec::new()
    } else {
        let names = parsed.tokens().iter().filter(|token| token.kind() == ast::token::TokenKind::Name);
        let names = names.map(|token| &text[token.range()]).filter(|name| !name.is_ascii());
        names.map(str::to_owned).collect()
    };
    Parse::Accepted(Accepted {
        depth: visitor.deepest,
        doubt: visitor.doubt,
        foreign_names,
        facts: visitor.into_facts(),
    })
}

/// CPython's class for an error of the parser. `TabError` is found by the guard.
fn exception_of(error: &ParseErrorType) -> &'static str {
    match error {
        ParseErrorType::UnexpectedIndentation | ParseErrorType::Lexical(LexicalErrorType::IndentationError) => {
            "IndentationError"
        }
        ParseErrorType::OtherError(message) if message.starts_with("Expected an indented block") => "IndentationError",
        _ => "SyntaxError",
    }
}

/// Valid Python that this version of the parser reports: a bare `raise` followed by a semicolon.
fn is_false_alarm(text: &str, location: TextRange) -> bool {
    let (mut before, after) = text.split_at(location.start().to_usize());
    loop {
        before = before.trim_end_matches([' ', '\t', '\x0c']);
        let line = before.strip_suffix("\r\n").or_else(|| before.strip_suffix(['\n', '\r']));
        match line.and_then(|line| line.strip_suffix('\\')) {
            Some(line) => before = line,
            None => break,
        }
    }
    let Some(rest) = before.strip_suffix("raise") else { return false };
    after.starts_with(';')
        && !rest.ends_with(|character: char| character.is_alphanumeric() || character == '_' || character == '.')
}

/// How many f-strings as keys of mapping patterns are taken in one text.
const MAX_PLAIN_KEYS: usize = 8;

/// A fact before its place is turned into a line.
struct Hit {
    depth: u32,
    offset: usize,
    kind: FactKind,
}

#[derive(Default)]
struct Visitor<'a> {
    text: &'a str,
    integer_digits: usize,
    depth: u32,
    deepest: u32,
    hits: Vec<Hit>,
    doubt: Option<Doubt>,
}

impl<'a> Visitor<'a> {
    fn into_facts(mut self) -> Vec<Fact> {
        self.hits.sort_by_key(|hit| hit.depth);
        let mut by_offset: Vec<u32> = (0..self.hits.len() as u32).collect();
        by_offset.sort_unstable_by_key(|&index| self.hits[index as usize].offset);
        let mut places = vec![(0, 0); self.hits.len()];
        let mut positions = Positions::new(self.text);
        for index in by_offset {
            places[index as usize] = positions.at(self.hits[index as usize].offset);
        }
        let hits = self.hits.into_iter().zip(places);
        hits.map(|(hit, (line, column))| Fact { line, column, kind: hit.kind }).collect()
    }

    fn hit(&mut self, offset: usize, kind: FactKind) {
        self.hits.push(Hit { depth: self.depth, offset, kind });
    }

    /// Notes a doubtful form; one is enough.
    fn doubt(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }

    /// What follows an offset, behind blanks and ends of lines that do not end them.
    fn rest_of_line(&self, mut offset: usize) -> &'a str {
        let text = self.text.as_bytes();
        loop {
            match text[offset..] {
                [b' ' | b'\t' | 0x0c, ..] => offset += 1,
                [b'\\', b'\r', b'\n', ..] => offset += 3,
                [b'\\', b'\r' | b'\n', ..] => offset += 2,
                _ => return &self.text[offset..],
            }
        }
    }

    /// Where the next token begins, also on a later line.
    fn next_token(&self, mut offset: usize) -> usize {
        let text = self.text.as_bytes();
        while let Some(byte) = text.get(offset) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'\\' => offset += 1,
                b'#' => {
                    offset += memchr::memchr2(b'\n', b'\r', &text[offset..]).unwrap_or(text.len() - offset);
                }
                _ => break,
            }
        }
        offset
    }

    /// Whether what follows an offset can stand behind a whole expression.
    fn ends_expression(&self, offset: usize) -> bool {
        let rest = self.rest_of_line(offset);
        match rest.as_bytes().first() {
            // Of a conversion, but not of `!=`.
            Some(b'!') => !rest.starts_with("!="),
            Some(byte) => matches!(byte, b')' | b']' | b'}' | b':' | b';' | b'#' | b'\n' | b'\r'),
            None => true,
        }
    }

    /// Visits a child of the current node.
    #[inline]
    fn down(&mut self, visit: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        // Deeper trees are refused by their depth; the walk itself must not go on.
        if self.depth <= MAX_DEPTH {
            visit(self);
        }
        self.depth -= 1;
    }

    fn body(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            match statement {
                Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::Import(_) => {}
                Stmt::ImportFrom(node) => self.import_from(node),
                _ => self.down(|visitor| visitor.statement(statement)),
            }
        }
    }

    fn import_from(&mut self, node: &ast::StmtImportFrom) {
        let is_future = node.level == 0 && node.module.as_deref() == Some("__future__");
        if is_future && node.names.iter().any(|alias| !FEATURES.contains(&alias.name.as_str())) {
            self.doubt(Doubt::InvalidSince314("a future feature that is not defined"));
        }
    }

    fn optional(&mut self, expression: Option<&'a Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn expressions(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }
}
