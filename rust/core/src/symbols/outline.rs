//! What one file defines.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::symbols_of;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::pool::{self, Schedule};
use crate::syntax::facts::{Failure, Status};
use crate::syntax::interpreter::Interpreter;
use crate::syntax::outline::Symbol;
use crate::tree::key::Key;
use crate::tree::read::{exception_of, open_regular};
use crate::tree::select::normalised;

/// What a text defines.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Its symbols in the order of the text.
    pub symbols: Vec<Symbol>,
    /// Why there may be more than these, or what is wrong with the text.
    pub failure: Option<Failure>,
}

/// The outline of a file, given absolute or relative to the root, and its name in reports.
pub fn outline_file(
    root: &Path,
    path: &Path,
    max_bytes: u64,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
) -> Result<(Key, Outline)> {
    let unusable = |source| Error::Path { path: path.to_owned(), source };
    let absolute = normalised(&root.join(path)).map_err(unusable)?;
    if absolute.metadata().map_err(unusable)?.is_dir() {
        return Err(unusable(io::Error::other("it is a folder, and an outline is that of a file")));
    }
    let key = Key::new(&absolute, root);
    let outline = on_worker(cancel, || {
        let mut buffer = Vec::new();
        match read(&absolute, true, max_bytes, &mut buffer) {
            Ok(()) => outline(&buffer, interpreter),
            Err(failure) => Outline { symbols: Vec::new(), failure: Some(failure) },
        }
    })?;
    Ok((key, outline))
}

/// The outline of a text that is in memory.
pub fn outline_source(
    source: &[u8],
    max_bytes: u64,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
) -> Result<Outline> {
    on_worker(cancel, || {
        if source.len() as u64 > max_bytes {
            return Outline { symbols: Vec::new(), failure: Some(too_large(max_bytes)) };
        }
        outline(source, interpreter)
    })
}

/// The outline of a text, on this thread. A panic becomes a failure.
pub(crate) fn outline(bytes: &[u8], interpreter: &dyn Interpreter) -> Outline {
    catch_unwind(AssertUnwindSafe(|| {
        let (symbols, failure) = symbols_of(bytes, interpreter);
        Outline { symbols, failure }
    }))
    .unwrap_or_else(|_| {
        let message = "a fault in rev-accel; please report it";
        let failure = Failure::new(Status::InternalError, "InternalError", message);
        Outline { symbols: Vec::new(), failure: Some(failure) }
    })
}

/// Reads a regular file of at most so many bytes.
pub(super) fn read(
    path: &Path,
    follow: bool,
    max_bytes: u64,
    buffer: &mut Vec<u8>,
) -> std::result::Result<(), Failure> {
    buffer.clear();
    let unreadable = |error: io::Error| Failure::new(Status::Unreadable, exception_of(&error), error.to_string());
    let file = open_regular(path, follow)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > max_bytes {
        return Err(too_large(max_bytes));
    }
    let room = usize::try_from(size + 1).unwrap_or(usize::MAX);
    let no_memory = || Failure::new(Status::TooLarge, "MemoryError", "no memory for the file");
    buffer.try_reserve_exact(room).map_err(|_| no_memory())?;
    file.take(max_bytes + 1).read_to_end(buffer).map_err(unreadable)?;
    if buffer.len() as u64 > max_bytes { Err(too_large(max_bytes)) } else { Ok(()) }
}

fn too_large(max_bytes: u64) -> Failure {
    Failure::new(Status::TooLarge, "MemoryError", format!("more than {max_bytes} bytes"))
}

fn on_worker(cancel: &Cancel, work: impl Fn() -> Outline + Sync) -> Result<Outline> {
    let mut made = Outline::default();
    let schedule = Schedule { threads: 1, count: 1, window: 1, cancel };
    pool::ordered(
        &schedule,
        || (),
        |(), _| work(),
        |_, outline| {
            made = outline;
            true
        },
    )?;
    Ok(made)
}
