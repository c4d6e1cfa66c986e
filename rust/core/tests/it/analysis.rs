//! Facts and verdicts of single texts, with no interpreter to ask.

use rev_accel_core::{Cancel, Detail, Finding, Grammar, Producer, RuleSet, Scan, scan_source};

fn analyse(text: &str) -> Scan {
    let options = (RuleSet::ALL, 64 << 20);
    scan_source(
        text.as_bytes(),
        "x.py".into(),
        options.0,
        options.1,
        Producer::Auto,
        &Grammar::default(),
        &Cancel::new(),
    )
    .unwrap()
}

fn findings(text: &str) -> Vec<Finding> {
    analyse(text).reports[0].outcome.clone().unwrap()
}

/// Exception class and status.
fn failure(text: &str) -> (String, &'static str) {
    let scan = analyse(text);
    let report = &scan.reports[0];
    let status = report.status();
    (report.outcome.as_ref().unwrap_err().exception.clone().into_owned(), status)
}

#[test]
fn findings_come_breadth_first_in_the_order_of_fields() {
    let text = "\
@print(1)
def f(a: print(2) = print(3)) -> print(4):
    print(
        print(6))
{print(7): print(8), **print(9)}
[print(10) for x in print(11) if print(12)]
if print(13): pass
elif print(14): pass
";
    let lines: Vec<u32> =
        findings(text).iter().filter(|finding| finding.detail == Detail::Print).map(|finding| finding.line).collect();
    // What CPython 3.11's `ast.walk` gives for this text.
    assert_eq!(lines, [1, 2, 7, 2, 3, 5, 5, 5, 6, 8, 2, 4, 6, 6]);
}

#[test]
fn places_are_those_of_cpython() {
    let text = "x = 'é'; (\nprint)(1)\n@a\n# c\n@b(\n)\n\\\ndef f(): pass\r\ndef g(): pass\r";
    let places: Vec<_> = findings(text).iter().map(|finding| (finding.line, finding.column)).collect();
    assert_eq!(places, [(1, 10), (8, 1), (9, 1)]);
}

#[test]
fn what_only_the_parser_accepts_is_an_error() {
    let texts = [
        "((x) := 1)",
        "match z:\n case [a b]: pass",
        "match z:\n case [True 'x']: pass",
        "match z:\n case [[*a][]]: pass",
        "match z:\n case (a # ,\n b): pass",
        "match x:\n case A((b)=d): pass",
        "yield != b",
        "x: y = yield != a",
        "match z:\n case A(-1 .x): pass",
        "match z:\n case -1.(a): pass",
        "match z:\n case 1 .x: pass",
        "[1async for x in y]",
        "[1.async for x in y]",
        "[1.5async for x in y]",
        "[1jasync for x in y]",
        "[0b1async for x in y]",
        "[0x1gasync for x in y]",
        "try: pass\nexcept 1.e-3Jas f: pass",
        "try: pass\nexcept 1as f: pass",
        "[1e-5async for x in y]",
        "1.kilo",
        "0xe-8.kilo",
        "x1e-8.kilo",
    ];
    for text in texts {
        assert_eq!(failure(text), ("SyntaxError".to_owned(), "syntax_error"), "{text}");
    }
}

#[test]
fn what_resembles_that_is_accepted() {
    let texts = [
        "((x := 1))",
        "match z:\n case [a, b]: pass",
        "match z:\n case [(a), (b)]: pass",
        "match z:\n case [a # b\n , b]: pass",
        "match z:\n case a, \\\n b: pass",
        "match x:\n case A(b=d, c=(e)): pass",
        "f'{(yield)!r}'",
        "f'{yield!r}'",
        "(yield) != b",
        "1if 1.else 1.5",
        "1_0j if 0x1for 0b1and 0o7or 1e5else 1.e-3",
        "(1.e5,)",
        "1jif x else 2.Jif x else .5E+3if x else 1_0.0_1e1_0J",
        "1j.real, 0x1f.real, .5.real, 0777.5.real, 1e5.real, 1.5.real, 0b1.real",
        "1. .real, 1..real, 1 .real, 0xe-1, 1not in[2]",
        "2.1e-8.kilo, 1E+5.real, 1.e-5.real, .5e-3if x else 1e-5.x, 0xe-8 .real, 1e-5jor 1",
        "match z:\n case A(-1, 1-2j, -1.5+2j, 'a' 'b', a.b.c): pass",
    ];
    for text in texts {
        assert_eq!(findings(text), [], "{text}");
    }
}

#[test]
fn the_class_of_an_error_follows_cpython_where_it_cannot_be_asked() {
    let class = |text: &str, exception: &str, status: &str| {
        assert_eq!(failure(text), (exception.to_owned(), status_name(status)), "{}", &text[..text.len().min(40)]);
    };
    class("a b", "SyntaxError", "syntax_error");
    class("if a:\nb", "IndentationError", "syntax_error");
    class("  a", "IndentationError", "syntax_error");
    class("if a:\n\tif b:\n  \tc\n", "TabError", "syntax_error");
    class("\u{feff}a", "SyntaxError", "syntax_error");
    class("a\0", "SyntaxError", "syntax_error");
    class("def f(\n", "SyntaxError", "syntax_error");
    class("type X = int", "SyntaxError", "syntax_error");
    class(&("(".repeat(300) + &")".repeat(300)), "SyntaxError", "too_complex");
    class(&("a+".repeat(100_000) + "a"), "RecursionError", "too_complex");
    class(&"1".repeat(4_301), "SyntaxError", "syntax_error");
    class(&("if a b: c\n".to_owned() + &"(".repeat(300)), "SyntaxError", "syntax_error");
    class("f'{a!r }'", "SyntaxError", "syntax_error");
    class("match a:\n case _.b: pass", "SyntaxError", "syntax_error");
    class("match a:\n case [_()]: pass", "SyntaxError", "syntax_error");
}

fn status_name(name: &str) -> &'static str {
    ["syntax_error", "too_complex"].into_iter().find(|known| *known == name).unwrap()
}

#[test]
fn valid_text_that_the_parser_reports_is_valid() {
    assert_eq!(findings("if a: raise ; print()\n").len(), 1);
    assert_eq!(findings("match x:\n    case {f'': a, rf\"{b}\": c, 'd': e}: print()\n").len(), 1);
    assert_eq!(findings(&"1".repeat(4_300)), []);
    assert_eq!(findings(&("0x".to_owned() + &"1".repeat(9_000))), []);
}

#[test]
fn a_text_over_the_limit_and_one_that_is_not_utf8_have_a_status() {
    let scan = |source: &[u8], limit| {
        let scan = scan_source(
            source,
            "x.py".into(),
            RuleSet::ALL,
            limit,
            Producer::Auto,
            &Grammar::default(),
            &Cancel::new(),
        )
        .unwrap();
        scan.reports[0].status()
    };
    assert_eq!(scan(b"print()", 6), "too_large");
    assert_eq!(scan(b"\xff", 6), "undecodable");
    assert_eq!(scan(b"print()", 7), "ok");
}

#[test]
fn the_first_error_of_a_long_text_is_found_wherever_it_stands() {
    let class = |text: &str| failure(text).0;
    let lines = "a = 1\n".repeat(300_000);
    assert_eq!(class(&"a b\n".repeat(400_000)), "SyntaxError");
    assert_eq!(class(&("if a:\nb\n".to_owned() + &lines)), "IndentationError");
    assert_eq!(class(&(lines.clone() + "a b\n")), "SyntaxError");
    assert_eq!(findings(&(lines + "print(1)\n")).len(), 1);
    let block = "try:\n".to_owned() + &" a = 1\n".repeat(300_000) + "finally:\n pass\n";
    assert_eq!(findings(&block), []);
}
