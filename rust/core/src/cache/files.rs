//! Files of the cache folder: opened without following links, replaced as a whole.
//!
//! Nothing here locks or syncs. A file is complete or not there, the last writer wins, and whoever reads one checks its checksum.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirEntry, File, OpenOptions};
use std::hash::BuildHasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::faults::{self, Step, attempt};
use super::folder::{Folder, MANIFESTS, distrust};
use crate::pages;

/// How names of temporary files begin.
const TEMPORARY: &str = "tmp-";

/// A temporary file that is older belongs to a process that ended before it could rename or remove it.
const LEFT_OVER: Duration = Duration::from_hours(24);

/// How exactly it is known when a file was last used.
const ROUGHLY: Duration = Duration::from_hours(24);

/// How many names are tried for a temporary file.
const NAMES: usize = 8;

impl Folder {
    /// Opens a file for reading, by a name such as `manifests/1f2e`.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<Source> {
        let path = self.path().join(name);
        let mut options = OpenOptions::new();
        let file = attempt(Step::Open, &path, || no_follow(options.read(true)).open(&path))?;
        let metadata = attempt(Step::Stat, &path, || file.metadata())?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file"));
        }
        if let Some(reason) = distrust(&metadata) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        Ok(Source { file, path, len: metadata.len(), modified: metadata.modified().ok() })
    }

    /// Begins a file that will be found under `name` once it is complete.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<Draft> {
        if !self.is_writable() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.sweep();
        }
        Draft::new(self.path().join(name))
    }

    /// Opens a file for appending, and creates it if there is none.
    pub(super) fn append_file(&self, name: &str) -> io::Result<Draft> {
        if !self.is_writable() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let target = self.path().join(name);
        let mut options = OpenOptions::new();
        private(no_follow(options.append(true).create(true)));
        let file = attempt(Step::Open, &target, || options.open(&target))?;
        let metadata = attempt(Step::Stat, &target, || file.metadata())?;
        if !metadata.is_file() || distrust(&metadata).is_some() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Draft { file: Some(file), temporary: PathBuf::new(), target })
    }

    /// Removes a file, or what stands in its place.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        let path = self.path().join(name);
        remove(&path)
    }

    /// The finished files of one part, such as `manifests`, and what stands in the place of one: names for
    /// [`open_file`](Self::open_file), sizes, times of change.
    pub(crate) fn files(&self, part: &str) -> io::Result<Vec<(String, u64, SystemTime)>> {
        let folder = self.path().join(part);
        let entries = attempt(Step::Read, &folder, || fs::read_dir(&folder))?;
        let describe = |entry: DirEntry| {
            let metadata = entry.metadata().ok()?;
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with(TEMPORARY))?;
            Some((format!("{part}/{name}"), metadata.len(), metadata.modified().ok()?))
        };
        Ok(entries.flatten().filter_map(describe).collect())
    }

    /// Removes temporary files that were left over.
    pub(super) fn sweep(&self) {
        let now = SystemTime::now();
        for folder in [self.path().to_path_buf(), self.path().join(MANIFESTS)] {
            let Ok(entries) = attempt(Step::Read, &folder, || fs::read_dir(&folder)) else { continue };
            for entry in entries.flatten() {
                let is_temporary = entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
                if is_temporary && is_left_over(&entry, now) {
                    let path = entry.path();
                    let _ = attempt(Step::Remove, &path, || fs::remove_file(&path));
                }
            }
        }
    }
}

fn is_left_over(entry: &DirEntry, now: SystemTime) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > LEFT_OVER))
}

/// A file that is read.
#[derive(Debug)]
pub(crate) struct Source {
    file: File,
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// Its size when it was opened.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Notes roughly when it was last used, in its time of change.
    pub(crate) fn mark_used(&self) {
        let now = SystemTime::now();
        let is_old = self.modified.is_some_and(|modified| now.duration_since(modified).is_ok_and(|age| age > ROUGHLY));
        if is_old {
            // Without the mark it is given up earlier.
            let _ = attempt(Step::Write, &self.path, || self.file.set_modified(now));
        }
    }

    /// Appends a range of it to `output`. The range is checked against the size before anything is allocated.
    pub(crate) fn read_into(&mut self, offset: u64, bytes: u64, output: &mut Vec<u8>) -> io::Result<()> {
        let is_inside = offset.checked_add(bytes).is_some_and(|end| end <= self.len);
        let Some(mut left) = usize::try_from(bytes).ok().filter(|_| is_inside) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        faults::reserve(output, left, &self.path)?;
        pages::prefer_large(output);
        attempt(Step::Read, &self.path, || self.file.seek(SeekFrom::Start(offset)))?;
        while left > 0 {
            // Into memory that was not cleared before; the standard library repeats what a signal interrupted.
            let read = attempt(Step::Read, &self.path, || {
                let asked = faults::short(Step::Read, left, &self.path)?;
                (&mut self.file).take(asked as u64).read_to_end(output)
            })?;
            if read == 0 {
                // Truncated since it was opened.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read;
        }
        Ok(())
    }
}

/// A file that is written.
#[derive(Debug)]
pub(crate) struct Draft {
    file: Option<File>,
    /// Removed when the draft is dropped; empty for a file that is appended to.
    temporary: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// Begins a file that will be found at `target`.
    pub(super) fn new(target: PathBuf) -> io::Result<Self> {
        let mut outcome = Err(io::ErrorKind::AlreadyExists.into());
        for _ in 0..NAMES {
            // Seeded by the operating system: nobody guesses the name, and a forked child does not repeat it.
            let number = RandomState::new().hash_one((std::process::id(), SystemTime::now()));
            let temporary = target.with_file_name(format!("{TEMPORARY}{}-{number:016x}", std::process::id()));
            let mut options = OpenOptions::new();
            private(no_follow(options.write(true).create_new(true)));
            match attempt(Step::Open, &temporary, || options.open(&temporary)) {
                Ok(file) => return Ok(Self { file: Some(file), temporary, target }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => outcome = Err(error),
                Err(error) => return Err(error),
            }
        }
        outcome
    }

    /// Writes all of some bytes.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        while !bytes.is_empty() {
            let written = attempt(Step::Write, &self.target, || {
                let asked = faults::short(Step::Write, bytes.len(), &self.target)?;
                file.write(&bytes[..asked])
            })?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// Its size so far.
    pub(super) fn len(&self) -> io::Result<u64> {
        let Some(file) = &self.file else { return Ok(0) };
        attempt(Step::Stat, &self.target, || file.metadata()).map(|metadata| metadata.len())
    }

    /// Puts the file under its name, in place of what was there.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        // Some systems do not rename a file that is open.
        drop(self.file.take());
        attempt(Step::Rename, &self.target, || fs::rename(&self.temporary, &self.target))?;
        self.temporary = PathBuf::new();
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        drop(self.file.take());
        if !self.temporary.as_os_str().is_empty() {
            let _ = attempt(Step::Remove, &self.temporary, || fs::remove_file(&self.temporary));
        }
    }
}

/// Removes a file, or a folder in its place.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    attempt(Step::Remove, path, || match fs::remove_file(path) {
        // What the system says of a folder differs.
        Err(error) => fs::remove_dir_all(path).map_err(|_| error),
        removed => removed,
    })
}

/// For the user alone.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Not through a link, and without waiting for the other end of a pipe.
#[cfg(unix)]
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
}

#[cfg(windows)]
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    /// Opens a link itself, which is then no regular file.
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    std::os::windows::fs::OpenOptionsExt::custom_flags(options, FILE_FLAG_OPEN_REPARSE_POINT)
}

#[cfg(not(any(unix, windows)))]
pub(super) fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Whether a path is free, or leads to a file that can be trusted.
pub(super) fn is_safe(path: &Path) -> bool {
    match attempt(Step::Stat, path, || fs::symlink_metadata(path)) {
        Ok(metadata) => metadata.is_file() && distrust(&metadata).is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
