//! Where in a tree a name is defined.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use memchr::memmem::Finder;

use super::outline::{Outline, outline, read};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pool::{self, Schedule};
use crate::syntax::facts::Failure;
use crate::syntax::interpreter::Interpreter;
use crate::syntax::outline::Symbol;
use crate::tree::key::Key;
use crate::tree::read::LARGE;
use crate::tree::select::{Selection, has_python_name, select_regular};

/// How far, in files, a worker may be ahead of what was handed out.
const WINDOW: usize = 1024;

/// What to look for, and where.
#[derive(Clone, Debug)]
pub struct DefinitionOptions {
    /// Keys are relative to this folder.
    pub root: PathBuf,
    /// Files and folders, absolute or relative to the root.
    pub paths: Vec<PathBuf>,
    /// A name, or the last of several names that stand in each other with dots between.
    pub name: String,
    /// How folders are searched. Links are followed only where they are named.
    pub selection: Selection,
    /// Globs in the form of `.gitignore`, relative to the root, of what is left out.
    pub exclude: Vec<String>,
    /// A larger file fails.
    pub max_bytes: u64,
    /// How many definitions are kept; all are counted.
    pub max_definitions: usize,
    /// Number of worker threads; `None` is one for each core that this process may use.
    pub threads: Option<usize>,
}

/// Where a name is defined.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// The first definitions, by path and line.
    pub found: Vec<Definition>,
    /// How many there are.
    pub total: usize,
    /// Files that may hold more, since they could not be read or not be parsed; then folders that could not be listed.
    pub failures: Vec<(Key, Failure)>,
    /// Files selected.
    pub selected: usize,
}

/// One definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The file.
    pub key: Key,
    /// Its name, with those of what it stands in.
    pub qualified: String,
    /// What there is to say of it.
    pub symbol: Symbol,
}

/// Finds the definitions of a name. Only files in which its last part stands are parsed.
pub fn find_definitions(
    options: &DefinitionOptions,
    interpreter: &dyn Interpreter,
    cancel: &Cancel,
) -> Result<Definitions> {
    let mut selected = select_regular(&options.root, &options.paths, options.selection, &options.exclude, cancel)?;
    let is_named = |path: &PathBuf| selected.named.binary_search(path).is_ok();
    selected.files.retain(|(_, path)| path.file_name().is_some_and(has_python_name) || is_named(path));
    let files = &selected.files;
    let parts: Vec<&str> = options.name.split('.').collect();
    let last = parts.last().copied().unwrap_or_default();
    // Python takes other forms of letters outside ASCII for the same name.
    let finder = last.is_ascii().then(|| Finder::new(last));
    let large = Mutex::new(());
    let mut result = Definitions { selected: files.len(), ..Definitions::default() };
    let threads = options.threads.unwrap_or_else(pool::default_threads).max(1);
    pool::ordered(
        &Schedule { threads, count: files.len(), window: WINDOW, cancel },
        Vec::new,
        |buffer, index| {
            let path = &files[index].1;
            if let Err(failure) = read(path, is_named(path), options.max_bytes, buffer) {
                return (Vec::new(), Some(failure));
            }
            if finder.as_ref().is_some_and(|finder| !holds_word(finder, buffer)) {
                return (Vec::new(), None);
            }
            let _one_at_a_time = (buffer.len() > LARGE).then(|| large.lock().unwrap_or_else(PoisonError::into_inner));
            let Outline { symbols, failure } = outline(buffer, interpreter);
            (named(symbols, &parts), failure)
        },
        |index, (found, failure)| {
            let key = &files[index].0;
            result.total += found.len();
            let room = options.max_definitions - result.found.len();
            let found = found.into_iter().take(room);
            result.found.extend(found.map(|(qualified, symbol)| Definition { key: key.clone(), qualified, symbol }));
            result.failures.extend(failure.map(|failure| (key.clone(), failure)));
            true
        },
    )?;
    result.failures.append(&mut selected.unlisted);
    Ok(result)
}

/// Whether a name stands somewhere as a whole word.
fn holds_word(finder: &Finder<'_>, text: &[u8]) -> bool {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let length = finder.needle().len();
    finder.find_iter(text).any(|start| {
        let before = start.checked_sub(1).and_then(|index| text.get(index));
        !goes_on(before) && !goes_on(text.get(start + length))
    })
}

/// The symbols whose names, with those that they stand in, end with these.
fn named(symbols: Vec<Symbol>, parts: &[&str]) -> Vec<(String, Symbol)> {
    let mut names: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for symbol in symbols {
        names.truncate(symbol.depth as usize);
        names.push(symbol.name.clone());
        if names.len() >= parts.len() && names[names.len() - parts.len()..].iter().eq(parts.iter()) {
            found.push((names.join("."), symbol));
        }
    }
    found
}
