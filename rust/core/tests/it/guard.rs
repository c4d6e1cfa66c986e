//! The guard's outline of a text.

use rev_accel_core::syntax::guard::{MAX_DEPTH, Outline, Stop, outline};

fn stop(text: &str) -> Option<Stop> {
    outline(text).stop.map(|(_, stop)| stop)
}

fn outline_of(text: &str) -> Outline {
    let outline = outline(text);
    assert_eq!(outline.stop, None, "{text}");
    outline
}

#[test]
fn flat_text_is_shallow_however_long() {
    for text in ["a = 1\n", "f(a, b)\n", "x.y = [1, 2, {3: 4}]\n", "s = f'{a:{b}}' 'c'\n"] {
        assert!(outline_of(&text.repeat(10_000)).depth < 40, "{text}");
    }
    let table = format!("t = [{}]\n", "(1, 'x', -2.5, lambda a, b=1: a), ".repeat(10_000));
    assert!(outline_of(&table).depth < 40);
}

#[test]
fn every_kind_of_chain_and_nest_counts() {
    let long = MAX_DEPTH as usize + 100;
    let chains = [
        "a + ".repeat(long) + "b",
        "not ".repeat(long) + "b",
        "a.".repeat(long) + "b",
        "f".to_owned() + &"()".repeat(long),
        "a if b else ".repeat(long) + "c",
        "1if 1else ".repeat(long) + "2",
        "lambda: ".repeat(long) + "0",
        "lambda a=".repeat(long) + "0" + &": 0".repeat(long),
        "lambda a, b=".repeat(long) + "0" + &": 0".repeat(long),
        "await ".repeat(long) + "b",
        "-".repeat(long) + "1",
        "a**".repeat(long) + "b",
        "a << ".repeat(long) + "b",
    ];
    for chain in chains {
        assert_eq!(stop(&chain), Some(Stop::Depth), "{}", &chain[..40]);
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("a[", "]")] {
        assert_eq!(stop(&(open.repeat(200) + "a" + &close.repeat(200))), None);
        assert_eq!(stop(&(open.repeat(201) + "a" + &close.repeat(201))), Some(Stop::Brackets));
    }
}

#[test]
fn depth_inside_brackets_adds_to_what_stands_around_them() {
    let inner = "-".repeat(2_000) + "1";
    assert_eq!(stop(&format!("f({inner}){}", ".a".repeat(500))), None);
    assert_eq!(stop(&format!("f({inner}){}", ".a".repeat(1_500))), Some(Stop::Depth));
    assert_eq!(stop(&format!("f({inner}), f{}", ".a".repeat(1_500))), None);
}

#[test]
fn operators_nest_by_their_precedence() {
    let polynomial = "x = ".to_owned() + &"3*p**2*q.r[s] + -b(c, d) - ".repeat(500) + "1\n";
    assert!((1_000..1_100).contains(&outline_of(&polynomial).depth));
    let comparisons = "x = ".to_owned() + &"a.b < -c and not d | e or ".repeat(300) + "f\n";
    assert!(outline_of(&comparisons).depth < 330);
    let flat = "x = ".to_owned() + &"a.b == c*2 and d in e or ".repeat(3_000) + "f\n";
    assert!(outline_of(&flat).depth < 30);
}

#[test]
fn blocks_are_followed_by_both_counts_of_tabs() {
    let blocks = |levels: usize| {
        (0..levels).map(|level| " ".repeat(level) + "if a:\n").collect::<String>() + &" ".repeat(levels) + "b\n"
    };
    assert_eq!(stop(&blocks(99)), None);
    assert_eq!(stop(&blocks(100)), Some(Stop::Indents));
    assert_eq!(stop("if a:\n\tif b:\n  \tc\n"), Some(Stop::Tabs));
    assert_eq!(stop("if a:\n        b\n\tc\n"), Some(Stop::Tabs));
    for text in ["if x:\n \t()\n  ()", "if x:\n\tif y:\n   ()", "if x:\n  if y:\n\t  ()\n \t()", "if a:\n    b\n  c"] {
        assert_eq!(stop(text), Some(Stop::Dedent), "{text}");
    }
    assert_eq!(stop("if a:\n\tb\n\n        # only a comment\n(\n        1)\n"), None);
    assert_eq!(stop("if a:\n  \x0c\tb\n\tc\n"), None);
}

#[test]
fn what_never_ends_and_what_never_began_is_irregular() {
    for text in [
        "(",
        "a]",
        "(]",
        "'",
        "\"\"\"a",
        "f'{",
        "f'{a",
        "f'{a:",
        "f'}'",
        "f'{a:\n}'",
        "'a\nb'",
        "f'{(}'",
        "f'{)}'",
        "f'{}'",
        "a $ b",
        "a?",
        "`a`",
        "a\u{1a}",
        "'\\",
    ] {
        assert_eq!(stop(text), Some(Stop::Irregular), "{text}");
    }
    for text in [
        "'('",
        "# (",
        "'''\n(\n'''",
        "f'{{(}}'",
        "rb'\\''",
        "f'{a!r:{b}}('",
        "f'\\N{LEFT PARENTHESIS}('",
        "f'''{a:\n}'''",
        "(\n)\\\n",
    ] {
        assert_eq!(stop(text), None, "{text}");
    }
}

#[test]
fn fields_of_interpolated_strings_are_counted() {
    assert_eq!(outline_of("f'{a}{b:{c}}' f\"{d}\" '{e}' t'{f'{g}'}'").fields, 6);
}
