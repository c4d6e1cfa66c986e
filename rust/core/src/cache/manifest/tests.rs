use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::*;
use crate::cache::known::{BaseFile, check_of};
use crate::cache::random::Random;
use crate::cache::store::tests::Home;
use crate::cancel::Cancel;
use crate::tree::device::Devices;
use crate::tree::paths::Paths;
use crate::tree::snapshot::{Folder as SeenFolder, Snapshot, Watched};
use crate::tree::stamp::{Stamp, system_clock};

const KEY: TreeKey = TreeKey([7; 32]);

/// What a manifest is made of.
struct Sample {
    base: Base,
    records: Vec<Vec<u8>>,
    /// Of the text, if there is one.
    entries: Option<Vec<Entry>>,
    text: Vec<u8>,
}

fn bytes(random: &mut Random, most: usize) -> Vec<u8> {
    (0..random.below(most)).map(|_| random.next() as u8).collect()
}

fn stamp(random: &mut Random) -> Stamp {
    let mut bytes = [0; Stamp::BYTES];
    bytes.fill_with(|| random.next() as u8);
    // The last four are always zero.
    bytes[44..].fill(0);
    if random.below(4) == 0 { Stamp::UNKNOWN } else { Stamp::from_bytes(&bytes) }
}

fn paths(random: &mut Random, count: usize) -> Paths {
    let mut paths = Paths::default();
    for number in 0..count {
        let mut name = format!("/{number}").into_bytes();
        name.extend(bytes(random, 20).into_iter().filter(|&byte| byte != 0));
        assert!(paths.push(Path::new(OsStr::from_bytes(&name))));
    }
    paths
}

impl Sample {
    fn new(random: &mut Random, most: usize, longest: usize) -> Self {
        let [files, folders, watched, pairs] = [most, most, most, most / 2].map(|most| random.below(most + 1));
        let records: Vec<_> = (0..files).map(|_| bytes(random, longest)).collect();
        let mut start = 0;
        let base_files = records.iter().map(|record| {
            let mut digest = [0; 32];
            digest.fill_with(|| random.next() as u8);
            let length = record.len() as u32;
            let file = BaseFile { digest, size: random.next() as u32, start, length, check: check_of(record) };
            start += u64::from(length);
            file
        });
        let base_files = base_files.collect();
        let folder = |random: &mut Random| SeenFolder {
            stamp: stamp(random),
            listing: u128::from(random.next()) << 64 | u128::from(random.next()),
            follow: random.below(2) == 0,
        };
        let seen = |random: &mut Random| Watched {
            stamp: (random.below(3) > 0).then(|| stamp(random)),
            kind_only: random.below(2) == 0,
        };
        let snapshot = Snapshot {
            folder_paths: paths(random, folders),
            folders: (0..folders).map(|_| folder(random)).collect(),
            watched_paths: paths(random, watched),
            watched: (0..watched).map(|_| seen(random)).collect(),
            resolved: paths(random, pairs * 2),
            file_paths: paths(random, files),
            files: (0..files).map(|_| stamp(random)).collect(),
            newest: random.next().cast_signed(),
            certain: random.below(2) == 0,
        };
        let entry = |random: &mut Random| Entry { length: random.next() as u32, issues: random.next() as u32 };
        let entries: Option<Vec<_>> = (random.below(2) == 0).then(|| (0..files).map(|_| entry(random)).collect());
        let text = if entries.is_some() { bytes(random, longest * 2) } else { Vec::new() };
        Self { base: Base { snapshot, files: base_files, records: Records::Bytes(Vec::new()) }, records, entries, text }
    }

    fn write(&self, folder: &Folder) {
        let mut writer = Writer::create(folder, KEY).unwrap();
        for record in &self.records {
            writer.push(record).unwrap();
        }
        let text = self.entries.as_ref().map(|entries| Text { bytes: &self.text, entries });
        writer.finish(KEY, &self.base, text.as_ref()).unwrap();
    }

    /// Requires that what is loaded is what was written; gives whether all of it is there.
    fn judge(&self, loaded: Option<(Base, Manifest)>, what: &str) -> bool {
        let Some((base, mut manifest)) = loaded else { return false };
        assert!(base.snapshot == self.base.snapshot, "{what}");
        let parts = |files: &[BaseFile]| -> Vec<_> {
            files.iter().map(|file| (file.digest, file.size, file.start, file.length, file.check)).collect()
        };
        assert_eq!(parts(&base.files), parts(&self.base.files), "{what}");
        assert_eq!(manifest.entries, self.entries, "{what}");
        let known = Known::new(base, None, 0);
        let mut is_whole = true;
        let mut buffer = Vec::new();
        for (index, record) in self.records.iter().enumerate() {
            let found = known.record(index as u32, &mut buffer);
            assert!(found.is_none_or(|found| found == record), "{what}: a wrong record");
            is_whole &= found.is_some();
        }
        let mut text = b"before".to_vec();
        let is_read = manifest.append_text(&mut text).is_some();
        assert!(text.strip_prefix(b"before").unwrap() == if is_read { &self.text[..] } else { b"" }, "{what}");
        is_whole && (is_read || self.entries.is_none())
    }
}

/// A folder for manifests in memory, where that can be had: nothing here waits for a disk.
fn home() -> Home {
    Home::on("/dev/shm").unwrap_or_else(Home::new)
}

#[test]
fn what_was_written_is_what_is_loaded() {
    let home = home();
    let folder = home.folder();
    let mut random = Random::new(1);
    for round in 0..300 {
        // Also records and texts that are longer than what is collected before it is written.
        let longest = if round % 50 == 0 { 2 * CHUNK } else { 200 };
        let sample = Sample::new(&mut random, [0, 1, 3, 40][round % 4], longest);
        sample.write(&folder);
        for keep in [Keep::Memory, Keep::File] {
            assert!(sample.judge(load(&folder, KEY, keep), "unharmed"), "{round} {keep:?}");
        }
        assert!(is_sound(&folder, &KEY.file_name()));
        assert!(load(&folder, TreeKey([8; 32]), Keep::Memory).is_none());
    }
}

#[test]
fn a_manifest_under_the_name_of_another_is_none() {
    let home = home();
    let folder = home.folder();
    Sample::new(&mut Random::new(2), 3, 20).write(&folder);
    let other = TreeKey([9; 32]);
    fs::rename(folder.path().join(KEY.file_name()), folder.path().join(other.file_name())).unwrap();
    assert!(load(&folder, other, Keep::Memory).is_none());
    assert!(!is_sound(&folder, &other.file_name()));
}

#[test]
fn a_manifest_of_another_layout_is_none() {
    let harmed = Harmed::new(3);
    let trailer = harmed.sound.len() - TRAILER;
    for format in [0, FORMAT + 1, u32::MAX] {
        let mut bytes = harmed.sound.clone();
        bytes[trailer + 96..trailer + 100].copy_from_slice(&format.to_le_bytes());
        // Whole by its own account.
        let check = xxh3_128(&bytes[trailer..trailer + TRAILER - 16]);
        bytes[trailer + TRAILER - 16..].copy_from_slice(&check.to_le_bytes());
        assert!(!harmed.load(&bytes, "another layout"));
    }
    assert!(harmed.load(&harmed.sound, "unharmed"));
}

/// The bytes of a manifest, to be harmed and put back.
struct Harmed {
    home: Home,
    folder: Folder,
    sample: Sample,
    sound: Vec<u8>,
}

impl Harmed {
    /// A small manifest with everything in it.
    fn new(seed: u64) -> Self {
        let home = home();
        let folder = home.folder();
        let mut random = Random::new(seed);
        let sample = loop {
            let sample = Sample::new(&mut random, 3, 40);
            let Snapshot { folders, watched, resolved, files, .. } = &sample.base.snapshot;
            let least = folders.len().min(watched.len()).min(resolved.len()).min(files.len()).min(sample.text.len());
            if least > 0 && sample.records.iter().any(|record| !record.is_empty()) {
                break sample;
            }
        };
        sample.write(&folder);
        let sound = fs::read(folder.path().join(KEY.file_name())).unwrap();
        Self { home, folder, sample, sound }
    }

    /// Loads from these bytes; gives whether all was there. The damage must be noticed by a check of everything.
    fn load(&self, bytes: &[u8], what: &str) -> bool {
        fs::write(self.folder.path().join(KEY.file_name()), bytes).unwrap();
        let wholes = [Keep::Memory, Keep::File].map(|keep| self.sample.judge(load(&self.folder, KEY, keep), what));
        assert_eq!(wholes[0], wholes[1], "{what}");
        assert_eq!(wholes[0], is_sound(&self.folder, &KEY.file_name()), "{what}");
        wholes[0]
    }
}

#[test]
fn every_flipped_byte_is_noticed() {
    let harmed = Harmed::new(3);
    for place in 0..harmed.sound.len() {
        for bit in [1, 0x80, 0xff] {
            let mut bytes = harmed.sound.clone();
            bytes[place] ^= bit;
            assert!(!harmed.load(&bytes, &format!("byte {place} of {}", bytes.len())));
        }
    }
    assert!(harmed.load(&harmed.sound, "put back"));
    drop(harmed.home);
}

#[test]
fn every_truncation_is_noticed() {
    let harmed = Harmed::new(4);
    for length in 0..harmed.sound.len() {
        assert!(!harmed.load(&harmed.sound[..length], "the beginning"));
        assert!(!harmed.load(&harmed.sound[harmed.sound.len() - length..], "the end"));
    }
    let longer = [&harmed.sound[..], b"\0"].concat();
    assert!(!harmed.load(&longer, "longer"));
}

#[test]
fn a_file_that_is_cut_off_while_it_is_in_use_gives_no_wrong_record() {
    let harmed = Harmed::new(5);
    let path = harmed.folder.path().join(KEY.file_name());
    for length in 0..harmed.sound.len() {
        fs::write(&path, &harmed.sound).unwrap();
        let loaded = [Keep::Memory, Keep::File].map(|keep| load(&harmed.folder, KEY, keep));
        // In place: what is open sees it.
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        let _ = loaded.map(|loaded| harmed.sample.judge(loaded, "cut off"));
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let length = bytes.len();
        let place = random.below(length.max(1));
        match random.below(7) {
            0 if length > 0 => bytes[place] = random.next() as u8,
            // Numbers at the edges.
            1 if length >= place + 8 => {
                let number = [0, 1, u64::from(u32::MAX), u64::MAX, 1 << 31, 1 << 63][random.below(6)];
                let wide = [4, 8][random.below(2)];
                bytes[place..place + wide].copy_from_slice(&number.to_le_bytes()[..wide]);
            }
            2 => bytes.truncate(place),
            3 => drop(bytes.splice(place.min(length)..place.min(length), (0..9).map(|_| 0))),
            4 if length > 0 => drop(bytes.drain(place..(place + 1 + random.below(60)).min(length))),
            5 if length > 0 => {
                let other = random.below(length);
                bytes.swap(place, other);
            }
            _ if length > 0 => {
                let end = (place + random.below(64)).min(length);
                let copy = bytes[place..end].to_vec();
                let at = random.below(length - copy.len() + 1);
                bytes[at..at + copy.len()].copy_from_slice(&copy);
            }
            _ => {}
        }
    }
}

#[test]
fn random_damage_gives_nothing_or_the_same() {
    let harmed = Harmed::new(6);
    let mut random = Random::new(6);
    for round in 0..3_000 {
        let mut bytes = harmed.sound.clone();
        mutate(&mut random, &mut bytes);
        let is_whole = harmed.load(&bytes, &format!("round {round}"));
        assert_eq!(is_whole, bytes == harmed.sound, "round {round}");
    }
}

/// As if somebody had written it who knows the checksums: nothing holds any more, but nothing may break.
#[test]
fn a_section_that_does_not_add_up_is_refused_or_harmless() {
    let harmed = Harmed::new(7);
    let records = harmed.sample.records.iter().map(|record| record.len() as u64).sum();
    let sound = meta::encode(&harmed.sample.base, harmed.sample.entries.as_deref()).unwrap();
    let mut random = Random::new(7);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut bytes = sound.clone();
        mutate(&mut random, &mut bytes);
        let Some((snapshot, files, entries)) = meta::decode(&bytes, records) else { continue };
        accepted += 1;
        assert!(snapshot.is_sound());
        assert_eq!(
            (files.len(), entries.map_or(files.len(), |entries| entries.len())),
            (snapshot.files.len(), files.len())
        );
        let paths = [&snapshot.file_paths, &snapshot.folder_paths, &snapshot.watched_paths, &snapshot.resolved];
        let named: usize = paths.iter().flat_map(|paths| paths.iter()).map(|path| path.as_os_str().len()).sum();
        assert!(named <= bytes.len());
        let check = snapshot.check(1, system_clock, &Devices::default(), &Cancel::new()).unwrap();
        assert!(check.files.iter().all(|&file| (file as usize) < files.len()));
        let count = files.len() as u32;
        let known = Known::new(Base { snapshot, files, records: Records::Bytes(vec![0; 50]) }, None, 0);
        for file in 0..count {
            let _ = known.record(file, &mut Vec::new());
        }
        let _ = (known.bytes(), known.weight());
    }
    assert!(accepted > 1_000, "{accepted}");
}
