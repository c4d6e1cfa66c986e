//! The bytes of a repository's own files. Everything in this folder that reads a file reads it here.
//!
//! Opening never waits: what is no file, as a FIFO that nobody writes to, is refused. No more is read than asked for.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cancel::Cancel;
use crate::tree::read::open;
use crate::tree::stamp::{Kind, Stamp};

/// Between two looks at the cancel flag, in bytes.
const STEP: u64 = 4 << 20;

/// The longest list of references that is read, in bytes: about a million of them.
pub(super) const LONG: u64 = 128 << 20;

/// The longest file that people write, in bytes.
pub(super) const SHORT: u64 = 4 << 20;

/// All bytes of a file of at most so many, and its stamp: unknown, if it changed meanwhile. `None`: there is no such file.
pub(super) fn whole(path: &Path, most: u64, cancel: &Cancel) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    let Some((mut file, before)) = open_file(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    loop {
        if before.size() > most || bytes.len() as u64 > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if (&mut file).take(STEP).read_to_end(&mut bytes)? == 0 {
            break;
        }
    }
    let stamp = if Stamp::of(&file.metadata()?) == before { before } else { Stamp::UNKNOWN };
    Ok(Some((bytes, stamp)))
}

/// The first bytes of a file, at most so many. `None`: there is no such file.
pub(super) fn start(path: &Path, length: u64) -> io::Result<Option<Vec<u8>>> {
    let Some((file, _)) = open_file(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn open_file(path: &Path) -> io::Result<Option<(File, Stamp)>> {
    // Looked at first, since opening a device may do something.
    let is_file = |stamp: Stamp| stamp.kind() == Kind::File || !cfg!(unix);
    let opened = path.metadata().and_then(|metadata| {
        if is_file(Stamp::of(&metadata)) { open(path) } else { Err(io::ErrorKind::InvalidData.into()) }
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let stamp = Stamp::of(&file.metadata()?);
    if is_file(stamp) { Ok(Some((file, stamp))) } else { Err(io::ErrorKind::InvalidData.into()) }
}
