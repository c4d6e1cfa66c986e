//! What an answer depends on: looks at the file system that have to give the same again.
//!
//! The argument is that of [`stamp`](crate::tree::stamp). A look is believed if what it saw had been so for a while when git was
//! started: then git saw the same, and any later change shows. Of a path under which there is nothing, the folder above must not have
//! changed since: what was removed from it meanwhile would show there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::gate::Unkept;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::tree::device::Devices;
use crate::tree::paths::Paths;
use crate::tree::snapshot::{Cause, LastDevice, PATHS_PER_THREAD, STACK};
use crate::tree::stamp::{Clock, Kind, Stamp};

/// Paths that a thread takes at a time.
const CHUNK: usize = 64;

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// What is under the path itself.
    Entry(Stamp),
    /// A link, and where it leads.
    Link(Box<(Stamp, Target)>),
    /// Nothing, for this reason.
    Absent(i32),
    /// Which folder, and whose.
    Identity(Box<Identity>),
    /// Only what kind of thing, links followed.
    Kind(Option<Kind>),
    /// Where the path leads, all links in it followed.
    Place(Box<Path>),
}

/// What is at the end of a link, or why it leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    There(Stamp),
    Absent(i32),
}

/// What stays the same while a folder's content changes, or that of a file whose name stands for its content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    mode: u32,
    user: u32,
    group: u32,
    /// Of a file only.
    size: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            mode: metadata.mode(),
            user: metadata.uid(),
            group: metadata.gid(),
            size: if metadata.is_dir() { 0 } else { metadata.size() },
        }
    }

    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        Self { device: 0, inode: 0, mode: 0, user: 0, group: 0, size: 0 }
    }
}

fn code(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or_default()
}

impl Seen {
    fn entry(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Self::Entry(Stamp::of(&metadata)),
            Err(error) => Self::Absent(code(&error)),
        }
    }

    fn file(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                let there = match fs::metadata(path) {
                    Ok(metadata) => Target::There(Stamp::of(&metadata)),
                    Err(error) => Target::Absent(code(&error)),
                };
                Self::Link(Box::new((Stamp::of(&metadata), there)))
            }
            Ok(metadata) => Self::Entry(Stamp::of(&metadata)),
            Err(error) => Self::Absent(code(&error)),
        }
    }

    fn identity(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Self::Identity(Box::new(Identity::of(&metadata))),
            Err(error) => Self::Absent(code(&error)),
        }
    }

    fn kind(path: &Path) -> Self {
        Self::Kind(fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata).kind()))
    }

    /// Looks again; the reason, if it is not the same.
    #[inline]
    fn differs(&self, path: &Path, device: &mut LastDevice<'_>) -> Option<&'static str> {
        let differs = |same: bool, reason| (!same).then_some(reason);
        match self {
            Self::Entry(was) => match fs::symlink_metadata(path) {
                Ok(is) => differs(was.is_again(&Stamp::of(&is)) && keeps(was, path, device), "has changed"),
                Err(_) => Some("is no longer there"),
            },
            Self::Absent(was) => match fs::symlink_metadata(path) {
                Ok(_) => Some("was not there before"),
                Err(error) => differs(*was == code(&error), "is missing for another reason"),
            },
            Self::Link(was) => differs(Self::file(path) == *self && keeps(&was.0, path, device), "has changed"),
            Self::Identity(_) => differs(Self::identity(path) == *self, "is another folder"),
            Self::Kind(_) => differs(Self::kind(path) == *self, "is another kind of thing"),
            Self::Place(was) => differs(fs::canonicalize(path).is_ok_and(|is| is == **was), "leads elsewhere"),
        }
    }
}

/// Looks of one kind.
#[derive(Debug, Default)]
struct Part {
    paths: Arc<Paths>,
    seen: Vec<Seen>,
}

/// All looks that an answer depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    parts: Vec<Arc<Part>>,
    /// The latest time that the clock showed.
    newest: i64,
}

impl Proof {
    /// How many looks there are.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.seen.len()).sum()
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        self.parts.iter().map(|part| part.paths.bytes().len() + part.seen.len() * (size_of::<Seen>() + 4)).sum()
    }

    /// Looks at everything again, and gives what is not as it was. What changed before the call is seen.
    pub(super) fn check(
        &self,
        threads: impl FnOnce() -> usize,
        clock: Clock,
        cancel: &Cancel,
    ) -> Result<Option<Cause>> {
        let cause = |path: &Path, reason| Ok(Some(Cause { path: path.to_owned(), reason }));
        // Times from before the clock was put back could come again.
        if !cfg!(unix) || clock() < self.newest {
            return cause(Path::new(""), "the clock was put back");
        }
        let pass = Pass {
            parts: &self.parts,
            devices: &Devices::default(),
            cancel,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            found: Mutex::new(None),
        };
        pass.run(threads, self.len());
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(pass.found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The floor of a check: a bare look at the same paths by the same number of threads. Gives how many there are still.
    pub(super) fn bare_look(&self, threads: impl FnOnce() -> usize) -> usize {
        let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = self.len();
        let work = || {
            let mut there = 0;
            loop {
                let start = next.fetch_add(CHUNK, Ordering::Relaxed);
                if start >= count {
                    found.fetch_add(there, Ordering::Relaxed);
                    return;
                }
                for index in start..count.min(start + CHUNK) {
                    let (part, index) = place(&self.parts, index);
                    there += usize::from(fs::symlink_metadata(part.paths.get(index)).is_ok());
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads_for(count, threads) {
                scope.spawn(work);
            }
            work();
        });
        found.into_inner()
    }
}

/// How many threads look at so many paths. How many there may be is asked only where it matters: that takes as long as a look at a
/// small tree.
fn threads_for(count: usize, threads: impl FnOnce() -> usize) -> usize {
    match count / PATHS_PER_THREAD {
        0 | 1 => 1,
        most => most.min(threads()),
    }
}

/// The part that the look with this number is in, and its number there.
fn place(parts: &[Arc<Part>], mut index: usize) -> (&Part, usize) {
    for part in parts {
        if index < part.seen.len() {
            return (part, index);
        }
        index -= part.seen.len();
    }
    unreachable!("there are as many looks as in all parts")
}

/// One pass over all looks, by several threads.
struct Pass<'a> {
    parts: &'a [Arc<Part>],
    devices: &'a Devices,
    cancel: &'a Cancel,
    next: AtomicUsize,
    stop: AtomicBool,
    found: Mutex<Option<Cause>>,
}

impl Pass<'_> {
    fn run(&self, threads: impl FnOnce() -> usize, count: usize) {
        thread::scope(|scope| {
            // Where the system refuses a thread, the others do its work.
            for _ in 1..threads_for(count, threads) {
                if thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.work(count)).is_err() {
                    break;
                }
            }
            self.work(count);
        });
    }

    fn work(&self, count: usize) {
        let mut device = LastDevice::new(self.devices);
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count || self.stop.load(Ordering::Relaxed) || self.cancel.is_cancelled() {
                return;
            }
            for index in start..count.min(start + CHUNK) {
                let (part, index) = place(self.parts, index);
                let path = part.paths.get(index);
                if let Some(reason) = part.seen[index].differs(path, &mut device) {
                    self.stop.store(true, Ordering::Relaxed);
                    let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                    *found = Some(Cause { path: path.to_owned(), reason });
                    return;
                }
            }
        }
    }
}

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

/// Whether the file system of what is under a path is believed.
fn keeps(stamp: &Stamp, path: &Path, device: &mut LastDevice<'_>) -> bool {
    // A link may lead to another one, or nowhere.
    let is_link = stamp.kind() == Kind::Other;
    device.keeps_stamps(stamp, if is_link { path.parent().unwrap_or(path) } else { path })
}

#[cfg(unix)]
fn is_mere_absence(reason: i32) -> bool {
    matches!(reason, libc::ENOENT | libc::ENOTDIR)
}

#[cfg(not(unix))]
fn is_mere_absence(_: i32) -> bool {
    false
}
