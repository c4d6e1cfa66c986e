//! What git wrote: any bytes are refused or read, and what was read is read again when it is written anew.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use rev_accel_core::fuzzing::{IndexFile, Setting, read_index, read_log, read_settings, read_status, without_ignored};
use rev_accel_core::repo::{Commit, StatusEntry};

use super::input::Input;

/// Bytes of an object's name.
const HASHES: [usize; 2] = [20, 32];

/// Reads the bytes behind the first two, which choose by which reader; or an index that they describe.
///
/// # Panics
/// When what was read is something else when it is written and read again.
pub fn repositories(data: &[u8]) {
    let mut input = Input(data);
    let kind = input.below(6);
    let hash = HASHES[input.below(2)];
    match kind {
        0 => {
            if let Some(index) = read_index(input.0, hash) {
                let length: usize = index.names.iter().map(Vec::len).sum();
                assert!(length <= 64 * input.0.len(), "{length} bytes of names in {}", input.0.len());
                index_again(&index, hash);
            }
        }
        1 => index_again(&described(&mut input, hash), hash),
        2 => {
            if let Some(settings) = read_settings(input.0) {
                assert_eq!(read_settings(&write_settings(&settings)), Some(settings));
            }
        }
        3 => {
            if let Some(entries) = read_status(input.0) {
                assert_eq!(read_status(&write_status(&entries)), Some(entries));
            }
        }
        4 => {
            if let Some(commits) = read_log(input.0) {
                assert_eq!(read_log(&write_log(&commits)), Some(commits));
            }
        }
        _ => {
            for separator in [0, b'\n'] {
                let (rest, folders) = without_ignored(input.0, separator);
                assert!(rest.len() + folders.iter().map(Vec::len).sum::<usize>() <= input.0.len());
                assert_eq!(without_ignored(&rest, separator), (rest.clone(), Vec::new()));
            }
        }
    }
}

/// Inputs of each kind, given some bytes that describe them.
pub(super) fn examples(data: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let texts: [&[u8]; 4] = [
        b"local\0file:.git/config\0core.bare\nfalse\0global\0file:/home/ada/.gitconfig\0filter.a.b.clean\0command\0command line:\0a.b\nc\nd\0",
        b" M a.py\0R  new\0old\0?? d/\0!! e/\0",
        b"\n1234\x0012\x0056 78\0Ada\0ada@example.org\x001700000000\0First\0\n56\x005\0\0B\0b\x000\0Second\0",
        b" M a.py\n!! \"\\303\\251 \\\"/\"\n!! d/\nR  a -> b\n",
    ];
    let texts = texts.into_iter().zip(2..).map(|(text, kind)| [&[kind, 0], text].concat());
    let indices = HASHES.into_iter().zip(0..).flat_map(move |(hash, number)| {
        let index = described(&mut Input(data), hash);
        (2..=4).map(move |version| [&[0, number], &write_index(&index, version, hash)[..]].concat())
    });
    texts.chain(indices)
}

/// Each version of the format says the same of an index.
fn index_again(index: &IndexFile, hash: usize) {
    let names: HashSet<_> = index.names.iter().collect();
    if names.len() < index.names.len() {
        // Sides of a conflict: which of them is what is not kept.
        return;
    }
    // An entry without a name is not kept.
    let expected = Some(IndexFile { may_have_more: false, ..index.clone() });
    for version in 2..=4 {
        assert_eq!(read_index(&write_index(index, version, hash), hash), expected, "version {version}");
    }
}

fn described(input: &mut Input<'_>, hash: usize) -> IndexFile {
    let mut index = IndexFile::default();
    let (mut before, mut has_long) = (Vec::new(), false);
    if input.below(3) == 0 {
        let digits = (0..2 * hash).map(|_| char::from_digit(input.below(15) as u32 + 1, 16));
        index.base = digits.collect();
    }
    index.has_untracked_cache = input.below(2) > 0;
    index.is_unusual = input.below(4) > 0;
    while !input.is_empty() {
        let kind = input.below(4);
        // Names begin as others do, and one may be longer than its flags can say.
        let mut name: Vec<u8> = before[..input.below(256).min(before.len())].to_vec();
        name.extend(input.bytes().iter().map(|&byte| byte.max(1)));
        let is_long = input.below(32) == 31 && !has_long;
        has_long |= is_long;
        name.extend(std::iter::repeat_n(b'x', if is_long { 5_000 } else { 1 }));
        if index.names.contains(&name) {
            continue;
        }
        before.clone_from(&name);
        match kind {
            0 => index.submodules.push(name.clone()),
            1 => index.folders.push(name.clone()),
            _ => {}
        }
        index.names.push(name);
    }
    index
}

fn write_index(index: &IndexFile, version: u32, hash: usize) -> Vec<u8> {
    let mut bytes = b"DIRC".to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend((index.names.len() as u32).to_be_bytes());
    let mut before = Vec::new();
    for name in &index.names {
        let start = bytes.len();
        let mut name = name.clone();
        let mode = if index.submodules.contains(&name) {
            0o160_000_u32
        } else if index.folders.contains(&name) {
            name.push(b'/');
            0o040_000
        } else {
            0o100_644
        };
        bytes.extend([0; 24]);
        bytes.extend(mode.to_be_bytes());
        bytes.extend(vec![0; 12 + hash]);
        let is_extended = version >= 3;
        let flags = name.len().min(0x0fff) as u16 | if is_extended { 0x4000 } else { 0 };
        bytes.extend(flags.to_be_bytes());
        bytes.extend(vec![0; if is_extended { 2 } else { 0 }]);
        if version == 4 {
            let shared = name.iter().zip(&before).take_while(|(one, other)| one == other).count();
            bytes.extend(variable(before.len() - shared));
            bytes.extend(&name[shared..]);
            bytes.push(0);
        } else {
            bytes.extend(&name);
            bytes.push(0);
            let size = bytes.len() - start;
            bytes.extend(vec![0; size.next_multiple_of(8) - size]);
        }
        before = name;
    }
    let base = index.base.as_ref().map(|name| {
        let digits = |at: usize| u8::from_str_radix(&name[at..at + 2], 16).unwrap_or_default();
        (0..name.len()).step_by(2).map(digits).collect()
    });
    let extensions = [
        (b"UNTR", index.has_untracked_cache.then(Vec::new)),
        (b"TREE", Some(vec![1, 2, 3])),
        (b"link", base),
        (b"odd!", index.is_unusual.then(Vec::new)),
    ];
    for (kind, content) in extensions {
        if let Some(content) = content {
            bytes.extend(kind);
            bytes.extend((content.len() as u32).to_be_bytes());
            bytes.extend(content);
        }
    }
    bytes.extend(vec![0; hash]);
    bytes
}

/// A number as the fourth version writes it.
fn variable(mut value: usize) -> Vec<u8> {
    let mut bytes = vec![(value & 127) as u8];
    while value >> 7 != 0 {
        value = (value >> 7) - 1;
        bytes.push(128 | (value & 127) as u8);
    }
    bytes.reverse();
    bytes
}

fn write_settings(settings: &[Setting]) -> Vec<u8> {
    let mut output = Vec::new();
    for Setting { is_own, file, key, value } in settings {
        output.extend(if *is_own { &b"local\0"[..] } else { b"global\0" });
        let file = file.as_deref().map(Path::as_os_str).map(OsStr::as_encoded_bytes);
        output.extend(file.map_or_else(|| b"command line:".to_vec(), |file| [b"file:", file].concat()));
        output.push(0);
        output.extend(key);
        output.extend(value.iter().flat_map(|value| [b"\n", &value[..]].concat()));
        output.push(0);
    }
    output
}

fn write_status(entries: &[StatusEntry]) -> Vec<u8> {
    let mut output = Vec::new();
    for StatusEntry { code, path, original } in entries {
        output.extend([code, &b" "[..], path, b"\0"].concat());
        output.extend(original.iter().flat_map(|path| [path, &b"\0"[..]].concat()));
    }
    output
}

fn write_log(commits: &[Commit]) -> Vec<u8> {
    let mut output = Vec::new();
    for Commit { id, abbreviated, parents, author, email, time, subject } in commits {
        let (parents, time) = (parents.join(" "), time.to_string());
        let fields =
            [id.as_bytes(), abbreviated.as_bytes(), parents.as_bytes(), author, email, time.as_bytes(), subject];
        output.push(b'\n');
        output.extend(fields.into_iter().flat_map(|field| [field, b"\0"].concat()));
    }
    output
}
