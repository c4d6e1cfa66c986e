//! The layout of a manifest, written down a second time.

use rev_accel_core::fuzzing::Manifests;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::fuzz::input::Input;

const STAMP: usize = 48;
/// Of the meta section: its head, and one file in it.
const HEAD: usize = 32;
const FILE: usize = STAMP + 56;

const HAS_TEXT: u32 = 1;

/// Most bytes of records that are made up to fit a meta section.
const MOST_RECORDS: u64 = 64 << 10;

/// What a manifest is made of.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) records: Vec<Vec<u8>>,
    pub(super) text: Vec<u8>,
    pub(super) has_text: bool,
    pub(super) meta: Vec<u8>,
}

impl Sections {
    /// The file, with checksums that hold.
    pub(super) fn file(&self) -> Vec<u8> {
        let records = self.records.concat();
        let mut trailer = Manifests::KEY.to_vec();
        for length in [records.len(), self.text.len(), self.meta.len()] {
            trailer.extend((length as u64).to_le_bytes());
        }
        trailer.extend(xxh3_128(&self.text).to_le_bytes());
        trailer.extend(xxh3_128(&self.meta).to_le_bytes());
        trailer.resize(96, 0);
        trailer.extend(1_u32.to_le_bytes());
        trailer.resize(104, 0);
        trailer.extend(b"rev-accM");
        trailer.extend(xxh3_128(&trailer).to_le_bytes());
        [records, self.text.clone(), self.meta.clone(), trailer].concat()
    }
}

/// A manifest with this meta section, as by somebody who knows the checksums: with as many records as the section tells of.
pub(super) fn with_meta(meta: &[u8]) -> Sections {
    let mut meta = meta.to_vec();
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let files = meta.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    let mut records = Vec::new();
    let mut left = MOST_RECORDS;
    for file in meta.get_mut(HEAD..).unwrap_or_default().chunks_exact_mut(FILE).take(files) {
        let length = number(&file[STAMP + 44..]);
        let Some(rest) = left.checked_sub(length.into()) else { break };
        left = rest;
        let record = vec![0; length as usize];
        // Of every other record the checksum holds.
        if file[STAMP] & 1 == 0 {
            file[STAMP + 32..STAMP + 40].copy_from_slice(&xxh3_64(&record).to_le_bytes());
        }
        records.push(record);
    }
    Sections { records, meta, ..Sections::default() }
}

/// A manifest that some bytes describe.
pub(super) fn described(input: &mut Input<'_>) -> Sections {
    let has_text = input.below(2) > 0;
    let counts = [input.below(5), input.below(4), input.below(4), 2 * input.below(3)];
    let certain = u32::from(input.below(4) > 0) * 2;
    let records: Vec<_> = (0..counts[0]).map(|_| input.bytes().to_vec()).collect();
    let text = if has_text { input.bytes().to_vec() } else { Vec::new() };
    let mut meta = Vec::new();
    for count in counts {
        meta.extend((count as u32).to_le_bytes());
    }
    meta.extend((if has_text { HAS_TEXT } else { 0 } | certain).to_le_bytes());
    meta.extend(input.number().to_le_bytes());
    meta.resize(HEAD, 0);
    for record in &records {
        stamp(input, &mut meta);
        meta.extend(input.array::<32>());
        meta.extend(xxh3_64(record).to_le_bytes());
        meta.extend((input.number() as u32).to_le_bytes());
        meta.extend((record.len() as u32).to_le_bytes());
        // The entry in the text, which nothing holds against the text itself.
        let entry = if has_text { [input.number(), input.number()] } else { [0, 0] };
        for number in entry {
            meta.extend((number as u32).to_le_bytes());
        }
    }
    for _ in 0..counts[1] {
        stamp(input, &mut meta);
        meta.extend(input.array::<24>());
    }
    for _ in 0..counts[2] {
        stamp(input, &mut meta);
        meta.extend(input.array::<8>());
    }
    let paths: Vec<_> = (0..counts.iter().sum()).map(|_| path(input)).collect();
    for path in &paths {
        meta.extend((path.len() as u32).to_le_bytes());
    }
    meta.extend(paths.concat());
    Sections { records, text, has_text, meta }
}

fn stamp(input: &mut Input<'_>, meta: &mut Vec<u8>) {
    let is_known = input.below(4) > 0;
    meta.extend(if is_known { input.array() } else { [0; STAMP] });
}

/// A path, mostly of nothing.
fn path(input: &mut Input<'_>) -> Vec<u8> {
    const THERE: [&str; 6] = ["/", "/dev/null", "/proc/self", "/proc/self/exe", "/usr", "/usr/../usr"];
    if let Some(there) = THERE.get(input.below(16)) {
        return there.as_bytes().to_vec();
    }
    let name = input.bytes().iter().copied().filter(|&byte| byte != 0 && (cfg!(unix) || byte.is_ascii()));
    [b'/'].into_iter().chain(name).collect()
}
