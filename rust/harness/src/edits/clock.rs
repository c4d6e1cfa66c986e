//! The clock that the code under test is given, and the kernel's, by which file systems go.
//!
//! A clock that is ahead makes everything look long at rest, and one that is put back makes what was just written lie in the future.
//! With a clock that is ahead, two changes within one step of the kernel's clock may have the same time, and nobody could tell them
//! apart; so what is asked then and the next change are kept apart by such a step.

use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECOND: i64 = 1_000_000_000;

/// How far a clock is put that is ahead.
const AHEAD: [i64; 4] = [5 * SECOND, 5 * SECOND, 5 * SECOND, 3600 * SECOND];

/// How far a clock is put that jumps, besides.
const BACK: [i64; 7] = [0, 0, 0, -1, -SECOND, -3 * SECOND, -3600 * SECOND];

static SHIFT: AtomicI64 = AtomicI64::new(0);

/// What time it is for the code under test, in nanoseconds since 1970.
pub(super) fn shifted() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX).saturating_add(shift())
}

/// How far that is ahead of the kernel's clock.
pub(super) fn shift() -> i64 {
    SHIFT.load(Ordering::SeqCst)
}

/// What the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It shows the time; trees must rest before their stamps are trusted.
    Real,
    /// It is always ahead.
    Ahead,
    /// It is put ahead, back, and right again.
    Jumps,
}

impl Mode {
    /// The mode of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [("real", Self::Real), ("ahead", Self::Ahead), ("jumps", Self::Jumps)]
            .into_iter()
            .find_map(|(known, mode)| (known == name).then_some(mode))
    }

    /// Puts the clock as the mode wants it, by a number of any size.
    pub(super) fn put(self, number: usize) {
        let forth = AHEAD[number % AHEAD.len()];
        put(match self {
            Self::Real => 0,
            Self::Ahead => forth,
            Self::Jumps if !number.is_multiple_of(3) => forth,
            Self::Jumps => BACK[number / 3 % BACK.len()],
        });
    }
}

/// Puts the clock so far ahead.
pub(super) fn put(shift: i64) {
    SHIFT.store(shift, Ordering::SeqCst);
}

/// The kernel's clock as a file system sees it, which moves in steps.
pub(super) struct Kernel {
    probe: File,
}

impl Kernel {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { probe: File::create(folder.join("probe"))? })
    }

    /// The time that a change gets now.
    pub(super) fn now(&self) -> io::Result<(i64, i64)> {
        self.probe.set_times(FileTimes::new().set_modified(UNIX_EPOCH))?;
        let metadata = self.probe.metadata()?;
        Ok((metadata.ctime(), metadata.ctime_nsec()))
    }

    /// Waits until a change gets another time.
    pub(super) fn pass(&self, before: (i64, i64)) -> io::Result<()> {
        while self.now()? == before {
            thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }
}
