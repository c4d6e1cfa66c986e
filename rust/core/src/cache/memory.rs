//! What this process remembers of trees: what is known of each, and the answers that were given.
//!
//! Bounded by bytes; what was used longest ago goes first. The lock is held for look-ups only, never while files are touched.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counts::{self, Counts, Uncounted};
use super::folder::{Folder, Place};
use super::known::Known;
use super::manifest::TreeKey;
use crate::report::object::Layout;
use crate::rules::RuleSet;
use crate::scan::{FileReport, Options};
use crate::tree::device;

/// Default of what a [`Memory`] may hold, in bytes.
pub const DEFAULT_MEMORY_BYTES: usize = 256 << 20;

/// How many forms of answers are remembered of one tree: a caller may ask for a different one each time.
const MOST_FORMS: usize = 8;

/// A text that the caller keeps, in whatever form it needs it again.
pub trait KeptText: Any + Send + Sync {
    /// The bytes of the text.
    fn bytes(&self) -> &[u8];
}

impl KeptText for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Which of the answers about a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The drop-in's text.
    DropIn {
        /// The rules in it.
        rules: RuleSet,
        /// As in [`scan_drop_in`](crate::scan_drop_in).
        check_error: Option<String>,
        /// What stands behind the last number.
        tail: String,
    },
    /// Reports.
    Scan {
        /// The rules in them.
        rules: RuleSet,
    },
}

impl Form {
    pub(crate) const fn scan(options: &Options) -> Self {
        Self::Scan { rules: options.rules }
    }

    pub(crate) fn drop_in(options: &Options, check_error: Option<&str>, tail: &str) -> Self {
        Self::DropIn { rules: options.rules, check_error: check_error.map(str::to_owned), tail: tail.to_owned() }
    }
}

/// An answer that was given.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The drop-in's text, and where the entries are in it.
    DropIn(Arc<dyn KeptText>, Arc<Layout>),
    /// Reports.
    Scan(Arc<Vec<Arc<FileReport>>>),
}

impl Answer {
    fn weight(&self) -> usize {
        match self {
            Self::DropIn(text, layout) => text.bytes().len() + layout.entries.len() * 8,
            Self::Scan(reports) => reports.iter().map(|report| report.weight()).sum(),
        }
    }
}

struct Made {
    form: Form,
    /// The [`Known::content`] that it was made from.
    content: u64,
    answer: Answer,
    weight: usize,
}

struct Tree {
    key: TreeKey,
    known: Arc<Known>,
    /// The one that was used last stands last.
    answers: Vec<Made>,
}

impl Tree {
    fn weight(&self) -> usize {
        self.known.weight() + self.answers.iter().map(|made| made.weight).sum::<usize>()
    }
}

/// What a process remembers; shared by all its threads.
pub struct Memory {
    /// The one that was used last stands last.
    trees: Mutex<Vec<Tree>>,
    limit: usize,
    uncounted: Uncounted,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Memory {
    /// A memory of at most so many bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { trees: Mutex::new(Vec::new()), limit, uncounted: Uncounted::new() }
    }

    /// What is known of a tree, and the last answer of a form, if it is still remembered.
    pub(crate) fn recall(&self, key: TreeKey, form: &Form) -> Option<(Arc<Known>, Option<Answer>)> {
        let mut trees = self.lock();
        let place = trees.iter().position(|tree| tree.key == key)?;
        let mut tree = trees.remove(place);
        let content = tree.known.content;
        let made = tree.answers.iter().position(|made| made.form == *form && made.content == content);
        let answer = made.map(|place| {
            let made = tree.answers.remove(place);
            let answer = made.answer.clone();
            tree.answers.push(made);
            answer
        });
        let recalled = (Arc::clone(&tree.known), answer);
        trees.push(tree);
        Some(recalled)
    }

    /// Remembers what is known of a tree now, and an answer made from it.
    pub(crate) fn remember(&self, key: TreeKey, known: &Arc<Known>, answer: Option<(Form, Answer)>) {
        // What is forgotten is dropped after the lock is released: that may take long, or need the interpreter.
        let mut forgotten = Vec::new();
        // What goes over all reports does so before.
        let answer = answer.map(|(form, answer)| {
            let weight = answer.weight();
            Made { form, content: known.content, answer, weight }
        });
        let mut trees = self.lock();
        let place = trees.iter().position(|tree| tree.key == key);
        let mut tree = match place.map(|place| trees.remove(place)) {
            Some(mut tree) => {
                forgotten.push((std::mem::replace(&mut tree.known, Arc::clone(known)), Vec::new()));
                tree
            }
            None => Tree { key, known: Arc::clone(known), answers: Vec::new() },
        };
        let (kept, stale) = tree
            .answers
            .into_iter()
            .partition(|made| made.content == known.content && answer.as_ref().is_none_or(|new| new.form != made.form));
        tree.answers = kept;
        forgotten.push((Arc::clone(known), stale));
        tree.answers.extend(answer);
        // Its own answers make room first: one large tree shall not drive out all others and then itself.
        while tree.answers.len() > MOST_FORMS || (!tree.answers.is_empty() && tree.weight() > self.limit) {
            forgotten.push((Arc::clone(known), vec![tree.answers.remove(0)]));
        }
        if tree.weight() > self.limit {
            forgotten.push((tree.known, tree.answers));
            return;
        }
        trees.push(tree);
        let mut weight: usize = trees.iter().map(Tree::weight).sum();
        while weight > self.limit && !trees.is_empty() {
            let tree = trees.remove(0);
            weight -= tree.weight();
            forgotten.push((tree.known, tree.answers));
        }
        drop(trees);
    }

    /// Collects counts; gives all of them when it is time to write them down.
    pub(crate) fn count(&self, counts: Counts, is_at_hand: bool) -> Option<Counts> {
        self.uncounted.add(counts, is_at_hand)
    }

    /// Writes down what was counted and not yet written, in this folder or in the usual one: for the end of a process.
    pub fn write_counts(&self, folder: Option<PathBuf>) {
        let counts = self.uncounted.take();
        let place = Place { configured: folder, analysed: &[], create: false, is_network: device::is_network };
        if counts != Counts::default()
            && let Ok(folder) = Folder::open(&place)
        {
            counts::add(&folder, counts);
        }
    }

    /// Leaves what was counted to the parent, in a forked child.
    pub fn forget_counts(&self) {
        self.uncounted.take();
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        drop(forgotten);
    }

    /// Keeps all other threads out until the guard is dropped: for the time of a fork.
    #[must_use]
    pub fn hold(&self) -> Held<'_> {
        Held { _guard: self.lock() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Tree>> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`Memory`] that nobody else can use.
pub struct Held<'a> {
    _guard: MutexGuard<'a, Vec<Tree>>,
}

#[cfg(test)]
mod tests;
