//! SQLite's allocations, made to fail.
#![expect(unsafe_code, reason = "SQLite takes its allocator as a table of C functions")]

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;

use rusqlite::ffi;

use super::plan::allocation_fails;

thread_local! {
    /// The folder that this thread works on: an allocation does not tell.
    static FOLDER: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

type Allocate = unsafe extern "C" fn(c_int) -> *mut c_void;
type Reallocate = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;

/// The two functions of the layer below.
static BELOW: OnceLock<(Allocate, Reallocate)> = OnceLock::new();

/// While it lives, SQLite's allocations on this thread belong to a folder.
pub(crate) struct Scope(Option<PathBuf>);

/// Begins to work on a folder.
pub(crate) fn scope(folder: &Path) -> Scope {
    Scope(FOLDER.replace(Some(folder.to_path_buf())))
}

impl Drop for Scope {
    fn drop(&mut self) {
        FOLDER.set(self.0.take());
    }
}

fn fails() -> bool {
    let asked = FOLDER
        .try_with(|folder| folder.try_borrow().is_ok_and(|folder| folder.as_deref().is_some_and(allocation_fails)));
    asked.unwrap_or(false)
}

/// Puts the layer in place; before SQLite allocates anything.
pub(super) fn prepare() {
    // SAFETY: every field is filled by the call, or the table is not used.
    let mut methods: ffi::sqlite3_mem_methods = unsafe { std::mem::zeroed() };
    // SAFETY: the argument is what this option takes.
    if unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) } != ffi::SQLITE_OK {
        return;
    }
    let (Some(below_allocate), Some(below_reallocate)) = (methods.xMalloc, methods.xRealloc) else { return };
    BELOW.get_or_init(|| (below_allocate, below_reallocate));
    let mut layer = ffi::sqlite3_mem_methods { xMalloc: Some(allocate), xRealloc: Some(reallocate), ..methods };
    // SAFETY: SQLite copies the table.
    unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw mut layer) };
}

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    let below = BELOW.get().filter(|_| !fails());
    // SAFETY: passed on as it was given.
    below.map_or(ptr::null_mut(), |(allocate, _)| unsafe { allocate(bytes) })
}

unsafe extern "C" fn reallocate(memory: *mut c_void, bytes: c_int) -> *mut c_void {
    let below = BELOW.get().filter(|_| !fails());
    // SAFETY: passed on as it was given.
    below.map_or(ptr::null_mut(), |(_, reallocate)| unsafe { reallocate(memory, bytes) })
}
