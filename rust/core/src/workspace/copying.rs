//! Files and folders that are copied.

use std::fs::File;
use std::io::{self, Read};

use super::fault::Outcome;
use super::folder::Folder;
use super::temporary::{self, Temporary};
use super::tree::{self, MAX_DEPTH};
use super::{Kind, Place, Resolution, Right, Workspace, WorkspaceFault, again};
use crate::cancel::Cancel;
use crate::error::Result;

/// How much is copied between two looks whether to stop.
const PIECE: u64 = 16 << 20;

impl Workspace {
    /// Copies a file, or a folder with all that is in it. What has the name already is replaced only if `replaces`, and never if it is a
    /// folder. A link is followed if it is named, and copied as a link if it is in a folder. Modes are kept, owners and times are not. A folder
    /// with a repository in it is refused, and so is a file with several names as what is replaced.
    ///
    /// The copy appears as a whole, or not at all.
    pub fn copy(&self, from: &str, to: &str, replaces: bool, cancel: &Cancel) -> Result<()> {
        again(|| {
            let source = self.place(from, Right::Read, Resolution::default())?;
            let status = source.status().map_err(|fault| fault.at(from))?;
            let target = self.target(&source.name, to, replaces)?;
            if status.kind == Kind::Folder {
                tree::refuse_repositories(&source.folder, &source.last, cancel).map_err(|fault| fault.at(from))?;
            }
            if let Ok(there) = target.folder.status(&target.last)
                && there.kind == Kind::File
                && there.links > 1
            {
                return Err(WorkspaceFault::HardLinks(there.links).at(to));
            }
            let copying = Copying { replaces, is_durable: status.kind == Kind::File, is_move: false, cancel };
            copying.copy(&source, status.kind, &target).map_err(|fault| target.refused(fault, from, to))
        })
    }
}

/// How something is copied.
pub(super) struct Copying<'a> {
    /// Whether what has the name is replaced.
    pub(super) replaces: bool,
    /// Whether the content is on the disk before the name is there.
    pub(super) is_durable: bool,
    /// Whether the source goes afterwards: then nothing of it may be left out.
    pub(super) is_move: bool,
    pub(super) cancel: &'a Cancel,
}

impl Copying<'_> {
    /// Copies what is of this kind to its new place.
    pub(super) fn copy(&self, source: &Place, kind: Kind, target: &Place) -> Outcome<()> {
        let folder = &target.folder;
        temporary::sweep(folder, self.cancel);
        let temporary = match kind {
            Kind::File => {
                let file = source.open()?;
                let (temporary, copy) = Temporary::new(folder, |name| folder.create(name, true))?;
                self.content(&file, &copy)?;
                temporary
            }
            Kind::Folder => {
                let from = source.folder.folder(&source.last)?;
                let (temporary, ()) = Temporary::new(folder, |name| folder.make_folder(name, true))?;
                let to = folder.folder(temporary.name())?;
                self.entries(&from, &to, 0)?;
                self.modes(&from, &to)?;
                folder.set_mode(temporary.name(), source.folder.status(&source.last)?.mode)?;
                temporary
            }
            Kind::Link => {
                let link = source.folder.read_link(&source.last)?;
                Temporary::new(folder, |name| folder.make_link(&link, name))?.0
            }
            Kind::Other => return Err(WorkspaceFault::Kind { found: kind, expected: "a file or a folder" }),
        };
        match temporary.place(&target.last, self.replaces) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(WorkspaceFault::Exists),
            placed => Ok(placed?),
        }
    }

    fn entries(&self, from: &Folder, to: &Folder, depth: usize) -> Outcome<()> {
        if depth == MAX_DEPTH {
            return Err(WorkspaceFault::TooDeep(MAX_DEPTH));
        }
        for name in from.names()? {
            if self.cancel.is_cancelled() {
                return Err(WorkspaceFault::Cancelled);
            }
            match from.status(&name)?.kind {
                Kind::File => {
                    let file = from.file(&name)?;
                    if !file.metadata()?.is_file() {
                        return Err(WorkspaceFault::Restless);
                    }
                    self.content(&file, &to.create(&name, true)?)?;
                }
                Kind::Folder => {
                    to.make_folder(&name, true)?;
                    self.entries(&from.folder(&name)?, &to.folder(&name)?, depth + 1)?;
                }
                Kind::Link => to.make_link(&from.read_link(&name)?, &name)?,
                found @ Kind::Other if self.is_move => {
                    return Err(WorkspaceFault::Kind { found, expected: "a folder of files, folders and links" });
                }
                // Nothing could be read from a copy of it.
                Kind::Other => {}
            }
        }
        Ok(())
    }

    /// Gives the folders their modes. Nothing can be put into some of them afterwards.
    fn modes(&self, from: &Folder, to: &Folder) -> Outcome<()> {
        for name in to.names()? {
            if self.cancel.is_cancelled() {
                return Err(WorkspaceFault::Cancelled);
            }
            if to.status(&name)?.kind == Kind::Folder {
                self.modes(&from.folder(&name)?, &to.folder(&name)?)?;
                to.set_mode(&name, from.status(&name)?.mode)?;
            }
        }
        Ok(())
    }

    fn content(&self, from: &File, mut to: &File) -> Outcome<()> {
        while io::copy(&mut from.take(PIECE), &mut to)? > 0 {
            if self.cancel.is_cancelled() {
                return Err(WorkspaceFault::Cancelled);
            }
        }
        to.set_permissions(from.metadata()?.permissions())?;
        if self.is_durable {
            to.sync_all()?;
        }
        Ok(())
    }
}
