//! What a rule finds.

use crate::syntax::facts::{Callee, Failure};

/// The findings of a file, grouped by rule in the order of [`Rule::ALL`], or why it has none.
pub(crate) type Outcome<S = String> = Result<Vec<Finding<S>>, Failure>;

/// One finding of one rule, with its texts as `S`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<S = String> {
    /// Physical line, 1-based.
    pub line: u32,
    /// Column in characters, 1-based.
    pub column: u32,
    /// What was found; it implies the rule.
    pub detail: Detail<S>,
}

/// What was found, with what the rule has to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail<S = String> {
    /// A line with a marker in it.
    Todo {
        /// The line without the blanks at its ends.
        text: S,
        /// Which marker.
        marker: Marker,
        /// Number of the line as `str.splitlines` counts, 1-based: it also ends lines at form feeds and their like.
        splitlines_line: u32,
    },
    /// A call of `print`.
    Print,
    /// A call of a function that runs text as code.
    Dangerous(Callee),
    /// A public function without a return annotation.
    MissingReturnType {
        /// Name of the function.
        function: S,
    },
    /// A function with many parameters.
    ManyParameters {
        /// Name of the function.
        function: S,
        /// How many.
        parameters: u32,
    },
    /// A `global` statement.
    Global {
        /// The names it lists.
        names: Vec<S>,
    },
}

impl<S> Detail<S> {
    /// The rule that finds this.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Todo { .. } => Rule::Todos,
            Self::Print => Rule::Prints,
            Self::Dangerous(_) => Rule::Dangerous,
            Self::MissingReturnType { .. } => Rule::TypeHints,
            Self::ManyParameters { .. } => Rule::ComplexFunctions,
            Self::Global { .. } => Rule::Globals,
        }
    }

    /// The same with its texts turned into something else.
    pub(crate) fn map<T>(self, turn: impl Fn(S) -> T) -> Detail<T> {
        match self {
            Self::Todo { text, marker, splitlines_line } => Detail::Todo { text: turn(text), marker, splitlines_line },
            Self::Print => Detail::Print,
            Self::Dangerous(callee) => Detail::Dangerous(callee),
            Self::MissingReturnType { function } => Detail::MissingReturnType { function: turn(function) },
            Self::ManyParameters { function, parameters } => {
                Detail::ManyParameters { function: turn(function), parameters }
            }
            Self::Global { names } => Detail::Global { names: names.into_iter().map(turn).collect() },
        }
    }
}

impl Detail {
    /// About how many bytes of memory it takes besides itself.
    pub(crate) fn weight(&self) -> usize {
        // What an allocator takes for a text, roughly.
        let allocated = |text: &String| text.capacity().max(16).next_multiple_of(16) + 16;
        match self {
            Self::Todo { text, .. } => allocated(text),
            Self::Print | Self::Dangerous(_) => 0,
            Self::MissingReturnType { function } | Self::ManyParameters { function, .. } => allocated(function),
            Self::Global { names } => names.iter().map(|name| allocated(name) + size_of::<String>()).sum(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Todo { text, .. } => text.clone(),
            Self::Print => "call of `print`".to_owned(),
            Self::Dangerous(callee) => format!("call of `{}`", callee.name()),
            Self::MissingReturnType { function } => format!("function `{function}` has no return annotation"),
            Self::ManyParameters { function, parameters } => {
                format!("function `{function}` has {parameters} parameters")
            }
            Self::Global { names } => format!("global statement: {}", names.join(", ")),
        }
    }
}

/// The word that makes a line a to-do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// `TODO`, also when the line holds both.
    Todo,
    /// `FIXME`.
    Fixme,
}

impl Marker {
    /// The word as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Todo => "TODO",
            Self::Fixme => "FIXME",
        }
    }
}

/// The built-in rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rule {
    /// Lines with TODO or FIXME.
    Todos,
    /// Calls of `print`.
    Prints,
    /// Calls of `eval`, `exec`, `compile` and `__import__`.
    Dangerous,
    /// Public functions without a return annotation.
    TypeHints,
    /// Functions with more than five parameters.
    ComplexFunctions,
    /// `global` statements.
    Globals,
}

impl Rule {
    /// All rules in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Todos, Self::Prints, Self::Dangerous, Self::TypeHints, Self::ComplexFunctions, Self::Globals];

    /// The name by which users select it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Todos => "todos",
            Self::Prints => "prints",
            Self::Dangerous => "dangerous",
            Self::TypeHints => "type_hints",
            Self::ComplexFunctions => "complex_functions",
            Self::Globals => "globals",
        }
    }
}

/// A set of rules; bit n stands for `Rule::ALL[n]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSet(u8);

impl RuleSet {
    /// Every rule.
    pub const ALL: Self = Self(0b11_1111);

    /// The set with these bits; bits that stand for no rule are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether a rule is in the set.
    #[must_use]
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }
}
