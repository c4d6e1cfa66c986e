use std::borrow::Cow;

use super::{FORMAT, Outcome, encode, is_kept};
use crate::cache::random::Random;
use crate::rules::{Detail, Finding, Marker, RuleSet};
use crate::syntax::facts::{Callee, Failure, Status};

fn word(random: &mut Random) -> String {
    const LETTERS: [char; 8] = ['a', 'Z', '_', '0', 'é', '漢', '🐍', '\0'];
    (0..random.below(12)).map(|_| LETTERS[random.below(8)]).collect()
}

fn line(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => random.next() as u32,
        1 => [0, 1, u32::MAX][random.below(3)],
        _ => random.below(3_000) as u32,
    }
}

fn detail(random: &mut Random) -> Detail {
    const CALLEES: [Callee; 5] = [Callee::Print, Callee::Eval, Callee::Exec, Callee::Compile, Callee::Import];
    match random.below(6) {
        0 => {
            let marker = if random.below(2) == 0 { Marker::Todo } else { Marker::Fixme };
            Detail::Todo { text: word(random), marker, splitlines_line: line(random) }
        }
        1 => Detail::Print,
        2 => Detail::Dangerous(CALLEES[random.below(5)]),
        3 => Detail::MissingReturnType { function: word(random) },
        4 => Detail::ManyParameters { function: word(random), parameters: line(random) },
        _ => Detail::Global { names: (0..random.below(4)).map(|_| word(random)).collect() },
    }
}

fn outcome(random: &mut Random) -> Outcome {
    if random.below(8) == 0 {
        let exception = if random.below(2) == 0 { Cow::Borrowed("SyntaxError") } else { Cow::Owned(word(random)) };
        let status = if random.below(2) == 0 { Status::SyntaxError } else { Status::Undecodable };
        let position = (random.below(2) == 0).then(|| (line(random), line(random)));
        return Err(Failure { status, exception, message: word(random).into(), position });
    }
    let mut findings: Vec<_> = (0..random.below(30))
        .map(|_| Finding { line: line(random), column: line(random), detail: detail(random) })
        .collect();
    findings.sort_by_key(|finding| finding.detail.rule());
    Ok(findings)
}

fn encoded(outcome: &Outcome) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert!(encode(outcome, &mut bytes));
    bytes
}

/// With all rules, as texts of its own.
fn decode(bytes: &[u8]) -> Option<Outcome> {
    super::decode(bytes, RuleSet::ALL)
}

#[test]
fn what_was_written_is_read_again() {
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        let outcome = outcome(&mut random);
        let bytes = encoded(&outcome);
        assert_eq!(decode(&bytes).as_ref(), Some(&outcome));
        let Ok(findings) = outcome else { continue };
        let rules = RuleSet::from_bits(random.next() as u8);
        let some: Vec<_> = findings.into_iter().filter(|finding| rules.contains(finding.detail.rule())).collect();
        assert_eq!(super::decode(&bytes, rules), Some(Ok(some)));
    }
}

#[test]
fn damaged_bytes_never_panic_and_never_take_much_memory() {
    let mut random = Random::new(2);
    for _ in 0..50_000 {
        let mut bytes = encoded(&outcome(&mut random));
        for _ in 0..=random.below(4) {
            match random.below(4) {
                0 => bytes.truncate(random.below(bytes.len() + 1)),
                1 => bytes.insert(random.below(bytes.len() + 1), random.next() as u8),
                2 if !bytes.is_empty() => {
                    let place = random.below(bytes.len());
                    bytes[place] ^= 1 << random.below(8);
                }
                _ => {
                    let place = random.below(bytes.len() + 1);
                    bytes.splice(place..place, [0xff; 8]);
                }
            }
        }
        let read = decode(&bytes);
        assert_eq!(read.is_some(), super::decode::<&str>(&bytes, RuleSet::ALL).is_some());
        if let Some(Ok(findings)) = &read {
            assert!(findings.capacity() <= bytes.len());
        }
        // Whatever is read is something that could have been written.
        assert!(read.is_none_or(|outcome| is_kept(&outcome)));
    }
    let mut noise = vec![0; 200];
    for _ in 0..50_000 {
        noise.fill_with(|| random.next() as u8);
        noise[0] = 1;
        noise[1] = random.below(3) as u8;
        let _ = decode(&noise);
    }
}

#[test]
fn a_record_of_another_form_is_none() {
    let mut bytes = encoded(&outcome(&mut Random::new(3)));
    assert!(decode(&bytes).is_some());
    for format in (0..=u8::MAX).filter(|format| *format != FORMAT) {
        bytes[0] = format;
        assert_eq!(decode(&bytes), None);
    }
}

#[test]
fn only_what_follows_from_the_bytes_is_kept() {
    for status in [Status::Unreadable, Status::TooLarge, Status::TooComplex, Status::InternalError] {
        let outcome = Err(Failure::new(status, "OSError", "…"));
        assert!(!is_kept(&outcome));
        let mut bytes = Vec::new();
        assert!(!encode(&outcome, &mut bytes) && bytes.is_empty());
    }
    for exception in ["MemoryError", "RecursionError"] {
        assert!(!is_kept(&Err(Failure::new(Status::SyntaxError, exception, "…"))));
        // Nor believed when it is found.
        let mut bytes = encoded(&Err(Failure::new(Status::SyntaxError, "X", "…")));
        let length = bytes.iter().position(|byte| *byte == b'X').unwrap();
        bytes[length - 1] = exception.len() as u8;
        bytes.splice(length..=length, exception.bytes());
        assert_eq!(decode(&bytes), None);
    }
    assert!(is_kept(&Err(Failure::new(Status::SyntaxError, "TabError", "…"))));
    assert!(is_kept(&Err(Failure::new(Status::Undecodable, "UnicodeDecodeError", "not UTF-8"))));
    assert!(is_kept(&Ok(Vec::new())));
}
