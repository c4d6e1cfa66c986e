//! The rules that look at facts.

use super::finding::{Detail, Finding, Rule};
use crate::syntax::facts::{Callee, Fact, FactKind};

/// From how many parameters on a function counts as complex.
const MANY_PARAMETERS: u32 = 6;

/// Appends what one rule finds, in the order of the facts.
pub(super) fn find(rule: Rule, facts: &[Fact], findings: &mut Vec<Finding>) {
    findings.extend(facts.iter().filter_map(|fact| {
        let detail = match (rule, &fact.kind) {
            (Rule::Prints, FactKind::Call(Callee::Print)) => Detail::Print,
            (Rule::Dangerous, FactKind::Call(callee)) if *callee != Callee::Print => Detail::Dangerous(*callee),
            (Rule::TypeHints, FactKind::Function { name, returns: false, .. }) if !name.starts_with('_') => {
                Detail::MissingReturnType { function: name.clone() }
            }
            (Rule::ComplexFunctions, FactKind::Function { name, parameters, .. }) if *parameters >= MANY_PARAMETERS => {
                Detail::ManyParameters { function: name.clone(), parameters: *parameters }
            }
            (Rule::Globals, FactKind::Global(names)) => Detail::Global { names: names.clone() },
            _ => return None,
        };
        Some(Finding { line: fact.line, column: fact.column, detail })
    }));
}
