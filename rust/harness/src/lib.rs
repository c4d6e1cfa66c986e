//! Random tests of the core from outside, in numbers that take hours.
//!
//! It compares the producers of facts: whatever the recogniser accepts, the parser accepts with the same facts. The texts are real files,
//! [mutants](mutants::mutant) of them, [generated programs](programs::program) and [bombs](bombs::bombs). What is accepted without a
//! question to CPython, by the recogniser or else by the parser, can be written to a file, in the form that
//! `tests/recogniser/compare.py` compares with `ast.parse`.
//!
//! It looks for [stale answers](edits) of the cache, and holds the bodies of what is [fuzzed](fuzz).

pub mod bombs;
pub mod corpus;
#[cfg(unix)]
pub mod edits;
pub mod fuzz;
pub mod mutants;
pub mod programs;
pub mod random;

use std::fmt::Write as _;
use std::io;

use rev_accel_core::syntax::audit;
use rev_accel_core::{Fact, FactKind, Grammar, Status};

/// Stack of the thread that compares, in bytes: what the parser needs for the deepest tree that the guard lets through.
pub const STACK: usize = 256 << 20;

/// What a comparison found.
#[derive(Debug)]
pub enum Outcome {
    /// The recogniser does not know.
    Unknown,
    /// Both accept with these facts.
    Same(Vec<Fact>),
    /// The recogniser accepts what the parser rejects; the parser's reason.
    Unsound(String),
    /// Both accept with different facts.
    WrongFacts,
}

/// Compares the producers on one text.
#[must_use]
pub fn compare(text: &str, grammar: Grammar) -> Outcome {
    let Ok(facts) = audit::recognised(text, grammar) else { return Outcome::Unknown };
    match audit::parsed(text, grammar) {
        Ok(parsed) if parsed == facts => Outcome::Same(facts),
        Ok(_) => Outcome::WrongFacts,
        Err(failure) if failure.status == Status::TooComplex || is_false_error(text) => Outcome::Same(facts),
        Err(failure) => Outcome::Unsound(failure.message.into_owned()),
    }
}

/// Whether a text may hold a valid form that the parser rejects. That, and what the guard only thinks too deep, is for CPython to judge.
///
/// The forms are a bare `raise` before a semicolon, a simple statement that begins with `match` behind one, and a keyword pattern `_=`.
pub(crate) fn is_false_error(text: &str) -> bool {
    let blanks = [' ', '\t', '\x0c', '\\', '\r', '\n'];
    let follows =
        |word: &str, next: &str| text.split(word).skip(1).any(|rest| rest.trim_start_matches(blanks).starts_with(next));
    follows("raise", ";") || follows(";", "match") || (text.contains("case") && follows("_", "="))
}

/// What a run of comparisons found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Texts compared.
    pub texts: usize,
    /// Texts that the recogniser accepted.
    pub accepted: usize,
    /// Texts among them that the parser rejects.
    pub unsound: usize,
    /// Texts among them with other facts.
    pub wrong_facts: usize,
    /// Facts compared.
    pub facts: usize,
}

impl Tally {
    /// Counts an outcome, and says whether it is a difference.
    pub fn count(&mut self, outcome: &Outcome) -> bool {
        self.texts += 1;
        match outcome {
            Outcome::Unknown => return false,
            Outcome::Same(facts) => self.facts += facts.len(),
            Outcome::Unsound(_) => self.unsound += 1,
            Outcome::WrongFacts => self.wrong_facts += 1,
        }
        self.accepted += 1;
        !matches!(outcome, Outcome::Same(_))
    }

    /// Adds another run.
    pub fn add(&mut self, other: &Self) {
        self.texts += other.texts;
        self.accepted += other.accepted;
        self.unsound += other.unsound;
        self.wrong_facts += other.wrong_facts;
        self.facts += other.facts;
    }
}

/// Writes a text and its facts: the length of each as four little-endian bytes, then the bytes.
pub fn export(output: &mut dyn io::Write, text: &str, facts: &[Fact]) -> io::Result<()> {
    let facts = describe(facts);
    for part in [text, &facts] {
        output.write_all(&u32::try_from(part.len()).unwrap_or(0).to_le_bytes())?;
        output.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// One line for each fact, as `tests/recogniser/compare.py` writes them.
#[must_use]
pub fn describe(facts: &[Fact]) -> String {
    let mut lines = String::new();
    for Fact { line, column, kind } in facts {
        let _ = match kind {
            FactKind::Call(callee) => writeln!(lines, "{line}:{column} {}()", callee.name()),
            FactKind::Function { name, parameters, returns } => {
                writeln!(lines, "{line}:{column} def {name} {parameters} {}", u8::from(*returns))
            }
            FactKind::Global(names) => writeln!(lines, "{line}:{column} global {}", names.join(",")),
        };
    }
    lines
}
