//! What Python files define: the [`outline`] of one, and where in a tree a name is defined ([`definitions`]).
//!
//! Texts are parsed on worker threads alone, behind the same guard as in a scan.

mod definitions;
pub(crate) mod outline;

pub use definitions::{Definition, DefinitionOptions, Definitions, find_definitions};
pub use outline::{Outline, outline_file, outline_source};

use crate::syntax::facts::{Failure, Status};
use crate::syntax::interpreter::Interpreter;
use crate::syntax::outline::{Symbol, symbols};
use crate::syntax::{Producer, facts_of};

/// What a file has to say, as far as it can be read; and why not all of it could, or what is wrong with it.
fn symbols_of(bytes: &[u8], interpreter: &dyn Interpreter) -> (Vec<Symbol>, Option<Failure>) {
    let text = String::from_utf8_lossy(bytes);
    // Python takes the mark from a file; lines are the same without it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (symbols, is_whole) = symbols(text, interpreter.grammar());
    if std::str::from_utf8(bytes).is_err() {
        return (symbols, Some(Failure::new(Status::Undecodable, "UnicodeDecodeError", "not UTF-8")));
    }
    // What this version of the parser says is not the last word.
    let failure = if is_whole { None } else { facts_of(text, interpreter, Producer::Auto).facts.err() };
    (symbols, failure)
}
