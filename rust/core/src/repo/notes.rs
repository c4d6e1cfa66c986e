//! Looks while an answer is kept: what they see has to be what git saw.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::gate::Unkept;
use super::proof::{CHUNK, Part, Proof, threads_for};
use super::seen::{Seen, Target, is_mere_absence, keeps};
use crate::cancel::Cancel;
use crate::tree::device::Devices;
use crate::tree::paths::Paths;
use crate::tree::snapshot::{LastDevice, STACK};
use crate::tree::stamp::{Clock, Stamp};

/// Looks, and notes what they saw, for a [`Proof`].
pub(super) struct Notes {
    clock: Clock,
    /// When git was started.
    started: i64,
    devices: Devices,
    paths: Paths,
    seen: Vec<Seen>,
    parts: Vec<Arc<Part>>,
    /// Folders in which nothing may have come and gone meanwhile.
    quiet: BTreeSet<PathBuf>,
}

impl Notes {
    /// For an answer that git was asked for after this time.
    pub(super) fn new(started: i64, clock: Clock) -> Self {
        Self {
            clock,
            started,
            devices: Devices::default(),
            paths: Paths::default(),
            seen: Vec::new(),
            parts: Vec::new(),
            quiet: BTreeSet::new(),
        }
    }

    /// A file whose content counts, links followed, or its absence.
    pub(super) fn settled_or_absent(&mut self, path: &Path) -> std::result::Result<(), Unkept> {
        self.settled(path, Seen::file(path))
    }

    /// The same, where git has told that nothing was there. What is not there now is not there by a change that git did not see.
    pub(super) fn told_absent(&mut self, path: &Path) -> std::result::Result<(), Unkept> {
        match Seen::file(path) {
            Seen::Absent(reason) if is_mere_absence(reason) => self.push(path, Seen::Absent(reason)),
            _ => self.settled_or_absent(path),
        }
    }

    /// Where a path leads.
    pub(super) fn place(&mut self, path: &Path) -> std::result::Result<PathBuf, Unkept> {
        let place = path.canonicalize().map_err(|_| Unkept::At(path.to_owned(), "cannot be resolved"))?;
        self.push(path, Seen::Place(place.as_path().into()))?;
        Ok(place)
    }

    /// The same, which an earlier look has to have seen, too.
    pub(super) fn settled_as_before(&mut self, path: &Path, before: &Before) -> std::result::Result<(), Unkept> {
        let seen = Seen::file(path);
        if seen != before.0 {
            return Err(Unkept::Moved(path.to_owned()));
        }
        self.settled(path, seen)
    }

    fn settled(&mut self, path: &Path, seen: Seen) -> std::result::Result<(), Unkept> {
        self.believe(path, &seen)?;
        if matches!(seen, Seen::Absent(_) | Seen::Link(_)) {
            self.keep_quiet(path);
        }
        self.push(path, seen)
    }

    /// What is missing, or where a link leads, has to have been so during the whole time.
    fn keep_quiet(&mut self, path: &Path) {
        if let Some(folder) = path.parent()
            && !self.quiet.contains(folder)
        {
            self.quiet.insert(folder.to_owned());
        }
    }

    /// What is under the path itself: a file, a folder, or nothing in a folder that is noted.
    pub(super) fn entry(&mut self, path: &Path) -> std::result::Result<(), Unkept> {
        let seen = Seen::entry(path);
        self.believe(path, &seen)?;
        self.push(path, seen)
    }

    /// Which folder it is, or which file with a name that stands for its content.
    pub(super) fn identity(&mut self, path: &Path) -> std::result::Result<(), Unkept> {
        let seen = Seen::identity(path);
        match &seen {
            Seen::Identity(_) => self.push(path, seen),
            _ => Err(Unkept::At(path.to_owned(), "cannot be looked at")),
        }
    }

    /// Only what kind of thing it is.
    pub(super) fn kind(&mut self, path: &Path) -> std::result::Result<(), Unkept> {
        self.push(path, Seen::kind(path))
    }

    /// Each of these as [`entry`](Self::entry) takes it, by several threads.
    pub(super) fn entries(
        &mut self,
        paths: &Arc<Paths>,
        threads: impl FnOnce() -> usize,
        cancel: &Cancel,
    ) -> std::result::Result<(), Unkept> {
        let mut seen = vec![Seen::Absent(0); paths.len()];
        let share = paths.len().div_ceil(threads_for(paths.len(), threads)).max(1);
        let fault = thread::scope(|scope| {
            let look = |first: usize, part: &mut [Seen]| -> std::result::Result<(), Unkept> {
                let mut device = LastDevice::new(&self.devices);
                for (index, place) in part.iter_mut().enumerate() {
                    if index % CHUNK == 0 && cancel.is_cancelled() {
                        return Err(Unkept::Cancelled);
                    }
                    let path = paths.get(first + index);
                    *place = Seen::entry(path);
                    believe(place, path, self.started, &mut device)?;
                }
                Ok(())
            };
            let mut shares: Vec<_> = seen.chunks_mut(share).enumerate().collect();
            let own = shares.pop();
            let mut helpers = Vec::new();
            let mut results = Vec::new();
            for (number, part) in shares {
                let builder = thread::Builder::new().stack_size(STACK);
                match builder.spawn_scoped(scope, move || look(number * share, part)) {
                    Ok(helper) => helpers.push(helper),
                    Err(_) => results.push(Err(Unkept::Unmodelled("the system grants no thread"))),
                }
            }
            results.extend(own.map(|(number, part)| look(number * share, part)));
            results.extend(
                helpers
                    .into_iter()
                    .map(|helper| helper.join().unwrap_or(Err(Unkept::Unmodelled("a fault while looking")))),
            );
            results.into_iter().find_map(std::result::Result::err)
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        self.parts.push(Arc::new(Part { paths: Arc::clone(paths), seen }));
        Ok(())
    }

    /// All looks of another proof, which must have been checked just now, and before git was started.
    pub(super) fn all_of(&mut self, other: &Proof) {
        for part in &other.parts {
            let looks = part.seen.iter().enumerate().filter(|(_, seen)| matches!(seen, Seen::Absent(_)));
            for (index, _) in looks {
                // What comes and goes meanwhile leaves no other trace.
                self.keep_quiet(part.paths.get(index));
            }
        }
        self.parts.extend(other.parts.iter().cloned());
    }

    pub(super) fn finish(self) -> std::result::Result<Proof, Unkept> {
        self.quiet.iter().try_for_each(|folder| self.was_quiet(folder))?;
        let mut parts = self.parts;
        parts.insert(0, Arc::new(Part { paths: Arc::new(self.paths), seen: self.seen }));
        Ok(Proof { parts, newest: self.started.max((self.clock)()) })
    }

    fn push(&mut self, path: &Path, seen: Seen) -> std::result::Result<(), Unkept> {
        if !self.paths.push(path) {
            return Err(Unkept::TooLarge);
        }
        self.seen.push(seen);
        Ok(())
    }

    fn believe(&self, path: &Path, seen: &Seen) -> std::result::Result<(), Unkept> {
        believe(seen, path, self.started, &mut LastDevice::new(&self.devices))
    }

    /// Whether nothing has changed in a folder, or in the one above that exists, since git was started. Asked after all looks.
    fn was_quiet(&self, folder: &Path) -> std::result::Result<(), Unkept> {
        for up in folder.ancestors() {
            let (Ok(itself), Ok(there)) = (fs::symlink_metadata(up), fs::metadata(up)) else { continue };
            for stamp in [Stamp::of(&itself), Stamp::of(&there)] {
                if !stamp.is_quiet_since(self.started) {
                    return Err(Unkept::Recent(up.to_owned(), stamp.is_quiet_at()));
                }
            }
            return Ok(());
        }
        Err(Unkept::At(folder.to_owned(), "lies nowhere"))
    }
}

/// A look before git was asked.
#[derive(Debug)]
pub(super) struct Before(Seen);

impl Before {
    pub(super) fn look(path: &Path) -> Self {
        Self(Seen::file(path))
    }
}

/// Whether a look shows what git saw, and any change will show.
fn believe(seen: &Seen, path: &Path, started: i64, device: &mut LastDevice<'_>) -> std::result::Result<(), Unkept> {
    let (stamp, target) = match seen {
        Seen::Entry(stamp) => (stamp, None),
        Seen::Link(link) => (&link.0, if let Target::There(stamp) = &link.1 { Some(stamp) } else { None }),
        Seen::Absent(reason) if is_mere_absence(*reason) => return Ok(()),
        Seen::Absent(_) => return Err(Unkept::At(path.to_owned(), "cannot be looked at")),
        Seen::Identity(_) | Seen::Kind(_) | Seen::Place(_) => return Ok(()),
    };
    for stamp in [Some(stamp), target].into_iter().flatten() {
        if !stamp.is_settled(started) {
            return Err(Unkept::Recent(path.to_owned(), stamp.settles_at()));
        }
        if !keeps(stamp, path, device) {
            return Err(Unkept::At(path.to_owned(), "is on a file system whose times are not trusted"));
        }
    }
    Ok(())
}
