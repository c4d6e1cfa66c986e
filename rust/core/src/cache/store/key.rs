//! What findings are kept under.

use crate::cache::ENGINE;

/// What a key speaks for: another use of BLAKE3 with the same input has other keys.
const CONTEXT: &str = "rev-accel 2026 content store: findings of one file";

/// The digest of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentHash(pub(crate) [u8; 32]);

impl ContentHash {
    /// Of these bytes.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }
}

/// What the findings of one content are kept under: the content, and everything else that they follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContentKey(pub(crate) [u8; 32]);

impl ContentKey {
    /// The number of its row. Two keys that share it take turns; the whole key is compared when it is read.
    pub(in crate::cache) fn row(&self) -> i64 {
        self.0.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }
}

/// Makes keys for one engine, grammar and set of rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys([u8; 32]);

impl Keys {
    /// For a grammar, given by all that it depends on: implementation, full version, limit on the digits of integers.
    pub(crate) fn new(grammar: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        for part in [ENGINE, grammar] {
            // With the length in front, parts cannot run into each other.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The key of some content.
    pub(crate) fn key(&self, content: &ContentHash) -> ContentKey {
        ContentKey(*blake3::keyed_hash(&self.0, &content.0).as_bytes())
    }
}
