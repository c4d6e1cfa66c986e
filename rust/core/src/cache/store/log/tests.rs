use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::{FRAME_HEADER, HEADER, SPILLED, is_whole};
use crate::cache::random::Random;
use crate::cache::store::damage::owner_only;
use crate::cache::store::tests::{Home, NEVER, hits, rows};
use crate::cache::store::{CONTENT_STORE, file, verify};

const PAGE: usize = 512;
const FRAME: usize = FRAME_HEADER + PAGE;

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    connection
}

/// A database with a table, and a log of some transactions of several frames.
fn written(folder: &Path, transactions: usize) -> (PathBuf, Connection) {
    let database = folder.join("x.sqlite");
    let connection = open(&database);
    connection
        .execute_batch(&format!("PRAGMA page_size = {PAGE}; PRAGMA journal_mode = WAL; CREATE TABLE t (x)"))
        .unwrap();
    (0..transactions).for_each(|_| insert(&connection, 1_200));
    (database, connection)
}

fn insert(connection: &Connection, bytes: usize) {
    connection.execute("INSERT INTO t VALUES (randomblob(?1))", [i64::try_from(bytes).unwrap()]).unwrap();
}

fn log_of(database: &Path) -> PathBuf {
    file::beside(database, "-wal")
}

fn is_sound(log: &[u8]) -> bool {
    is_whole(&mut &*log).unwrap()
}

/// What SQLite finds, in a copy.
fn found(folder: &Path, database: &[u8], log: &[u8]) -> i64 {
    let copy = folder.join("copy.sqlite");
    let _ = fs::remove_file(file::beside(&copy, "-shm"));
    fs::write(&copy, database).unwrap();
    fs::write(log_of(&copy), log).unwrap();
    let connection = open(&copy);
    connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap_or(-1)
}

#[test]
fn each_byte_of_a_log_matters_or_its_change_is_told() {
    let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (path, connection) = written(home.path(), 3);
    let (database, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
    drop(connection);
    let all = found(home.path(), &database, &log);
    assert_eq!(all, 3);
    assert!(is_sound(&log));
    let last = log.len() - FRAME;
    for place in 0..log.len() {
        let mut changed = log.clone();
        changed[place] ^= 1 << (place % 8);
        let cannot_be_told = place >= last || (last - FRAME + 16..last - FRAME + 24).contains(&place);
        assert_eq!(is_sound(&changed), cannot_be_told, "at {place} of {}", log.len());
        // What is said to be sound and is not the end is all there, and what is said to be damaged is not.
        if place.is_multiple_of(7) {
            assert_ne!(found(home.path(), &database, &changed), all, "at {place} of {}", log.len());
        }
    }
}

#[test]
fn frames_of_another_log_matter_if_some_of_this_one_follow() {
    let home = tempfile::tempdir().unwrap();
    let (path, _connection) = written(home.path(), 3);
    let mut log = fs::read(log_of(&path)).unwrap();
    let last = log.len() - FRAME;
    log[last + 8] ^= 1;
    assert!(is_sound(&log));
    log[last + 8] ^= 1;
    log[last - FRAME + 8] ^= 1;
    assert!(!is_sound(&log));
}

#[test]
fn a_log_that_was_begun_anew_is_sound() {
    let home = tempfile::tempdir().unwrap();
    let (path, connection) = written(home.path(), 9);
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
    insert(&connection, 10);
    let log = fs::read(log_of(&path)).unwrap();
    assert!(log.len() > 20 * FRAME);
    assert!(is_sound(&log));
    let mut changed = log;
    changed[HEADER + FRAME_HEADER + 3] ^= 1;
    // Only one frame is of this log, and it is the last one.
    assert!(is_sound(&changed));
    changed[20] ^= 1;
    assert!(!is_sound(&changed));
}

#[test]
fn what_kills_leave_behind_is_no_damage() {
    let seed = 7;
    let mut random = Random::new(seed);
    for round in 0..40 {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (path, connection) = written(home.path(), 1);
        drop(connection);
        let shared = file::beside(&path, "-shm");
        for kill in 0..12 {
            let before = fs::read(log_of(&path)).unwrap();
            let connection = open(&path);
            if random.below(6) == 0 {
                connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
            }
            insert(&connection, random.below(9_000));
            drop(connection);
            let after = fs::read(log_of(&path)).unwrap();
            assert!(is_sound(&after), "seed {seed}, round {round}, kill {kill}");
            // Frames are written one after the other: some of the new bytes are there, or all.
            let changed: Vec<_> = (0..after.len()).filter(|place| before.get(*place) != after.get(*place)).collect();
            let end = changed[0] + random.below(changed[changed.len() - 1] - changed[0] + 2);
            // The header is too short for a kill to divide it.
            let end = if end < HEADER { 0 } else { end };
            let mut killed = after[..end].to_vec();
            killed.extend(before.iter().skip(end));
            assert!(is_sound(&killed), "seed {seed}, round {round}, kill {kill}, at {end}");
            fs::write(log_of(&path), killed).unwrap();
            let _ = fs::remove_file(&shared);
        }
    }
}

#[test]
fn a_large_transaction_that_ended_while_its_checksums_were_computed_is_no_damage() {
    let home = tempfile::tempdir().unwrap();
    let (path, connection) = written(home.path(), 0);
    connection.execute_batch("PRAGMA cache_size = 20").unwrap();
    let sql = "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) \
               INSERT INTO t SELECT randomblob(400) FROM n; UPDATE t SET x = randomblob(400); COMMIT";
    connection.execute_batch(sql).unwrap();
    let log = fs::read(log_of(&path)).unwrap();
    assert!(log.len() / FRAME > SPILLED as usize);
    assert!(is_sound(&log));
    let mut rewritten = log.clone();
    let place = HEADER + 100 * FRAME + 20;
    rewritten[place..place + 4].fill(1);
    assert!(is_sound(&rewritten));
    // Another transaction behind it was complete, and so it was itself.
    insert(&connection, 3_000);
    let mut log = fs::read(log_of(&path)).unwrap();
    log[place..place + 4].fill(1);
    assert!(!is_sound(&log));
}

fn checked(home: &Home) -> (bool, bool) {
    let report = verify(&CONTENT_STORE, &home.folder(), &NEVER).unwrap();
    (report.file_damaged, report.is_left)
}

#[test]
fn a_store_with_a_damaged_log_is_found_out_and_begun_anew() {
    let places = [5, 12, 20, 30, HEADER + 2, HEADER + 9, HEADER + 17, 3_000, 40_000, 70_000];
    for place in places {
        let home = Home::new();
        let mut store = home.store();
        assert!(store.put_many(&rows(0..300), &NEVER));
        drop(store);
        assert_eq!(checked(&home), (false, false));
        let log = log_of(&file::path_of(&home.path().join("v1/facts"), 1));
        let mut bytes = fs::read(&log).unwrap();
        assert!(bytes.len() > 90_000);
        bytes[place] ^= 0x10;
        fs::write(&log, bytes).unwrap();
        assert_eq!(checked(&home), (true, false), "at {place}");
        assert!(!log.exists());
        assert_eq!(checked(&home), (false, false));
        let mut store = home.store();
        assert_eq!(hits(&mut store, 0..300), 0);
        assert!(store.put_many(&rows(0..300), &NEVER));
        assert_eq!(hits(&mut store, 0..300), 300);
    }
}

#[test]
fn an_empty_database_with_a_log_is_damaged() {
    let home = Home::new();
    assert!(home.store().put_many(&rows(0..300), &NEVER));
    let database = file::path_of(&home.path().join("v1/facts"), 1);
    fs::write(&database, b"").unwrap();
    owner_only(&database);
    assert_eq!(checked(&home), (true, false));
    assert_eq!(checked(&home), (false, false));
}

#[test]
fn a_check_waits_for_who_writes_and_disturbs_nobody() {
    let home = Home::new();
    let mut store = home.store();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..30).for_each(|_| assert_eq!(checked(&home), (false, false))));
        for start in (0..600).step_by(20) {
            assert!(store.put_many(&rows(start..start + 20), &NEVER));
            assert_eq!(hits(&mut store, start..start + 20), 20);
        }
    });
    assert_eq!(hits(&mut store, 0..600), 600);
}
