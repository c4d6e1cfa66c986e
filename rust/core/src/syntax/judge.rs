//! The verdict on a text: the parser's where it surely equals CPython's, else the interpreter's own.
//!
//! The parser and CPython differ on a few classes of text. None is imitated: a text that the parser rejects, or that the guard or the
//! visit finds doubtful, goes to the running interpreter, within the limits of [`guard`]. Beyond those limits the class of error comes
//! from the guard's rule or the parser's error; that is the one published class of possible difference.
//!
//! Before all that the [recogniser](super::recogniser) is tried: what it accepts needs neither guard nor parser nor interpreter.

use super::facts::{Fact, Failure, Status};
use super::guard::{self, Outline, Stop};
use super::interpreter::Interpreter;
use super::recogniser;
use super::tree::{self, Accepted, Doubt, Parse, Rejection};
use crate::source::{Positions, universal_newlines};

/// The facts of a text, or why it has none, and whether the interpreter was asked.
pub(crate) struct Judgement {
    pub(crate) facts: Result<Vec<Fact>, Failure>,
    pub(crate) asked: bool,
    /// Whether the interpreter should have been asked and gave no answer: the next time it may.
    pub(crate) tentative: bool,
}

/// Who makes the facts of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Producer {
    /// The recogniser where it accepts the text, else the parser.
    #[default]
    Auto,
    /// The parser alone.
    Parser,
    /// Both; where the recogniser accepts a text and the facts differ, the file fails with [`Status::InternalError`].
    Audit,
}

/// Reads a text as the interpreter would.
pub(crate) fn facts_of(text: &str, interpreter: &dyn Interpreter, producer: Producer) -> Judgement {
    let recognised = match producer {
        Producer::Parser => None,
        Producer::Auto | Producer::Audit => recogniser::recognise(text, interpreter.grammar()),
    };
    match (recognised, producer) {
        (Some(facts), Producer::Auto) => Judgement { facts: Ok(facts), asked: false, tentative: false },
        (Some(facts), _) => {
            let judgement = parsed(text, interpreter);
            match difference(&facts, &judgement.facts) {
                Some(message) => {
                    let failure = Failure::new(Status::InternalError, "InternalError", message);
                    Judgement { facts: Err(failure), ..judgement }
                }
                None => judgement,
            }
        }
        (None, _) => parsed(text, interpreter),
    }
}

/// What the parser, or the interpreter, says otherwise than the recogniser.
fn difference(recognised: &[Fact], judged: &Result<Vec<Fact>, Failure>) -> Option<String> {
    let judged = match judged {
        Ok(judged) if judged == recognised => return None,
        Ok(judged) => judged,
        // The guard's bound on depth is an upper one.
        Err(failure) if failure.status == Status::TooComplex => return None,
        Err(failure) => {
            return Some(format!(
                "audit: the recogniser accepts what fails with {}: {}",
                failure.exception, failure.message
            ));
        }
    };
    let place = recognised.iter().zip(judged).take_while(|(one, other)| one == other).count();
    let (one, other) = (recognised.get(place), judged.get(place));
    Some(format!("audit: fact {place} is {one:?} to the recogniser and {other:?} to the parser"))
}

/// Reads a text without the recogniser.
pub(crate) fn parsed(text: &str, interpreter: &dyn Interpreter) -> Judgement {
    if guard::has_nul(text) {
        return nul(interpreter);
    }
    let mut outline = guard::outline(text);
    if text.starts_with('\u{feff}') {
        outline.stop = Some((0, Stop::ByteOrderMark));
    }
    let parsed = outline.stop.map_or_else(|| Ok(parse(text, &outline, interpreter)), Err);
    let is_sure = matches!(&parsed, Ok(Parse::Accepted(accepted)) if !is_doubtful(accepted, &outline));
    let may_ask = !is_sure && guard::may_be_asked(text, &outline);
    if may_ask && let Some(facts) = ask(text, interpreter) {
        return Judgement { facts, asked: true, tentative: false };
    }
    let facts = match parsed {
        Ok(Parse::Accepted(accepted)) => accept(accepted, interpreter),
        Ok(Parse::Rejected(rejection)) => Err(reject(text, rejection)),
        Err((offset, stop)) => Err(stopped(text, offset, stop, interpreter)),
    };
    Judgement { facts, asked: false, tentative: may_ask && interpreter.exists() }
}

/// Parses a text that the guard has passed.
fn parse(text: &str, outline: &Outline, interpreter: &dyn Interpreter) -> Parse {
    if text.len() > guard::LONG_TEXT
        && let Parse::Rejected(rejection) = tree::parse(&text[..outline.head], interpreter.grammar())
        // Far enough from the cut to have nothing to do with it.
        && rejection.offset < outline.head / 2
    {
        return Parse::Rejected(rejection);
    }
    tree::parse(text, interpreter.grammar())
}

/// Asks the interpreter, if it answers. The text must be within the limits.
fn ask(text: &str, interpreter: &dyn Interpreter) -> Option<Result<Vec<Fact>, Failure>> {
    let mut facts = interpreter.ask(&universal_newlines(text))?;
    if let Err(failure) = &mut facts
        && matches!(&*failure.exception, "RecursionError" | "MemoryError")
    {
        // Not a verdict on the text but on the interpreter's means.
        failure.status = Status::TooComplex;
    }
    Some(facts)
}

/// The class for a NUL byte differs between patch releases; the interpreter says it of any text that has one.
fn nul(interpreter: &dyn Interpreter) -> Judgement {
    let answer = interpreter.ask("\0").and_then(Result::err);
    let asked = answer.is_some();
    let message = "source code cannot contain null bytes";
    let failure = answer.unwrap_or_else(|| Failure::new(Status::SyntaxError, "SyntaxError", message));
    Judgement {
        facts: Err(Failure { status: Status::SyntaxError, position: None, ..failure }),
        asked,
        tentative: !asked,
    }
}

fn is_doubtful(accepted: &Accepted, outline: &Outline) -> bool {
    outline.odd_indentation
        || accepted.doubt.is_some()
        || accepted.depth > guard::DOUBTFUL_DEPTH
        || outline.brackets > guard::DOUBTFUL_DEPTH as usize
}

/// The verdict on a text that parses and about which the interpreter is not asked.
fn accept(accepted: Accepted, interpreter: &dyn Interpreter) -> Result<Vec<Fact>, Failure> {
    if accepted.depth > guard::SURE_DEPTH {
        return Err(Failure::new(Status::TooComplex, "RecursionError", "the tree is too deep to be analysed"));
    }
    let message = match accepted.doubt {
        Some(Doubt::Invalid(message)) => Some(message),
        Some(Doubt::InvalidBefore312(message)) if interpreter.grammar().minor < 12 => Some(message),
        Some(Doubt::InvalidSince314(message)) if interpreter.grammar().minor >= 14 => Some(message),
        _ => None,
    };
    if let Some(message) = message {
        return Err(Failure::new(Status::SyntaxError, "SyntaxError", message));
    }
    let refused = accepted.foreign_names.iter().find(|name| interpreter.is_identifier(name) == Some(false));
    match refused {
        Some(name) => Err(Failure::new(Status::SyntaxError, "SyntaxError", format!("`{name}` is not an identifier"))),
        None => Ok(accepted.facts),
    }
}

/// The verdict on a text that does not parse and about which the interpreter is not asked.
fn reject(text: &str, rejection: Rejection) -> Failure {
    Failure {
        status: Status::SyntaxError,
        exception: rejection.exception.into(),
        message: rejection.message.into(),
        position: Some(position(text, rejection.offset)),
    }
}

/// The verdict on a text that the guard stopped and about which the interpreter is not asked.
fn stopped(text: &str, offset: usize, stop: Stop, interpreter: &dyn Interpreter) -> Failure {
    let (status, exception, message) = match stop {
        Stop::Irregular => (
            Status::SyntaxError,
            "SyntaxError",
            "a bracket or a string without its end or beginning, or names side by side",
        ),
        Stop::ByteOrderMark => (Status::SyntaxError, "SyntaxError", "invalid non-printable character U+FEFF"),
        Stop::Brackets => (Status::TooComplex, "SyntaxError", "too many nested parentheses"),
        Stop::Depth => (Status::TooComplex, "RecursionError", "an expression is too deep to be analysed"),
        Stop::Indents => (Status::TooComplex, "IndentationError", "too many levels of indentation"),
        Stop::Dedent => {
            (Status::SyntaxError, "IndentationError", "unindent does not match any outer indentation level")
        }
        Stop::Tabs => (Status::SyntaxError, "TabError", "inconsistent use of tabs and spaces in indentation"),
    };
    // An error before the line where the guard stopped comes first in CPython, too.
    let line_start = text.as_bytes()[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    let before = &text[..line_start];
    let outline = guard::outline(before);
    if outline.stop.is_none()
        && let Parse::Rejected(rejection) = parse(before, &outline, interpreter)
        && rejection.offset + 1 < before.trim_end().len()
    {
        return reject(text, rejection);
    }
    Failure { status, exception: exception.into(), message: message.into(), position: Some(position(text, offset)) }
}

fn position(text: &str, offset: usize) -> (u32, u32) {
    Positions::new(text).at(offset.min(text.len()))
}
