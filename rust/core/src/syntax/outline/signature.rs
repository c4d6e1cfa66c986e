//! The text of a definition up to its colon, on one line.

use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_text_size::{Ranged, TextRange};

/// Where a definition begins behind its decorators, and what is written there.
pub(super) struct Header {
    pub(super) start: usize,
    pub(super) text: String,
}

/// The header of a definition in a range that ends where its body begins.
pub(super) fn header(text: &str, tokens: &Tokens, range: TextRange) -> Header {
    let mut tokens = within(tokens, range);
    while let [first, rest @ ..] = tokens
        && is_blank(first)
    {
        tokens = rest;
    }
    while let [rest @ .., last] = tokens
        && is_blank(last)
    {
        tokens = rest;
    }
    if let [rest @ .., last] = tokens
        && last.kind() == TokenKind::Colon
    {
        tokens = rest;
    }
    let start = tokens.first().map_or(range.start(), Ranged::start).to_usize();
    Header { start, text: joined(text, tokens) }
}

/// What is written in a range, on one line.
pub(super) fn between(text: &str, tokens: &Tokens, range: TextRange) -> String {
    joined(text, within(tokens, range))
}

fn within(tokens: &Tokens, range: TextRange) -> &[Token] {
    let start = tokens.partition_point(|token| token.start() < range.start());
    let length = tokens[start..].partition_point(|token| token.start() < range.end());
    &tokens[start..start + length]
}

/// Whether a token is not part of what is written on a line.
fn is_blank(token: &Token) -> bool {
    use TokenKind::{Comment, Dedent, EndOfFile, Indent, Newline, NonLogicalNewline};
    matches!(token.kind(), Comment | Newline | NonLogicalNewline | Indent | Dedent | EndOfFile)
}

/// The tokens with what stands between them: at most one blank, and none inside a bracket at its ends where the line was broken.
fn joined(text: &str, tokens: &[Token]) -> String {
    use TokenKind::{Comma, Lbrace, Lpar, Lsqb, Rarrow, Rbrace, Rpar, Rsqb};
    let mut joined = String::new();
    let mut last: Option<&Token> = None;
    let (mut brackets, mut arrow) = (0_u32, false);
    for token in tokens.iter().filter(|token| !is_blank(token)) {
        let kind = token.kind();
        let closes = matches!(kind, Rpar | Rsqb | Rbrace);
        if let Some(last) = last {
            let gap = text.get(last.end().to_usize()..token.start().to_usize()).unwrap_or_default();
            if gap.contains(['\n', '\r']) {
                // A comma behind the last parameter was there for the sake of the lines. In a tuple it has a meaning.
                if closes && brackets == 1 && !arrow && last.kind() == Comma {
                    joined.pop();
                }
                if !closes && !matches!(last.kind(), Lpar | Lsqb | Lbrace) {
                    joined.push(' ');
                }
            } else if !gap.is_empty() {
                joined.push(' ');
            }
        }
        match kind {
            Lpar | Lsqb | Lbrace => brackets += 1,
            Rarrow => arrow = true,
            _ if closes => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        joined.push_str(&text[token.range()]);
        last = Some(token);
    }
    joined
}
