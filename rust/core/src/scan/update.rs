//! Keeps what a scan found out: in memory, in the manifest, in the content store.

use std::sync::Arc;
use std::thread;

use super::plan::{Cached, Files, Origin, Plan, Todo, tolerated};
use super::run::Done;
use crate::cache::admin::{manifest_share, shrink_manifests};
use crate::cache::known::{Base, BaseFile, Digest, Known, Learned, NO_DIGEST, Records, check_of};
use crate::cache::manifest::{Text, Writer};
use crate::cache::store::{ContentKey, Mode, Store};
use crate::cancel::Cancel;
use crate::tree::snapshot::Snapshot;
use crate::tree::stamp::Stamp;

/// How many contents are collected before they are put into the store.
const BATCH: usize = 1000;

/// What a scan finds out, on its way to where it is kept.
pub(crate) struct Update {
    keeping: Keeping,
    changed: bool,
    /// Files whose entry in the manifest is out of date.
    stale: usize,
    streams: bool,
    contents: Contents,
}

/// Outcomes on their way into the content store.
#[derive(Default)]
struct Contents {
    waiting: Vec<(ContentKey, Arc<[u8]>)>,
    store: Option<Store>,
    has_tried_store: bool,
}

enum Keeping {
    /// Few files: laid over what is known.
    Patches(Vec<(u32, Learned)>),
    /// All files: a new base.
    Anew(Anew),
}

struct Anew {
    stamps: Vec<Stamp>,
    files: Vec<BaseFile>,
    length: u64,
    records: Sink,
}

enum Sink {
    Memory(Vec<u8>),
    /// For a scan whose memory must not grow with the tree; `None` when it cannot be written.
    Manifest(Option<Writer>),
}

/// What is known after a scan.
pub(crate) struct Updated {
    pub(crate) known: Arc<Known>,
    /// Whether the files and all outcomes are what was known before.
    pub(crate) same: bool,
}

impl Update {
    /// `streams` is for a scan whose memory must not grow with the tree.
    pub(crate) fn new(cached: &Cached<'_>, streams: bool, wants_text: bool) -> Self {
        // What was laid over the base is not in the manifest either, whether it still holds or not.
        let stale = cached.known.as_ref().map_or(0, |known| known.patched_files().len());
        let keeping = match (&cached.todo, &cached.known) {
            (Todo::Some(files), Some(known))
                if cached.is_nearly_written(known, files) && !lacks_text(cached, wants_text) =>
            {
                Keeping::Patches(Vec::new())
            }
            _ => Keeping::Anew(Anew {
                stamps: Vec::new(),
                files: Vec::new(),
                length: 0,
                records: if streams {
                    let writer = cached.folder().and_then(|folder| Writer::create(folder, cached.tree).ok());
                    Sink::Manifest(writer)
                } else {
                    Sink::Memory(Vec::new())
                },
            }),
        };
        Self { keeping, changed: false, stale, streams, contents: Contents::default() }
    }

    /// Takes what a file brought; files come in order.
    pub(crate) fn push<T>(&mut self, cached: &Cached<'_>, done: &mut Done<T>, cancel: &Cancel) {
        let learned = done.learned.take();
        let before = cached.before(done.index).zip(cached.known.as_deref());
        self.changed |= !done.same;
        // That the file is as before, and that its stamp says nothing yet, is nothing new.
        let news = learned.as_ref().is_some_and(|learned| {
            let is_as_before = before.is_some_and(|(place, known)| known.digest(place) == learned.digest);
            !done.same || learned.stamp.is_known() || !is_as_before
        });
        self.stale += usize::from(news && !before.is_some_and(|(place, known)| known.is_patched(place)));
        if let (Some(content), Some(learned)) = (done.content.take(), &learned) {
            self.contents.waiting.push((content, Arc::clone(&learned.record)));
            // A stream shall not grow with the tree; elsewhere all is put at the end, beside the manifest.
            if self.streams && self.contents.waiting.len() >= BATCH {
                self.contents.put(cached, cancel);
            }
        }
        match &mut self.keeping {
            Keeping::Patches(patches) => patches.extend(learned.filter(|_| news).map(|news| (done.index as u32, news))),
            Keeping::Anew(anew) => {
                anew.fill(cached, done.index);
                match learned {
                    Some(learned) => anew.push(learned.stamp, learned.digest, learned.size, &learned.record),
                    None => anew.keep(cached, done.index),
                }
            }
        }
    }

    /// Whether, as far as it has come, the files and all outcomes are what was known before.
    pub(crate) fn is_same(&self, plan: &Plan<'_>) -> bool {
        let same_files = plan.cached.as_ref().is_some_and(|cached| match &cached.todo {
            Todo::Some(_) => true,
            Todo::All(selected) => selected.same_files,
        });
        same_files && !self.changed
    }

    /// Keeps it all; `text` is what a manifest that is written has of the drop-in's text.
    ///
    /// `None` when nothing is left to be remembered in this process.
    pub(crate) fn finish(self, plan: Plan<'_>, text: Option<&Text<'_>>, cancel: &Cancel) -> Option<Updated> {
        let (files, cached) = (plan.files, plan.cached?);
        let Self { keeping, changed, stale, mut contents, .. } = self;
        // The manifest and the content store do not know of each other.
        thread::scope(|scope| {
            if contents.is_used() {
                // Opened here, where it cannot be in the way of the other thread.
                let _ = cached.folder();
                let finish = || contents.finish(&cached, cancel);
                let builder = thread::Builder::new().name("rev-accel-store".to_owned());
                // Without a thread the store learns of these contents another time.
                let _ = builder.spawn_scoped(scope, finish);
            }
            keep(keeping, changed, stale, &files, &cached, text)
        })
    }
}

/// Keeps what was found out in memory and in the manifest.
fn keep(
    keeping: Keeping,
    changed: bool,
    stale: usize,
    files: &Files,
    cached: &Cached<'_>,
    text: Option<&Text<'_>>,
) -> Option<Updated> {
    let now = (cached.options.clock)();
    match (keeping, &cached.known) {
        (Keeping::Patches(patches), Some(known)) if patches.is_empty() => {
            Some(Updated { known: Arc::clone(known), same: !changed })
        }
        (Keeping::Patches(patches), Some(known)) => {
            Some(Updated { known: Arc::new(known.patched(patches, changed, now)), same: !changed })
        }
        (Keeping::Patches(_), None) => None,
        (Keeping::Anew(mut anew), _) => {
            anew.fill(cached, files.len());
            anew.finish(files, cached, changed, stale, text, now)
        }
    }
}

impl Contents {
    fn is_used(&self) -> bool {
        !self.waiting.is_empty() || self.store.is_some()
    }

    /// Puts what was collected into the content store.
    fn put(&mut self, cached: &Cached<'_>, cancel: &Cancel) {
        if !self.has_tried_store {
            self.has_tried_store = true;
            self.store = cached.folder().and_then(|folder| Store::open(folder, Mode::Write, cancel).ok());
        }
        if let Some(store) = &mut self.store {
            store.put_many(&self.waiting, cancel);
        }
        self.waiting.clear();
    }

    /// Puts the rest, and ends the use of the store.
    fn finish(&mut self, cached: &Cached<'_>, cancel: &Cancel) {
        if !self.waiting.is_empty() {
            self.put(cached, cancel);
        }
        if let Some(mut store) = self.store.take() {
            store.finish(cached.options.max_bytes, cancel);
        }
    }
}

impl Anew {
    /// Takes over the files that were not looked at, up to one.
    fn fill(&mut self, cached: &Cached<'_>, end: usize) {
        while self.files.len() < end {
            self.keep(cached, self.files.len());
        }
    }

    /// Takes over a file as it is known.
    fn keep(&mut self, cached: &Cached<'_>, index: usize) {
        let mut buffer = Vec::new();
        if let (Some(known), Some(place)) = (&cached.known, cached.before(index))
            && let Some(record) = known.record(place, &mut buffer)
        {
            self.push(known.stamp(place), known.digest(place), known.size(place), record);
        } else {
            self.push(Stamp::UNKNOWN, NO_DIGEST, 0, &[]);
        }
    }

    fn push(&mut self, stamp: Stamp, digest: Digest, size: u32, record: &[u8]) {
        let (start, length) = (self.length, record.len() as u32);
        self.length += u64::from(length);
        self.stamps.push(stamp);
        self.files.push(BaseFile { digest, size, start, length, check: check_of(record) });
        match &mut self.records {
            Sink::Memory(bytes) => bytes.extend_from_slice(record),
            Sink::Manifest(writer) => {
                if writer.as_mut().is_some_and(|writer| writer.push(record).is_err()) {
                    *writer = None;
                }
            }
        }
    }

    fn finish(
        self,
        files: &Files,
        cached: &Cached<'_>,
        changed: bool,
        stale: usize,
        text: Option<&Text<'_>>,
        now: i64,
    ) -> Option<Updated> {
        let Cached { known: before, todo, folder_stamps, .. } = cached;
        let before = before.as_deref();
        let (mut snapshot, same_files, stale_folders) = match todo {
            Todo::All(selected) => (selected.snapshot.clone(), selected.same_files, 0),
            Todo::Some(_) => {
                let mut snapshot = before?.base.snapshot.clone();
                for &(place, stamp) in folder_stamps {
                    snapshot.folders.get_mut(place as usize)?.stamp = stamp;
                }
                (snapshot, true, folder_stamps.len())
            }
        };
        // What is known made it necessary to select anew, and what was seen now would not.
        let saves_selecting = matches!(todo, Todo::All(_)) && cached.trusts_stamps() && can_be_checked(&snapshot);
        if !snapshot.set_files(files.paths().zip(self.stamps)) {
            return None;
        }
        let newest_before = before.map_or(i64::MIN, |before| before.newest);
        snapshot.newest = snapshot.newest.max(now);
        if cached.trusts_stamps() {
            snapshot.newest = snapshot.newest.max(newest_before);
        }
        // Otherwise no stamp is left from before, nor from a clock that was wrong then.
        let clock_is_back = snapshot.newest < newest_before;
        let same = same_files && !changed;
        let stale = stale + stale_folders + before.map_or(0, |before| before.unwritten);
        let is_due = !same_files
            || saves_selecting
            || clock_is_back
            || stale > tolerated(files.len())
            || lacks_text(cached, text.is_some());
        let content = before.filter(|_| same).map(|before| before.content);
        match self.records {
            Sink::Memory(bytes) => {
                let base = Base { snapshot, files: self.files, records: Records::Bytes(bytes) };
                if is_due {
                    // One that cannot be written is tried again when as much has changed once more, not at each call.
                    let _ = write(cached, &base, text);
                }
                let known = Known::new(base, content, if is_due { 0 } else { stale });
                Some(Updated { known: Arc::new(known), same })
            }
            Sink::Manifest(writer) => {
                let base = Base { snapshot, files: self.files, records: Records::Bytes(Vec::new()) };
                if let Some(writer) = writer.filter(|_| is_due) {
                    let _ = writer.finish(cached.tree, &base, text);
                    keep_few(cached);
                }
                None
            }
        }
    }
}

fn write(cached: &Cached<'_>, base: &Base, text: Option<&Text<'_>>) -> Option<()> {
    let Records::Bytes(records) = &base.records else { return None };
    let mut writer = Writer::create(cached.folder()?, cached.tree).ok()?;
    writer.push(records).ok()?;
    writer.finish(cached.tree, base, text).ok()?;
    keep_few(cached);
    Some(())
}

/// Sees to it that manifests of trees that nobody asks about any more do not fill the disk.
fn keep_few(cached: &Cached<'_>) {
    if let Some(folder) = cached.folder() {
        shrink_manifests(folder, manifest_share(cached.options.max_bytes));
    }
}

/// Whether the next look at an unchanged tree needs no selection.
fn can_be_checked(snapshot: &Snapshot) -> bool {
    let is_settled = |stamp: Option<Stamp>| stamp.is_none_or(|stamp| stamp.is_known());
    snapshot.certain
        && snapshot.folders.iter().all(|folder| folder.listing != 0)
        && snapshot.watched.iter().all(|watched| watched.kind_only || is_settled(watched.stamp))
}

/// Whether the manifest could answer in the form that is asked for, but for want of the text.
fn lacks_text(cached: &Cached<'_>, wants_text: bool) -> bool {
    let is_loaded = cached.origin == Origin::Manifest;
    wants_text && is_loaded && cached.manifest.as_ref().is_none_or(|manifest| manifest.entries.is_none())
}
