//! The entries of a folder as rev lists them, and the whole text.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::json;
use crate::tree::key::Key;

/// How many entries the text has at most.
const MOST: usize = 100;

/// The sorted entries of a folder, hidden ones too, without those of these names: a name, and whether it is a folder, links followed.
pub(super) fn list(folder: &Path, excluded: &[OsString]) -> io::Result<Vec<(Key, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !excluded.contains(&name) {
            names.push(Key::from(name));
        }
    }
    names.sort_unstable();
    names.truncate(MOST);
    let is_folder = |name: &Key| path_of(folder, name).is_dir();
    Ok(names.into_iter().map(|name| (is_folder(&name), name)).map(|(is_folder, name)| (name, is_folder)).collect())
}

/// The entries whose kind does not follow from the folder alone: links.
pub(super) fn links(folder: &Path, entries: &[(Key, bool)]) -> Vec<PathBuf> {
    entries.iter().map(|(name, _)| path_of(folder, name)).filter(|path| path.is_symlink()).collect()
}

fn path_of(folder: &Path, name: &Key) -> PathBuf {
    folder.join(super::config::text(name.as_bytes()))
}

/// The text, as Python's `json.dumps` prints it.
pub(super) fn text(status: &[u8], log: &[u8], entries: &[(Key, bool)]) -> String {
    let mut output = Vec::with_capacity(status.len() + log.len() + 48 * entries.len() + 64);
    output.extend_from_slice(b"{\"status\": ");
    json::string(&mut output, &decoded(status));
    output.extend_from_slice(b", \"log\": ");
    json::string(&mut output, &decoded(log));
    output.extend_from_slice(b", \"top_level\": [");
    for (index, (name, is_folder)) in entries.iter().enumerate() {
        output.extend_from_slice(if index == 0 { b"{\"name\": " } else { b", {\"name\": " });
        json::key(&mut output, name);
        output.extend_from_slice(if *is_folder { b", \"type\": \"dir\"}" } else { b", \"type\": \"file\"}" });
    }
    output.extend_from_slice(b"]}");
    // Only ASCII was written.
    String::from_utf8(output).unwrap_or_default()
}

/// As Python reads text from a process: what is not UTF-8 replaced, and every line end the same.
fn decoded(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into_owned() }
}
