//! Whole calls with a cache, beside the same without one.

mod damage;
mod faults;
mod model;
mod threads;
mod upkeep;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::cache::{DEFAULT_MEMORY_BYTES, Memory};
use crate::cancel::Cancel;
use crate::syntax::interpreter::Grammar;
use crate::tree::stamp::{Clock, system_clock};

static NEVER: Cancel = Cancel::new();

const HOUR: i64 = 3_600_000_000_000;

/// A clock for which everything that happens now is long ago.
fn later() -> i64 {
    system_clock() + HOUR
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    DropIn,
    Scan,
    Lines,
}

const FORMS: [Form; 3] = [Form::DropIn, Form::Scan, Form::Lines];

/// What a call answers, with the figures that do not depend on how it came to them.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    text: String,
    files: usize,
    bytes: u64,
}

/// Asks, and keeps a text that can be kept. An error is a text, too.
fn ask(form: Form, options: &Options) -> (Result<Answer, String>, Stats) {
    let interpreter = Grammar::default();
    let asked = match form {
        Form::DropIn => {
            let mut made = Vec::new();
            scan_drop_in(options, None, "\n}", &interpreter, &NEVER, &mut |text| made.clone_from(&text)).map(|answer| {
                let text = match answer.text {
                    Some(DropInText::Kept(text)) => text.bytes().to_vec(),
                    Some(DropInText::Made(Some(slot))) => {
                        slot.keep(Arc::new(made.clone()));
                        made
                    }
                    Some(DropInText::Made(None)) => made,
                    None => Vec::new(),
                };
                (text, answer.stats)
            })
        }
        Form::Scan => scan(options, &interpreter, &NEVER, &|_, _| {})
            .map(|scan| (scan.to_lines(LineFormat::JsonLines), scan.stats)),
        Form::Lines => {
            let mut text = Vec::new();
            let write = |piece: &[u8]| {
                text.extend_from_slice(piece);
                true
            };
            let stats = scan_lines(options, LineFormat::JsonLines, &interpreter, &NEVER, &|_, _| {}, write);
            stats.map(|stats| (text, stats))
        }
    };
    match asked {
        Ok((text, stats)) => {
            let text = String::from_utf8(text).unwrap();
            (Ok(Answer { text, files: stats.files, bytes: stats.bytes }), stats)
        }
        Err(error) => (Err(error.to_string()), Stats::default()),
    }
}

/// What the process remembers and finds to be as it was.
fn recall(form: Form, options: &Options, most_stamps: usize) -> Option<(Answer, Stats)> {
    let (text, stats) = match form {
        Form::DropIn => {
            let DropIn { text, stats } = recall_drop_in(options, None, "\n}", most_stamps)?;
            let Some(DropInText::Kept(text)) = text else { panic!("{text:?}") };
            (text.bytes().to_vec(), stats)
        }
        Form::Scan => {
            let scan = recall_scan(options, most_stamps)?;
            (scan.to_lines(LineFormat::JsonLines), scan.stats)
        }
        Form::Lines => return None,
    };
    Some((Answer { text: String::from_utf8(text).unwrap(), files: stats.files, bytes: stats.bytes }, stats))
}

/// Asks with the cache and without, and requires the same answer; also of what is recalled, if anything is.
fn same(form: Form, options: &Options, what: impl Fn() -> String) -> Stats {
    let recalled = recall(form, options, usize::MAX);
    let (answer, stats) = ask(form, options);
    if let Some((recalled, figures)) = recalled {
        assert!(answer.as_ref() == Ok(&recalled), "recalled, {form:?}, {}", what());
        let untimed = |stats: &Stats| {
            let (select_time, analyse_time, keep_time) = Default::default();
            format!("{:?}", Stats { select_time, analyse_time, keep_time, ..stats.clone() })
        };
        assert_eq!(untimed(&figures), untimed(&stats), "{form:?}, {}", what());
    }
    let (expected, _) = ask(form, &Options { cache: None, ..options.clone() });
    assert!(answer == expected, "{form:?}, {}: {}\n{stats:?}", what(), difference(&answer, &expected));
    stats
}

/// Where two answers differ, for people.
fn difference(one: &Result<Answer, String>, other: &Result<Answer, String>) -> String {
    let (Ok(one), Ok(other)) = (one, other) else { return format!("{one:?}, not {other:?}") };
    let mut lines = one.text.lines().zip(other.text.lines()).skip_while(|(one, other)| one == other);
    let figures = |answer: &Answer| (answer.files, answer.bytes, answer.text.len());
    format!("{:?}, not {:?}, from {:?} on", figures(one), figures(other), lines.next())
}

fn new_memory() -> &'static Memory {
    Box::leak(Box::new(Memory::new(DEFAULT_MEMORY_BYTES)))
}

/// A tree and a folder for a cache side by side, in memory where that can be had: nothing here waits for a disk.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self::on("/dev/shm")
    }

    /// On this file system, if it is there.
    fn on(file_system: &str) -> Self {
        let folder = tempfile::tempdir_in(file_system).or_else(|_| tempfile::tempdir()).unwrap();
        let place = Self { folder };
        fs::create_dir(place.tree()).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn tree(&self) -> PathBuf {
        self.path().join("tree")
    }

    fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.tree().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The whole tree, with the cache.
    fn options(&self, memory: Option<&'static Memory>, clock: Clock) -> Options {
        let cache = CacheOptions { folder: Some(self.cache()), memory, clock, ..CacheOptions::new("test 3.11") };
        let tree = self.tree();
        Options {
            cache: Some(cache),
            selection: Selection::All,
            threads: Some(2),
            ..Options::new(tree.clone(), [tree])
        }
    }

    /// Waits until what is changed now gets another time than what was changed before.
    fn tick(&self) {
        let probe = self.path().join("probe");
        let changed = || {
            fs::write(&probe, "").unwrap();
            let metadata = probe.metadata().unwrap();
            (metadata.ctime(), metadata.ctime_nsec())
        };
        let before = changed();
        while changed() == before {
            std::thread::yield_now();
        }
    }
}

/// A text with something to say for each rule.
fn text(number: usize) -> String {
    format!("def f{number}(a, b, c, d, e, g):\n    global x{number}  # TODO {number}\n    print(eval('1'))\n")
}

fn manifests(cache: &Path) -> Vec<PathBuf> {
    files(&cache.join("v1/manifests"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}
