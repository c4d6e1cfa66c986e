//! How often each part of the cache had the answer, over all calls, for people who ask whether it is worth its space.
//!
//! The file `counts` holds records of 64 bytes, one for each call:
//!
//! ```text
//! magic 8 B │ five numbers of 8 B, little endian │ zero 8 B │ xxh3-64 of all that 8 B
//! ```
//!
//! Approximate by design: what another process appends while the records are summed up into one is lost, and so is a damaged record.

use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::folder::Folder;

pub(super) const NAME: &str = "counts";
const MAGIC: &[u8; 8] = b"revcount";
const RECORD: usize = 64;

/// A larger file is summed up into one record.
const LARGE: u64 = 64 << 10;

/// No more is read of a file that was not summed up for a while.
const MOST: u64 = 1 << 20;

/// Files by where their answer came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// This process remembered it.
    pub(crate) memory: u64,
    /// The manifest of the tree.
    pub(crate) manifest: u64,
    /// The content store.
    pub(crate) store: u64,
    /// Read again because it had changed too recently for its stamp to be trusted, and the same as before.
    pub(crate) recent: u64,
    /// The analysis.
    pub(crate) miss: u64,
}

/// How many files it takes to write their counts down when nothing else is to be written: a write costs as much as their look-up.
const WORTH: u64 = 1_000;

/// What a process has counted and not yet written down. Without a lock: a child may be forked at any time.
pub(crate) struct Uncounted([AtomicU64; 5]);

impl Uncounted {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; 5])
    }

    /// Adds some; gives all there are if they are worth a write, or the folder is at hand anyway.
    pub(crate) fn add(&self, counts: Counts, is_at_hand: bool) -> Option<Counts> {
        let added = self.0.iter().zip(counts.numbers());
        let files = added.fold(0_u64, |files, (sum, number)| {
            files.saturating_add(sum.fetch_add(number, Ordering::Relaxed)).saturating_add(number)
        });
        (is_at_hand || files >= WORTH).then(|| self.take())
    }

    /// Gives all there are.
    pub(crate) fn take(&self) -> Counts {
        let [memory, manifest, store, recent, miss] = self.0.each_ref().map(|sum| sum.swap(0, Ordering::Relaxed));
        Counts { memory, manifest, store, recent, miss }
    }
}

impl Counts {
    const fn numbers(self) -> [u64; 5] {
        [self.memory, self.manifest, self.store, self.recent, self.miss]
    }

    fn plus(self, other: Self) -> Self {
        Self {
            memory: self.memory.saturating_add(other.memory),
            manifest: self.manifest.saturating_add(other.manifest),
            store: self.store.saturating_add(other.store),
            recent: self.recent.saturating_add(other.recent),
            miss: self.miss.saturating_add(other.miss),
        }
    }

    fn to_bytes(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(MAGIC);
        for (place, number) in bytes[8..48].chunks_exact_mut(8).zip(self.numbers()) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let sum = xxh3_64(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; RECORD]) -> Option<Self> {
        let number = |index: usize| {
            let place = bytes[index..].first_chunk::<8>();
            place.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let is_whole = bytes.starts_with(MAGIC) && number(56) == xxh3_64(&bytes[..56]);
        is_whole.then(|| Self {
            memory: number(8),
            manifest: number(16),
            store: number(24),
            recent: number(32),
            miss: number(40),
        })
    }
}

/// Adds the counts of one call; `false` when they could not be written.
pub(crate) fn add(folder: &Folder, counts: Counts) -> bool {
    if counts == Counts::default() {
        return true;
    }
    // One write: the system puts it at the end in one piece, whoever else appends.
    let appended = folder.append_file(NAME).and_then(|mut file| {
        file.write(&counts.to_bytes())?;
        file.len()
    });
    if let Ok(length) = appended
        && length > LARGE
    {
        // What cannot be summed up now is summed up by the next call.
        let _ = folder.create_file(NAME).and_then(|mut draft| {
            draft.write(&total(folder).to_bytes())?;
            draft.commit()
        });
    }
    appended.is_ok()
}

/// The sum over all calls.
pub(crate) fn total(folder: &Folder) -> Counts {
    let mut bytes = Vec::new();
    let Ok(mut file) = folder.open_file(NAME) else { return Counts::default() };
    if file.read_into(0, file.len().min(MOST), &mut bytes).is_err() {
        return Counts::default();
    }
    let (mut rest, mut sum) = (&bytes[..], Counts::default());
    while let Some(record) = rest.first_chunk() {
        // Behind a record that was not written whole, the next one is looked for byte by byte.
        let (step, counts) = Counts::from_bytes(record).map_or((1, Counts::default()), |counts| (RECORD, counts));
        sum = sum.plus(counts);
        rest = &rest[step..];
    }
    sum
}

#[cfg(test)]
mod tests;
