//! The drop-in's answer, whole or from an earlier one of which few entries have changed.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use super::plan::{Cached, Origin, Plan};
use super::run::{Render, Run};
use super::update::Update;
use super::{Options, Stats};
use crate::cache::fork;
use crate::cache::known::Known;
use crate::cache::manifest::{Keep, Text, TreeKey};
use crate::cache::memory::{Answer, Form, KeptText, Memory};
use crate::cache::record;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool;
use crate::report::drop_in;
use crate::report::object::{Earlier, Layout, Object};
use crate::rules::{Outcome, RuleSet};
use crate::syntax::interpreter::Interpreter;
use crate::tree::key::Key;

/// How much room a text is given for each file in it, which is a little more than the standard library needs.
const BYTES_PER_FILE: usize = 4096;

/// How much room a text is given at most before it needs it.
const MOST_ROOM: usize = 64 << 20;

/// How many files' entries a thread makes at a time, when the text is made from what is known.
const CHUNK: usize = 32;

/// How many times as many a thread may have ready before they are needed.
const BUFFERS: usize = 8;

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

/// The text as it was before.
enum Before {
    /// Of an earlier answer.
    Kept(Arc<dyn KeptText>, Arc<Layout>),
    /// Read, or made from what is known.
    Made(Arc<Vec<u8>>, Layout),
}

impl Before {
    fn parts(&self) -> (&[u8], &Layout) {
        match self {
            Self::Kept(text, layout) => (text.bytes(), layout),
            Self::Made(text, layout) => (text, layout),
        }
    }
}

/// Makes the entry of a file in the text.
struct Entries<'a> {
    check_error: Option<&'a str>,
}

impl Entries<'_> {
    /// Appends the entry of a file and gives the number of issues in it.
    fn write<S: AsRef<str>>(&self, text: &mut Vec<u8>, key: &Key, outcome: &Outcome<S>) -> u32 {
        let outcome = match (outcome, self.check_error) {
            (Ok(_), Some(exception)) => Err(exception),
            (Ok(findings), None) => Ok(&findings[..]),
            (Err(failure), _) => Err(&*failure.exception),
        };
        drop_in::file(text, key, outcome) as u32
    }
}

impl Render for Entries<'_> {
    type Made = Entry;

    fn render<S: AsRef<str> + Into<String>>(&self, key: Cow<'_, Key>, outcome: Outcome<S>) -> Entry {
        let mut entry = Vec::new();
        let issues = self.write(&mut entry, &key, &outcome);
        (entry, issues)
    }
}

/// An entry with the number of issues in it.
type Entry = (Vec<u8>, u32);

/// Answers as the drop-in does, with `tail` in place of the object's last key and closing brace.
///
/// `check_error` is given as the error of every file that parses, for arguments with which the drop-in's own check fails.
///
/// A text that was not kept is passed to `made`, so that the caller can take it over while the work goes on: the one of an earlier process
/// while it is found out whether it still holds, another one while it is written to the cache. The last one counts, if
/// there is a text at all.
pub fn scan_drop_in(
    options: &Options,
    check_error: Option<&str>,
    tail: &str,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
    made: &mut dyn FnMut(Arc<Vec<u8>>),
) -> Result<DropIn> {
    let form = Form::drop_in(options, check_error, tail);
    // A manifest holds the text with all rules.
    let is_main = options.rules == RuleSet::ALL && check_error.is_none();
    let in_use = options.cache.as_ref().and_then(|_| fork::enter());
    let entries = Entries { check_error };
    let (mut before, mut passed) = (None, None);
    let plan = Plan::new(options, &form, Keep::Memory, in_use.as_ref(), cancel, |cached| {
        before = earlier_text(cached, is_main, tail);
        if let Some(Before::Made(text, _)) = &before {
            made(Arc::clone(text));
            passed = Some(Arc::clone(text));
        }
    })?;
    let before = before.or_else(|| remade(&plan, options, &entries, tail, cancel));
    let mut update = plan.cached.as_ref().map(|cached| Update::new(cached, false, is_main));
    let mut whole = before.is_none().then(|| Object::new(plan.len(), room(&plan)));
    let mut pieces = Vec::new();
    let run = Run { options, interpreter, cancel, progress: &|_, _| {}, window: usize::MAX };
    let mut stats = run.run(&plan, before.is_some(), &entries, |mut done| {
        if let (Some(update), Some(cached)) = (&mut update, &plan.cached) {
            update.push(cached, &mut done, cancel);
        }
        match (&mut whole, done.rendered) {
            (Some(object), Some((entry, issues))) => object.push(&entry, issues),
            (_, rendered) => pieces.push((done.index, rendered)),
        }
        true
    })?;
    let is_same = update.as_ref().is_some_and(|update| update.is_same(&plan));
    let (kept, text) = match (whole, before) {
        (None, Some(Before::Kept(text, _))) if is_same => (Some(text), None),
        (None, Some(Before::Made(text, layout))) if is_same && pieces.iter().all(|(_, entry)| entry.is_none()) => {
            (None, Some((text, layout)))
        }
        (None, before) => {
            let Some(text) = before.and_then(|before| spliced(&plan, &before, &pieces, tail)) else {
                let options = Options { cache: None, ..options.clone() };
                return scan_drop_in(&options, check_error, tail, interpreter, cancel, made);
            };
            (None, Some(shared(text)))
        }
        (Some(object), _) => (None, Some(shared(object.finish(tail)))),
    };
    let has_files = plan.len() > 0;
    if let Some((text, _)) = text.as_ref().filter(|_| has_files)
        && !passed.is_some_and(|passed| Arc::ptr_eq(&passed, text))
    {
        made(Arc::clone(text));
    }
    let mut known = None;
    let cache = plan.cached.as_ref().map(|cached| (cached.tree, cached.options.memory));
    if let Some(update) = update {
        let started = Instant::now();
        // Not when a manifest is written for the first time: it may be that nobody asks for it again.
        let is_loaded = plan.cached.as_ref().is_some_and(|cached| cached.origin == Origin::Manifest);
        let text = text.as_ref().filter(|_| is_main && is_loaded).map(|(text, layout)| Text {
            bytes: &text[layout.start..layout.start + layout.length],
            entries: &layout.entries,
        });
        known = update.finish(plan, text.as_ref(), cancel).map(|updated| updated.known);
        stats.bytes = known.as_ref().map_or(stats.bytes, |known| known.bytes());
        stats.keep_time = started.elapsed();
    }
    if !has_files {
        return Ok(DropIn { text: None, stats });
    }
    let memory = cache.and_then(|(tree, memory)| Some((tree, memory?, known?)));
    let text = if let Some(text) = kept {
        if let Some((tree, memory, known)) = memory {
            memory.remember(tree, &known, None);
        }
        DropInText::Kept(text)
    } else {
        let slot =
            memory.zip(text).map(|((tree, memory, known), (_, layout))| Slot { memory, tree, known, form, layout });
        DropInText::Made(slot)
    };
    Ok(DropIn { text: Some(text), stats })
}

fn shared((text, layout): (Vec<u8>, Layout)) -> (Arc<Vec<u8>>, Layout) {
    (Arc::new(text), layout)
}

/// Room for the text, from the start: what is not used costs nothing.
fn room(plan: &Plan<'_>) -> usize {
    plan.len().saturating_mul(BYTES_PER_FILE).min(MOST_ROOM)
}

/// The answer that this process was given before, or that the manifest holds.
fn earlier_text(cached: &mut Cached<'_>, is_main: bool, tail: &str) -> Option<Before> {
    let known = cached.known.as_deref()?;
    if let Some(Answer::DropIn(text, layout)) = cached.answer.take() {
        // A caller's text that is not as it was would be cut in the wrong places.
        Earlier::new(text.bytes(), &layout)?;
        return Some(Before::Kept(text, layout));
    }
    let manifest = cached.manifest.as_mut().filter(|_| is_main)?;
    let entries = manifest.entries.take()?;
    let mut object = Object::new(known.len(), manifest.text_length() + tail.len());
    object.fill(&entries, |text| manifest.append_text(text))?;
    let (text, layout) = object.finish(tail);
    Earlier::new(&text, &layout)?;
    // Only now: a manifest whose text is damaged is one without a text, and gets another.
    manifest.entries = Some(entries);
    Some(Before::Made(Arc::new(text), layout))
}

/// The text that the records of what is known make, on as many threads as may be used; `None` when it takes a look at the files.
fn remade(plan: &Plan<'_>, options: &Options, entries: &Entries<'_>, tail: &str, cancel: &Cancel) -> Option<Before> {
    // With all files to be looked at, it is as well made from what is seen.
    let todo = plan.todo()?;
    let known = plan.cached.as_ref()?.known.as_deref()?;
    let write = |object: &mut Object, buffer: &mut Vec<u8>, chunk: usize| {
        let files = chunk * CHUNK..((chunk + 1) * CHUNK).min(known.len());
        files.into_iter().try_for_each(|index| {
            let record = known.record(index as u32, buffer);
            match record.and_then(|record| record::decode::<&str>(record, options.rules)) {
                Some(outcome) => object.write(|text| entries.write(text, &plan.key(index), &outcome)),
                // What is not kept is looked for again in any case.
                None if todo.binary_search(&(index as u32)).is_ok() => object.push(b"", 0),
                None => return None,
            }
            (!cancel.is_cancelled()).then_some(())
        })
    };
    let chunks = known.len().div_ceil(CHUNK);
    let others = options.threads.unwrap_or_else(pool::default_threads).clamp(1, chunks.max(1)) - 1;
    // This thread puts all together, so each of the others has its turn twice before it makes some of it itself.
    let turn = |chunk: usize| (chunk % (2 * others + 1)).checked_sub(1).map(|place| place % others);
    thread::scope(|scope| {
        let others: Vec<_> = (0..others)
            .map(|number| {
                let ((full, filled), (empty, emptied)) = (mpsc::channel(), mpsc::channel());
                let work = move || {
                    let mut buffer = Vec::new();
                    for chunk in (0..chunks).filter(|&chunk| turn(chunk) == Some(number)) {
                        let Ok(mut object) = emptied.recv() else { return };
                        let made = write(&mut object, &mut buffer, chunk).map(|()| object);
                        if full.send(made).is_err() {
                            return;
                        }
                    }
                };
                let builder = thread::Builder::new().name("rev-accel".to_owned());
                builder.spawn_scoped(scope, work).ok()?;
                (0..BUFFERS).try_for_each(|_| empty.send(Object::new(0, 0)).ok())?;
                Some((filled, empty))
            })
            .collect::<Option<_>>()?;
        let mut whole = Object::new(plan.len(), room(plan));
        let mut buffer = Vec::new();
        for chunk in 0..chunks {
            let Some(other) = turn(chunk) else {
                write(&mut whole, &mut buffer, chunk)?;
                continue;
            };
            let (filled, empty) = &others[other];
            let mut object = filled.recv().ok()??;
            whole.append(&object);
            object.clear();
            let _ = empty.send(object);
        }
        let (text, layout) = whole.finish(tail);
        Some(Before::Made(Arc::new(text), layout))
    })
}

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
