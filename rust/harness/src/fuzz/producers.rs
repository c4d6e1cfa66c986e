//! The recogniser accepts nothing that the parser rejects, and finds the same facts.

use rev_accel_core::Grammar;

use super::stack;
use crate::{Outcome, compare};

/// Compares the producers of facts on one text; bytes that are not UTF-8 are none.
///
/// # Panics
/// When they differ.
pub fn producers(data: &[u8]) {
    stack::on_large_stack(judge, data);
}

fn judge(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let compared = compare(text, Grammar::default());
    assert!(matches!(compared, Outcome::Unknown | Outcome::Same(_)), "{compared:?}");
}
