//! What kinds of store there are.

use std::time::{Duration, SystemTime};

use crate::cache::folder::{FACTS, REPLIES};

/// What is kept in a store, and how.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The part of the cache folder that its files are in.
    pub(super) part: &'static str,
    /// What messages call it.
    pub(super) name: &'static str,
    /// Stands in the header of the file and says what it is.
    pub(super) application: i32,
    /// Tables besides the one of rows.
    pub(super) tables: &'static str,
    /// Statements that must be possible besides the look-up of a row.
    pub(super) statements: &'static [&'static str],
    /// Size of a page in bytes.
    pub(super) page: u32,
    /// When SQLite waits for the disk.
    pub(super) synchronous: &'static str,
    /// The unit of the marks of use.
    pub(super) unit: Duration,
    /// A row is marked as used when its mark is older than this many units.
    pub(super) touch_after: i64,
    /// Whether rows that are evicted leave their pages half empty, so that the file has to be written anew.
    pub(super) has_small_rows: bool,
}

const DAY: Duration = Duration::from_hours(24);

/// Findings by content. They can be made again in no time: nothing is waited for.
pub(crate) static CONTENT_STORE: Layout = Layout {
    part: FACTS,
    name: "content store",
    // `rvac`
    application: 0x7276_6163,
    tables: "",
    statements: &[],
    // Most values stay in the leaves of the tree.
    page: 8192,
    synchronous: "OFF",
    unit: DAY,
    touch_after: 7,
    has_small_rows: true,
};

/// Replies of models, which cost money: a power cut loses the newest at most. The log is synced when it is folded into the database.
pub(crate) static REPLY_STORE: Layout = Layout {
    part: REPLIES,
    name: "reply store",
    // `rvrp`
    application: 0x7276_7270,
    tables: crate::cache::replies::FLIGHTS,
    statements: &[crate::cache::replies::SELECT_FLIGHT],
    // A reply takes about a page, so that smaller pages leave less of them empty.
    page: 4096,
    synchronous: "NORMAL",
    // What was put a moment ago is not to be evicted before what was put a moment before that.
    unit: Duration::from_millis(1),
    // To mark a row is to write it anew, which takes ten times as long as to look it up.
    touch_after: 10 * 60 * 1000,
    has_small_rows: false,
};

impl Layout {
    /// The time, in units since 1970.
    pub(super) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis() / self.unit.as_millis().max(1)).unwrap_or(i64::MAX)
    }
}
