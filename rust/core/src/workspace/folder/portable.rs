//! A folder by its name, where there are no handles to be had from the standard library: a link that is put in the way between the look and
//! the deed is followed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::super::Kind;
use super::super::entries::Status;

pub(in super::super) struct Folder(PathBuf);

impl Folder {
    pub(in super::super) fn open(name: &Path) -> io::Result<Self> {
        if fs::metadata(name)?.is_dir() { Ok(Self(name.to_owned())) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(in super::super) fn folder(&self, part: &OsStr) -> io::Result<Self> {
        if self.status(part)?.kind == Kind::Folder {
            Ok(Self(self.0.join(part)))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(in super::super) fn status(&self, part: &OsStr) -> io::Result<Status> {
        Ok(Status::from(&fs::symlink_metadata(self.0.join(part))?))
    }

    pub(in super::super) fn file(&self, part: &OsStr) -> io::Result<File> {
        File::open(self.0.join(part))
    }

    pub(in super::super) fn create(&self, part: &OsStr, _is_private: bool) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(part))
    }

    pub(in super::super) fn may_write(&self, part: &OsStr) -> io::Result<()> {
        if fs::metadata(self.0.join(part))?.permissions().readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }

    pub(in super::super) fn make_folder(&self, part: &OsStr, _is_private: bool) -> io::Result<()> {
        fs::create_dir(self.0.join(part))
    }

    /// Folders have no mode here: only whether there is one is told.
    pub(in super::super) fn set_mode(&self, part: &OsStr, _mode: u32) -> io::Result<()> {
        fs::symlink_metadata(self.0.join(part)).map(|_| ())
    }

    pub(in super::super) fn remove_file(&self, part: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(part)).or_else(|error| fs::remove_dir(self.0.join(part)).map_err(|_| error))
    }

    pub(in super::super) fn remove_folder(&self, part: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(part))
    }

    pub(in super::super) fn replace(&self, part: &OsStr, folder: &Self, name: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(part), folder.0.join(name))
    }

    pub(in super::super) fn rename(&self, part: &OsStr, folder: &Self, name: &OsStr) -> io::Result<()> {
        if folder.status(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.replace(part, folder, name)
    }

    pub(in super::super) fn read_link(&self, part: &OsStr) -> io::Result<OsString> {
        Ok(fs::read_link(self.0.join(part))?.into_os_string())
    }

    pub(in super::super) fn make_link(&self, _target: &OsStr, _part: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in super::super) fn each(&self, mut look: impl FnMut(&OsStr)) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            look(&entry?.file_name());
        }
        Ok(())
    }
}

impl From<&fs::Metadata> for Status {
    fn from(metadata: &fs::Metadata) -> Self {
        let kind = match metadata.file_type() {
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_file() => Kind::File,
            _ => Kind::Other,
        };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            kind,
            size: metadata.len(),
            mode: if metadata.permissions().readonly() { 0o444 } else { 0o666 },
            links: 1,
            modified: modified.map_or(0, |time| time.as_nanos() as i128),
            owner: (0, 0),
            identity: None,
        }
    }
}
