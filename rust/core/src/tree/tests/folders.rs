//! Folders that change, and when what is known of them counts.

use super::*;

const BOTH: [Selection; 2] = [Selection::All, Selection::Ignore];

fn both(what: &str, prepare: impl Fn(&Path), change: impl Fn(&Path)) {
    for selection in BOTH {
        must_reselect(what, selection, &prepare, &change);
    }
}

#[test]
fn files_and_folders_created_removed_and_renamed() {
    for folder in ["top", "top/sub"] {
        let path = |place: &Path, name: &str| place.join(folder).join(name);
        both("created", |_| {}, |place| fs::write(path(place, "new.py"), "").unwrap());
        both("created in a new folder", |_| {}, |place| write(place, &format!("{folder}/new/c.py"), ""));
        both(
            "removed",
            |place| fs::write(path(place, "old.py"), "").unwrap(),
            |place| fs::remove_file(path(place, "old.py")).unwrap(),
        );
        both(
            "renamed",
            |place| fs::write(path(place, "old.py"), "").unwrap(),
            |place| fs::rename(path(place, "old.py"), path(place, "new.py")).unwrap(),
        );
        both(
            "a folder renamed",
            |place| write(place, &format!("{folder}/old/c.py"), ""),
            |place| fs::rename(path(place, "old"), path(place, "new")).unwrap(),
        );
        both(
            "a folder removed",
            |place| write(place, &format!("{folder}/old/c.py"), ""),
            |place| fs::remove_dir_all(path(place, "old")).unwrap(),
        );
    }
}

#[test]
fn a_folder_swapped_for_a_link_to_its_like() {
    both(
        "a folder swapped for a link",
        |place| write(place, "like/b.py", "b = 1\n"),
        |place| {
            fs::rename(place.join("top/sub"), place.join("aside")).unwrap();
            symlink(place.join("like"), place.join("top/sub")).unwrap();
        },
    );
}

#[test]
fn a_folder_with_the_same_entries_is_listed_again_and_may_stay() {
    for selection in BOTH {
        for place in places() {
            let root = place.path();
            write(root, "sub/a.py", "a = 1\n");
            let known = Known::new(root, &["."], selection, later);
            tick();
            write(root, "sub/notes.txt", "");
            let check = known.check();
            assert_eq!((check.reselect, check.files.len(), check.folders.len()), (false, 0, 1), "{check:?}");
            let mut refreshed = known;
            for &(index, stamp) in &check.folders {
                refreshed.snapshot.folders[index as usize].stamp = stamp;
            }
            assert_eq!(refreshed.check(), Check::default());
            write(root, "sub/more.txt", "");
            // By the real clock the folder has just changed, so its stamp may not be kept.
            refreshed.snapshot.newest = 0;
            assert_eq!(refreshed.check_by(system_clock), Check::default());
        }
    }
}

#[test]
fn what_has_just_changed_is_not_trusted_and_what_has_rested_is() {
    for place in places() {
        let root = place.path();
        write(root, "sub/a.py", "a = 1\n");
        let fresh = Known::new(root, &["."], Selection::Ignore, system_clock);
        assert!(fresh.snapshot.folders.iter().all(|folder| folder.listing == 0 && !folder.stamp.is_known()));
        assert!(fresh.check_by(system_clock).reselect);
        let fresh = Known::new(root, &["."], Selection::All, system_clock);
        // Other tests may just have made a folder above; then nothing is certain.
        let check = fresh.check_by(system_clock);
        assert!(check.reselect || check.files == [0]);
        // A file that comes and goes within one step of the clock.
        write(root, "sub/b.py", "");
        let during = Known::new(root, &["."], Selection::All, system_clock);
        fs::remove_file(root.join("sub/b.py")).unwrap();
        assert!(during.check_by(system_clock).reselect);
    }
}

#[test]
fn a_tree_at_rest_needs_no_second_look() {
    let places = places();
    for place in &places {
        write(place.path(), "top/sub/a.py", "a = 1\n");
        write(place.path(), "top/.gitignore", "b.py\n");
    }
    sleep(Duration::from_millis(2_700));
    for place in &places {
        for selection in BOTH {
            // Other tests make folders beside this one: what is above the tree must be quiet for a moment.
            let mut tries = (0..500).map(|_| {
                tick();
                Known::new(&place.path().join("top"), &["."], selection, system_clock)
            });
            let known = tries.find(|known| known.snapshot.certain).expect("a quiet moment");
            assert_eq!(known.check_by(system_clock), Check::default());
        }
    }
}

#[test]
fn a_clock_that_was_put_back_makes_nothing_trusted() {
    for place in places() {
        let root = place.path();
        write(root, "sub/a.py", "a = 1\n");
        let known = Known::new(root, &["."], Selection::All, later);
        let check = known.check_by(system_clock);
        assert_eq!((check.reselect, check.files.len(), check.folders.len()), (false, 1, 0));
        write(root, ".gitignore", "b.py\n");
        let known = Known::new(root, &["."], Selection::Ignore, later);
        assert_eq!(known.check(), Check::default());
        assert!(known.check_by(system_clock).reselect);
    }
}

#[test]
fn a_clock_put_back_during_the_selection_makes_it_uncertain() {
    use std::sync::atomic::{AtomicI64, Ordering};
    static HOURS: AtomicI64 = AtomicI64::new(9);
    fn falling() -> i64 {
        system_clock() + HOUR * HOURS.fetch_sub(1, Ordering::Relaxed)
    }
    for place in places() {
        write(place.path(), "a.py", "a = 1\n");
        assert!(!Known::new(place.path(), &["."], Selection::All, falling).snapshot.certain);
    }
}

#[test]
fn a_device_that_keeps_no_stamps_is_looked_at_again_each_time() {
    for place in places() {
        let root = place.path();
        write(root, "sub/a.py", "a = 1\n");
        let devices = Devices::assuming(device(root), false);
        let check = |known: &Known| known.snapshot.check(1, later, &devices, &Cancel::new()).unwrap();
        let known = Known::on(&devices, root, &["."], Selection::All, later);
        let first = check(&known);
        assert_eq!((first.reselect, first.files, first.folders.len()), (false, vec![0], 0));
        // Also when the stamps come from a time when it was trusted.
        let trusted = Known::new(root, &["."], Selection::All, later);
        assert_eq!(check(&trusted).files, [0]);
        fs::write(root.join("b.py"), "").unwrap();
        assert!(check(&known).reselect);
        assert!(check(&Known::on(&devices, root, &["."], Selection::Ignore, later)).reselect);
    }
}

#[test]
fn a_folder_that_cannot_be_listed_is_tried_again_each_time() {
    for place in places() {
        let root = place.path();
        write(root, "a.py", "");
        // Paths longer than the system takes, which also root cannot list.
        let part = "x".repeat(200);
        let deep = |top: &str, levels: usize| (0..levels).fold(root.join(top), |path, _| path.join(&part));
        fs::create_dir_all(deep("one", 18)).unwrap();
        fs::create_dir_all(deep("two", 4)).unwrap();
        fs::rename(root.join("two"), deep("one", 18).join("two")).unwrap();
        for selection in BOTH {
            let known = Known::new(root, &["."], selection, later);
            assert!(!known.snapshot.certain);
            assert!(known.check().reselect);
        }
    }
}

#[test]
fn arguments_that_lead_elsewhere() {
    for place in places() {
        let root = place.path();
        write(root, "one/sub/x.py", "");
        write(root, "one/a.py", "");
        write(root, "two/sub/x.py", "");
        write(root, "two/b.py", "");
        symlink(root.join("one/sub"), root.join("link")).unwrap();
        for selection in BOTH {
            let known = Known::new(root, &["link/.."], selection, later);
            assert_eq!(known.check(), Check::default());
            fs::remove_file(root.join("link")).unwrap();
            symlink(root.join("two/sub"), root.join("link")).unwrap();
            assert_ne!(known.selected(), known.was_selected());
            assert!(known.check().reselect);
            fs::remove_file(root.join("link")).unwrap();
            symlink(root.join("one/sub"), root.join("link")).unwrap();
        }
    }
}

#[test]
fn a_named_path_that_becomes_another_kind_of_thing() {
    for place in places() {
        for selection in BOTH {
            let root = place.path().join(format!("{selection:?}"));
            write(&root, "named", "a = 1\n");
            write(&root, "folder/b.py", "b = 1\n");
            let known = Known::new(&root, &["named"], selection, later);
            assert_eq!(known.check(), Check::default());
            fs::rename(root.join("named"), root.join("aside")).unwrap();
            assert!(known.check().reselect);
            fs::rename(root.join("folder"), root.join("named")).unwrap();
            assert!(known.check().reselect);
            let known = Known::new(&root, &["named"], selection, later);
            fs::remove_dir_all(root.join("named")).unwrap();
            assert!(known.check().reselect);
            fs::write(root.join("named"), "").unwrap();
            assert!(known.check().reselect);
        }
    }
}

#[test]
fn a_record_that_is_not_whole_is_not_used() {
    for place in places() {
        write(place.path(), "a.py", "");
        let known = Known::new(place.path(), &["."], Selection::All, later);
        let broken: [fn(&mut Snapshot); 5] = [
            |snapshot| snapshot.files.clear(),
            |snapshot| snapshot.folders.clear(),
            |snapshot| snapshot.watched.clear(),
            |snapshot| assert!(snapshot.resolved.push(Path::new("x"))),
            |snapshot| snapshot.certain = false,
        ];
        for change in broken {
            let mut snapshot = known.snapshot.clone();
            change(&mut snapshot);
            assert!(snapshot.check(1, later, &Devices::default(), &Cancel::new()).unwrap().reselect);
        }
    }
    assert!(Snapshot::default().check(1, later, &Devices::default(), &Cancel::new()).unwrap().reselect);
}
