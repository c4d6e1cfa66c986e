//! The recogniser accepts nothing that the parser rejects, and finds the same facts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rev_accel_core::Grammar;
use rev_accel_harness::{Outcome, STACK, compare};

fuzz_target!(|text: &str| {
    // The stack of the fuzzer's own thread is too small for the parser on the deepest text that the guard lets through.
    let compared = stack(|| compare(text, Grammar::default()));
    assert!(matches!(compared, Outcome::Unknown | Outcome::Same(_)), "{compared:?}");
});

/// Runs on a stack that is large enough, and panics if that panics.
fn stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            _ => panic!("the comparison itself failed"),
        }
    })
}
