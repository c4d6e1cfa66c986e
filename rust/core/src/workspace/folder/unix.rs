//! A folder by its handle. Nothing here follows a link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

use rustix::fs::{self, Access, AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::super::Kind;
use super::super::entries::Status;
use super::link_met;

/// A handle that needs no right to list the folder, where there is such a thing.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const HANDLE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const HANDLE: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opening waits for nothing, and gives the process no terminal.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

pub(in super::super) struct Folder(OwnedFd);

/// What a system says where it was told to follow no link, and there is one.
fn opened(result: rustix::io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    match result {
        Err(Errno::LOOP | Errno::MLINK) => Err(link_met()),
        result => Ok(result?),
    }
}

impl Folder {
    /// Opens a folder by its absolute name, in which no part may be a link.
    pub(in super::super) fn open(name: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        match fs::openat2(CWD, name, HANDLE, Mode::empty(), fs::ResolveFlags::NO_SYMLINKS) {
            // Not in this kernel, or not through the filter of a container.
            Err(Errno::NOSYS | Errno::PERM) => {}
            result => return Ok(Self(opened(result)?)),
        }
        Self::open_by_parts(name)
    }

    pub(super) fn open_by_parts(name: &Path) -> io::Result<Self> {
        let mut folder = Self(fs::openat(CWD, "/", HANDLE, Mode::empty())?);
        for part in name.components() {
            match part {
                Component::RootDir => {}
                Component::Normal(part) => folder = folder.folder(part)?,
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        Ok(folder)
    }

    /// Opens a folder in this one.
    pub(in super::super) fn folder(&self, part: &OsStr) -> io::Result<Self> {
        match fs::openat(&self.0, part, HANDLE | OFlags::NOFOLLOW, Mode::empty()) {
            // Some systems say of a link that it is no folder.
            Err(Errno::NOTDIR) if self.status(part).is_ok_and(|status| status.kind == Kind::Link) => Err(link_met()),
            result => Ok(Self(opened(result)?)),
        }
    }

    /// What stands behind a name, a link itself.
    pub(in super::super) fn status(&self, part: &OsStr) -> io::Result<Status> {
        Ok(Status::from(fs::statat(&self.0, part, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// Opens a file for reading: a regular one at once, of others it is not said what happens, but it does not wait.
    pub(in super::super) fn file(&self, part: &OsStr) -> io::Result<File> {
        Ok(File::from(opened(fs::openat(&self.0, part, OFlags::RDONLY | FILE, Mode::empty()))?))
    }

    /// Begins a file under a name that is free, for the user alone or as the system's mask has it.
    pub(in super::super) fn create(&self, part: &OsStr, is_private: bool) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | FILE;
        let mode = Mode::from_bits_truncate(if is_private { 0o600 } else { 0o666 });
        Ok(File::from(fs::openat(&self.0, part, flags, mode)?))
    }

    /// Whether the user may write to the file, by its own mode.
    pub(in super::super) fn may_write(&self, part: &OsStr) -> io::Result<()> {
        match fs::accessat(&self.0, part, Access::WRITE_OK, AtFlags::EACCESS) {
            // Not in this kernel, or not through the filter of a container: by the user who started the process.
            Err(Errno::NOSYS | Errno::PERM) => Ok(fs::accessat(&self.0, part, Access::WRITE_OK, AtFlags::empty())?),
            may => Ok(may?),
        }
    }

    /// Makes a folder, for the user alone or as the system's mask has it.
    pub(in super::super) fn make_folder(&self, part: &OsStr, is_private: bool) -> io::Result<()> {
        let mode = Mode::from_bits_truncate(if is_private { 0o700 } else { 0o777 });
        Ok(fs::mkdirat(&self.0, part, mode)?)
    }

    /// Gives a folder in this one a mode.
    pub(in super::super) fn set_mode(&self, part: &OsStr, mode: u32) -> io::Result<()> {
        // By a handle that is more than a place, so that no link is followed.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = opened(fs::openat(&self.0, part, flags, Mode::empty()))?;
        Ok(fs::fchmod(folder, Mode::from_raw_mode(mode as _))?)
    }

    pub(in super::super) fn remove_file(&self, part: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, part, AtFlags::empty())?)
    }

    pub(in super::super) fn remove_folder(&self, part: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, part, AtFlags::REMOVEDIR)?)
    }

    /// Gives something another name, in place of what has that name.
    pub(in super::super) fn replace(&self, part: &OsStr, folder: &Self, name: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.0, part, &folder.0, name)?)
    }

    /// Gives something another name, if that is free.
    pub(in super::super) fn rename(&self, part: &OsStr, folder: &Self, name: &OsStr) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        match fs::renameat_with(&self.0, part, &folder.0, name, RenameFlags::NOREPLACE) {
            // The file system knows no such renaming.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
        if self.status(part)?.kind == Kind::Folder {
            // A folder takes the place of an empty one at most.
            return match folder.status(name) {
                Ok(_) => Err(Errno::EXIST.into()),
                Err(_) => self.replace(part, folder, name),
            };
        }
        fs::linkat(&self.0, part, &folder.0, name, AtFlags::empty())?;
        self.remove_file(part)
    }

    pub(in super::super) fn read_link(&self, part: &OsStr) -> io::Result<OsString> {
        Ok(OsString::from_vec(fs::readlinkat(&self.0, part, Vec::new())?.into_bytes()))
    }

    pub(in super::super) fn make_link(&self, target: &OsStr, part: &OsStr) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.0, part)?)
    }

    /// Looks at each name in the folder, in no order.
    pub(in super::super) fn each(&self, mut look: impl FnMut(&OsStr)) -> io::Result<()> {
        // A handle of its own: the folder's may be one that cannot be read from.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        for entry in Dir::new(fs::openat(&self.0, ".", flags, Mode::empty())?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                look(OsStr::from_bytes(name));
            }
        }
        Ok(())
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<fs::Stat> for Status {
    #[expect(
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        clippy::cast_possible_wrap,
        reason = "the fields have other types on each system, and no negative size comes from one"
    )]
    fn from(stat: fs::Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        Self {
            kind,
            size: stat.st_size as u64,
            mode: stat.st_mode as u32 & 0o7777,
            links: stat.st_nlink as u64,
            modified: i128::from(stat.st_mtime as i64) * 1_000_000_000 + i128::from(stat.st_mtime_nsec as i64),
            owner: (stat.st_uid, stat.st_gid),
            identity: Some((stat.st_dev as u64, stat.st_ino as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::met_link;
    use super::*;

    #[test]
    fn a_folder_is_opened_by_parts_as_at_once_and_through_no_link() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        std::fs::create_dir_all(place.join("a/b/c")).unwrap();
        std::os::unix::fs::symlink("a", place.join("link")).unwrap();
        for open in [Folder::open, Folder::open_by_parts] {
            let folder = open(&place.join("a/b")).unwrap();
            assert_eq!(folder.status(OsStr::new("c")).unwrap().kind, Kind::Folder);
            for path in ["link", "link/b", "link/b/c"] {
                let error = open(&place.join(path)).err().unwrap();
                assert!(met_link(&error), "{path}: {error}");
            }
            assert_eq!(open(&place.join("a/x/c")).err().unwrap().kind(), io::ErrorKind::NotFound);
        }
    }
}
