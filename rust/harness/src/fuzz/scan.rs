//! The whole way of one text: guard, parser, rules, outline, and what is written of them.

use rev_accel_core::fuzzing::{Outcome, outline_here, scan_here};
use rev_accel_core::syntax::guard;
use rev_accel_core::{Detail, Failure, Finding, Grammar, LineFormat, Producer, Rule, RuleSet, Scan, Status};

use super::input::Input;
use super::{records, stack};
use crate::is_false_error;

/// The path of the text, with all that a report has to escape.
const NAME: &str = "a \"b\" {\u{e9}}%](c.py";

/// Scans and outlines the bytes behind the first three, which choose rules and grammar.
///
/// # Panics
/// When anything in the answers cannot be, or does not fit the rest.
pub fn scan(data: &[u8]) {
    stack::on_large_stack(judge, data);
}

fn judge(data: &[u8]) {
    let mut input = Input(data);
    let rules = RuleSet::from_bits(input.byte());
    let minor = [11, 12, 13, 14][input.below(4)];
    let grammar = Grammar { minor, integer_digits: [4300, 0, 640][input.below(3)] };
    let source = input.0;

    let scanned = scanned(source, RuleSet::ALL, Producer::Auto, grammar);
    let outcome = scanned.1;
    status(source, &outcome);
    let parsed = self::scanned(source, RuleSet::ALL, Producer::Parser, grammar).1;
    let is_same = match (&outcome, &parsed) {
        (Ok(_), Err(failure)) => {
            failure.status == Status::TooComplex || is_false_error(&String::from_utf8_lossy(source))
        }
        (one, other) => one == other,
    };
    assert!(is_same, "{outcome:?} with the recogniser, {parsed:?} without");
    let chosen = outcome.clone().map(|mut findings| {
        findings.retain(|finding| rules.contains(finding.detail.rule()));
        findings
    });
    assert_eq!(self::scanned(source, rules, Producer::Auto, grammar).1, chosen);

    if let (Ok(text), Ok(findings)) = (std::str::from_utf8(source), &outcome) {
        places(text, findings);
        todos(text, findings);
    }
    reports(&scanned.0, &outcome);
    sarif(&scanned.0, &outcome);
    records::write(&outcome, rules);
    outline(source, grammar);
}

fn scanned(source: &[u8], rules: RuleSet, producer: Producer, grammar: Grammar) -> (Scan, Outcome) {
    let scan = scan_here(source, NAME.into(), rules, producer, &grammar);
    let outcome = scan.reports[0].outcome.clone();
    (scan, outcome)
}

fn status(source: &[u8], outcome: &Outcome) {
    let status = outcome.as_ref().err().map(|failure| failure.status);
    assert_ne!(status, Some(Status::InternalError), "{outcome:?}");
    assert!(!matches!(status, Some(Status::Unreadable | Status::TooLarge)), "{outcome:?}");
    assert_eq!(status == Some(Status::Undecodable), std::str::from_utf8(source).is_err());
    if let (Err(failure), Ok(text)) = (outcome, std::str::from_utf8(source)) {
        let lines = Lines::of(text);
        assert!(failure.position.is_none_or(|(line, column)| lines.hold(line, column)), "{failure:?}");
    }
}

/// The physical lines of a text.
struct Lines(Vec<u32>);

impl Lines {
    fn of(text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        Self(text.split('\n').map(|line| line.chars().count() as u32).collect())
    }

    /// Whether a place is in the text or at the end of a line of it.
    fn hold(&self, line: u32, column: u32) -> bool {
        let length = (line as usize).checked_sub(1).and_then(|index| self.0.get(index));
        // The line end itself may be two characters.
        length.is_some_and(|length| (1..=length + 2).contains(&column))
    }
}

fn places(text: &str, findings: &[Finding]) {
    let lines = Lines::of(text);
    for finding in findings {
        assert!(lines.hold(finding.line, finding.column), "{finding:?}");
    }
    assert!(findings.is_sorted_by_key(|finding| finding.detail.rule()), "{findings:?}");
    let outline = guard::outline(text);
    assert!(text.is_char_boundary(outline.head), "{outline:?}");
    assert!(outline.stop.is_none_or(|(offset, _)| offset <= text.len()), "{outline:?}");
}

/// The to-dos are the lines, as `str.splitlines` has them, with one of the words in them.
fn todos(text: &str, findings: &[Finding]) {
    const ENDS: [char; 9] = ['\n', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];
    let is_space = |character: char| character.is_whitespace() || ('\x1c'..='\x1f').contains(&character);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let expected = text.split(ENDS).enumerate().filter(|(_, line)| line.contains("TODO") || line.contains("FIXME"));
    let expected = expected.map(|(index, line)| {
        let marker = if line.contains("TODO") { "TODO" } else { "FIXME" };
        (index as u32 + 1, line.trim_matches(is_space), marker)
    });
    let found = findings.iter().filter_map(|finding| match &finding.detail {
        Detail::Todo { text, marker, splitlines_line } => Some((*splitlines_line, text.as_str(), marker.name())),
        _ => None,
    });
    let (expected, found): (Vec<_>, Vec<_>) = (expected.collect(), found.collect());
    assert_eq!(found, expected);
}

/// What is written is JSON with as many findings as there are, or lines that no terminal obeys.
fn reports(scan: &Scan, outcome: &Outcome) {
    let findings = outcome.as_ref().map_or(0, Vec::len);
    let object = [scan.to_drop_in_json(), b"}".to_vec()].concat();
    assert!(object.is_ascii());
    let object = json(&object);
    assert_eq!(object["total_issues"], findings);
    let file = &object["files"][NAME];
    let listed = file.as_object().into_iter().flatten().filter_map(|(_, issues)| issues.as_array());
    assert_eq!(listed.map(Vec::len).sum::<usize>(), findings);
    assert_eq!(file["error"].is_string(), outcome.is_err());

    let lines = scan.to_lines(LineFormat::JsonLines);
    let lines: Vec<_> = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(json).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["findings"].as_array().map(Vec::len), Some(findings));
    assert_eq!(lines[0]["error"].is_object(), outcome.is_err());
    assert_eq!(lines[1]["findings"], findings);
    let by_rule = Rule::ALL.iter().map(|rule| lines[1]["by_rule"][rule.name()].as_u64());
    assert_eq!(by_rule.sum::<Option<u64>>(), Some(findings as u64));

    let text = String::from_utf8(scan.to_lines(LineFormat::Text { color: false }));
    let is_printable = |text: &String| text.chars().all(|character| character == '\n' || !character.is_control());
    assert!(text.as_ref().is_ok_and(is_printable), "{text:?}");
    assert_eq!(text.map(|text| text.lines().count()), Ok(if outcome.is_err() { 1 } else { findings }));
}

/// A log in SARIF says of each finding, and of what failed, what the others say.
fn sarif(scan: &Scan, outcome: &Outcome) {
    let log = json(&scan.to_lines(LineFormat::Sarif));
    let run = &log["runs"][0];
    let listed = |entries: &serde_json::Value| entries.as_array().cloned().unwrap_or_default();
    let (rules, results) = (&run["tool"]["driver"]["rules"], listed(&run["results"]));
    let mut told: Vec<_> = results.iter().map(|result| (place_in(result), result["ruleId"].clone())).collect();
    let said = |finding: &Finding| {
        let place = (Some(finding.line), Some(finding.column), finding.detail.message());
        (place, finding.detail.rule().name().into())
    };
    let mut expected: Vec<_> = outcome.iter().flatten().map(said).collect();
    for places in [&mut told, &mut expected] {
        places.sort_by_key(|(place, rule): &(_, serde_json::Value)| (place.clone(), rule.to_string()));
    }
    assert_eq!(told, expected);
    let mut identities = std::collections::HashSet::new();
    for result in &results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap_or(99) as usize]["id"], result["ruleId"]);
        let identity = result["partialFingerprints"]["content/v1"].as_str();
        assert!(identity.is_none_or(|identity| identities.insert(identity)), "{result}");
    }

    let failures = listed(&run["invocations"][0]["toolExecutionNotifications"]);
    let told: Vec<_> = failures.iter().map(|one| (place_in(one), one["descriptor"]["id"].clone())).collect();
    let said = |failure: &Failure| {
        let (line, column) = failure.position.unzip();
        let text = format!("{}: {}", failure.exception, failure.message);
        ((line, column, text), failure.status.name().into())
    };
    assert_eq!(told, outcome.as_ref().err().map(said).into_iter().collect::<Vec<_>>());
}

/// Where an entry of a log is, and what it says to a reader, who takes doubled braces for one and sees no link.
fn place_in(entry: &serde_json::Value) -> (Option<u32>, Option<u32>, String) {
    let place = &entry["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20%22b%22%20%7B%C3%A9%7D%25%5D%28c.py");
    let number = |name| place["region"][name].as_u64().map(|number| number as u32);
    let text = entry["message"]["text"].as_str().unwrap_or_default();
    assert!(!text.replace("\\](", "").contains("]("), "{entry}");
    let alone = text.replace("{{", "").replace("}}", "");
    assert!(!alone.contains(['{', '}']), "{entry}");
    let text = text.replace("{{", "{").replace("}}", "}").replace("\\](", "](");
    (number("startLine"), number("startColumn"), text)
}

fn json(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(text)))
}

/// Symbols lie in the text, in its order, and inside of each other.
fn outline(source: &[u8], grammar: Grammar) {
    let outline = outline_here(source, &grammar);
    assert!(outline.failure.is_none_or(|failure| failure.status != Status::InternalError));
    let symbols = outline.symbols;
    let lines = Lines::of(&String::from_utf8_lossy(source)).0.len() as u32;
    // The innermost symbols around the next one.
    let mut around: Vec<(u32, u32)> = Vec::new();
    for symbol in &symbols {
        let (first, last) = (symbol.first_line, symbol.last_line);
        assert!(
            1 <= first && first <= symbol.line && symbol.line <= last && last <= lines,
            "{symbol:?} of {lines} lines"
        );
        assert!(symbol.depth as usize <= around.len(), "{symbols:?}");
        around.truncate(symbol.depth as usize);
        assert!(around.last().is_none_or(|&(from, to)| from <= first && last <= to), "{symbols:?}");
        around.push((first, last));
        assert!(!symbol.name.is_empty(), "{symbol:?}");
    }
}
