//! The outcome of one file as bytes.
//!
//! ```text
//! format 1 B │ status 1 B │ findings of each rule, 6 numbers │ bytes of text │ the findings' numbers … │ their text …
//! ```
//!
//! Numbers are of variable length, seven bits to a byte. All text stands at the end, so that one look says whether it is UTF-8 and a
//! finding borrows its part. A finding's line is the distance to the line before; its other lines and lengths follow it.
//!
//! What is read is checked against what is left before anything is allocated, and whatever does not add up is `None`.

use std::borrow::Cow;

use crate::rules::{Detail, Finding, Marker, Outcome, Rule, RuleSet};
use crate::syntax::facts::{Callee, Failure, Status};

const FORMAT: u8 = 1;

const OK: u8 = 0;
const SYNTAX_ERROR: u8 = 1;
const UNDECODABLE: u8 = 2;

/// The kinds of finding, as the first byte of one.
mod kind {
    pub(super) const TODO: u8 = 0;
    pub(super) const FIXME: u8 = 1;
    pub(super) const PRINT: u8 = 2;
    pub(super) const MISSING_RETURN_TYPE: u8 = 3;
    pub(super) const MANY_PARAMETERS: u8 = 4;
    pub(super) const GLOBAL: u8 = 5;
    /// And above: plus the place in [`CALLEES`](super::CALLEES).
    pub(super) const DANGEROUS: u8 = 6;
}

const CALLEES: [Callee; 5] = [Callee::Print, Callee::Eval, Callee::Exec, Callee::Compile, Callee::Import];

/// A finding takes at least this many bytes: kind, line, column.
const LEAST: usize = 3;

/// Names of exceptions that need no memory of their own.
const EXCEPTIONS: [&str; 5] = ["SyntaxError", "IndentationError", "TabError", "UnicodeDecodeError", "ValueError"];

/// Whether an outcome follows from the file's bytes alone, so that it holds wherever and whenever they are met again.
///
/// What memory or the stack did not suffice for may work out next time.
#[cfg(test)]
pub(crate) fn is_kept(outcome: &Outcome) -> bool {
    outcome.as_ref().map_or_else(|failure| status_byte(failure).is_some(), |_| true)
}

fn status_byte(failure: &Failure) -> Option<u8> {
    match failure.status {
        _ if matches!(&*failure.exception, "MemoryError" | "RecursionError") => None,
        Status::SyntaxError => Some(SYNTAX_ERROR),
        Status::Undecodable => Some(UNDECODABLE),
        Status::Unreadable | Status::TooLarge | Status::TooComplex | Status::InternalError => None,
    }
}

/// Appends an outcome; `false`, and nothing appended, for one that [is not kept](is_kept).
pub(crate) fn encode(outcome: &Outcome, output: &mut Vec<u8>) -> bool {
    match outcome {
        Ok(findings) => encode_findings(findings, output),
        Err(failure) => {
            let Some(status) = status_byte(failure) else { return false };
            output.extend_from_slice(&[FORMAT, status]);
            let (line, column) = failure.position.unwrap_or_default();
            output.push(u8::from(failure.position.is_some()));
            for value in [line.into(), column.into(), failure.exception.len() as u64] {
                number(output, value);
            }
            output.extend_from_slice(failure.exception.as_bytes());
            output.extend_from_slice(failure.message.as_bytes());
        }
    }
    true
}

fn encode_findings(findings: &[Finding], output: &mut Vec<u8>) {
    let mut by_rule = [0_u64; 6];
    let (mut numbers, mut text) = (Vec::with_capacity(findings.len() * 6), Vec::new());
    let mut line = 0;
    let mut word = |numbers: &mut Vec<u8>, word: &str| {
        number(numbers, word.len() as u64);
        text.extend_from_slice(word.as_bytes());
    };
    for finding in findings {
        by_rule[finding.detail.rule() as usize] += 1;
        numbers.push(kind_byte(&finding.detail));
        distance(&mut numbers, line, finding.line);
        line = finding.line;
        number(&mut numbers, finding.column.into());
        match &finding.detail {
            Detail::Todo { text, splitlines_line, .. } => {
                distance(&mut numbers, line, *splitlines_line);
                word(&mut numbers, text);
            }
            Detail::Print | Detail::Dangerous(_) => {}
            Detail::MissingReturnType { function } => word(&mut numbers, function),
            Detail::ManyParameters { function, parameters } => {
                number(&mut numbers, (*parameters).into());
                word(&mut numbers, function);
            }
            Detail::Global { names } => {
                number(&mut numbers, names.len() as u64);
                for name in names {
                    word(&mut numbers, name);
                }
            }
        }
    }
    output.reserve(numbers.len() + text.len() + 32);
    output.extend_from_slice(&[FORMAT, OK]);
    for count in by_rule {
        number(output, count);
    }
    number(output, text.len() as u64);
    output.extend_from_slice(&numbers);
    output.extend_from_slice(&text);
}

const fn kind_byte(detail: &Detail) -> u8 {
    match detail {
        Detail::Todo { marker: Marker::Todo, .. } => kind::TODO,
        Detail::Todo { marker: Marker::Fixme, .. } => kind::FIXME,
        Detail::Print => kind::PRINT,
        Detail::MissingReturnType { .. } => kind::MISSING_RETURN_TYPE,
        Detail::ManyParameters { .. } => kind::MANY_PARAMETERS,
        Detail::Global { .. } => kind::GLOBAL,
        Detail::Dangerous(callee) => kind::DANGEROUS + *callee as u8,
    }
}

fn number(output: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        output.push(value as u8 | 0x80);
        value >>= 7;
    }
    output.push(value as u8);
}

/// The way from one line to another, with the sign in the lowest bit.
fn distance(output: &mut Vec<u8>, from: u32, to: u32) {
    let difference = i64::from(to) - i64::from(from);
    number(output, ((difference << 1) ^ (difference >> 63)).cast_unsigned());
}

/// Reads an outcome with the findings of some rules only; its texts may be parts of `bytes`.
pub(crate) fn decode<'a, S: From<&'a str>>(bytes: &'a [u8], rules: RuleSet) -> Option<Outcome<S>> {
    match bytes {
        [FORMAT, OK, rest @ ..] => findings(rest, rules).map(Ok),
        [FORMAT, SYNTAX_ERROR, rest @ ..] => failure(Status::SyntaxError, rest).map(Err),
        [FORMAT, UNDECODABLE, rest @ ..] => failure(Status::Undecodable, rest).map(Err),
        _ => None,
    }
}

struct Header {
    by_rule: [usize; 6],
    text: usize,
}

fn header(numbers: &mut Numbers<'_>) -> Option<Header> {
    let mut by_rule = [0; 6];
    for count in &mut by_rule {
        *count = numbers.size()?;
    }
    Some(Header { by_rule, text: numbers.size()? })
}

fn findings<'a, S: From<&'a str>>(bytes: &'a [u8], rules: RuleSet) -> Option<Vec<Finding<S>>> {
    let mut numbers = Numbers(bytes);
    let header = header(&mut numbers)?;
    let (rest, text) = numbers.0.split_at_checked(numbers.0.len().checked_sub(header.text)?)?;
    let (mut numbers, mut text) = (Numbers(rest), Text(std::str::from_utf8(text).ok()?));
    let wanted = Rule::ALL.iter().filter(|rule| rules.contains(**rule));
    let wanted = wanted.map(|rule| header.by_rule[*rule as usize]).try_fold(0, usize::checked_add)?;
    // No more of them than there can be: the text of a damaged record does not decide how much is allocated.
    if wanted > rest.len() / LEAST {
        return None;
    }
    let mut findings = Vec::new();
    findings.try_reserve_exact(wanted).ok()?;
    let mut by_rule = [0; 6];
    let mut line = 0;
    while !numbers.0.is_empty() {
        let finding = one(&mut numbers, &mut text, line, rules)?;
        line = finding.line;
        by_rule[finding.rule as usize] += 1;
        if let Some(detail) = finding.detail {
            // Within what was reserved, unless the record is damaged.
            if findings.len() == wanted {
                return None;
            }
            findings.push(Finding { line, column: finding.column, detail });
        }
    }
    (by_rule == header.by_rule && text.0.is_empty()).then_some(findings)
}

/// A finding that was read; without detail when its rule is not wanted.
struct Read<S> {
    line: u32,
    column: u32,
    rule: Rule,
    detail: Option<Detail<S>>,
}

#[inline]
fn one<'a, S: From<&'a str>>(
    numbers: &mut Numbers<'_>,
    text: &mut Text<'a>,
    before: u32,
    rules: RuleSet,
) -> Option<Read<S>> {
    let kind = numbers.byte()?;
    let line = numbers.line(before)?;
    let column = numbers.u32()?;
    let read = |rule: Rule, detail: Option<Detail<S>>| Some(Read { line, column, rule, detail });
    match kind {
        kind::TODO | kind::FIXME => {
            let marker = if kind == kind::TODO { Marker::Todo } else { Marker::Fixme };
            let splitlines_line = numbers.line(line)?;
            let text = text.take(numbers)?;
            let is_wanted = rules.contains(Rule::Todos);
            read(Rule::Todos, is_wanted.then(|| Detail::Todo { text: text.into(), marker, splitlines_line }))
        }
        kind::PRINT => read(Rule::Prints, rules.contains(Rule::Prints).then_some(Detail::Print)),
        kind::MISSING_RETURN_TYPE => {
            let function = text.take(numbers)?;
            let is_wanted = rules.contains(Rule::TypeHints);
            read(Rule::TypeHints, is_wanted.then(|| Detail::MissingReturnType { function: function.into() }))
        }
        kind::MANY_PARAMETERS => {
            let parameters = numbers.u32()?;
            let function = text.take(numbers)?;
            let detail = || Detail::ManyParameters { function: function.into(), parameters };
            read(Rule::ComplexFunctions, rules.contains(Rule::ComplexFunctions).then(detail))
        }
        kind::GLOBAL => {
            let count = numbers.size()?;
            let is_wanted = rules.contains(Rule::Globals);
            let mut names = Vec::new();
            // Each name takes at least the byte of its length.
            if count > numbers.0.len() {
                return None;
            }
            names.try_reserve_exact(if is_wanted { count } else { 0 }).ok()?;
            for _ in 0..count {
                let name = text.take(numbers)?;
                if is_wanted {
                    names.push(name.into());
                }
            }
            read(Rule::Globals, is_wanted.then_some(Detail::Global { names }))
        }
        kind => {
            let callee = *CALLEES.get(usize::from(kind - kind::DANGEROUS))?;
            read(Rule::Dangerous, rules.contains(Rule::Dangerous).then_some(Detail::Dangerous(callee)))
        }
    }
}

fn failure(status: Status, bytes: &[u8]) -> Option<Failure> {
    let mut numbers = Numbers(bytes);
    let has_position = numbers.byte()?;
    let position = (numbers.u32()?, numbers.u32()?);
    let position = match has_position {
        0 if position == (0, 0) => None,
        1 => Some(position),
        _ => return None,
    };
    let length = numbers.size()?;
    let (exception, message) = std::str::from_utf8(numbers.0).ok()?.split_at_checked(length)?;
    let known = EXCEPTIONS.iter().find(|known| **known == exception);
    let exception = known.map_or_else(|| Cow::Owned(exception.to_owned()), |known| Cow::Borrowed(*known));
    let failure = Failure { status, exception, message: Cow::Owned(message.to_owned()), position };
    status_byte(&failure).is_some().then_some(failure)
}

/// The numbers that are still to be read.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 { Some(first.into()) } else { self.longer(first) }
    }

    fn longer(&mut self, first: u8) -> Option<u64> {
        let mut value = u64::from(first & 0x7f);
        for shift in (7..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    #[inline]
    fn u32(&mut self) -> Option<u32> {
        self.u64()?.try_into().ok()
    }

    #[inline]
    fn size(&mut self) -> Option<usize> {
        self.u64()?.try_into().ok()
    }

    #[inline]
    fn line(&mut self, from: u32) -> Option<u32> {
        let value = self.u64()?;
        let difference = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
        i64::from(from).checked_add(difference)?.try_into().ok()
    }
}

/// The text that is still to be taken.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The next part, whose length is the next number.
    #[inline]
    fn take(&mut self, numbers: &mut Numbers<'_>) -> Option<&'a str> {
        let (part, rest) = self.0.split_at_checked(numbers.size()?)?;
        self.0 = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests;
