//! Changes while files are selected: what was not surely seen as it is now must not be trusted.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Selects while `flip` goes back and forth between two states, then stops it and looks whether anything stale is trusted.
fn meanwhile(what: &str, prepare: impl Fn(&Path), flip: impl Fn(&Path) + Sync) {
    let places = places();
    for place in &places {
        for folder in 0..20 {
            write(place.path(), &format!("up/top/{folder}/a.py"), "a = 1\n");
        }
        prepare(place.path());
    }
    // What stays as it is must have settled, or nothing would be trusted anyway.
    sleep(Duration::from_millis(2_600));
    for place in &places {
        let place = place.path();
        for round in 0..120 {
            let selection = if round % 3 == 0 { Selection::All } else { Selection::Ignore };
            let stop = AtomicBool::new(false);
            let known = std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        flip(place);
                    }
                });
                let _stop = Stop(&stop);
                sleep(Duration::from_micros(300));
                Known::new(&place.join("up/top"), &["."], selection, system_clock)
            });
            let check = known.check_by(system_clock);
            assert!(check.reselect || known.selected() == known.was_selected(), "{what}: {check:?}");
        }
    }
}

/// Stops the other thread also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts what is aside into its place, or the other way round.
fn toggle(place: &Path, aside: &str, name: &str) {
    let (aside, name) = (place.join(aside), place.join(name));
    if fs::rename(&aside, &name).is_err() {
        fs::rename(&name, &aside).unwrap();
    }
}

#[test]
fn an_ignore_file_comes_and_goes() {
    for name in ["up/.gitignore", "up/top/.gitignore", "up/top/.git/info/exclude", "up/.git/info/exclude"] {
        let prepare = |place: &Path| {
            write(place, "aside/file", "a.py\n");
            fs::create_dir_all(place.join(name).parent().unwrap()).unwrap();
        };
        meanwhile(name, prepare, |place| toggle(place, "aside/file", name));
    }
}

#[test]
fn the_target_of_a_linked_ignore_file_comes_and_goes() {
    for name in ["up/.gitignore", "up/top/.ignore"] {
        let prepare = |place: &Path| {
            write(place, "aside/file", "a.py\n");
            fs::create_dir(place.join("other")).unwrap();
            symlink(place.join("other/file"), place.join(name)).unwrap();
        };
        meanwhile(name, prepare, |place| toggle(place, "aside/file", "other/file"));
    }
}

#[test]
fn the_folder_of_a_repository_comes_and_goes() {
    for name in ["up/.git", "up/top/.git"] {
        let prepare = |place: &Path| write(place, "aside/git/info/exclude", "a.py\n");
        meanwhile(name, prepare, |place| toggle(place, "aside/git", name));
    }
}

#[test]
fn a_folder_and_a_file_come_and_go() {
    let prepare = |place: &Path| {
        write(place, "aside/folder/b.py", "");
        write(place, "aside/file.py", "");
        write(place, "aside/pyvenv.cfg", "");
    };
    meanwhile("a folder", prepare, |place| toggle(place, "aside/folder", "up/top/7/folder"));
    meanwhile("a file", prepare, |place| toggle(place, "aside/file.py", "up/top/19/b.py"));
    meanwhile("a mark", prepare, |place| toggle(place, "aside/pyvenv.cfg", "up/top/3/pyvenv.cfg"));
}

#[test]
fn the_tree_is_swapped_for_another() {
    for link in ["up", "links/middle", "links/last"] {
        let prepare = |place: &Path| {
            write(place, "other/top/z.py", "");
            write(place, "other/.gitignore", "a.py\n");
            write(place, "links/next/x", "");
            fs::rename(place.join("up"), place.join("one")).unwrap();
            for (from, to) in [("up", "links/middle"), ("links/middle", "last"), ("links/last", "../one")] {
                symlink(to, place.join(from)).unwrap();
            }
        };
        meanwhile(link, prepare, |place| {
            for tree in ["other", "one"] {
                symlink(place.join(tree), place.join("links/next/link")).unwrap();
                fs::rename(place.join("links/next/link"), place.join(link)).unwrap();
            }
        });
    }
}

#[test]
fn a_folder_in_the_tree_is_swapped_for_another() {
    for (folder, below) in [("up/top/7", ""), ("up/top/7", "/one/two"), ("up/top/7/one", "/two")] {
        let prepare = |place: &Path| {
            write(place, &format!("{folder}{below}/b.py"), "");
            write(place, &format!("aside{below}/c.py"), "");
        };
        meanwhile(folder, prepare, |place| {
            for _ in 0..2 {
                fs::rename(place.join(folder), place.join("middle")).unwrap();
                fs::rename(place.join("aside"), place.join(folder)).unwrap();
                fs::rename(place.join("middle"), place.join("aside")).unwrap();
            }
        });
    }
}
