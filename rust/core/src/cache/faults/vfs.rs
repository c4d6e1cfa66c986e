//! SQLite's calls of the operating system, made to fail: a layer between SQLite and its own.
#![expect(unsafe_code, reason = "SQLite takes this layer as tables of C functions")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

use super::plan::{Fault, next};

/// Under which SQLite finds the layer.
pub(crate) const NAME: &CStr = c"rev-accel-faults";

/// What SQLite calls a file: this, and directly behind it the file of the layer below.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    path: *mut PathBuf,
}

/// Puts the layers in place; before anything else is asked of SQLite.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        super::memory::prepare();
        // SAFETY: the layer below is never unregistered; ours is never freed, as SQLite requires.
        unsafe {
            let below = ffi::sqlite3_vfs_find(ptr::null());
            if below.is_null() {
                return;
            }
            let mut layer = ptr::read(below);
            layer.szOsFile += c_int::try_from(size_of::<File>()).unwrap_or(0);
            layer.zName = NAME.as_ptr();
            layer.pNext = ptr::null_mut();
            layer.pAppData = below.cast();
            layer.xOpen = Some(open);
            layer.xDelete = Some(delete);
            layer.xAccess = Some(access);
            ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 0);
        }
    });
}

/// The layer below.
///
/// # Safety
///
/// `vfs` is the layer that was registered above.
unsafe fn below(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: that is where it was put.
    unsafe { (*vfs).pAppData.cast() }
}

/// # Safety
///
/// `name` is null or a terminated string.
unsafe fn path(name: *const c_char) -> PathBuf {
    if name.is_null() {
        return PathBuf::new();
    }
    // SAFETY: as demanded.
    PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

/// What SQLite is told instead of the result of a step, if anything.
fn fault(path: &Path, code: c_int) -> Option<c_int> {
    match next(path)? {
        Fault::Error(number) if number == libc::ENOSPC && code == ffi::SQLITE_IOERR_WRITE => Some(ffi::SQLITE_FULL),
        Fault::Error(_) => Some(code),
        Fault::Short | Fault::Memory => None,
    }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes, enough for both files.
    unsafe {
        (*file).pMethods = ptr::null();
        let path = path(name);
        if let Some(code) = fault(&path, ffi::SQLITE_CANTOPEN) {
            return code;
        }
        let vfs = below(vfs);
        let Some(open) = (*vfs).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = open(vfs, name, real(file), flags, out);
        if code == ffi::SQLITE_OK {
            (*file.cast::<File>()).path = Box::into_raw(Box::new(path));
            (*file).pMethods = &raw const METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: passed on as it was given.
    unsafe {
        match fault(&path(name), ffi::SQLITE_IOERR_DELETE) {
            Some(code) => code,
            None => (*below(vfs)).xDelete.map_or(ffi::SQLITE_IOERR, |delete| delete(below(vfs), name, sync)),
        }
    }
}

unsafe extern "C" fn access(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: passed on as it was given.
    unsafe {
        match fault(&path(name), ffi::SQLITE_IOERR_ACCESS) {
            Some(code) => code,
            None => (*below(vfs)).xAccess.map_or(ffi::SQLITE_IOERR, |access| access(below(vfs), name, flags, out)),
        }
    }
}

/// The file of the layer below.
///
/// # Safety
///
/// `file` has room for both.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: it lies directly behind.
    unsafe { file.cast::<u8>().add(size_of::<File>()).cast() }
}

/// # Safety
///
/// `file` was opened by [`open`] and not closed yet.
unsafe fn path_of<'a>(file: *mut ffi::sqlite3_file) -> &'a Path {
    // SAFETY: as demanded.
    unsafe { &*(*file.cast::<File>()).path }
}

/// A function of a file that may fail with some code, and is passed on otherwise.
macro_rules! method {
    ($name:ident, $field:ident, $code:expr, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $kind),*) -> c_int {
            // SAFETY: SQLite calls it on a file that it opened, with arguments for the layer below.
            unsafe {
                if let Some(code) = fault(path_of(file), $code) {
                    return code;
                }
                let file = real(file);
                (*(*file).pMethods).$field.map_or(ffi::SQLITE_IOERR, |method| method(file, $($argument),*))
            }
        }
    };
}

/// A function of a file that is passed on.
macro_rules! passed {
    ($name:ident, $field:ident, $result:ty, $otherwise:expr, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $kind),*) -> $result {
            // SAFETY: SQLite calls it on a file that it opened, with arguments for the layer below.
            unsafe {
                let file = real(file);
                (*(*file).pMethods).$field.map_or($otherwise, |method| method(file, $($argument),*))
            }
        }
    };
}

method!(truncate, xTruncate, ffi::SQLITE_IOERR_TRUNCATE, (size: i64));
method!(sync, xSync, ffi::SQLITE_IOERR_FSYNC, (flags: c_int));
method!(file_size, xFileSize, ffi::SQLITE_IOERR_FSTAT, (size: *mut i64));
method!(lock, xLock, ffi::SQLITE_IOERR_LOCK, (level: c_int));
method!(check_lock, xCheckReservedLock, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK, (out: *mut c_int));
method!(map_shared, xShmMap, ffi::SQLITE_IOERR_SHMMAP, (region: c_int, size: c_int, extend: c_int, out: *mut *mut c_void));
passed!(unlock, xUnlock, c_int, ffi::SQLITE_IOERR, (level: c_int));
passed!(control, xFileControl, c_int, ffi::SQLITE_NOTFOUND, (operation: c_int, argument: *mut c_void));
passed!(sector_size, xSectorSize, c_int, 4096, ());
passed!(characteristics, xDeviceCharacteristics, c_int, 0, ());
passed!(unmap_shared, xShmUnmap, c_int, ffi::SQLITE_OK, (delete: c_int));
passed!(barrier, xShmBarrier, (), (), ());

unsafe extern "C" fn lock_shared(file: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite calls it on a file that it opened, with arguments for the layer below.
    unsafe {
        // Letting go of a lock does not fail; SQLite does not even look.
        if flags & ffi::SQLITE_SHM_LOCK != 0
            && let Some(code) = fault(path_of(file), ffi::SQLITE_IOERR_SHMLOCK)
        {
            return code;
        }
        let file = real(file);
        (*(*file).pMethods).xShmLock.map_or(ffi::SQLITE_IOERR, |lock| lock(file, offset, count, flags))
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the path is the box made by `open`.
    unsafe {
        drop(Box::from_raw((*file.cast::<File>()).path));
        let file = real(file);
        (*(*file).pMethods).xClose.map_or(ffi::SQLITE_OK, |close| close(file))
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, buffer: *mut c_void, bytes: c_int, offset: i64) -> c_int {
    // SAFETY: `buffer` has room for `bytes`.
    unsafe {
        let planned = next(path_of(file));
        let below = real(file);
        let Some(read) = (*(*below).pMethods).xRead else { return ffi::SQLITE_IOERR_READ };
        match planned {
            Some(Fault::Error(_)) => ffi::SQLITE_IOERR_READ,
            Some(Fault::Short) => {
                // What SQLite asks of a layer that reads less: zeros for the rest.
                ptr::write_bytes(buffer.cast::<u8>(), 0, usize::try_from(bytes).unwrap_or(0));
                match read(below, buffer, bytes / 2, offset) {
                    ffi::SQLITE_OK => ffi::SQLITE_IOERR_SHORT_READ,
                    code => code,
                }
            }
            Some(Fault::Memory) | None => read(below, buffer, bytes, offset),
        }
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, buffer: *const c_void, bytes: c_int, offset: i64) -> c_int {
    // SAFETY: `buffer` holds `bytes`.
    unsafe {
        let planned = next(path_of(file));
        let below = real(file);
        let Some(write) = (*(*below).pMethods).xWrite else { return ffi::SQLITE_IOERR_WRITE };
        match planned {
            Some(Fault::Error(number)) if number == libc::ENOSPC => ffi::SQLITE_FULL,
            Some(Fault::Error(_)) => ffi::SQLITE_IOERR_WRITE,
            Some(Fault::Short) => {
                // The disk was full in the middle.
                let _ = write(below, buffer, bytes / 2, offset);
                ffi::SQLITE_FULL
            }
            Some(Fault::Memory) | None => write(below, buffer, bytes, offset),
        }
    }
}

/// Of the second version of the interface: without the third's memory maps.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map_shared),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap_shared),
    xFetch: None,
    xUnfetch: None,
};
