//! What a process remembers of repositories, bounded by bytes; what was used longest ago goes first.
//!
//! The lock is held for look-ups only. Who cannot have it soon does without: a child that was forked while it was held would wait for
//! ever, and asking git is right at any time.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

use super::answer::{Answer, Explanation};
use super::ask::{Environment, Question};
use super::form::Form;
use super::gate::Unkept;
use super::index::Index;
use super::layout::Layout;
use super::proof::Proof;

/// How often, and with which pause, the lock is tried.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_micros(20);

/// How many folders and environments are remembered, and of each how many forms of answers.
const MOST_PLACES: usize = 16;
const MOST_FORMS: usize = 8;

/// After so many answers in a row that were kept in vain, fewer are kept.
const PATIENCE: u32 = 3;

/// How many questions in a row are at most put to git alone then.
const MOST_REST: u32 = 32;

/// The same after a tree was too large: a try there may cost as much as several plain questions.
const LARGE_REST: u32 = 256;

/// The longest that a question is not learned from since something was recent, in nanoseconds: times may lie in the future.
const RECENT: i64 = 2_600_000_000;

/// What the repositories that a process asks about were like; shared by all its threads.
pub struct Repositories {
    /// The one that was used last stands last.
    places: Mutex<Vec<Place>>,
    limit: usize,
}

impl fmt::Debug for Repositories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repositories").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What is known of one folder in one environment.
#[derive(Debug, Default)]
pub(super) struct Place {
    folder: PathBuf,
    environment: Environment,
    pub(super) layout: Option<Arc<Layout>>,
    pub(super) index: Option<Arc<Index>>,
    /// The layouts of submodules.
    pub(super) submodules: Vec<(PathBuf, Arc<Layout>)>,
    pub(super) explanation: Option<Explanation>,
    slots: Vec<Slot>,
}

/// What is known of the answers of one form.
#[derive(Debug)]
pub(super) struct Slot {
    form: Form,
    pub(super) kept: Option<Arc<Kept>>,
    pub(super) habit: Habit,
}

/// An answer, and what it depends on.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) answer: Arc<Answer>,
    pub(super) proof: Proof,
    pub(super) git: PathBuf,
}

/// Whether keeping answers has been worth it.
#[derive(Clone, Debug, Default)]
pub(super) struct Habit {
    /// Kept answers in a row that were never given again.
    misses: u32,
    /// Questions that are still put to git alone.
    rest: u32,
    /// Until when something is too recent, in nanoseconds since 1970, and what.
    recent: Option<(i64, Unkept)>,
    /// Why the last kept answer was given up.
    pub(super) because: Option<String>,
}

impl Habit {
    /// Whether the next answer should be kept; else why not.
    pub(super) fn wants(&mut self, now: i64) -> Result<(), Unkept> {
        match &self.recent {
            Some((until, unkept)) if now < *until => return Err(unkept.clone()),
            _ => self.recent = None,
        }
        if self.rest == 0 {
            return Ok(());
        }
        self.rest -= 1;
        Err(Unkept::Unmodelled("it changes too often, or is too large, to be watched"))
    }

    /// A kept answer was given.
    pub(super) fn was_right(&mut self) {
        self.misses = 0;
        self.because = None;
    }

    /// A kept answer was of no use any more.
    pub(super) fn was_in_vain(&mut self, because: String) {
        self.misses += 1;
        self.because = Some(because);
        if let Some(beyond) = self.misses.checked_sub(PATIENCE) {
            self.rest = MOST_REST.min(1 << beyond.min(16));
        }
    }

    /// An answer could not be kept.
    pub(super) fn failed(&mut self, unkept: &Unkept, now: i64) {
        match unkept {
            Unkept::Recent(_, until) => self.recent = Some(((*until).min(now + RECENT), unkept.clone())),
            Unkept::TooLarge => self.rest = LARGE_REST,
            _ => {}
        }
    }
}

impl Place {
    fn is_of(&self, question: &Question) -> bool {
        self.folder == question.folder && self.environment == question.environment
    }

    /// The slot of a form, made if there is none.
    pub(super) fn slot(&mut self, form: &Form) -> &mut Slot {
        let place = self.slots.iter().position(|slot| slot.form == *form);
        let slot = match place {
            Some(place) => self.slots.remove(place),
            None => Slot { form: form.clone(), kept: None, habit: Habit::default() },
        };
        if self.slots.len() == MOST_FORMS {
            self.slots.remove(0);
        }
        self.slots.push(slot);
        let last = self.slots.len() - 1;
        &mut self.slots[last]
    }

    fn weight(&self) -> usize {
        let kept = self.slots.iter().filter_map(|slot| slot.kept.as_ref());
        // The paths of the index are those of the proofs.
        kept.map(|kept| kept.proof.weight() + kept.answer.weight()).sum()
    }
}

impl Repositories {
    /// Remembers at most about so many bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { places: Mutex::new(Vec::new()), limit }
    }

    /// How the last answer for a folder came about, in the environment that was used last.
    pub fn explanation(&self, folder: &std::path::Path) -> Option<Explanation> {
        let places = self.lock()?;
        places.iter().rev().find(|place| place.folder == folder)?.explanation.clone()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        if let Some(mut places) = self.lock() {
            places.clear();
        }
    }

    /// Does something with what is known of the folder of a question. `None`: nothing is known, and nothing will be.
    pub(super) fn with<T>(&self, question: &Question, work: impl FnOnce(&mut Place) -> T) -> Option<T> {
        let mut places = self.lock()?;
        let mut place = match places.iter().position(|place| place.is_of(question)) {
            Some(index) => places.remove(index),
            None => {
                Place { folder: question.folder.clone(), environment: question.environment.clone(), ..Place::default() }
            }
        };
        let done = work(&mut place);
        while place.weight() > self.limit {
            place.slots.remove(0);
        }
        places.push(place);
        while places.len() > MOST_PLACES || places.iter().map(Place::weight).sum::<usize>() > self.limit {
            places.remove(0);
        }
        Some(done)
    }

    fn lock(&self) -> Option<MutexGuard<'_, Vec<Place>>> {
        for _ in 0..TRIES {
            match self.places.try_lock() {
                Ok(places) => return Some(places),
                Err(TryLockError::Poisoned(places)) => return Some(places.into_inner()),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
        None
    }
}
