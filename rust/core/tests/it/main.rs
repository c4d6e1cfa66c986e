//! Integration tests of the core, in one binary.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod analysis;
mod cached;
mod digests;
mod guard;
mod recogniser;
mod reports;
mod selection;
mod tree;
mod workspace;
