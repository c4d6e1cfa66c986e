//! The two producers of facts side by side, for harnesses and fuzzers.

use super::facts::{Fact, Failure};
use super::interpreter::Grammar;
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
