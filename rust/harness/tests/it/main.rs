//! The short forms of the harness, with fixed seeds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod edits;
mod fuzz;
mod soundness;
