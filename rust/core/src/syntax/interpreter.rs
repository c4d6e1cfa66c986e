//! What the analysis wants to know of the Python interpreter it speaks for.

use crate::syntax::facts::{Fact, Failure};

/// The grammar to follow, and, where there is one, the interpreter that has the last word on it.
///
/// The binding implements it on the running interpreter. [`Grammar`] alone is used where there is none.
pub trait Interpreter: Sync {
    /// Version of the grammar.
    fn grammar(&self) -> Grammar;

    /// Asks the interpreter itself about a text, and waits for the answer.
    ///
    /// `None` when it cannot be asked, for example because it is shutting down. The caller keeps to the limits of
    /// [`guard`](crate::syntax::guard) on what may be asked.
    fn ask(&self, text: &str) -> Option<Result<Vec<Fact>, Failure>>;

    /// Whether there is an interpreter at all; if so, a question without an answer may be answered another time.
    fn exists(&self) -> bool {
        true
    }

    /// Whether `str.isidentifier` holds for a name; `None` when the interpreter cannot be asked.
    fn is_identifier(&self, name: &str) -> Option<bool>;
}

/// What may be imported from `__future__`, but for `barry_as_FLUFL`.
///
/// Since Python 3.14 `ast.parse` refuses others, as far as they stand at the beginning of the text.
pub(super) const FEATURES: [&str; 9] = [
    "absolute_import",
    "annotations",
    "division",
    "generator_stop",
    "generators",
    "nested_scopes",
    "print_function",
    "unicode_literals",
    "with_statement",
];

/// The grammar of one version of CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// Minor version: 11 for Python 3.11.
    pub minor: u8,
    /// How many digits a decimal integer literal may have (`sys.get_int_max_str_digits()`); 0 is no limit.
    pub integer_digits: usize,
}

impl Default for Grammar {
    fn default() -> Self {
        Self { minor: 11, integer_digits: 4300 }
    }
}

impl Interpreter for Grammar {
    fn grammar(&self) -> Grammar {
        *self
    }

    fn ask(&self, _text: &str) -> Option<Result<Vec<Fact>, Failure>> {
        None
    }

    fn exists(&self) -> bool {
        false
    }

    fn is_identifier(&self, _name: &str) -> Option<bool> {
        None
    }
}
