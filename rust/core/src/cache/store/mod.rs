//! Values by key: findings by content, so that a file that was seen before, under whatever name, branch or clone, is not analysed again;
//! and [replies](super::replies) by request.
//!
//! Each kind has an SQLite database in the cache folder, `facts/store-<generation>.sqlite` and such, with a row for each key:
//!
//! ```text
//! id   the first 8 bytes of the key, so that rows are found by number
//! mark  when it was last used, in units that its layout names, since 1970; kept up only roughly
//! key  32 B
//! sum  16 B, xxh3-128 of key and value
//! value  what is kept: an outcome as `record` writes it, or a reply
//! ```
//!
//! SQLite does not notice most damage to a page, hence the checksum. Several processes read and write at the same time; in one process
//! each thread has a `Store` of its own, for one call and within a [`Use`](super::fork::Use). (Stores of replies stay open between calls;
//! see there.)

mod file;
mod key;
mod lasting;
mod layout;
mod log;
mod upkeep;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Row};
use xxhash_rust::xxh3::Xxh3Default;

pub(super) use self::file::beside;
use self::file::{Access, Patience, SELECT, Trouble};
pub(crate) use self::key::{ContentHash, ContentKey, Keys};
pub(super) use self::lasting::value_in;
pub(crate) use self::layout::{CONTENT_STORE, Layout, REPLY_STORE};
pub(crate) use self::upkeep::{VerifyReport, clear, exists, verify};
use super::faults;
use super::folder::{Folder, Problem};
use crate::cancel::Cancel;

/// A longer value is not kept, nor read.
pub(super) const MAX_VALUE: usize = 16 << 20;

/// Rows written in one transaction: others wait for it, and each transaction has its price.
const BATCH: usize = 1_000;

/// How long one read transaction lasts at most. The log cannot be folded into the database while one is open.
const READING: Duration = Duration::from_millis(250);

/// How long a read is tried again while another process recovers the log.
const READ_PATIENCE: Duration = Duration::from_millis(500);

/// No more rows than this are marked in one call; the others have their turn in the next ones.
const TOUCH_MOST: usize = 2_000;

/// No more damaged rows than this are dropped in one call.
const BAD_MOST: usize = 10_000;

/// How many times a damaged file is given up for a new one before the store is.
const NEW_FILES: u32 = 3;

const INSERT: &str = "INSERT OR REPLACE INTO entries (id, mark, key, sum, value) VALUES (?1, ?2, ?3, ?4, ?5)";

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To read what is there.
    Read,
    /// To read and to write; creates what is missing and replaces what is damaged, unless the folder cannot be written to.
    Write,
    /// As to write, with a look at the log before a file is opened.
    Verify,
}

/// An open store.
#[derive(Debug)]
pub(crate) struct Store {
    layout: &'static Layout,
    /// `None` once it could not be replaced.
    connection: Option<Connection>,
    folder: PathBuf,
    generation: u32,
    access: Access,
    /// Since when a read transaction is open.
    reading: Option<Instant>,
    damaged: bool,
    /// Whether the disk or the memory failed it.
    failed: bool,
    mode: Mode,
    /// Whether it takes the place of a file that was given up as damaged.
    replaces: bool,
    /// Rows whose checksum does not hold.
    bad: Vec<i64>,
    /// Rows that were used and whose mark is old.
    used: Vec<i64>,
    /// The row that was put last, by one who keeps one at a time: it is not evicted.
    newest: Option<i64>,
    now: i64,
    /// The process that opened it.
    process: u32,
}

impl Store {
    /// Opens the newest generation of the content store.
    pub(crate) fn open(folder: &Folder, mode: Mode, cancel: &Cancel) -> Result<Self, Problem> {
        Self::open_as(&CONTENT_STORE, folder, mode, cancel)
    }

    /// Opens the newest generation.
    pub(crate) fn open_as(
        layout: &'static Layout,
        folder: &Folder,
        mode: Mode,
        cancel: &Cancel,
    ) -> Result<Self, Problem> {
        let mut store = Self::of(layout, folder, mode)?;
        store.connect(cancel).map(|()| store)
    }

    /// One that is not open yet.
    fn of(layout: &'static Layout, folder: &Folder, mode: Mode) -> Result<Self, Problem> {
        if rusqlite::version_number() < file::LEAST_VERSION {
            let text = format!("SQLite {} is too old for the {} of the cache", rusqlite::version(), layout.name);
            return Err(Problem::new(text));
        }
        let databases = folder.databases(layout.part, layout.name)?;
        let access = match mode {
            _ if !folder.is_writable() => Access::Immutable,
            Mode::Read => Access::Read,
            Mode::Write | Mode::Verify => Access::Write,
        };
        Ok(Self {
            layout,
            connection: None,
            folder: databases,
            generation: 0,
            access,
            reading: None,
            damaged: false,
            failed: false,
            mode,
            replaces: false,
            bad: Vec::new(),
            used: Vec::new(),
            newest: None,
            now: layout.now(),
            process: std::process::id(),
        })
    }

    fn connect(&mut self, cancel: &Cancel) -> Result<(), Problem> {
        let (name, folder) = (self.layout.name, self.folder.display().to_string());
        let unusable =
            |error: &dyn std::fmt::Display| Problem::new(format!("the {name} in `{folder}` is not used: {error}"));
        let _scope = faults::scope(&self.folder);
        let found = file::generations(&self.folder).map_err(|error| unusable(&error))?;
        let absent = || Problem::absent(format!("there is no {} in `{}` yet", self.layout.name, self.folder.display()));
        let is_new = found.is_empty() && self.access == Access::Write;
        let Some(mut generation) = found.last().copied().or(is_new.then_some(1)) else { return Err(absent()) };
        let mut patience = Patience::new(cancel);
        let last = generation.saturating_add(NEW_FILES);
        let connection = loop {
            let database = file::path_of(&self.folder, generation);
            if self.access == Access::Write {
                file::ensure(&database).map_err(|error| unusable(&error))?;
            }
            let looked =
                if self.mode == Mode::Verify && self.access == Access::Write { log::check(&database) } else { Ok(()) };
            match looked.and_then(|()| file::connect(&database, self.layout, self.access)) {
                Ok(Some(connection)) => break connection,
                Ok(None) => return Err(absent()),
                Err(error) => match Trouble::of(&error) {
                    Trouble::Busy if patience.wait() => {}
                    Trouble::Damaged if self.access == Access::Write && generation < last => {
                        self.replaces = true;
                        generation += 1;
                    }
                    trouble => {
                        self.note(trouble);
                        return Err(unusable(&error));
                    }
                },
            }
        };
        self.connection = Some(connection);
        self.generation = generation;
        if self.access == Access::Write {
            found.into_iter().filter(|old| *old < generation).for_each(|old| file::remove(&self.folder, old));
        }
        Ok(())
    }

    /// Whether nothing is kept yet, so that nothing needs to be looked up.
    pub(crate) fn is_empty(&mut self) -> bool {
        let _scope = faults::scope(&self.folder);
        self.pause();
        let Some(connection) = &self.connection else { return true };
        connection.query_row("SELECT 1 FROM entries LIMIT 1", [], |_| Ok(())).is_err()
    }

    /// What is kept under a key.
    #[cfg(test)]
    pub(crate) fn get(&mut self, key: &ContentKey) -> Option<Vec<u8>> {
        let folder = std::mem::take(&mut self.folder);
        let value = self.get_with(key, |value| {
            let mut copy = Vec::new();
            // Without memory it is a miss; the row is as good as before.
            let is_room = faults::reserve(&mut copy, value.len(), &folder).is_ok();
            Some(is_room.then(|| {
                copy.extend_from_slice(value);
                copy
            }))
        });
        self.folder = folder;
        value.flatten()
    }

    /// What `read` makes of the value under a key, without a copy of it. A value of which it makes nothing is dropped.
    pub(crate) fn get_with<T>(&mut self, key: &ContentKey, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if self.damaged {
            return None;
        }
        let _scope = faults::scope(&self.folder);
        let started = Instant::now();
        loop {
            match self.look_up(key, started, &read) {
                Ok(found) => return found,
                Err(error) => {
                    self.pause();
                    match Trouble::of(&error) {
                        Trouble::Busy if started.elapsed() < READ_PATIENCE => {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        trouble => {
                            self.note(trouble);
                            return None;
                        }
                    }
                }
            }
        }
    }

    fn look_up<T>(
        &mut self,
        key: &ContentKey,
        now: Instant,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> rusqlite::Result<Option<T>> {
        if self.reading.is_some_and(|since| now.duration_since(since) > READING) {
            self.pause();
        }
        let Some(connection) = &self.connection else { return Ok(None) };
        if self.reading.is_none() {
            if connection.is_autocommit() {
                connection.prepare_cached("BEGIN")?.execute([])?;
            }
            self.reading = Some(now);
        }
        let row = key.row();
        let mut statement = connection.prepare_cached(SELECT)?;
        let mut rows = statement.query([row])?;
        let Some(found) = rows.next()? else { return Ok(None) };
        let result = match Checked::read(found, row) {
            // Another key with the same first bytes.
            Some(checked) if checked.key != key.0 => return Ok(None),
            Some(checked) => read(checked.value).map(|result| (result, checked.mark)),
            None => None,
        };
        let Some((result, mark)) = result else {
            if self.bad.len() < BAD_MOST {
                self.bad.push(row);
            }
            return Ok(None);
        };
        // A mark from the future is one that a wrong clock set.
        let is_old = self.now - mark > self.layout.touch_after || mark > self.now + 1;
        if is_old && self.used.len() < TOUCH_MOST {
            self.used.push(row);
        }
        Ok(Some(result))
    }

    /// Ends the read transaction, so that the log can be folded in while this thread does something else.
    pub(crate) fn pause(&mut self) {
        if self.reading.take().is_some()
            && let Some(connection) = &self.connection
            && !connection.is_autocommit()
        {
            let ended = connection.prepare_cached("COMMIT").and_then(|mut statement| statement.execute([]));
            if ended.is_err() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
    }

    /// Keeps some values; `false` when not all were written.
    pub(crate) fn put_many<T: AsRef<[u8]>>(&mut self, rows: &[(ContentKey, T)], cancel: &Cancel) -> bool {
        let mut order: Vec<_> = rows.iter().filter(|(_, value)| value.as_ref().len() <= MAX_VALUE).collect();
        // In the order of the tree, so that one page after the other is written.
        order.sort_unstable_by_key(|(key, _)| key.row());
        let mut complete = true;
        for batch in order.chunks(BATCH) {
            let now = self.now;
            complete &= self.write(cancel, |connection| {
                let mut insert = connection.prepare_cached(INSERT)?;
                for (key, value) in batch {
                    let value = value.as_ref();
                    insert.execute((key.row(), now, key.0, sum(&key.0, value), value))?;
                }
                Ok(())
            });
            if !complete {
                break;
            }
        }
        complete
    }

    fn note(&mut self, trouble: Trouble) {
        self.damaged |= trouble == Trouble::Damaged;
        self.failed |= trouble == Trouble::Other;
    }

    /// Does something in one transaction that writes; in a new file if this one turns out to be damaged.
    pub(super) fn write(&mut self, cancel: &Cancel, action: impl Fn(&Connection) -> rusqlite::Result<()>) -> bool {
        if self.access != Access::Write {
            return false;
        }
        let _scope = faults::scope(&self.folder);
        self.pause();
        let mut patience = Patience::new(cancel);
        let mut new_files = 0;
        loop {
            if self.damaged {
                new_files += 1;
                if new_files > NEW_FILES || !self.replace(cancel) {
                    return false;
                }
            }
            let Some(connection) = &self.connection else { return false };
            let Err(error) = transaction(connection, &action) else { return true };
            match Trouble::of(&error) {
                Trouble::Busy if patience.wait() => {}
                Trouble::Damaged => self.damaged = true,
                trouble => {
                    self.note(trouble);
                    return false;
                }
            }
        }
    }

    /// Goes on with an empty file of the next generation.
    fn replace(&mut self, cancel: &Cancel) -> bool {
        self.connection = None;
        let is_newest =
            file::generations(&self.folder).is_ok_and(|all| all.last().is_none_or(|n| *n <= self.generation));
        // Unless another process did so before.
        if is_newest {
            let Some(next) = self.generation.checked_add(1) else { return false };
            if file::ensure(&file::path_of(&self.folder, next)).is_err() {
                return false;
            }
        }
        self.damaged = self.connect(cancel).is_err();
        self.bad.clear();
        self.used.clear();
        !self.damaged
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // A forked child's copy: what is open and locked is its parent's.
            std::mem::forget(self.connection.take());
            return;
        }
        self.pause();
    }
}

fn transaction(
    connection: &Connection,
    action: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        // One that could not be ended when it should have been.
        connection.execute_batch("ROLLBACK")?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = action(connection).and_then(|()| connection.execute_batch("COMMIT"));
    if done.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

/// A row whose checksum holds.
struct Checked<'a> {
    key: &'a [u8],
    value: &'a [u8],
    mark: i64,
}

impl<'a> Checked<'a> {
    /// The columns of [`SELECT`], of the row with this number.
    fn read(row: &'a Row<'_>, number: i64) -> Option<Self> {
        let blob = |index: usize| row.get_ref(index).ok()?.as_blob().ok();
        let (key, value) = (blob(0)?, blob(2)?);
        let is_whole =
            key.len() == 32 && key.first_chunk() == Some(&number.to_le_bytes()) && blob(1)? == sum(key, value);
        let mark = row.get_ref(3).ok()?.as_i64().ok()?;
        is_whole.then_some(Self { key, value, mark })
    }
}

fn sum(key: &[u8], value: &[u8]) -> [u8; 16] {
    let mut hasher = Xxh3Default::new();
    hasher.update(key);
    hasher.update(value);
    hasher.digest128().to_le_bytes()
}

#[cfg(test)]
pub(super) mod damage;
#[cfg(test)]
mod processes;
#[cfg(test)]
pub(super) mod tests;
