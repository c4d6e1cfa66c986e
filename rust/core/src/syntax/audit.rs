//! The two producers of facts side by side, for harnesses and fuzzers.

use std::sync::atomic::{AtomicBool, Ordering};

use super::facts::{Fact, Failure};
use super::interpreter::{Grammar, Interpreter};
use super::{judge, recogniser};

/// The facts of a text that the recogniser accepts, or the byte offset at which it gave up.
///
/// In a text with carriage returns the offset is that of the text with plain line feeds.
pub fn recognised(text: &str, grammar: Grammar) -> Result<Vec<Fact>, usize> {
    recogniser::examine(text, grammar)
}

/// The facts of a text, or its failure, by guard and parser alone. To be called with a stack of some MiB.
pub fn parsed(text: &str, grammar: Grammar) -> Result<Vec<Fact>, Failure> {
    judge::parsed(text, &grammar).facts
}

/// The facts of a text that guard and parser accept without a question to the interpreter; to be called as [`parsed`].
#[must_use]
pub fn parsed_surely(text: &str, grammar: Grammar) -> Option<Vec<Fact>> {
    let interpreter = Silent { grammar, asked: AtomicBool::new(false) };
    let facts = judge::parsed(text, &interpreter).facts.ok()?;
    (!interpreter.asked.into_inner()).then_some(facts)
}

/// Notes that it was asked, and gives no answer.
struct Silent {
    grammar: Grammar,
    asked: AtomicBool,
}

impl Interpreter for Silent {
    fn grammar(&self) -> Grammar {
        self.grammar
    }

    fn ask(&self, _text: &str) -> Option<Result<Vec<Fact>, Failure>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn is_identifier(&self, _name: &str) -> Option<bool> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }
}
