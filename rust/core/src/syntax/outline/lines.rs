//! The definitions of a text that cannot be parsed, as far as their first lines tell them.
//!
//! A definition ends before the next line that is indented no deeper. What stands in a string of several lines looks the same.

use super::{Symbol, SymbolKind};

/// The classes and functions that begin in a line of their own.
pub(super) fn symbols(text: &str) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::new();
    // The definitions that have not ended, with their indentation.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut last_line = 0;
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    for (number, line) in (1..).zip(lines.split('\n')) {
        let code = line.trim_start_matches([' ', '\t', '\x0c']);
        if code.is_empty() || code.starts_with(['#', ')', ']', '}']) {
            continue;
        }
        let indentation = line.len() - code.len();
        while open.last().is_some_and(|(depth, _)| *depth >= indentation) {
            end(&mut symbols, open.pop(), last_line);
        }
        last_line = number;
        let Some((kind, is_async, name)) = definition(code) else { continue };
        let is_in_class = open.last().is_some_and(|(_, index)| symbols[*index].kind == SymbolKind::Class);
        let kind = if is_in_class && kind == SymbolKind::Function { SymbolKind::Method } else { kind };
        open.push((indentation, symbols.len()));
        let signature = code.trim_end().trim_end_matches(':').to_owned();
        symbols.push(Symbol {
            depth: open.len() as u32 - 1,
            kind,
            is_async,
            name: name.to_owned(),
            line: number,
            first_line: number,
            last_line: number,
            signature,
            doc: None,
        });
    }
    while let Some(definition) = open.pop() {
        end(&mut symbols, Some(definition), last_line);
    }
    symbols
}

fn end(symbols: &mut [Symbol], definition: Option<(usize, usize)>, line: u32) {
    if let Some(symbol) = definition.and_then(|(_, index)| symbols.get_mut(index)) {
        symbol.last_line = line;
    }
}

/// What a line begins to define.
fn definition(code: &str) -> Option<(SymbolKind, bool, &str)> {
    let rest = code.strip_prefix("async").and_then(blank);
    let is_async = rest.is_some();
    let code = rest.unwrap_or(code);
    let (kind, rest) = match code.strip_prefix("def").and_then(blank) {
        Some(rest) => (SymbolKind::Function, rest),
        None if is_async => return None,
        None => (SymbolKind::Class, code.strip_prefix("class").and_then(blank)?),
    };
    let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let goes_on = rest.trim_start_matches([' ', '\t']);
    let is_one = match kind {
        SymbolKind::Class => goes_on.starts_with(['(', ':', '[']),
        _ => goes_on.starts_with(['(', '[']),
    };
    (is_one && !name.is_empty() && !name.starts_with(|first: char| first.is_numeric()))
        .then_some((kind, is_async, name))
}

/// What comes behind blanks, if there are any.
fn blank(rest: &str) -> Option<&str> {
    let trimmed = rest.trim_start_matches([' ', '\t']);
    (trimmed.len() < rest.len()).then_some(trimmed)
}
