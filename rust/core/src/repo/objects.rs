//! What the abbreviation of a commit depends on: how many objects there are, and which others begin alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::content;
use super::gate::Unkept;
use super::layout::Tree;
use crate::cancel::Cancel;

/// How many stores of objects are gone through.
const MOST_STORES: usize = 6;

/// The folders and files of all stores that decide how the commits with these first two digits are abbreviated.
pub(super) fn files(tree: &Tree, digits: &BTreeSet<String>, cancel: &Cancel) -> Result<Vec<PathBuf>, Unkept> {
    let (mut files, mut stores) = (Vec::new(), vec![tree.objects.clone()]);
    let mut next = 0;
    while let Some(store) = stores.get(next).cloned() {
        next += 1;
        if next > MOST_STORES {
            return Err(Unkept::Unmodelled("objects come from too many places"));
        }
        let alternates = store.join("info").join("alternates");
        stores.extend(named_in(&alternates, &store, cancel)?);
        files.push(alternates);
        let packs = store.join("pack");
        // Packs may have an index of their own in a folder; the graph of commits says which there are.
        files.extend(["multi-pack-index", "multi-pack-index.d"].map(|name| packs.join(name)));
        files.push(packs);
        let info = store.join("info");
        files.extend(["commit-graph", "commit-graphs", "commit-graphs/commit-graph-chain"].map(|name| info.join(name)));
        files.extend(digits.iter().map(|digits| store.join(digits)));
    }
    Ok(files)
}

/// The first two digits of each commit that git printed, one a line.
pub(super) fn first_digits<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<BTreeSet<String>, Unkept> {
    let digits = |line: &[u8]| {
        let digits = line.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        String::from_utf8(digits.to_vec()).ok()
    };
    lines
        .filter(|line| !line.is_empty())
        .map(digits)
        .collect::<Option<_>>()
        .ok_or(Unkept::Unmodelled("commits are not shown as usual"))
}

fn named_in(alternates: &Path, store: &Path, cancel: &Cancel) -> Result<Vec<PathBuf>, Unkept> {
    let read = content::whole(alternates, content::SHORT, cancel);
    let read = read.map_err(|_| Unkept::At(alternates.to_owned(), "cannot be read"))?;
    let bytes = read.map(|(bytes, _)| bytes).unwrap_or_default();
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    lines
        .map(|line| {
            if line.starts_with(b"\"") {
                return Err(Unkept::At(alternates.to_owned(), "has a quoted path"));
            }
            Ok(store.join(super::config::text(line)))
        })
        .collect()
}
