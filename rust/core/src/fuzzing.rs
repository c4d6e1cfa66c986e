//! Doors for `rust/harness` and `rust/fuzz` to what is not reachable otherwise: a scan without a thread of its own, which costs more
//! than the rest of it, and the readers of what lies in the cache and in repositories. No part of the interface: it may change with any
//! version.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::cache::folder::{Folder, MANIFESTS, Place};
use crate::cache::known::{Base, Known};
use crate::cache::manifest::{self, Keep, Manifest, Text, TreeKey, Writer};
use crate::cache::record;
use crate::cancel::Cancel;
pub use crate::repo::readers::{IndexFile, Setting, read_index, read_log, read_settings, read_status, without_ignored};
use crate::rules::{Finding, RuleSet};
use crate::scan::{FileReport, Scan, Stats, analyse::analyse};
use crate::symbols::{Outline, outline::outline};
use crate::syntax::Producer;
use crate::syntax::facts::Failure;
use crate::syntax::interpreter::Interpreter;
use crate::tree::device::{self, Devices};
use crate::tree::key::Key;
use crate::tree::stamp::system_clock;

/// The outcome of one file, with its texts as `S`.
pub type Outcome<S = String> = Result<Vec<Finding<S>>, Failure>;

/// What [`scan_source`](crate::scan_source) gives, on this thread, which needs the stack of a worker.
#[must_use]
pub fn scan_here(source: &[u8], key: Key, rules: RuleSet, producer: Producer, interpreter: &dyn Interpreter) -> Scan {
    let mut stats = Stats { files: 1, threads: 1, bytes: source.len() as u64, ..Stats::default() };
    let outcome = analyse(source, rules, producer, interpreter).outcome;
    stats.count(&outcome);
    Scan { reports: Arc::new(vec![Arc::new(FileReport { key, outcome })]), unlisted: Vec::new(), stats }
}

/// What [`outline_source`](crate::outline_source) gives, on this thread, which needs the stack of a worker.
#[must_use]
pub fn outline_here(source: &[u8], interpreter: &dyn Interpreter) -> Outline {
    outline(source, interpreter)
}

/// An outcome as the bytes that stores and manifests hold; `None` for one that is not kept.
#[must_use]
pub fn encode_record(outcome: &Outcome) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    record::encode(outcome, &mut bytes).then_some(bytes)
}

/// The reverse, with the findings of some rules only; `None` for bytes that are no record.
#[must_use]
pub fn decode_record<'a, S: From<&'a str>>(bytes: &'a [u8], rules: RuleSet) -> Option<Outcome<S>> {
    record::decode(bytes, rules)
}

/// A cache folder with room for one manifest, which anybody may have written.
#[derive(Debug)]
pub struct Manifests(Folder);

impl Manifests {
    /// The key of the manifest, which stands in its trailer.
    pub const KEY: [u8; 32] = [7; 32];

    /// Opens or makes a cache folder at an absolute path.
    #[must_use]
    pub fn open(place: &Path) -> Option<Self> {
        let configured = Some(place.to_owned());
        let place = Place { configured, analysed: &[], create: true, is_network: device::is_network };
        Folder::open(&place).ok().map(Self)
    }

    /// Puts these bytes in the place of the manifest, as they are.
    pub fn put(&self, bytes: &[u8]) -> io::Result<()> {
        let mut draft = self.0.create_file(&Self::name())?;
        draft.write(bytes)?;
        draft.commit()
    }

    /// Reads the manifest, with its records in memory or else one by one from the file; `None` when it is none.
    #[must_use]
    pub fn load(&self, in_memory: bool) -> Option<LoadedManifest> {
        let keep = if in_memory { Keep::Memory } else { Keep::File };
        let (base, manifest) = manifest::load(&self.0, TreeKey(Self::KEY), keep)?;
        Some(LoadedManifest { known: Known::new(base, None, 0), manifest })
    }

    /// Whether a check of the whole cache calls the manifest sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        manifest::is_sound(&self.0, &Self::name())
    }

    fn name() -> String {
        format!("{MANIFESTS}/{}", &blake3::Hash::from_bytes(Self::KEY).to_hex()[..40])
    }
}

/// What was read of a manifest.
#[derive(Debug)]
pub struct LoadedManifest {
    known: Known,
    manifest: Manifest,
}

impl LoadedManifest {
    /// The number of files.
    #[must_use]
    pub fn files(&self) -> usize {
        self.known.len()
    }

    /// The record of each file; `None` for one that is damaged.
    #[must_use]
    pub fn records(&self) -> Vec<Option<Vec<u8>>> {
        let mut buffer = Vec::new();
        let record = |index| self.known.record(index as u32, &mut buffer).map(<[u8]>::to_vec);
        (0..self.known.len()).map(record).collect()
    }

    /// Whether it says that the drop-in's text is there.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.manifest.entries.is_some()
    }

    /// The drop-in's text; `None` when it is damaged.
    #[must_use]
    pub fn text(&mut self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        self.manifest.append_text(&mut text)?;
        Some(text)
    }

    /// Whether another says the same of the tree.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let (base, other_base) = (&self.known.base, &other.known.base);
        let sums =
            |base: &Base| -> Vec<_> { base.files.iter().map(|file| (file.digest, file.size, file.check)).collect() };
        base.snapshot == other_base.snapshot
            && sums(base) == sums(other_base)
            && self.manifest.entries == other.manifest.entries
    }

    /// Looks at the tree that it tells of, and gives how many files must be looked at again; `None` when they must be selected again.
    #[must_use]
    pub fn check(&self) -> Option<usize> {
        let snapshot = &self.known.base.snapshot;
        let check = snapshot.check(1, system_clock, &Devices::default(), &Cancel::new()).ok()?;
        (!check.reselect).then_some(check.files.len())
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.known.weight()
    }

    /// Writes it anew, with these records and this text; false when it cannot be written.
    #[must_use]
    pub fn write(&self, folder: &Manifests, records: &[Vec<u8>], text: Option<&[u8]>) -> bool {
        let key = TreeKey(Manifests::KEY);
        let entries = self.manifest.entries.as_deref();
        let text = text.zip(entries).map(|(bytes, entries)| Text { bytes, entries });
        let written = Writer::create(&folder.0, key).and_then(|mut writer| {
            records.iter().try_for_each(|record| writer.push(record))?;
            writer.finish(key, &self.known.base, text.as_ref())
        });
        written.is_ok()
    }
}
