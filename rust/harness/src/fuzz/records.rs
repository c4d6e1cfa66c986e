//! Records: any bytes are refused or are an outcome, and any outcome comes back from its bytes.

use std::borrow::Cow;

use rev_accel_core::fuzzing::{Outcome, decode_record, encode_record};
use rev_accel_core::{Callee, Detail, Failure, Finding, Marker, RuleSet, Status};

use super::input::Input;

/// Reads a record from the bytes, or writes one of an outcome that they describe.
///
/// # Panics
/// When the bytes are read in two ways, when memory is taken that they cannot account for, or when an outcome does not come back.
pub fn records(data: &[u8]) {
    let mut input = Input(data);
    let is_record = input.byte().is_multiple_of(2);
    let rules = RuleSet::from_bits(input.byte());
    if is_record {
        read(input.0, rules);
    } else {
        write(&outcome(&mut input), rules);
    }
}

fn read(bytes: &[u8], rules: RuleSet) {
    let all: Option<Outcome> = decode_record(bytes, RuleSet::ALL);
    let borrowed: Option<Outcome<&str>> = decode_record(bytes, RuleSet::ALL);
    assert_eq!(format!("{borrowed:?}"), format!("{all:?}"));
    let some: Option<Outcome> = decode_record(bytes, rules);
    for outcome in [&all, &some] {
        let Some(Ok(findings)) = outcome else { continue };
        assert!(findings.capacity() <= bytes.len(), "{} findings in {} bytes", findings.capacity(), bytes.len());
        for finding in findings {
            if let Detail::Global { names } = &finding.detail {
                assert!(names.capacity() <= bytes.len(), "{} names in {} bytes", names.capacity(), bytes.len());
            }
        }
    }
    assert_eq!(some, all.clone().map(|outcome| chosen(outcome, rules)));
    let Some(outcome) = all else { return };
    let again = encode_record(&outcome);
    assert!(again.as_ref().is_some_and(|again| again.len() <= bytes.len()), "{outcome:?} from {bytes:?}, {again:?}");
    write(&outcome, rules);
}

/// What must hold for any outcome.
pub(super) fn write(outcome: &Outcome, rules: RuleSet) {
    let is_kept = outcome.as_ref().map_or_else(is_kept, |_| true);
    let bytes = encode_record(outcome);
    assert_eq!(bytes.is_some(), is_kept, "{outcome:?}");
    let Some(bytes) = bytes else { return };
    assert_eq!(decode_record(&bytes, RuleSet::ALL).as_ref(), Some(outcome), "{bytes:?}");
    assert_eq!(decode_record(&bytes, rules), Some(chosen(outcome.clone(), rules)), "{bytes:?}");
    assert_eq!(encode_record(outcome), Some(bytes));
}

/// Whether a failure follows from the bytes of its file alone.
fn is_kept(failure: &Failure) -> bool {
    matches!(failure.status, Status::SyntaxError | Status::Undecodable)
        && failure.exception != "MemoryError"
        && failure.exception != "RecursionError"
}

fn chosen(outcome: Outcome, rules: RuleSet) -> Outcome {
    outcome.map(|findings| findings.into_iter().filter(|finding| rules.contains(finding.detail.rule())).collect())
}

fn outcome(input: &mut Input<'_>) -> Outcome {
    const EXCEPTIONS: [&str; 4] = ["SyntaxError", "TabError", "MemoryError", "RecursionError"];
    const STATUSES: [Status; 6] = [
        Status::SyntaxError,
        Status::Undecodable,
        Status::Unreadable,
        Status::TooLarge,
        Status::TooComplex,
        Status::InternalError,
    ];
    if input.below(4) > 0 {
        let mut findings = Vec::new();
        while !input.is_empty() {
            findings.push(Finding { line: line(input), column: line(input), detail: detail(input) });
        }
        return Ok(findings);
    }
    let exception = EXCEPTIONS.get(input.below(8)).map_or_else(|| input.text().into(), |known| Cow::Borrowed(*known));
    let position = (input.below(2) > 0).then(|| (line(input), line(input)));
    Err(Failure { status: STATUSES[input.below(6)], exception, message: input.text().into(), position })
}

fn line(input: &mut Input<'_>) -> u32 {
    input.number() as u32
}

fn detail(input: &mut Input<'_>) -> Detail {
    const CALLEES: [Callee; 5] = [Callee::Print, Callee::Eval, Callee::Exec, Callee::Compile, Callee::Import];
    match input.below(7) {
        kind @ (0 | 1) => {
            let marker = if kind == 0 { Marker::Todo } else { Marker::Fixme };
            Detail::Todo { text: input.text(), marker, splitlines_line: line(input) }
        }
        2 => Detail::Print,
        3 => Detail::Dangerous(CALLEES[input.below(5)]),
        4 => Detail::MissingReturnType { function: input.text() },
        5 => Detail::ManyParameters { function: input.text(), parameters: line(input) },
        _ => Detail::Global { names: (0..input.below(5)).map(|_| input.text()).collect() },
    }
}
