//! Where the texts come from.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Reads the Python files below a folder, or the texts of a file in the form that `tests/recogniser/snippets.py` writes: for each its
/// length as four little-endian bytes, then its bytes. What is not UTF-8 is left out.
pub fn load(source: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    if source.is_dir() {
        let mut paths = Vec::new();
        find(source, &mut paths)?;
        paths.sort();
        for path in paths {
            if let Ok(text) = String::from_utf8(fs::read(&path).unwrap_or_default()) {
                texts.push((path, text));
            }
        }
        return Ok(texts);
    }
    let bytes = fs::read(source)?;
    let mut rest = &bytes[..];
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let Some((text, more)) = more.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
        if let Ok(text) = std::str::from_utf8(text) {
            texts.push((PathBuf::from(format!("text {}", texts.len())), text.to_owned()));
        }
        rest = more;
    }
    Ok(texts)
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), paths)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "py") && entry.file_type()?.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(())
}
