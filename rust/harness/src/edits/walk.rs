//! The files of a tree as they are now: read from the disk by rules of its own, without the core.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::contents::Node;

/// The kinds of ignore files, the stronger first.
pub(super) const IGNORE_FILES: [&str; 2] = [".ignore", ".gitignore"];

/// A file's name in reports, and what is there.
pub(super) type Files = Vec<(String, Node)>;

/// For each kind of ignore file those of the folders on the way, the deepest last: how deep the folder is, and the lines.
type Rules = [Vec<(usize, Vec<String>)>; 2];

/// What is under a path, links followed.
pub(super) fn read(path: &Path) -> Node {
    match fs::read(path) {
        Ok(text) => Node::Text(text),
        Err(error) => Node::Failure(match error.kind() {
            ErrorKind::NotFound => "FileNotFoundError",
            ErrorKind::NotADirectory => "NotADirectoryError",
            ErrorKind::IsADirectory => "IsADirectoryError",
            ErrorKind::PermissionDenied => "PermissionError",
            _ => "OSError",
        }),
    }
}

/// Every `*.py` below a folder: also folders of such a name and links, but nothing behind a linked folder.
pub(super) fn all(top: &Path) -> Files {
    let mut files = Vec::new();
    walk(top, "", None, 0, &mut files);
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// What is not ignored, also by the files in the folder above, and in no virtual environment.
pub(super) fn unignored(top: &Path, above: &Path) -> Files {
    let mut files = Vec::new();
    // Of what is up there nothing is named by a pattern with a slash at its start.
    let mut rules = Rules::default();
    for (kind, name) in rules.iter_mut().zip(IGNORE_FILES) {
        kind.push((usize::MAX, lines(&above.join(name))));
    }
    walk(top, "", Some(&rules), 0, &mut files);
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

fn walk(folder: &Path, prefix: &str, rules: Option<&Rules>, depth: usize, files: &mut Files) {
    let entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
    if rules.is_some() && depth > 0 && (has("pyvenv.cfg") || has("conda-meta")) {
        return;
    }
    let rules = rules.map(|rules| {
        let mut rules = rules.clone();
        for (kind, name) in rules.iter_mut().zip(IGNORE_FILES) {
            if has(name) {
                kind.push((depth, lines(&folder.join(name))));
            }
        }
        rules
    });
    for entry in &entries {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        let is_python = is_python_name(&name);
        if name == ".git" || (!is_python && !kind.is_dir()) {
            continue;
        }
        if rules.as_ref().is_some_and(|rules| is_ignored(rules, &name, depth, kind.is_dir())) {
            continue;
        }
        let path = entry.path();
        if is_python && (rules.is_none() || !(kind.is_dir() || kind.is_symlink() && path.is_dir())) {
            files.push((format!("{prefix}{name}"), read(&path)));
        }
        if kind.is_dir() {
            walk(&path, &format!("{prefix}{name}/"), rules.as_ref(), depth + 1, files);
        }
    }
}

fn is_python_name(name: &str) -> bool {
    name.as_bytes().ends_with(b".py")
}

/// The lines of an ignore file, the last first.
fn lines(path: &Path) -> Vec<String> {
    match read(path) {
        Node::Text(text) => String::from_utf8_lossy(&text).lines().rev().map(str::to_owned).collect(),
        Node::Failure(_) => Vec::new(),
    }
}

fn is_ignored(rules: &Rules, name: &str, depth: usize, is_folder: bool) -> bool {
    let files = rules.iter().flat_map(|kind| kind.iter().rev());
    let mut patterns = files.flat_map(|(at, lines)| lines.iter().map(move |line| (*at, line.as_str())));
    let found = patterns.find(|&(at, pattern)| {
        let plain = pattern.strip_prefix('!').unwrap_or(pattern);
        !plain.is_empty() && matches(plain, at == depth, name, is_folder)
    });
    found.is_some_and(|(_, pattern)| !pattern.starts_with('!'))
}

/// Whether a pattern names something: `name`, `/name`, `name/`, `/name/` or `*.py`, no more; `here` if it stands in the same folder.
fn matches(pattern: &str, here: bool, name: &str, is_folder: bool) -> bool {
    let (pattern, wants_folder) = pattern.strip_suffix('/').map_or((pattern, false), |pattern| (pattern, true));
    let (pattern, wants_here) = pattern.strip_prefix('/').map_or((pattern, false), |pattern| (pattern, true));
    let fits = pattern == name || (pattern == "*.py" && is_python_name(name));
    fits && (is_folder || !wants_folder) && (here || !wants_here)
}
