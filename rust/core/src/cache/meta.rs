//! The part of a manifest that says what the tree looked like: stamps, digests, and where the records are.

use std::io;

use super::known::{Base, BaseFile};
use crate::report::object::Entry;
use crate::tree::paths::Paths;
use crate::tree::snapshot::{Folder, Snapshot, Watched};
use crate::tree::stamp::Stamp;

const COUNTS: usize = 32;
const FILE: usize = Stamp::BYTES + 56;
const FOLDER: usize = Stamp::BYTES + 24;
const WATCHED: usize = Stamp::BYTES + 8;

const HAS_TEXT: u32 = 1;
const IS_CERTAIN: u32 = 2;

const FOLLOW: u64 = 1;
const KIND_ONLY: u64 = 1;
const PRESENT: u64 = 2;

/// Counts, files, folders, what else is watched, then all paths: their lengths, and their bytes.
///
/// # Errors
/// When there is no memory for it, or the tree is larger than the layout can say.
pub(crate) fn encode(base: &Base, entries: Option<&[Entry]>) -> io::Result<Vec<u8>> {
    let Base { snapshot, files, .. } = base;
    let paths = [&snapshot.file_paths, &snapshot.folder_paths, &snapshot.watched_paths, &snapshot.resolved];
    let counts = paths.map(Paths::len);
    let path_bytes: usize = paths.iter().map(|paths| paths.len() * 4 + paths.bytes().len()).sum();
    let total = COUNTS + counts[0] * FILE + counts[1] * FOLDER + counts[2] * WATCHED + path_bytes;
    let mut output = Vec::new();
    output.try_reserve_exact(total).map_err(|_| io::ErrorKind::OutOfMemory)?;
    for count in counts {
        output.extend_from_slice(&u32::try_from(count).map_err(io::Error::other)?.to_le_bytes());
    }
    let flags = if entries.is_some() { HAS_TEXT } else { 0 } | if snapshot.certain { IS_CERTAIN } else { 0 };
    output.extend_from_slice(&flags.to_le_bytes());
    output.extend_from_slice(&snapshot.newest.to_le_bytes());
    output.resize(COUNTS, 0);
    for (index, (file, stamp)) in files.iter().zip(&snapshot.files).enumerate() {
        let entry = entries.and_then(|entries| entries.get(index)).copied().unwrap_or_default();
        output.extend_from_slice(&stamp.to_bytes());
        output.extend_from_slice(&file.digest);
        output.extend_from_slice(&file.check.to_le_bytes());
        for number in [file.size, file.length, entry.length, entry.issues] {
            output.extend_from_slice(&number.to_le_bytes());
        }
    }
    for folder in &snapshot.folders {
        output.extend_from_slice(&folder.stamp.to_bytes());
        output.extend_from_slice(&folder.listing.to_le_bytes());
        output.extend_from_slice(&if folder.follow { FOLLOW } else { 0 }.to_le_bytes());
    }
    for watched in &snapshot.watched {
        output.extend_from_slice(&watched.stamp.unwrap_or(Stamp::UNKNOWN).to_bytes());
        let flags = if watched.kind_only { KIND_ONLY } else { 0 } | if watched.stamp.is_some() { PRESENT } else { 0 };
        output.extend_from_slice(&flags.to_le_bytes());
    }
    for paths in paths {
        for length in paths.lengths() {
            output.extend_from_slice(&length.to_le_bytes());
        }
    }
    for paths in paths {
        output.extend_from_slice(paths.bytes());
    }
    Ok(output)
}

type Decoded = (Snapshot, Vec<BaseFile>, Option<Vec<Entry>>);

/// The reverse; `None` when it does not fit together, or not with so many bytes of records.
pub(crate) fn decode(bytes: &[u8], records: u64) -> Option<Decoded> {
    let mut input = Input(bytes);
    let mut header = Input(input.take(COUNTS)?);
    let counts = [header.u32()?, header.u32()?, header.u32()?, header.u32()?].map(|number| number as usize);
    let [file_count, folder_count, watched_count, _] = counts;
    let flags = header.u32()?;
    let newest = header.u64()?.cast_signed();
    let mut file_input = Input(input.take(file_count.checked_mul(FILE)?)?);
    let mut folder_input = Input(input.take(folder_count.checked_mul(FOLDER)?)?);
    let mut watched_input = Input(input.take(watched_count.checked_mul(WATCHED)?)?);
    let mut stamps = reserved(file_count)?;
    let mut files = reserved(file_count)?;
    let mut entries = reserved(file_count)?;
    let mut start = 0_u64;
    for _ in 0..file_count {
        stamps.push(Stamp::from_bytes(file_input.array()?));
        let digest = *file_input.array()?;
        let check = file_input.u64()?;
        let (size, length) = (file_input.u32()?, file_input.u32()?);
        files.push(BaseFile { digest, size, start, length, check });
        entries.push(Entry { length: file_input.u32()?, issues: file_input.u32()? });
        start = start.checked_add(length.into())?;
    }
    let mut folders = reserved(folder_count)?;
    for _ in 0..folder_count {
        let stamp = Stamp::from_bytes(folder_input.array()?);
        let listing = u128::from_le_bytes(*folder_input.array()?);
        folders.push(Folder { stamp, listing, follow: folder_input.u64()? & FOLLOW != 0 });
    }
    let mut watched = reserved(watched_count)?;
    for _ in 0..watched_count {
        let stamp = Stamp::from_bytes(watched_input.array()?);
        let flags = watched_input.u64()?;
        let stamp = (flags & PRESENT != 0).then_some(stamp);
        watched.push(Watched { stamp, kind_only: flags & KIND_ONLY != 0 });
    }
    let mut lengths = Vec::new();
    for count in counts {
        lengths.push(input.take(count.checked_mul(4)?)?.as_chunks::<4>().0);
    }
    let mut paths = lengths.into_iter().map(|lengths| {
        let lengths = lengths.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let total = lengths.clone().try_fold(0_usize, |sum, length| sum.checked_add(length as usize))?;
        Paths::from_parts(input.take(total)?.to_vec(), lengths)
    });
    let mut next_paths = || paths.next()?;
    let snapshot = Snapshot {
        file_paths: next_paths()?,
        folder_paths: next_paths()?,
        watched_paths: next_paths()?,
        resolved: next_paths()?,
        files: stamps,
        folders,
        watched,
        newest,
        certain: flags & IS_CERTAIN != 0,
    };
    drop(paths);
    let fits = start == records && input.0.is_empty() && snapshot.is_sound();
    fits.then_some((snapshot, files, (flags & HAS_TEXT != 0).then_some(entries)))
}

fn reserved<T>(count: usize) -> Option<Vec<T>> {
    let mut vector = Vec::new();
    vector.try_reserve_exact(count).ok()?;
    Some(vector)
}

/// Reads from the front of some bytes; `None` when there are too few.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }
}
