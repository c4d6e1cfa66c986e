//! What a file is besides its content: mode, owner, extended attributes.

use std::fs::File;

use super::entries::Status;
use super::fault::Outcome;

/// Gives a new file, which is the user's alone so far, what the former one had: the owner and the group where the system lets us, then the
/// extended attributes (with them access control lists), then the mode.
#[cfg(unix)]
pub(super) fn give(file: &File, former: Status, old: Option<&File>) -> Outcome<()> {
    use rustix::fs::{self, Gid, Mode, Uid};

    let (owner, group) = former.owner;
    let own = Status::from(fs::fstat(file)?);
    let mut mode = former.mode;
    if own.owner != former.owner && fs::fchown(file, Some(Uid::from_raw(owner)), Some(Gid::from_raw(group))).is_err() {
        // The rights that another owner had are not handed on to whoever owns the file now.
        mode &= 0o777;
        if own.owner.1 != group && fs::fchown(file, None, Some(Gid::from_raw(group))).is_err() {
            mode = mode & 0o707 | (mode & 0o007) << 3;
        }
    }
    if let Some(old) = old {
        give_extended(file, old);
    }
    fs::fchmod(file, Mode::from_raw_mode(mode as _))?;
    Ok(())
}

/// Extended attributes are not worth a failure: some are for the system alone, and some file systems have none.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn give_extended(file: &File, old: &File) {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, flistxattr_query, fremovexattr, fsetxattr};

    /// Bytes of the names, and of a value: what Linux allows.
    const ROOM: usize = 64 << 10;

    let names_of = |file: &File| {
        // Most files have none, which needs no buffer to see.
        if flistxattr_query(file).unwrap_or(0) == 0 {
            return Vec::new();
        }
        let mut names = vec![0_u8; ROOM];
        let length = flistxattr(file, names.as_mut_slice()).unwrap_or(0);
        names.truncate(length);
        names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let names: Vec<Vec<u8>> = names_of(old);
    // What the folder has given to the new file, and the former one had not.
    for name in names_of(file).iter().filter(|name| !names.contains(name)) {
        let _ = fremovexattr(file, name.as_slice());
    }
    // A new content has no claim to what the former one was allowed to do.
    for name in names.iter().filter(|name| name.as_slice() != b"security.capability") {
        let mut value = vec![0_u8; ROOM];
        if let Ok(length) = fgetxattr(old, name.as_slice(), value.as_mut_slice()) {
            let _ = fsetxattr(file, name.as_slice(), &value[..length], XattrFlags::empty());
        }
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_vendor = "apple"))))]
fn give_extended(_file: &File, _old: &File) {}

#[cfg(not(unix))]
pub(super) fn give(file: &File, former: Status, _old: Option<&File>) -> Outcome<()> {
    if former.mode & 0o200 == 0 {
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)?;
    }
    Ok(())
}
