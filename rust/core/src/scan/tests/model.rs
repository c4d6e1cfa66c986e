//! Random changes of a tree, each followed by a question.

use std::ffi::OsStr;
use std::fs::{FileTimes, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::cache::Verify;
use crate::cache::random::Random;

/// How far the clock of the test is ahead.
static AHEAD: AtomicI64 = AtomicI64::new(0);

fn clock() -> i64 {
    system_clock() + AHEAD.load(Ordering::SeqCst)
}

const FOLDERS: [&str; 6] = ["", "a", "a/b", "c", "c/d.py", "e"];
const NAMES: [&[u8]; 8] =
    [b"one.py", b"two.py", b"three.py", b"four.py", b"link.py", b"notes.txt", b"\xff\xfe.py", b"\xee\x80\x80.py"];

/// Longer files fail.
const MOST: u64 = 600;

fn content(random: &mut Random) -> Vec<u8> {
    let number = 100 + random.below(8);
    match random.below(12) {
        0 => b"def (".to_vec(),
        1 => b"x = '\xff'\n".to_vec(),
        2 => Vec::new(),
        3 => vec![b'#'; MOST as usize + 1],
        4 => [b"# TODO \xe2\x80\xa8 ".as_slice(), &[b'('; 250], b"\n"].concat(),
        5 => format!("x = {number}\n").into_bytes(),
        _ => text(number).into_bytes(),
    }
}

/// Changes something; what cannot be changed so stays.
fn change(place: &Place, random: &mut Random) {
    let folder = |random: &mut Random| place.tree().join(FOLDERS[random.below(FOLDERS.len())]);
    let name = |random: &mut Random| Path::new(OsStr::from_bytes(NAMES[random.below(NAMES.len())])).to_owned();
    let (here, there) = (folder(random), folder(random));
    let file = here.join(name(random));
    let other = there.join(name(random));
    let content = content(random);
    match random.below(17) {
        0..=2 => drop(fs::create_dir_all(&here).and_then(|()| fs::write(&file, content))),
        3 => {
            // In place, of the same length, with the time put back.
            if let Ok(mut open) = OpenOptions::new().write(true).open(&file) {
                let metadata = open.metadata().unwrap();
                let mut content = content;
                content.resize(metadata.len() as usize, b'#');
                drop(open.write_all(&content));
                drop(open.set_times(FileTimes::new().set_modified(metadata.modified().unwrap())));
            }
        }
        4 | 5 => {
            let new = place.path().join("new");
            drop(fs::write(&new, content).and_then(|()| fs::rename(&new, &file)));
        }
        6 => drop(fs::remove_file(&file)),
        7 => drop(fs::rename(&file, &other)),
        8 => drop(fs::create_dir_all(&here)),
        9 if !here.ends_with("tree") => drop(fs::remove_dir_all(&here)),
        10 => drop(symlink(&other, &file)),
        11 => drop(symlink("nowhere", &file)),
        12 => {
            let ignoring = here.join([".gitignore", ".ignore", "pyvenv.cfg"][random.below(3)]);
            drop(fs::write(ignoring, ["one.py\n", "two.py\n", "b\n"][random.below(3)]));
        }
        13 => drop(fs::remove_file(here.join([".gitignore", ".ignore", "pyvenv.cfg"][random.below(3)]))),
        14 => {
            let mode = [0o644, 0o600, 0o000][random.below(3)];
            drop(fs::set_permissions(&file, fs::Permissions::from_mode(mode)));
        }
        15 => drop(fs::hard_link(&file, &other)),
        _ => {
            let times = FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
            drop(OpenOptions::new().append(true).open(&file).and_then(|file| file.set_times(times)));
        }
    }
}

/// Options of any kind; the first ones are asked for most.
fn any_options(place: &Place, memories: &[&'static Memory], random: &mut Random) -> Options {
    let memory = memories.get(random.below(memories.len() + 2)).copied();
    let mut options = place.options(memory, clock);
    options.max_bytes = MOST;
    let cache = options.cache.as_mut().unwrap();
    if random.below(15) == 0 {
        cache.verify = Verify::Always;
    }
    if random.below(40) == 0 {
        cache.max_bytes = 0;
    }
    if random.below(3) == 0 {
        options.selection = Selection::Ignore;
    }
    if random.below(3) == 0 {
        options.rules = RuleSet::from_bits([0b1, 0b10_0110, 0][random.below(3)]);
    }
    if random.below(6) == 0 {
        options.paths = [&["c", "a"][..], &["a", "a/b", "a/../a"], &["a/one.py", "two.py", "a"]][random.below(3)]
            .iter()
            .map(PathBuf::from)
            .collect();
    }
    if random.below(8) == 0 {
        options.exclude = vec!["two.py".to_owned(), "/a/b".to_owned()];
    }
    options.threads = Some(1 + random.below(2));
    options
}

fn rounds() -> usize {
    std::env::var("REV_ACCEL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2_500)
}

#[test]
fn whatever_changed_an_answer_with_a_cache_is_the_answer_without() {
    // On a disk and in memory, each with its own rules for times and inodes.
    let places = [Place::on("/var/tmp"), Place::on("/dev/shm")];
    let memories = [new_memory(), new_memory()];
    let mut random = Random::new(rounds() as u64);
    let (mut kept, mut recent, mut store) = (0, 0, 0);
    for round in 0..rounds() {
        let place = &places[usize::from(round >= rounds() / 2)];
        place.tick();
        for _ in 0..random.below(3) {
            change(place, &mut random);
        }
        // Now and then many at once, so that the content store is asked.
        for _ in 0..if random.below(20) == 0 { 60 } else { 0 } {
            change(place, &mut random);
        }
        place.tick();
        match random.below(20) {
            0 => AHEAD.store(0, Ordering::SeqCst),
            1 => AHEAD.store(-HOUR, Ordering::SeqCst),
            2..=8 => drop(AHEAD.fetch_add(HOUR, Ordering::SeqCst)),
            _ => {}
        }
        let options = any_options(place, &memories, &mut random);
        let form = FORMS[random.below(3)];
        let stats = same(form, &options, || format!("round {round}, {options:?}"));
        kept += stats.memory + stats.manifest;
        recent += stats.recent;
        store += stats.store;
    }
    let least = rounds() / 2;
    assert!(kept > least && recent > least && store > least / 10, "{kept} {recent} {store}");
}
