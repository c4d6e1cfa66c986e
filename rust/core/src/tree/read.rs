//! The bytes of one file, whatever the name turns out to be.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::device::Devices;
use super::stamp::{Clock, Stamp};
use crate::syntax::facts::{Failure, Status};

/// Files above this many bytes are analysed one at a time, to bound the memory in use.
pub(crate) const LARGE: usize = 1 << 20;

/// Reads a regular file of at most `max_bytes` into a buffer that is reused from file to file.
///
/// Opening never waits: a FIFO without a writer and a device give a failure at once. A file that grows meanwhile is read to its new end.
///
/// With `stamps` it gives the stamp under which these very bytes may be remembered: of a file that did not change while it was read
/// and, by the clock and the device, cannot change later without another stamp. Else the stamp is unknown.
pub(crate) fn read(
    path: &Path,
    max_bytes: u64,
    buffer: &mut Vec<u8>,
    stamps: Option<(&Devices, Clock)>,
) -> Result<Stamp, Failure> {
    buffer.clear();
    let started = stamps.map(|(_, clock)| clock());
    let unreadable = |error: &io::Error| Failure::new(Status::Unreadable, exception_of(error), error.to_string());
    let mut file = open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(Failure::new(Status::Unreadable, "IsADirectoryError", "a directory has the name of a Python file"));
    }
    if !metadata.is_file() {
        return Err(Failure::new(Status::Unreadable, "OSError", "neither a file nor a link to one"));
    }
    let too_large = || {
        let message = format!("more than {max_bytes} bytes");
        Failure::new(Status::TooLarge, "MemoryError", message)
    };
    if metadata.len() > max_bytes {
        return Err(too_large());
    }
    let no_memory = || Failure::new(Status::TooLarge, "MemoryError", "no memory for the file");
    let expected = usize::try_from(metadata.len()).map_err(|_| too_large())?;
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            // One byte more than expected: the read that fills the rest then also sees the end of the file.
            let room = if filled == 0 { expected + 1 } else { filled.saturating_mul(2).max(4096) };
            buffer.try_reserve_exact(room - filled).map_err(|_| no_memory())?;
            buffer.resize(room, 0);
        }
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error)),
        }
        if filled as u64 > max_bytes {
            return Err(too_large());
        }
        if filled == expected {
            break;
        }
    }
    buffer.truncate(filled);
    let (Some((devices, clock)), Some(started)) = (stamps, started) else { return Ok(Stamp::UNKNOWN) };
    let stamp = Stamp::of(&metadata);
    // A clock that was put back meanwhile counts as what it shows now.
    let now = started.min(clock());
    let is_kept = stamp.size() == buffer.len() as u64
        && file.metadata().is_ok_and(|after| Stamp::of(&after) == stamp)
        && stamp.is_settled(now)
        && devices.keeps_stamps_of(stamp.device(), &file);
    Ok(if is_kept { stamp } else { Stamp::UNKNOWN })
}

/// Whether a path leads to a file that can be opened or to a folder that can be listed, without waiting for either.
pub(crate) fn try_open(path: &Path) -> io::Result<()> {
    let metadata = path.metadata()?;
    if metadata.is_dir() {
        return path.read_dir().map(drop);
    }
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "neither a file nor a folder"));
    }
    open(path).map(drop)
}

/// Opens a regular file; anything else is a failure at once. A link is followed only if `follow`.
pub(crate) fn open_regular(path: &Path, follow: bool) -> Result<File, Failure> {
    let unreadable = |error: &io::Error| Failure::new(Status::Unreadable, exception_of(error), error.to_string());
    let file = if follow { open(path) } else { open_unlinked(path) }.map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(unreadable(&ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(Failure::new(Status::Unreadable, "OSError", "neither a file nor a link to one"));
    }
    Ok(file)
}

#[cfg(unix)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    open_with(path, 0)
}

#[cfg(unix)]
fn open_unlinked(path: &Path) -> io::Result<File> {
    open_with(path, libc::O_NOFOLLOW)
}

#[cfg(unix)]
fn open_with(path: &Path, flags: i32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | flags).open(path)
}

/// There is no flag for that: it was no link when the folder was listed.
#[cfg(not(unix))]
fn open_unlinked(path: &Path) -> io::Result<File> {
    open(path)
}

#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).open(path) {
        // Windows refuses to open a directory as a file; Python says what it is.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && path.is_dir() => {
            Err(ErrorKind::IsADirectory.into())
        }
        opened => opened,
    }
}

/// Name of the exception class that Python's `open` raises for an error.
pub(crate) fn exception_of(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "FileNotFoundError",
        ErrorKind::PermissionDenied => "PermissionError",
        ErrorKind::IsADirectory => "IsADirectoryError",
        ErrorKind::NotADirectory => "NotADirectoryError",
        ErrorKind::AlreadyExists => "FileExistsError",
        ErrorKind::TimedOut => "TimeoutError",
        ErrorKind::Interrupted => "InterruptedError",
        ErrorKind::WouldBlock => "BlockingIOError",
        ErrorKind::BrokenPipe => "BrokenPipeError",
        _ => "OSError",
    }
}
