//! Texts that are almost real ones.

use crate::random::Random;

/// Pieces that are put in: each token, and constructs at the edge of the grammar.
pub(crate) const FRAGMENTS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ";",
    "=",
    ":=",
    "*",
    "**",
    ".",
    "...",
    "->",
    "@",
    "+",
    "-",
    "~",
    "not ",
    " in ",
    " is ",
    " if ",
    " else ",
    " for ",
    " and ",
    " or ",
    "lambda ",
    "lambda x: ",
    "lambda *a, b=1: ",
    "await ",
    "yield ",
    "yield from ",
    "async ",
    "async for x in ",
    "def f():",
    "def f(a, /, b, *, c): ",
    "class A:",
    "class A(b, c=d): ",
    "return ",
    "del ",
    "global x",
    "global x, y\n",
    "nonlocal x",
    "import a",
    "import a.b as c",
    "from . import x",
    "from .. import (x, y,)",
    "from __future__ import barry_as_FLUFL\n",
    "with ",
    "with (a, b as c): ",
    "with (a): ",
    "with (a), b: ",
    " as ",
    " as x",
    "try:",
    "except:",
    "except* ",
    "except (A, B) as e:",
    "finally:",
    "else:",
    "elif x:",
    "while ",
    "raise ",
    "raise x from y",
    "assert ",
    "pass",
    "break",
    "continue",
    "None",
    "True",
    "__debug__",
    "1",
    "0",
    "01",
    "00",
    "1_0",
    "1__0",
    "1_",
    "1.",
    ".5",
    "1e5",
    "1e",
    "0x1f",
    "0x_f",
    "0b12",
    "0o17",
    "1j",
    "1.e-3J",
    "0777",
    "0777.5",
    "1if",
    "''",
    "'a'",
    "\"b\"",
    "b'c'",
    "b'\u{e9}'",
    "u'x'",
    "ur'x'",
    "f'{x}'",
    "f'{x!r:>{w}}'",
    "f'{x=}'",
    "f'{x = !r}'",
    "f'{{x}}'",
    "f'{x:{y:{z}}}'",
    "f'{x!r }'",
    "f'{*a}'",
    "f'{a, *b}'",
    "f'{a:=b}'",
    "f'{(a:=b)}'",
    "f'{lambda x: 1}'",
    "f'{print(1)}'",
    "f'{a[\"b\"]}'",
    "f'{{}'",
    "f'}'",
    "f'{}'",
    "f'{a\\}'",
    "f'\\{a}'",
    "f'\\N{DASH}'",
    "f'{f\"{x}\"}'",
    "f'''{\nx\n}'''",
    "f'{x#}'",
    "f'{x:{{}}}'",
    "f'{x!=y}'",
    "f'{x:\\n}'",
    "r'\\'",
    "rb'x'",
    "fr'\\{x}'",
    "'\\x4'",
    "'\\x41'",
    "'\\u12'",
    "'\\U00110000'",
    "'\\N{BULLET}'",
    "'\\N{NO SUCH}'",
    "b'\\x4'",
    "'\\400'",
    "'\\8'",
    "\\",
    "\\\n",
    "\\\n\n",
    "\n",
    "\r\n",
    "\r",
    "\n    ",
    "\n        ",
    "\n\t",
    "\n \t",
    "    ",
    " ",
    "\t",
    "\x0c",
    "#c\n",
    "# x",
    "print(1)",
    "eval(x)",
    "exec (y)",
    "(print)(1)",
    "compile",
    "__import__('x')",
    "print",
    "==",
    "!=",
    "<",
    ">>",
    "/",
    "//",
    "%",
    "&",
    "|",
    "^",
    "+=",
    "**=",
    "@=",
    "<>",
    "!",
    "$",
    "?",
    "`",
    "\u{e9}",
    "\u{a0}",
    "\u{ff50}rint(1)",
    "x",
    "_",
    "\0",
    "\u{feff}",
    "match x:",
    "match x:\n  case 1: pass\n",
    "match (x):\n  case [a, *_] if b: pass\n  case {'k': v, **r}: pass\n",
    "match = 1",
    "match[x]: int",
    "match(x)",
    "case 1:",
    "case _:",
    "case (a | b) as c:",
    "case A(x, y=z):",
    "case -1+2j:",
    "case *a, b:",
    "case a.b:",
    "case {f'': x}:",
    "case 'a' 'b':",
    "case {**_}:",
    "type X = int",
    "()",
    "(x)",
    "[x]",
    "x,",
    "*x",
    "**x",
    "*, ",
    "/, ",
    "x=1, ",
    "x: int = 3",
    "(x): int",
    "(x).y: int",
    "(x)[y]: int = 1",
    "x.y: int",
    "x, y: int",
    "x[1:2, ::3]",
    "x[*y]",
    "x[a:=1]",
    "(yield)",
    "(x for x in y)",
    "f(x for x in y)",
    "f(x for x in y, 1)",
    "f(a=1, *b)",
    "f(**a, *b)",
    "f(**a, b=1)",
    "f(a=1, b)",
    "f(a:=1)",
    "f(a.b=1)",
    "f((a)=1)",
    "{1: 2}",
    "{**a}",
    "{*a}",
    "{1: 2, 3}",
    "{a: b for a in c}",
    "[*a for a in b]",
    "\"\"\"",
    "'''",
    "'",
    "\"",
    "f\"",
    "\"\"\"a\n\"\"\"",
    "print(a, file=b)",
    "print((yield))",
    "lambda: print(1)",
    "[print(1) for x in y]",
    "print(1) if eval(x) else print(2)",
    "{print(1): print(2)}",
    "@print(1)\n",
    "@eval(1)\ndef f(a=exec(1)) -> print(1): pass\n",
    "def f(a: eval(1) = print(2), *b: exec(3)): pass\n",
    "def f(*a: *b): pass\n",
    "def f(a, a=1, b): pass\n",
    "f(print(1), k=eval(2), *exec(3))",
    "x = y = print(1)",
    "x += yield",
    "x: int = yield",
    "x = *a, b",
    "*a, b = c",
    "*a = b",
    "del (a), [b, c]",
    "del a()",
    "del *a",
    "for x in *a, b: pass\n",
    "for (x, *y), z in w: pass\n",
    "for x.y[0] in z: pass\n",
    "a < b < c",
    "a not b",
    "not a",
    "- not a",
    "a is not b",
    "a == not b",
    "a ** -b",
    "-a ** b",
    "await a ** b",
    "a if b else c",
    "a if b",
    "raise ;",
    "raise; x",
];

/// A text made from `texts[index]` by one change, or now and then by two.
pub fn mutant(texts: &[&str], index: usize, random: &mut Random) -> String {
    let mut text = texts[index].to_owned();
    let changes = if random.below(4) == 0 { 2 } else { 1 };
    for _ in 0..changes {
        change(&mut text, texts, random);
    }
    text
}

fn change(text: &mut String, texts: &[&str], random: &mut Random) {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return text.push_str(random.pick(FRAGMENTS));
    }
    let (start, end) = tokens[random.below(tokens.len())];
    match random.below(12) {
        0 => text.replace_range(start..end, ""),
        1 => {
            let token = text[start..end].to_owned();
            text.insert_str(start, &token);
        }
        2 => swap_with_later(text, &tokens, (start, end), random),
        3 | 4 => {
            let donor = texts[random.below(texts.len())];
            let donor_tokens = self::tokens(donor);
            if let Some(&(first, last)) = donor_tokens.get(random.below(donor_tokens.len())) {
                put(text, (start, end), &donor[first..last], random);
            }
        }
        5..=8 => put(text, (start, end), random.pick(FRAGMENTS), random),
        9 => change_line(text, start, random),
        10 => text.truncate(end),
        _ => {
            if let Some(character) = text[start..].chars().next() {
                text.replace_range(start..start + character.len_utf8(), "");
            }
        }
    }
}

/// Puts a piece in the place of a token or before it.
fn put(text: &mut String, (start, end): (usize, usize), piece: &str, random: &mut Random) {
    let replaced = if random.below(2) == 0 { start..end } else { start..start };
    text.replace_range(replaced, piece);
}

fn swap_with_later(text: &mut String, tokens: &[(usize, usize)], (start, end): (usize, usize), random: &mut Random) {
    let later = tokens.partition_point(|token| token.0 < end) + random.below(3);
    if let Some(&(other_start, other_end)) = tokens.get(later) {
        let swapped = [&text[other_start..other_end], &text[end..other_start], &text[start..end]].concat();
        text.replace_range(start..other_end, &swapped);
    }
}

/// Deletes, doubles, indents or joins the line in which `place` stands.
fn change_line(text: &mut String, place: usize, random: &mut Random) {
    let start = text[..place].rfind('\n').map_or(0, |index| index + 1);
    let end = text[start..].find('\n').map_or(text.len(), |index| start + index + 1);
    match random.below(7) {
        0 => text.replace_range(start..end, ""),
        1 => text.insert_str(start, "    "),
        2 => text.insert(start, ' '),
        3 => text.insert(start, '\t'),
        4 if text[start..].starts_with("    ") => text.replace_range(start..start + 4, ""),
        5 => {
            let line = text[start..end].to_owned();
            text.insert_str(start, &line);
        }
        _ if end > start && text[..end].ends_with('\n') => text.replace_range(end - 1..end, ""),
        _ => {}
    }
}

/// The places of words, runs of blanks and single characters.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    #[derive(PartialEq)]
    enum Run {
        Word,
        Blank,
        None,
    }
    let mut tokens: Vec<(usize, usize)> = Vec::new();
    let mut last = Run::None;
    for (index, character) in text.char_indices() {
        let run = match character {
            ' ' | '\t' => Run::Blank,
            _ if character.is_alphanumeric() || character == '_' => Run::Word,
            _ => Run::None,
        };
        let end = index + character.len_utf8();
        match tokens.last_mut() {
            Some(token) if run != Run::None && run == last => token.1 = end,
            _ => tokens.push((index, end)),
        }
        last = run;
    }
    tokens
}
