//! Tests of the parts that read bytes, on bytes of all kinds. The whole is tested against git from Python, in `tests/repo`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::config::{Config, expand};
use super::index::Index;
use super::layout::Tree;
use super::notes::Notes;
use super::process::{Fault, run_all};
use super::program::Blanks;
use super::{Environment, parse};
use crate::cancel::Cancel;
use crate::tree::stamp::system_clock;

/// An index with these names and modes, as git writes it.
fn index(version: u32, entries: &[(&str, u32)], extensions: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"DIRC".to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend((entries.len() as u32).to_be_bytes());
    let mut before = "";
    for (name, mode) in entries {
        let start = bytes.len();
        bytes.extend([7; 24]);
        bytes.extend(mode.to_be_bytes());
        bytes.extend([7; 12 + 20]);
        let extended = version == 3;
        bytes.extend((name.len().min(0xfff) as u16 | if extended { 0x4000 } else { 0 }).to_be_bytes());
        if extended {
            bytes.extend([0, 0]);
        }
        if version == 4 {
            let shared = before.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
            assert!(before.len() - shared < 128);
            bytes.push((before.len() - shared) as u8);
            bytes.extend(&name.as_bytes()[shared..]);
            bytes.push(0);
            before = name;
        } else {
            bytes.extend(name.as_bytes());
            let length = bytes.len() - start;
            bytes.resize(start + (length + 8) / 8 * 8, 0);
        }
    }
    for (kind, content) in extensions {
        bytes.extend(*kind);
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(*content);
    }
    bytes.extend([9; 20]);
    bytes
}

fn read(bytes: &[u8]) -> Option<Index> {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("index"), bytes).unwrap();
    Index::read(&tree(folder.path()), &Cancel::new())
}

/// A working tree that is kept in this folder.
fn tree(own: &Path) -> Tree {
    Tree {
        top: "/top".into(),
        own: own.to_owned(),
        common: own.to_owned(),
        index: own.join("index"),
        objects: own.join("objects"),
        hash: 20,
        has_loose_references: true,
    }
}

const FILE: u32 = 0o100_644;
const ENTRIES: [(&str, u32); 5] =
    [("a", FILE), ("folder/b", FILE), ("folder/deep/c", FILE), ("folder/deeper/c", 0o120_000), ("longer", FILE)];

#[test]
fn all_versions_of_an_index_give_its_paths() {
    for version in 2..=4 {
        let found = read(&index(version, &ENTRIES, &[(b"TREE", b"x"), (b"EOIE", b"")])).unwrap();
        let paths: Vec<_> = found.tracked.iter().map(Path::to_owned).collect();
        assert_eq!(paths, ENTRIES.map(|(name, _)| Path::new("/top").join(name)), "version {version}");
        assert!(!found.is_unusual && !found.has_untracked_cache && found.submodules.is_empty());
        assert!(found.holds(Path::new("/top/folder/b")) && !found.holds(Path::new("/top/folder")));
        assert!(found.holds_below(Path::new("/top/folder/deep")) && !found.holds_below(Path::new("/top/fold")));
    }
    let names: Vec<_> = (0..300).map(|length| format!("{}{length}", "n".repeat(length % 120))).collect();
    let mut entries: Vec<_> = names.iter().map(|name| (name.as_str(), FILE)).collect();
    entries.sort_unstable();
    for version in 2..=4 {
        assert_eq!(read(&index(version, &entries, &[])).unwrap().tracked.len(), entries.len());
    }
}

#[test]
fn what_an_index_holds_besides_files_is_seen() {
    let found = read(&index(2, &[("a", FILE), ("sub", 0o160_000)], &[(b"UNTR", b"x")])).unwrap();
    assert_eq!(found.submodules, [PathBuf::from("sub")]);
    assert!(found.has_untracked_cache);
    let found = read(&index(2, &[("a-b", FILE), ("a/", 0o040_000)], &[(b"sdir", b"")])).unwrap();
    assert_eq!(found.tracked.iter().collect::<Vec<_>>(), [Path::new("/top/a"), Path::new("/top/a-b")]);
    assert_eq!(found.folders, [PathBuf::from("a")]);
    assert!(!found.is_unusual);
    assert!(read(&index(2, &[("a", FILE)], &[(b"abcd", b"")])).unwrap().is_unusual);
    // The same path in several stages of a conflict.
    assert_eq!(read(&index(2, &[("a", FILE), ("a", FILE), ("b", FILE)], &[])).unwrap().tracked.len(), 2);
}

#[test]
fn the_paths_of_both_parts_of_a_split_index_count() {
    let folder = tempfile::TempDir::new().unwrap();
    let base = [0xab_u8; 20];
    let link: Vec<u8> = base.into_iter().chain([0; 8]).collect();
    fs::write(
        folder.path().join("index"),
        index(2, &[("", FILE), ("", 0o160_000), ("new", FILE)], &[(b"link", &link)]),
    )
    .unwrap();
    let read = || Index::read(&tree(folder.path()), &Cancel::new());
    assert!(read().is_none(), "the shared part is missing");
    let shared = folder.path().join(format!("sharedindex.{}", "ab".repeat(20)));
    fs::write(&shared, index(2, &[("old", FILE)], &[])).unwrap();
    let found = read().unwrap();
    assert_eq!(found.tracked.iter().collect::<Vec<_>>(), [Path::new("/top/new"), Path::new("/top/old")]);
    assert!(found.submodules.is_empty() && found.may_have_more, "one has no name");
    assert_eq!(found.shared, Some(shared));
    // Git looks for it in the repository, wherever the index is.
    let elsewhere = tempfile::TempDir::new().unwrap();
    let moved = Tree { own: elsewhere.path().to_owned(), ..tree(folder.path()) };
    assert!(Index::read(&moved, &Cancel::new()).is_none());
}

#[test]
fn an_index_that_git_could_read_in_another_way_is_refused() {
    let long = "n".repeat(5000);
    for version in 2..=4 {
        let whole = index(version, &[("name", FILE), (&long, FILE)], &[]);
        assert_eq!(read(&whole).unwrap().tracked.len(), 2, "version {version}");
        let flags = 12 + 60;
        assert_eq!(whole[flags + 1], 4);
        for length in [0, 3, 5, 0xff] {
            let mut other = whole.clone();
            other[flags + 1] = length;
            assert!(read(&other).is_none(), "version {version}: the name is not as long as it is said to be");
        }
        let mut other = whole.clone();
        other[flags] |= 0x40;
        assert!(version > 2 || read(&other).is_none(), "the second version has no more flags");
    }
}

#[cfg(unix)]
#[test]
fn a_path_is_followed_link_by_link() {
    use super::links::{Way, follow};
    use std::os::unix::fs::symlink;
    let folder = tempfile::TempDir::new().unwrap();
    let top = folder.path().canonicalize().unwrap();
    fs::create_dir_all(top.join("a/b")).unwrap();
    symlink("../a/./b", top.join("a/to_b")).unwrap();
    symlink(top.join("a/to_b"), top.join("twice")).unwrap();
    symlink("loop", top.join("loop")).unwrap();
    let way = |links: &[&str], end: &str, missing: Option<&str>| Way {
        links: links.iter().map(|link| top.join(link)).collect(),
        end: top.join(end),
        missing: missing.map(|missing| top.join(missing)),
    };
    assert_eq!(follow(&top.join("a/b")), Ok(way(&[], "a/b", None)));
    assert_eq!(follow(&top.join("twice/x/y")), Ok(way(&["twice", "a/to_b"], "a/b/x/y", Some("a/b/x"))));
    assert_eq!(follow(&top.join("a/to_b/../b")), Ok(way(&["a/to_b"], "a/b", None)));
    assert!(follow(&top.join("loop")).is_err());
    assert_eq!(follow(&top.join("twice/..")).unwrap().end, top.join("twice/..").canonicalize().unwrap());
}

#[cfg(unix)]
#[test]
fn only_files_are_read_and_only_so_much() {
    use super::content::{start, whole};
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("file");
    let read = |path: &Path, most| whole(path, most, &Cancel::new()).map(|read| read.map(|(bytes, _)| bytes));
    assert_eq!(read(&path, 9).unwrap(), None);
    fs::write(&path, "123456789").unwrap();
    assert_eq!(read(&path, 9).unwrap().unwrap(), b"123456789");
    assert!(read(&path, 8).is_err());
    assert_eq!(start(&path, 3).unwrap().unwrap(), b"123");
    assert!(read(folder.path(), 9).is_err() && start(Path::new("/dev/zero"), 3).is_err());
    // It says that it is empty and is not.
    assert!(read(Path::new("/proc/self/maps"), 9).is_err() || !Path::new("/proc/self/maps").exists());
    let cancel = Cancel::new();
    cancel.cancel();
    assert!(whole(&path, 9, &cancel).is_err());
}

#[test]
fn bytes_that_are_no_index_are_refused_and_never_a_fault() {
    assert!(Index::read(&tree(Path::new("/nowhere")), &Cancel::new()).unwrap().tracked.len() == 0);
    for version in 2..=4 {
        let whole = index(version, &ENTRIES, &[(b"TREE", b"content")]);
        for end in 0..whole.len() {
            // Without its end, or a part before it, it is one still; without a path it is not.
            let found = read(&whole[..end]);
            assert!(found.is_none_or(|found| found.tracked.len() == ENTRIES.len()), "version {version}, {end} bytes");
        }
        let mut state = 1_u32;
        for place in 0..whole.len() {
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let mut other = whole.clone();
                other[place] = (state >> 24) as u8;
                let _ = read(&other);
            }
        }
    }
    let mut huge = index(2, &[], &[]);
    huge[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(read(&huge).is_none());
    assert!(read(&index(5, &[], &[])).is_none());
}

fn setting(scope: &str, origin: &str, entry: &str) -> Vec<u8> {
    [scope, "\0", origin, "\0", entry, "\0"].concat().into_bytes()
}

#[test]
fn settings_are_read_with_where_they_come_from() {
    let list = [
        setting("system", "file:/etc/gitconfig", "filter.lfs.clean\ngit-lfs clean"),
        setting("global", "file:/home/me/.gitconfig", "core.abbrev\n7"),
        setting("local", "file:.git/config", "core.abbrev\n9"),
        setting("local", "file:.git/config", "filter.a.b=c.process\nrun\nme"),
        setting("local", "file:.git/config", "core.bare"),
        setting("worktree", "file:.git/config.worktree", "include.path\nmore"),
        setting("command", "command line:", "filter.mine.clean\nx"),
    ]
    .concat();
    let config = Config::parse(&list).unwrap();
    assert_eq!(config.last("core.abbrev"), Some(&b"9"[..]));
    assert!(config.is_on("core.bare") && !config.is_on("core.none"));
    assert_eq!(config.own_filters().into_iter().collect::<Vec<_>>(), ["a.b=c"]);
    assert!(config.has_other_filters());
    assert!(config.has_own("filter.") && !config.has_own("filter.lfs") && !config.has_own("filter.mine"));
    let environment = Environment::default();
    let files = config.files(&[Path::new("/top")], &environment).unwrap();
    for file in ["/etc/gitconfig", "/home/me/.gitconfig", "/top/.git/config", "/top/.git/more"] {
        assert!(files.contains(Path::new(file)), "{file}");
    }
    assert!(Config::parse(b"").unwrap().own_filters().is_empty());
    for garbage in [&b"x"[..], b"local\0file:x\0", b"local\0", b"\0\0"] {
        assert!(Config::parse(garbage).is_none(), "{garbage:?}");
    }
}

#[test]
fn paths_of_a_configuration_lead_where_git_goes_or_are_not_told() {
    let environment: Environment = [("HOME".into(), "/home/me".into())].into_iter().collect();
    let to = |value: &str| expand(value.as_bytes(), Path::new("/base"), &environment);
    assert_eq!(to("more"), Some("/base/more".into()));
    assert_eq!(to("/abs"), Some("/abs".into()));
    assert_eq!(to("~/x"), Some("/home/me/x".into()));
    for odd in ["~you/x", "%(prefix)/x", ":(optional)x", ""] {
        assert_eq!(to(odd), None, "{odd}");
    }
    assert_eq!(expand(b"~/x", Path::new("/base"), &Environment::default()), None);
}

#[test]
fn status_and_commits_are_read_or_refused() {
    let entries = parse::status(b" M a\0R  new\0old\0?? x y\0").unwrap();
    let codes: Vec<_> = entries.iter().map(|entry| &entry.code).collect();
    assert_eq!(codes, [b" M", b"R ", b"??"]);
    assert_eq!(entries[1].original.as_deref(), Some(&b"old"[..]));
    assert_eq!(entries[2].path, b"x y");
    assert!(parse::status(b"").unwrap().is_empty());
    for garbage in [&b" M a"[..], b"R  new\0", b"\0", b"M\0", b" Ma\0"] {
        assert!(parse::status(garbage).is_none(), "{garbage:?}");
    }
    let log = b"aa\0a\0bb cc\0Ada\0a@b\x0012\0one\0\nbb\0b\0\0Ada\0a@b\x0011\0two\0";
    let commits = parse::log(log).unwrap();
    assert_eq!(commits.len(), 2);
    assert_eq!((commits[1].id.as_str(), commits[0].parents.len(), commits[1].parents.len()), ("bb", 2, 0));
    assert!(parse::log(b"").unwrap().is_empty());
    for garbage in [&b"aa\0"[..], b"x", &log[..20]] {
        assert!(parse::log(garbage).is_none(), "{garbage:?}");
    }
}

#[test]
fn what_is_ignored_is_taken_out_of_both_forms() {
    let lines = b" M a\n!! only/\n!! x.o\n!! \"b d/\"\n!! \"d\\303\\251\\t\\\"/\"\n?? new\n";
    let (rest, folders) = parse::without_ignored(lines, b'\n');
    assert_eq!(rest, b" M a\n?? new\n");
    assert_eq!(folders, [b"only".to_vec(), b"b d".to_vec(), "dé\t\"".as_bytes().to_vec()]);
    let (rest, folders) = parse::without_ignored(b"R  new\0!! old/\0!! gone/\0C  c\0!! x/\0", 0);
    assert_eq!(rest, b"R  new\0!! old/\0C  c\0!! x/\0");
    assert_eq!(folders, [b"gone".to_vec()]);
}

#[test]
fn filters_are_blanked_up_to_a_bound() {
    assert!(Blanks::new(["a", "b=c.d"].map(OsStr::new).into_iter()).is_some());
    let long = "x".repeat(1000);
    assert!(Blanks::new(std::iter::repeat_n(OsStr::new(&long), 50)).is_none());
}

#[cfg(unix)]
#[test]
fn processes_are_run_at_once_and_ended_in_time() {
    let shell = |script: &str| {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    };
    let soon = || Instant::now() + Duration::from_secs(30);
    let cancel = Cancel::new();
    let runs =
        run_all(vec![shell("echo one; echo two >&2; exit 3"), shell("cat; head -c 300000 /dev/zero")], soon(), &cancel);
    let runs = runs.unwrap();
    assert_eq!((runs[0].code, &*runs[0].output, &*runs[0].errors), (Some(3), &b"one\n"[..], &b"two\n"[..]));
    assert_eq!((runs[1].code, runs[1].output.len()), (Some(0), 300_000));
    for script in ["exec sleep 100", "sleep 100 & sleep 100", "exec >&- 2>&-; exec sleep 100"] {
        let fault = run_all(vec![shell("true"), shell(script)], Instant::now() + Duration::from_millis(50), &cancel);
        assert!(matches!(fault, Err(Fault::TimedOut)), "{script}");
    }
    let nowhere = std::process::Command::new("/nowhere/at/all");
    assert!(matches!(run_all(vec![shell("sleep 100"), nowhere], soon(), &cancel), Err(Fault::Start(_))));
    cancel.cancel();
    assert!(matches!(run_all(vec![shell("sleep 100")], soon(), &cancel), Err(Fault::Cancelled)));
}

#[cfg(unix)]
#[test]
fn a_proof_holds_until_something_in_it_changes() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 9] = [
        ("content", |top| fs::write(top.join("file"), "longer text").unwrap()),
        ("absence", |top| fs::write(top.join("absent"), "").unwrap()),
        ("folder", |top| fs::write(top.join("folder/new"), "").unwrap()),
        ("target", |top| fs::write(top.join("target"), "other").unwrap()),
        ("link", |top| {
            fs::remove_file(top.join("link")).unwrap();
            std::os::unix::fs::symlink("file", top.join("link")).unwrap();
        }),
        ("identity", |top| {
            fs::rename(top.join("kept"), top.join("moved")).unwrap();
            fs::create_dir(top.join("kept")).unwrap();
        }),
        ("kind", |top| fs::create_dir(top.join("dangling-target")).unwrap()),
        ("removal", |top| fs::remove_file(top.join("file")).unwrap()),
        ("place", |top| {
            fs::rename(top.join("place"), top.join("moved")).unwrap();
            std::os::unix::fs::symlink("moved", top.join("place")).unwrap();
        }),
    ];
    for (name, change) in changes {
        let folder = tempfile::TempDir::new_in("/dev/shm").or_else(|_| tempfile::TempDir::new()).unwrap();
        let top = folder.path().join("top");
        for inner in ["folder", "kept", "place/inner"] {
            fs::create_dir_all(top.join(inner)).unwrap();
        }
        fs::write(top.join("file"), "text").unwrap();
        fs::write(top.join("target"), "text").unwrap();
        std::os::unix::fs::symlink("target", top.join("link")).unwrap();
        std::os::unix::fs::symlink("dangling-target", top.join("dangling")).unwrap();
        // As if all had been at rest for long.
        let mut notes = Notes::new(system_clock() + 10_000_000_000, system_clock);
        for path in ["file", "link", "absent"] {
            notes.settled_or_absent(&top.join(path)).unwrap();
        }
        notes.entry(&top.join("folder")).unwrap();
        notes.identity(&top.join("kept")).unwrap();
        notes.kind(&top.join("dangling")).unwrap();
        notes.place(&top.join("place/inner")).unwrap();
        let proof = notes.finish().unwrap();
        let later = || system_clock() + 20_000_000_000;
        let check = || proof.check(|| 2, later, &Cancel::new()).unwrap();
        assert_eq!(check(), None, "{name}");
        std::thread::sleep(Duration::from_millis(15));
        change(&top);
        assert!(check().is_some(), "{name}");
        assert!(proof.check(|| 1, || 5, &Cancel::new()).unwrap().is_some(), "the clock was put back");
    }
}

#[cfg(unix)]
#[test]
fn what_changed_just_now_proves_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "text").unwrap();
    let notes = || Notes::new(system_clock(), system_clock);
    assert!(notes().settled_or_absent(&path).is_err());
    assert!(notes().entry(&path).is_err());
    assert!(notes().told_absent(&path).is_err());
    let absent = folder.path().join("absent");
    let mut rests_on_absence = notes();
    rests_on_absence.settled_or_absent(&absent).unwrap();
    assert!(rests_on_absence.finish().is_err());
    // What git itself has told is another matter, but a later answer does not rest on what it told before.
    let mut told = notes();
    told.told_absent(&absent).unwrap();
    let proof = told.finish().unwrap();
    let later = |started| {
        let mut notes = Notes::new(started, system_clock);
        notes.all_of(&proof);
        notes.finish()
    };
    assert!(later(system_clock()).is_err(), "it may have been there for a moment");
    assert!(later(system_clock() + 10_000_000_000).is_ok());
}
