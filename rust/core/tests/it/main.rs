//! Integration tests of the core, in one binary.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod analysis;
mod cached;
mod digests;
mod guard;
mod outline;
mod recogniser;
mod reports;
mod search;
mod selection;
mod tree;
mod workspace;
