//! What an answer about a tree depends on, and a look at whether all of it is still so, without listing a folder.
//!
//! A folder's own stamp tells of entries created, removed and renamed in it, so a known tree needs one `stat` for each folder and file.
//! [`watch`](super::watch) notes these things while files are selected; here they are kept and checked.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::device::Devices;
use super::listing::listing;
use super::paths::Paths;
use super::stamp::{Clock, Stamp};
use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// Paths that a thread takes at a time.
const CHUNK: usize = 64;

/// Below so many paths to a thread, starting one costs more than it saves: about 40 µs against 1 µs a path.
pub(crate) const PATHS_PER_THREAD: usize = 500;

/// Stack of a thread, in bytes. It calls nothing deep; what thread-local variables of the process take comes out of it too.
pub(crate) const STACK: usize = 512 << 10;

/// A folder whose entries were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) stamp: Stamp,
    /// What [`listing`] gave when the stamp was taken; 0 if that is not known.
    pub(crate) listing: u128,
    /// Whether the path may be a link, as for a folder that the caller named.
    pub(crate) follow: bool,
}

/// Something else that the selection depended on, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// `None` if there was nothing.
    pub(crate) stamp: Option<Stamp>,
    /// Whether only it matters what kind of thing there is, if any; else its content does.
    pub(crate) kind_only: bool,
}

/// What a selection and the files that it gave depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) folder_paths: Paths,
    pub(crate) folders: Vec<Folder>,
    pub(crate) watched_paths: Paths,
    pub(crate) watched: Vec<Watched>,
    /// Pairs: a path, and where it led when `..` and, for a folder with ignore files above it, links were resolved.
    pub(crate) resolved: Paths,
    /// In the order of [`Selected::files`](super::select::Selected::files).
    pub(crate) file_paths: Paths,
    pub(crate) files: Vec<Stamp>,
    /// The latest time that the clock showed.
    pub(crate) newest: i64,
    /// False if files must be selected again each time, since something could not be watched.
    pub(crate) certain: bool,
}

/// What a [`check`](Snapshot::check) found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// Other files may have to be selected; the rest is then empty.
    pub(crate) reselect: bool,
    /// What made it so, for people.
    pub(crate) cause: Option<Cause>,
    /// Files whose content must be looked at, ascending.
    pub(crate) files: Vec<u32>,
    /// Folders that have the same entries under another stamp, and that stamp if it may be kept; ascending.
    pub(crate) folders: Vec<(u32, Stamp)>,
}

/// Why files must be selected again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) path: PathBuf,
    pub(crate) reason: &'static str,
}

impl Check {
    fn reselect(path: &Path, reason: &'static str) -> Self {
        let cause = Cause { path: path.to_owned(), reason };
        Self { reselect: true, cause: Some(cause), ..Self::default() }
    }
}

/// Where a path leads: without `..`, as [`select`](super::select::select) names files, or else without links.
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    if !path.components().any(|part| part == Component::ParentDir) {
        return path.canonicalize();
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => path.canonicalize(),
    }
}

impl Snapshot {
    /// Puts in the files that were selected, with the stamps that [`read`](super::read::read) gave.
    ///
    /// False if there are too many; the snapshot is then never certain.
    pub(crate) fn set_files<'a>(&mut self, files: impl Iterator<Item = (&'a Path, Stamp)>) -> bool {
        self.file_paths = Paths::default();
        self.files.clear();
        for (path, stamp) in files {
            if !self.file_paths.push(path) {
                self.certain = false;
                return false;
            }
            self.files.push(stamp);
        }
        true
    }

    /// Whether each path has its record, so that a snapshot from a file can be checked.
    pub(crate) fn is_sound(&self) -> bool {
        self.folder_paths.len() == self.folders.len()
            && self.watched_paths.len() == self.watched.len()
            && self.file_paths.len() == self.files.len()
            && self.resolved.len().is_multiple_of(2)
            && self.files.len().max(self.folders.len()) < u32::MAX as usize
    }

    /// How many things are looked at in a [`check`](Self::check).
    pub(crate) const fn stamps(&self) -> usize {
        self.watched.len() + self.folders.len() + self.files.len()
    }

    /// A path that no longer leads where it did.
    pub(crate) fn leads_elsewhere(&self) -> Option<&Path> {
        let pairs =
            (0..self.resolved.len() / 2).map(|pair| (self.resolved.get(2 * pair), self.resolved.get(2 * pair + 1)));
        let mut changed = pairs.filter(|&(path, there)| !resolve(path).is_ok_and(|now| now.as_path() == there));
        changed.next().map(|(path, _)| path)
    }

    /// Looks at everything again. What changed before the call is seen.
    pub(crate) fn check(&self, threads: usize, clock: Clock, devices: &Devices, cancel: &Cancel) -> Result<Check> {
        let check = self.look(threads, clock, devices, cancel, true);
        if cancel.is_cancelled() { Err(Error::Cancelled) } else { Ok(check) }
    }

    /// As [`check`](Self::check) on this thread and of bounded length: no folder is listed, so that one with another stamp counts as one
    /// with other entries.
    pub(crate) fn check_stamps(&self, clock: Clock, devices: &Devices) -> Check {
        self.look(1, clock, devices, &Cancel::new(), false)
    }

    fn look(&self, threads: usize, clock: Clock, devices: &Devices, cancel: &Cancel, lists: bool) -> Check {
        let top = || self.folder_paths.iter().next().unwrap_or(Path::new(""));
        if !self.is_sound() {
            return Check::reselect(top(), "the record is not whole");
        }
        if !self.certain || !cfg!(unix) {
            return Check::reselect(top(), "not all that the selection depends on can be watched");
        }
        if let Some(path) = self.leads_elsewhere() {
            return Check::reselect(path, "the path leads elsewhere");
        }
        let now = clock();
        let pass = Pass {
            snapshot: self,
            clock,
            now,
            // Times from before the clock was put back could come again.
            trusted: now >= self.newest,
            devices,
            cancel,
            lists,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        pass.run(threads)
    }
}

/// One pass over all paths, by several threads.
struct Pass<'a> {
    snapshot: &'a Snapshot,
    clock: Clock,
    now: i64,
    trusted: bool,
    devices: &'a Devices,
    cancel: &'a Cancel,
    /// Whether the entries of a folder with another stamp are looked at.
    lists: bool,
    next: AtomicUsize,
    stop: AtomicBool,
}

impl Pass<'_> {
    fn run(&self, threads: usize) -> Check {
        let count = self.snapshot.stamps();
        let helpers = (count / PATHS_PER_THREAD).min(threads).saturating_sub(1);
        let mut parts = thread::scope(|scope| {
            // Where the system refuses a thread, the others do its work.
            let start = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.work(count)).ok();
            let helpers: Vec<_> = (0..helpers).map_while(start).collect();
            let mut parts = vec![self.work(count)];
            for helper in helpers {
                // A thread that panicked has looked at an unknown part.
                let part = helper.join().unwrap_or_else(|_| Check::reselect(Path::new(""), "a fault while looking"));
                parts.push(part);
            }
            parts
        });
        if let Some(index) = parts.iter().position(|part| part.reselect) {
            return parts.swap_remove(index);
        }
        let mut check = Check::default();
        for mut part in parts {
            check.files.append(&mut part.files);
            check.folders.append(&mut part.folders);
        }
        check.files.sort_unstable();
        check.folders.sort_unstable_by_key(|&(index, _)| index);
        check
    }

    fn work(&self, count: usize) -> Check {
        let Snapshot { watched, folders, .. } = self.snapshot;
        let (to_folders, to_files) = (watched.len(), watched.len() + folders.len());
        let mut part = Check::default();
        let mut device = LastDevice::new(self.devices);
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count || self.stop.load(Ordering::Relaxed) || self.cancel.is_cancelled() {
                return part;
            }
            for index in start..count.min(start + CHUNK) {
                let changed = if index < to_folders {
                    self.watched(index, &mut device)
                } else if index < to_files {
                    self.folder(index - to_folders, &mut device, &mut part)
                } else {
                    self.file(index - to_files, &mut device, &mut part);
                    None
                };
                if let Some((path, reason)) = changed {
                    self.stop.store(true, Ordering::Relaxed);
                    return Check::reselect(path, reason);
                }
            }
        }
    }

    fn watched(&self, index: usize, device: &mut LastDevice<'_>) -> Option<(&Path, &'static str)> {
        let path = self.snapshot.watched_paths.get(index);
        let changed = match (self.snapshot.watched[index], fs::metadata(path).ok()) {
            (Watched { stamp: None, .. }, None) => None,
            (Watched { stamp: None, .. }, Some(_)) => Some("it was not there"),
            (Watched { stamp: Some(_), .. }, None) => Some("it is no longer there"),
            (Watched { stamp: Some(was), kind_only: true }, Some(is)) => {
                (was.kind() != Stamp::of(&is).kind()).then_some("it is another kind of thing")
            }
            (Watched { stamp: Some(was), kind_only: false }, Some(is)) => {
                (!self.is_same(&was, &is, path, device)).then_some("its content may be another")
            }
        };
        changed.map(|reason| (path, reason))
    }

    fn folder(&self, index: usize, device: &mut LastDevice<'_>, part: &mut Check) -> Option<(&Path, &'static str)> {
        let (path, folder) = (self.snapshot.folder_paths.get(index), &self.snapshot.folders[index]);
        let look = || if folder.follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let Some(metadata) = look().ok().filter(Metadata::is_dir) else {
            return Some((path, "it is no longer a folder"));
        };
        if self.is_same(&folder.stamp, &metadata, path, device) {
            return None;
        }
        if !self.lists || folder.listing == 0 {
            return Some((path, "its entries were not known for certain"));
        }
        if !listing(path).is_ok_and(|listing| listing == folder.listing) {
            return Some((path, "it has other entries"));
        }
        let stamp = Stamp::of(&metadata);
        // A folder above it that was swapped away and back meanwhile has a new change time.
        let stayed = |up: &Path| fs::symlink_metadata(up).is_ok_and(|up| Stamp::of(&up).is_quiet_since(self.now));
        let keeps = self.trusted
            && stamp.is_settled(self.now.min((self.clock)()))
            && look().is_ok_and(|after| Stamp::of(&after) == stamp)
            && device.keeps_stamps(&stamp, path)
            && path.ancestors().skip(usize::from(!folder.follow)).all(stayed);
        if keeps {
            part.folders.push((index as u32, stamp));
        }
        None
    }

    fn file(&self, index: usize, device: &mut LastDevice<'_>, part: &mut Check) {
        let (path, stamp) = (self.snapshot.file_paths.get(index), &self.snapshot.files[index]);
        let is_same = stamp.is_known() && fs::metadata(path).is_ok_and(|is| self.is_same(stamp, &is, path, device));
        if !is_same {
            part.files.push(index as u32);
        }
    }

    #[inline]
    fn is_same(&self, was: &Stamp, is: &Metadata, path: &Path, device: &mut LastDevice<'_>) -> bool {
        let is = Stamp::of(is);
        self.trusted && was.is_again(&is) && device.keeps_stamps(&is, path)
    }
}

/// Remembers the answer about one device, since nearly all paths are on the same.
pub(crate) struct LastDevice<'a> {
    devices: &'a Devices,
    last: Option<(u64, bool)>,
}

impl<'a> LastDevice<'a> {
    pub(crate) fn new(devices: &'a Devices) -> Self {
        Self { devices, last: None }
    }

    #[inline]
    pub(crate) fn keeps_stamps(&mut self, stamp: &Stamp, path: &Path) -> bool {
        match self.last {
            Some((device, keeps)) if device == stamp.device() => keeps,
            _ => {
                let keeps = self.devices.keeps_stamps(stamp.device(), path);
                self.last = Some((stamp.device(), keeps));
                keeps
            }
        }
    }
}
