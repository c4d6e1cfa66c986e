//! The files that say which commit is checked out.

use std::fs;
use std::io::Read;
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
    let mut files = vec![tree.common.join("packed-refs")];
    let mut path = tree.own.join("HEAD");
    for _ in 0..=HOPS {
        files.push(path.clone());
        let mut content = Vec::new();
        // A link is followed here, and its end is what a look at the link compares.
        let read = fs::File::open(&path).and_then(|file| file.take(LENGTH).read_to_end(&mut content));
        let Some(name) = read.ok().and_then(|_| content.strip_prefix(b"ref:")).map(<[u8]>::trim_ascii) else {
            return Ok(files);
        };
        if !name.starts_with(b"refs/") {
            return Err(Unkept::At(path, "leads out of the references"));
        }
        let is_own =
            [&b"refs/worktree/"[..], b"refs/bisect/", b"refs/rewritten/"].iter().any(|own| name.starts_with(own));
        path = if is_own { &tree.own } else { &tree.common }.join(text(name));
    }
    Err(Unkept::At(path, "is one reference too far"))
}
