//! Whole folders that are deleted.

use std::ffi::OsStr;
use std::io::ErrorKind;

use super::fault::Outcome;
use super::folder::Folder;
use super::{Kind, WorkspaceFault};
use crate::cancel::Cancel;

/// How many folders in one another are gone through: each of them is kept open.
pub(super) const MAX_DEPTH: usize = 200;

/// A copy that was given up for its depth has one folder more, and has to go.
const MAX_DELETED: usize = MAX_DEPTH + 1;

/// Deletes whatever a name in a folder stands for.
pub(super) fn remove(folder: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    if folder.status(name)?.kind == Kind::Folder { delete(folder, name, cancel) } else { Ok(folder.remove_file(name)?) }
}

/// Deletes a folder and all that is in it. Links are deleted, not followed.
pub(super) fn delete(folder: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    delete_at(folder, name, cancel, 0)
}

fn delete_at(around: &Folder, name: &OsStr, cancel: &Cancel, depth: usize) -> Outcome<()> {
    if depth == MAX_DELETED {
        return Err(WorkspaceFault::TooDeep(MAX_DEPTH));
    }
    let folder = around.folder(name)?;
    for name in folder.names()? {
        if cancel.is_cancelled() {
            return Err(WorkspaceFault::Cancelled);
        }
        let gone = match folder.status(&name) {
            Ok(status) if status.kind == Kind::Folder => delete_at(&folder, &name, cancel, depth + 1),
            Ok(_) => folder.remove_file(&name).map_err(WorkspaceFault::from),
            Err(error) => Err(error.into()),
        };
        match gone {
            // Somebody else was quicker.
            Err(WorkspaceFault::System(error)) if error.kind() == ErrorKind::NotFound => {}
            gone => gone?,
        }
    }
    Ok(around.remove_folder(name)?)
}
