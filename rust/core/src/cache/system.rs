//! Questions to the operating system that the standard library does not ask.
#![cfg_attr(
    unix,
    expect(unsafe_code, reason = "two functions of the C library; neither keeps or writes memory of ours")
)]

use std::path::Path;

/// The user that this process acts as.
#[cfg(unix)]
pub(super) fn effective_user() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// Whether files can be created in a folder, as the effective user; also asks whether the file system is mounted for writing.
#[cfg(unix)]
pub(super) fn is_writable(folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else { return false };
    // SAFETY: `path` is terminated and outlives the call, which only reads it.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::W_OK | libc::X_OK, libc::AT_EACCESS) == 0 }
}

#[cfg(not(unix))]
pub(super) fn is_writable(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|metadata| !metadata.permissions().readonly())
}
