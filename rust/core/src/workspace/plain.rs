//! A path that leads through no link, named by its text.

/// The name without links of a path below a root, where its text alone says it: no link stands in it or in the root, and it ends inside.
/// What is missing counts as no link, as do names behind a file. `None` for all other paths, which have to be resolved.
///
/// Like every name it is true of the moment in which it was made.
#[must_use]
pub fn plain_name(root: &str, path: &str) -> Option<String> {
    if !root.starts_with('/') || root.split('/').any(|part| part == "..") {
        return None;
    }
    let mut name = String::with_capacity(root.len() + path.len() + 1);
    if !path.starts_with('/') {
        push_parts(&mut name, root)?;
    }
    push_parts(&mut name, path)?;
    let root = root.strip_suffix('/').unwrap_or(root);
    let is_inside = name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if name.is_empty() {
        name.push('/');
    }
    (is_inside && has_no_links(&name)).then_some(name)
}

/// Puts the parts of a path behind a name; `None` for a path whose text alone does not say where it leads.
fn push_parts(name: &mut String, path: &str) -> Option<()> {
    // Two slashes in front are a root of their own for Python.
    if path.starts_with("//") || path.contains('\0') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                // What it leads back from could be a link. Above the root of the file system is that root.
                if !has_no_links(name) {
                    return None;
                }
                name.truncate(name.rfind('/').unwrap_or(0));
            }
            _ => {
                name.push('/');
                name.push_str(part);
            }
        }
    }
    Some(())
}

#[cfg(target_os = "linux")]
fn has_no_links(name: &str) -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;

    match openat2(CWD, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // The system looks at one part after the other: so there is no link in front of what ends its look.
        Ok(_) | Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => true,
        // Old kernels do not know the call, some containers forbid it.
        Err(Errno::NOSYS | Errno::PERM) => each_is_no_link(name),
        Err(_) => false,
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn has_no_links(name: &str) -> bool {
    each_is_no_link(name)
}

#[cfg(not(unix))]
fn has_no_links(_name: &str) -> bool {
    false
}

#[cfg(unix)]
fn each_is_no_link(name: &str) -> bool {
    use rustix::fs::{CWD, readlinkat_raw};
    use rustix::io::Errno;

    let ends = name.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    for end in ends.chain([name.len()]) {
        let mut target = [std::mem::MaybeUninit::<u8>::uninit(); 1];
        match readlinkat_raw(CWD, &name[..end], &mut target) {
            Err(Errno::INVAL) => {}
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => return true,
            _ => return false,
        }
    }
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::error::Error;
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{each_is_no_link, plain_name};

    #[test]
    fn links_are_seen_wherever_they_stand() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?;
        let root = root.to_str().ok_or("no text")?;
        fs::create_dir_all(format!("{root}/a/b"))?;
        fs::write(format!("{root}/a/file"), "")?;
        symlink("a", format!("{root}/link"))?;
        symlink("nowhere", format!("{root}/a/broken"))?;
        for path in ["", "a", "a/b", "a/file", "a/file/x", "missing", "missing/x", "a/./b/"] {
            let name = plain_name(root, path).ok_or(path)?;
            assert!(each_is_no_link(&name), "{path}");
            assert!(!name.ends_with('/') && !name.contains("/./"), "{path}");
        }
        assert_eq!(plain_name(root, "missing/.././a/b/../file"), Some(format!("{root}/a/file")));
        for path in ["link", "link/b", "link/../a", "a/broken", "a/broken/x", "a/../..", "/", "/tmp", "//a", "a\0"] {
            assert_eq!(plain_name(root, path), None, "{path}");
        }
        assert!(!each_is_no_link(&format!("{root}/link/b")));
        assert_eq!(plain_name(&format!("{root}/link"), "b"), None);
        assert_eq!(plain_name(root, &format!("{root}/a")), Some(format!("{root}/a")));
        assert_eq!(plain_name(root, &format!("{root}-other")), None);
        assert_eq!(plain_name("tmp", "a"), None);
        assert_eq!(plain_name(&format!("{root}/a/../a"), "b"), None);
        assert_eq!(plain_name("/", "../.."), Some("/".to_owned()));
        Ok(())
    }
}
