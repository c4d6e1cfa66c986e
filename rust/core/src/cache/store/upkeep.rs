//! What keeps the store small and sound: marks of use, eviction, checks.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::file::{self, Access, BUSY, Patience, Trouble};
use super::{Checked, Layout, Mode, Store};
use crate::cache::faults::{self, Step, attempt};
use crate::cache::folder::Folder;
use crate::cancel::Cancel;

pub(super) const TOUCH: &str = "UPDATE entries SET mark = ?2 WHERE id = ?1";

/// A log of more bytes is folded into the database. The first connection after the last one closed reads the whole log.
const LOG: u64 = 1 << 20;

/// What a row takes besides its value, roughly: key, sum, numbers, its place in the page.
const ROW: i64 = 72;

/// How often someone looks whether a long statement should go on.
const PAUSE: Duration = Duration::from_millis(20);

/// Figures of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// Contents whose findings are kept.
    pub(crate) rows: u64,
    /// Size of the files on disk.
    pub(crate) bytes: u64,
}

/// What a check of all rows found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VerifyReport {
    /// Rows that were read.
    pub(crate) rows: u64,
    /// Rows among them whose checksum does not hold.
    pub(crate) damaged: u64,
    /// Whether a file was damaged itself, so that there may be rows that cannot be found.
    pub(crate) file_damaged: bool,
    /// Whether some of what is damaged is still there.
    pub(crate) is_left: bool,
}

impl Store {
    /// Ends a call: marks rows that were used, drops damaged ones, and keeps the store below a size. `false` when some of it failed.
    pub(crate) fn finish(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        if self.access != Access::Write {
            return false;
        }
        let (bad, used, now) = (std::mem::take(&mut self.bad), std::mem::take(&mut self.used), self.now);
        let mut complete = true;
        let is_change = !bad.is_empty() || !used.is_empty();
        if is_change && !self.damaged {
            complete &= self.write(cancel, |connection| {
                drop_rows(connection, &bad)?;
                let mut touch = connection.prepare_cached(TOUCH)?;
                used.iter().try_for_each(|row| touch.execute([*row, now]).map(drop))
            });
        }
        if self.damaged {
            complete &= self.replace(cancel);
        }
        complete &= self.shrink(max_bytes, cancel);
        let _ = self.fold(LOG);
        complete
    }

    /// Brings the store below a size at once, and gives back what is free.
    pub(crate) fn gc(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        let finished = self.finish(max_bytes, cancel);
        let Some(connection) = self.connection.as_ref().filter(|_| finished) else { return false };
        let vacuumed = interruptible(connection, cancel, || connection.execute_batch("VACUUM"));
        vacuumed.is_ok() & self.fold_all(cancel)
    }

    /// Folds all of the log into the database; `false` when some of it is left, for want of space or because others read on and on.
    fn fold_all(&mut self, cancel: &Cancel) -> bool {
        let mut patience = Patience::new(cancel);
        loop {
            match self.fold(0) {
                Ok(false) if patience.wait() => {}
                done => return done.unwrap_or(false),
            }
        }
    }

    /// Evicts what was not used for longest, down to four fifths of the size, if the store is larger.
    fn shrink(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        let _scope = faults::scope(&self.folder);
        self.pause();
        let Some(connection) = &self.connection else { return false };
        match used_bytes(connection) {
            Ok(used) if used.cast_unsigned() <= max_bytes => true,
            Ok(used) => {
                let evicted = interruptible(connection, cancel, || {
                    let marks = marks(connection)?;
                    let content: i128 = marks.iter().map(|(_, bytes)| i128::from(*bytes)).sum();
                    // Pages are not full, so the content is counted in proportion.
                    let kept = content * i128::from(max_bytes) * 4 / 5 / i128::from(used.max(1));
                    evict(connection, &marks, content - kept, self.newest)?;
                    // Rows of one age are spread over all pages: without this, hardly a page would become free.
                    if self.layout.has_small_rows { connection.execute_batch("VACUUM") } else { Ok(()) }
                });
                self.damaged |= evicted.as_ref().is_err_and(|error| Trouble::of(error) == Trouble::Damaged);
                evicted.is_ok()
            }
            Err(_) => false,
        }
    }

    /// Folds a log of more than `most` bytes into the database, as far as no reader needs it: whether it is no longer than that now.
    pub(super) fn fold(&mut self, most: u64) -> rusqlite::Result<bool> {
        let _scope = faults::scope(&self.folder);
        self.pause();
        let log = file::beside(&file::path_of(&self.folder, self.generation), "-wal");
        let is_large = attempt(Step::Stat, &log, || fs::metadata(&log)).is_ok_and(|metadata| metadata.len() > most);
        let Some(connection) = self.connection.as_ref().filter(|_| is_large) else { return Ok(!is_large) };
        // Not worth waiting for: the next call does it as well.
        let _ = connection.busy_timeout(Duration::ZERO);
        let is_busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        let _ = connection.busy_timeout(BUSY);
        is_busy.map(|is_busy| !is_busy)
    }

    /// The figures; `None` when they cannot be read.
    pub(crate) fn info(&mut self) -> Option<Info> {
        self.pause();
        let rows: i64 =
            self.connection.as_ref()?.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).ok()?;
        let database = file::path_of(&self.folder, self.generation);
        let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let bytes = size(&database) + size(&file::beside(&database, "-wal"));
        Some(Info { rows: rows.cast_unsigned(), bytes })
    }

    /// Checks every row, and drops what is damaged. `None` when it was cancelled or the file cannot be read at all.
    pub(crate) fn verify(&mut self, cancel: &Cancel) -> Option<VerifyReport> {
        self.pause();
        let connection = self.connection.as_ref()?;
        let mut report = VerifyReport::default();
        let mut bad = Vec::new();
        let checked = interruptible(connection, cancel, || {
            let sql = "SELECT CAST(key AS BLOB), CAST(sum AS BLOB), CAST(value AS BLOB), CAST(mark AS INTEGER), id FROM entries";
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let number = row.get(4)?;
                report.rows += 1;
                if Checked::read(row, number).is_none() {
                    bad.push(number);
                }
            }
            let sql = "SELECT CAST(quick_check AS BLOB) FROM pragma_quick_check";
            connection.query_row(sql, [], |row| Ok(row.get_ref(0)?.as_blob().is_ok_and(|text| text == b"ok")))
        });
        report.damaged = bad.len() as u64;
        match checked {
            Ok(is_sound) => report.file_damaged = !is_sound,
            Err(error) if Trouble::of(&error) == Trouble::Damaged => report.file_damaged = true,
            Err(_) => return None,
        }
        if self.access == Access::Write {
            let mut is_mended = !report.file_damaged;
            if is_mended && !bad.is_empty() {
                is_mended = self.write(cancel, |connection| drop_rows(connection, &bad));
            }
            self.damaged |= !is_mended;
            report.is_left = self.damaged && !self.replace(cancel);
        } else {
            report.is_left = report.file_damaged || !bad.is_empty();
        }
        report.file_damaged |= self.replaces;
        Some(report)
    }
}

fn drop_rows(connection: &Connection, rows: &[i64]) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM entries WHERE id = ?1")?;
    rows.iter().try_for_each(|row| delete.execute([row]).map(drop))
}

/// Whether there is a store in a folder, or what stands in the place of one.
pub(crate) fn exists(layout: &Layout, folder: &Folder) -> bool {
    file::generations(&folder.path().join(layout.part)).is_ok_and(|all| !all.is_empty())
}

/// Checks the store of a folder and mends it, unless the folder cannot be written to. `None` when there is none, or it cannot be checked.
pub(crate) fn verify(layout: &'static Layout, folder: &Folder, cancel: &Cancel) -> Option<VerifyReport> {
    let mut store = Store::of(layout, folder, Mode::Verify).ok()?;
    match store.connect(cancel) {
        Ok(()) => store.verify(cancel),
        Err(_) if store.damaged => Some(VerifyReport { file_damaged: true, is_left: true, ..VerifyReport::default() }),
        Err(_) => None,
    }
}

/// Empties the store of a folder, whatever state it is in; `false` when something is left.
pub(crate) fn clear(layout: &'static Layout, folder: &Folder, cancel: &Cancel) -> bool {
    let Ok(databases) = folder.databases(layout.part, layout.name) else { return !exists(layout, folder) };
    let _scope = faults::scope(&databases);
    match file::generations(&databases) {
        Ok(found) if found.is_empty() => file::remove_all_but(&databases, None).unwrap_or(false),
        Ok(_) if !folder.is_writable() => false,
        Ok(_) => empty(layout, folder, cancel) || begin_anew(&databases),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Drops all rows and gives back the space.
fn empty(layout: &'static Layout, folder: &Folder, cancel: &Cancel) -> bool {
    let Ok(mut store) = Store::open_as(layout, folder, Mode::Write, cancel) else { return false };
    let is_emptied = store.write(cancel, |connection| connection.execute_batch("DELETE FROM entries"));
    store.bad.clear();
    store.used.clear();
    let is_shorter = |store: &Store| {
        let vacuumed = store.connection.as_ref().map(|connection| connection.execute_batch("VACUUM"));
        vacuumed.is_some_and(|vacuumed| vacuumed.is_ok())
    };
    is_emptied && is_shorter(&store) && store.fold_all(cancel)
}

/// Removes a store for want of space, or because of damage or of others who read on and on. An empty file takes over, which others who are
/// at work find when they open the store the next time; until then they go on with a file that has no name.
pub(super) fn begin_anew(databases: &Path) -> bool {
    let Some(newest) = file::generations(databases).ok().and_then(|found| found.last().copied()) else { return false };
    let next = newest.checked_add(1).filter(|next| file::ensure(&file::path_of(databases, *next)).is_ok());
    // There is no room for a name even. Whoever has the file open would go on with it, and never look for another one with its number.
    let _nobody_else = match next {
        Some(_) => None,
        None => match file::hold_alone(&file::path_of(databases, newest)) {
            Ok(held) => Some(held),
            Err(_) => return false,
        },
    };
    file::remove_all_but(databases, next).unwrap_or(false)
}

/// Size of the pages that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<i64> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?);
    Ok(pages.saturating_mul(number("PRAGMA page_size")?).max(0))
}

/// The marks of use with the size of their rows, oldest first.
fn marks(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    let sql = "SELECT CAST(mark AS INTEGER) AS used, CAST(total(length(value)) + ?1 * count(*) AS INTEGER) FROM entries \
         GROUP BY used ORDER BY used";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([ROW], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Drops the oldest rows until `excess` bytes of them are gone, but not the `newest`.
fn evict(connection: &Connection, marks: &[(i64, i64)], excess: i128, newest: Option<i64>) -> rusqlite::Result<()> {
    let mut left = excess;
    // The first mark that is not given up as a whole.
    let rest = marks.iter().find(|(_, bytes)| {
        let is_rest = i128::from(*bytes) > left;
        left -= if is_rest { 0 } else { i128::from(*bytes) };
        is_rest
    });
    super::transaction(connection, |connection| {
        let older = rest.map_or(i64::MAX, |(mark, _)| *mark);
        let sql = "DELETE FROM entries WHERE CAST(mark AS INTEGER) < ?1 AND id IS NOT ?2";
        connection.execute(sql, (older, newest))?;
        match rest {
            Some((mark, _)) if left > 0 => evict_some(connection, *mark, left, newest),
            _ => Ok(()),
        }
    })
}

/// Drops rows with this mark until `excess` bytes of them are gone.
fn evict_some(connection: &Connection, mark: i64, excess: i128, newest: Option<i64>) -> rusqlite::Result<()> {
    let sql = "SELECT id, length(value) FROM entries WHERE CAST(mark AS INTEGER) = ?1 AND id IS NOT ?2 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query((mark, newest))?;
    let (mut left, mut last) = (excess, None);
    // None of them is known to be older, so that the order of their numbers is as good as any.
    while left > 0
        && let Some(row) = rows.next()?
    {
        last = Some(row.get::<_, i64>(0)?);
        left -= i128::from(ROW) + i128::from(row.get::<_, Option<i64>>(1)?.unwrap_or(0));
    }
    drop(rows);
    let sql = "DELETE FROM entries WHERE CAST(mark AS INTEGER) = ?1 AND id <= ?2 AND id IS NOT ?3";
    connection.execute(sql, (mark, last, newest)).map(drop)
}

/// Runs statements that may take long, and stops them when the work is cancelled.
fn interruptible<T>(connection: &Connection, cancel: &Cancel, action: impl FnOnce() -> T) -> T {
    let handle = connection.get_interrupt_handle();
    thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let watch = move || {
            // Ends when the sender is dropped.
            while receiver.recv_timeout(PAUSE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                if cancel.is_cancelled() {
                    handle.interrupt();
                }
            }
        };
        // Without a watcher it takes as long as it takes.
        let _ = thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, watch);
        let result = action();
        drop(sender);
        result
    })
}
