//! Doors for `benches/` to what is not reachable otherwise. No part of the interface: it may change with any version.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::cache::folder::{Folder, MANIFESTS, Place};
use crate::cache::known::{Base, Records};
use crate::cache::manifest::{self, Keep, Manifest, Text, TreeKey, Writer};
use crate::cache::store::{ContentHash, ContentKey, Keys, Mode, Store};
use crate::cache::{CacheOptions, fork};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::scan::{Options, scan_drop_in};
use crate::syntax::interpreter::Grammar;
use crate::tree::device::{self, Devices};
use crate::tree::select::{Selection, select};
use crate::tree::snapshot::Snapshot;
use crate::tree::stamp::Stamp;
pub use crate::tree::stamp::{Clock, system_clock};

/// A tree that was selected and stamped.
#[derive(Debug)]
pub struct KnownTree(Snapshot);

impl KnownTree {
    /// Selects below `root` without exclusions.
    pub fn new(root: &Path, selection: Selection, clock: Clock) -> Result<Self> {
        let devices = Devices::default();
        let watch = Some((&devices, clock));
        let selected = select(root, &[root.to_owned()], selection, &[], watch, &Cancel::new())?;
        let mut snapshot = selected.watch.unwrap_or_default();
        let stamp = |path: &Path| fs::metadata(path).map_or(Stamp::UNKNOWN, |metadata| Stamp::of(&metadata));
        let stamp = |path| stamp(path).if_settled(clock());
        snapshot.set_files(selected.files.iter().map(|(_, path)| (path.as_path(), stamp(path.as_path()))));
        Ok(Self(snapshot))
    }

    /// Paths that a check looks at.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.0.watched.len() + self.0.folders.len() + self.0.files.len()
    }

    /// Whether nothing changed.
    pub fn check(&self, threads: usize, clock: Clock) -> Result<bool> {
        let check = self.0.check(threads, clock, &Devices::default(), &Cancel::new())?;
        Ok(!check.reselect && check.files.is_empty() && check.folders.is_empty())
    }

    /// The floor: a bare look at the same paths by the same number of threads. Gives how many there are still.
    #[must_use]
    pub fn look(&self, threads: usize) -> usize {
        const CHUNK: usize = 64;
        let snapshot = &self.0;
        let lists = [(&snapshot.watched_paths, true), (&snapshot.folder_paths, false), (&snapshot.file_paths, true)];
        let look = |path: &Path, follow| if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            let mut there = 0;
            loop {
                let mut start = next.fetch_add(CHUNK, Ordering::Relaxed);
                let mut left = CHUNK;
                for (paths, follow) in lists {
                    for index in start..paths.len().min(start + left) {
                        there += usize::from(look(paths.get(index), follow).is_ok());
                        left -= 1;
                    }
                    start = start.saturating_sub(paths.len());
                }
                if left == CHUNK {
                    found.fetch_add(there, Ordering::Relaxed);
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        found.into_inner()
    }
}

/// Selects below `root` without exclusions, and notes what that depended on if `watched`. Gives how many files there are.
pub fn selected(root: &Path, selection: Selection, watched: bool) -> Result<usize> {
    let devices = Devices::default();
    let watch = watched.then_some((&devices, system_clock as Clock));
    Ok(select(root, &[root.to_owned()], selection, &[], watch, &Cancel::new())?.files.len())
}

/// The number of a folder's entries that decide a selection.
pub fn listing(folder: &Path) -> std::io::Result<u128> {
    crate::tree::listing::listing(folder)
}

/// Whether a stamp survives its bytes.
#[must_use]
pub fn stamp_through_bytes(metadata: &fs::Metadata) -> bool {
    let stamp = Stamp::of(metadata);
    stamp.is_again(&Stamp::from_bytes(&std::hint::black_box(stamp.to_bytes())))
}

/// A cache of its own that knows one tree.
#[derive(Debug)]
pub struct KnownCache {
    folder: Folder,
    key: TreeKey,
    base: Base,
    text: Vec<u8>,
    manifest: Manifest,
    rows: Vec<(ContentKey, Vec<u8>)>,
}

impl KnownCache {
    /// Scans below `root` with a cache at `place`, an absolute path; `None` when there is nothing to be measured then.
    #[must_use]
    pub fn new(root: &Path, place: &Path) -> Option<Self> {
        let cache = CacheOptions { folder: Some(place.to_owned()), ..CacheOptions::new("measured") };
        let options =
            Options { cache: Some(cache), selection: Selection::All, ..Options::new(root, [root.to_owned()]) };
        scan_drop_in(&options, None, "", &Grammar::default(), &Cancel::new(), &mut |_| {}).ok()?;
        let configured = Some(place.to_owned());
        let place = Place { configured, analysed: &[], create: true, is_network: device::is_network };
        let folder = Folder::open(&place).ok()?;
        let (name, ..) = folder.files(MANIFESTS).ok()?.pop()?;
        let key = manifest::key_of(&folder, &name)?;
        let (base, mut manifest) = manifest::load(&folder, key, Keep::Memory)?;
        let mut text = Vec::new();
        manifest.append_text(&mut text)?;
        let keys = Keys::new("measured");
        let row = |number: u32| (keys.key(&ContentHash::of(&number.to_le_bytes())), vec![number as u8; 160]);
        let rows = (0..10_000).map(row).collect();
        Some(Self { folder, key, base, text, manifest, rows })
    }

    /// Whether the manifest, with its text, could be read.
    #[must_use]
    pub fn load(&self) -> bool {
        let loaded = manifest::load(&self.folder, self.key, Keep::Memory);
        loaded.is_some_and(|(_, mut manifest)| manifest.append_text(&mut Vec::new()).is_some())
    }

    /// Whether the manifest could be written.
    #[must_use]
    pub fn write(&self) -> bool {
        let Records::Bytes(records) = &self.base.records else { return false };
        let Some(entries) = &self.manifest.entries else { return false };
        let text = Text { bytes: &self.text, entries };
        let written = Writer::create(&self.folder, self.key).and_then(|mut writer| {
            writer.push(records)?;
            writer.finish(self.key, &self.base, Some(&text))
        });
        written.is_ok()
    }

    /// Opens the content store, puts so many values of 160 bytes and ends the use of it.
    #[must_use]
    pub fn put(&self, values: usize) -> bool {
        let Some(_in_use) = fork::enter() else { return false };
        let store = Store::open(&self.folder, Mode::Write, &Cancel::new());
        store.is_ok_and(|mut store| {
            store.put_many(&self.rows[..values.min(self.rows.len())], &Cancel::new())
                && store.finish(u64::MAX, &Cancel::new())
        })
    }

    /// Opens the content store and looks so many keys up; gives how many were there.
    #[must_use]
    pub fn get(&self, values: usize) -> usize {
        let Some(_in_use) = fork::enter() else { return 0 };
        let Ok(mut store) = Store::open(&self.folder, Mode::Read, &Cancel::new()) else { return 0 };
        let rows = self.rows.iter().take(values);
        rows.filter(|(key, _)| store.get_with(key, |value| Some(value.len())).is_some()).count()
    }
}
