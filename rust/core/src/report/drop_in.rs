//! The object that `analyze_ast_patterns` answers, in the form of `json.dumps(..., indent=2)`.

use super::json;
use crate::rules::{Detail, Finding, Marker, Rule};
use crate::tree::key::Key;

/// Appends the entry of one file, if it has something to say, and returns the number of issues in it.
///
/// Findings come grouped by rule in the order of [`Rule::ALL`]; `Err` is the name of an exception class.
pub(crate) fn file<S: AsRef<str>>(output: &mut Vec<u8>, key: &Key, outcome: Result<&[Finding<S>], &str>) -> usize {
    if outcome.is_ok_and(<[Finding<S>]>::is_empty) {
        return 0;
    }
    output.extend_from_slice(b"    ");
    json::key(output, key);
    match outcome {
        Err(exception) => {
            output.extend_from_slice(b": {\n      \"error\": ");
            json::string(output, &format!("Failed to parse: {exception}"));
            output.extend_from_slice(b"\n    }");
            0
        }
        Ok(findings) => {
            let mut separator: &[u8] = b": {";
            for group in findings.chunk_by(|one, other| one.detail.rule() == other.detail.rule()) {
                output.extend_from_slice(separator);
                output.extend_from_slice(b"\n      \"");
                output.extend_from_slice(key_of(group[0].detail.rule()));
                output.extend_from_slice(b"\": [");
                for (index, finding) in group.iter().enumerate() {
                    if index > 0 {
                        output.push(b',');
                    }
                    entry(output, finding);
                }
                output.extend_from_slice(b"\n      ]");
                separator = b",";
            }
            output.extend_from_slice(b"\n    }");
            findings.len()
        }
    }
}

const fn key_of(rule: Rule) -> &'static [u8] {
    match rule {
        Rule::Todos => b"todos",
        Rule::Prints => b"print_statements",
        Rule::Dangerous => b"dangerous_functions",
        Rule::TypeHints => b"missing_type_hints",
        Rule::ComplexFunctions => b"complex_functions",
        Rule::Globals => b"global_variables",
    }
}

fn entry<S: AsRef<str>>(output: &mut Vec<u8>, finding: &Finding<S>) {
    let line = match finding.detail {
        Detail::Todo { splitlines_line, .. } => splitlines_line,
        _ => finding.line,
    };
    output.extend_from_slice(b"\n        {\n          \"line\": ");
    json::number(output, line.into());
    match &finding.detail {
        Detail::Todo { text, marker, .. } => {
            output.extend_from_slice(b",\n          \"text\": ");
            json::string(output, text.as_ref());
            output.extend_from_slice(match marker {
                Marker::Todo => b",\n          \"type\": \"TODO\"\n        }",
                Marker::Fixme => b",\n          \"type\": \"FIXME\"\n        }",
            });
        }
        Detail::Print => output.extend_from_slice(b",\n          \"type\": \"print_statement\"\n        }"),
        Detail::Dangerous(callee) => {
            output.extend_from_slice(b",\n          \"function\": ");
            json::string(output, callee.name());
            output.extend_from_slice(b",\n          \"severity\": \"HIGH\"\n        }");
        }
        Detail::MissingReturnType { function } => {
            output.extend_from_slice(b",\n          \"function\": ");
            json::string(output, function.as_ref());
            output.extend_from_slice(b",\n          \"issue\": \"missing_return_type\"\n        }");
        }
        Detail::ManyParameters { function, parameters } => {
            output.extend_from_slice(b",\n          \"function\": ");
            json::string(output, function.as_ref());
            output.extend_from_slice(b",\n          \"parameters\": ");
            json::number(output, (*parameters).into());
            output.extend_from_slice(
                b",\n          \"suggestion\": \"Consider using dataclass or config object\"\n        }",
            );
        }
        Detail::Global { names } => {
            output.extend_from_slice(b",\n          \"variables\": [");
            for (index, name) in names.iter().enumerate() {
                output.extend_from_slice(if index > 0 { b",\n            " } else { b"\n            " });
                json::string(output, name.as_ref());
            }
            output.extend_from_slice(b"\n          ]\n        }");
        }
    }
}
