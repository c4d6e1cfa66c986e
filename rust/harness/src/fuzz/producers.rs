//! The recogniser accepts nothing that the parser rejects, and finds the same facts.

use std::thread;

use rev_accel_core::Grammar;

use crate::{Outcome, STACK, compare};

/// Compares the producers of facts on one text; bytes that are not UTF-8 are none.
///
/// # Panics
/// When they differ.
pub fn producers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The stack of the caller's own thread is too small for the parser on the deepest text that the guard lets through.
    let compared = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || compare(text, Grammar::default()));
        thread.map(thread::ScopedJoinHandle::join)
    });
    assert!(matches!(compared, Ok(Ok(Outcome::Unknown | Outcome::Same(_)))), "{compared:?}");
}
