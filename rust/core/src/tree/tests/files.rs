//! Files that change.

use super::*;
use std::fs::{FileTimes, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use crate::error::Error;

fn in_place(path: &Path, text: &str) {
    OpenOptions::new().write(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn replace(path: &Path, text: &str) {
    let aside = path.with_extension("new");
    fs::write(&aside, text).unwrap();
    fs::rename(aside, path).unwrap();
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

type Change = (&'static str, fn(&Path));

/// Each way to change a file, with another text of the same size.
const CHANGES: [Change; 9] = [
    ("rewritten in place", |path| in_place(path, "a = 2\n")),
    ("rewritten with its time put back", |path| {
        let before = path.metadata().unwrap().modified().unwrap();
        in_place(path, "a = 2\n");
        set_modified(path, before);
    }),
    ("replaced", |path| replace(path, "a = 2\n")),
    ("replaced with its time put back", |path| {
        let before = path.metadata().unwrap().modified().unwrap();
        replace(path, "a = 2\n");
        set_modified(path, before);
    }),
    ("removed and written anew", |path| {
        fs::remove_file(path).unwrap();
        fs::write(path, "a = 2\n").unwrap();
    }),
    ("given a time in the future", |path| {
        in_place(path, "a = 2\n");
        set_modified(path, SystemTime::now() + Duration::from_hours(9_999));
    }),
    ("swapped for a link to another", |path| {
        let other = path.with_extension("other");
        fs::write(&other, "a = 2\n").unwrap();
        fs::remove_file(path).unwrap();
        symlink(other, path).unwrap();
    }),
    ("made unreadable", |path| fs::set_permissions(path, Permissions::from_mode(0o200)).unwrap()),
    ("removed", |path| fs::remove_file(path).unwrap()),
];

#[test]
fn every_change_of_a_file_is_seen() {
    for selection in [Selection::All, Selection::Ignore] {
        for (what, change) in CHANGES {
            for place in places() {
                for name in ["a.py", "b.py", "c.py"] {
                    write(place.path(), name, "a = 1\n");
                }
                tick();
                let known = Known::new(place.path(), &["."], selection, later);
                assert_eq!(known.check(), Check::default());
                tick();
                change(&place.path().join("b.py"));
                let check = known.check();
                assert!(check.reselect || check.files == [1], "{what}: {check:?}");
            }
        }
    }
}

#[test]
fn a_link_that_leads_to_another_file_is_seen() {
    for place in places() {
        let root = place.path();
        write(root, "one", "a = 1\n");
        write(root, "two", "a = 2\n");
        write(root, "links/middle", "");
        fs::remove_file(root.join("links/middle")).unwrap();
        symlink(root.join("one"), root.join("links/middle")).unwrap();
        fs::create_dir(root.join("top")).unwrap();
        symlink(root.join("links/middle"), root.join("top/a.py")).unwrap();
        let known = Known::new(&root.join("top"), &["."], Selection::Ignore, later);
        assert_eq!(known.check(), Check::default());
        fs::remove_file(root.join("links/middle")).unwrap();
        symlink(root.join("two"), root.join("links/middle")).unwrap();
        assert_eq!(known.check().files, [0]);
    }
}

#[test]
fn a_reused_inode_does_not_hide_a_replacement() {
    for place in places() {
        let path = place.path().join("a.py");
        fs::write(&path, "a = 000\n").unwrap();
        for round in 1..200 {
            tick();
            let known = Known::new(place.path(), &["."], Selection::All, later);
            assert_eq!(known.check(), Check::default());
            replace(&path, &format!("a = {round:03}\n"));
            assert_eq!(known.check().files, [0]);
            if round > 20 && std::env::var_os("REV_ACCEL_ROUNDS").is_none() {
                break;
            }
        }
    }
}

#[test]
fn only_bytes_that_did_not_change_while_read_and_cannot_change_unseen_have_a_stamp() {
    let devices = Devices::default();
    let mut buffer = Vec::new();
    for place in places() {
        let path = place.path().join("a.py");
        fs::write(&path, "a = 1\n").unwrap();
        let mut stamp = |stamps| read(&path, 100, &mut buffer, stamps).unwrap();
        assert_eq!(stamp(Some((&devices, later))), Stamp::of(&path.metadata().unwrap()));
        assert_eq!(stamp(Some((&devices, system_clock))), Stamp::UNKNOWN, "just written");
        assert_eq!(stamp(Some((&devices, || 0))), Stamp::UNKNOWN, "from the future");
        assert_eq!(stamp(None), Stamp::UNKNOWN);
        let distrusted = Devices::assuming(device(&path), false);
        assert_eq!(stamp(Some((&distrusted, later))), Stamp::UNKNOWN);
        set_modified(&path, SystemTime::now() + Duration::from_hours(9));
        let mut stamp = |stamps| read(&path, 100, &mut buffer, stamps).unwrap();
        assert_eq!(stamp(Some((&devices, later))), Stamp::UNKNOWN, "touched to the future");
    }
    // The size of what the kernel makes up is not that of its bytes.
    let made_up = read(Path::new("/proc/self/stat"), 1 << 20, &mut buffer, Some((&devices, later)));
    assert_eq!(made_up.unwrap_or(Stamp::UNKNOWN), Stamp::UNKNOWN);
}

#[test]
fn a_file_that_changes_while_it_is_read_has_no_stamp() {
    use std::cell::RefCell;
    type Planned = (usize, PathBuf);
    thread_local! {
        static CHANGE: RefCell<Option<Planned>> = const { RefCell::new(None) };
    }
    /// The clock is looked at before the file is opened and once it is read.
    fn clock_that_writes() -> i64 {
        CHANGE.with_borrow_mut(|change| match change.take() {
            Some((0, path)) => in_place(&path, "a = 2\n"),
            Some((looks, path)) => *change = Some((looks - 1, path)),
            None => {}
        });
        later()
    }
    for place in places() {
        let path = place.path().join("a.py");
        for (looks, text, has_stamp) in [(0, "a = 2\n", true), (1, "a = 1\n", false)] {
            fs::write(&path, "a = 1\n").unwrap();
            tick();
            CHANGE.set(Some((looks, path.clone())));
            let mut buffer = Vec::new();
            let stamp = read(&path, 100, &mut buffer, Some((&Devices::default(), clock_that_writes))).unwrap();
            assert_eq!((buffer.as_slice(), stamp.is_known()), (text.as_bytes(), has_stamp));
        }
    }
}

#[test]
fn any_number_of_threads_finds_the_same() {
    for place in places() {
        let root = place.path();
        for index in 0..3_000 {
            write(root, &format!("{}/{index}.py", index % 50), "");
        }
        let known = Known::new(root, &["."], Selection::Ignore, later);
        let check = |threads| known.snapshot.check(threads, later, &Devices::default(), &Cancel::new()).unwrap();
        assert_eq!(check(7), Check::default());
        tick();
        let changed = [5, 1_234, 2_999];
        for index in changed {
            in_place(&known.files[index].0, "a = 1\n");
        }
        for threads in [0, 1, 2, 7] {
            assert_eq!(check(threads).files, changed.map(|index| index as u32));
        }
        fs::remove_file(&known.files[777].0).unwrap();
        for threads in [1, 2, 7] {
            let check = check(threads);
            assert!(check.reselect && check.files.is_empty() && check.cause.is_some());
        }
        let cancel = Cancel::new();
        cancel.cancel();
        let cancelled = known.snapshot.check(2, later, &Devices::default(), &cancel);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
    }
}
