//! What the file system says of a file or folder, by which a later look can tell that it is the same, unchanged.
//!
//! The argument: a change of content sets the change time to the kernel's clock, and no program can set that time. A stamp that was
//! taken after the content was read, and whose times were then already older than the clock's coarsest step, can therefore not be
//! met again once the content has changed. Restored modification times, saves by replacement with a reused inode and files that were
//! moved over others all move the change time. What no stamp can see: a second store through a shared memory mapping into a page
//! that is already dirty.

use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

/// How much older than the clock a time must be to be trusted, in nanoseconds: more than the 2 s steps of the coarsest file systems.
const SLACK: i64 = 2_500_000_000;

/// The same for a look at what is being selected just now, where the clock's step is known: two of the longest steps of a kernel's clock.
/// Folders such as `/tmp` seldom rest for longer.
const QUIET: i64 = 20_000_000;

/// The bits of a mode that tell files, folders and the rest apart.
const KIND: u32 = 0o170_000;

/// A clock, in nanoseconds since 1970. A function, so that a test can put it back.
pub type Clock = fn() -> i64;

/// The system's clock.
#[must_use]
pub fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Other,
}

/// Which file or folder, and in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Nanoseconds since 1970, as `changed`.
    modified: i64,
    changed: i64,
    mode: u32,
}

impl Default for Stamp {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl Stamp {
    /// The stamp of which nothing can be concluded. Its mode is that of no file.
    pub(crate) const UNKNOWN: Self = Self { device: 0, inode: 0, size: 0, modified: 0, changed: 0, mode: 0 };

    /// The size of [`to_bytes`](Self::to_bytes).
    pub(crate) const BYTES: usize = 48;

    /// The stamp of what was looked at. Windows tells no change time without opening the file, so there it is unknown.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        // Saturated times are in the far future or past; the change time, which is the kernel's own, still tells.
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            mode: metadata.mode(),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self::UNKNOWN
    }

    /// Only what kind of thing it is.
    pub(crate) fn kind_alone(self) -> Self {
        Self { mode: self.mode & KIND, ..Self::UNKNOWN }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.mode != 0
    }

    /// Whether a later look found the same: never, if this is unknown.
    #[inline]
    pub(crate) fn is_again(&self, later: &Self) -> bool {
        self.is_known() && self == later
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.mode & KIND {
            0o100_000 => Kind::File,
            0o040_000 => Kind::Folder,
            _ => Kind::Other,
        }
    }

    pub(crate) fn device(&self) -> u64 {
        self.device
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether any change after the clock showed `now` must give another stamp. What lies in the future is not settled.
    pub(crate) fn is_settled(&self, now: i64) -> bool {
        self.is_older(now, SLACK)
    }

    /// Whether nothing has changed since the clock showed `now`, a moment ago.
    pub(crate) fn is_quiet_since(&self, now: i64) -> bool {
        self.is_older(now, self.quiet_slack())
    }

    fn quiet_slack(&self) -> i64 {
        // ext2 and small inodes of ext4 count whole seconds; what a program can set does not tell.
        let has_fine_times = self.changed % 1_000_000_000 != 0;
        if has_fine_times { QUIET } else { SLACK }
    }

    /// From when on it is [settled](Self::is_settled).
    pub(crate) fn settles_at(&self) -> i64 {
        self.latest().saturating_add(SLACK + 1)
    }

    /// From when on it has been [quiet](Self::is_quiet_since), if nothing changes any more.
    pub(crate) fn is_quiet_at(&self) -> i64 {
        self.latest().saturating_add(self.quiet_slack() + 1)
    }

    fn latest(&self) -> i64 {
        self.modified.max(self.changed)
    }

    fn is_older(&self, now: i64, slack: i64) -> bool {
        self.is_known() && self.latest() < now.saturating_sub(slack)
    }

    /// Itself where [settled](Self::is_settled), else unknown.
    pub(crate) fn if_settled(self, now: i64) -> Self {
        if self.is_settled(now) { self } else { Self::UNKNOWN }
    }

    /// Little endian, in the order of the fields, with four zero bytes at the end.
    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let times = [self.modified, self.changed].map(i64::cast_unsigned);
        let fields = [self.device, self.inode, self.size, times[0], times[1], u64::from(self.mode)];
        for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// The reverse of [`to_bytes`](Self::to_bytes); any bytes are some stamp.
    pub(crate) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut fields = [0_u64; 6];
        for (field, place) in fields.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *field = u64::from_le_bytes(*place);
        }
        let [device, inode, size, modified, changed, mode] = fields;
        let (modified, changed) = (modified.cast_signed(), changed.cast_signed());
        Self { device, inode, size, modified, changed, mode: mode as u32 }
    }

    /// What differs, in words for people.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("device", self.device == other.device),
            ("inode", self.inode == other.inode),
            ("size", self.size == other.size),
            ("modification time", self.modified == other.modified),
            ("change time", self.changed == other.changed),
            ("mode", self.mode == other.mode),
        ];
        fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn stamp(modified: i64, changed: i64) -> Stamp {
        Stamp { device: 1, inode: 2, size: 3, modified, changed, mode: 0o100_644 }
    }

    #[test]
    fn only_what_is_older_than_the_slack_is_settled() {
        let now = 100 * SECOND;
        assert!(stamp(0, 97 * SECOND).is_settled(now));
        assert!(!stamp(0, now - SLACK).is_settled(now), "the younger of the two times counts");
        assert!(!stamp(98 * SECOND, 0).is_settled(now));
        assert!(!stamp(200 * SECOND, 0).is_settled(now), "a time in the future");
        assert!(!stamp(i64::MAX, 0).is_settled(i64::MAX));
        assert!(!Stamp::UNKNOWN.is_settled(now));
        assert_eq!(stamp(98 * SECOND, 0).if_settled(now), Stamp::UNKNOWN);
        assert_eq!(stamp(1, 2).if_settled(now), stamp(1, 2));
        assert!(stamp(0, now - QUIET - 1).is_quiet_since(now));
        assert!(!stamp(0, now - QUIET).is_quiet_since(now));
        assert!(!stamp(1, 98 * SECOND).is_quiet_since(now), "whole seconds; a program may have set the other time");
        assert!(stamp(1, 97 * SECOND).is_quiet_since(now));
    }

    #[test]
    fn the_unknown_is_never_met_again() {
        assert!(!Stamp::UNKNOWN.is_again(&Stamp::UNKNOWN));
        assert!(!Stamp::UNKNOWN.is_again(&stamp(1, 2)));
        assert!(stamp(1, 2).is_again(&stamp(1, 2)));
    }

    #[test]
    fn every_field_counts_has_a_name_and_survives_the_bytes() {
        type Change = (&'static str, fn(&mut Stamp));
        let one = stamp(-5, 6);
        let changes: [Change; 6] = [
            ("device", |stamp| stamp.device += 1),
            ("inode", |stamp| stamp.inode = u64::MAX),
            ("size", |stamp| stamp.size += 1),
            ("modification time", |stamp| stamp.modified = i64::MIN),
            ("change time", |stamp| stamp.changed += 1),
            ("mode", |stamp| stamp.mode = u32::MAX),
        ];
        for (name, change) in changes {
            let mut other = one;
            change(&mut other);
            assert!(!one.is_again(&other));
            assert_eq!(one.differences(&other), [name]);
            assert_eq!(Stamp::from_bytes(&other.to_bytes()), other);
        }
        assert!(one.differences(&one).is_empty());
        assert_eq!(Stamp::from_bytes(&[0; Stamp::BYTES]), Stamp::UNKNOWN);
    }

    #[cfg(unix)]
    #[test]
    fn kinds_are_told_apart() {
        let folder = tempfile::TempDir::new().unwrap();
        let stamp = Stamp::of(&folder.path().metadata().unwrap());
        assert_eq!((stamp.kind(), stamp.kind_alone().kind()), (Kind::Folder, Kind::Folder));
        let file = folder.path().join("file");
        std::fs::write(&file, "text").unwrap();
        let stamp = Stamp::of(&file.metadata().unwrap());
        assert_eq!((stamp.kind(), stamp.size()), (Kind::File, 4));
        assert!(!stamp.is_settled(system_clock()));
        assert!(stamp.is_settled(system_clock() + 10 * SECOND));
        assert_eq!(Stamp::of(&std::path::Path::new("/dev/null").metadata().unwrap()).kind(), Kind::Other);
    }
}
