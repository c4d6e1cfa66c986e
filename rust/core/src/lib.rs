//! Parallel pattern analysis of Python source trees, and digests of messages.
//!
//! A [`scan`] selects files, analyses each on a worker thread and reports in a stable order. Three things take part: a
//! [`Selection`] of files, the rules with their [`Finding`]s, and an [`Interpreter`], which says what grammar to follow and, where there is
//! one, has the last word on what is valid Python. This crate knows no Python runtime; `rust/py` lends it one.
//!
//! ```
//! use rev_accel_core::{Cancel, Grammar, Producer, RuleSet, scan_source};
//!
//! let source = b"def f(x):\n    print(x)\n";
//! let scan = scan_source(source, "f.py".into(), RuleSet::ALL, 1 << 20, Producer::Auto, &Grammar::default(), &Cancel::new())?;
//! let lines: Vec<_> = scan.reports[0].by_position().iter().map(|finding| finding.line).collect();
//! assert_eq!(lines, [1, 2]);
//! # Ok::<(), rev_accel_core::Error>(())
//! ```
//!
//! Apart from that stands the [`Digest`] of a value, which names messages and tool sets by their content: an
//! [`Encoder`](canonical::Encoder) is told the value part by part and makes its [canonical encoding](canonical), which is hashed.
//!
//! [`Replies`] keeps what models answered under such names, and says who is making a call meanwhile.
//!
//! A [`Workspace`](workspace::Workspace) reads and writes files below its roots, and nothing outside of them.
//!
//! No input ends the process: a text is bounded by the [`guard`](syntax::guard) before anything recursive sees it, workers have
//! large stacks, and a panic is confined to its file.

mod cache;
mod cancel;
pub mod canonical;
mod digest;
mod error;
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod measure;
mod pages;
mod place;
mod pool;
pub mod repo;
mod report;
mod rules;
mod scan;
mod search;
mod source;
mod symbols;
pub mod syntax;
mod tree;
pub mod workspace;

pub use cache::{
    Bypass, Cache, CacheCheck, CacheInfo, CacheOptions, DEFAULT_CACHE_BYTES, DEFAULT_MEMORY_BYTES, Held, KeptText,
    Lease, Memory, Owner, PutOptions, Replies, Seen, Taken, Verify, add_reply_counts, after_fork_in_child,
    after_fork_in_parent, before_fork, while_awaited,
};
pub use cancel::Cancel;
pub use digest::{Digest, Domain, Hashing};
pub use error::{Error, Fault, GitFault, Result};
pub use place::{Place, Step};
pub use pool::default_threads;
pub use report::LineFormat;
pub use rules::{Detail, Finding, Marker, Rule, RuleSet};
pub use scan::{
    DEFAULT_MAX_BYTES, DropIn, DropInText, FileReport, HARD_MAX_BYTES, Options, Progress, Scan, Slot, Stats,
    recall_drop_in, recall_scan, scan, scan_drop_in, scan_lines, scan_source,
};
pub use search::{Case, FileMatches, MAX_PATTERN_BYTES, Match, Pattern, Search, SearchLimits, SearchOptions, search};
pub use symbols::{
    Definition, DefinitionOptions, Definitions, Outline, find_definitions, outline_file, outline_source,
};
pub use syntax::Producer;
pub use syntax::facts::{Callee, Fact, FactKind, Failure, Status};
pub use syntax::interpreter::{Grammar, Interpreter};
pub use syntax::outline::{Symbol, SymbolKind};
pub use tree::key::Key;
pub use tree::select::Selection;
