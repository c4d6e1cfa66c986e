//! From the bytes of one file to its outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::rules::{self, Outcome, RuleSet};
use crate::syntax::facts::{Failure, Status};
use crate::syntax::interpreter::Interpreter;
use crate::syntax::{Producer, facts_of};

/// An outcome, and how it came about.
pub(crate) struct Analysis {
    pub(crate) outcome: Outcome,
    pub(crate) parsed: bool,
    pub(crate) asked: bool,
    /// Whether the outcome may be another the next time, for the same bytes.
    pub(crate) tentative: bool,
}

impl Analysis {
    /// One that ended before anything could be parsed.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), parsed: false, asked: false, tentative: false }
    }
}

/// The pure part: from bytes to findings. A panic becomes a failure of this file alone.
pub(crate) fn analyse(bytes: &[u8], rules: RuleSet, producer: Producer, interpreter: &dyn Interpreter) -> Analysis {
    let analysis = catch_unwind(AssertUnwindSafe(|| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Analysis::failed(Failure::new(Status::Undecodable, "UnicodeDecodeError", "not UTF-8"));
        };
        let judgement = facts_of(text, interpreter, producer);
        let outcome = judgement.facts.map(|facts| rules::findings(text, &facts, rules));
        Analysis { outcome, parsed: true, asked: judgement.asked, tentative: judgement.tentative }
    }));
    analysis.unwrap_or_else(|_| {
        let message = "a fault in rev-accel; please report it";
        let failure = Failure::new(Status::InternalError, "InternalError", message);
        Analysis { outcome: Err(failure), parsed: true, asked: false, tentative: true }
    })
}
