//! Who is making a call, so that others wait for its reply instead of making it too.
//!
//! A row of the table `flights` is a lease: it holds until its deadline, and its owner puts the deadline off as long as it is at work. A
//! lease of an owner that died ends by itself, and the next one who looks takes it over. Everything is decided in transactions that
//! exclude each other. The worst that a damaged or lost row brings is a call too many, or a wait of the length of a lease.
//!
//! When a call came to nothing that may be kept, its lease goes, and a row under the key *and* its owner says so for a while: to those who
//! waited for that owner, and to nobody else, however soon somebody takes a new lease.

use std::cell::Cell;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::{Bypass, Replies, Reply, copy, is_young, milliseconds, now, row_key};
use crate::cache::store::value_in;
use crate::cancel::Cancel;

/// The table of leases.
pub(crate) const FLIGHTS: &str = "CREATE TABLE flights (key BLOB PRIMARY KEY, owner BLOB NOT NULL, process INTEGER NOT NULL, \
     length INTEGER NOT NULL, deadline INTEGER NOT NULL) WITHOUT ROWID;";

/// A lease is found with this.
pub(crate) const SELECT_FLIGHT: &str = "SELECT CAST(owner AS BLOB), CAST(process AS INTEGER), CAST(length AS INTEGER), \
     CAST(deadline AS INTEGER) FROM flights WHERE key = ?1";

/// Longer leases are not made, nor believed.
pub(crate) const LONGEST: Duration = Duration::from_hours(1);

/// For how long a flight whose call came to nothing that may be kept is remembered: those who wait look much more often than that.
const REMEMBERED: Duration = Duration::from_secs(2);

/// Names one who makes a call: random, never used twice.
pub type Owner = [u8; 16];

/// Who is making a call, and how long that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who.
    pub owner: Owner,
    /// The process of the owner, for people.
    pub process: u32,
    /// From one renewal to the deadline. Who sees a lease unchanged for so long, by a clock that nobody sets, may take it over.
    pub length: Duration,
    /// When it ends, in milliseconds since 1970.
    pub deadline: i64,
}

/// What came of trying to take a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The reply is there.
    Reply(Vec<u8>),
    /// The call is the caller's to make.
    Mine,
    /// Somebody else is making it.
    Held(Lease),
    /// The call that the caller waited for came to nothing that may be kept.
    Refused,
}

/// What one who comes again has seen before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// Whose call was waited for.
    pub owner: Option<&'a Owner>,
    /// A lease that stood unchanged for its whole length: it is taken over whatever the clock says.
    pub stale: Option<&'a Lease>,
}

impl Replies {
    /// The reply, or else the lease, unless somebody else has it, or the call that was waited for is known to have come to nothing.
    pub fn take(
        &self,
        key: &[u8; 32],
        owner: &Owner,
        length: Duration,
        max_age: Option<Duration>,
        seen: Seen<'_>,
        cancel: &Cancel,
    ) -> Result<Taken, Bypass> {
        let row = row_key(key);
        let look = |connection: &Connection| {
            let now = now();
            let reply = value_in(connection, &row, |value| match Reply::read(value, now) {
                Reply::Usable { made, reply } if is_young(made, now, max_age) => copy(reply),
                _ => None,
            })?;
            if let Some(reply) = reply {
                return Ok(Some(Taken::Reply(reply)));
            }
            let held = select(connection, key)?;
            // After the lease: who took a new one did so after the refusal was written.
            if let Some(waited_for) = seen.owner
                && is_refused(connection, key, waited_for)?
            {
                return Ok(Some(Taken::Refused));
            }
            let held = held.filter(|lease| lease.deadline > now && lease.owner != *owner && Some(lease) != seen.stale);
            Ok(held.map(Taken::Held))
        };
        self.with_writable(cancel, |store| {
            // Most who come here wait: they need not exclude others to find that out.
            if let Some(taken) = store.ask(look) {
                return Ok(taken);
            }
            let found = Cell::new(None);
            let is_done = store.write(cancel, |connection| {
                found.set(look(connection)?);
                // Within one transaction: between the look and the lease nobody else comes.
                let kept = found.take();
                if kept.is_none() {
                    let length = length.min(LONGEST);
                    insert(connection, key, owner, length, length)?;
                }
                found.set(kept);
                Ok(())
            });
            if is_done { Ok(found.take().unwrap_or(Taken::Mine)) } else { Err(Bypass::Failed) }
        })?
    }

    /// Puts the deadline of a lease off; `false` when it is not the owner's any more.
    pub fn renew(&self, key: &[u8; 32], owner: &Owner, length: Duration, cancel: &Cancel) -> Result<bool, Bypass> {
        self.change(cancel, |connection| {
            let sql = "UPDATE flights SET deadline = ?3, length = ?4 WHERE key = ?1 AND owner = ?2";
            let length = milliseconds(length.min(LONGEST));
            connection.prepare_cached(sql)?.execute((key, owner, now().saturating_add(length), length))
        })
    }

    /// Ends a flight without a reply; `false` when it was not the owner's any more.
    pub fn release(&self, key: &[u8; 32], owner: &Owner, cancel: &Cancel) -> Result<bool, Bypass> {
        self.change(cancel, |connection| delete(connection, key, owner))
    }

    /// Ends a flight whose call failed, or gave what is not to be kept, and tells those who waited for it; `false` when it was not the
    /// owner's any more.
    pub fn refuse(&self, key: &[u8; 32], owner: &Owner, cancel: &Cancel) -> Result<bool, Bypass> {
        self.change(cancel, |connection| {
            let ended = delete(connection, key, owner)?;
            let now = now();
            // Of those that everybody has seen none is left, so that there are never many.
            let sql = "DELETE FROM flights WHERE length = 0 AND CAST(deadline AS INTEGER) < ?1";
            connection.prepare_cached(sql)?.execute([now])?;
            if ended > 0 {
                insert(connection, &refused(key, owner), owner, Duration::ZERO, REMEMBERED)?;
            }
            Ok(ended)
        })
    }

    fn change(&self, cancel: &Cancel, action: impl Fn(&Connection) -> rusqlite::Result<usize>) -> Result<bool, Bypass> {
        self.with_writable(cancel, |store| {
            let changed = Cell::new(0);
            let is_done = store.write(cancel, |connection| action(connection).map(|rows| changed.set(rows)));
            if is_done { Ok(changed.get() > 0) } else { Err(Bypass::Failed) }
        })?
    }
}

/// The lease of a call. A row that cannot be one is none: it is taken over.
fn select(connection: &Connection, key: &[u8; 32]) -> rusqlite::Result<Option<Lease>> {
    let mut statement = connection.prepare_cached(SELECT_FLIGHT)?;
    let row = statement.query_row([key], |row| {
        let owner = row.get_ref(0)?.as_blob().ok().and_then(|owner| Owner::try_from(owner).ok());
        Ok((owner, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
    });
    let lease = |(owner, process, length, deadline): (Option<Owner>, i64, i64, i64)| {
        let length = Duration::from_millis(u64::try_from(length).ok()?);
        let process = u32::try_from(process).ok()?;
        (length <= LONGEST).then_some(Lease { owner: owner?, process, length, deadline })
    };
    Ok(row.optional()?.and_then(lease))
}

/// The key of the row that says that an owner's call came to nothing.
fn refused(key: &[u8; 32], owner: &Owner) -> [u8; 48] {
    let mut row = [0; 48];
    row[..32].copy_from_slice(key);
    row[32..].copy_from_slice(owner);
    row
}

fn is_refused(connection: &Connection, key: &[u8; 32], owner: &Owner) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM flights WHERE key = ?1")?.exists([refused(key, owner)])
}

/// Writes a row that is believed for `lasts`.
fn insert(
    connection: &Connection,
    key: &[u8],
    owner: &Owner,
    length: Duration,
    lasts: Duration,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO flights (key, owner, process, length, deadline) VALUES (?1, ?2, ?3, ?4, ?5)";
    let deadline = now().saturating_add(milliseconds(lasts));
    connection.prepare_cached(sql)?.execute((key, owner, std::process::id(), milliseconds(length), deadline)).map(drop)
}

/// Ends a flight of this owner, in a transaction of the caller's.
pub(super) fn delete(connection: &Connection, key: &[u8; 32], owner: &Owner) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM flights WHERE key = ?1 AND owner = ?2")?.execute((key, owner))
}

/// Drops leases that ended long ago, in a transaction of the caller's.
pub(super) fn drop_ended(connection: &Connection, now: i64) -> rusqlite::Result<()> {
    let ended = now.saturating_sub(milliseconds(LONGEST));
    connection.execute("DELETE FROM flights WHERE CAST(deadline AS INTEGER) < ?1", [ended]).map(drop)
}
