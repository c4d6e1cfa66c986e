//! Notes what a selection depends on, for a [`Snapshot`].
//!
//! The walk reads ignore files by itself, so what it saw is not known; but what was settled before it began, it saw as it still is. A
//! folder's stamp that is settled also vouches for what is *not* in it, and for the folders in it: whatever is moved away or into place
//! has a new change time afterwards. So all is looked at after the walk, what is inside before what holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::device::Devices;
use super::listing::Listing;
use super::paths::Paths;
use super::select::MARKERS;
use super::snapshot::{Folder, Snapshot, Watched, resolve};
use super::stamp::{Clock, Stamp};

/// The longest first line of a `.git` or `commondir` file that is followed, in bytes.
const LINE: u64 = 64 << 10;

/// The longest chain of links that is followed; Linux follows as many.
const LINKS: u32 = 40;

/// The notes of one selection.
pub(crate) struct Watch<'a> {
    devices: &'a Devices,
    clock: Clock,
    /// When the selection began.
    started: i64,
    snapshot: Snapshot,
    /// The folders that the caller named.
    tops: Vec<PathBuf>,
    /// Folders above those that are walked, with what was seen in them before.
    above: BTreeMap<PathBuf, Seen>,
}

/// What was seen under some paths, and whether it was surely so during the whole selection.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    paths: Paths,
    watched: Vec<Watched>,
    certain: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self { paths: Paths::default(), watched: Vec::new(), certain: true }
    }
}

impl Seen {
    fn push(&mut self, path: &Path, stamp: Option<Stamp>, kind_only: bool) {
        let stamp = stamp.map(|stamp| if kind_only { stamp.kind_alone() } else { stamp });
        self.certain &= self.paths.push(path);
        self.watched.push(Watched { stamp, kind_only });
    }

    fn is_uncertain(&mut self, path: &Path, kind_only: bool) {
        self.certain = false;
        self.push(path, None, kind_only);
    }
}

impl<'a> Watch<'a> {
    pub(crate) fn new(devices: &'a Devices, clock: Clock) -> Self {
        let started = clock();
        let snapshot = Snapshot { certain: true, newest: started, ..Snapshot::default() };
        Self { devices, clock, started, snapshot, tops: Vec::new(), above: BTreeMap::new() }
    }

    /// Something happened that no stamp will show again.
    pub(crate) fn is_uncertain(&mut self) {
        self.snapshot.certain = false;
    }

    /// A path was taken as leading there.
    pub(crate) fn led_to(&mut self, path: &Path, there: &Path) {
        let pushed = self.snapshot.resolved.push(path) && self.snapshot.resolved.push(there);
        self.snapshot.certain &= pushed;
    }

    /// The selection looked what kind of thing there is, links followed.
    pub(crate) fn kind(&mut self, path: &Path, found: Option<&fs::Metadata>) {
        let stamp = found.map(|metadata| Stamp::of(metadata).kind_alone());
        self.snapshot.certain &= self.snapshot.watched_paths.push(path);
        self.snapshot.watched.push(Watched { stamp, kind_only: true });
    }

    /// The stamp of a folder before its entries are read.
    pub(crate) fn before(path: &Path, follow: bool) -> Stamp {
        let metadata = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        metadata.map_or(Stamp::UNKNOWN, |metadata| Stamp::of(&metadata))
    }

    /// These folders were read, each after the one that holds it, and nothing else. The listing is that of the entries that were read,
    /// so it holds in any case; the stamp only with those of all folders above.
    pub(crate) fn listed(&mut self, folders: Vec<(PathBuf, Stamp, Listing)>) {
        let still =
            |(index, (path, before, _)): (usize, &(PathBuf, Stamp, Listing))| self.still(path, *before, index == 0);
        let mut stamps: Vec<_> = folders.iter().enumerate().rev().map(still).collect();
        let mut uncertain = BTreeSet::new();
        self.tops.extend(folders.first().map(|(top, ..)| top.clone()));
        for (index, (path, _, listing)) in folders.into_iter().enumerate() {
            let stamp = stamps.pop().filter(|_| index == 0 || !path.parent().is_some_and(|up| uncertain.contains(up)));
            let stamp = stamp.unwrap_or(Stamp::UNKNOWN);
            self.push_folder(&path, Folder { stamp, listing: listing.finish(), follow: index == 0 });
            if !stamp.is_known() {
                uncertain.insert(path);
            }
        }
    }

    /// These folders were walked by ignore files, each after the one that holds it. Their entries must be read anew, so they count only
    /// if they cannot have changed.
    pub(crate) fn walked(&mut self, top: &Path, before: Stamp, folders: &[(PathBuf, Stamp)]) {
        for (folder, before) in folders.iter().rev() {
            self.walked_one(folder, *before, false);
        }
        self.walked_one(top, before, true);
        self.tops.push(top.to_owned());
    }

    fn walked_one(&mut self, path: &Path, before: Stamp, follow: bool) {
        let listing = Listing::read(path);
        let mut seen = Seen::default();
        if listing.as_ref().is_ok_and(Listing::has_special) {
            seen = self.ignore_files(path, false);
            for marker in MARKERS {
                self.kind_of(&path.join(marker), false, &mut seen);
            }
        }
        let stamp = self.still(path, before, follow);
        let Some(listing) = listing.ok().filter(|_| stamp.is_known()) else {
            return self.push_folder(path, Folder { stamp: Stamp::UNKNOWN, listing: 0, follow });
        };
        self.keep(seen);
        self.push_folder(path, Folder { stamp, listing: listing.finish(), follow });
    }

    /// A folder is about to be walked: notes what is above it.
    pub(crate) fn before_walk(&mut self, top: &Path) {
        let Ok(full) = resolve(top) else { return self.is_uncertain() };
        for folder in full.ancestors().skip(1) {
            if !self.above.contains_key(folder) {
                let seen = self.ignore_files(folder, true);
                self.above.insert(folder.to_owned(), seen);
            }
        }
        self.led_to(top, &full);
    }

    /// What there is to know, once all is selected.
    pub(crate) fn finish(mut self) -> Snapshot {
        for (folder, before) in std::mem::take(&mut self.above) {
            let after = self.ignore_files(&folder, true);
            self.snapshot.certain &= before == after;
            self.keep(after);
        }
        let stayed = self.snapshot.leads_elsewhere().is_none();
        self.snapshot.certain &= stayed && self.tops.iter().all(|top| self.led_there(top));
        let now = (self.clock)();
        // A clock that was put back meanwhile makes what it settled worthless.
        self.snapshot.certain &= now >= self.started;
        self.snapshot.newest = self.snapshot.newest.max(now);
        self.snapshot
    }

    fn push_folder(&mut self, path: &Path, folder: Folder) {
        self.snapshot.certain &= self.snapshot.folder_paths.push(path);
        self.snapshot.folders.push(folder);
    }

    fn keep(&mut self, seen: Seen) {
        self.snapshot.certain &= seen.certain;
        for (path, watched) in seen.paths.iter().zip(seen.watched) {
            self.snapshot.certain &= self.snapshot.watched_paths.push(path);
            self.snapshot.watched.push(watched);
        }
    }

    /// Whether a path has led to the same place all the time: no folder above it and no link on the way has moved. Only so do the looks
    /// before and after the walk mean that the walk went there too.
    fn led_there(&self, path: &Path) -> bool {
        std::path::absolute(path).is_ok_and(|path| self.is_quiet_way(&path, LINKS))
    }

    fn is_quiet_way(&self, path: &Path, links: u32) -> bool {
        path.ancestors().enumerate().all(|(depth, part)| {
            let Ok(metadata) = fs::symlink_metadata(part) else { return false };
            // The folder at the end of the way has a stamp of its own.
            if depth == 0 && !metadata.is_symlink() {
                return true;
            }
            let stamp = Stamp::of(&metadata);
            let holder = part.parent().filter(|_| metadata.is_symlink()).unwrap_or(part);
            let quiet = stamp.is_quiet_since(self.started) || !self.devices.keeps_stamps(stamp.device(), holder);
            let goes_on =
                || fs::read_link(part).is_ok_and(|to| links > 0 && self.is_quiet_way(&holder.join(to), links - 1));
            quiet && (!metadata.is_symlink() || goes_on())
        })
    }

    /// The stamp of a folder, if it is the one from before and settled.
    fn still(&self, path: &Path, before: Stamp, follow: bool) -> Stamp {
        let same = before.is_settled(self.started) && Self::before(path, follow) == before;
        if same && self.devices.keeps_stamps(before.device(), path) { before } else { Stamp::UNKNOWN }
    }

    /// What the walk reads in a folder to know what to ignore; `above` if the folder itself is not walked.
    ///
    /// A `.git` that is a file, as in a worktree or a submodule, is followed as the `ignore` crate follows it: to the repository's own
    /// folder and the `info/exclude` in it. A relative path in it counts from the current folder, there and here.
    fn ignore_files(&self, folder: &Path, above: bool) -> Seen {
        let mut seen = Seen::default();
        for name in [".gitignore", ".ignore"] {
            self.content_of(&folder.join(name), above, &mut seen);
        }
        let git = folder.join(".git");
        match fs::metadata(&git) {
            Ok(metadata) if metadata.is_file() => {
                self.content_of(&git, above, &mut seen);
                let line = first_line(&git, &mut seen);
                let Some(own) = line.as_deref().and_then(|line| line.strip_prefix("gitdir: ")) else { return seen };
                let common = Path::new(own).join("commondir");
                self.content_of(&common, above, &mut seen);
                let Some(line) = first_line(&common, &mut seen) else { return seen };
                let common = if line.starts_with('.') { Path::new(own).join(line) } else { PathBuf::from(line) };
                self.content_of(&common.join("info/exclude"), above, &mut seen);
            }
            found => {
                self.kind_of(&git, above, &mut seen);
                if found.is_ok() {
                    self.content_of(&git.join("info/exclude"), above, &mut seen);
                }
            }
        }
        seen
    }

    fn content_of(&self, path: &Path, above: bool, seen: &mut Seen) {
        match (fs::symlink_metadata(path), fs::metadata(path)) {
            (Err(_), _) => {
                seen.certain &= self.was_quiet(path, above);
                seen.push(path, None, false);
            }
            (Ok(link), Ok(found)) => {
                let stamp = Stamp::of(&found);
                let still = stamp.is_settled(self.started)
                    && Stamp::of(&link).is_settled(self.started)
                    && self.devices.keeps_stamps(stamp.device(), path);
                seen.push(path, Some(if still { stamp } else { Stamp::UNKNOWN }), false);
            }
            // Where the link leads there may have been something a moment ago.
            (Ok(_), Err(_)) => seen.is_uncertain(path, false),
        }
    }

    fn kind_of(&self, path: &Path, above: bool, seen: &mut Seen) {
        match (fs::symlink_metadata(path), fs::metadata(path)) {
            (Err(_), _) => {
                seen.certain &= self.was_quiet(path, above);
                seen.push(path, None, true);
            }
            (Ok(link), Ok(found)) => {
                let stamp = Stamp::of(&found);
                seen.certain &= self.was_quiet(path, above);
                seen.certain &= !link.is_symlink() || stamp.is_settled(self.started);
                seen.push(path, Some(stamp), true);
            }
            (Ok(_), Err(_)) => seen.is_uncertain(path, true),
        }
    }

    /// Whether the name cannot have appeared, vanished or led elsewhere since the selection began: the folder that holds it, or the
    /// nearest one that exists, was quiet. Where stamps tell nothing of that, a name above the tree is seen twice, before and after.
    fn was_quiet(&self, path: &Path, above: bool) -> bool {
        for folder in path.ancestors().skip(1) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            if let Ok(metadata) = folder.metadata() {
                let stamp = Stamp::of(&metadata);
                let tells = self.devices.keeps_stamps(stamp.device(), folder);
                return if tells { stamp.is_quiet_since(self.started) } else { above };
            }
        }
        false
    }
}

/// The first line of a file, if it has one that is text. As the `ignore` crate reads it; where that cannot be known, it is uncertain.
fn first_line(path: &Path, seen: &mut Seen) -> Option<String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            seen.certain &= error.kind() == ErrorKind::NotFound;
            return None;
        }
    };
    match BufReader::new(file.take(LINE)).lines().next()? {
        Ok(line) => {
            seen.certain &= (line.len() as u64) < LINE - 1;
            Some(line)
        }
        Err(error) => {
            seen.certain &= error.kind() == ErrorKind::InvalidData;
            None
        }
    }
}
