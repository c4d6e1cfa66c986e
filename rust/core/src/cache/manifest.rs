//! What is known of one tree, in one file, so that a new process starts where the last one stopped.
//!
//! Layout, little endian: the records of all files; the entries of the drop-in's text, if they are there; what is needed to check the
//! tree ([`meta`]); a trailer of [`TRAILER`] bytes with the lengths and the checksums of these sections. A record has its checksum in the
//! meta section. A file is written under another name and renamed, never changed; nothing is locked, and nothing waits for the disk:
//! what a power cut leaves behind fails its checksums. A manifest that cannot be read, for whatever reason, is none.
//!
//! The text is ten times as long as the records, from which it can be made. So a manifest is written without one, and again with one by
//! the first process that finds it to hold: of most trees nobody asks again after the process that saw them first.

use std::io;
use std::sync::Mutex;

use xxhash_rust::xxh3::xxh3_128;

use super::files::{Draft, Source};
use super::folder::{Folder, MANIFESTS};
use super::known::{Base, Known, Records};
use super::meta;
use crate::report::object::Entry;

const MAGIC: [u8; 8] = *b"rev-accM";

/// Version of the layout.
const FORMAT: u32 = 1;

/// Size of the trailer in bytes.
const TRAILER: usize = 128;

/// How many bytes of records are collected before they are written.
const CHUNK: usize = 256 << 10;

/// Which tree, asked about how: everything that the answer depends on besides the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TreeKey(pub(crate) [u8; 32]);

impl TreeKey {
    fn file_name(self) -> String {
        let hash = blake3::Hash::from_bytes(self.0).to_hex();
        format!("{MANIFESTS}/{}", &hash[..40])
    }
}

/// The manifest of a tree, open.
#[derive(Debug)]
pub(crate) struct Manifest {
    file: Source,
    trailer: Trailer,
    /// The entries of the drop-in's text, if they are kept.
    pub(crate) entries: Option<Vec<Entry>>,
}

#[derive(Debug)]
struct Trailer {
    records: u64,
    text: u64,
    meta: u64,
    text_check: u128,
    meta_check: u128,
}

impl Trailer {
    fn to_bytes(&self, key: TreeKey) -> [u8; TRAILER] {
        let mut bytes = [0; TRAILER];
        bytes[..32].copy_from_slice(&key.0);
        bytes[32..40].copy_from_slice(&self.records.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.text.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.meta.to_le_bytes());
        bytes[56..72].copy_from_slice(&self.text_check.to_le_bytes());
        bytes[72..88].copy_from_slice(&self.meta_check.to_le_bytes());
        bytes[96..100].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[104..112].copy_from_slice(&MAGIC);
        let check = xxh3_128(&bytes[..TRAILER - 16]);
        bytes[TRAILER - 16..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// `None` unless it is whole, for this key, and its lengths make up the length of the file.
    fn from_bytes(bytes: &[u8], key: TreeKey, file_length: u64) -> Option<Self> {
        let number = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let check = |at: usize| bytes.get(at..at + 16)?.try_into().ok().map(u128::from_le_bytes);
        let whole = check(TRAILER - 16)? == xxh3_128(&bytes[..TRAILER - 16])
            && bytes[..32] == key.0
            && bytes[96..100] == FORMAT.to_le_bytes()
            && bytes[104..112] == MAGIC;
        let trailer = Self {
            records: number(32)?,
            text: number(40)?,
            meta: number(48)?,
            text_check: check(56)?,
            meta_check: check(72)?,
        };
        let sections = trailer.records.checked_add(trailer.text)?.checked_add(trailer.meta)?;
        (whole && sections.checked_add(TRAILER as u64)? == file_length).then_some(trailer)
    }
}

/// Where the records of a loaded manifest shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// In memory.
    Memory,
    /// In the file, to be read one at a time.
    File,
}

/// Opens the manifest of a tree and reads all but the text; `None` when there is none that can be used.
pub(crate) fn load(folder: &Folder, key: TreeKey, keep: Keep) -> Option<(Base, Manifest)> {
    let mut file = folder.open_file(&key.file_name()).ok()?;
    let length = file.len();
    let mut bytes = Vec::new();
    file.read_into(length.checked_sub(TRAILER as u64)?, TRAILER as u64, &mut bytes).ok()?;
    let trailer = Trailer::from_bytes(&bytes, key, length)?;
    let mut meta = Vec::new();
    file.read_into(trailer.records + trailer.text, trailer.meta, &mut meta).ok()?;
    if xxh3_128(&meta) != trailer.meta_check {
        return None;
    }
    let (snapshot, files, entries) = meta::decode(&meta, trailer.records)?;
    drop(meta);
    let records = match keep {
        Keep::Memory => {
            let mut bytes = Vec::new();
            file.read_into(0, trailer.records, &mut bytes).ok()?;
            Records::Bytes(bytes)
        }
        Keep::File => Records::File(Mutex::new(folder.open_file(&key.file_name()).ok()?)),
    };
    Some((Base { snapshot, files, records }, Manifest { file, trailer, entries }))
}

impl Manifest {
    /// Notes that it was used.
    pub(crate) fn mark_used(&self) {
        self.file.mark_used();
    }

    /// Length of the text in bytes.
    pub(crate) fn text_length(&self) -> usize {
        usize::try_from(self.trailer.text).unwrap_or(0)
    }

    /// Appends the text; `None`, and nothing appended, when it cannot be had or is damaged.
    pub(crate) fn append_text(&mut self, output: &mut Vec<u8>) -> Option<()> {
        let start = output.len();
        let read = self.file.read_into(self.trailer.records, self.trailer.text, output);
        if read.is_ok() && xxh3_128(&output[start..]) == self.trailer.text_check {
            return Some(());
        }
        output.truncate(start);
        None
    }
}

/// Whether all of a manifest is as it was written.
pub(crate) fn is_sound(folder: &Folder, name: &str) -> bool {
    let check = || {
        let key = key_of(folder, name)?;
        let (base, mut manifest) = load(folder, key, Keep::Memory)?;
        if manifest.entries.is_some() {
            manifest.append_text(&mut Vec::new())?;
        }
        let known = Known::new(base, None, 0);
        let mut buffer = Vec::new();
        (0..known.len()).all(|index| known.record(index as u32, &mut buffer).is_some()).then_some(())
    };
    check().is_some()
}

/// The key of the manifest under a name, if it says that it is that of its name.
pub(crate) fn key_of(folder: &Folder, name: &str) -> Option<TreeKey> {
    let mut file = folder.open_file(name).ok()?;
    let mut bytes = Vec::new();
    file.read_into(file.len().checked_sub(TRAILER as u64)?, TRAILER as u64, &mut bytes).ok()?;
    let key = TreeKey(*bytes.first_chunk()?);
    (key.file_name() == name).then_some(key)
}

/// The drop-in's entries for a manifest.
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) entries: &'a [Entry],
}

/// Writes a manifest: first the records, as they come, then the rest at once.
pub(crate) struct Writer {
    draft: Draft,
    buffer: Vec<u8>,
    records: u64,
}

impl Writer {
    /// Begins the manifest of a tree.
    pub(crate) fn create(folder: &Folder, key: TreeKey) -> io::Result<Self> {
        Ok(Self { draft: folder.create_file(&key.file_name())?, buffer: Vec::new(), records: 0 })
    }

    /// Appends one record.
    pub(crate) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        self.records += record.len() as u64;
        if self.buffer.len() + record.len() > CHUNK {
            self.draft.write(&self.buffer)?;
            self.buffer.clear();
            if record.len() > CHUNK {
                return self.draft.write(record);
            }
        }
        self.buffer.extend_from_slice(record);
        Ok(())
    }

    /// Writes the rest and puts the manifest in its place; when that fails, the one that was there stays.
    pub(crate) fn finish(mut self, key: TreeKey, base: &Base, text: Option<&Text<'_>>) -> io::Result<()> {
        self.draft.write(&self.buffer)?;
        if let Some(text) = text {
            self.draft.write(text.bytes)?;
        }
        let meta = meta::encode(base, text.map(|text| text.entries))?;
        self.draft.write(&meta)?;
        let trailer = Trailer {
            records: self.records,
            text: text.map_or(0, |text| text.bytes.len() as u64),
            meta: meta.len() as u64,
            text_check: text.map_or(0, |text| xxh3_128(text.bytes)),
            meta_check: xxh3_128(&meta),
        };
        self.draft.write(&trailer.to_bytes(key))?;
        self.draft.commit()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
