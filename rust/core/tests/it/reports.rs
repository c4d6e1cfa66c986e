//! What the reports look like.

use std::path::Path;

use rev_accel_core::{Cancel, Error, Grammar, LineFormat, Selection, scan_lines};

use crate::tree::{drop_in, options, scan, tree, write};

#[test]
fn the_drop_in_object_is_that_of_json_dumps() {
    let folder = tree(&[("a.py", "def f(a, b, c, d, e, g):\n    global x, y  # TODO \u{e9}\n"), ("b.py", "(")]);
    let mut options = options(folder.path());
    options.selection = Selection::All;
    let text = drop_in(&options).unwrap();
    let expected = r#"{
  "scanned_files": 2,
  "files": {
    "a.py": {
      "todos": [
        {
          "line": 2,
          "text": "global x, y  # TODO \u00e9",
          "type": "TODO"
        }
      ],
      "missing_type_hints": [
        {
          "line": 1,
          "function": "f",
          "issue": "missing_return_type"
        }
      ],
      "complex_functions": [
        {
          "line": 1,
          "function": "f",
          "parameters": 6,
          "suggestion": "Consider using dataclass or config object"
        }
      ],
      "global_variables": [
        {
          "line": 2,
          "variables": [
            "x",
            "y"
          ]
        }
      ]
    },
    "b.py": {
      "error": "Failed to parse: SyntaxError"
    }
  },
  "total_issues": 4"#;
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(String::from_utf8(scan(&options).unwrap().to_drop_in_json()).unwrap(), expected);
}

#[test]
fn the_fixtures_give_the_text_that_lies_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").canonicalize().unwrap();
    let mut options = options(&folder.join("project"));
    options.selection = Selection::All;
    let text = drop_in(&options).unwrap();
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let (expected, _) = expected.split_once(",\n  \"patterns_checked\"").unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn a_tree_without_python_has_no_drop_in_object() {
    let folder = tree(&[("a.txt", "")]);
    assert_eq!(drop_in(&options(folder.path())), None);
}

#[test]
fn lines_are_streamed_in_order_and_equal_the_kept_report() {
    let folder = tree(&[("\u{e9}/\u{1b}[31m.py", "eval('')\nprint(1)\n")]);
    for index in 0..600 {
        write(folder.path(), &format!("{index}.py"), "x = 1\nprint(x)  # TODO\n");
    }
    let options = options(folder.path());
    for format in
        [LineFormat::JsonLines, LineFormat::Sarif, LineFormat::Text { color: false }, LineFormat::Text { color: true }]
    {
        let mut streamed = Vec::new();
        let write = |piece: &[u8]| {
            streamed.extend_from_slice(piece);
            true
        };
        scan_lines(&options, format, &Grammar::default(), &Cancel::new(), &|_, _| {}, write).unwrap();
        assert_eq!(streamed, scan(&options).unwrap().to_lines(format));
        assert_eq!(streamed.contains(&0x1b), format == LineFormat::Text { color: true });
    }
}

#[test]
fn a_writer_that_refuses_ends_the_scan() {
    let folder = tree(&[]);
    for index in 0..2_000 {
        write(folder.path(), &format!("{index}.py"), &"print(1)\n".repeat(20));
    }
    let format = LineFormat::JsonLines;
    let mut calls = 0;
    let write = |_: &[u8]| {
        calls += 1;
        false
    };
    let stopped = scan_lines(&options(folder.path()), format, &Grammar::default(), &Cancel::new(), &|_, _| {}, write);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert_eq!(calls, 1);
}
