//! What decides which repository a folder belongs to, and whether git trusts its owner.

use super::ask::Question;
use super::gate::Unkept;
use super::layout::Tree;
use super::program::Git;
use super::proof::Notes;

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
    notes.settled_or_absent(&tree.own.join("commondir"))?;
    let Ok(folder) = question.folder.canonicalize() else {
        return Err(Unkept::At(question.folder.clone(), "cannot be resolved"));
    };
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
            notes.settled_or_absent(&path)?;
        }
    }
    let is_bare_too = ["HEAD", "objects", "refs"].iter().all(|name| tree.top.join(name).exists());
    if is_bare_too && tree.own != tree.top {
        return Err(Unkept::At(tree.top.clone(), "looks like a bare repository"));
    }
    Ok(())
}
