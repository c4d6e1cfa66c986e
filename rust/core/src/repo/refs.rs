//! The files that say which commit is checked out.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use super::config::text;
use super::gate::Unkept;
use super::layout::Tree;

/// How many references git follows.
const HOPS: usize = 5;

/// The longest reference that is read, in bytes.
const LENGTH: u64 = 4096;

/// HEAD, and what it leads to, present or absent; and the packed references. Nothing else below `refs` counts.
pub(super) fn files(tree: &Tree) -> Result<Vec<PathBuf>, Unkept> {
    chain(tree).map(|(files, _)| files)
}

/// Whether there is no commit yet on what is checked out: its reference leads nowhere.
pub(super) fn is_unborn(tree: &Tree) -> bool {
    let Ok((files, Some(name))) = chain(tree) else { return false };
    let is_absent =
        |path: &PathBuf| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let is_packed = match fs::read(tree.common.join("packed-refs")) {
        Ok(packed) => memchr::memmem::find(&packed, &name).is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    files.last().is_some_and(is_absent) && !is_packed
}

/// The files, and the last name in the chain.
fn chain(tree: &Tree) -> Result<(Vec<PathBuf>, Option<Vec<u8>>), Unkept> {
    let mut files = vec![tree.common.join("packed-refs")];
    let mut last = None;
    let mut path = tree.own.join("HEAD");
    for _ in 0..=HOPS {
        files.push(path.clone());
        let mut content = Vec::new();
        // A link is followed here, and its end is what a look at the link compares.
        let read = fs::File::open(&path).and_then(|file| file.take(LENGTH).read_to_end(&mut content));
        let Some(name) = read.ok().and_then(|_| content.strip_prefix(b"ref:")).map(<[u8]>::trim_ascii) else {
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
