//! SARIF 2.1.0, which code hosts and editors read: one log with one run, a result a line.
//!
//! What failed comes behind the results, as notifications of the run, so that is kept until the end.

use std::collections::HashMap;

use super::json;
use crate::rules::{Detail, Finding, Rule};
use crate::scan::FileReport;
use crate::syntax::facts::{Failure, Status};
use crate::tree::key::Key;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to; whoever reads the log knows where that is.
const ROOT: &str = "%SRCROOT%";

/// What stands between two results, or two notifications.
pub(super) const SEPARATOR: &[u8] = b",\n";

/// Appends all that stands before the first result.
pub(super) fn begin(output: &mut Vec<u8>) {
    let mut text = |text: &str| output.extend_from_slice(text.as_bytes());
    text("{\"$schema\": \"");
    text(SCHEMA);
    text("\", \"version\": \"2.1.0\", \"runs\": [{\n\"tool\": {\"driver\": {\"name\": \"rev-accel\", \"version\": \"");
    text(env!("CARGO_PKG_VERSION"));
    text("\", \"semanticVersion\": \"");
    text(env!("CARGO_PKG_VERSION"));
    text("\", \"informationUri\": \"");
    text(env!("CARGO_PKG_REPOSITORY"));
    text("\", \"rules\": [\n");
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        if index > 0 {
            output.extend_from_slice(SEPARATOR);
        }
        describe_rule(output, rule);
    }
    output.extend_from_slice(b"\n], \"notifications\": [\n");
    for (index, status) in Status::ALL.into_iter().enumerate() {
        if index > 0 {
            output.extend_from_slice(SEPARATOR);
        }
        member(output, "{\"id\": ", status.name());
        member(output, ", \"shortDescription\": {\"text\": ", short_description(status));
        output.extend_from_slice(b"}}");
    }
    output.extend_from_slice(
        b"\n]}},\n\"columnKind\": \"unicodeCodePoints\", \"newlineSequences\": [\"\\r\\n\", \"\\n\", \"\\r\"],\n",
    );
    member(output, "\"originalUriBaseIds\": {", ROOT);
    output.extend_from_slice(
        b": {\"description\": {\"text\": \"The folder that was scanned from\"}}},\n\"results\": [\n",
    );
}

/// Appends all that stands behind the last result.
pub(super) fn end(output: &mut Vec<u8>, notifications: &[u8]) {
    output.extend_from_slice(
        b"\n], \"invocations\": [{\"executionSuccessful\": true, \"toolExecutionNotifications\": [\n",
    );
    output.extend_from_slice(notifications);
    output.extend_from_slice(b"\n]}]\n}]}\n");
}

/// Appends the results of a file, each with a separator before it.
pub(super) fn results(output: &mut Vec<u8>, report: &FileReport) {
    let mut identities = Identities::default();
    for finding in report.by_position() {
        output.extend_from_slice(SEPARATOR);
        let rule = finding.detail.rule();
        member(output, "{\"ruleId\": ", rule.name());
        output.extend_from_slice(format!(", \"ruleIndex\": {}", rule as usize).as_bytes());
        member(output, ", \"level\": ", level(rule));
        output.extend_from_slice(b", \"message\": {\"text\": ");
        message(output, &finding.detail.message());
        output.extend_from_slice(b"}, ");
        location(output, &report.key, Some((finding.line, finding.column)));
        if let Some(identity) = identities.next(finding) {
            member(output, ", \"partialFingerprints\": {\"content/v1\": ", &identity);
            output.push(b'}');
        }
        output.push(b'}');
    }
}

/// Appends what is to be said of a file that failed, with a separator before it.
pub(super) fn notification(output: &mut Vec<u8>, key: &Key, failure: &Failure) {
    output.extend_from_slice(SEPARATOR);
    member(output, "{\"descriptor\": {\"id\": ", failure.status.name());
    output.extend_from_slice(format!(", \"index\": {}}}", failure.status as usize).as_bytes());
    output.extend_from_slice(b", \"level\": \"error\", \"message\": {\"text\": ");
    message(output, &format!("{}: {}", failure.exception, failure.message));
    output.extend_from_slice(b"}, ");
    location(output, key, failure.position);
    output.push(b'}');
}

fn member(output: &mut Vec<u8>, before: &str, value: &str) {
    output.extend_from_slice(before.as_bytes());
    json::string(output, value);
}

/// Appends a text in which braces would be placeholders, and brackets before a parenthesis a link.
fn message(output: &mut Vec<u8>, text: &str) {
    if !text.contains(['{', '}']) && !text.contains("](") {
        return json::string(output, text);
    }
    json::string(output, &text.replace('{', "{{").replace('}', "}}").replace("](", "\\]("));
}

fn location(output: &mut Vec<u8>, key: &Key, position: Option<(u32, u32)>) {
    output.extend_from_slice(b"\"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"");
    let is_relative = uri(output, key.as_bytes(), cfg!(windows));
    output.push(b'"');
    if is_relative {
        member(output, ", \"uriBaseId\": ", ROOT);
    }
    output.push(b'}');
    if let Some((line, column)) = position {
        let region = format!(", \"region\": {{\"startLine\": {line}, \"startColumn\": {column}}}");
        output.extend_from_slice(region.as_bytes());
    }
    output.extend_from_slice(b"}}]");
}

/// Appends the URI of a path with forward slashes, byte by byte whatever its encoding; says whether that is relative.
fn uri(output: &mut Vec<u8>, path: &[u8], has_drives: bool) -> bool {
    let scheme: &[u8] = match path {
        // `\\server\share\...`
        [b'/', b'/', ..] if has_drives => b"file:",
        [b'/', ..] => b"file://",
        [_, b':', ..] if has_drives => b"file:///",
        _ => b"",
    };
    output.extend_from_slice(scheme);
    for &byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => output.push(byte),
            // In a relative one it would be the end of a scheme.
            b':' if !scheme.is_empty() => output.push(byte),
            _ => output.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    scheme.is_empty()
}

/// What tells the findings of a file apart wherever their lines are.
#[derive(Default)]
struct Identities {
    seen: HashMap<[u8; 32], u64>,
}

impl Identities {
    /// A name for what was found, the first, second, ... of its kind in the file; none where a finding has no content of its own, so that
    /// only its place would tell it from the others.
    fn next(&mut self, finding: &Finding) -> Option<String> {
        let content = match &finding.detail {
            Detail::Print | Detail::Dangerous(_) => return None,
            Detail::Todo { text, .. } => text.clone(),
            Detail::MissingReturnType { function } | Detail::ManyParameters { function, .. } => function.clone(),
            Detail::Global { names } => names.join(","),
        };
        let named = |parts: &[&[u8]]| {
            let mut hasher = blake3::Hasher::new();
            for part in parts {
                hasher.update(part);
            }
            hasher.finalize()
        };
        let name = named(&[finding.detail.rule().name().as_bytes(), b"\0", content.as_bytes()]);
        let before = self.seen.entry(*name.as_bytes()).or_default();
        *before += 1;
        Some(named(&[name.as_bytes(), &before.to_le_bytes()]).to_hex()[..32].to_owned())
    }
}

const fn level(rule: Rule) -> &'static str {
    match rule {
        Rule::Dangerous => "warning",
        Rule::Todos | Rule::Prints | Rule::TypeHints | Rule::ComplexFunctions | Rule::Globals => "note",
    }
}

fn describe_rule(output: &mut Vec<u8>, rule: Rule) {
    let (name, tag, short, help) = match rule {
        Rule::Todos => (
            "OpenWork",
            "maintainability",
            "A line says TODO or FIXME.",
            "The line holds one of these words, in a comment or anywhere else. Do what it says, or move it to where open work is tracked.",
        ),
        Rule::Prints => (
            "PrintCall",
            "maintainability",
            "`print` is called.",
            "What a library or a service has to say belongs in its log, or in what it returns. A program for the command line may print.",
        ),
        Rule::Dangerous => (
            "DynamicCode",
            "security",
            "`eval`, `exec`, `compile` or `__import__` is called.",
            "These run or load what a text says. Where somebody else can choose the text, they choose the code. Read data with `ast.literal_eval` or `json`, and choose functions and modules from a fixed list.",
        ),
        Rule::TypeHints => (
            "MissingReturnType",
            "maintainability",
            "A public function has no return annotation.",
            "Type checkers take its result for anything, so that mistakes in its use go unseen. Say what it returns; `None`, if nothing.",
        ),
        Rule::ComplexFunctions => (
            "ManyParameters",
            "maintainability",
            "A function has more than five parameters.",
            "Counted are those that can be given by position and by name. Calls are hard to read and easy to get wrong. Put what belongs together into a dataclass, make the rest keyword-only, or split the function.",
        ),
        Rule::Globals => (
            "GlobalStatement",
            "maintainability",
            "A function has a `global` statement.",
            "It changes a variable of its module, so what it does depends on what ran before, also in other threads. Pass the value in and return the new one, or keep it in an object.",
        ),
    };
    member(output, "{\"id\": ", rule.name());
    member(output, ", \"name\": ", name);
    member(output, ", \"shortDescription\": {\"text\": ", short);
    member(output, "}, \"fullDescription\": {\"text\": ", &format!("{short} {help}"));
    member(output, "}, \"help\": {\"text\": ", help);
    member(output, ", \"markdown\": ", help);
    member(output, "}, \"defaultConfiguration\": {\"level\": ", level(rule));
    member(output, "}, \"properties\": {\"tags\": [", tag);
    output.push(b']');
    if rule == Rule::Dangerous {
        // GitHub orders alerts by it; 7 is where high begins.
        output.extend_from_slice(b", \"security-severity\": \"7.0\"");
    }
    output.extend_from_slice(b"}}");
}

const fn short_description(status: Status) -> &'static str {
    match status {
        Status::SyntaxError => "The file is not valid for the grammar of the running interpreter.",
        Status::Undecodable => "The file is not UTF-8.",
        Status::Unreadable => "The operating system did not give the file or folder.",
        Status::TooLarge => "The file is larger than the limit on bytes.",
        Status::TooComplex => "The file is nested or chained beyond what is analysed; it may be valid.",
        Status::InternalError => "A fault of rev-accel; the other files are not affected.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &[u8], has_drives: bool) -> (String, bool) {
        let mut output = Vec::new();
        let is_relative = uri(&mut output, path, has_drives);
        (String::from_utf8(output).unwrap(), is_relative)
    }

    #[test]
    fn paths_are_uris_byte_by_byte() {
        assert_eq!(of(b"a b/\xc3\xa9%\xff#?.py", false), ("a%20b/%C3%A9%25%FF%23%3F.py".into(), true));
        assert_eq!(of(b"c:x.py", false), ("c%3Ax.py".into(), true));
        assert_eq!(of(b"/a:b/c.py", false), ("file:///a:b/c.py".into(), false));
        assert_eq!(of(b"C:/a.py", true), ("file:///C:/a.py".into(), false));
        assert_eq!(of(b"//server/share/a.py", true), ("file://server/share/a.py".into(), false));
    }

    #[test]
    fn statuses_are_found_by_their_index() {
        for (index, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status as usize, index);
        }
    }
}
