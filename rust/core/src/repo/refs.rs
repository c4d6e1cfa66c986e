//! The files that say which commit is checked out.

use std::io;
use std::path::PathBuf;

use super::config::text;
use super::content;
use super::gate::Unkept;
use super::layout::Tree;
use crate::cancel::Cancel;

/// How many references git follows.
const HOPS: usize = 5;

/// The longest reference that is read, in bytes.
const LENGTH: u64 = 4096;

/// HEAD, and what it leads to, present or absent; and the packed references. Nothing else below `refs` counts.
pub(super) fn files(tree: &Tree) -> Result<Vec<PathBuf>, Unkept> {
    chain(tree).map(|(files, _)| files)
}

/// Whether there is no commit yet on what is checked out: its reference leads nowhere.
pub(super) fn is_unborn(tree: &Tree, cancel: &Cancel) -> bool {
    let Ok((files, Some(name))) = chain(tree) else { return false };
    let is_absent =
        |path: &PathBuf| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let packed = content::whole(&tree.common.join("packed-refs"), content::LONG, cancel);
    let is_not_packed =
        packed.is_ok_and(|packed| packed.is_none_or(|(packed, _)| memchr::memmem::find(&packed, &name).is_none()));
    files.last().is_some_and(is_absent) && is_not_packed
}

/// The files, and the last name in the chain.
fn chain(tree: &Tree) -> Result<(Vec<PathBuf>, Option<Vec<u8>>), Unkept> {
    let mut files = vec![tree.common.join("packed-refs")];
    let mut last = None;
    let mut path = tree.own.join("HEAD");
    for _ in 0..=HOPS {
        // Git reads a link's text as a name first, and follows the link only then.
        if path.is_symlink() {
            return Err(Unkept::At(path, "is a link, where a reference is a file"));
        }
        files.push(path.clone());
        let content = content::start(&path, LENGTH).ok().flatten().unwrap_or_default();
        let Some(name) = content.strip_prefix(b"ref:").map(<[u8]>::trim_ascii) else {
            return Ok((files, last));
        };
        if !name.starts_with(b"refs/") {
            return Err(Unkept::At(path, "leads out of the references"));
        }
        last = Some(name.to_vec());
        let is_own =
            [&b"refs/worktree/"[..], b"refs/bisect/", b"refs/rewritten/"].iter().any(|own| name.starts_with(own));
        path = if is_own { &tree.own } else { &tree.common }.join(text(name));
    }
    Err(Unkept::At(path, "is one reference too far"))
}
