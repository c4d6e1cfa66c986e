//! Digests of values: BLAKE3 over the [canonical encoding](crate::canonical).

use std::fmt;

use crate::canonical::{Encoder, Excess, Output};

/// The role in which a value is digested, such as `"message"` or `"tools"`: the same data in two roles has two digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain<'a>(&'a str);

impl<'a> Domain<'a> {
    /// Length of the longest name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// A name of 1 to [`MAX_LENGTH`](Self::MAX_LENGTH) visible ASCII characters; `None` for any other.
    #[must_use]
    pub fn new(name: &'a str) -> Option<Self> {
        let is_valid = (1..=Self::MAX_LENGTH).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_valid.then_some(Self(name))
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// The digest of a value. Its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest that was made before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A digest from its text; `None` if that is none.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// The digest of a sequence of messages from that of all but the last, if there are any, and that of the last. So the digest of a
    /// sequence that grows costs what is new.
    pub fn chain(previous: Option<&Self>, last: &Self) -> Result<Self, Excess> {
        let mut encoder = Encoder::new(Domain("messages"), Hashing::default());
        encoder.list(2)?;
        match previous {
            Some(previous) => encoder.text(previous.to_string().as_bytes())?,
            None => encoder.none()?,
        }
        encoder.text(last.to_string().as_bytes())?;
        encoder.end();
        encoder.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

/// The output of an [`Encoder`](crate::canonical::Encoder) that hashes.
#[derive(Debug, Default)]
pub struct Hashing {
    /// There from the first piece on: a value of one piece needs no tree.
    hasher: Option<Box<blake3::Hasher>>,
}

impl Output for Hashing {
    type Done = Digest;

    fn write(&mut self, piece: &[u8]) -> Result<(), Excess> {
        self.hasher.get_or_insert_with(Box::default).update(piece);
        Ok(())
    }

    fn finish(self, last: &[u8]) -> Result<Digest, Excess> {
        let hash = match self.hasher {
            None => blake3::hash(last),
            Some(mut hasher) => hasher.update(last).finalize(),
        };
        Ok(Digest(*hash.as_bytes()))
    }
}
