use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::upkeep::begin_anew;
use super::{CONTENT_STORE, ContentHash, ContentKey, Keys, Mode, Store, clear, file, verify};
use crate::cache::folder::{Folder, Place};
use crate::cache::random::Random;
use crate::cancel::Cancel;

pub(in crate::cache) static NEVER: Cancel = Cancel::new();
const LARGE: u64 = 1 << 30;

/// A folder for caches, with the place that it is used through.
pub(in crate::cache) struct Home(TempDir);

impl Home {
    pub(in crate::cache) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(in crate::cache) fn on(file_system: &str) -> Option<Self> {
        tempfile::tempdir_in(file_system).ok().map(Self)
    }

    pub(in crate::cache) fn path(&self) -> std::path::PathBuf {
        self.0.path().canonicalize().unwrap().join("cache")
    }

    pub(in crate::cache) fn folder(&self) -> Folder {
        let place = Place { configured: Some(self.path()), analysed: &[], create: true, is_network: |_| false };
        Folder::open(&place).unwrap()
    }

    pub(in crate::cache) fn store(&self) -> Store {
        Store::open(&self.folder(), Mode::Write, &NEVER).unwrap()
    }

    fn facts(&self) -> std::path::PathBuf {
        self.path().join("v1/facts")
    }
}

pub(in crate::cache) fn key(number: u64) -> ContentKey {
    Keys::new("cpython 3.11.0 4300").key(&ContentHash::of(&number.to_le_bytes()))
}

/// The one value that is right for a key.
pub(in crate::cache) fn value(number: u64) -> Vec<u8> {
    let mut random = Random::new(number);
    let length = if number.is_multiple_of(97) { 9_000 + random.below(20_000) } else { random.below(400) };
    (0..length).map(|_| random.next() as u8).collect()
}

pub(in crate::cache) fn rows(numbers: std::ops::Range<u64>) -> Vec<(ContentKey, Vec<u8>)> {
    numbers.map(|number| (key(number), value(number))).collect()
}

/// How many are found; what is found is right.
pub(in crate::cache) fn hits(store: &mut Store, numbers: std::ops::Range<u64>) -> usize {
    numbers
        .filter(|number| {
            let found = store.get(&key(*number));
            assert!(found.as_ref().is_none_or(|found| *found == value(*number)), "a wrong value");
            found.is_some()
        })
        .count()
}

#[test]
fn what_was_put_is_got_by_this_and_other_stores() {
    let home = Home::new();
    let folder = home.folder();
    assert!(Store::open(&folder, Mode::Read, &NEVER).unwrap_err().is_absent());
    let mut store = home.store();
    assert_eq!(hits(&mut store, 0..10), 0);
    assert!(store.put_many(&rows(0..3_000), &NEVER));
    let mut other = Store::open(&folder, Mode::Read, &NEVER).unwrap();
    assert_eq!(hits(&mut other, 0..3_010), 3_000);
    assert!(!other.put_many(&rows(3_000..3_001), &NEVER));
    assert!(store.put_many(&rows(3_000..3_010), &NEVER));
    // Within its transaction a reader sees what was there at its beginning. A store may change threads.
    other.pause();
    let mut other = std::thread::spawn(move || {
        assert_eq!(hits(&mut other, 0..3_010), 3_010);
        other
    })
    .join()
    .unwrap();
    assert!(store.finish(LARGE, &NEVER));
    other.pause();
    drop((store, other));
    let mut store = home.store();
    assert_eq!(hits(&mut store, 0..3_020), 3_010);
    let info = store.info().unwrap();
    assert_eq!((info.rows, store.generation), (3_010, 1));
    assert!(info.bytes > 500_000);
}

#[test]
fn keys_tell_contents_and_grammars_apart() {
    let content = ContentHash::of(b"print(1)");
    let key = Keys::new("cpython 3.11.0 4300").key(&content);
    assert_eq!(key, Keys::new("cpython 3.11.0 4300").key(&content));
    assert_ne!(key, Keys::new("cpython 3.12.0 4300").key(&content));
    assert_ne!(key, Keys::new("cpython 3.11.0 4300").key(&ContentHash::of(b"print(2)")));
}

#[test]
fn another_key_with_the_same_row_number_is_not_mistaken() {
    let home = Home::new();
    let mut store = home.store();
    let mut twin = key(1);
    twin.0[20] ^= 1;
    assert!(store.put_many(&[(key(1), value(1))], &NEVER));
    assert_eq!(store.get(&twin), None);
    assert!(store.put_many(&[(twin, value(2))], &NEVER));
    assert_eq!(store.get(&key(1)), None);
    assert_eq!(store.get(&twin), Some(value(2)));
    assert!(store.bad.is_empty());
}

#[test]
fn a_damaged_row_is_a_miss_and_is_dropped_at_the_end() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..100), &NEVER));
    let sqls = [
        "UPDATE entries SET value = x'00' WHERE id = ?1",
        "UPDATE entries SET value = 'text' WHERE id = ?1",
        "UPDATE entries SET value = 7 WHERE id = ?1",
        "UPDATE entries SET sum = x'' WHERE id = ?1",
        "UPDATE entries SET key = x'00' WHERE id = ?1",
        "UPDATE entries SET mark = 'now', sum = 1.5 WHERE id = ?1",
    ];
    for (number, sql) in (0..).zip(sqls) {
        store.connection.as_ref().unwrap().execute(sql, [key(number).row()]).unwrap();
    }
    assert_eq!(hits(&mut store, 0..100), 94);
    assert_eq!(store.get_with(&key(50), |_| None::<()>), None);
    assert_eq!(store.bad.len(), 7);
    assert!(store.finish(LARGE, &NEVER));
    assert_eq!(store.info().unwrap().rows, 93);
    assert!(store.put_many(&rows(0..6), &NEVER));
    assert_eq!(hits(&mut store, 0..100), 99);
}

#[test]
fn rows_that_are_used_stay_and_the_oldest_go() {
    let home = Home::new();
    let mut store = home.store();
    let now = store.now;
    for (age, numbers) in [(40, 0..2_000), (20, 2_000..4_000), (8, 4_000..6_000), (7, 6_000..8_000)] {
        store.now = now - age;
        assert!(store.put_many(&rows(numbers), &NEVER));
    }
    store.now = now;
    // Some of the oldest are used again, and 100 of a week, whose mark is new enough.
    assert_eq!(hits(&mut store, 0..500), 500);
    assert_eq!(hits(&mut store, 6_000..6_100), 100);
    assert_eq!(store.used.len(), 500);
    assert!(store.finish(LARGE, &NEVER));
    assert!(store.gc(LARGE, &NEVER));
    let limit = store.info().unwrap().bytes * 82 / 100;
    assert!(store.finish(limit, &NEVER));
    assert!(store.info().unwrap().bytes <= limit);
    let left = |store: &mut Store, numbers| hits(store, numbers);
    assert_eq!(left(&mut store, 0..500), 500);
    assert_eq!(left(&mut store, 500..2_000), 0);
    let partly = left(&mut store, 2_000..4_000);
    assert!((400..1_100).contains(&partly), "{partly}");
    assert_eq!(left(&mut store, 4_000..8_000), 4_000);
    // All of one age: a share of them goes.
    assert!(store.gc(LARGE, &NEVER));
    let before = store.info().unwrap();
    for row in [key(1).row(), key(5_000).row()] {
        store.connection.as_ref().unwrap().execute("UPDATE entries SET mark = ?2 WHERE id <> ?1", [row, now]).unwrap();
    }
    assert!(store.gc(before.bytes / 2, &NEVER));
    let after = store.info().unwrap();
    assert!(after.bytes <= before.bytes / 2 && after.rows > before.rows / 4, "{before:?} {after:?}");
    assert!(clear(&CONTENT_STORE, &home.folder(), &NEVER));
    assert_eq!(home.store().info().unwrap().rows, 0);
}

#[test]
fn a_clock_that_was_wrong_does_not_keep_rows_for_ever() {
    let home = Home::new();
    let mut store = home.store();
    let now = store.now;
    store.now = now + 1_000;
    assert!(store.put_many(&rows(0..10), &NEVER));
    store.now = now;
    assert_eq!(hits(&mut store, 0..10), 10);
    assert_eq!(store.used.len(), 10);
}

#[test]
fn verify_finds_what_is_damaged_and_mends_by_dropping() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..1_000), &NEVER));
    let report = store.verify(&NEVER).unwrap();
    assert_eq!((report.rows, report.damaged, report.file_damaged), (1_000, 0, false));
    let sql = "UPDATE entries SET value = x'00' WHERE id = ?1";
    store.connection.as_ref().unwrap().execute(sql, [key(7).row()]).unwrap();
    let report = store.verify(&NEVER).unwrap();
    assert_eq!((report.rows, report.damaged), (1_000, 1));
    assert_eq!(store.verify(&NEVER).unwrap().damaged, 0);
    assert!(store.finish(LARGE, &NEVER));
    let _ = store.fold(0);
    drop(store);
    // Zero pages inside the file.
    let database = file::path_of(&home.facts(), 1);
    let mut bytes = fs::read(&database).unwrap();
    bytes[16_384..40_960].fill(0);
    fs::write(&database, bytes).unwrap();
    let mut store = home.store();
    let report = store.verify(&NEVER).unwrap();
    assert!(report.file_damaged);
    assert_eq!(store.generation, 2);
    assert!(!database.exists());
    assert!(!store.verify(&NEVER).unwrap().file_damaged);
}

type Damage = fn(&Path);

#[test]
fn whatever_lies_in_the_place_of_the_store_a_new_generation_takes_over() {
    let set_up: &[(&str, Damage)] = &[
        ("noise", |path| fs::write(path, [7; 5_000]).unwrap()),
        ("another database", |path| {
            fs::remove_file(path).unwrap();
            rusqlite::Connection::open(path)
                .unwrap()
                .execute_batch("CREATE TABLE entries (id INTEGER PRIMARY KEY)")
                .unwrap();
        }),
        ("the table is not there", |path| {
            rusqlite::Connection::open(path).unwrap().execute_batch("DROP TABLE entries").unwrap();
        }),
        ("a column is not there", |path| {
            rusqlite::Connection::open(path).unwrap().execute_batch("ALTER TABLE entries DROP COLUMN sum").unwrap();
        }),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        #[cfg(unix)]
        ("a link", |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(path.with_extension("moved"), path).unwrap();
        }),
        ("a log that is a folder", |path| {
            let _ = fs::remove_file(file::beside(path, "-wal"));
            fs::create_dir(file::beside(path, "-wal")).unwrap();
        }),
    ];
    for (name, damage) in set_up {
        let home = Home::new();
        let mut store = home.store();
        assert!(store.put_many(&rows(0..100), &NEVER));
        let _ = store.fold(0);
        drop(store);
        damage(&file::path_of(&home.facts(), 1));
        let started = Instant::now();
        assert!(Store::open(&home.folder(), Mode::Read, &NEVER).is_err(), "{name}");
        let mut store = home.store();
        assert_eq!(store.generation, 2, "{name}");
        assert!(store.put_many(&rows(0..10), &NEVER), "{name}");
        assert_eq!(hits(&mut store, 0..100), 10, "{name}");
        assert!(started.elapsed() < Duration::from_secs(1), "{name}");
        drop(store);
        assert_eq!(hits(&mut home.store(), 0..100), 10, "{name}");
    }
}

#[test]
fn numbers_of_generations_do_not_overflow() {
    let home = Home::new();
    drop(home.folder());
    for name in ["store-4294967295.sqlite", "store-99999999999999.sqlite", "store-+3.sqlite", "store-.sqlite"] {
        fs::write(home.facts().join(name), "noise").unwrap();
    }
    assert!(Store::open(&home.folder(), Mode::Write, &NEVER).is_err());
}

#[test]
fn a_file_damaged_under_an_open_store_is_left_for_a_new_one() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..2_000), &NEVER));
    let _ = store.fold(0);
    drop(store);
    let mut store = home.store();
    let database = file::path_of(&home.facts(), 1);
    let length = fs::metadata(&database).unwrap().len() as usize;
    // Everything but the first page, so that it was opened in good faith.
    let mut bytes = fs::read(&database).unwrap();
    bytes[8_192..length].fill(0xa5);
    fs::write(&database, bytes).unwrap();
    let started = Instant::now();
    let found = hits(&mut store, 0..2_000);
    assert!(found < 2_000);
    assert!(store.put_many(&rows(0..2_000), &NEVER));
    assert_eq!(store.generation, 2);
    assert_eq!(hits(&mut store, 0..2_000), 2_000);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_lock_that_is_not_released_ends_a_write_by_cancel_or_after_a_while() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..1), &NEVER));
    let blocker = home.store();
    blocker.connection.as_ref().unwrap().execute_batch("BEGIN IMMEDIATE").unwrap();
    let cancel = Cancel::new();
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            cancel.cancel();
        });
        assert!(!store.put_many(&rows(1..2), &cancel));
    });
    assert!(started.elapsed() < Duration::from_secs(2));
    // Reading goes on meanwhile.
    assert_eq!(hits(&mut store, 0..2), 1);
    blocker.connection.as_ref().unwrap().execute_batch("COMMIT").unwrap();
    assert!(store.put_many(&rows(1..2), &NEVER));
}

#[test]
fn many_threads_share_a_fresh_folder() {
    for round in 0..20 {
        let home = if round % 2 == 0 { Home::new() } else { Home::on("/dev/shm").unwrap_or_else(Home::new) };
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let home = &home;
                scope.spawn(move || {
                    let mut store = home.store();
                    for step in 0..5 {
                        let first = thread * 1_000 + step * 100;
                        assert!(store.put_many(&rows(first..first + 100), &NEVER));
                        assert_eq!(hits(&mut store, first..first + 100), 100);
                    }
                    assert!(store.finish(LARGE, &NEVER));
                });
            }
        });
        let mut store = home.store();
        assert_eq!(store.generation, 1);
        assert_eq!(store.info().unwrap().rows, 4_000);
        assert_eq!(hits(&mut store, 0..8_000), 4_000);
    }
}

#[test]
fn a_store_without_room_for_another_is_removed_if_nobody_has_it_open() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..300), &NEVER));
    drop(store);
    // There is no number behind this one.
    for suffix in ["", "-wal"] {
        let of = |generation| file::beside(&file::path_of(&home.facts(), generation), suffix);
        fs::rename(of(1), of(u32::MAX)).unwrap();
    }
    let mut store = home.store();
    assert_eq!((store.generation, hits(&mut store, 0..300)), (u32::MAX, 300));
    store.pause();
    assert!(!begin_anew(&home.facts()));
    assert_eq!(hits(&mut store, 0..300), 300);
    drop(store);
    assert!(begin_anew(&home.facts()));
    assert_eq!(fs::read_dir(home.facts()).unwrap().count(), 0);
}

#[test]
fn who_has_a_cleared_store_open_goes_on_and_then_finds_the_next() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..300), &NEVER));
    assert!(begin_anew(&home.facts()));
    assert_eq!(hits(&mut store, 0..300), 300);
    assert!(store.put_many(&rows(300..400), &NEVER));
    drop(store);
    let mut store = home.store();
    assert_eq!((store.generation, hits(&mut store, 0..400)), (2, 0));
    assert!(store.put_many(&rows(0..100), &NEVER));
    assert_eq!(hits(&mut store, 0..100), 100);
}

#[test]
fn a_check_of_what_cannot_be_written_to_tells_that_damage_is_left() {
    let home = Home::new();
    let mut store = home.store();
    assert!(store.put_many(&rows(0..300), &NEVER));
    let _ = store.fold(0);
    let mut folder = home.folder();
    folder.refuse_writing();
    let check = |folder: &Folder| {
        let report = verify(&CONTENT_STORE, folder, &NEVER).unwrap();
        (report.damaged, report.file_damaged, report.is_left)
    };
    assert_eq!(check(&folder), (0, false, false));
    let sql = "UPDATE entries SET sum = x'' WHERE id = ?1";
    store.connection.as_ref().unwrap().execute(sql, [key(1).row()]).unwrap();
    let _ = store.fold(0);
    assert_eq!(check(&folder), (1, false, true));
    assert_eq!(check(&folder), (1, false, true));
    assert_eq!(check(&home.folder()), (1, false, false));
    drop(store);
    fs::write(file::path_of(&home.facts(), 1), [1; 10_000]).unwrap();
    assert_eq!(check(&folder), (0, true, true));
    assert_eq!(check(&home.folder()), (0, true, false));
}
