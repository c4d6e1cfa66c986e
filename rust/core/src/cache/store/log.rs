//! Whether the write-ahead log beside a database is whole.
//!
//! SQLite's recovery ends, without a word, at the first frame whose checksum does not hold: what was committed behind it is gone. So
//! whoever checks a store looks at the [log](https://www.sqlite.org/fileformat2.html#walformat) first.
//!
//! A break alone does not tell. A transaction that a kill ended leaves frames behind, and the next one, if it is shorter, overwrites only
//! the first of them: the others have the salts of this log, and checksums that follow from what is no longer there. But such remains
//! have no commit mark, which is in the last frame that a transaction writes. So a frame behind the break with a commit mark is damage,
//! unless
//!
//! - its checksum does not follow from that of the frame before it: its header may have been written and its page not;
//! - it is the only one, in a log in which a transaction may have been larger than SQLite's memory: the last thing that such a
//!   transaction does is to compute the checksums of its frames anew, after the commit mark was written.
//!
//! What cannot be told, therefore: damage in the last frame of the log, in the checksum before it, or in the last transaction of a large
//! log; and a log that was cut, which looks as if what follows had not been written. Frames behind the last commit nobody reads. What looks like
//! damage and is none: a process was killed between the last frame of its transaction and the note of it in `-shm`, a matter of
//! microseconds, and another one that was at work then began a shorter transaction.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::Path;

use rusqlite::Error;

use super::file::{beside, damaged, hold};
use crate::cache::faults::{Step, attempt};
use crate::cache::files::no_follow;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A transaction of fewer frames keeps all its pages in memory until it is committed: 2 MB, of pages of 8 kB at most.
const SPILLED: u64 = 200;

/// Fails if the log beside a database is damaged, and when nobody can be kept from writing to it.
///
/// To be called before the database is opened otherwise: that might drop the log, or begin it anew.
pub(super) fn check(database: &Path) -> Result<(), Error> {
    let path = beside(database, "-wal");
    let length = |path: &Path| attempt(Step::Stat, path, || fs::symlink_metadata(path)).map(|metadata| metadata.len());
    if !length(&path).is_ok_and(|length| length > HEADER as u64) {
        return Ok(());
    }
    // A log is written to when the database has a page, so that was lost. SQLite would remove the log.
    if length(database).is_ok_and(|length| length == 0) {
        return Err(damaged());
    }
    let _nobody_writes = hold(database)?;
    // Closing this drops no lock: SQLite has none on the log.
    let opened = attempt(Step::Open, &path, || no_follow(OpenOptions::new().read(true)).open(&path));
    match opened.and_then(|log| is_whole(&mut BufReader::with_capacity(1 << 16, Log { file: log, path: &path }))) {
        Ok(false) => Err(damaged()),
        // What cannot be read SQLite cannot read either, and says so.
        _ => Ok(()),
    }
}

struct Log<'a> {
    file: File,
    path: &'a Path,
}

impl Read for Log<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        attempt(Step::Read, self.path, || self.file.read(buffer))
    }
}

/// The checksum over all that was written so far.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sum {
    is_big_endian: bool,
    halves: [u32; 2],
}

impl Sum {
    fn after(self, bytes: &[u8]) -> Self {
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| self.word(*bytes));
        let [mut one, mut other] = self.halves;
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(pair)).wrapping_add(other);
            other = other.wrapping_add(word(&pair[4..])).wrapping_add(one);
        }
        Self { halves: [one, other], ..self }
    }

    const fn word(self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// The checksum that is written at the end of a header.
    fn written(self, header: &[u8]) -> Self {
        let half = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let end = header.len() - 8;
        Self { halves: [half(&header[end..]), half(&header[end + 4..])], ..self }
    }
}

fn is_whole(log: &mut impl Read) -> io::Result<bool> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(true);
    }
    let is_big_endian = match &header[..4] {
        [0x37, 0x7f, 0x06, 0x82] => false,
        [0x37, 0x7f, 0x06, 0x83] => true,
        _ => return Ok(false),
    };
    let mut sum = Sum { is_big_endian, halves: [0; 2] }.after(&header[..24]);
    let page = header[8..].first_chunk().map_or(0, |page| u32::from_be_bytes(*page));
    let (Ok(page @ 512..=65_536), true) = (usize::try_from(page), sum == sum.written(&header)) else {
        return Ok(false);
    };
    let salts = &header[16..24];
    let mut frame = vec![0; FRAME_HEADER + page];
    let (mut frames, mut commits, mut is_broken) = (0, 0, false);
    while fill(log, &mut frame)? {
        frames += 1;
        let is_next = frame[8..16] == *salts
            && sum.after(&frame[..8]).after(&frame[FRAME_HEADER..]) == sum.written(&frame[..FRAME_HEADER]);
        is_broken |= !is_next;
        // Whether what follows goes on from here can be told behind the break as well.
        sum = sum.written(&frame[..FRAME_HEADER]);
        if is_broken && is_next && frame[4..8] != [0; 4] {
            commits += 1;
            if frames < SPILLED || commits > 1 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Reads until a buffer is full; `false` when there is less.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

#[cfg(test)]
mod tests;
