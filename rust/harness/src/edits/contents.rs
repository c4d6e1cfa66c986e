//! Source texts, and what there is to say of each, found out once, without a cache.

use std::collections::HashMap;
use std::fmt::Write as _;

use rev_accel_core::{Cancel, DEFAULT_MAX_BYTES, Grammar, Producer, RuleSet, scan_source};

use super::Result;
use crate::random::Random;

/// Bytes of every text in [`Contents::same_size`].
pub(super) const SIZE: usize = 96;

/// How many lines a finding can be moved down.
const LINES: usize = 16;

/// Each with findings of its own.
const ENDINGS: [&str; 9] = [
    "print()\n",
    "eval('1')\n",
    "exec('1')\n",
    "def f(): ...\n",
    "def g(a, b, c, d, e, f) -> None: ...\n",
    "def _(): global x\n",
    "# TODO: a\n",
    "# FIXME: b\nprint(2)\n",
    "compile('', '', 'x')\n",
];

/// What is under a name: a text, or the exception that reading it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(Vec<u8>),
    Failure(&'static str),
}

/// What there is to say of a text: its entry in the drop-in's object, from behind the key on, and how many issues it lists.
type Entry = (String, u64);

/// The texts, and the answers that are known.
pub(super) struct Contents {
    /// No two of them have the same answer.
    pub(super) same_size: Vec<Vec<u8>>,
    others: Vec<Vec<u8>>,
    known: HashMap<(u8, Vec<u8>), Entry>,
}

impl Contents {
    pub(super) fn new() -> Self {
        let padded = |lines: usize, ending: &str| {
            let mut text = "\n".repeat(lines) + ending;
            text += &"#".repeat(SIZE - 1 - text.len());
            (text + "\n").into_bytes()
        };
        let same_size = (0..LINES).flat_map(|lines| ENDINGS.map(|ending| padded(lines, ending))).collect();
        let others: [&[u8]; 9] = [
            b"",
            b"\n",
            b"value = 1\n",
            b"print(1)\nprint(1)\n",
            b"def broken(:\n",
            b"print('\xff')\n",
            b"if x:\n\ty\n        z\n",
            b"# TODO: caf\xc3\xa9\nprint(3)\n",
            &[b"value = 1\n".repeat(400), b"print(4)\n".to_vec()].concat(),
        ];
        Self { same_size, others: others.map(<[u8]>::to_vec).to_vec(), known: HashMap::new() }
    }

    /// Some text; most are of the same size.
    pub(super) fn any(&self, random: &mut Random) -> &[u8] {
        if random.below(5) > 0 {
            return &self.same_size[random.below(self.same_size.len())];
        }
        &self.others[random.below(self.others.len())]
    }

    /// A text of the same size with another answer, if there is one.
    pub(super) fn other_than(&self, before: &[u8], random: &mut Random) -> &[u8] {
        if before.len() != SIZE {
            return self.any(random);
        }
        loop {
            let text = &self.same_size[random.below(self.same_size.len())];
            if text != before {
                return text;
            }
        }
    }

    /// What there is to say of something; nothing is said of a text without findings.
    pub(super) fn entry(&mut self, node: &Node, rules: u8) -> Result<Entry> {
        let text = match node {
            Node::Failure(exception) => {
                return Ok((format!("{{\n      \"error\": \"Failed to parse: {exception}\"\n    }}"), 0));
            }
            Node::Text(text) => text,
        };
        let key = (rules, text.clone());
        if let Some(entry) = self.known.get(&key) {
            return Ok(entry.clone());
        }
        let (grammar, cancel) = (Grammar::default(), Cancel::new());
        let scan = scan_source(
            text,
            "x.py".into(),
            RuleSet::from_bits(rules),
            DEFAULT_MAX_BYTES,
            Producer::Auto,
            &grammar,
            &cancel,
        )?;
        let object = String::from_utf8(scan.to_drop_in_json())?;
        let entry = object.split_once("    \"x.py\": ").and_then(|(_, rest)| rest.rsplit_once("\n  },\n"));
        let entry = (entry.map(|(entry, _)| entry.to_owned()).unwrap_or_default(), scan.stats.findings() as u64);
        self.known.insert(key, entry.clone());
        Ok(entry)
    }

    /// What the drop-in's object must be for these files, up to the number of issues.
    pub(super) fn object(&mut self, files: &[(String, Node)], rules: u8) -> Result<String> {
        let mut entries = String::new();
        let mut issues = 0;
        for (path, node) in files {
            let (entry, count) = self.entry(node, rules)?;
            issues += count;
            if !entry.is_empty() {
                let separator = if entries.is_empty() { "\n" } else { ",\n" };
                let _ = write!(entries, "{separator}    \"{path}\": {entry}");
            }
        }
        let end = if entries.is_empty() { "" } else { "\n  " };
        let count = files.len();
        Ok(format!("{{\n  \"scanned_files\": {count},\n  \"files\": {{{entries}{end}}},\n  \"total_issues\": {issues}"))
    }
}
