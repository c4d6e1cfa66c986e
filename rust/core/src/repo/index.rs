//! Reads git's index, for the paths that are tracked; what else it holds is left to git.
//!
//! The format is that of gitformat-index(5), versions 2 to 4. With a split index, paths of both files are taken: one too many is looked
//! at in vain, one too few would be a wrong proof. Where git could see another entry than is seen here, it is none: filters of a submodule
//! that is not seen would run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content;
use super::layout::Tree;
use crate::cancel::Cancel;
use crate::tree::paths::Paths;
use crate::tree::stamp::Stamp;

/// The largest index that is read, in bytes: of about two million files.
const MOST_BYTES: u64 = 256 << 20;

/// The most that all names together may take, in bytes, and in bytes for each of the file: in the fourth version an entry of 64 bytes can
/// stand for a name of any length, but paths are shorter than 4096.
const MOST_OF_NAMES: usize = 1 << 30;
const MOST_BY_BYTE: usize = 64;

/// The bits of an entry's flags that are the length of its name, or all set for a longer one; and the one that says that there are more.
const LENGTH: u16 = 0x0fff;
const EXTENDED: u16 = 0x4000;

/// Bytes of an entry before its hash: times, device, inode, mode, owner, size.
const STAT: usize = 40;

const MODE_KIND: u32 = 0o170_000;
const MODE_LINK_TO_COMMIT: u32 = 0o160_000;
const MODE_FOLDER: u32 = 0o040_000;

/// What the index says that matters here.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Absolute, in the order of their bytes, each once.
    pub(super) tracked: Arc<Paths>,
    /// Submodules, relative to the top.
    pub(super) submodules: Vec<PathBuf>,
    /// Whether it may have more of them: of an entry in the upper half of a split index its place in the lower half tells the name.
    pub(super) may_have_more: bool,
    /// Folders that stand for all in them, which are outside of a sparse tree; relative to the top, and among the tracked.
    pub(super) folders: Vec<PathBuf>,
    /// The file that a split index shares with others.
    pub(super) shared: Option<PathBuf>,
    /// Whether git keeps in it what is untracked, and then answers by that.
    pub(super) has_untracked_cache: bool,
    /// Whether it has an extension that readers must know, and that is not read here.
    pub(super) is_unusual: bool,
    /// The stamp of the file that was read, if it stayed the same; unknown when there is none.
    pub(super) stamp: Stamp,
}

impl Index {
    /// Reads the index of a working tree. `None`: it cannot be read, or is none. An index that is not there is an empty one.
    pub(super) fn read(tree: &Tree, cancel: &Cancel) -> Option<Self> {
        let Tree { index: path, top, hash, .. } = tree;
        let hash = *hash;
        let Some((bytes, stamp)) = content::whole(path, MOST_BYTES, cancel).ok()? else { return Some(Self::default()) };
        let mut found = IndexFile::default();
        found.file(&bytes, hash)?;
        let mut shared = None;
        if let Some(name) = found.base.take() {
            // There git looks first. Where it looks then, the path of the index as git was given it says.
            let file = tree.own.join(format!("sharedindex.{name}"));
            let (bytes, _) = content::whole(&file, MOST_BYTES, cancel).ok()??;
            found.file(&bytes, hash)?;
            shared = Some(file);
        }
        let IndexFile { mut names, submodules, may_have_more, folders, has_untracked_cache, is_unusual, .. } = found;
        if !names.is_sorted() {
            names.sort_unstable();
        }
        names.dedup();
        let mut tracked = Paths::default();
        for name in &names {
            if !tracked.push(&top.join(as_path(name)?)) {
                return None;
            }
        }
        let paths =
            |names: &[Vec<u8>]| names.iter().map(|name| as_path(name).map(Path::to_owned)).collect::<Option<_>>();
        let (submodules, folders) = (paths(&submodules)?, paths(&folders)?);
        let tracked = Arc::new(tracked);
        Some(Self { tracked, submodules, may_have_more, folders, shared, has_untracked_cache, is_unusual, stamp })
    }

    /// Whether the file is the one that was read.
    pub(super) fn is_still(&self, path: &Path) -> bool {
        match std::fs::metadata(path) {
            Ok(metadata) => self.stamp.is_again(&Stamp::of(&metadata)),
            Err(error) => error.kind() == io::ErrorKind::NotFound && !self.stamp.is_known() && self.tracked.len() == 0,
        }
    }

    /// Whether a path is tracked.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let place = self.place_of(path.as_os_str().as_encoded_bytes());
        place < self.tracked.len() && self.tracked.get(place) == path
    }

    /// Whether something in a folder is tracked.
    pub(super) fn holds_below(&self, folder: &Path) -> bool {
        let mut prefix = folder.as_os_str().as_encoded_bytes().to_vec();
        prefix.push(b'/');
        let place = self.place_of(&prefix);
        place < self.tracked.len() && self.tracked.get(place).as_os_str().as_encoded_bytes().starts_with(&prefix)
    }

    /// Where the first path is that does not come before these bytes.
    fn place_of(&self, bytes: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.tracked.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.tracked.get(middle).as_os_str().as_encoded_bytes() < bytes {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a path")]
fn as_path(name: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn as_path(name: &[u8]) -> Option<&Path> {
    std::str::from_utf8(name).ok().map(Path::new)
}

/// What the file itself says, or the two of a split index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexFile {
    /// Of all entries that have one, as they come.
    pub names: Vec<Vec<u8>>,
    /// Those that are commits of other repositories.
    pub submodules: Vec<Vec<u8>>,
    /// Whether an entry without a name may be a submodule or a folder.
    pub may_have_more: bool,
    /// Those that stand for all in a folder, without the slash at their end.
    pub folders: Vec<Vec<u8>>,
    /// The name of the file that a split index shares with others.
    pub base: Option<String>,
    /// Whether there is a list of what is untracked.
    pub has_untracked_cache: bool,
    /// Whether there is an extension that readers must know, and that is not read here.
    pub is_unusual: bool,
}

impl IndexFile {
    /// Adds what a file says, in which names of objects have so many bytes; `None` if it is no index, and not all is added then.
    pub fn file(&mut self, bytes: &[u8], hash: usize) -> Option<()> {
        let mut rest = bytes;
        if take(&mut rest, 4)? != b"DIRC" {
            return None;
        }
        let version = number(&mut rest)?;
        let count = number(&mut rest)?;
        if !(2..=4).contains(&version) {
            return None;
        }
        let (mut name, mut length) = (Vec::new(), 0);
        for _ in 0..count {
            let start = rest;
            take(&mut rest, 24)?;
            let mode = number(&mut rest)?;
            take(&mut rest, STAT - 28 + hash)?;
            let flags = u16::from_be_bytes(take(&mut rest, 2)?.try_into().ok()?);
            if flags & EXTENDED != 0 {
                // In the second version git would read more flags, too, which it never writes.
                (version >= 3).then(|| take(&mut rest, 2))??;
            }
            if version == 4 {
                let cut = variable(&mut rest)?;
                name.truncate(name.len().checked_sub(cut)?);
            } else {
                name.clear();
            }
            let end = memchr::memchr(0, rest)?;
            name.extend_from_slice(take(&mut rest, end)?);
            take(&mut rest, 1)?;
            // Git takes the name to be as long as it is said to be.
            if usize::from(flags & LENGTH) != name.len().min(usize::from(LENGTH)) {
                return None;
            }
            if version < 4 {
                // One to eight zeros: the whole entry is a multiple of eight.
                let size = start.len() - rest.len();
                take(&mut rest, size.next_multiple_of(8) - size)?;
            }
            // Without a name, in the upper half of a split index: an entry of the shared one under a new state.
            if name.is_empty() {
                self.may_have_more |= mode & MODE_KIND == MODE_LINK_TO_COMMIT || mode & MODE_KIND == MODE_FOLDER;
                continue;
            }
            length += name.len();
            if length > MOST_OF_NAMES.min(MOST_BY_BYTE * bytes.len()) {
                return None;
            }
            let mut path = name.clone();
            match mode & MODE_KIND {
                MODE_LINK_TO_COMMIT => self.submodules.push(path.clone()),
                MODE_FOLDER => {
                    path.pop_if(|last| *last == b'/');
                    self.folders.push(path.clone());
                }
                _ => {}
            }
            self.names.push(path);
        }
        while rest.len() > hash {
            let kind = take(&mut rest, 4)?;
            let length = number(&mut rest)? as usize;
            let content = take(&mut rest, length)?;
            match kind {
                b"UNTR" => self.has_untracked_cache = true,
                b"link" => {
                    let base = content.get(..hash)?;
                    if base.iter().any(|&byte| byte != 0) {
                        self.base = Some(base.iter().flat_map(|byte| hexadecimal(*byte)).collect());
                    }
                }
                // It says that there are such folders.
                b"sdir" => {}
                // One that begins with a capital may be passed over.
                _ => self.is_unusual |= !kind[0].is_ascii_uppercase(),
            }
        }
        (rest.len() == hash).then_some(())
    }
}

fn hexadecimal(byte: u8) -> impl Iterator<Item = char> {
    [byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (first, last) = rest.split_at_checked(length)?;
    *rest = last;
    Some(first)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

/// A number of any length, as packs and the fourth version write it.
fn variable(rest: &mut &[u8]) -> Option<usize> {
    let mut byte = take(rest, 1)?[0];
    let mut value = usize::from(byte & 127);
    while byte & 128 != 0 {
        byte = take(rest, 1)?[0];
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
    }
    Some(value)
}
