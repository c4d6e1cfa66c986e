//! Replies of models by request, so that equal requests are answered once, and what says who is making a call.
//!
//! They lie in a store of their own, as findings do: the same files, checks, eviction and repairs. What is different is that one store
//! stays open between calls, since opening takes longer than a look-up may; see [`kept`].
//!
//! A row's value is a reply behind two numbers: when it was put, in milliseconds since 1970, and for how many it may be used, or 0 for
//! ever. Keys are the caller's, 32 bytes; the row is found by a hash of the key, so that any keys will do.

mod flight;
mod kept;

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub(crate) use self::flight::{FLIGHTS, SELECT_FLIGHT};
pub use self::flight::{Lease, Owner, Seen, Taken};
pub(crate) use self::kept::{close_all, close_stale};
use super::folder::{Folder, Place, Problem};
use super::fork::{self, Use};
use super::store::{ContentKey, MAX_VALUE, Mode, REPLY_STORE, Store};
use crate::cancel::Cancel;
use crate::tree::device;

/// What row keys speak for: another use of BLAKE3 with the same input has others.
const CONTEXT: &str = "rev-accel 2026 reply store: row of a request";

/// What stands in front of a reply in its row.
const HEADER: usize = 16;

/// How far a reply may come from the future, by a clock that was corrected meanwhile, and still be used while it lasts.
const SLACK: i64 = 60_000;

/// How long a fork on another thread is waited for. It holds everybody up only while the system copies the process.
const FORK_PATIENCE: Duration = Duration::from_millis(200);

/// What a store takes on disk that holds nothing.
const EMPTY: u64 = 3 * 4096;

/// Of the replies that were given last so many are known, so that they are not evicted for want of a mark.
const RECENT: usize = 256;

/// For a call that must not wait: gives up at once where another waits.
static AT_ONCE: LazyLock<Cancel> = LazyLock::new(|| {
    let cancel = Cancel::new();
    cancel.cancel();
    cancel
});

/// Why the store was not used. No reason to fail: the call is made as if there were none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// This process was forked while the store was in use, or is about to be.
    Forked,
    /// There is no folder that can be trusted, or no store in it that can be opened; one line for people.
    Unusable(String),
    /// The folder can only be read.
    ReadOnly,
    /// Others were at it for too long, or the disk is full or fails.
    Failed,
    /// A reply of so many bytes is not kept, or not within this size.
    TooLarge,
}

impl From<Problem> for Bypass {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem.to_string())
    }
}

/// The replies in a folder.
#[derive(Debug)]
pub struct Replies {
    folder: Option<PathBuf>,
    /// Of the stores that it keeps open.
    identity: u64,
    /// The rows of the replies that were given last, and when, the last one at the end: to mark each as used would take longer than to
    /// look it up. Locked only within a [`Use`], so that no fork finds it locked.
    recent: Mutex<VecDeque<(i64, i64)>>,
}

impl Drop for Replies {
    fn drop(&mut self) {
        kept::close(self.identity);
    }
}

impl Replies {
    /// In this folder for caches, or in the usual one. Nothing is looked at yet.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, identity: kept::new_identity(), recent: Mutex::default() }
    }

    /// The reply to a request, if it is there and not older than `max_age`. Waits for nobody.
    pub fn get(&self, key: &[u8; 32], max_age: Option<Duration>) -> Result<Option<Vec<u8>>, Bypass> {
        let row = row_key(key);
        let now = now();
        self.with_store(&AT_ONCE, |store| {
            let found = store.get_with(&row, |value| match Reply::read(value, now) {
                // One that had its time may go.
                Reply::Expired => None,
                Reply::Usable { made, reply } => Some(if is_young(made, now, max_age) { copy(reply) } else { None }),
            });
            store.pause();
            if store.has_noted() {
                store.finish(u64::MAX, &AT_ONCE);
            }
            let found = found.flatten();
            if found.is_some() {
                self.note_use(row.row(), now);
            }
            found
        })
    }

    fn note_use(&self, row: i64, now: i64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        match recent.back_mut() {
            Some((last, at)) if *last == row => *at = now,
            _ => {
                if recent.len() == RECENT {
                    recent.pop_front();
                }
                recent.push_back((row, now));
            }
        }
    }

    /// The last use of each row that was given last, the latest first.
    fn last_uses(&self) -> Vec<(i64, i64)> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut seen, mut later) = (HashSet::new(), i64::MAX);
        let last = recent.iter().rev().filter(|(row, _)| seen.insert(*row));
        // Uses within a moment keep their order.
        last.map(|(row, at)| {
            later = (*at).min(later - 1);
            (*row, later)
        })
        .collect()
    }

    /// As [`get`](Self::get), and waits for others as long as is usual.
    pub fn get_patiently(
        &self,
        key: &[u8; 32],
        max_age: Option<Duration>,
        cancel: &Cancel,
    ) -> Result<Option<Vec<u8>>, Bypass> {
        self.with_store(cancel, |_| ())?;
        self.get(key, max_age)
    }

    /// Keeps a reply, for ever or for some time, in place of an earlier one, and ends the flight of `owner`, if any. Then gives up what
    /// was not used for longest until all take at most `max_bytes`.
    pub fn put(&self, key: &[u8; 32], reply: &[u8], options: &PutOptions<'_>, cancel: &Cancel) -> Result<(), Bypass> {
        let is_room = EMPTY + (HEADER + reply.len()) as u64 <= options.max_bytes;
        if reply.len() > MAX_VALUE - HEADER || !is_room {
            return Err(Bypass::TooLarge);
        }
        let mut value = Vec::new();
        value.try_reserve_exact(HEADER + reply.len()).map_err(|_| Bypass::Failed)?;
        value.extend_from_slice(&now().to_le_bytes());
        // For ever is 0; less than a millisecond is one.
        let lasts = options.lasts.map_or(0, |lasts| milliseconds(lasts).max(1));
        value.extend_from_slice(&lasts.to_le_bytes());
        value.extend_from_slice(reply);
        let row = row_key(key);
        self.with_writable(cancel, |store| {
            let kept = store.put_with(&row, &value, cancel, |connection| match options.owner {
                Some(owner) => flight::delete(connection, key, owner).map(drop),
                None => Ok(()),
            });
            if store.is_larger_than(options.max_bytes) {
                store.touch(&self.last_uses(), cancel);
            }
            // A reply that was kept is there whether or not there was time to tidy up.
            store.finish(options.max_bytes, cancel);
            if kept { Ok(()) } else { Err(Bypass::Failed) }
        })?
    }

    /// What `work` makes of a store that can be written to.
    fn with_writable<T>(&self, cancel: &Cancel, work: impl FnOnce(&mut Store) -> T) -> Result<T, Bypass> {
        self.with_store(cancel, |store| if store.is_writable() { Ok(work(store)) } else { Err(Bypass::ReadOnly) })?
    }

    /// What `work` makes of the store.
    fn with_store<T>(&self, cancel: &Cancel, work: impl FnOnce(&mut Store) -> T) -> Result<T, Bypass> {
        let _in_use = enter(cancel).ok_or(Bypass::Forked)?;
        let mut kept = match kept::take(self.identity) {
            Some(kept) => kept,
            None => kept::Kept::new(self.open(cancel)?),
        };
        let result = work(kept.store());
        kept::keep(self.identity, kept);
        Ok(result)
    }

    fn open(&self, cancel: &Cancel) -> Result<Store, Problem> {
        kept::close_stale();
        let place =
            Place { configured: self.folder.clone(), analysed: &[], create: true, is_network: device::is_network };
        Store::open_as(&REPLY_STORE, &Folder::open(&place)?, Mode::Write, cancel)
    }
}

/// How a reply is kept.
#[derive(Clone, Copy, Debug)]
pub struct PutOptions<'a> {
    /// For how long it may be used; `None` for ever.
    pub lasts: Option<Duration>,
    /// How much all replies may take on disk.
    pub max_bytes: u64,
    /// Whose flight ends with it.
    pub owner: Option<&'a Owner>,
}

/// Begins a use of the store; waits a little for a fork on another thread.
fn enter(cancel: &Cancel) -> Option<Use> {
    let started = Instant::now();
    loop {
        let entered = fork::enter();
        let is_over = || {
            started.elapsed() > FORK_PATIENCE || (cancel.is_cancelled() && !std::ptr::eq(cancel, &raw const *AT_ONCE))
        };
        if entered.is_some() || !fork::is_under_way() || is_over() {
            return entered;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn row_key(key: &[u8; 32]) -> ContentKey {
    static CONTEXT_KEY: LazyLock<[u8; 32]> = LazyLock::new(|| blake3::derive_key(CONTEXT, b""));
    ContentKey(*blake3::keyed_hash(&CONTEXT_KEY, key).as_bytes())
}

/// Drops what had its time: replies, and leases that nobody ended. `false` when that failed.
pub(crate) fn drop_expired(store: &mut Store, cancel: &Cancel) -> bool {
    let now = now();
    store.write(cancel, |connection| {
        let mut select = connection.prepare_cached("SELECT id, CAST(substr(value, 1, 16) AS BLOB) FROM entries")?;
        let mut delete = connection.prepare_cached("DELETE FROM entries WHERE id = ?1")?;
        let mut rows = select.query([])?;
        let mut expired = Vec::new();
        while let Some(row) = rows.next()? {
            let is_expired = |header| matches!(Reply::read(header, now), Reply::Expired);
            if row.get_ref(1)?.as_blob().is_ok_and(is_expired) {
                expired.push(row.get::<_, i64>(0)?);
            }
        }
        drop(rows);
        expired.iter().try_for_each(|row| delete.execute([row]).map(drop))?;
        flight::drop_ended(connection, now)
    })
}

/// What a row holds.
enum Reply<'a> {
    Usable { made: i64, reply: &'a [u8] },
    Expired,
}

impl<'a> Reply<'a> {
    fn read(value: &'a [u8], now: i64) -> Self {
        let number = |bytes: &[u8; 8]| i64::from_le_bytes(*bytes);
        let Some((made, rest)) = value.split_first_chunk() else { return Self::Expired };
        let Some((lasts, reply)) = rest.split_first_chunk() else { return Self::Expired };
        let (made, lasts) = (number(made), number(lasts));
        // From a future that is not near: how old it is, nobody knows.
        let age = now.saturating_sub(made);
        if lasts != 0 && (age >= lasts || age < -SLACK) { Self::Expired } else { Self::Usable { made, reply } }
    }
}

/// A copy, or `None` without the memory for it: then it is a miss, and the row is as good as before.
fn copy(reply: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(reply.len()).ok()?;
    copy.extend_from_slice(reply);
    Some(copy)
}

fn is_young(made: i64, now: i64, max_age: Option<Duration>) -> bool {
    let age = now.saturating_sub(made);
    max_age.is_none_or(|max_age| age <= milliseconds(max_age) && age >= -SLACK)
}

/// Milliseconds since 1970.
fn now() -> i64 {
    milliseconds(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
