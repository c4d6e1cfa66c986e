//! What decides which repository a folder belongs to, and whether git trusts its owner.

use std::io;
use std::path::PathBuf;

use super::ask::Question;
use super::gate::Unkept;
use super::layout::Tree;
use super::notes::Notes;
use super::program::Git;

/// Everything that would begin a repository in the folder or above it, if nothing of it is there, and the environment names none either.
pub(super) fn all_absent(question: &Question) -> Option<Vec<PathBuf>> {
    if question.environment.get("GIT_DIR").is_some() {
        return None;
    }
    let folder = question.folder.canonicalize().ok()?;
    let beginnings: Vec<_> = folder.ancestors().flat_map(|up| [up.join(".git"), up.join("HEAD")]).collect();
    let is_absent =
        |path: &PathBuf| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    beginnings.iter().all(is_absent).then_some(beginnings)
}

/// Notes what git looked at in vain.
pub(super) fn note_absent(
    question: &Question,
    beginnings: &[PathBuf],
    git: &Git,
    notes: &mut Notes,
) -> Result<(), Unkept> {
    notes.settled_or_absent(&git.program)?;
    notes.place(&question.folder)?;
    beginnings.iter().try_for_each(|path| notes.told_absent(path))
}

/// Notes what git looks at to find a repository.
///
/// Of folders only which they are and whose: their times change with every lock in them.
pub(super) fn note(question: &Question, tree: &Tree, git: &Git, notes: &mut Notes) -> Result<(), Unkept> {
    notes.settled_or_absent(&git.program)?;
    for folder in [&question.folder, &tree.top, &tree.own, &tree.common, &tree.objects, &tree.common.join("refs")] {
        notes.identity(folder)?;
    }
    let link = tree.top.join(".git");
    match std::fs::symlink_metadata(&link) {
        Ok(metadata) if metadata.is_dir() => notes.identity(&link)?,
        _ => notes.settled_or_absent(&link)?,
    }
    let link = tree.own.join("commondir");
    if tree.own == tree.common { notes.told_absent(&link) } else { notes.settled_or_absent(&link) }?;
    let folder = notes.place(&question.folder)?;
    if !folder.starts_with(&tree.top) {
        return Err(Unkept::At(folder, "is not in the working tree"));
    }
    // A repository between the folder and the top, or a bare one, would be found first. The top's own is noted above.
    for up in folder.ancestors().take_while(|up| *up != tree.top) {
        for name in [".git", "HEAD"] {
            let path = up.join(name);
            if path.symlink_metadata().is_ok() {
                return Err(Unkept::At(path, "may begin another repository"));
            }
            notes.told_absent(&path)?;
        }
    }
    let is_bare_too = ["HEAD", "objects", "refs"].iter().all(|name| tree.top.join(name).exists());
    if is_bare_too && tree.own != tree.top {
        return Err(Unkept::At(tree.top.clone(), "looks like a bare repository"));
    }
    Ok(())
}
