//! What is known of one tree, in one file, so that a new process starts where the last one stopped.
//!
//! Layout, little endian: a header of [`HEADER`] bytes; the records of all files; the entries of the drop-in's text, if they are kept;
//! then what is needed to check the tree ([`meta`]). The header has the lengths and the checksums of the sections; a record has its
//! checksum in the meta section. A file is written under another name and renamed, never changed; nothing is locked, and nothing waits
//! for the disk: what a power cut leaves behind fails its checksums. A manifest that cannot be read, for whatever reason, is none.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::faults::{self, Kind};
use super::folder::{Folder, Temporary};
use super::known::{Base, Records, read_at};
use super::meta;
use crate::report::object::Entry;

const FOLDER: &str = "manifests";
const MAGIC: [u8; 8] = *b"rev-accM";

/// Version of the layout.
const FORMAT: u32 = 1;

/// Size of the header in bytes.
const HEADER: usize = 160;

/// How many bytes of records are collected before they are written.
const CHUNK: usize = 256 << 10;

/// Which tree, asked about how: everything that the answer depends on besides the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TreeKey(pub(crate) [u8; 32]);

impl TreeKey {
    fn file_name(self) -> String {
        self.0.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The manifest of a tree, open.
pub(crate) struct Manifest {
    file: File,
    header: Header,
    /// The entries of the drop-in's text, if they are kept.
    pub(crate) entries: Option<Vec<Entry>>,
}

struct Header {
    records: u64,
    text: u64,
    meta: u64,
    text_check: u128,
    meta_check: u128,
}

impl Header {
    fn to_bytes(&self, key: TreeKey) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[16..48].copy_from_slice(&key.0);
        bytes[48..56].copy_from_slice(&self.records.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.text.to_le_bytes());
        bytes[64..72].copy_from_slice(&self.meta.to_le_bytes());
        bytes[72..88].copy_from_slice(&self.text_check.to_le_bytes());
        bytes[88..104].copy_from_slice(&self.meta_check.to_le_bytes());
        let check = xxh3_128(&bytes[..HEADER - 16]);
        bytes[HEADER - 16..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// `None` unless it is whole, for this key, and its lengths make up the length of the file.
    fn from_bytes(bytes: &[u8; HEADER], key: TreeKey, file_length: u64) -> Option<Self> {
        let number = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let check = |at: usize| bytes.get(at..at + 16)?.try_into().ok().map(u128::from_le_bytes);
        let whole = bytes[..8] == MAGIC
            && bytes[8..12] == FORMAT.to_le_bytes()
            && bytes[16..48] == key.0
            && check(HEADER - 16)? == xxh3_128(&bytes[..HEADER - 16]);
        let header = Self {
            records: number(48)?,
            text: number(56)?,
            meta: number(64)?,
            text_check: check(72)?,
            meta_check: check(88)?,
        };
        let length = (HEADER as u64).checked_add(header.records)?.checked_add(header.text)?.checked_add(header.meta)?;
        (whole && length == file_length).then_some(header)
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
    let file = folder.open_file(FOLDER, &key.file_name()).ok()?;
    faults::step(Kind::Stat).ok()?;
    let length = file.metadata().ok()?.len();
    let mut bytes = [0; HEADER];
    faults::step(Kind::Read).ok()?;
    read_at(&file, &mut bytes, 0).ok()?;
    let header = Header::from_bytes(&bytes, key, length)?;
    let meta_start = HEADER as u64 + header.records + header.text;
    let mut meta = Vec::new();
    append(&file, &mut meta, meta_start, header.meta)?;
    if xxh3_128(&meta) != header.meta_check {
        return None;
    }
    let (snapshot, files, entries) = meta::decode(&meta, header.records)?;
    drop(meta);
    let records = match keep {
        Keep::Memory => {
            let mut bytes = Vec::new();
            append(&file, &mut bytes, HEADER as u64, header.records)?;
            Records::Bytes(bytes)
        }
        Keep::File => Records::File(file.try_clone().ok()?, HEADER as u64),
    };
    Some((Base { snapshot, files, records }, Manifest { file, header, entries }))
}

impl Manifest {
    /// Length of the entries in bytes.
    pub(crate) fn text_length(&self) -> usize {
        usize::try_from(self.header.text).unwrap_or(0)
    }

    /// Appends the entries; `None`, and nothing appended, when they cannot be had or are damaged.
    pub(crate) fn append_text(&self, output: &mut Vec<u8>) -> Option<()> {
        let start = output.len();
        append(&self.file, output, HEADER as u64 + self.header.records, self.header.text)?;
        if xxh3_128(&output[start..]) == self.header.text_check {
            return Some(());
        }
        output.truncate(start);
        None
    }
}

/// Appends a part of a file; nothing when it cannot be had.
fn append(file: &File, output: &mut Vec<u8>, offset: u64, length: u64) -> Option<()> {
    let start = output.len();
    let length = usize::try_from(length).ok()?;
    faults::step(Kind::Allocate).ok()?;
    output.try_reserve_exact(length).ok()?;
    output.resize(start + length, 0);
    let read = faults::step(Kind::Read).and_then(|()| read_at(file, &mut output[start..], offset));
    if read.is_err() {
        output.truncate(start);
    }
    read.ok()
}

/// The drop-in's entries for a manifest.
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) entries: &'a [Entry],
}

/// Writes a manifest: first the records, as they come, then the rest at once.
pub(crate) struct Writer {
    temporary: Temporary,
    buffer: Vec<u8>,
    records: u64,
}

impl Writer {
    /// `None` when nothing can be written there.
    pub(crate) fn create(folder: &Folder) -> Option<Self> {
        let temporary = folder.create_file(FOLDER).ok()?;
        let mut buffer = Vec::new();
        faults::step(Kind::Allocate).ok()?;
        buffer.try_reserve(CHUNK).ok()?;
        buffer.extend_from_slice(&[0; HEADER]);
        Some(Self { temporary, buffer, records: 0 })
    }

    /// Appends one record.
    pub(crate) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        self.records += record.len() as u64;
        if self.buffer.len() + record.len() > CHUNK {
            self.flush()?;
            if record.len() > CHUNK {
                return self.temporary.write_all(record);
            }
        }
        self.buffer.extend_from_slice(record);
        Ok(())
    }

    /// Writes the rest and puts the manifest in its place.
    ///
    /// # Errors
    /// When something cannot be written; the file is then removed, and the manifest that was there stays.
    pub(crate) fn finish(mut self, key: TreeKey, base: &Base, text: Option<&Text<'_>>) -> io::Result<()> {
        self.flush()?;
        if let Some(text) = text {
            self.temporary.write_all(text.bytes)?;
        }
        let meta = meta::encode(base, text.map(|text| text.entries))?;
        self.temporary.write_all(&meta)?;
        let header = Header {
            records: self.records,
            text: text.map_or(0, |text| text.bytes.len() as u64),
            meta: meta.len() as u64,
            text_check: text.map_or(0, |text| xxh3_128(text.bytes)),
            meta_check: xxh3_128(&meta),
        };
        self.temporary.write_at_start(&header.to_bytes(key))?;
        self.temporary.rename(&key.file_name())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Checksum of a record.
pub(crate) fn check_of(record: &[u8]) -> u64 {
    xxh3_64(record)
}

/// The folder of all manifests, for `cache info` and its like.
pub(crate) fn folder_of(folder: &Folder) -> PathBuf {
    folder.path().join(FOLDER)
}
