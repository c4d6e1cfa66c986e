//! Reports that are written file by file: text for people, JSON lines and SARIF for programs.

use super::{json, sarif};
use crate::rules::{Detail, Finding, Rule};
use crate::scan::{FileReport, Stats};
use crate::syntax::facts::Failure;
use crate::tree::key::Key;

/// Version of the JSON lines' form; it changes when a key changes its meaning or goes.
const SCHEMA_VERSION: u64 = 1;

/// A line-wise format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFormat {
    /// `path:line:column: rule message`.
    Text {
        /// Whether to use the colours of a terminal.
        color: bool,
    },
    /// One JSON object for each file, also where nothing was found, and a summary object at the end.
    JsonLines,
    /// One SARIF log, with a line for each finding and, at the end, for each failure.
    Sarif,
}

/// What there is to say of one file.
#[derive(Default)]
pub(crate) struct Part {
    text: Vec<u8>,
    is_failure: bool,
}

/// Puts a report together from the parts of its files.
pub(crate) struct Writer {
    format: LineFormat,
    /// Whether nothing was written that the next part has to be separated from.
    is_first: bool,
    /// What has to wait for the end.
    failures: Vec<u8>,
}

impl Writer {
    /// Appends what stands at the beginning.
    pub(crate) fn begin(format: LineFormat, output: &mut Vec<u8>) -> Self {
        if format == LineFormat::Sarif {
            sarif::begin(output);
        }
        Self { format, is_first: true, failures: Vec::new() }
    }

    /// Appends the next part.
    pub(crate) fn push(&mut self, output: &mut Vec<u8>, part: &Part) {
        let Part { text, is_failure } = part;
        if self.format != LineFormat::Sarif {
            output.extend_from_slice(text);
        } else if *is_failure {
            self.failures.extend_from_slice(text);
        } else if self.is_first {
            let text = text.strip_prefix(sarif::SEPARATOR);
            self.is_first = text.is_none();
            output.extend_from_slice(text.unwrap_or_default());
        } else {
            output.extend_from_slice(text);
        }
    }

    /// Appends what stands at the end.
    pub(crate) fn end(self, output: &mut Vec<u8>, stats: &Stats) {
        match self.format {
            LineFormat::Text { .. } => {}
            LineFormat::JsonLines => summary(output, stats),
            LineFormat::Sarif => {
                sarif::end(output, self.failures.strip_prefix(sarif::SEPARATOR).unwrap_or_default());
            }
        }
    }
}

impl LineFormat {
    /// Whether a file without findings and failures shows up.
    pub(crate) fn shows_silent(self) -> bool {
        self == Self::JsonLines
    }

    /// What there is to say of one file.
    pub(crate) fn part(self, report: &FileReport) -> Part {
        let mut text = Vec::new();
        match (self, &report.outcome) {
            (Self::Text { color }, _) => self::text(&mut text, report, color),
            (Self::JsonLines, _) => json_line(&mut text, report),
            (Self::Sarif, Ok(_)) => sarif::results(&mut text, report),
            (Self::Sarif, Err(failure)) => sarif::notification(&mut text, &report.key, failure),
        }
        Part { text, is_failure: report.outcome.is_err() }
    }
}

fn summary(output: &mut Vec<u8>, stats: &Stats) {
    output.extend_from_slice(b"{\"type\": \"summary\", \"schema_version\": ");
    json::number(output, SCHEMA_VERSION);
    for (name, number) in [("files", stats.files), ("findings", stats.findings()), ("errors", stats.errors)] {
        output.extend_from_slice(format!(", \"{name}\": ").as_bytes());
        json::number(output, number as u64);
    }
    output.extend_from_slice(b", \"by_rule\": {");
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        output.extend_from_slice(format!("{comma}\"{}\": {}", rule.name(), stats.by_rule[rule as usize]).as_bytes());
    }
    output.extend_from_slice(b"}}\n");
}

fn text(output: &mut Vec<u8>, report: &FileReport, color: bool) {
    let (bold, red, cyan, reset) =
        if color { ("\x1b[1m", "\x1b[31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "", "") };
    let mut line = |place: Option<(u32, u32)>, style: &str, rule: &str, message: &str| {
        output.extend_from_slice(bold.as_bytes());
        printable(output, &report.key.to_text());
        output.extend_from_slice(reset.as_bytes());
        if let Some((line, column)) = place {
            output.extend_from_slice(format!(":{line}:{column}").as_bytes());
        }
        output.extend_from_slice(format!(": {style}{rule}{reset} ").as_bytes());
        printable(output, message);
        output.push(b'\n');
    };
    match &report.outcome {
        Err(failure) => {
            let message = format!("{}: {}", failure.exception, failure.message);
            line(failure.position, red, "error", &message);
        }
        Ok(_) => {
            for finding in report.by_position() {
                line(
                    Some((finding.line, finding.column)),
                    cyan,
                    finding.detail.rule().name(),
                    &finding.detail.message(),
                );
            }
        }
    }
}

/// Appends text without the characters that a terminal would obey.
fn printable(output: &mut Vec<u8>, text: &str) {
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            output.extend_from_slice(character.escape_default().to_string().as_bytes());
        } else {
            output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Characters that show nothing, end lines, or turn the direction of what follows.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn json_line(output: &mut Vec<u8>, report: &FileReport) {
    output.extend_from_slice(b"{\"type\": \"file\", \"schema_version\": ");
    json::number(output, SCHEMA_VERSION);
    output.extend_from_slice(b", \"path\": ");
    path(output, &report.key);
    output.extend_from_slice(b", \"status\": \"");
    output.extend_from_slice(report.status().as_bytes());
    output.extend_from_slice(b"\", \"findings\": [");
    for (index, finding) in report.by_position().into_iter().enumerate() {
        if index > 0 {
            output.extend_from_slice(b", ");
        }
        json_finding(output, finding);
    }
    output.push(b']');
    if let Err(failure) = &report.outcome {
        json_failure(output, failure);
    }
    output.extend_from_slice(b"}\n");
}

fn path(output: &mut Vec<u8>, key: &Key) {
    json::key(output, key);
}

fn json_failure(output: &mut Vec<u8>, failure: &Failure) {
    output.extend_from_slice(b", \"error\": {\"exception\": ");
    json::string(output, &failure.exception);
    output.extend_from_slice(b", \"message\": ");
    json::string(output, &failure.message);
    let place = match failure.position {
        Some((line, column)) => format!(", \"line\": {line}, \"column\": {column}}}"),
        None => ", \"line\": null, \"column\": null}".to_owned(),
    };
    output.extend_from_slice(place.as_bytes());
}

fn json_finding(output: &mut Vec<u8>, finding: &Finding) {
    let rule = finding.detail.rule().name();
    let place =
        format!("{{\"rule\": \"{rule}\", \"line\": {}, \"column\": {}, \"message\": ", finding.line, finding.column);
    output.extend_from_slice(place.as_bytes());
    json::string(output, &finding.detail.message());
    output.extend_from_slice(b", \"data\": {");
    let mut member = |separator: &str, name: &str, value: &str| {
        output.extend_from_slice(format!("{separator}\"{name}\": ").as_bytes());
        json::string(output, value);
    };
    match &finding.detail {
        Detail::Todo { text, marker, .. } => {
            member("", "text", text);
            member(", ", "type", marker.name());
        }
        Detail::Print => {}
        Detail::Dangerous(callee) => {
            member("", "function", callee.name());
            member(", ", "severity", "HIGH");
        }
        Detail::MissingReturnType { function } => member("", "function", function),
        Detail::ManyParameters { function, parameters } => {
            member("", "function", function);
            output.extend_from_slice(format!(", \"parameters\": {parameters}").as_bytes());
        }
        Detail::Global { names } => {
            output.extend_from_slice(b"\"variables\": [");
            for (index, name) in names.iter().enumerate() {
                output.extend_from_slice(if index > 0 { b", " } else { b"" });
                json::string(output, name);
            }
            output.push(b']');
        }
    }
    output.extend_from_slice(b"}}");
}
