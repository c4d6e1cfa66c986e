//! Rounds of edit-then-ask: right after an edit of a tree, the answer that the cache helps to give is that of the tree as it is.
//!
//! The [clock] of the code under test is its own, so that trees need no rest before their stamps are trusted. The right answer comes
//! from [`walk`], which reads the tree by rules of its own, and from [`contents`], which knows what there is to say of each text.

mod asks;
mod clock;
mod contents;
mod kinds;
mod rounds;
mod tree;
mod walk;

pub use clock::Mode;
pub use rounds::{Plan, Rounds, Tally};

/// What goes wrong here ends the campaign.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
