//! The drop-in's answer, whole or from an earlier one of which few entries have changed.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::plan::{Cached, Plan};
use super::run::Run;
use super::update::Update;
use super::{FileReport, Options, Stats, drop_in_outcome};
use crate::cache::fork;
use crate::cache::known::Known;
use crate::cache::manifest::{Keep, Text, TreeKey};
use crate::cache::memory::{Answer, Form, KeptText, Memory};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::report::drop_in;
use crate::report::object::{Earlier, Layout, Object};
use crate::rules::RuleSet;
use crate::syntax::interpreter::Interpreter;

/// How much room a text is given for each file in it, which is a little more than the standard library needs.
const BYTES_PER_FILE: usize = 4096;

/// How much room a text is given at most before it needs it.
const MOST_ROOM: usize = 64 << 20;

/// What [`scan_drop_in`] answers.
#[derive(Debug)]
pub struct DropIn {
    /// The text; `None` when there is no Python file.
    pub text: Option<DropInText>,
    /// The figures; failures and findings of the files that were looked at only.
    pub stats: Stats,
}

/// The drop-in's text.
pub enum DropInText {
    /// The text that [`Slot::keep`] was given when this was last asked.
    Kept(Arc<dyn KeptText>),
    /// The text that was passed to `made`, and where it can be kept.
    Made(Option<Slot>),
}

impl fmt::Debug for DropInText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(text) => write!(f, "Kept({} bytes)", text.bytes().len()),
            Self::Made(slot) => write!(f, "Made({})", slot.is_some()),
        }
    }
}

/// Where a text can be kept until the tree has changed.
pub struct Slot {
    memory: &'static Memory,
    tree: TreeKey,
    known: Arc<Known>,
    form: Form,
    layout: Layout,
}

impl Slot {
    /// Keeps the text that came with this slot, in whatever form the caller wants it back.
    pub fn keep(self, text: Arc<dyn KeptText>) {
        let answer = Answer::DropIn(text, Arc::new(self.layout));
        self.memory.remember(self.tree, &self.known, Some((self.form, answer)));
    }
}

/// The text of an earlier answer.
enum Before {
    Kept(Arc<dyn KeptText>, Arc<Layout>),
    Loaded(Arc<Vec<u8>>, Layout),
}

impl Before {
    fn parts(&self) -> (&[u8], &Layout) {
        match self {
            Self::Kept(text, layout) => (text.bytes(), layout),
            Self::Loaded(text, layout) => (text, layout),
        }
    }
}

/// Answers as the drop-in does, with `tail` in place of the object's last key and closing brace.
///
/// `check_error` is given as the error of every file that parses, for arguments with which the drop-in's own check fails.
///
/// A text that was not kept is passed to `made` as soon as it is whole, so that the caller can take it over while it is written to the
/// cache.
pub fn scan_drop_in(
    options: &Options,
    check_error: Option<&str>,
    tail: &str,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
    made: &mut dyn FnMut(Arc<Vec<u8>>),
) -> Result<DropIn> {
    let check_error = check_error.map(str::to_owned);
    // A manifest holds the text with all rules.
    let is_main = options.rules == RuleSet::ALL && check_error.is_none();
    let form = Form::DropIn { rules: options.rules, check_error: check_error.clone(), tail: tail.to_owned() };
    let in_use = options.cache.as_ref().and_then(|_| fork::enter());
    let mut plan = Plan::new(options, &form, Keep::Memory, in_use.as_ref(), cancel)?;
    let before = plan.cached.as_mut().and_then(|cached| earlier_text(cached, is_main, tail));
    let mut update = plan.cached.as_ref().map(|cached| Update::new(&plan, cached, false, is_main));
    let render = |report: FileReport| {
        let mut entry = Vec::new();
        let outcome = match (drop_in_outcome(&report), &check_error) {
            (Ok(_), Some(exception)) => Err(exception.as_str()),
            (outcome, _) => outcome,
        };
        let issues = drop_in::file(&mut entry, &report.key, outcome);
        (entry, issues as u32)
    };
    let mut whole =
        before.is_none().then(|| Object::new(plan.len(), plan.len().saturating_mul(BYTES_PER_FILE).min(MOST_ROOM)));
    let mut pieces = Vec::new();
    let run = Run { options, interpreter, cancel, progress: &|_, _| {}, window: usize::MAX };
    let mut stats = run.run(&plan, before.is_some(), render, |mut done| {
        if let (Some(update), Some(cached)) = (&mut update, &plan.cached) {
            update.push(cached, &mut done, cancel);
        }
        match (&mut whole, done.rendered) {
            (Some(object), Some((entry, issues))) => object.push(&entry, issues),
            (_, rendered) => pieces.push((done.index, rendered.filter(|_| !done.same))),
        }
        true
    })?;
    let is_same = update.as_ref().is_some_and(|update| update.is_same(&plan));
    let text = match (whole, before) {
        (Some(object), _) => {
            let (text, layout) = object.finish(tail);
            Before::Loaded(Arc::new(text), layout)
        }
        (None, Some(before)) if is_same => before,
        (None, before) => {
            let spliced = before.and_then(|before| spliced(&plan, &before, &pieces, tail));
            let Some((text, layout)) = spliced else {
                let options = Options { cache: None, ..options.clone() };
                return scan_drop_in(&options, check_error.as_deref(), tail, interpreter, cancel, made);
            };
            Before::Loaded(Arc::new(text), layout)
        }
    };
    let has_files = plan.len() > 0;
    if has_files && let Before::Loaded(text, _) = &text {
        made(Arc::clone(text));
    }
    let mut known = None;
    let cache = plan.cached.as_ref().map(|cached| (cached.tree, cached.options.memory));
    if let Some(update) = update {
        let started = Instant::now();
        let (bytes, layout) = text.parts();
        let entries = Text { bytes: &bytes[layout.start..layout.start + layout.length], entries: &layout.entries };
        known = update.finish(plan, is_main.then_some(&entries), cancel).map(|updated| updated.known);
        stats.bytes = known.as_ref().map_or(stats.bytes, |known| known.bytes());
        stats.keep_time = started.elapsed();
    }
    if !has_files {
        return Ok(DropIn { text: None, stats });
    }
    let memory = cache.and_then(|(tree, memory)| Some((tree, memory?, known?)));
    let text = match (text, memory) {
        (Before::Kept(text, _), memory) => {
            if let Some((tree, memory, known)) = memory {
                memory.remember(tree, &known, None);
            }
            DropInText::Kept(text)
        }
        (Before::Loaded(_, layout), memory) => {
            let slot = memory.map(|(tree, memory, known)| Slot { memory, tree, known, form, layout });
            DropInText::Made(slot)
        }
    };
    Ok(DropIn { text: Some(text), stats })
}

/// The answer that was given from what is known, or that the manifest holds.
fn earlier_text(cached: &mut Cached<'_>, is_main: bool, tail: &str) -> Option<Before> {
    let known = cached.known.as_deref()?;
    if let Some(Answer::DropIn(text, layout)) = cached.answer.take() {
        // A caller's text that is not as it was would be cut in the wrong places.
        return Earlier::new(text.bytes(), &layout).is_some().then_some(Before::Kept(text, layout));
    }
    let manifest = cached.manifest.as_mut().filter(|_| is_main)?;
    let entries = manifest.entries.take()?;
    let mut object = Object::new(known.len(), manifest.text_length() + tail.len());
    object.fill(&entries, |text| manifest.append_text(text))?;
    let (text, layout) = object.finish(tail);
    Earlier::new(&text, &layout)?;
    // Only now: a manifest whose text is damaged is one without a text, and gets another.
    manifest.entries = Some(entries);
    Some(Before::Loaded(Arc::new(text), layout))
}

/// An entry with the number of issues in it.
type Entry = (Vec<u8>, u32);

/// The earlier text with other entries for some files; `pieces` has those that were looked at, without an entry if it is as before.
fn spliced(
    plan: &Plan<'_>,
    before: &Before,
    pieces: &[(usize, Option<Entry>)],
    tail: &str,
) -> Option<(Vec<u8>, Layout)> {
    let cached = plan.cached.as_ref()?;
    let (text, layout) = before.parts();
    let mut earlier = Earlier::new(text, layout)?;
    let mut object = Object::new(plan.len(), text.len() + (text.len() >> 6));
    let mut pieces = pieces.iter().peekable();
    // Where the earlier text is, in files.
    let mut place = 0;
    let mut index = 0;
    while index < plan.len() {
        let before = cached.before(index).map(|place| place as usize);
        if let Some((_, Some((entry, issues)))) = pieces.next_if(|(piece, _)| *piece == index) {
            object.push(entry, *issues);
            index += 1;
            continue;
        }
        // A file that is as before, and all that follow it in both.
        let start = before?;
        earlier.skip(start.checked_sub(place)?);
        let next_piece = pieces.peek().map_or(plan.len(), |(piece, _)| *piece);
        let mut count = 1;
        while index + count < next_piece && cached.before(index + count) == Some((start + count) as u32) {
            count += 1;
        }
        object.push_earlier(&mut earlier, count);
        place = start + count;
        index += count;
    }
    Some(object.finish(tail))
}
