//! The rule that looks at lines of text: TODO and FIXME anywhere in them, in comments, strings and names alike.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::finding::{Detail, Finding, Marker};
use crate::source::{Positions, is_python_space, splitlines_end};

static TODO: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("TODO"));
static FIXME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("FIXME"));

/// Appends one finding for each line, in the sense of `str.splitlines`, that holds a marker.
pub(super) fn find(text: &str, findings: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut next_todo = TODO.find(bytes);
    let mut next_fixme = FIXME.find(bytes);
    let (mut offset, mut line_start, mut line) = (0, 0, 1);
    let mut positions = None;
    while let Some(marker) = next_todo.into_iter().chain(next_fixme).min() {
        while offset < marker {
            let end = splitlines_end(bytes, offset);
            offset += end.max(1);
            if end > 0 {
                line += 1;
                line_start = offset;
            }
        }
        let mut line_end = marker;
        while line_end < bytes.len() && splitlines_end(bytes, line_end) == 0 {
            line_end += 1;
        }
        let is_todo = next_todo.is_some_and(|offset| offset < line_end);
        let (physical_line, column) = positions.get_or_insert_with(|| Positions::new(text)).at(marker);
        findings.push(Finding {
            line: physical_line,
            column,
            detail: Detail::Todo {
                text: text[line_start..line_end].trim_matches(is_python_space).to_owned(),
                marker: if is_todo { Marker::Todo } else { Marker::Fixme },
                splitlines_line: line,
            },
        });
        offset = line_end;
        let after = |finder: &Finder<'_>, next: Option<usize>| match next {
            Some(found) if found < line_end => finder.find(&bytes[line_end..]).map(|found| found + line_end),
            other => other,
        };
        next_todo = after(&TODO, next_todo);
        next_fixme = after(&FIXME, next_fixme);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_both_ways() {
        let mut findings = Vec::new();
        find("a\x0c# TODO x\x1f\n\u{2028}# FIXME TODO\r\nTODOS\r", &mut findings);
        let lines = findings.iter().map(|finding| match &finding.detail {
            Detail::Todo { text, marker, splitlines_line } => {
                (finding.line, finding.column, *splitlines_line, text.as_str(), marker.name())
            }
            _ => unreachable!(),
        });
        let expected = [(1, 5, 2, "# TODO x", "TODO"), (2, 4, 4, "# FIXME TODO", "TODO"), (3, 1, 5, "TODOS", "TODO")];
        assert!(lines.eq(expected));
    }
}
