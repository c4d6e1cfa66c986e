use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Folder, Place, Problem, usual};
use crate::cache::store::tests::{Home, NEVER};
use crate::cache::store::{Mode, Store};

fn open(configured: &Path, analysed: &[&Path]) -> Result<Folder, Problem> {
    let place = Place { configured: Some(configured.to_path_buf()), analysed, create: true, is_network: |_| false };
    Folder::open(&place)
}

/// The one line that says why a folder is refused, without the folder.
fn refusal(configured: &Path) -> String {
    let text = open(configured, &[]).unwrap_err().to_string();
    assert!(!text.contains('\n') && text.contains(configured.to_str().unwrap()), "{text}");
    text.split("is not used: ").nth(1).unwrap().to_owned()
}

#[test]
fn a_folder_is_made_for_the_user_alone() {
    let home = Home::new();
    let place = Place { configured: Some(home.path()), analysed: &[], create: false, is_network: |_| false };
    assert!(Folder::open(&place).unwrap_err().is_absent());
    assert!(!home.path().exists());
    // Also where the folders above do not exist yet.
    let path = home.path().join("a/b");
    let folder = open(&path, &[]).unwrap();
    assert_eq!(folder.path(), path.join("v1"));
    assert!(folder.is_writable());
    let tag = fs::read_to_string(path.join("v1/CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
    let mut draft = folder.create_file("manifests/one").unwrap();
    draft.write(b"one").unwrap();
    draft.commit().unwrap();
    let mut store = Store::open(&folder, Mode::Write, &NEVER).unwrap();
    assert!(store.finish(1 << 20, &NEVER));
    #[cfg(unix)]
    for (path, mode) in modes(&path) {
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    let place = Place { configured: Some(path), analysed: &[], create: false, is_network: |_| false };
    assert!(Folder::open(&place).unwrap().is_writable());
}

#[cfg(unix)]
fn modes(path: &Path) -> Vec<(PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = vec![(path.to_path_buf(), fs::metadata(path).unwrap().permissions().mode() & 0o777)];
    if path.is_dir() {
        found.extend(fs::read_dir(path).unwrap().flat_map(|entry| modes(&entry.unwrap().path())));
    }
    found
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    for part in ["", "v1", "v1/manifests", "v1/facts"] {
        for (mode, who) in [(0o770, "its group can write"), (0o707, "other users can write"), (0o777, "other users")] {
            let home = Home::new();
            drop(home.folder());
            let part = home.path().join(part);
            fs::set_permissions(&part, fs::Permissions::from_mode(mode)).unwrap();
            assert!(refusal(&home.path()).starts_with(who));
            fs::set_permissions(&part, fs::Permissions::from_mode(0o755)).unwrap();
            assert!(home.folder().is_writable());
        }
    }
}

/// Makes a file of the user's own, whatever the mask of modes is.
#[cfg(unix)]
fn write(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, "text").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_of_another_user_is_refused() {
    let home = Home::new();
    drop(home.folder());
    for part in ["", "v1", "v1/manifests", "v1/facts"] {
        let part = home.path().join(part);
        if std::os::unix::fs::chown(&part, Some(12_345), None).is_err() {
            // Only root can give a folder away.
            return;
        }
        assert!(refusal(&home.path()).starts_with("it belongs to user 12345, and this process acts for user 0"));
        std::os::unix::fs::chown(&part, Some(0), None).unwrap();
    }
    // A single file of another user is not read.
    let folder = home.folder();
    let path = folder.path().join("manifests/one");
    write(&path);
    assert!(folder.open_file("manifests/one").is_ok());
    std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
    assert!(folder.open_file("manifests/one").is_err());
}

#[cfg(unix)]
#[test]
fn links_in_place_of_our_own_folders_and_files_are_refused() {
    for part in ["", "v1", "v1/manifests", "v1/facts"] {
        let home = Home::new();
        drop(home.folder());
        let part: PathBuf = home.path().join(part).components().collect();
        let moved = home.path().with_file_name("moved");
        fs::rename(&part, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &part).unwrap();
        assert_eq!(refusal(&home.path()), "it is a symbolic link");
        fs::remove_file(&part).unwrap();
        fs::write(&part, "").unwrap();
        assert!(!refusal(&home.path()).is_empty());
    }
    // A link further up is the user's own affair.
    let home = Home::new();
    let link = home.path().with_file_name("link");
    fs::create_dir(home.path()).unwrap();
    std::os::unix::fs::symlink(home.path(), &link).unwrap();
    let folder = open(&link.join("cache"), &[]).unwrap();
    assert_eq!(folder.path(), home.path().join("cache/v1"));
    assert!(Store::open(&folder, Mode::Write, &NEVER).is_ok());
    // Files are not followed, and a pipe is not waited for.
    write(&folder.path().join("file"));
    std::os::unix::fs::symlink(folder.path().join("file"), folder.path().join("manifests/link")).unwrap();
    assert!(folder.open_file("file").is_ok());
    assert!(folder.open_file("manifests/link").is_err());
    assert!(folder.open_file("manifests").is_err());
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("manifests/pipe")).status();
    assert!(!made.is_ok_and(|status| status.success()) || folder.open_file("manifests/pipe").is_err());
}

#[test]
fn a_folder_inside_what_is_analysed_is_refused() {
    let home = Home::new();
    let above = home.path().parent().unwrap().to_path_buf();
    fs::create_dir(above.join("tree")).unwrap();
    assert!(open(&home.path(), &[&above.join("tree")]).is_ok());
    let text =
        open(&above.join("tree/deep/cache"), &[&above.join("other"), &above.join("tree")]).unwrap_err().to_string();
    assert!(text.contains("is not used: it is inside `") && text.ends_with("/tree`, which is analysed"), "{text}");
    assert!(!above.join("tree/deep").exists());
    assert!(open(&above.join("tree"), &[&above.join("tree")]).is_err());
    #[cfg(unix)]
    {
        // By whatever name.
        std::os::unix::fs::symlink(above.join("tree"), above.join("link")).unwrap();
        assert!(open(&above.join("link/cache"), &[&above.join("tree")]).is_err());
        assert!(open(&above.join("tree/cache"), &[&above.join("link")]).is_err());
    }
    assert_eq!(refusal(Path::new("relative")), "it is not an absolute path");
    assert_eq!(refusal(&above.join("x/../tree/cache")), "there is a `..` in it");
}

#[test]
fn a_network_file_system_keeps_manifests_only() {
    let home = Home::new();
    let place = Place { configured: Some(home.path()), analysed: &[], create: true, is_network: |_| true };
    let folder = Folder::open(&place).unwrap();
    assert!(folder.create_file("manifests/one").is_ok());
    let text = Store::open(&folder, Mode::Write, &NEVER).unwrap_err().to_string();
    assert!(text.contains("only partly used: it is on a network file system"), "{text}");
}

#[cfg(not(any(windows, target_os = "macos")))]
#[test]
fn the_usual_place_follows_the_environment() {
    let place = |xdg: Option<&str>, home: Option<&str>| {
        usual(|name| match name {
            "XDG_CACHE_HOME" => xdg.map(OsString::from),
            "HOME" => home.map(OsString::from),
            _ => None,
        })
    };
    assert_eq!(place(Some("/x"), Some("/h")), Ok("/x".into()));
    assert_eq!(place(Some("x"), Some("/h")), Ok("/h/.cache".into()));
    assert_eq!(place(None, Some("/h")), Ok("/h/.cache".into()));
    for home in [None, Some(""), Some("h")] {
        let text = place(None, home).unwrap_err().to_string();
        assert!(text.contains("neither `XDG_CACHE_HOME` nor `HOME` names one"), "{text}");
    }
}

#[test]
fn a_file_is_whole_or_as_before() {
    let home = Home::new();
    let folder = home.folder();
    let read = || {
        let mut bytes = Vec::new();
        let mut file = folder.open_file("manifests/one").unwrap();
        file.read_into(0, file.len(), &mut bytes).unwrap();
        bytes
    };
    let write = |bytes: &[u8]| {
        let mut draft = folder.create_file("manifests/one").unwrap();
        draft.write(bytes).unwrap();
        draft
    };
    write(b"first").commit().unwrap();
    let abandoned = write(b"second");
    assert_eq!(read(), b"first");
    drop(abandoned);
    let mut kept = folder.open_file("manifests/one").unwrap();
    write(b"third one").commit().unwrap();
    assert_eq!(read(), b"third one");
    let names: Vec<_> = folder.files("manifests").unwrap().into_iter().map(|(name, size, _)| (name, size)).collect();
    assert_eq!(names, [("manifests/one".to_owned(), 9)]);
    assert_eq!(fs::read_dir(folder.path().join("manifests")).unwrap().count(), 1);
    // Who has it open reads on in what it opened, and nothing beyond its end.
    let mut bytes = Vec::new();
    kept.read_into(1, 4, &mut bytes).unwrap();
    assert_eq!(bytes, b"irst");
    for (offset, length) in [(1, 5), (6, 0), (0, u64::MAX), (u64::MAX, 1), (u64::MAX, u64::MAX)] {
        assert!(kept.read_into(offset, length, &mut bytes).is_err());
    }
    assert!(folder.remove_file("manifests/one").is_ok() && folder.remove_file("manifests/one").is_err());
}

#[test]
fn temporary_files_of_yesterday_are_swept() {
    let home = Home::new();
    let folder = home.folder();
    let manifests = folder.path().join("manifests");
    let two_days = SystemTime::now() - Duration::from_hours(48);
    for (name, is_old) in [("tmp-1-a", true), ("tmp-2-b", false), ("one", true)] {
        let file = fs::File::create(manifests.join(name)).unwrap();
        if is_old {
            file.set_modified(two_days).unwrap();
        }
    }
    drop(folder.create_file("manifests/two"));
    let mut left: Vec<_> = fs::read_dir(manifests).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["one", "tmp-2-b"]);
}
