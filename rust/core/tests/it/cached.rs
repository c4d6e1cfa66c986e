//! Answers with a cache equal those without, whatever changed in between.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rev_accel_core::{
    CacheOptions, Cancel, DEFAULT_MEMORY_BYTES, DropInText, Grammar, LineFormat, Memory, Options, Selection, Stats,
    Verify, scan_drop_in, scan_lines,
};
use tempfile::TempDir;

use crate::tree::{drop_in, options, scan, tree, write};

/// A cache folder of its own, and a memory as of one process.
struct Cache {
    folder: TempDir,
}

impl Cache {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// The options of a process that remembers.
    fn options(&self, root: &Path, memory: Option<&'static Memory>) -> Options {
        let cache = CacheOptions { folder: Some(self.place()), memory, ..CacheOptions::new("test 3.11") };
        Options { cache: Some(cache), selection: Selection::All, ..options(root) }
    }

    fn place(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }
}

fn new_memory() -> &'static Memory {
    Box::leak(Box::new(Memory::new(DEFAULT_MEMORY_BYTES)))
}

/// The text, whether it is the very one that was kept, and the figures.
fn ask(options: &Options) -> (Vec<u8>, bool, Stats) {
    let mut made = Vec::new();
    let answer =
        scan_drop_in(options, None, "\n}", &Grammar::default(), &Cancel::new(), &mut |text| made.clone_from(&text))
            .unwrap();
    match answer.text.unwrap() {
        DropInText::Kept(text) => (text.bytes().to_vec(), true, answer.stats),
        DropInText::Made(slot) => {
            if let Some(slot) = slot {
                slot.keep(Arc::new(made.clone()));
            }
            (made, false, answer.stats)
        }
    }
}

fn fresh(root: &Path) -> Vec<u8> {
    let options = Options { selection: Selection::All, ..options(root) };
    let mut text = drop_in(&options).unwrap();
    text.extend_from_slice(b"\n}");
    text
}

fn lines(options: &Options) -> Vec<u8> {
    let mut output = Vec::new();
    let write = |piece: &[u8]| {
        output.extend_from_slice(piece);
        true
    };
    scan_lines(options, LineFormat::JsonLines, &Grammar::default(), &Cancel::new(), &|_, _| {}, write).unwrap();
    output
}

/// Makes a file look as if it had been written long ago, as far as anybody can.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(2600));
}

fn sample() -> TempDir {
    let files: Vec<_> = (0..40).map(|number| (format!("p{}/m{number}.py", number % 5), text(number))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = tree(&files);
    write(folder.path(), "broken.py", "def (");
    write(folder.path(), "silent.py", "x = 1\n");
    fs::write(folder.path().join("latin.py"), b"\xff").unwrap();
    folder
}

fn text(number: usize) -> String {
    format!("def f{number}(a, b, c, d, e, g):\n    global x{number}  # TODO {number}\n    print(eval('1'))\n")
}

#[test]
fn an_unchanged_tree_is_answered_from_memory_and_from_the_manifest() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let options = cache.options(folder.path(), Some(memory));
    let expected = fresh(folder.path());
    let (text, kept, stats) = ask(&options);
    assert_eq!((text, kept, stats.parsed, stats.memory, stats.manifest), (expected.clone(), false, 42, 0, 0));
    let (text, kept, stats) = ask(&options);
    assert_eq!((text, kept, stats.parsed, stats.memory), (expected.clone(), true, 0, 43));
    let next_process = cache.options(folder.path(), Some(new_memory()));
    let (text, kept, stats) = ask(&next_process);
    assert_eq!((text, kept, stats.parsed, stats.manifest), (expected.clone(), false, 0, 43));
    let (text, kept, _) = ask(&next_process);
    assert_eq!((text, kept), (expected, true));
}

#[test]
fn a_change_costs_the_changed_files() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let options = cache.options(folder.path(), Some(memory));
    ask(&options);
    write(folder.path(), "p1/m1.py", "print(1)\n");
    write(folder.path(), "p2/m2.py", "");
    for options in [&options, &cache.options(folder.path(), None)] {
        let (text, kept, stats) = ask(options);
        assert_eq!((text, kept, stats.parsed), (fresh(folder.path()), false, 2));
    }
    let (_, kept, stats) = ask(&options);
    assert_eq!((kept, stats.parsed, stats.recent), (true, 0, 2));
}

#[test]
fn other_bytes_with_the_same_findings_are_analysed_once() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let options = cache.options(folder.path(), Some(memory));
    ask(&options);
    write(folder.path(), "silent.py", "x = 22\n");
    let parsed: Vec<_> = (0..3).map(|_| ask(&options).2).map(|stats| (stats.parsed, stats.recent)).collect();
    assert_eq!(parsed, [(1, 0), (0, 1), (0, 1)]);
}

#[test]
fn files_that_come_and_go_are_seen() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let options = cache.options(folder.path(), Some(memory));
    ask(&options);
    write(folder.path(), "p1/a_new.py", "print(1)\n");
    write(folder.path(), "another/new.py", "print(1)\n");
    fs::remove_file(folder.path().join("p3/m8.py")).unwrap();
    fs::rename(folder.path().join("p4/m9.py"), folder.path().join("p0/m9.py")).unwrap();
    for options in [&options, &cache.options(folder.path(), None)] {
        assert_eq!(ask(options).0, fresh(folder.path()));
    }
    fs::remove_dir_all(folder.path().join("p0")).unwrap();
    assert_eq!(ask(&options).0, fresh(folder.path()));
}

#[test]
fn the_same_content_elsewhere_is_not_parsed_again() {
    let (folder, other, cache) = (sample(), sample(), Cache::new());
    ask(&cache.options(folder.path(), None));
    let (text, _, stats) = ask(&cache.options(other.path(), None));
    // A file that is not UTF-8 is known, too.
    assert_eq!((text, stats.parsed, stats.store), (fresh(other.path()), 0, 43));
}

#[test]
fn reports_and_lines_are_the_same_with_a_cache() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    let plain = Options { selection: Selection::All, ..options(folder.path()) };
    for round in 0..4 {
        if round == 2 {
            write(folder.path(), "p1/m1.py", "print(1)\n");
            write(folder.path(), "p1/m0.py", "print(1)\n");
        }
        let (expected, expected_lines) = (scan(&plain).unwrap(), lines(&plain));
        for memory in [Some(memory), None] {
            let options = cache.options(folder.path(), memory);
            let ours = scan(&options).unwrap();
            assert_eq!(
                ours.to_lines(LineFormat::Text { color: false }),
                expected.to_lines(LineFormat::Text { color: false })
            );
            assert_eq!((ours.stats.by_rule, ours.stats.errors), (expected.stats.by_rule, expected.stats.errors));
            assert_eq!((ours.stats.files, ours.stats.bytes), (expected.stats.files, expected.stats.bytes));
            assert_eq!(lines(&options), expected_lines);
        }
    }
}

#[test]
fn content_is_read_again_when_that_is_asked_for() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let mut options = cache.options(folder.path(), Some(memory));
    ask(&options);
    options.cache.as_mut().unwrap().verify = Verify::Always;
    let (_, kept, stats) = ask(&options);
    assert_eq!((kept, stats.memory, stats.recent), (true, 0, 43));
}

#[test]
fn a_clock_that_was_put_back_is_not_trusted() {
    let (folder, cache, memory) = (sample(), Cache::new(), new_memory());
    settle();
    let mut options = cache.options(folder.path(), Some(memory));
    ask(&options);
    options.cache.as_mut().unwrap().clock = || 1_000_000_000_000_000_000;
    let (_, kept, stats) = ask(&options);
    assert_eq!((kept, stats.memory, stats.recent), (true, 0, 43));
}
