//! How often each part of the cache had the answer, over all calls, for people who ask whether it is worth its space.
//!
//! The file `counts` holds records of 64 bytes, one for each call; `reply-counts` such of questions for replies of models, one for each
//! process that asked:
//!
//! ```text
//! magic 8 B │ six numbers of 8 B, little endian │ xxh3-64 of all that 8 B
//! ```
//!
//! Approximate by design: what another process appends while the records are summed up into one is lost, and so is a damaged record.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::folder::{Folder, Place};
use crate::tree::device;

const RECORD: usize = 64;

/// What a record holds.
type Numbers = [u64; 6];

/// Records of one kind.
pub(super) struct File {
    pub(super) name: &'static str,
    magic: &'static [u8; 8],
}

/// Files by where their answer came from: [`Counts`].
pub(super) const SCANS: File = File { name: "counts", magic: b"revcount" };

/// Questions for replies by how they were answered: hit, miss, shared, stored, refused, bypass.
pub(super) const REPLIES: File = File { name: "reply-counts", magic: b"revreply" };

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
}

/// Adds the counts of one call; `false` when they could not be written.
pub(crate) fn add(folder: &Folder, counts: Counts) -> bool {
    let [memory, manifest, store, recent, miss] = counts.numbers();
    SCANS.add(folder, [memory, manifest, store, recent, miss, 0])
}

/// The sum over all calls.
pub(crate) fn total(folder: &Folder) -> Counts {
    let [memory, manifest, store, recent, miss, _] = SCANS.total(folder);
    Counts { memory, manifest, store, recent, miss }
}

/// Adds what a process has asked for replies, in this folder or in the usual one, and how it was answered: hit, miss, shared, stored,
/// refused, bypass.
pub fn add_reply_counts(folder: Option<PathBuf>, numbers: [u64; 6]) {
    let place = Place { configured: folder, analysed: &[], create: false, is_network: device::is_network };
    if let Ok(folder) = Folder::open(&place) {
        REPLIES.add(&folder, numbers);
    }
}

impl File {
    fn add(&self, folder: &Folder, numbers: Numbers) -> bool {
        if numbers == Numbers::default() {
            return true;
        }
        // One write: the system puts it at the end in one piece, whoever else appends.
        let appended = folder.append_file(self.name).and_then(|mut file| {
            file.write(&self.to_bytes(numbers))?;
            file.len()
        });
        if let Ok(length) = appended
            && length > LARGE
        {
            // What cannot be summed up now is summed up by the next call.
            let _ = folder.create_file(self.name).and_then(|mut draft| {
                draft.write(&self.to_bytes(self.total(folder)))?;
                draft.commit()
            });
        }
        appended.is_ok()
    }

    /// The sum over all records.
    pub(super) fn total(&self, folder: &Folder) -> Numbers {
        let mut bytes = Vec::new();
        let Ok(mut file) = folder.open_file(self.name) else { return Numbers::default() };
        if file.read_into(0, file.len().min(MOST), &mut bytes).is_err() {
            return Numbers::default();
        }
        let (mut rest, mut sum) = (&bytes[..], Numbers::default());
        while let Some(record) = rest.first_chunk() {
            // Behind a record that was not written whole, the next one is looked for byte by byte.
            let (step, numbers) = self.read(record).map_or((1, Numbers::default()), |numbers| (RECORD, numbers));
            sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum = sum.saturating_add(number));
            rest = &rest[step..];
        }
        sum
    }

    fn to_bytes(&self, numbers: Numbers) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(self.magic);
        for (place, number) in bytes[8..56].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let sum = xxh3_64(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn read(&self, bytes: &[u8; RECORD]) -> Option<Numbers> {
        let number = |index: usize| {
            let place = bytes[index..].first_chunk::<8>();
            place.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let is_whole = bytes.starts_with(self.magic) && number(56) == xxh3_64(&bytes[..56]);
        is_whole.then(|| std::array::from_fn(|index| number(8 + 8 * index)))
    }
}

#[cfg(test)]
mod tests;
