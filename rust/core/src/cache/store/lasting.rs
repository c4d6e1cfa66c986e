//! What those ask of a store who keep more in it than values, and keep it open for longer than a call.

use std::path::PathBuf;

use rusqlite::Connection;

use super::file::{self, Access, SELECT, Trouble};
use super::key::ContentKey;
use super::upkeep::{TOUCH, used_bytes};
use super::{Checked, INSERT, MAX_VALUE, Store, sum};
use crate::cache::faults;
use crate::cancel::Cancel;

impl Store {
    /// Keeps one value, and does something else in the same transaction.
    pub(in crate::cache) fn put_with(
        &mut self,
        key: &ContentKey,
        value: &[u8],
        cancel: &Cancel,
        also: impl Fn(&Connection) -> rusqlite::Result<()>,
    ) -> bool {
        let now = self.now;
        self.newest = Some(key.row());
        value.len() <= MAX_VALUE
            && self.write(cancel, |connection| {
                let mut insert = connection.prepare_cached(INSERT)?;
                insert.execute((key.row(), now, key.0, sum(&key.0, value), value))?;
                also(connection)
            })
    }

    /// What a question in a read transaction of its own gives; `None` also when it failed.
    pub(in crate::cache) fn ask<T>(
        &mut self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<Option<T>>,
    ) -> Option<T> {
        if self.damaged {
            return None;
        }
        let _scope = faults::scope(&self.folder);
        self.pause();
        let answer = question(self.connection.as_ref()?);
        if let Err(error) = &answer {
            self.note(Trouble::of(error));
        }
        answer.ok().flatten()
    }

    /// Whether so many bytes are less than what it holds, so that [`finish`](Self::finish) evicts something.
    pub(in crate::cache) fn is_larger_than(&mut self, max_bytes: u64) -> bool {
        let _scope = faults::scope(&self.folder);
        self.pause();
        let used = self.connection.as_ref().and_then(|connection| used_bytes(connection).ok());
        used.is_some_and(|used| used.cast_unsigned() > max_bytes)
    }

    /// Marks rows as used, each at its time, unless it was used later.
    pub(in crate::cache) fn touch(&mut self, uses: &[(i64, i64)], cancel: &Cancel) -> bool {
        self.write(cancel, |connection| {
            let mut touch = connection.prepare_cached(&format!("{TOUCH} AND CAST(mark AS INTEGER) < ?2"))?;
            uses.iter().try_for_each(|used| touch.execute(*used).map(drop))
        })
    }

    /// Whether it may be used for longer than a call.
    pub(in crate::cache) fn may_stay_open(&self) -> bool {
        // One that is only read may be of a moment: the log of others is not looked at.
        self.access == Access::Write && self.connection.is_some() && !self.failed && !self.has_noted()
    }

    /// Whether damage was met, or rows whose mark of use is old, so that [`finish`](Self::finish) has something to do.
    pub(in crate::cache) fn has_noted(&self) -> bool {
        self.damaged || !self.bad.is_empty() || !self.used.is_empty()
    }

    /// Whether it can be written to, as far as is known.
    pub(in crate::cache) fn is_writable(&self) -> bool {
        self.access == Access::Write
    }

    /// How many files came before the one that it uses, plus one.
    pub(in crate::cache) fn generation(&self) -> u32 {
        self.generation
    }

    /// Where the file of a generation is.
    pub(in crate::cache) fn path_of(&self, generation: u32) -> PathBuf {
        file::path_of(&self.folder, generation)
    }

    /// Looks at the clock again, for a store that is used for longer than a call.
    pub(in crate::cache) fn look_at_clock(&mut self) {
        self.now = self.layout.now();
    }
}

/// What `read` makes of the value under a key, in a transaction of the caller's.
pub(in crate::cache) fn value_in<T>(
    connection: &Connection,
    key: &ContentKey,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let row = key.row();
    let mut statement = connection.prepare_cached(SELECT)?;
    let mut rows = statement.query([row])?;
    let Some(found) = rows.next()? else { return Ok(None) };
    let checked = Checked::read(found, row).filter(|checked| checked.key == key.0);
    Ok(checked.and_then(|checked| read(checked.value)))
}
