//! Random changes, against what a selection and the files themselves say.

use super::*;
use std::fs::{FileTimes, OpenOptions};
use std::io::Write;

/// A generator of numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const FOLDERS: [&str; 7] = ["top", "top/a", "top/a/b", "top/c", "top/c/d", "", "aside"];
const NAMES: [&str; 5] = ["one.py", "two.py", "three.py", "notes.txt", "link.py"];
const IGNORING: [&str; 4] = [".gitignore", ".ignore", ".git/info/exclude", "pyvenv.cfg"];
const PATTERNS: [&str; 4] = ["one.py\n", "two.py\n", "/a   \n", "d     \n"];

/// Changes something below `place`; what cannot be changed so stays.
fn change(place: &Path, random: &mut Random) {
    let folder = place.join(random.pick(&FOLDERS));
    let other = place.join(random.pick(&FOLDERS));
    let file = folder.join(random.pick(&NAMES));
    let text = format!("x = {:03}\n", random.below(1_000));
    match random.below(13) {
        0 | 1 => drop(fs::write(&file, text)),
        2 => drop(OpenOptions::new().write(true).open(&file).and_then(|mut file| file.write_all(text.as_bytes()))),
        3 => {
            if let Ok(mut open) = OpenOptions::new().write(true).open(&file) {
                let times = open.metadata().and_then(|metadata| metadata.modified());
                drop(open.write_all(text.as_bytes()));
                drop(open.set_times(FileTimes::new().set_modified(times.unwrap())));
            }
        }
        4 => drop(fs::write(place.join("new"), text).and_then(|()| fs::rename(place.join("new"), &file))),
        5 => drop(fs::remove_file(&file)),
        6 => drop(fs::rename(&file, other.join(random.pick(&NAMES)))),
        7 => drop(fs::create_dir_all(&folder)),
        8 => {
            let ignoring = folder.join(random.pick(&IGNORING));
            drop(
                fs::create_dir_all(ignoring.parent().unwrap())
                    .and_then(|()| fs::write(&ignoring, random.pick(&PATTERNS))),
            );
        }
        9 => drop(fs::remove_file(folder.join(random.pick(&IGNORING)))),
        10 => drop(symlink(other.join(random.pick(&["one.py", "", "nothing"])), folder.join("link.py"))),
        // A folder for a link to another, and the other way round.
        11 if folder != place && folder != place.join("top") => {
            let unused = place.join(format!("unused-{}", random.below(1 << 40)));
            if fs::rename(&folder, unused).is_ok() && random.below(2) == 0 {
                drop(symlink(&other, &folder));
            }
        }
        _ => {
            // Made and gone again within one step of the clock.
            let fleeting = folder.join("fleeting.py");
            drop(fs::write(&fleeting, "").and_then(|()| fs::remove_file(&fleeting)));
        }
    }
}

/// Fails if the check lets anything pass that a selection or a file contradicts. Gives whether nothing had to be looked at.
fn judge(known: &Known, clock: fn() -> i64) -> bool {
    let check = known.check_by(clock);
    if check.reselect {
        return false;
    }
    assert_eq!(known.selected(), known.was_selected(), "a stale selection");
    for (index, (path, content)) in known.files.iter().enumerate() {
        if !check.files.contains(&(index as u32)) {
            assert_eq!(&fs::read(path).unwrap(), content, "a stale file, {}", path.display());
        }
    }
    check.files.is_empty()
}

fn rounds() -> usize {
    std::env::var("REV_ACCEL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(400)
}

/// By the real clock: what has just changed is never trusted, and everything here has.
#[test]
fn right_after_any_changes_there_is_no_stale_answer() {
    for (place, seed) in places().iter().zip(1..) {
        let place = place.path();
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        fs::create_dir(place.join("top")).unwrap();
        for round in 0..rounds() {
            let selection = if round % 2 == 0 { Selection::All } else { Selection::Ignore };
            let known = Known::new(&place.join("top"), &["."], selection, system_clock);
            for _ in 0..random.below(3) {
                change(place, &mut random);
            }
            judge(&known, system_clock);
        }
    }
}

/// By a clock for which all is settled: each single change must show in some stamp.
#[test]
fn any_change_of_what_has_settled_is_seen() {
    let mut quiet = 0;
    for (place, seed) in places().iter().zip(1..) {
        let place = place.path();
        let mut random = Random(0xd1b5_4a32_d192_ed03_u64.wrapping_mul(seed));
        fs::create_dir(place.join("top")).unwrap();
        for round in 0..rounds() / 4 {
            let selection = if round % 2 == 0 { Selection::All } else { Selection::Ignore };
            tick();
            let known = Known::new(&place.join("top"), &["."], selection, later);
            quiet += usize::from(judge(&known, later));
            tick();
            for _ in 0..=random.below(2) {
                change(place, &mut random);
            }
            judge(&known, later);
        }
    }
    assert!(places().is_empty() || quiet > 0, "a tree that did not change must need no look");
}
