//! The database file: which one, how it is opened, and what SQLite's errors mean here.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::ffi::{ErrorCode, SQLITE_IOERR_SHORT_READ};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, OpenFlags};

use super::{Layout, MAX_VALUE};
use crate::cache::faults::{Step, attempt};
use crate::cache::files::{self, is_safe, no_follow, private};
use crate::cancel::Cancel;

/// Says what is in it.
const SCHEMA: i32 = 2;

/// Two connections that wrote at the same instant could damage the file before this version.
pub(super) const LEAST_VERSION: i32 = 3_051_003;

/// How long SQLite itself waits for a lock. Short, so that whoever waits longer looks at the cancel flag in between.
pub(super) const BUSY: Duration = Duration::from_millis(50);

/// How long an open or a write is tried again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A row is found with this.
pub(super) const SELECT: &str = "SELECT CAST(key AS BLOB), CAST(sum AS BLOB), CAST(value AS BLOB), CAST(mark AS INTEGER) \
     FROM entries WHERE id = ?1";

// Rows are numbered by the start of their key: the inner pages of the tree stay small, and values up to a page stay in its leaves.
const TABLE: &str = "CREATE TABLE entries (id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, key BLOB NOT NULL, sum BLOB NOT NULL, \
     value BLOB NOT NULL);";

/// What an error means for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Somebody else is at it: try again.
    Busy,
    /// The file does not hold what it should: leave it for a new one.
    Damaged,
    /// The disk is full, memory is short, a call failed: do without, this time.
    Other,
}

impl Trouble {
    pub(super) fn of(error: &Error) -> Self {
        let code = match error {
            Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. } => error.code,
            // A column of a wrong type, or a number that does not fit.
            _ => return Self::Damaged,
        };
        match code {
            // A file ends before what is noted elsewhere of it: it was cut.
            _ if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHORT_READ) => {
                Self::Damaged
            }
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged => Self::Busy,
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::TooBig
            | ErrorCode::TypeMismatch
            | ErrorCode::ConstraintViolation => Self::Damaged,
            _ => Self::Other,
        }
    }
}

/// Bounds how long something is tried again.
pub(super) struct Patience<'a> {
    until: Instant,
    pause: Duration,
    cancel: &'a Cancel,
}

impl<'a> Patience<'a> {
    pub(super) fn new(cancel: &'a Cancel) -> Self {
        Self { until: Instant::now() + PATIENCE, pause: Duration::from_micros(500), cancel }
    }

    /// Waits a little; `false` when that was long enough.
    pub(super) fn wait(&mut self) -> bool {
        if self.cancel.is_cancelled() || Instant::now() > self.until {
            return false;
        }
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(Duration::from_millis(20));
        true
    }
}

/// The generations that are there, oldest first.
///
/// A damaged file is never mended in place, where another process may be at work: a file with the next number takes over.
pub(super) fn generations(folder: &Path) -> io::Result<Vec<u32>> {
    let entries = attempt(Step::Read, folder, || fs::read_dir(folder))?;
    let mut found: Vec<u32> = entries.flatten().filter_map(|entry| generation_of(&entry.file_name())).collect();
    found.sort_unstable();
    Ok(found)
}

fn generation_of(name: &OsStr) -> Option<u32> {
    let digits = name.to_str()?.strip_prefix("store-")?.strip_suffix(".sqlite")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

pub(super) fn path_of(folder: &Path, generation: u32) -> PathBuf {
    folder.join(format!("store-{generation}.sqlite"))
}

/// The log beside a database, or another file that SQLite keeps there.
pub(in crate::cache) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(suffix);
    path.into()
}

/// Removes all that is of a store, but for the files of one generation; `false` when something is left.
pub(super) fn remove_all_but(folder: &Path, generation: Option<u32>) -> io::Result<bool> {
    let kept = generation.map(|generation| format!("store-{generation}.sqlite"));
    let is_kept = |name: &[u8]| kept.as_ref().is_some_and(|kept| name.starts_with(kept.as_bytes()));
    let entries = attempt(Step::Read, folder, || fs::read_dir(folder))?;
    let is_to_go = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        name.starts_with(b"store-") && !is_kept(name)
    };
    let mut paths: Vec<_> = entries.flatten().filter(is_to_go).map(|entry| entry.path()).collect();
    // Databases last: as long as one is there, its number is taken.
    paths.sort_by_key(|path| path.extension().is_some_and(|extension| extension == "sqlite"));
    Ok(paths.iter().fold(true, |is_gone, path| is_gone & files::remove(path).is_ok()))
}

/// Removes a generation that is no longer used.
pub(super) fn remove(folder: &Path, generation: u32) {
    let database = path_of(folder, generation);
    // The database last: as long as it is there, its number is taken.
    for path in [beside(&database, "-wal"), beside(&database, "-shm"), beside(&database, "-journal"), database] {
        let _ = files::remove(&path);
    }
}

/// Makes sure that there is a file, for the user alone; SQLite would let others read it.
///
/// Closing a file drops all locks that its process has on it, also those of another thread's SQLite. The mutex makes sure that no thread
/// sees the file before it was closed here.
pub(super) fn ensure(database: &Path) -> io::Result<()> {
    static CREATING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    if attempt(Step::Stat, database, || fs::symlink_metadata(database)).is_ok() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    private(no_follow(options.write(true).create_new(true)));
    match attempt(Step::Open, database, || options.open(database)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Rows are read and written, and an empty file gets its table.
    Write,
    /// Rows are read; SQLite writes to the file beside it that coordinates readers.
    Read,
    /// Nothing is written, because nothing can be. What another process writes meanwhile may look damaged; checksums tell.
    Immutable,
}

/// Opens a file so that nobody else writes to it or its log until the connection is closed.
pub(super) fn hold(database: &Path) -> Result<Connection, Error> {
    let connection = open(database, Access::Write)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(connection)
}

/// Opens a file that nobody else has open, and keeps others away. Needs no room on the disk, and no file besides.
pub(super) fn hold_alone(database: &Path) -> Result<Connection, Error> {
    let connection = open(database, Access::Write)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")?;
    Ok(connection)
}

/// Opens a file and makes sure that it is a store. `Ok(None)`: it is empty, and is not to be filled.
pub(super) fn connect(database: &Path, layout: &Layout, access: Access) -> Result<Option<Connection>, Error> {
    let connection = open(database, access)?;
    connection.execute_batch(&format!(
        "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA synchronous = {}; \
         PRAGMA journal_size_limit = 8388608;",
        layout.synchronous
    ))?;
    match is_store(&connection, layout, access) {
        // A number in the header, which has been read by now, or the mode of the file may say that it is only to be read.
        Ok(true) if access == Access::Write && connection.is_readonly("main")? => Err(damaged()),
        Ok(true) => Ok(Some(connection)),
        Ok(false) => Ok(None),
        // What SQLite says of a table or a column that is not there, or that is there already.
        Err(Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. })
            if error.code == ErrorCode::Unknown =>
        {
            Err(damaged())
        }
        Err(error) => Err(error),
    }
}

fn open(database: &Path, access: Access) -> Result<Connection, Error> {
    // A pipe in place of a file would be waited for.
    for path in [database, &beside(database, "-wal"), &beside(database, "-shm")] {
        if !is_safe(path) {
            return Err(damaged());
        }
    }
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = if access == Access::Immutable {
        flags |= OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        open_with(Path::new(&immutable(database)), flags)?
    } else {
        open_with(database, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?
    };
    // First of all: what follows may meet a lock.
    connection.busy_timeout(BUSY)?;
    // A length that the limit does not allow is refused before memory is taken for it.
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(MAX_VALUE + 4096).unwrap_or(i32::MAX))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Leaves the log for the next connection: folding it in costs two syncs, and most calls write a few rows.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Whether rows can be looked up; an empty file gets its table if it may be written to.
fn is_store(connection: &Connection, layout: &Layout, access: Access) -> Result<bool, Error> {
    // In one transaction, or another connection creates the table between one look and the next.
    connection.execute_batch("BEGIN")?;
    let looked = match identity(connection) {
        Ok((application, SCHEMA)) if application == layout.application => prepare(connection, layout).map(|()| true),
        Ok((0, 0)) => Ok(false),
        Ok(_) => Err(damaged()),
        Err(error) => Err(error),
    };
    let ended = connection.execute_batch("COMMIT");
    let is_store = looked?;
    ended?;
    if is_store || access != Access::Write {
        return Ok(is_store);
    }
    initialise(connection, layout)?;
    prepare(connection, layout).map(|()| true)
}

fn prepare(connection: &Connection, layout: &Layout) -> Result<(), Error> {
    layout.statements.iter().chain([&SELECT]).try_for_each(|sql| connection.prepare_cached(sql).map(drop))
}

fn open_with(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    #[cfg(all(unix, test))]
    {
        crate::cache::faults::prepare();
        Connection::open_with_flags_and_vfs(path, flags, crate::cache::faults::VFS)
    }
    #[cfg(not(all(unix, test)))]
    Connection::open_with_flags(path, flags)
}

/// The address of a file that is not locked and whose log is not looked for.
fn immutable(database: &Path) -> String {
    let mut address = String::from(if cfg!(windows) { "file:/" } else { "file:" });
    for byte in database.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => address.push('/'),
            b'/' | b':' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                address.push(char::from(*byte));
            }
            _ => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address + "?immutable=1"
}

fn identity(connection: &Connection) -> Result<(i32, i32), Error> {
    let number = |sql| connection.query_row(sql, [], |row| row.get(0));
    Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?))
}

fn initialise(connection: &Connection, layout: &Layout) -> Result<(), Error> {
    // Both change nothing where another connection was quicker.
    let page = layout.page;
    connection.execute_batch(&format!("PRAGMA page_size = {page}; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;"))?;
    let table = match identity(connection) {
        Ok((0, 0)) => connection.execute_batch(&format!(
            "{TABLE} {} PRAGMA application_id = {}; PRAGMA user_version = {SCHEMA};",
            layout.tables, layout.application
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    match table.and_then(|()| connection.execute_batch("COMMIT")) {
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
        done => done,
    }
}

/// The error of a file that is not what it should be.
pub(super) fn damaged() -> Error {
    Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}
