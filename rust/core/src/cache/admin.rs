//! What a person does with the cache: look at it, check it, make it smaller, empty it.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::counts;
use super::folder::{FACTS, Folder, MANIFESTS, Place, REPLIES};
use super::fork;
use super::manifest;
use super::replies;
use super::store::{self, CONTENT_STORE, Layout, Mode, REPLY_STORE, Store, VerifyReport};
use crate::cancel::Cancel;
use crate::tree::device;

/// Figures of the cache.
#[derive(Clone, Debug, Default)]
pub struct CacheInfo {
    /// Where it is.
    pub folder: PathBuf,
    /// Whether something can be added to it.
    pub is_writable: bool,
    /// Trees of which a manifest is kept.
    pub manifests: u64,
    /// Size of the manifests in bytes.
    pub manifest_bytes: u64,
    /// Contents in the content store.
    pub contents: u64,
    /// Size of the content store in bytes.
    pub content_bytes: u64,
    /// Why the content store is not used, if it should be.
    pub content_problem: Option<String>,
    /// Replies in the reply store.
    pub replies: u64,
    /// Size of the reply store in bytes.
    pub reply_bytes: u64,
    /// Why the reply store is not used, if it should be.
    pub reply_problem: Option<String>,
    /// Files answered so far, about, by this process's memory, manifests, the content store, a second look at the content, and the
    /// analysis, in this order.
    pub answered: [u64; 5],
    /// Questions for replies by processes that have ended, about: hit, miss, shared, stored, refused, bypass.
    pub reply_counts: [u64; 6],
}

/// What a check of the cache found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCheck {
    /// Manifests that were read.
    pub manifests: u64,
    /// Manifests that were damaged.
    pub damaged_manifests: u64,
    /// Contents that were read.
    pub contents: u64,
    /// Contents that were damaged.
    pub damaged_contents: u64,
    /// Replies that were read.
    pub replies: u64,
    /// Replies that were damaged.
    pub damaged_replies: u64,
    /// Whether the content store as a whole was damaged.
    pub is_store_damaged: bool,
    /// Whether the reply store as a whole was damaged.
    pub is_reply_store_damaged: bool,
    /// Whether some of what is damaged is still there; otherwise it was dropped, and a damaged store begun anew.
    pub is_left: bool,
}

/// The cache in a folder, or in the usual place.
#[derive(Debug)]
pub struct Cache {
    folder: Folder,
}

impl Cache {
    /// Opens the cache; `None` when there is none yet.
    ///
    /// # Errors
    /// One line that says why the folder is not used.
    pub fn open(folder: Option<PathBuf>) -> Result<Option<Self>, String> {
        let place = Place { configured: folder, analysed: &[], create: false, is_network: device::is_network };
        match Folder::open(&place) {
            Ok(folder) => Ok(Some(Self { folder })),
            Err(problem) if problem.is_absent() => Ok(None),
            Err(problem) => Err(problem.to_string()),
        }
    }

    /// The figures.
    #[must_use]
    pub fn info(&self, cancel: &Cancel) -> CacheInfo {
        let manifests = self.manifests();
        let total = counts::total(&self.folder);
        let mut info = CacheInfo {
            folder: self.folder.path().to_path_buf(),
            is_writable: self.folder.is_writable(),
            manifests: manifests.len() as u64,
            manifest_bytes: manifests.iter().map(|(_, bytes, _)| bytes).sum(),
            answered: [total.memory, total.manifest, total.store, total.recent, total.miss],
            reply_counts: counts::REPLIES.total(&self.folder),
            ..CacheInfo::default()
        };
        match self.store(&CONTENT_STORE, Mode::Read, cancel, Store::info) {
            Ok(Some(Some(store))) => (info.contents, info.content_bytes) = (store.rows, store.bytes),
            Ok(_) => {}
            Err(problem) => info.content_problem = Some(problem),
        }
        match self.store(&REPLY_STORE, Mode::Read, cancel, Store::info) {
            Ok(Some(Some(store))) => (info.replies, info.reply_bytes) = (store.rows, store.bytes),
            Ok(_) => {}
            Err(problem) => info.reply_problem = Some(problem),
        }
        info
    }

    /// Size of all files in bytes, also of those that take no part any more.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let sizes = |part: &str| {
            let entries = fs::read_dir(self.folder.path().join(part)).into_iter().flatten().flatten();
            let files = entries.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file);
            files.map(|metadata| metadata.len()).sum::<u64>()
        };
        ["", MANIFESTS, FACTS, REPLIES].into_iter().map(sizes).sum()
    }

    /// Reads everything, and drops what is damaged.
    #[must_use]
    pub fn verify(&self, cancel: &Cancel) -> CacheCheck {
        let mut check = CacheCheck::default();
        for (name, _, _) in self.manifests() {
            if cancel.is_cancelled() {
                return check;
            }
            check.manifests += 1;
            if !manifest::is_sound(&self.folder, &name) {
                check.damaged_manifests += 1;
                check.is_left |= self.folder.remove_file(&name).is_err();
            }
        }
        if let Some(report) = self.verify_store(&CONTENT_STORE, cancel) {
            check.contents = report.rows;
            check.damaged_contents = report.damaged;
            check.is_store_damaged = report.file_damaged;
            check.is_left |= report.is_left;
        }
        if let Some(report) = self.verify_store(&REPLY_STORE, cancel) {
            check.replies = report.rows;
            check.damaged_replies = report.damaged;
            check.is_reply_store_damaged = report.file_damaged;
            check.is_left |= report.is_left;
        }
        check
    }

    fn verify_store(&self, layout: &'static Layout, cancel: &Cancel) -> Option<VerifyReport> {
        let _use = fork::enter()?;
        replies::close_stale();
        store::verify(layout, &self.folder, cancel)
    }

    /// Gives up what was not used for longest until the content store and the manifests together take at most so many bytes.
    ///
    /// False when not all of it could be done.
    #[must_use]
    pub fn shrink(&self, max_bytes: u64, cancel: &Cancel) -> bool {
        self.folder.sweep();
        let share = manifest_share(max_bytes);
        let manifest_bytes = shrink_manifests(&self.folder, share);
        let left = max_bytes.saturating_sub(manifest_bytes);
        let shrunk = self.store(&CONTENT_STORE, Mode::Write, cancel, |store| store.gc(left, cancel));
        manifest_bytes <= share && !matches!(shrunk, Ok(Some(false)) | Err(_))
    }

    /// Gives up the replies that had their time, and those that were not used for longest until all take at most so many bytes.
    ///
    /// False when not all of it could be done.
    #[must_use]
    pub fn shrink_replies(&self, max_bytes: u64, cancel: &Cancel) -> bool {
        let shrunk = self.store(&REPLY_STORE, Mode::Write, cancel, |store| {
            replies::drop_expired(store, cancel) & store.gc(max_bytes, cancel)
        });
        !matches!(shrunk, Ok(Some(false)) | Err(_))
    }

    /// Removes everything but the replies; false when something is left.
    #[must_use]
    pub fn clear(&self, cancel: &Cancel) -> bool {
        self.folder.sweep();
        let mut is_empty = true;
        for (name, _, _) in self.manifests() {
            is_empty &= self.folder.remove_file(&name).is_ok();
        }
        let _ = self.folder.remove_file(counts::SCANS.name);
        is_empty & self.clear_store(&CONTENT_STORE, cancel)
    }

    /// Removes all replies; false when something is left.
    #[must_use]
    pub fn clear_replies(&self, cancel: &Cancel) -> bool {
        let _ = self.folder.remove_file(counts::REPLIES.name);
        self.clear_store(&REPLY_STORE, cancel)
    }

    fn clear_store(&self, layout: &'static Layout, cancel: &Cancel) -> bool {
        let Some(_use) = fork::enter() else { return false };
        replies::close_stale();
        store::clear(layout, &self.folder, cancel)
    }

    fn manifests(&self) -> Vec<(String, u64, SystemTime)> {
        self.folder.files(MANIFESTS).unwrap_or_default()
    }

    /// What `work` makes of a store; `None` when there is none.
    fn store<T>(
        &self,
        layout: &'static Layout,
        mode: Mode,
        cancel: &Cancel,
        work: impl FnOnce(&mut Store) -> T,
    ) -> Result<Option<T>, String> {
        if !store::exists(layout, &self.folder) {
            return Ok(None);
        }
        let Some(_use) = fork::enter() else { return Ok(None) };
        replies::close_stale();
        match Store::open_as(layout, &self.folder, mode, cancel) {
            Ok(mut store) => Ok(Some(work(&mut store))),
            Err(problem) if problem.is_absent() => Ok(None),
            Err(problem) => Err(problem.to_string()),
        }
    }
}

/// No more manifests than this are kept, however small: they are listed when one is written.
const MOST_MANIFESTS: usize = 1_000;

/// What manifests may take of the size of the cache, in bytes.
pub(crate) const fn manifest_share(max_bytes: u64) -> u64 {
    max_bytes / 2
}

/// Removes the manifests that were used longest ago until there are few, which take at most so many bytes; returns what they take.
pub(crate) fn shrink_manifests(folder: &Folder, max_bytes: u64) -> u64 {
    let mut manifests = folder.files(MANIFESTS).unwrap_or_default();
    let mut bytes: u64 = manifests.iter().map(|(_, bytes, _)| bytes).sum();
    manifests.sort_by_key(|(_, _, used)| *used);
    let mut count = manifests.len();
    for (name, size, _) in manifests {
        if bytes <= max_bytes && count <= MOST_MANIFESTS {
            break;
        }
        if folder.remove_file(&name).is_ok() {
            bytes -= size;
            count -= 1;
        }
    }
    bytes
}
