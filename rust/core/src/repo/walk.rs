//! Every folder of a working tree in which something could appear, vanish or change its name.
//!
//! Folders that git ignores as a whole are left out: nothing in them shows, as long as the files that ignore them stay. All others count,
//! also empty ones, and those that git shows as one line.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use super::gate::Unkept;
use super::index::Index;
use super::layout::Tree;
use super::notes::Notes;
use crate::cancel::Cancel;

/// How many entries that are not tracked are gone through; more cost more than they save.
const MOST_UNTRACKED: usize = 20_000;

/// Notes the folders, and the files in them that say what is ignored and how files are compared. Gives the latter that are not tracked.
pub(super) fn note(
    tree: &Tree,
    index: &Index,
    ignored: &HashSet<PathBuf>,
    notes: &mut Notes,
    cancel: &Cancel,
) -> Result<Vec<PathBuf>, Unkept> {
    let mut attributes = Vec::new();
    let mut left = MOST_UNTRACKED + 2 * index.tracked.len();
    let mut folders = vec![tree.top.clone()];
    while let Some(folder) = folders.pop() {
        if cancel.is_cancelled() {
            return Err(Unkept::Cancelled);
        }
        notes.entry(&folder)?;
        let unreadable = |_| Unkept::At(folder.clone(), "cannot be listed");
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            left = left.checked_sub(1).ok_or(Unkept::TooLarge)?;
            let (name, path) = (entry.file_name(), entry.path());
            if name == OsStr::new(".git") {
                if folder != tree.top {
                    return Err(Unkept::At(path, "is another repository"));
                }
                continue;
            }
            if entry.file_type().map_err(unreadable)?.is_dir() {
                // Submodules have a tree of their own.
                let is_submodule =
                    || index.submodules.iter().any(|submodule| path.strip_prefix(&tree.top) == Ok(submodule));
                if is_submodule() {
                    continue;
                }
                if !ignored.contains(&path) || index.holds_below(&path) {
                    folders.push(path);
                }
            } else if (name == OsStr::new(".gitignore") || name == OsStr::new(".gitattributes")) && !index.holds(&path)
            {
                notes.settled_or_absent(&path)?;
                if name == OsStr::new(".gitattributes") {
                    attributes.push(path);
                }
            }
        }
    }
    Ok(attributes)
}
