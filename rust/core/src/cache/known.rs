//! What is known of a tree since it was last analysed: its snapshot, and of each file the digest and the outcome.
//!
//! A [`Base`] is what a manifest holds and never changes. What was found out since is laid over it as patches, so that a call after few
//! changes costs as little as they do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::files::Source;
use crate::tree::snapshot::Snapshot;
use crate::tree::stamp::Stamp;

/// BLAKE3 digest of a file's bytes; all zero when the outcome must not be used again for this content.
pub(crate) type Digest = [u8; 32];

/// The digest that stands for none.
pub(crate) const NO_DIGEST: Digest = [0; 32];

/// What a call found out about one file.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    pub(crate) stamp: Stamp,
    pub(crate) digest: Digest,
    /// Size of the file in bytes.
    pub(crate) size: u32,
    /// The outcome in the form of [`record`](super::record).
    pub(crate) record: Arc<[u8]>,
}

/// One file of a [`Base`]; its path and stamp are in the snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseFile {
    pub(crate) digest: Digest,
    pub(crate) size: u32,
    /// Where its record is in the records.
    pub(crate) start: u64,
    pub(crate) length: u32,
    /// Checksum of the record.
    pub(crate) check: u64,
}

/// The outcomes of all files of a [`Base`], one behind the other.
#[derive(Debug)]
pub(crate) enum Records {
    /// In memory.
    Bytes(Vec<u8>),
    /// At the beginning of a manifest: for a call whose memory must not grow with the tree.
    File(Mutex<Source>),
}

/// A tree as it was when a manifest was written, or could have been.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) snapshot: Snapshot,
    /// In the order of the snapshot's files.
    pub(crate) files: Vec<BaseFile>,
    pub(crate) records: Records,
}

/// A tree as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) base: Arc<Base>,
    patches: BTreeMap<u32, Learned>,
    /// Equal for two states only if both have the same files with the same outcomes.
    pub(crate) content: u64,
    /// How many files and folders of the base are out of date in the manifest, since it was written or could not be.
    pub(crate) unwritten: usize,
    /// The latest time that the clock showed.
    pub(crate) newest: i64,
}

impl Known {
    /// What a base says; `content` is that of an earlier state that it equals, if there is one.
    pub(crate) fn new(base: Base, content: Option<u64>, unwritten: usize) -> Self {
        let newest = base.snapshot.newest;
        let content = content.unwrap_or_else(next_content);
        Self { base: Arc::new(base), patches: BTreeMap::new(), content, unwritten, newest }
    }

    /// The same with what was found out since; `changed` says whether an outcome is another than before.
    pub(crate) fn patched(&self, learned: Vec<(u32, Learned)>, changed: bool, now: i64) -> Self {
        let mut known = self.clone();
        known.patches.extend(learned);
        known.newest = known.newest.max(now);
        if changed {
            known.content = next_content();
        }
        known
    }

    /// The number of files.
    pub(crate) fn len(&self) -> usize {
        self.base.files.len()
    }

    /// The files of which more is known than the base holds.
    pub(crate) fn patched_files(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.patches.keys().copied()
    }

    /// Whether the stamp in the base is out of date.
    pub(crate) fn is_patched(&self, index: u32) -> bool {
        self.patches.contains_key(&index)
    }

    pub(crate) fn stamp(&self, index: u32) -> Stamp {
        self.patches.get(&index).map_or_else(|| self.base.snapshot.files[index as usize], |learned| learned.stamp)
    }

    pub(crate) fn digest(&self, index: u32) -> Digest {
        self.patches.get(&index).map_or_else(|| self.base.files[index as usize].digest, |learned| learned.digest)
    }

    /// Size of the file in bytes.
    pub(crate) fn size(&self, index: u32) -> u32 {
        self.patches.get(&index).map_or_else(|| self.base.files[index as usize].size, |learned| learned.size)
    }

    /// The record of a file; `None` when it cannot be had or is damaged.
    pub(crate) fn record<'a>(&'a self, index: u32, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        if let Some(learned) = self.patches.get(&index) {
            return Some(&learned.record);
        }
        let BaseFile { start, length, check, .. } = *self.base.files.get(index as usize)?;
        let record = match &self.base.records {
            Records::Bytes(bytes) => {
                let start = usize::try_from(start).ok()?;
                bytes.get(start..start.checked_add(length as usize)?)?
            }
            Records::File(file) => {
                buffer.clear();
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.read_into(start, length.into(), buffer).ok()?;
                &buffer[..]
            }
        };
        (check_of(record) == check).then_some(record)
    }

    /// Size of all files in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let base = self.base.files.iter().map(|file| u64::from(file.size));
        let patches = self
            .patches
            .iter()
            .map(|(&index, learned)| i64::from(learned.size) - i64::from(self.base.files[index as usize].size));
        base.sum::<u64>().saturating_add_signed(patches.sum())
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn weight(&self) -> usize {
        let records = if let Records::Bytes(bytes) = &self.base.records { bytes.len() } else { 0 };
        let patches: usize = self.patches.values().map(|learned| learned.record.len() + 200).sum();
        weight_of(&self.base.snapshot) + self.base.files.len() * size_of::<BaseFile>() + records + patches
    }
}

/// Checksum of a record.
pub(crate) fn check_of(record: &[u8]) -> u64 {
    xxh3_64(record)
}

fn weight_of(snapshot: &Snapshot) -> usize {
    let paths = [&snapshot.file_paths, &snapshot.folder_paths, &snapshot.watched_paths, &snapshot.resolved];
    let paths: usize = paths.iter().map(|paths| paths.bytes().len() + paths.len() * 4).sum();
    paths + size_of_val(&snapshot.files[..]) + size_of_val(&snapshot.folders[..]) + size_of_val(&snapshot.watched[..])
}

fn next_content() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
