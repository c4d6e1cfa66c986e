use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::{Bypass, EMPTY, Lease, Owner, PutOptions, Replies, Reply, SLACK, Seen, Taken, is_young, kept, now};
use crate::cache::admin::Cache;
use crate::cache::faults::{Fault, Plan, install};
use crate::cache::random::Random;
use crate::cache::store::beside;
use crate::cache::store::damage::{damage, owner_only};
use crate::cache::store::tests::{Home, NEVER};
use crate::cancel::Cancel;

const LARGE: u64 = 1 << 30;
const KEEP: PutOptions<'_> = PutOptions { lasts: None, max_bytes: LARGE, owner: None };
const LEASE: Duration = Duration::from_mins(1);
const ONE: Owner = [1; 16];
const OTHER: Owner = [2; 16];

fn key(number: u64) -> [u8; 32] {
    let mut key = [0; 32];
    // Keys of any kind will do, also such that differ in few bytes.
    key[24..].copy_from_slice(&number.to_le_bytes());
    key
}

/// The one reply that is right for a key.
fn reply(number: u64) -> Vec<u8> {
    let mut random = Random::new(number);
    let length = if number.is_multiple_of(7) { 5_000 + random.below(30_000) } else { random.below(3_000) };
    (0..length).map(|_| random.next() as u8).collect()
}

fn replies(home: &Home) -> Replies {
    Replies::new(Some(home.path()))
}

/// Other tests of this process hold forks up for seconds; a use that meets one is tried again.
fn again<T>(action: impl Fn() -> Result<T, Bypass>) -> Result<T, Bypass> {
    loop {
        match action() {
            Err(Bypass::Forked) => thread::sleep(Duration::from_millis(10)),
            done => return done,
        }
    }
}

fn get(replies: &Replies, number: u64) -> Result<Option<Vec<u8>>, Bypass> {
    let found = again(|| replies.get(&key(number), None));
    assert!(
        found.as_ref().is_ok_and(Option::is_none) || found == Ok(Some(reply(number))) || found.is_err(),
        "a wrong reply"
    );
    found
}

fn put(replies: &Replies, number: u64) -> bool {
    again(|| replies.put(&key(number), &reply(number), &KEEP, &NEVER)).is_ok()
}

fn hits(replies: &Replies, numbers: std::ops::Range<u64>) -> usize {
    numbers.filter(|number| get(replies, *number).is_ok_and(|found| found.is_some())).count()
}

const NOTHING_SEEN: Seen<'_> = Seen { owner: None, stale: None };

fn take(replies: &Replies, number: u64, owner: &Owner, stale: Option<&Lease>) -> Taken {
    again(|| replies.take(&key(number), owner, LEASE, None, Seen { owner: None, stale }, &NEVER)).unwrap()
}

/// As one who waited for the call of another.
fn take_after(replies: &Replies, number: u64, owner: &Owner, waited_for: &Owner) -> Taken {
    let seen = Seen { owner: Some(waited_for), stale: None };
    again(|| replies.take(&key(number), owner, LEASE, None, seen, &NEVER)).unwrap()
}

fn file(home: &Home) -> PathBuf {
    home.path().join("v1/replies/store-1.sqlite")
}

#[test]
fn what_was_put_is_got_by_this_and_other_users() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    assert_eq!(get(&one, 1), Ok(None));
    for number in 0..50 {
        assert!(put(&one, number));
        assert_eq!(get(&other, number), Ok(Some(reply(number))));
    }
    assert_eq!(hits(&one, 0..60), 50);
    // The last one counts.
    assert_eq!(again(|| other.put(&key(1), b"new", &KEEP, &NEVER)), Ok(()));
    assert_eq!(again(|| one.get(&key(1), None)), Ok(Some(b"new".to_vec())));
    let large = vec![0; 16 << 20];
    assert_eq!(one.put(&key(2), &large, &KEEP, &NEVER), Err(Bypass::TooLarge));
    assert_eq!(again(|| one.put(&key(2), &large[16..], &KEEP, &NEVER)), Ok(()));
    assert_eq!(again(|| one.get(&key(2), None)).unwrap().unwrap().len(), large.len() - 16);
    // Closed and opened again.
    drop((one, other));
    assert_eq!(get(&replies(&home), 3), Ok(Some(reply(3))));
}

#[test]
fn replies_last_as_long_as_was_said() {
    let home = Home::new();
    let replies = replies(&home);
    let short = PutOptions { lasts: Some(Duration::from_millis(1)), ..KEEP };
    assert_eq!(again(|| replies.put(&key(1), b"short", &short, &NEVER)), Ok(()));
    assert!(put(&replies, 2));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(again(|| replies.get(&key(1), None)), Ok(None));
    assert_eq!(again(|| replies.get(&key(2), Some(Duration::from_millis(1)))), Ok(None));
    assert_eq!(again(|| replies.get(&key(2), Some(LEASE))), Ok(Some(reply(2))));
    assert_eq!(get(&replies, 2), Ok(Some(reply(2))));
}

#[test]
fn replies_from_a_future_that_is_not_near_are_used_only_if_they_last_for_ever() {
    let value = |made: i64, lasts: i64| [&made.to_le_bytes()[..], &lasts.to_le_bytes(), b"r"].concat();
    let is_usable =
        |made, lasts| matches!(Reply::read(&value(made, lasts), 1_000_000), Reply::Usable { reply: b"r", .. });
    assert!(is_usable(0, 0) && is_usable(i64::MAX, 0) && is_usable(i64::MIN, 0));
    assert!(is_usable(1_000_000, 1) && !is_usable(999_999, 1) && is_usable(999_999, 2));
    assert!(is_usable(1_000_000 + SLACK, 1) && !is_usable(1_000_001 + SLACK, i64::MAX));
    assert!(!is_usable(0, -1));
    assert!(matches!(Reply::read(b"short", 0), Reply::Expired));
    let age = Some(Duration::from_secs(1));
    assert!(
        is_young(0, 1_000, age)
            && !is_young(0, 1_001, age)
            && !is_young(SLACK + 1, 0, age)
            && is_young(SLACK + 1, 0, None)
    );
}

#[test]
fn beyond_the_size_goes_what_was_used_longest_ago_and_never_what_was_just_put() {
    let home = Home::new();
    let replies = replies(&home);
    let value = |number: u64| vec![number as u8; 3_900];
    let small = PutOptions { max_bytes: 100_000, ..KEEP };
    for number in 0..200 {
        assert_eq!(again(|| replies.put(&key(number), &value(number), &small, &NEVER)), Ok(()));
        // The one that was just put, and one that is used all the time.
        for used in [number, 0] {
            assert!(again(|| replies.get(&key(used), None)) == Ok(Some(value(used))), "{used} after {number}");
        }
    }
    // One after another, also within a moment.
    let kept: Vec<_> = (1..200).filter(|number| again(|| replies.get(&key(*number), None)) != Ok(None)).collect();
    assert!(kept.len() > 10 && kept.len() < 25 && kept[0] > 170, "{kept:?}");
}

#[test]
fn what_was_used_before_others_were_put_goes_before_them() {
    let home = Home::new();
    let replies = replies(&home);
    let value = vec![1; 3_900];
    let small = PutOptions { max_bytes: 400_000, ..KEEP };
    let put = |number: u64| assert_eq!(again(|| replies.put(&key(number), &value, &small, &NEVER)), Ok(()));
    (0..70).for_each(put);
    for number in 0..70 {
        assert_eq!(again(|| replies.get(&key(number), None)), Ok(Some(value.clone())));
    }
    // Uses within a moment take up to as many milliseconds as they are.
    thread::sleep(Duration::from_millis(20));
    (100..400).for_each(put);
    let kept = |numbers: std::ops::Range<u64>| {
        numbers.filter(|number| again(|| replies.get(&key(*number), None)) != Ok(None)).count()
    };
    assert_eq!(kept(0..70), 0);
    assert_eq!(kept(350..400), 50);
}

#[test]
fn what_cannot_fit_is_refused() {
    let home = Home::new();
    let replies = replies(&home);
    assert!(put(&replies, 1));
    for (max_bytes, length) in [(0, 0), (100, 4_000), (100_000, 100_000)] {
        let small = PutOptions { max_bytes, ..KEEP };
        assert_eq!(again(|| replies.put(&key(2), &vec![1; length], &small, &NEVER)), Err(Bypass::TooLarge));
    }
    assert_eq!(get(&replies, 1), Ok(Some(reply(1))), "nothing was evicted for it");
    // What takes nearly all of it stays, alone.
    let large = vec![1; 75_000];
    let small = PutOptions { max_bytes: 100_000, ..KEEP };
    assert_eq!(again(|| replies.put(&key(2), &large, &small, &NEVER)), Ok(()));
    assert_eq!(again(|| replies.get(&key(2), None)), Ok(Some(large)));
    let connection = rusqlite_of(&home, &replies);
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    connection.execute_batch("DELETE FROM entries").unwrap();
    let pages = number("PRAGMA page_count") - number("PRAGMA freelist_count");
    assert_eq!((pages * number("PRAGMA page_size")).cast_unsigned(), EMPTY);
}

#[test]
fn a_lease_is_held_by_one_until_it_ends() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    assert_eq!(take(&one, 1, &ONE, None), Taken::Mine);
    let Taken::Held(lease) = take(&other, 1, &OTHER, None) else { panic!("it is held") };
    assert_eq!((lease.owner, lease.process, lease.length), (ONE, std::process::id(), LEASE));
    // Another key is another flight; who has a lease may take it again.
    assert_eq!(take(&other, 2, &OTHER, None), Taken::Mine);
    assert_eq!(take(&one, 1, &ONE, None), Taken::Mine);
    // Nobody else ends or renews it.
    assert_eq!(again(|| other.release(&key(1), &OTHER, &NEVER)), Ok(false));
    assert_eq!(again(|| other.renew(&key(1), &OTHER, LEASE, &NEVER)), Ok(false));
    assert!(matches!(take(&other, 1, &OTHER, None), Taken::Held(_)));
    assert_eq!(again(|| one.release(&key(1), &ONE, &NEVER)), Ok(true));
    assert_eq!(again(|| one.renew(&key(1), &ONE, LEASE, &NEVER)), Ok(false));
    assert_eq!(take(&other, 1, &OTHER, None), Taken::Mine);
    // The reply and the end of the flight come together.
    let end = PutOptions { owner: Some(&OTHER), ..KEEP };
    assert_eq!(again(|| other.put(&key(1), &reply(1), &end, &NEVER)), Ok(()));
    assert_eq!(take(&one, 1, &ONE, None), Taken::Reply(reply(1)));
    assert_eq!(again(|| other.release(&key(1), &OTHER, &NEVER)), Ok(false));
}

#[test]
fn who_waits_sees_that_a_call_came_to_nothing_however_soon_another_begins() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    assert_eq!(take(&one, 1, &ONE, None), Taken::Mine);
    assert_eq!(again(|| other.refuse(&key(1), &OTHER, &NEVER)), Ok(false));
    assert!(matches!(take_after(&other, 1, &OTHER, &ONE), Taken::Held(lease) if lease.owner == ONE));
    assert_eq!(again(|| one.refuse(&key(1), &ONE, &NEVER)), Ok(true));
    assert_eq!(again(|| one.refuse(&key(1), &ONE, &NEVER)), Ok(false));
    assert_eq!(take_after(&other, 1, &OTHER, &ONE), Taken::Refused);
    // Who did not wait has the next call at once, and those who wait for that one do so.
    let third = [3; 16];
    assert_eq!(take(&one, 1, &third, None), Taken::Mine);
    assert_eq!(take_after(&other, 1, &OTHER, &ONE), Taken::Refused);
    assert!(
        matches!(take(&other, 1, &OTHER, None), Taken::Held(lease) if (lease.owner, lease.length) == (third, LEASE))
    );
    assert!(matches!(take_after(&other, 1, &OTHER, &third), Taken::Held(lease) if lease.owner == third));
    // One that was given up is nobody's, and a reply is worth more than all that.
    assert_eq!(again(|| one.release(&key(1), &third, &NEVER)), Ok(true));
    assert_eq!(take_after(&other, 1, &OTHER, &third), Taken::Mine);
    assert!(put(&one, 1));
    assert_eq!(take_after(&other, 1, &OTHER, &ONE), Taken::Reply(reply(1)));
    // What was remembered for long enough goes with the next one.
    let connection = rusqlite_of(&home, &one);
    connection.execute_batch("UPDATE flights SET deadline = 1 WHERE length = 0").unwrap();
    assert_eq!(take(&one, 2, &ONE, None), Taken::Mine);
    assert_eq!(again(|| one.refuse(&key(2), &ONE, &NEVER)), Ok(true));
    let rows: i64 =
        connection.query_row("SELECT count(*) FROM flights WHERE length = 0", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_renewal_that_comes_late_revives_no_flight() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    for end in [Replies::refuse, Replies::release] {
        assert_eq!(take(&one, 1, &ONE, None), Taken::Mine);
        assert_eq!(again(|| end(&one, &key(1), &ONE, &NEVER)), Ok(true));
        assert_eq!(again(|| one.renew(&key(1), &ONE, LEASE, &NEVER)), Ok(false));
        assert_eq!(take(&other, 1, &OTHER, None), Taken::Mine);
        assert_eq!(again(|| other.release(&key(1), &OTHER, &NEVER)), Ok(true));
    }
}

#[test]
fn a_lease_whose_owner_died_is_taken_over() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    let short = Duration::from_millis(1);
    assert_eq!(again(|| one.take(&key(1), &ONE, short, None, NOTHING_SEEN, &NEVER)), Ok(Taken::Mine));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(take(&other, 1, &OTHER, None), Taken::Mine);
    // It is too late for the first one, unless it brings a reply.
    assert_eq!(again(|| one.renew(&key(1), &ONE, LEASE, &NEVER)), Ok(false));
    assert_eq!(again(|| one.release(&key(1), &ONE, &NEVER)), Ok(false));
    assert!(put(&one, 1));
    assert_eq!(take(&other, 1, &OTHER, None), Taken::Reply(reply(1)));
}

#[test]
fn a_lease_that_a_wrong_clock_made_ends_when_it_was_seen_unchanged() {
    let home = Home::new();
    let replies = replies(&home);
    assert_eq!(take(&replies, 1, &ONE, None), Taken::Mine);
    let Taken::Held(seen) = take(&replies, 1, &OTHER, None) else { panic!("it is held") };
    thread::sleep(Duration::from_millis(5));
    assert_eq!(again(|| replies.renew(&key(1), &ONE, LEASE, &NEVER)), Ok(true));
    // Renewed meanwhile.
    let Taken::Held(seen) = take(&replies, 1, &OTHER, Some(&seen)) else { panic!("it is held") };
    assert!(seen.deadline > now());
    assert_eq!(take(&replies, 1, &OTHER, Some(&seen)), Taken::Mine);
}

#[test]
fn of_many_who_ask_at_once_one_has_the_lease() {
    let home = Home::new();
    for number in 0..20 {
        let owners: Vec<_> = thread::scope(|scope| {
            let asking = |thread: u8| {
                let home = &home;
                scope.spawn(move || take(&replies(home), number, &[thread; 16], None))
            };
            (0..8).map(asking).collect::<Vec<_>>().into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(owners.iter().filter(|taken| **taken == Taken::Mine).count(), 1);
    }
}

#[test]
fn rows_of_flights_that_cannot_be_leases_are_taken_over() {
    let home = Home::new();
    let replies = replies(&home);
    let connection = rusqlite_of(&home, &replies);
    for sql in [
        "UPDATE flights SET owner = x'00'",
        "UPDATE flights SET owner = 'text'",
        "UPDATE flights SET length = -1",
        "UPDATE flights SET length = 1 << 60",
        "UPDATE flights SET process = -1",
        "UPDATE flights SET deadline = 'never'",
    ] {
        assert_eq!(take(&replies, 1, &ONE, None), Taken::Mine, "{sql}");
        connection.execute_batch(sql).unwrap();
        assert_eq!(take(&replies, 1, &OTHER, None), Taken::Mine, "{sql}");
        assert_eq!(again(|| replies.release(&key(1), &OTHER, &NEVER)), Ok(true));
    }
}

/// A connection past the store. The store is open meanwhile, so that closing this one takes no lock away.
fn rusqlite_of(home: &Home, replies: &Replies) -> rusqlite::Connection {
    assert!(put(replies, 1_000));
    rusqlite::Connection::open(file(home)).unwrap()
}

#[test]
fn the_least_used_go_and_those_put_last_stay() {
    let home = Home::new();
    let replies = replies(&home);
    let connection = rusqlite_of(&home, &replies);
    let few = PutOptions { max_bytes: 400_000, ..KEEP };
    let value = vec![7; 4_000];
    for number in 0..300_u64 {
        // Each ten have their own age.
        if number % 10 == 0 {
            connection.execute_batch("UPDATE entries SET mark = mark - 10").unwrap();
        }
        assert_eq!(again(|| replies.put(&key(number), &value, &few, &NEVER)), Ok(()));
        assert_eq!(again(|| replies.get(&key(number), None)).map(|found| found.is_some()), Ok(true), "{number}");
    }
    let kept = |numbers: std::ops::Range<u64>| {
        numbers.filter(|number| again(|| replies.get(&key(*number), None)).unwrap().is_some()).count()
    };
    assert_eq!(kept(0..200), 0);
    assert!((50..=100).contains(&kept(200..300)), "{}", kept(200..300));
    let size: u64 = fs::read_dir(home.path().join("v1/replies"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size < 2_000_000, "{size}");
}

#[test]
fn a_store_that_stays_open_notices_what_becomes_of_its_file() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    assert!(put(&one, 1) && put(&other, 2));
    // Removed, and made again by another.
    fs::remove_dir_all(home.path()).unwrap();
    assert_eq!(get(&one, 1), Ok(None));
    assert!(put(&one, 3));
    assert_eq!((get(&other, 2), get(&other, 3)), (Ok(None), Ok(Some(reply(3)))));
    // Given up for the next one.
    fs::write(home.path().join("v1/replies/store-2.sqlite"), "").unwrap();
    owner_only(&home.path().join("v1/replies/store-2.sqlite"));
    assert_eq!(get(&one, 3), Ok(None));
    assert!(put(&one, 4));
    assert_eq!(get(&other, 4), Ok(Some(reply(4))));
    assert!(!file(&home).exists());
    // Without its log, or that through which processes coordinate.
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(beside(&home.path().join("v1/replies/store-2.sqlite"), suffix)).unwrap();
        assert!(put(&one, 5) && put(&one, 6));
        assert_eq!((get(&other, 5), get(&replies(&home), 6)), (Ok(Some(reply(5))), Ok(Some(reply(6)))), "{suffix}");
        assert!(put(&one, 4));
    }
    // Emptied by another.
    let cache = Cache::open(Some(home.path())).unwrap().unwrap();
    while !cache.clear_replies(&NEVER) {}
    assert_eq!((get(&one, 4), get(&other, 4)), (Ok(None), Ok(None)));
}

#[test]
fn a_file_that_is_mapped_and_cut_ends_no_process() {
    let home = Home::new();
    for (turn, length) in [0, 1, 4_096, 32_767].into_iter().enumerate() {
        let (one, other) = (replies(&home), replies(&home));
        assert!(put(&one, 1) && put(&other, 2));
        let database = fs::read_dir(home.path().join("v1/replies")).unwrap().map(|entry| entry.unwrap().path());
        let shared = database.into_iter().find(|path| path.to_str().unwrap().ends_with("-shm")).unwrap();
        fs::OpenOptions::new().write(true).open(shared).unwrap().set_len(length).unwrap();
        // By those that have it open, by a new one, and by whoever looks after it.
        match turn % 3 {
            0 => drop(get(&one, 1)),
            1 => drop(get(&replies(&home), 1)),
            _ => drop(Cache::open(Some(home.path())).unwrap().unwrap().verify(&NEVER)),
        }
        assert!(put(&one, 3) && put(&other, 4));
        assert_eq!((get(&other, 3), get(&one, 4)), (Ok(Some(reply(3))), Ok(Some(reply(4)))));
    }
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let replies = replies(&home);
    assert!(put(&replies, 1));
    fs::set_permissions(file(&home), fs::Permissions::from_mode(0o666)).unwrap();
    // A new one takes its place.
    assert_eq!(get(&replies, 1), Ok(None));
    assert!(put(&replies, 1) && !file(&home).exists());
    let folder = home.path().join("v1/replies");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let other = Replies::new(Some(home.path()));
    assert!(matches!(get(&other, 1), Err(Bypass::Unusable(problem)) if problem.contains("other users can write")));
}

#[test]
fn a_folder_that_cannot_be_is_a_bypass() {
    let home = Home::new();
    fs::write(home.path(), "a file").unwrap();
    let replies = replies(&home);
    assert!(matches!(get(&replies, 1), Err(Bypass::Unusable(_))));
    assert!(matches!(again(|| replies.put(&key(1), b"r", &KEEP, &NEVER)), Err(Bypass::Unusable(_))));
    let taken = again(|| replies.take(&key(1), &ONE, LEASE, None, NOTHING_SEEN, &NEVER));
    assert!(matches!(taken, Err(Bypass::Unusable(_))));
    assert!(matches!(
        Replies::new(Some("relative".into())).get(&key(1), None),
        Err(Bypass::Unusable(_) | Bypass::Forked)
    ));
}

#[test]
fn nothing_stays_open_over_a_fork_or_without_its_user() {
    let home = Home::new();
    let (one, other) = (replies(&home), replies(&home));
    assert!(put(&one, 1) && put(&other, 2));
    assert!(kept::is_open(&one) && kept::is_open(&other));
    kept::close_all();
    assert!(!kept::is_open(&one) && !kept::is_open(&other));
    assert_eq!((get(&one, 1), get(&one, 2)), (Ok(Some(reply(1))), Ok(Some(reply(2)))));
    let identity = one.identity;
    assert!(kept::is_open(&one));
    // It may have to wait for the end of a fork of another test's.
    drop(one);
    assert!(
        !kept::has(identity)
            || again(|| Replies { folder: None, identity, recent: Mutex::default() }.get(&key(1), None)).is_ok()
    );
}

#[test]
fn gc_drops_what_had_its_time() {
    let home = Home::new();
    let replies = replies(&home);
    let short = PutOptions { lasts: Some(Duration::from_millis(1)), ..KEEP };
    for number in 0..10 {
        assert_eq!(again(|| replies.put(&key(number), b"short", &short, &NEVER)), Ok(()));
        assert!(put(&replies, 100 + number));
    }
    assert_eq!(take(&replies, 1_000, &ONE, None), Taken::Mine);
    thread::sleep(Duration::from_millis(20));
    let cache = Cache::open(Some(home.path())).unwrap().unwrap();
    let info = || cache.info(&NEVER);
    assert_eq!(info().replies, 20);
    while !cache.shrink_replies(LARGE, &NEVER) {}
    assert_eq!(info().replies, 10);
    assert!(info().reply_bytes > 0);
    assert_eq!(cache.verify(&NEVER).damaged_replies, 0);
    while !cache.shrink_replies(0, &NEVER) {}
    assert_eq!(info().replies, 0);
    // A call that is being made is nobody's to end.
    assert!(matches!(take(&replies, 1_000, &OTHER, None), Taken::Held(_)));
}

const ROWS: u64 = 120;

/// The files of a store whose rows are partly in the log.
fn prepared() -> Vec<(&'static str, Vec<u8>)> {
    let home = Home::new();
    let replies = replies(&home);
    assert!((0..ROWS).all(|number| put(&replies, number)));
    assert_eq!(take(&replies, 5_000, &ONE, None), Taken::Mine);
    let files = ["", "-wal", "-shm"].map(|suffix| (suffix, fs::read(beside(&file(&home), suffix)).unwrap()));
    assert!(files.iter().all(|(_, bytes)| bytes.len() > 30_000));
    files.into()
}

#[test]
fn damaged_files_give_misses_and_one_reply_at_a_time() {
    const TRIALS: u64 = 100;
    let files = prepared();
    thread::scope(|scope| {
        for part in 0..2 {
            let files = &files;
            scope.spawn(move || {
                for trial in (part..TRIALS).step_by(2) {
                    let home = Home::on("/dev/shm").unwrap_or_else(Home::new);
                    let mut random = Random::new(trial);
                    let mut files = files.clone();
                    let which = random.below(3);
                    damage(&mut random, &mut files[which].1);
                    if random.below(2) == 0 {
                        files.retain(|(suffix, _)| *suffix != "-shm");
                    }
                    drop(home.folder());
                    for (suffix, bytes) in &files {
                        fs::write(beside(&file(&home), suffix), bytes).unwrap();
                        owner_only(&beside(&file(&home), suffix));
                    }
                    check(&home, &|| format!("trial {trial}"));
                }
            });
        }
    });
}

/// Uses a store as calls do; afterwards it works.
fn check(home: &Home, what: &dyn Fn() -> String) {
    let replies = replies(home);
    hits(&replies, 0..ROWS);
    // However the flights look, one of two has the lease.
    let first = again(|| replies.take(&key(6_000), &ONE, LEASE, None, NOTHING_SEEN, &NEVER));
    let second = again(|| replies.take(&key(6_000), &OTHER, LEASE, None, NOTHING_SEEN, &NEVER));
    assert!(matches!((&first, &second), (Ok(Taken::Mine), Ok(Taken::Held(_)))), "{}: {first:?}, {second:?}", what());
    assert_eq!(again(|| replies.release(&key(6_000), &ONE, &NEVER)), Ok(true), "{}", what());
    for number in 0..ROWS {
        assert!(put(&replies, number), "{}", what());
    }
    let cache = Cache::open(Some(home.path())).unwrap().unwrap();
    let _ = cache.verify(&NEVER);
    for number in 0..ROWS {
        assert!(put(&replies, number), "{}", what());
    }
    assert_eq!(hits(&replies, 0..ROWS), ROWS as usize, "{}", what());
}

const FEW: u64 = 4;

/// All that calls do. What is found is right; returns how much worked.
fn call(replies: &Replies) -> usize {
    // A step that failed may have left a lease, of either.
    for owner in [&ONE, &OTHER] {
        let _ = again(|| replies.release(&key(100), owner, &NEVER));
    }
    let mut worked = hits(replies, 0..FEW);
    worked += (0..FEW).filter(|number| put(replies, *number)).count();
    worked += hits(replies, 0..FEW);
    let mine = again(|| replies.take(&key(100), &ONE, LEASE, None, NOTHING_SEEN, &NEVER)) == Ok(Taken::Mine);
    let held =
        matches!(again(|| replies.take(&key(100), &OTHER, LEASE, None, NOTHING_SEEN, &NEVER)), Ok(Taken::Held(_)));
    let renewed = again(|| replies.renew(&key(100), &ONE, LEASE, &NEVER)) == Ok(true);
    let released = again(|| replies.release(&key(100), &ONE, &NEVER)) == Ok(true);
    worked + [mine, held, renewed, released].into_iter().filter(|is_done| *is_done).count()
}

/// Fails one step after the other until a run has fewer.
fn fail_each_step(fault: Fault, for_good: bool, is_fresh: bool) {
    for nth in 1.. {
        let home = Home::on("/dev/shm").unwrap_or_else(Home::new);
        let replies = Replies::new(Some(home.path()));
        if !is_fresh {
            call(&replies);
        }
        // Opened with what was open before, or anew.
        if nth % 2 == 0 {
            kept::close(replies.identity);
        }
        let installed = install(Plan { below: home.path(), nth, for_good, fault });
        call(&replies);
        let has_failed = installed.has_failed();
        drop(installed);
        // Nothing of it lasts, whether the store was kept or not.
        call(&replies);
        for worked in [call(&replies), call(&Replies::new(Some(home.path())))] {
            assert_eq!(worked, 3 * FEW as usize + 4, "{fault:?} {nth} {for_good} {is_fresh}");
        }
        if !has_failed {
            assert!(nth > 15, "{fault:?}: only {nth} steps");
            return;
        }
    }
}

fn fail_everywhere(fault: Fault) {
    for (for_good, is_fresh) in [(false, false), (true, true)] {
        fail_each_step(fault, for_good, is_fresh);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_costs_replies_and_nothing_else() {
    fail_everywhere(Fault::Error(libc::ENOSPC));
}

#[cfg(unix)]
#[test]
fn errors_of_the_disk_cost_replies_and_nothing_else() {
    fail_everywhere(Fault::Error(libc::EIO));
}

#[cfg(unix)]
#[test]
fn short_reads_and_writes_cost_replies_and_nothing_else() {
    fail_everywhere(Fault::Short);
}

#[cfg(unix)]
#[test]
fn missing_memory_in_sqlite_costs_replies_and_nothing_else() {
    fail_everywhere(Fault::Memory);
}

#[test]
fn who_is_cancelled_does_not_wait() {
    let home = Home::new();
    let replies = replies(&home);
    let connection = rusqlite_of(&home, &replies);
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert_eq!(again(|| replies.release(&key(1), &ONE, &cancelled)), Err(Bypass::Failed));
    // Readers are not held up by writers.
    assert_eq!(get(&replies, 1_000), Ok(Some(reply(1_000))));
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(again(|| replies.release(&key(1), &ONE, &NEVER)), Ok(false));
}
