//! What becomes of work in a workspace that is cancelled.

use std::fs;
use std::path::Path;

use rev_accel_core::workspace::{Expected, Right, Root, Version, Workspace, WorkspaceFault, WriteOptions};
use rev_accel_core::{Cancel, Error};

fn workspace(root: &Path) -> Workspace {
    Workspace::new(vec![Root { path: root.canonicalize().unwrap(), right: Right::Write }])
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn work_that_is_cancelled_leaves_what_was_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    fs::create_dir(root.join("folder")).unwrap();
    for file in ["file", "folder/file"] {
        fs::write(root.join(file), b"old").unwrap();
    }
    let workspace = workspace(root);
    let cancel = Cancel::new();
    cancel.cancel();
    let outcomes = [
        workspace.write("file", b"new", WriteOptions::default(), &cancel).map(drop),
        workspace.version("file", &cancel).map(drop),
        workspace.list(".", &cancel).map(drop),
        workspace.copy("file", "copy", false, &cancel),
        workspace.copy("folder", "copy", false, &cancel),
        workspace.delete("folder", true, &cancel),
    ];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert!(matches!(outcome, Err(Error::Cancelled)), "{number}: {outcome:?}");
    }
    assert_eq!(names(root), ["file", "folder"]);
    assert_eq!(fs::read(root.join("file")).unwrap(), b"old");
}

#[test]
fn what_was_expected_is_named_by_the_content_alone() {
    let place = tempfile::tempdir().unwrap();
    let workspace = workspace(place.path());
    let cancel = Cancel::new();
    let write = |data: &[u8], expected| {
        workspace.write("file", data, WriteOptions { expected, ..WriteOptions::default() }, &cancel)
    };
    let first = write(b"1", Expected::Absent).unwrap();
    assert_eq!(first, Version::of(b"1"));
    write(b"2", Expected::Content(first.digest)).unwrap();
    for (expected, was_absent) in [(Expected::Content(first.digest), false), (Expected::Absent, true)] {
        let Err(Error::Workspace { fault: WorkspaceFault::Stale { found, expected_absent }, .. }) =
            write(b"3", expected)
        else {
            panic!("{expected:?} was taken")
        };
        assert_eq!((found, expected_absent), (Some(Version::of(b"2")), was_absent));
    }
}
