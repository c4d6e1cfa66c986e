//! What is there: the entries of folders, and folders that are made, moved and deleted.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::Path;

use super::fault::Outcome;
use super::folder::Folder;
use super::{Kind, MadeFolders, Place, Resolution, Right, Workspace, WorkspaceFault, again, copying, tree};
use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// What stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: u64,
    /// The permission bits.
    pub mode: u32,
    /// How many names it has.
    pub links: u64,
    /// When it was changed last: nanoseconds since 1970.
    pub modified: i128,
    pub(super) owner: (u32, u32),
    pub(super) identity: Option<(u64, u64)>,
}

impl Status {
    /// Whether this is another name of the same thing.
    fn is_same(&self, other: &Self) -> bool {
        self.identity.is_some() && self.identity == other.identity
    }
}

/// An entry of a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name in the folder.
    pub name: OsString,
    /// What it is; a link itself, not what it leads to.
    pub status: Status,
}

/// A link as the last part is meant itself.
pub(super) const ITSELF: Resolution = Resolution { keeps_last: true, makes_folders: false };

impl Workspace {
    /// What stands behind a path, links followed.
    pub fn status(&self, path: &str) -> Result<Status> {
        self.within(path, Right::Read, Resolution::default(), Place::status)
    }

    /// The entries of a folder, by name.
    pub fn list(&self, path: &str, cancel: &Cancel) -> Result<Vec<Entry>> {
        self.within(path, Right::Read, Resolution::default(), |place| {
            let found = place.status()?.kind;
            if found != Kind::Folder {
                return Err(WorkspaceFault::Kind { found, expected: "a folder" });
            }
            let folder = place.folder.folder(&place.last)?;
            let mut entries = Vec::new();
            for name in folder.names()? {
                if cancel.is_cancelled() {
                    return Err(WorkspaceFault::Cancelled);
                }
                match folder.status(&name) {
                    Ok(status) => entries.push(Entry { name, status }),
                    // Somebody removed it meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(entries)
        })
    }

    /// Makes a folder and those around it; one that is there is left as it is.
    pub fn make_folder(&self, path: &str) -> Result<()> {
        let how = Resolution { makes_folders: true, ..Resolution::default() };
        self.within(path, Right::Write, how, |place| match place.folder.make_folder(&place.last, false) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match place.status()?.kind {
                Kind::Folder => Ok(()),
                found => Err(WorkspaceFault::Kind { found, expected: "a folder, or nothing" }),
            },
            made => Ok(made?),
        })
    }

    /// Deletes a file, a link itself, or a folder: an empty one or, with `is_recursive`, all that is in it, unless that is a repository.
    pub fn delete(&self, path: &str, is_recursive: bool, cancel: &Cancel) -> Result<()> {
        self.within(path, Right::Write, ITSELF, |Place { folder, last, name, .. }| {
            self.may_go(name)?;
            if folder.status(last)?.kind != Kind::Folder {
                return Ok(folder.remove_file(last)?);
            }
            if !is_recursive {
                return Ok(folder.remove_folder(last)?);
            }
            tree::refuse_repositories(folder, last, cancel)?;
            tree::delete(folder, last, cancel)
        })
    }

    /// Gives something another name; a link is moved itself. What has that name already is replaced only if `replaces`, and never
    /// if it is a folder. A folder with a repository in it stays. To another file system it is copied and then deleted.
    pub fn rename(&self, from: &str, to: &str, replaces: bool, cancel: &Cancel) -> Result<()> {
        again(|| {
            let source = self.place(from, Right::Write, ITSELF)?;
            self.may_go(&source.name).map_err(|fault| fault.at(from))?;
            let status = source.folder.status(&source.last).map_err(|error| WorkspaceFault::from(error).at(from))?;
            let target = self.target(&source.name, to, replaces)?;
            if status.kind == Kind::Folder {
                tree::refuse_repositories(&source.folder, &source.last, cancel).map_err(|fault| fault.at(from))?;
            }
            let moved = if target.folder.status(&target.last).is_ok_and(|there| there.is_same(&status)) {
                // The system takes two names of one file for one, and would leave both.
                source.folder.remove_file(&source.last)
            } else if replaces {
                source.folder.replace(&source.last, &target.folder, &target.last)
            } else {
                source.folder.rename(&source.last, &target.folder, &target.last)
            };
            match moved {
                Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                    copying::Copying { replaces, is_durable: true, is_move: true, cancel }
                        .copy(&source, status.kind, &target)
                        .map_err(|fault| target.refused(fault, from, to))?;
                    tree::remove(&source.folder, &source.last, cancel).map_err(|fault| fault.at(from))
                }
                moved => moved.map_err(|error| target.refused(error.into(), from, to)),
            }
        })
    }

    /// The place that something from elsewhere shall come to.
    pub(super) fn target(&self, from: &Path, to: &str, replaces: bool) -> Result<Place> {
        let target = self.place(to, Right::Write, ITSELF)?;
        let may_come = || {
            self.may_go(&target.name)?;
            if target.name.starts_with(from) {
                return Err(WorkspaceFault::Protected("is what shall be put there, or in it: expected another place"));
            }
            match target.folder.status(&target.last) {
                Ok(Status { kind: found @ (Kind::Folder | Kind::Other), .. }) if replaces => {
                    Err(WorkspaceFault::Kind { found, expected: "a file, a link, or nothing" })
                }
                Ok(_) if replaces => Ok(()),
                Ok(_) => Err(WorkspaceFault::Exists),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error.into()),
            }
        };
        may_come().map_err(|fault| fault.at(to))?;
        Ok(target)
    }

    /// Opens a folder by its name in a root, and makes what is missing of it.
    pub(super) fn made(&self, name: &Path, made: &mut MadeFolders) -> Outcome<Folder> {
        let root = self.root_of(name).ok_or(WorkspaceFault::Outside)?;
        let mut folder = Folder::open(&root.path)?;
        for part in name.strip_prefix(&root.path).unwrap_or(name) {
            folder = match folder.folder(part) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let is_new = match folder.make_folder(part, false) {
                        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                        done => done.is_ok(),
                    };
                    let inner = folder.folder(part)?;
                    if is_new {
                        made.0.push((folder, part.to_owned()));
                    }
                    inner
                }
                opened => opened?,
            };
        }
        Ok(folder)
    }

    /// Whether something may be deleted, moved or replaced.
    fn may_go(&self, name: &Path) -> Outcome<()> {
        if self.holds_root(name) {
            return Err(WorkspaceFault::Protected(
                "is a root of the workspace, or a folder around one, and has to stay",
            ));
        }
        Ok(())
    }
}

impl Place {
    /// The error of what could not be moved or copied here: about the path that is the cause, as far as that can be told.
    pub(super) fn refused(&self, fault: WorkspaceFault, from: &str, to: &str) -> Error {
        let is_here = match &fault {
            WorkspaceFault::System(error) => match error.kind() {
                ErrorKind::NotFound => false,
                ErrorKind::PermissionDenied => self.folder.may_write(OsStr::new(".")).is_err(),
                _ => true,
            },
            WorkspaceFault::Exists => true,
            _ => false,
        };
        fault.at(if is_here { to } else { from })
    }
}
