//! Which files a scan takes.

use rev_accel_core::{Error, Selection};

use crate::tree::{keys, options, scan, tree, write};

const HIT: &str = "print()\n";

#[test]
fn ignore_rules_hold_outside_of_a_git_repository_and_hidden_files_count() {
    let folder = tree(&[
        (".gitignore", "build/\n"),
        (".ignore", "generated.py\n"),
        (".git/hook.py", HIT),
        (".hidden/a.py", HIT),
        ("build/b.py", HIT),
        ("generated.py", HIT),
        ("venv/pyvenv.cfg", ""),
        ("venv/lib/c.py", HIT),
        ("conda/conda-meta/history", ""),
        ("conda/d.py", HIT),
        ("src/e.py", HIT),
        ("src/e.pyi", HIT),
    ]);
    let scan = scan(&options(folder.path())).unwrap();
    assert_eq!(keys(&scan), [".hidden/a.py", "src/e.py"]);
}

#[test]
fn all_takes_every_python_file_but_does_not_enter_linked_folders() {
    let outside = tree(&[("x.py", HIT)]);
    let folder = tree(&[(".git/a.py", HIT), (".gitignore", "*"), ("b.py/c.py", HIT), (".py", HIT), ("D.PY", HIT)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), folder.path().join("linked")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("x.py"), folder.path().join("e.py")).unwrap();
    let mut options = options(folder.path());
    options.selection = Selection::All;
    let scan = scan(&options).unwrap();
    assert_eq!(keys(&scan), [".git/a.py", ".py", "b.py", "b.py/c.py", "e.py"]);
    let failure = scan.reports[2].outcome.as_ref().unwrap_err();
    assert_eq!(failure.exception, "IsADirectoryError");
    drop(outside);
}

#[test]
fn a_named_file_is_taken_whatever_its_name_and_each_file_once() {
    let folder = tree(&[("a.txt", HIT), ("src/b.py", HIT), (".gitignore", "src\n")]);
    let mut options = options(folder.path());
    options.paths = vec!["a.txt".into(), "src".into(), "./src/b.py".into(), "src/../src/b.py".into(), "src/..".into()];
    assert_eq!(keys(&scan(&options).unwrap()), ["a.txt", "src/b.py"]);
    options.root = folder.path().join("src");
    options.paths = vec!["../a.txt".into()];
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(keys(&scan(&options).unwrap()), [root.join("a.txt").to_str().unwrap()]);
}

#[test]
fn exclude_patterns_are_relative_to_the_root() {
    let folder = tree(&[("a/x.py", HIT), ("b/x.py", HIT), ("b/c/x.py", HIT)]);
    for selection in [Selection::All, Selection::Ignore] {
        let mut options = options(folder.path());
        options.selection = selection;
        options.exclude = vec!["/a/".into(), "b/c/*.py".into()];
        assert_eq!(keys(&scan(&options).unwrap()), ["b/x.py"]);
    }
}

#[test]
fn a_missing_path_and_a_bad_pattern_are_errors_that_name_them() {
    let folder = tree(&[("a.py", HIT)]);
    let mut missing = options(folder.path());
    missing.paths = vec!["nowhere".into()];
    let error = scan(&missing).unwrap_err();
    assert!(matches!(error, Error::Path { .. }));
    assert_eq!(error.to_string(), "path `nowhere` does not exist");
    let mut bad = options(folder.path());
    bad.exclude = vec!["a[".into()];
    let message = "exclude pattern `a[` is not a valid glob: unclosed character class; missing ']'";
    assert_eq!(scan(&bad).unwrap_err().to_string(), message);
}

#[test]
fn files_come_in_the_order_of_their_keys_with_any_number_of_threads() {
    let folder = tree(&[]);
    for index in 0..300 {
        write(folder.path(), &format!("{:03}.py", (index * 7) % 300), HIT);
    }
    for threads in [1, 2, 7] {
        let mut options = options(folder.path());
        options.threads = Some(threads);
        let keys = keys(&scan(&options).unwrap());
        assert_eq!(keys.len(), 300);
        assert!(keys.is_sorted());
    }
}
