//! Questions about a tree, each with the answer that it must get.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rev_accel_core::{
    CacheOptions, Cancel, DropInText, Grammar, LineFormat, Memory, Options, RuleSet, Selection, Stats, Verify,
    recall_drop_in, recall_scan, scan, scan_drop_in, scan_lines,
};

use super::clock;
use super::contents::Contents;
use super::tree::Tree;
use super::{Result, walk};
use crate::random::Random;

const ALL: u8 = 63;

/// As the extension module has it: up to so many stamps, what is remembered is tried first.
const FEW_STAMPS: usize = 600;

/// Sets of rules that are asked for besides all.
const FEW: [u8; 2] = [0b1, 0b10_0110];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    DropIn,
    Scan,
    ScanAll,
    Lines,
    /// One file by name, which is analysed whatever ignores it.
    OneFile,
}

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    form: Form,
    rules: u8,
    verify: Verify,
    /// Another limit makes it another tree to the cache, with the same contents.
    max_bytes: u64,
    is_cached: bool,
    threads: usize,
}

impl Question {
    /// What most calls are.
    pub(super) fn main(random: &mut Random) -> Self {
        Self::of([Form::DropIn, Form::DropIn, Form::Scan, Form::Scan, Form::ScanAll][random.below(5)], random)
    }

    /// Some question.
    pub(super) fn any(random: &mut Random) -> Self {
        let rules = FEW[random.below(FEW.len())];
        let (name, form) = match random.below(100) {
            0..40 => return Self::of(Form::DropIn, random),
            40..70 => return Self::of(Form::Scan, random),
            70..80 => return Self::of(Form::ScanAll, random),
            80..83 => return Self::of(Form::Lines, random),
            83..86 => return Self::of(Form::OneFile, random),
            86..90 => return Self { name: "drop-in, few rules", rules, ..Self::of(Form::DropIn, random) },
            90..94 => return Self { name: "scan, few rules", rules, ..Self::of(Form::Scan, random) },
            94..97 => {
                return Self { name: "scan, contents", verify: Verify::Always, ..Self::of(Form::Scan, random) };
            }
            97 => ("drop-in, no cache", Form::DropIn),
            98 => ("scan, no cache", Form::Scan),
            _ => {
                let max_bytes = (1 << 20) + random.below(8) as u64;
                return Self { name: "scan, another limit", max_bytes, ..Self::of(Form::Scan, random) };
            }
        };
        Self { name, is_cached: false, ..Self::of(form, random) }
    }

    fn of(form: Form, random: &mut Random) -> Self {
        let name = match form {
            Form::DropIn => "drop-in",
            Form::Scan => "scan",
            Form::ScanAll => "scan of all",
            Form::Lines => "lines",
            Form::OneFile => "one file",
        };
        // Threads cost more than they bring on trees so small, but more of the code is used with them.
        let threads = if random.below(8) == 0 { 2 } else { 1 };
        Self { name, form, rules: ALL, verify: Verify::Stamp, max_bytes: 1 << 24, is_cached: true, threads }
    }

    /// The same without a cache.
    pub(super) fn uncached(&self) -> Self {
        Self { is_cached: false, ..self.clone() }
    }
}

/// Where what is known of a tree is kept.
pub(super) struct Kept<'a> {
    pub(super) folder: &'a Path,
    pub(super) memory: Option<&'static Memory>,
}

/// What was said, what should have been, and how it came about.
pub(super) struct Answer {
    pub(super) said: String,
    pub(super) right: String,
    pub(super) stats: Stats,
}

/// Asks, and finds out what the answer must be.
pub(super) fn ask(
    question: &Question,
    tree: &Tree,
    kept: &Kept<'_>,
    contents: &mut Contents,
    random: &mut Random,
) -> Result<Answer> {
    let cache = question.is_cached.then(|| CacheOptions {
        folder: Some(kept.folder.to_owned()),
        memory: kept.memory,
        verify: question.verify,
        clock: clock::shifted,
        ..CacheOptions::new("harness 3.11")
    });
    let whole = |root: &Path, path: PathBuf, selection| Options {
        rules: RuleSet::from_bits(question.rules),
        selection,
        max_bytes: question.max_bytes,
        threads: Some(question.threads),
        cache: cache.clone(),
        ..Options::new(root, [path])
    };
    let (root, here) = (tree.root.as_path(), PathBuf::from("."));
    match question.form {
        Form::DropIn => {
            let options = whole(root, root.to_owned(), Selection::All);
            let mut made = Vec::new();
            let answer = match recall_drop_in(&options, None, "", FEW_STAMPS) {
                Some(answer) => answer,
                None => scan_drop_in(&options, None, "", &Grammar::default(), &Cancel::new(), &mut |text| {
                    made.clone_from(&text);
                })?,
            };
            let said = match answer.text {
                Some(DropInText::Kept(text)) => text.bytes().to_vec(),
                Some(DropInText::Made(Some(slot))) => {
                    slot.keep(Arc::new(made.clone()));
                    made
                }
                Some(DropInText::Made(None)) => made,
                None => Vec::new(),
            };
            let files = walk::all(root);
            let right = if files.is_empty() { String::new() } else { contents.object(&files, question.rules)? };
            Ok(Answer { said: String::from_utf8(said)?, right, stats: answer.stats })
        }
        Form::Scan => {
            let (said, stats) = object(&whole(root, here, Selection::Ignore))?;
            let right = contents.object(&walk::unignored(root, &tree.holder), question.rules)?;
            Ok(Answer { said, right, stats })
        }
        Form::ScanAll => {
            let (said, stats) = object(&whole(root, here, Selection::All))?;
            Ok(Answer { said, right: contents.object(&walk::all(root), question.rules)?, stats })
        }
        Form::OneFile => {
            let Some(path) = tree.existing_file(random) else {
                return ask(&Question { form: Form::Scan, ..question.clone() }, tree, kept, contents, random);
            };
            let key = path.strip_prefix(&tree.holder)?.to_string_lossy().into_owned();
            let options = whole(&tree.holder, path.clone(), Selection::Ignore);
            let (said, stats) = object(&options)?;
            Ok(Answer { said, right: contents.object(&[(key, walk::read(&path))], question.rules)?, stats })
        }
        Form::Lines => {
            let options = whole(root, here, Selection::Ignore);
            let (said, stats) = lines(&options)?;
            let (right, _) = lines(&Options { cache: None, ..options })?;
            Ok(Answer { said, right, stats })
        }
    }
}

fn object(options: &Options) -> Result<(String, Stats)> {
    let scan = match recall_scan(options, FEW_STAMPS) {
        Some(scan) => scan,
        None => scan(options, &Grammar::default(), &Cancel::new(), &|_, _| {})?,
    };
    let mut said = String::from_utf8(scan.to_drop_in_json())?;
    for report in &scan.unlisted {
        let _ = write!(said, "\nnot listed: {:?}", report.key);
    }
    Ok((said, scan.stats))
}

fn lines(options: &Options) -> Result<(String, Stats)> {
    let mut text = Vec::new();
    let write = |piece: &[u8]| {
        text.extend_from_slice(piece);
        true
    };
    let grammar = Grammar::default();
    let stats = scan_lines(options, LineFormat::JsonLines, &grammar, &Cancel::new(), &|_, _| {}, write)?;
    Ok((String::from_utf8(text)?, stats))
}
