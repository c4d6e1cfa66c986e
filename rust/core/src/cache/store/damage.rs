//! Damaged files give misses, never wrong values.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::file::{beside, path_of};
use super::tests::{Home, NEVER, hits, rows};
use super::{Mode, Store};
use crate::cache::random::Random;

const ROWS: u64 = 400;
const TRIALS: u64 = 600;

/// The files of a store whose rows are partly in the log.
fn prepared() -> Vec<(&'static str, Vec<u8>)> {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..ROWS / 2), &NEVER));
    let _ = store.fold(0);
    assert!(store.put_many(&rows(ROWS / 2..ROWS), &NEVER));
    let database = database(&home);
    let files = ["", "-wal", "-shm"].map(|suffix| (suffix, fs::read(beside(&database, suffix)).unwrap()));
    assert!(files.iter().all(|(_, bytes)| bytes.len() > 30_000));
    files.into()
}

fn database(home: &Home) -> PathBuf {
    path_of(&home.path().join("v1/facts"), 1)
}

pub(in crate::cache) fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    match random.below(8) {
        0 => bytes[random.below(length)] ^= 1 << random.below(8),
        1 => {
            for _ in 0..64 {
                bytes[random.below(length)] ^= random.next() as u8;
            }
        }
        2 => {
            let start = random.below(length);
            let end = length.min(start + 4_096);
            bytes[start..end].fill_with(|| random.next() as u8);
        }
        3 => bytes.truncate(random.below(length)),
        4 => {
            let start = random.below(length) / 4_096 * 4_096;
            let end = length.min(start + 4_096);
            bytes[start..end].fill(0);
        }
        5 => {
            let (one, other) = (random.below(length / 4_096) * 4_096, random.below(length / 4_096) * 4_096);
            for offset in 0..4_096 {
                bytes.swap(one + offset, other + offset);
            }
        }
        // The header of the file, and those of pages and frames.
        6 => bytes[random.below(100)] = random.next() as u8,
        _ => {
            let start = random.below(length / 8_192) * 8_192;
            for _ in 0..8 {
                bytes[start + random.below(64)] = random.next() as u8;
            }
        }
    }
}

/// Uses a store as a call does; afterwards all is there.
fn check(home: &Home, what: &dyn Fn() -> String) {
    let started = Instant::now();
    if let Ok(mut reader) = Store::open(&home.folder(), Mode::Read, &NEVER) {
        hits(&mut reader, 0..ROWS);
    }
    let Ok(mut store) = Store::open(&home.folder(), Mode::Write, &NEVER) else { panic!("no store: {}", what()) };
    hits(&mut store, 0..ROWS);
    store.put_many(&rows(0..ROWS), &NEVER);
    store.finish(1 << 30, &NEVER);
    hits(&mut store, 0..ROWS);
    store.verify(&NEVER);
    store.put_many(&rows(0..ROWS), &NEVER);
    assert_eq!(hits(&mut store, 0..ROWS), ROWS as usize, "{}", what());
    assert!(started.elapsed() < Duration::from_secs(2), "{}: {:?}", what(), started.elapsed());
}

fn write_all(home: &Home, files: &[(&'static str, Vec<u8>)]) {
    drop(home.folder());
    for (suffix, bytes) in files {
        fs::write(beside(&database(home), suffix), bytes).unwrap();
        owner_only(&beside(&database(home), suffix));
    }
}

#[cfg(unix)]
pub(in crate::cache) fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
pub(in crate::cache) fn owner_only(_path: &Path) {}

#[test]
fn damaged_files_give_misses_and_the_store_recovers() {
    let files = prepared();
    std::thread::scope(|scope| {
        for part in 0..2 {
            let files = &files;
            scope.spawn(move || {
                for trial in (part..TRIALS).step_by(2) {
                    let home = Home::on("/dev/shm").unwrap_or_else(Home::new);
                    let mut random = Random::new(trial);
                    let mut files = files.clone();
                    // The files that coordinate are only there when the store was open.
                    let which = random.below(3);
                    damage(&mut random, &mut files[which].1);
                    if random.below(2) == 0 {
                        files.retain(|(suffix, _)| *suffix != "-shm");
                    }
                    write_all(&home, &files);
                    check(&home, &|| format!("trial {trial}"));
                }
            });
        }
    });
}

#[test]
fn files_of_different_stores_put_together_give_misses() {
    let (one, other) = (prepared(), prepared());
    let home = Home::new();
    let swapped = [("", one[1].1.clone()), ("-wal", one[0].1.clone()), ("-shm", one[2].1.clone())];
    write_all(&home, &swapped);
    check(&home, &|| "log and database swapped".to_owned());
    for (number, suffixes) in [["", "-wal"], ["", "-shm"], ["-wal", "-shm"]].into_iter().enumerate() {
        let home = Home::new();
        let mut files = one.clone();
        for (suffix, bytes) in &mut files {
            if suffixes.contains(suffix) {
                bytes.clone_from(&other.iter().find(|(name, _)| name == suffix).unwrap().1);
            }
        }
        write_all(&home, &files);
        check(&home, &|| format!("mixture {number}"));
    }
    for missing in ["", "-wal", "-shm"] {
        let home = Home::new();
        let files: Vec<_> = one.iter().filter(|(suffix, _)| *suffix != missing).cloned().collect();
        write_all(&home, &files);
        check(&home, &|| format!("without {missing}"));
    }
}

#[test]
fn what_changes_under_an_open_store_gives_misses() {
    for trial in 0..60 {
        let home = Home::on("/dev/shm").unwrap_or_else(Home::new);
        let mut random = Random::new(trial);
        let mut store = home.store();
        assert!(store.put_many(&rows(0..ROWS), &NEVER));
        if trial % 2 == 0 {
            let _ = store.fold(0);
        }
        hits(&mut store, 0..ROWS / 4);
        let path = beside(&database(&home), if trial % 3 == 0 { "-wal" } else { "" });
        let mut bytes = fs::read(&path).unwrap();
        if bytes.len() > 10_000 {
            let length = bytes.len();
            damage(&mut random, &mut bytes);
            // The database may also become shorter; nothing maps it.
            bytes.resize(if trial % 3 == 0 { length } else { bytes.len() }, 0);
            fs::write(&path, bytes).unwrap();
        }
        hits(&mut store, 0..ROWS);
        store.put_many(&rows(0..ROWS), &NEVER);
        store.finish(1 << 30, &NEVER);
        drop(store);
        check(&home, &|| format!("trial {trial}"));
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_still_read() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..ROWS), &NEVER));
    let _ = store.fold(0);
    drop(store);
    let mut folder = home.folder();
    folder.refuse_writing();
    let mut store = Store::open(&folder, Mode::Write, &NEVER).unwrap();
    assert_eq!(hits(&mut store, 0..ROWS), ROWS as usize);
    assert!(!store.put_many(&rows(0..1), &NEVER));
    assert!(!store.finish(1, &NEVER));
    // What another process writes meanwhile is a miss at worst.
    let mut writer = home.store();
    assert!(writer.put_many(&rows(ROWS..3 * ROWS), &NEVER));
    let _ = writer.fold(0);
    hits(&mut store, 0..3 * ROWS);
    drop((store, writer));
    // Damage is not mended, since nothing can be written.
    let mut bytes = fs::read(database(&home)).unwrap();
    bytes[..4_096].fill(1);
    fs::write(database(&home), bytes).unwrap();
    assert!(Store::open(&folder, Mode::Write, &NEVER).is_err());
}
