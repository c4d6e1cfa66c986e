//! The facts of one file.

use std::borrow::Cow;

/// One thing that a file says.
///
/// The order of a file's facts is that of CPython's `ast.walk`: by depth in the tree, then by position in the order of `_fields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Physical line, 1-based: CPython's `lineno`.
    pub line: u32,
    /// Column in characters, 1-based.
    pub column: u32,
    /// What is there.
    pub kind: FactKind,
}

/// What a [`Fact`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// A call of a bare name.
    Call(Callee),
    /// A `def` (never an `async def`).
    Function {
        /// Its name.
        name: String,
        /// How many parameters stand between `/` and `*`: neither positional-only nor keyword-only ones count.
        parameters: u32,
        /// Whether it has a return annotation.
        returns: bool,
    },
    /// A `global` statement with its names.
    Global(Vec<String>),
}

/// The bare names whose calls are facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// `print`
    Print,
    /// `eval`
    Eval,
    /// `exec`
    Exec,
    /// `compile`
    Compile,
    /// `__import__`
    Import,
}

impl Callee {
    /// The callee of that name.
    #[inline]
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "print" => Some(Self::Print),
            "eval" => Some(Self::Eval),
            "exec" => Some(Self::Exec),
            "compile" => Some(Self::Compile),
            "__import__" => Some(Self::Import),
            _ => None,
        }
    }

    /// The name as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::Eval => "eval",
            Self::Exec => "exec",
            Self::Compile => "compile",
            Self::Import => "__import__",
        }
    }
}

/// Why a file gave no findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class of failure.
    pub status: Status,
    /// Name of the exception class that CPython raises for it.
    pub exception: Cow<'static, str>,
    /// What is wrong, for people.
    pub message: Cow<'static, str>,
    /// Physical line and column, 1-based, where that is known.
    pub position: Option<(u32, u32)>,
}

impl Failure {
    /// A failure of which no position is known.
    pub(crate) fn new(
        status: Status,
        exception: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, exception: exception.into(), message: message.into(), position: None }
    }
}

/// The classes of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not valid for the grammar of the running interpreter.
    SyntaxError,
    /// Not UTF-8.
    Undecodable,
    /// The operating system did not give its bytes.
    Unreadable,
    /// Larger than the limit on bytes.
    TooLarge,
    /// Nested or chained beyond what is analysed; it may be valid.
    TooComplex,
    /// A fault of this library; the other files are not affected.
    InternalError,
}

impl Status {
    /// All classes.
    pub(crate) const ALL: [Self; 6] =
        [Self::SyntaxError, Self::Undecodable, Self::Unreadable, Self::TooLarge, Self::TooComplex, Self::InternalError];

    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyntaxError => "syntax_error",
            Self::Undecodable => "undecodable",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::TooComplex => "too_complex",
            Self::InternalError => "internal_error",
        }
    }
}
