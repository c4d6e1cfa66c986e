//! Which file systems can be believed.

// Asking for the kind of a file system has no safe door in the standard library.
#![cfg_attr(
    any(target_os = "linux", target_os = "android", target_os = "macos"),
    expect(unsafe_code, reason = "statfs and fstatfs")
)]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::stamp::Stamp;

/// Which devices keep the promises that a [`Stamp`] rests on: local times from this kernel's clock, a change time that every change
/// of content, entries or name moves, and inode numbers that stay.
///
/// Lives as long as one call: the number of a device may later be that of another one.
#[derive(Debug, Default)]
pub(crate) struct Devices(Mutex<Vec<(u64, bool)>>);

impl Devices {
    /// Whether the device with this number does; `path` leads to something on it.
    pub(crate) fn keeps_stamps(&self, device: u64, path: &Path) -> bool {
        // The path may lead elsewhere by now; then the answer is about another device and is not remembered.
        let is_there = || path.metadata().is_ok_and(|metadata| Stamp::of(&metadata).device() == device);
        self.once(device, || is_there().then(|| kind_of(path)).filter(|_| is_there()))
    }

    /// As [`keeps_stamps`](Self::keeps_stamps), for what is open.
    pub(crate) fn keeps_stamps_of(&self, device: u64, file: &File) -> bool {
        self.once(device, || Some(kind_of_open(file)))
    }

    fn once(&self, device: u64, ask: impl FnOnce() -> Option<io::Result<Kind>>) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&(_, keeps)) = known.iter().find(|&&(number, _)| number == device) {
            return keeps;
        }
        let Some(answer) = ask() else { return false };
        let keeps = answer.is_ok_and(|kind| kind == Kind::KeepsStamps);
        known.push((device, keeps));
        keeps
    }

    /// Devices of which this one is believed, or not, without asking.
    #[cfg(test)]
    pub(crate) fn assuming(device: u64, keeps: bool) -> Self {
        Self(Mutex::new(vec![(device, keeps)]))
    }
}

/// Whether a folder, which need not exist yet, lies on a file system that is not surely a local one: NFS, SMB, 9p, FUSE and the like.
pub(crate) fn is_network(path: &Path) -> bool {
    for folder in path.ancestors() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match kind_of(folder) {
            Ok(kind) => return kind == Kind::Unknown,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return true,
        }
    }
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    KeepsStamps,
    /// On this machine, with nothing known of its stamps.
    Local,
    Unknown,
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn kind_of(path: &Path) -> io::Result<Kind> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    let mut answer = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: `path` ends with a NUL and lives through the call, which writes at most one `statfs` to `answer`.
    let failed = unsafe { libc::statfs(path.as_ptr(), answer.as_mut_ptr()) } != 0;
    if failed {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a call that succeeds fills the whole structure.
    Ok(judge(unsafe { answer.assume_init_ref() }))
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn kind_of_open(file: &File) -> io::Result<Kind> {
    use std::os::fd::AsRawFd;
    let mut answer = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open as long as `file` is borrowed; the call writes at most one `statfs` to `answer`.
    let failed = unsafe { libc::fstatfs(file.as_raw_fd(), answer.as_mut_ptr()) } != 0;
    if failed {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a call that succeeds fills the whole structure.
    Ok(judge(unsafe { answer.assume_init_ref() }))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn judge(answer: &libc::statfs) -> Kind {
    // The numbers are 32 bits; the field's type differs from platform to platform.
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "only the low 32 bits count")]
    match answer.f_type as u32 {
        // ext2 to ext4, XFS, Btrfs, tmpfs, overlay, F2FS.
        0xef53 | 0x5846_5342 | 0x9123_683e | 0x0102_1994 | 0x794c_7630 | 0xf2f5_2010 => Kind::KeepsStamps,
        // ZFS, bcachefs, ramfs, ReiserFS, JFS, NILFS, FAT, exFAT, NTFS (ntfs3), HFS+, squashfs, EROFS.
        0x2fc1_2fc1 | 0xca45_1a4e | 0x8584_58f6 | 0x5265_4973 | 0x3153_464a | 0x3434 | 0x4d44 | 0x2011_bab0
        | 0x7366_746e | 0x482b | 0x7371_7368 | 0xe0f5_e1e2 => Kind::Local,
        _ => Kind::Unknown,
    }
}

#[cfg(target_os = "macos")]
fn judge(answer: &libc::statfs) -> Kind {
    let name = answer.f_fstypename.map(|unit| unit.cast_unsigned());
    #[allow(clippy::cast_sign_loss, reason = "a flag of one bit")]
    let local = libc::MNT_LOCAL as u32;
    // Not HFS+: it finds a file also under names with characters that it passes over.
    if name.starts_with(b"apfs\0") {
        Kind::KeepsStamps
    } else if answer.f_flags & local != 0 && !name.starts_with(b"macfuse") {
        Kind::Local
    } else {
        Kind::Unknown
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn kind_of(path: &Path) -> io::Result<Kind> {
    use std::path::{Component, Prefix};
    let full = path.canonicalize()?;
    let on_a_drive = matches!(
        full.components().next(),
        Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::Disk(_) | Prefix::VerbatimDisk(_))
    );
    Ok(if on_a_drive { Kind::Local } else { Kind::Unknown })
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn kind_of_open(_: &File) -> io::Result<Kind> {
    Ok(Kind::Unknown)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn keeps(path: &str) -> bool {
        let file = File::open(path).unwrap();
        let device = Stamp::of(&file.metadata().unwrap()).device();
        let by_path = Devices::default().keeps_stamps(device, Path::new(path));
        assert_eq!(by_path, Devices::default().keeps_stamps_of(device, &file));
        by_path
    }

    #[test]
    fn what_only_the_kernel_makes_up_is_not_believed() {
        assert!(!keeps("/proc/self"));
        assert!(keeps("/dev/shm"));
        assert!(is_network(Path::new("/proc")));
        assert!(!is_network(Path::new("/dev/shm/not/yet/there")));
        assert!(!is_network(Path::new("not-yet-there")));
    }

    #[test]
    fn a_path_that_leads_to_another_device_tells_nothing() {
        let devices = Devices::default();
        let elsewhere = Stamp::of(&Path::new("/proc").metadata().unwrap()).device();
        assert!(!devices.keeps_stamps(elsewhere, Path::new("/dev/shm")));
        assert!(devices.0.lock().unwrap().is_empty());
    }

    #[test]
    fn each_device_is_asked_about_once() {
        let device = Stamp::of(&Path::new("/dev/shm").metadata().unwrap()).device();
        let devices = Devices::assuming(device, false);
        assert!(!devices.keeps_stamps(device, Path::new("/dev/shm")));
        assert!(!devices.keeps_stamps(device + 1, Path::new("/nowhere")));
    }
}
