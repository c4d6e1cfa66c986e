//! What the recogniser accepts and what it leaves to the parser. The facts are compared by `rust/harness`.

use rev_accel_core::Grammar;
use rev_accel_core::syntax::audit::{parsed, recognised};

fn is_accepted(text: &str) -> bool {
    let facts = recognised(text, Grammar::default());
    if let Ok(facts) = &facts {
        assert_eq!(*facts, parsed(text, Grammar::default()).unwrap(), "{text}");
    }
    facts.is_ok()
}

#[test]
fn plain_python_is_accepted() {
    let texts = [
        "",
        "\n\n# a comment\n",
        "x = 1",
        "if a:\r\n\tb()\r\nelse:\r\n\tc()\r\n",
        "@print(1)\n@eval(2)\ndef f(a, b=exec(3), /, c=4, *, d: int, **e) -> compile(5):\n    def g(): global x, y\n",
        "class A(B, metaclass=C): pass",
        "print(eval(1) if exec(2) else compile(3))",
        "with (a as b, c,): pass\nwith (a, b) as c, d: pass\nwith (yield): pass",
        "try: pass\nexcept* (A, B) as e: pass\nelse: pass\nfinally: pass",
        "match (a, b):\n    case [1, *_] | {'k': -1+2j, **r} | A(b, c=d.e) if print(): pass\nmatch = match(x)[y]\n",
        "async def f():\n    async for a, *b in c: await d\n    return [x async for x in y if z]",
        "x: int = yield\nx.y: int\nx[1:2, ::3] += *a, b\ndel (a, [b]), c.d",
        "f'{x!r:>{w}} {y = }' 'a' '\\N{BULLET}\\x41' r'\\d'\nb'\\x00'",
        "def f(*a: *b): x[*y] = lambda *, k=1: 0",
        "print(\n  1\n  # comment\n)  ;  (print)(2)",
        "from .. import (a, b as c,)\nimport d.e as f",
        "from __future__ import (annotations, division as d,)\nfrom .__future__ import x",
        "x = 0_0, 0x_ff, 1_0.5e-3J, 00, .5, 1.",
    ];
    for text in texts {
        assert!(is_accepted(text), "{text}");
    }
}

#[test]
fn what_only_some_versions_accept_is_left_to_the_parser() {
    let texts = [
        "type X = int",
        "def f[T](): pass",
        "class A[T]: pass",
        "f'{x!r }'",
        "f'{a[\"b\\n\"]}'",
        "f'{lambda x: 1}'",
        "f'{x:{y:{z}}}'",
        "f'{x # comment\n}'",
        "f'{a['b']}'",
        "try: pass\nexcept A, B: pass",
        "'\\N{ARABIC PEPET}'",
        "t'{x}'",
        "from __future__ import barry_as_FLUFL\n1 <> 2",
        "from __future__ import annotations, braces",
        "from __future__ import *",
        "f'{print(1)}'",
        "f'{a:{b=}}'",
        "f'{a:x{b = !r}}'",
    ];
    for text in texts {
        assert!(!is_accepted(text), "{text}");
    }
}

#[test]
fn what_no_version_accepts_is_never_accepted() {
    let texts = [
        "\u{feff}x",
        "x = '\0'",
        "x = 01",
        "if x:\n\ty\n        z",
        "if x:\n  y\n z",
        "(x).y: int",
        "x, y: int",
        "def f(a=1, b): pass",
        "def f(*): pass",
        "def f(*, **k): pass",
        "f(a=1, b)",
        "f(**a, *b)",
        "f(x for x in y, 1)",
        "f() = 1",
        "del f()",
        "for f() in x: pass",
        "with a as b(): pass",
        "case 1: pass",
        "match x:\n  case a as _: pass",
        "match x:\n  case A(b=c, d): pass",
        "match x:\n  case {**r, 'k': v}: pass",
        "match x:\n  case 1j+2: pass",
        "match x:\n  case _(): pass",
        "match x:\n  case _.y: pass",
        "'a' b'c'",
        "'\\x4'",
        "b'\u{e9}'",
        "'\\U00110000'",
        "f'}'",
        "f'{}'",
        "f'\\{{x}'",
        "x = 1 \\",
        "x = 1 \\\n\n",
        "(]",
        "{1: 2, 3}",
        "[*a for a in b]",
        "a = *b",
        "x == not y",
        "a not b",
        "x if y",
        "import a,",
        "from a import b,",
        "global x,",
        "try: pass",
        "else: pass",
        "@a\nx = 1",
        "\"\"\"abc\"\"",
        "'abc",
    ];
    for text in texts {
        assert!(recognised(text, Grammar::default()).is_err(), "{text}");
    }
}

#[test]
fn it_speaks_for_no_version_that_it_was_not_compared_with() {
    for minor in [10, 15] {
        assert!(recognised("x = 1", Grammar { minor, ..Grammar::default() }).is_err());
    }
}

#[test]
fn hits_that_go_down_again_and_again_cost_linear_time() {
    for link in ["+print()", " or print()", ",print()", ";print()", "\nprint()", "()", ".a", " if print() else 1"] {
        let text = format!("print(){}", link.repeat(200_000));
        let started = std::time::Instant::now();
        let _ = recognised(&text, Grammar::default());
        assert!(started.elapsed().as_secs() < 5, "{link}");
    }
}
