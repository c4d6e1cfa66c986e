//! The rules: from facts and text to findings.

mod builtin;
mod finding;
mod todos;

pub(crate) use finding::Outcome;
pub use finding::{Detail, Finding, Marker, Rule, RuleSet};

use crate::syntax::facts::Fact;

/// All findings of a file for a set of rules, grouped by rule in the order of [`Rule::ALL`].
///
/// Inside a rule the order is that of the facts; to-dos are in line order.
pub(crate) fn findings(text: &str, facts: &[Fact], rules: RuleSet) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in Rule::ALL.into_iter().filter(|&rule| rules.contains(rule)) {
        match rule {
            Rule::Todos => todos::find(text, &mut findings),
            _ => builtin::find(rule, facts, &mut findings),
        }
    }
    findings
}
