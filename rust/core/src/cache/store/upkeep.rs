//! What keeps the store small and sound: marks of use, eviction, checks.

use std::fs;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::file::{self, Access, BUSY, Trouble};
use super::{Checked, Mode, Store};
use crate::cache::faults::{self, Step, attempt};
use crate::cache::folder::{FACTS, Folder};
use crate::cancel::Cancel;

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
}

impl Store {
    /// Ends a call: marks rows that were used, drops damaged ones, and keeps the store below a size. `false` when some of it failed.
    pub(crate) fn finish(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        if self.access != Access::Write {
            return false;
        }
        let (bad, used, today) = (std::mem::take(&mut self.bad), std::mem::take(&mut self.used), self.today);
        let mut complete = true;
        let is_change = !bad.is_empty() || !used.is_empty();
        if is_change && !self.damaged {
            complete &= self.write(cancel, |connection| {
                drop_rows(connection, &bad)?;
                let mut touch = connection.prepare_cached("UPDATE facts SET day = ?2 WHERE id = ?1")?;
                used.iter().try_for_each(|row| touch.execute([*row, today]).map(drop))
            });
        }
        if self.damaged {
            complete &= self.replace(cancel);
        }
        complete &= self.shrink(max_bytes, cancel);
        self.fold(LOG);
        complete
    }

    /// Brings the store below a size at once, and gives back what is free.
    pub(crate) fn gc(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        let finished = self.finish(max_bytes, cancel);
        let Some(connection) = self.connection.as_ref().filter(|_| finished) else { return false };
        let vacuumed = interruptible(connection, cancel, || connection.execute_batch("VACUUM"));
        self.fold(0);
        vacuumed.is_ok()
    }

    /// Evicts what was not used for longest, down to four fifths of the size, if the store is larger.
    fn shrink(&mut self, max_bytes: u64, cancel: &Cancel) -> bool {
        let _scope = faults::scope(&self.facts);
        self.pause();
        let Some(connection) = &self.connection else { return false };
        match used_bytes(connection) {
            Ok(used) if used.cast_unsigned() <= max_bytes => true,
            Ok(used) => {
                let evicted = interruptible(connection, cancel, || {
                    let days = days(connection)?;
                    let content: i128 = days.iter().map(|(_, bytes)| i128::from(*bytes)).sum();
                    // Pages are not full, so the content is counted in proportion.
                    let kept = content * i128::from(max_bytes) * 4 / 5 / i128::from(used.max(1));
                    evict(connection, &days, content - kept)
                });
                self.damaged |= evicted.as_ref().is_err_and(|error| Trouble::of(error) == Trouble::Damaged);
                evicted.is_ok()
            }
            Err(_) => false,
        }
    }

    /// Folds a log of more than `most` bytes into the database, as far as no reader needs it.
    pub(super) fn fold(&mut self, most: u64) {
        let _scope = faults::scope(&self.facts);
        self.pause();
        let log = file::beside(&file::path_of(&self.facts, self.generation), "-wal");
        let is_large = attempt(Step::Stat, &log, || fs::metadata(&log)).is_ok_and(|metadata| metadata.len() > most);
        if is_large && let Some(connection) = &self.connection {
            // Not worth waiting for: the next call does it as well.
            let _ = connection.busy_timeout(Duration::ZERO);
            let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            let _ = connection.busy_timeout(BUSY);
        }
    }

    /// The figures; `None` when they cannot be read.
    pub(crate) fn info(&mut self) -> Option<Info> {
        self.pause();
        let rows: i64 = self.connection.as_ref()?.query_row("SELECT count(*) FROM facts", [], |row| row.get(0)).ok()?;
        let database = file::path_of(&self.facts, self.generation);
        let size = |path: &std::path::Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
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
            let sql =
                "SELECT CAST(key AS BLOB), CAST(sum AS BLOB), CAST(value AS BLOB), CAST(day AS INTEGER), id FROM facts";
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
            if self.damaged {
                self.replace(cancel);
            }
        }
        report.file_damaged |= self.replaces;
        Some(report)
    }
}

fn drop_rows(connection: &Connection, rows: &[i64]) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM facts WHERE id = ?1")?;
    rows.iter().try_for_each(|row| delete.execute([row]).map(drop))
}

/// Whether there is a store in a folder, or what stands in the place of one.
pub(crate) fn exists(folder: &Folder) -> bool {
    file::generations(&folder.path().join(FACTS)).is_ok_and(|all| !all.is_empty())
}

/// Empties the store of a folder, whatever state it is in; `false` when that failed.
pub(crate) fn clear(folder: &Folder, cancel: &Cancel) -> bool {
    if !exists(folder) {
        return true;
    }
    match Store::open(folder, Mode::Write, cancel) {
        Ok(mut store) if store.access == Access::Write => {
            let emptied = store.write(cancel, |connection| connection.execute_batch("DELETE FROM facts"));
            store.bad.clear();
            store.used.clear();
            let vacuumed =
                store.connection.as_ref().is_some_and(|connection| connection.execute_batch("VACUUM").is_ok());
            store.fold(0);
            // Where that failed, for want of space or because of damage, an empty file takes over.
            (emptied && vacuumed) || store.replace(cancel)
        }
        _ => false,
    }
}

/// Size of the pages that hold something.
fn used_bytes(connection: &Connection) -> rusqlite::Result<i64> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?);
    Ok(pages.saturating_mul(number("PRAGMA page_size")?).max(0))
}

/// The days of last use with the size of their rows, oldest first.
fn days(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    let sql = "SELECT CAST(day AS INTEGER) AS used, CAST(total(length(value)) + ?1 * count(*) AS INTEGER) FROM facts \
         GROUP BY used ORDER BY used";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([ROW], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Drops the oldest rows until `excess` bytes of them are gone, and shrinks the file.
fn evict(connection: &Connection, days: &[(i64, i64)], excess: i128) -> rusqlite::Result<()> {
    let mut left = excess;
    super::transaction(connection, |connection| {
        for (day, bytes) in days {
            if left <= 0 {
                break;
            }
            // Row numbers are as good as random, so that a range of them is a share of the day's rows.
            let bytes = i128::from(*bytes).max(1);
            let last = i128::from(i64::MIN) + (left << 64) / bytes;
            let last = last.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            connection.execute("DELETE FROM facts WHERE CAST(day AS INTEGER) = ?1 AND id <= ?2", [*day, last])?;
            left -= bytes;
        }
        Ok(())
    })?;
    // Rows of one age are spread over all pages: without this, hardly a page would become free.
    connection.execute_batch("VACUUM")
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
