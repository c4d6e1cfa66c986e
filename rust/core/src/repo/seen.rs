//! What one look at the file system saw, and whether another sees the same.

use std::fs;
use std::io;
use std::path::Path;

use crate::tree::snapshot::LastDevice;
use crate::tree::stamp::{Kind, Stamp};

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
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
pub(super) enum Target {
    There(Stamp),
    Absent(i32),
}

/// What stays the same while a folder's content changes, or that of a file whose name stands for its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
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
    pub(super) fn entry(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Self::Entry(Stamp::of(&metadata)),
            Err(error) => Self::Absent(code(&error)),
        }
    }

    pub(super) fn file(path: &Path) -> Self {
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

    pub(super) fn identity(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Self::Identity(Box::new(Identity::of(&metadata))),
            Err(error) => Self::Absent(code(&error)),
        }
    }

    pub(super) fn kind(path: &Path) -> Self {
        Self::Kind(fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata).kind()))
    }

    /// Looks again; the reason, if it is not the same.
    #[inline]
    pub(super) fn differs(&self, path: &Path, device: &mut LastDevice<'_>) -> Option<&'static str> {
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

/// Whether the file system of what is under a path is believed.
pub(super) fn keeps(stamp: &Stamp, path: &Path, device: &mut LastDevice<'_>) -> bool {
    // A link may lead to another one, or nowhere.
    let is_link = stamp.kind() == Kind::Other;
    device.keeps_stamps(stamp, if is_link { path.parent().unwrap_or(path) } else { path })
}

#[cfg(unix)]
pub(super) fn is_mere_absence(reason: i32) -> bool {
    matches!(reason, libc::ENOENT | libc::ENOTDIR)
}

#[cfg(not(unix))]
pub(super) fn is_mere_absence(_: i32) -> bool {
    false
}
