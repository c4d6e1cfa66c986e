//! Whole folders: what is not to be found in one, and how it is deleted.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::fault::Outcome;
use super::folder::Folder;
use super::{Kind, WorkspaceFault, name, temporary};
use crate::cancel::Cancel;

/// How many folders in one another are gone through: each of them is kept open.
pub(super) const MAX_DEPTH: usize = 200;

/// Refuses a folder in which, at any depth, is the own data of a git repository.
///
/// What lies too deep is opened anew from the top.
pub(super) fn refuse_repositories(around: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    let mut search = Search { left: vec![PathBuf::new()], cancel };
    while let Some(mut path) = search.left.pop() {
        let mut folder = around.folder(name)?;
        for part in &path {
            folder = folder.folder(part)?;
        }
        search.look(&folder, &mut path, 1)?;
    }
    Ok(())
}

struct Search<'a> {
    /// Folders that are still to be looked into.
    left: Vec<PathBuf>,
    cancel: &'a Cancel,
}

impl Search<'_> {
    fn look(&mut self, folder: &Folder, path: &mut PathBuf, depth: usize) -> Outcome<()> {
        for name in folder.names()? {
            if self.cancel.is_cancelled() {
                return Err(WorkspaceFault::Cancelled);
            }
            path.push(&name);
            if name.to_str().is_some_and(name::is_git) {
                return Err(WorkspaceFault::HoldsRepository(path.clone()));
            }
            let is_folder = if_there(folder.status(&name))?.is_some_and(|status| status.kind == Kind::Folder);
            if is_folder && depth == MAX_DEPTH {
                self.left.push(path.clone());
            } else if is_folder && let Some(inner) = if_there(folder.folder(&name))? {
                self.look(&inner, path, depth + 1)?;
            }
            path.pop();
        }
        Ok(())
    }
}

/// Nothing, where somebody else has removed it meanwhile.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Deletes whatever a name in a folder stands for.
pub(super) fn remove(folder: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    if folder.status(name)?.kind == Kind::Folder { delete(folder, name, cancel) } else { Ok(folder.remove_file(name)?) }
}

/// The same for what was made here, of which folders may have a mode by now that keeps what is in them.
pub(super) fn remove_own(folder: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    if folder.status(name)?.kind == Kind::Folder {
        Deletion::delete_all(folder, name, true, cancel)
    } else {
        Ok(folder.remove_file(name)?)
    }
}

/// Deletes a folder and all that is in it. Links are deleted, not followed.
///
/// What lies too deep is put into the folder itself first, and deleted from there.
pub(super) fn delete(around: &Folder, name: &OsStr, cancel: &Cancel) -> Outcome<()> {
    Deletion::delete_all(around, name, false, cancel)
}

struct Deletion<'a> {
    /// The folder that is deleted.
    top: &'a Folder,
    /// Names in it that have to go: what was there, and what was put there.
    left: Vec<OsString>,
    /// Whether folders are made writable first.
    opens: bool,
    cancel: &'a Cancel,
}

impl Deletion<'_> {
    fn delete_all(around: &Folder, name: &OsStr, opens: bool, cancel: &Cancel) -> Outcome<()> {
        let top = Self::opened(around, name, opens)?;
        let mut deletion = Deletion { top: &top, left: top.names()?, opens, cancel };
        while let Some(name) = deletion.left.pop() {
            deletion.delete(&top, &name, 1)?;
        }
        Ok(around.remove_folder(name)?)
    }

    fn opened(around: &Folder, name: &OsStr, opens: bool) -> io::Result<Folder> {
        if opens {
            around.set_mode(name, 0o700)?;
        }
        around.folder(name)
    }

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
        let folder = Self::opened(around, name, self.opens)?;
        for name in folder.names()? {
            self.delete(&folder, &name, depth + 1)?;
        }
        Ok(around.remove_folder(name)?)
    }
}
