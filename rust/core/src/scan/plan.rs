//! What there is to do: which files, and what is known of each.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{FileReport, Options};
use crate::cache::folder::{Folder, Place};
use crate::cache::fork::Use;
use crate::cache::known::Known;
use crate::cache::manifest::{self, Keep, Manifest, TreeKey};
use crate::cache::memory::{Answer, Form};
use crate::cache::{CacheOptions, ENGINE, Verify};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool;
use crate::syntax::Producer;
use crate::tree::device::{self, Devices};
use crate::tree::key::Key;
use crate::tree::select::{Selection, select};
use crate::tree::snapshot::{Check, Snapshot};
use crate::tree::stamp::Stamp;

/// Stands for a file of which nothing is known yet.
const NEW: u32 = u32::MAX;

/// Below so many files and folders out of date a manifest is not written again; or a hundredth of the tree.
const TOLERATED: usize = 64;

/// The files of one scan.
pub(crate) struct Plan<'a> {
    root: &'a Path,
    pub(crate) files: Files,
    /// Folders that could not be listed.
    pub(crate) unlisted: Vec<FileReport>,
    /// `None` to do without a cache.
    pub(crate) cached: Option<Cached<'a>>,
    pub(crate) select_time: Duration,
}

/// The files themselves, in the order of their keys.
pub(crate) enum Files {
    Selected(Vec<(Key, PathBuf)>),
    Known(Arc<Known>),
}

impl Files {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Selected(files) => files.len(),
            Self::Known(known) => known.len(),
        }
    }

    pub(crate) fn path(&self, index: usize) -> &Path {
        match self {
            Self::Selected(files) => &files[index].1,
            Self::Known(known) => known.base.snapshot.file_paths.get(index),
        }
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        (0..self.len()).map(|index| self.path(index))
    }
}

/// What is to be done for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Nothing: its outcome is the one at this place of what is known.
    Keep(u32),
    /// The same if its stamp is the one that is known; else it is to be read.
    Compare(u32),
    /// It is to be read; what was known is at this place.
    Read(Option<u32>),
}

/// What is known of the tree, and where to keep what is found out.
pub(crate) struct Cached<'a> {
    pub(crate) options: &'a CacheOptions,
    pub(crate) tree: TreeKey,
    pub(crate) devices: Devices,
    pub(crate) known: Option<Arc<Known>>,
    pub(crate) origin: Origin,
    pub(crate) manifest: Option<Manifest>,
    /// The last answer of the form that is asked for, made from `known`.
    pub(crate) answer: Option<Answer>,
    pub(crate) todo: Todo,
    /// Whether an equal stamp means the same content.
    trusts_stamps: bool,
    /// Stamps of folders that were listed again and are settled now.
    pub(crate) folder_stamps: Vec<(u32, Stamp)>,
    may_use_store: bool,
    folder: OnceLock<std::result::Result<Folder, String>>,
    analysed: Vec<PathBuf>,
}

/// Where what is known comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Memory,
    Manifest,
}

/// Which files are to be looked at.
pub(crate) enum Todo {
    /// The files are those that are known; these of them, ascending.
    Some(Vec<u32>),
    /// The files were selected anew.
    All(Box<Selected>),
}

/// What comes with a selection.
#[derive(Default)]
pub(crate) struct Selected {
    /// The place of each file in what is known, or [`NEW`].
    before: Vec<u32>,
    /// What the selection depended on.
    pub(crate) snapshot: Snapshot,
    /// Whether the files are those that are known.
    pub(crate) same_files: bool,
}

impl<'a> Plan<'a> {
    /// Finds out what is known, and selects the files if that does not tell.
    ///
    /// The caller keeps the process from forking while the content store may be in use, or it may not be. `recalled` is given what is known
    /// before it is compared with the tree.
    pub(crate) fn new(
        options: &'a Options,
        form: &Form,
        keep: Keep,
        in_use: Option<&Use>,
        cancel: &Cancel,
        recalled: impl FnOnce(&mut Cached<'a>),
    ) -> Result<Self> {
        let started = Instant::now();
        let root = options.root.as_path();
        let mut cached = match &options.cache {
            // Who asks for another producer wants to see what that one makes of the files.
            Some(cache) if options.producer == Producer::Auto => {
                Some(Cached::recall(options, cache, form, keep, in_use.is_some()))
            }
            _ => None,
        };
        let known = match &mut cached {
            Some(cached) => {
                recalled(cached);
                cached.check(options, cancel)?
            }
            None => None,
        };
        if let Some(known) = known {
            let (files, select_time) = (Files::Known(known), started.elapsed());
            return Ok(Self { root, files, unlisted: Vec::new(), cached, select_time });
        }
        let watch = cached.as_ref().map(|cached| (&cached.devices, cached.options.clock));
        let mut selected = select(root, &options.paths, options.selection, &options.exclude, watch, cancel)?;
        if let Some(cached) = &mut cached {
            cached.selected(&selected.files, selected.watch.take().unwrap_or_default(), root);
        }
        let unlisted = selected.unlisted.into_iter();
        Ok(Self {
            root,
            files: Files::Selected(selected.files),
            unlisted: unlisted.map(|(key, failure)| FileReport { key, outcome: Err(failure) }).collect(),
            cached,
            select_time: started.elapsed(),
        })
    }

    /// The number of files.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    pub(crate) fn path(&self, index: usize) -> &Path {
        self.files.path(index)
    }

    pub(crate) fn key(&self, index: usize) -> Cow<'_, Key> {
        match &self.files {
            Files::Selected(files) => Cow::Borrowed(&files[index].0),
            Files::Known(_) => Cow::Owned(Key::new(self.path(index), self.root)),
        }
    }

    /// The files that must be looked at, if not all.
    pub(crate) fn todo(&self) -> Option<&[u32]> {
        match &self.cached.as_ref()?.todo {
            Todo::Some(files) => Some(files),
            Todo::All(_) => None,
        }
    }
}

impl<'a> Cached<'a> {
    fn new(options: &'a Options, cache: &'a CacheOptions, may_use_store: bool) -> Self {
        Self {
            options: cache,
            tree: tree_key(options, cache),
            devices: Devices::default(),
            known: None,
            origin: Origin::Memory,
            manifest: None,
            answer: None,
            todo: Todo::All(Box::default()),
            trusts_stamps: cache.verify == Verify::Stamp,
            folder_stamps: Vec::new(),
            may_use_store,
            folder: OnceLock::new(),
            analysed: options.paths.iter().map(|path| options.root.join(path)).collect(),
        }
    }

    /// What this process remembers of a tree that depends on at most so many stamps, if all of it is as it was and the form was asked for
    /// before.
    pub(super) fn unchanged(
        options: &'a Options,
        form: &Form,
        most_stamps: usize,
    ) -> Option<(Self, Arc<Known>, Answer)> {
        // An explanation takes the whole way.
        let is_plain = |cache: &&CacheOptions| options.producer == Producer::Auto && cache.explain.is_none();
        let cache = options.cache.as_ref().filter(is_plain)?;
        let mut cached = Self::new(options, cache, false);
        let (known, Some(answer)) = cache.memory?.recall(cached.tree, form)? else { return None };
        cached.knows(Arc::clone(&known));
        if !cached.trusts_stamps || known.base.snapshot.stamps() > most_stamps {
            return None;
        }
        cached.checked(known.base.snapshot.check_stamps(cache.clock, &cached.devices))?;
        let is_unchanged = matches!(&cached.todo, Todo::Some(files) if files.is_empty());
        // Else it is time to write the manifest.
        let is_unchanged = is_unchanged && cached.is_nearly_written(&known, &[]);
        is_unchanged.then_some((cached, known, answer))
    }

    /// Looks up what is known of the tree.
    fn recall(options: &'a Options, cache: &'a CacheOptions, form: &Form, keep: Keep, may_use_store: bool) -> Self {
        let mut cached = Self::new(options, cache, may_use_store);
        let (memory, tree) = (cache.memory, cached.tree);
        if let Some((known, answer)) = memory.and_then(|memory| memory.recall(tree, form)) {
            cached.knows(known);
            cached.answer = answer;
        } else if let Some((base, manifest)) = cached.folder().and_then(|folder| manifest::load(folder, tree, keep)) {
            manifest.mark_used();
            cached.knows(Arc::new(Known::new(base, None, 0)));
            (cached.origin, cached.manifest) = (Origin::Manifest, Some(manifest));
        }
        cached
    }

    fn knows(&mut self, known: Arc<Known>) {
        let clock_went_back = (self.options.clock)() < known.newest;
        self.trusts_stamps &= !clock_went_back;
        self.known = Some(known);
    }

    /// Whether the files are those that are known, and which of them to look at; `None` to select them anew.
    fn check(&mut self, options: &Options, cancel: &Cancel) -> Result<Option<Arc<Known>>> {
        let Some(known) = &self.known else { return Ok(None) };
        if !self.trusts_stamps {
            return Ok(None);
        }
        let threads = options.threads.unwrap_or_else(pool::default_threads);
        let check = known.base.snapshot.check(threads, self.options.clock, &self.devices, cancel)?;
        Ok(self.checked(check))
    }

    /// Takes note of what a check found.
    fn checked(&mut self, check: Check) -> Option<Arc<Known>> {
        let known = self.known.as_ref().filter(|_| !check.reselect)?;
        let mut files = check.files;
        // What was found out since the base was made holds for other stamps than those that were just compared. It is little.
        files.retain(|&place| !known.is_patched(place));
        files.extend(known.patched_files().filter(|&place| !self.is_unchanged(known, place)));
        files.sort_unstable();
        self.todo = Todo::Some(files);
        self.folder_stamps = check.folders;
        Some(Arc::clone(known))
    }

    /// Takes note of the files that were selected anew.
    fn selected(&mut self, files: &[(Key, PathBuf)], snapshot: Snapshot, root: &Path) {
        let known = self.known.as_deref();
        let mut before = vec![NEW; files.len()];
        let mut place = 0;
        for (index, (key, path)) in files.iter().enumerate() {
            let Some(known) = known else { break };
            // Both are in the order of their keys.
            while place < known.len() && Key::new(known.base.snapshot.file_paths.get(place), root) < *key {
                place += 1;
            }
            if place < known.len() && known.base.snapshot.file_paths.get(place) == path {
                before[index] = place as u32;
                place += 1;
            }
        }
        let same_files =
            known.is_some_and(|known| known.len() == files.len()) && before.iter().all(|&place| place != NEW);
        self.todo = Todo::All(Box::new(Selected { before, snapshot, same_files }));
    }

    /// What is to be done for a file.
    pub(crate) fn job(&self, index: usize) -> Job {
        match &self.todo {
            Todo::Some(files) => {
                let place = index as u32;
                if files.binary_search(&place).is_ok() { Job::Read(Some(place)) } else { Job::Keep(place) }
            }
            Todo::All(selected) => match selected.before.get(index) {
                None | Some(&NEW) => Job::Read(None),
                Some(&place) if self.trusts_stamps => Job::Compare(place),
                Some(&place) => Job::Read(Some(place)),
            },
        }
    }

    /// Whether a file has the stamp that is known, and that says that it has the same content.
    pub(crate) fn is_unchanged(&self, known: &Known, place: u32) -> bool {
        let path = known.base.snapshot.file_paths.get(place as usize);
        let Ok(metadata) = path.metadata() else { return false };
        let stamp = Stamp::of(&metadata);
        known.stamp(place).is_again(&stamp) && self.devices.keeps_stamps(stamp.device(), path)
    }

    /// The place of a file in what was known.
    pub(crate) fn before(&self, index: usize) -> Option<u32> {
        match self.job(index) {
            Job::Keep(place) | Job::Compare(place) => Some(place),
            Job::Read(place) => place,
        }
    }

    /// The folder of the cache, if it can be used.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.opened_folder().as_ref().ok()
    }

    /// Why the folder of the cache cannot be used, as far as that was tried.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.folder.get()?.as_ref().err().map(String::as_str)
    }

    /// Whether the content store may be used.
    pub(crate) fn may_use_store(&self) -> bool {
        self.may_use_store
    }

    /// Whether an equal stamp means the same content in this call.
    pub(crate) fn trusts_stamps(&self) -> bool {
        self.trusts_stamps
    }

    /// Whether little is out of date in the manifest, with files of which this call may find it out.
    pub(crate) fn is_nearly_written(&self, known: &Known, files: &[u32]) -> bool {
        let found = files.iter().filter(|&&place| !known.is_patched(place)).count() + self.folder_stamps.len();
        known.patched_files().len() + known.unwritten + found <= tolerated(known.len())
    }

    /// Whether the folder of the cache was needed.
    pub(crate) fn has_opened_folder(&self) -> bool {
        self.folder.get().is_some()
    }

    fn opened_folder(&self) -> &std::result::Result<Folder, String> {
        self.folder.get_or_init(|| {
            let analysed: Vec<_> = self.analysed.iter().map(PathBuf::as_path).collect();
            let place = Place {
                configured: self.options.folder.clone(),
                analysed: &analysed,
                create: true,
                is_network: device::is_network,
            };
            Folder::open(&place).map_err(|problem| problem.to_string())
        })
    }
}

/// How many files and folders may be out of date before a manifest is written again.
pub(crate) fn tolerated(files: usize) -> usize {
    TOLERATED.max(files / 100)
}

/// Names the tree and everything else that an answer depends on, but for the files.
///
/// A path that is not there is left to the selection, which says so.
fn tree_key(options: &Options, cache: &CacheOptions) -> TreeKey {
    let Options { root, paths, selection, exclude, max_bytes, .. } = options;
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(ENGINE.as_bytes());
    part(cache.interpreter.as_bytes());
    part(root.as_os_str().as_encoded_bytes());
    if !root.is_absolute() {
        part(std::env::current_dir().map(PathBuf::into_os_string).unwrap_or_default().as_encoded_bytes());
    }
    part(&[u8::from(*selection == Selection::All)]);
    part(&max_bytes.to_le_bytes());
    part(&exclude.len().to_le_bytes());
    for glob in exclude {
        part(glob.as_bytes());
    }
    for path in paths {
        part(path.as_os_str().as_encoded_bytes());
        part(&[root.join(path).metadata().map_or(2, |metadata| u8::from(metadata.is_dir()))]);
    }
    TreeKey(*hasher.finalize().as_bytes())
}
