//! What git printed, as data.

/// One path that differs. Paths are bytes, relative to the top of the working tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// The letter for the index, then that for the working tree, as `git status` shows them.
    pub code: [u8; 2],
    /// The path, which for a renamed or copied file is the new one.
    pub path: Vec<u8>,
    /// Where a renamed or copied file came from.
    pub original: Option<Vec<u8>>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name, in full.
    pub id: String,
    /// Its name as `git log --oneline` abbreviates it.
    pub abbreviated: String,
    /// The names of its parents.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Vec<u8>,
    /// Their address.
    pub email: Vec<u8>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// The first paragraph of its message, in one line.
    pub subject: Vec<u8>,
}

/// What is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The commit; `None` before the first one.
    pub commit: Option<String>,
    /// The reference that HEAD leads to, as `refs/heads/main`; `None` where it leads to a commit itself.
    pub reference: Option<Vec<u8>>,
}

/// Reads what `git status --porcelain=v1 -z` printed; `None` if it is not that.
pub(super) fn status(output: &[u8]) -> Option<Vec<StatusEntry>> {
    let mut entries = Vec::new();
    let Some(output) = output.strip_suffix(b"\0") else { return output.is_empty().then_some(entries) };
    let mut parts = output.split(|&byte| byte == 0);
    while let Some(part) = parts.next() {
        let (code, path) = part.split_first_chunk::<2>()?;
        let path = path.strip_prefix(b" ")?.to_vec();
        let has_original = code.iter().any(|letter| matches!(letter, b'R' | b'C'));
        let original = if has_original { Some(parts.next()?.to_vec()) } else { None };
        entries.push(StatusEntry { code: *code, path, original });
    }
    Some(entries)
}

/// Reads what `git log` printed in the format of [`Form::Log`](super::Form::Log); `None` if it is not that.
pub(super) fn log(output: &[u8]) -> Option<Vec<Commit>> {
    let Some(output) = output.strip_suffix(b"\0") else { return output.is_empty().then(Vec::new) };
    let fields: Vec<_> = output.split(|&byte| byte == 0).collect();
    let (commits, []) = fields.as_chunks::<7>() else { return None };
    commits
        .iter()
        .map(|[id, abbreviated, parents, author, email, time, subject]| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
            Some(Commit {
                // Commits are separated by a line end.
                id: text(id.strip_prefix(b"\n").unwrap_or(id))?,
                abbreviated: text(abbreviated)?,
                parents: text(parents)?.split_whitespace().map(str::to_owned).collect(),
                author: author.to_vec(),
                email: email.to_vec(),
                time: text(time)?.parse().ok()?,
                subject: subject.to_vec(),
            })
        })
        .collect()
}

/// One line of output without its end; `None` if there is none.
pub(super) fn line(output: &[u8]) -> Option<&[u8]> {
    output.strip_suffix(b"\n").or(Some(output)).filter(|line| !line.is_empty())
}

/// Takes the lines of `git status -s` or the entries of its `-z` form apart: those that differ, and the folders that are ignored.
pub(super) fn without_ignored(output: &[u8], separator: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut rest, mut folders) = (Vec::with_capacity(output.len()), Vec::new());
    let mut is_original = false;
    for line in output.split_inclusive(|&byte| byte == separator) {
        // In the `-z` form, where a file came from stands behind it, and could begin in any way.
        match line.strip_prefix(b"!! ").filter(|_| !is_original) {
            Some(path) => {
                let path = path.strip_suffix(&[separator]).unwrap_or(path);
                let path = if separator == 0 { path.to_vec() } else { unquoted(path) };
                folders.extend(path.strip_suffix(b"/").map(<[u8]>::to_vec));
            }
            None => rest.extend_from_slice(line),
        }
        is_original = separator == 0 && !is_original && line.iter().take(2).any(|letter| matches!(letter, b'R' | b'C'));
    }
    (rest, folders)
}

/// A path as git quotes it, or does not.
fn unquoted(path: &[u8]) -> Vec<u8> {
    let Some(quoted) = path.strip_prefix(b"\"").and_then(|path| path.strip_suffix(b"\"")) else {
        return path.to_vec();
    };
    let mut bytes = quoted.iter().copied();
    let mut plain = Vec::with_capacity(quoted.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'a') => plain.push(7),
            Some(b'b') => plain.push(8),
            Some(b't') => plain.push(9),
            Some(b'n') => plain.push(10),
            Some(b'v') => plain.push(11),
            Some(b'f') => plain.push(12),
            Some(b'r') => plain.push(13),
            Some(high @ b'0'..=b'3') => {
                let digits = [high, bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                plain.push(digits.iter().fold(0, |sum, digit| sum << 3 | (digit & 7)));
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}
