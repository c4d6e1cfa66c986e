//! Whole folders that are deleted.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;

use super::fault::Outcome;
use super::folder::Folder;
use super::{Kind, WorkspaceFault, temporary};
use crate::cancel::Cancel;

/// How many folders in one another are gone through: each of them is kept open.
pub(super) const MAX_DEPTH: usize = 200;

/// Deletes whatever a name in a folder stands for.
pub(super) fn remove(folder: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    if folder.status(name)?.kind == Kind::Folder { delete(folder, name, cancel) } else { Ok(folder.remove_file(name)?) }
}

/// Deletes a folder and all that is in it. Links are deleted, not followed.
///
/// What lies too deep is put into the folder itself first, and deleted from there.
pub(super) fn delete(around: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    let top = around.folder(name)?;
    let mut deletion = Deletion { top: &top, left: top.names()?, cancel };
    while let Some(name) = deletion.left.pop() {
        deletion.delete(&top, &name, 1)?;
    }
    Ok(around.remove_folder(name)?)
}

struct Deletion<'a> {
    /// The folder that is deleted.
    top: &'a Folder,
    /// Names in it that have to go: what was there, and what was put there.
    left: Vec<OsString>,
    cancel: &'a Cancel,
}

impl Deletion<'_> {
    fn delete(&mut self, around: &Folder, name: &OsStr, depth: usize) -> Outcome<()> {
        if self.cancel.is_cancelled() {
            return Err(WorkspaceFault::Cancelled);
        }
        let gone = match around.status(name) {
            Ok(status) if status.kind != Kind::Folder => around.remove_file(name).map_err(WorkspaceFault::from),
            Ok(_) => self.delete_folder(around, name, depth),
            Err(error) => Err(error.into()),
        };
        match gone {
            // Somebody else was quicker.
            Err(WorkspaceFault::System(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            gone => gone,
        }
    }

    fn delete_folder(&mut self, around: &Folder, name: &OsStr, depth: usize) -> Outcome<()> {
        if depth == MAX_DEPTH {
            self.left.push(temporary::under_free_name(|free| around.rename(name, self.top, free))?.0);
            return Ok(());
        }
        let folder = around.folder(name)?;
        for name in folder.names()? {
            self.delete(&folder, &name, depth + 1)?;
        }
        Ok(around.remove_folder(name)?)
    }
}
