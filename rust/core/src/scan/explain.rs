//! Why a file was, or was not, answered from what is known: for a person who wonders.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::plan::{Cached, Origin, Plan};
use super::run::Level;
use crate::cache::known::{Known, Learned, NO_DIGEST};
use crate::tree::stamp::Stamp;

/// How one file of a scan was answered.
pub(crate) struct Explanation {
    /// The place of the file among all files.
    pub(crate) index: Option<usize>,
    text: Mutex<Option<String>>,
}

impl Explanation {
    /// For the file that the options name, if it is there.
    pub(crate) fn new(plan: &Plan<'_>) -> Self {
        let path = plan.cached.as_ref().and_then(|cached| cached.options.explain.as_deref());
        let index = path.and_then(|path| plan.files.paths().position(|other| other == path));
        Self { index, text: Mutex::new(None) }
    }

    /// Notes how a file that had to be read was answered.
    pub(crate) fn explain(
        &self,
        cached: &Cached<'_>,
        before: Option<(u32, &Known)>,
        path: &Path,
        (level, learned): (Level, Option<&Learned>),
        has_asked_store: bool,
    ) {
        let looked = match before {
            None if cached.known.is_none() => {
                cached.problem().unwrap_or("there is no manifest of this tree yet").to_owned()
            }
            None => "the file is not in the manifest of this tree".to_owned(),
            Some((place, known)) => difference(cached, known, place, path),
        };
        let outcome = match (level, learned) {
            (Level::Recent, _) => "its content is what it was",
            (Level::Store, _) => "its content had been seen before, here or elsewhere",
            (_, Some(learned)) if learned.digest == NO_DIGEST => "it failed, and that is not kept",
            _ if cached.problem().is_some() => "it was analysed",
            _ if has_asked_store => "its content is new, so it was analysed",
            _ => "it was analysed; the content store is not asked for so few files",
        };
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        *text = Some(format!("{looked}; {outcome}"));
    }

    /// What there is to say, also of a file that was not read.
    pub(crate) fn explained(&self, plan: &Plan<'_>, cached: &Cached<'_>) -> Option<String> {
        let path = cached.options.explain.as_deref()?;
        if self.index.is_none() {
            return Some(format!("{}: not among the {} files of this scan", path.display(), plan.len()));
        }
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner).take();
        let text = text.unwrap_or_else(|| {
            let whence = match cached.origin {
                Origin::Memory => "this process's memory",
                Origin::Manifest => "the manifest of this tree",
            };
            format!("answered from {whence}: the file system says that it has not changed")
        });
        Some(format!("{}: {text}", path.display()))
    }
}

/// Why a file that is known had to be read.
fn difference(cached: &Cached<'_>, known: &Known, place: u32, path: &Path) -> String {
    let before = known.stamp(place);
    if !cached.trusts_stamps() {
        return "stamps are not trusted in this call".to_owned();
    }
    let Ok(now) = path.metadata().map(|metadata| Stamp::of(&metadata)) else {
        return "it cannot be looked at".to_owned();
    };
    if known.digest(place) == NO_DIGEST {
        return "it failed the last time, and that is not kept".to_owned();
    }
    if !before.is_known() {
        return "its stamp could not be trusted when it was last read: it had changed shortly before, or its time was to come"
            .to_owned();
    }
    let fields = before.differences(&now);
    if fields.is_empty() {
        return "its file system does not keep the promises that stamps rest on".to_owned();
    }
    format!("it has another {}", fields.join(", "))
}
