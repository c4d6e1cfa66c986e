//! Trees that change under a snapshot.

#![cfg(unix)]

mod files;
mod folders;
mod ignored;
mod meanwhile;
mod random;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use super::device::Devices;
use super::read::read;
use super::select::{Selected, Selection, select};
use super::snapshot::{Check, Snapshot};
use super::stamp::{Stamp, system_clock};
use crate::cancel::Cancel;

const HOUR: i64 = 3_600_000_000_000;

/// A clock for which everything that happens now is long ago.
fn later() -> i64 {
    system_clock() + HOUR
}

/// Longer than a step of the kernel's clock, so that no two changes share a time.
fn tick() {
    sleep(Duration::from_millis(15));
}

/// A folder on each kind of file system there is here whose stamps are trusted: on a disk, and in memory.
fn places() -> Vec<TempDir> {
    let places = ["/var/tmp", "/dev/shm"].map(Path::new).into_iter().filter(|place| place.is_dir());
    let places: Vec<_> = places.map(|place| TempDir::new_in(place).unwrap()).collect();
    let trusted = |place: &TempDir| Devices::default().keeps_stamps(device(place.path()), place.path());
    places.into_iter().filter(trusted).collect()
}

fn device(path: &Path) -> u64 {
    Stamp::of(&path.metadata().unwrap()).device()
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A tree that was selected, read and stamped.
struct Known {
    root: PathBuf,
    paths: Vec<PathBuf>,
    selection: Selection,
    files: Vec<(PathBuf, Vec<u8>)>,
    snapshot: Snapshot,
}

impl Known {
    fn new(root: &Path, paths: &[&str], selection: Selection, clock: fn() -> i64) -> Self {
        Self::on(&Devices::default(), root, paths, selection, clock)
    }

    fn on(devices: &Devices, root: &Path, paths: &[&str], selection: Selection, clock: fn() -> i64) -> Self {
        let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
        let watch = Some((devices, clock));
        let selected = select(root, &paths, selection, &[], watch, &Cancel::new()).unwrap();
        let Selected { files, watch, named: _, unlisted: _ } = selected;
        let mut snapshot = watch.unwrap();
        let (mut contents, mut stamps) = (Vec::new(), Vec::new());
        for (_, path) in files {
            let mut buffer = Vec::new();
            let stamp = read(&path, 1 << 20, &mut buffer, Some((devices, clock))).unwrap_or(Stamp::UNKNOWN);
            stamps.push(stamp);
            contents.push((path, buffer));
        }
        assert!(snapshot.set_files(contents.iter().map(|(path, _)| path.as_path()).zip(stamps)));
        Self { root: root.to_owned(), paths, selection, files: contents, snapshot }
    }

    fn check_by(&self, clock: fn() -> i64) -> Check {
        self.snapshot.check(1, clock, &Devices::default(), &Cancel::new()).unwrap()
    }

    fn check(&self) -> Check {
        self.check_by(later)
    }

    /// The files that a selection gives now.
    fn selected(&self) -> Vec<PathBuf> {
        let selected = select(&self.root, &self.paths, self.selection, &[], None, &Cancel::new());
        selected.map(|selected| selected.files.into_iter().map(|(_, path)| path).collect()).unwrap_or_default()
    }

    fn was_selected(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(path, _)| path.clone()).collect()
    }
}

/// Runs a change on a tree in each place and requires that it changes the selection, and that the check sees that.
///
/// `prepare` and `change` get the folder of the place; the selection is below its `top`.
fn must_reselect(what: &str, selection: Selection, prepare: impl Fn(&Path), change: impl Fn(&Path)) {
    for place in places() {
        let place = place.path();
        write(place, "top/a.py", "a = 1\n");
        write(place, "top/sub/b.py", "b = 1\n");
        prepare(place);
        tick();
        let known = Known::new(&place.join("top"), &["."], selection, later);
        assert!(!known.check().reselect, "before: {what}");
        tick();
        change(place);
        assert_ne!(known.selected(), known.was_selected(), "{what} must change the selection");
        let check = known.check();
        assert!(check.reselect, "{what}: {check:?}");
        let again = Known::new(&place.join("top"), &["."], selection, later);
        assert_eq!(again.was_selected(), known.selected());
        assert!(!again.check().reselect, "after: {what}");
    }
}
