"""Odd sources by hand: bytes, line ends, indentation, names, numbers, limits. Each is a family of `bytes`."""

import random
import sys
from collections.abc import Iterator
from itertools import product

_BREAKS = ("\r", "\r\n", "\n\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\0", "\x1a", "\x7f", "\xa0")
_BREAKS += ("\ufeff", "\u200b", "\u3000", "\t", "\\", "\\\n", "\\\r", "\\\r\n", "\\ \n", ";", "#", "\x08", "\x1b", "\ufffd", "\u00ad")

_PLACES = (
    *("{0}", "{0}\n", "x = 1{0}", "x = 1{0}\n", "{0}x = 1\n", "x{0}= 1\n", "x = 1{0}print(2)\n", "x = 1\n{0}print(2)\n", "(print{0}(2))"),
    *("if x:{0}    print(1)\n", "if x:\n    print(1){0}    eval(2)\n", "if x:\n{0}    print(1)\n", "if x:\n    {0}print(1)\n"),
    *("# TODO a{0}FIXME b{0}\nprint(1)\n", "'TODO {0} FIXME'\nprint(1)\n", "'''TODO{0}FIXME{0}'''\nprint(1)\n", "  {0} # TODO {0}"),
    *("f'{{x}}{0}'\nprint(1)\n", "f'''{{\nprint(1)}}{0}{{eval(2)}}'''\nexec(3)\n", "b'{0}'\n", "f'{{x{0}}}'\n", "r'{0}'", "a{0}b\n"),
    *("if x:\n  pass\n{0}# c\n  print(1)\n", "if x:\n  pass\n {0}\nprint(1)\n", "[\n{0}\nprint(1)]\neval(2)", "x = 1  # c{0}\n{0}print(2)"),
    *("def f():{0}\n  pass\n", "@a{0}\ndef f(): pass\n", "class A:\n\n{0}\n  def f(self): pass\n", "x = 1 + {0}print(2)", "'a' {0} 'b'\nprint(1)"),
)

_INDENTS = ("", " ", "\t", "  ", " \t", "\t ", "\t\t", " " * 8, " " * 7 + "\t", "\t" + " " * 8, "\f ", " \f ", "\t\f", "  \t", "    ", " " * 9)

_FIELDS = (
    *("{x!r}", "{x!r }", "{x! r}", "{x !r}", "{x!s:}", "{x!z}", "{x!}", "{x!:}", "{}", "{ }", "{!r}", "{:x}", "{x:{y}}", "{x:{y}{z}}"),
    *("{x:{y:{z}}}", "{x:{y:{z:{w}}}}", "{x:{y!r}}", "{x:{y=}}", "{x:{y!r:}}", "{x:{{y}", "{x!r!s}", "{x::}", "{x:!r}", "{x!r:!s}"),
    *("{*a}", "{*a,}", "{*a, b}", "{**a}", "{yield}", "{yield x}", "{yield from x}", "{await x}", "{lambda x: 1}", "{(lambda x: 1)}"),
    *("{lambda:1}", "{x:=1}", "{(x:=1)}", "{x=}", "{x = }", "{x=!r}", "{x=:>5}", "{x==y}", "{x!=y}", "{x<=y}", "{x>=y!r}", "{x=!r:^9}"),
    *('{a["b"]}', "{a['b']}", "{'\\n'}", '{"#"}', "{#}", "{x#}", "{\nx}", "{x\n}", "{\\n}", "}", "{", "{{", "}}", "{{x}}", "{{{x}}}"),
    *("{x}}", "{{x}", "{x:}}", "{x:{{}}}", "{x:{{y}}}", "{x:}}y}", "\\N{DIGIT ONE}", "\\N{x y}", "\\N", "\\{x}", "\\{{x}}", "\\\n{x}"),
    *("{x,}", "{x, y}", "{x for x in y}", "{not x}", "{x if y else z}", "{f'{x}'}", '{f"{x}"}', "{f\"{f'{x}'}\"}", "{'a' 'b'}", "{x:\\x41}"),
    *("{x!r:%d}", "{ x }", "{\tx}", "{;}", "{x;y}", "{import x}", "{x y}", "{print(1)}{eval(2)}", "{print(eval(1)):{exec(2)}}", "{x:\n}"),
    *('{"""x"""}', "{'''x'''}", '{x:"y"}', "{x:'y'}", "{0x}", "{(}", "{)}", "{[}", "{]}", "{{}", "{}}", "{a[}", "{(x]}", "{...}", "{None}"),
    *("{x:\\}", "{x\\}", "{x!\\r}", "{x\t!r}", "{x:{}}", "{x:{ }}", "{x!ascii}", "{x!a}", "{x!R}", "{(x)(y)}", "{x[1:2]}", "{x[1:2]:3}"),
    *("{{}}{x}{{", "{x.y}", "{1.}", "{1.:2}", "{1!r:2}", "{a:{b}c{d}e}", "{print(\n1\n)}", "\n{print(1)}\n{eval(2)}", "{{\n{print(1)}\n}}"),
    *("{x:{print(1)}}", "{x:{eval(1)}{exec(2)}}", "{{{print(1)}}}{{", "{print(1)=}", "{lambda: print(1)}", "{(lambda: print(1))}", "{a$b}"),
    *("{a}{b!r}{c:d}{e!s:f}", "{x or y}", "{x|y}", "{-x}", "{ {1: 2}[1] }", "{{1: 2}[1]}", "{'{'}", "{'}'}", "{':'}", "{'!'}", "{a!=b!r}"),
)

_BYTES = (
    *(b"\xff", b"\xe9", b"\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98"),
    *(b"\xc2", b"\xf8\x88\x80\x80\x80", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xef\xbf\xbe"),
)

_NUMBERS = (
    *("0777", "00", "0_0", "0_7", "1__0", "1_", "_1", "0x", "0xg", "0x_f", "0x1_", "0xFFl", "0b12", "0b", "0b_1", "0o8", "0o", "0O17", "0B1"),
    *("1e", "1e+", "1e-1", "1.e5j", "1_e5", "1e_5", "1e5_", "1_000.0_0e1_0", "1._5", "1_.5", ".5", "._5", ".", "..", "...", "....", "1.5.5"),
    *("1if x else y", "1or 2", "0xfor x in y", "1and 2", "1in x", "1is x", "1_is x", "0b1and 2", "0o7or 1", "1jif x else y", "1.or 2", "1L"),
    *("1.real", "1..real", "1.0.real", "1 .real", "09.5", "09", "09j", "09e1", "00.0", "0e0", "0_9", "1jj", "1j.imag", "1_j", "1e5j", "0j", "1a"),
    *("1not in x", "1notx", "1else", "1e5if x else y", "0xdeadbeefin x", "0b1_", "\u0661", "1\u0661", "1\u00b2", "\uff11", "1\u00e9", "0_x1"),
)

_STRING_BODIES = ("", "x", "\\x", "\\x1", "\\x41", "\\u12", "\\u0041", "\\U0011FFFF", "\\U00110000", "\\N{DIGIT ONE}", "\\N{no such}", "\\N")
_STRING_BODIES += ("\\N{", "\\400", "\\8", "\\d", "\\\n", "\n", "é", "\x80", "\\'", '\\"', "\\\\", "\\", "\\ud800", "\\q{x}", "\\7", "\\xg1")


def families(seed: int) -> dict[str, list[bytes]]:
    """Every family by its name; the sampled ones follow `seed`."""
    made = {
        "breaks": _breaks(),
        "indentation": _indentation(),
        "formatted": _formatted(),
        "names": _names(random.Random(seed)),
        "numbers": _numbers(),
        "strings": _strings(),
        "digits": _digits(),
        "nesting": _nesting(),
        "statements": iter(_STATEMENTS),
    }
    result = {family: [text.encode("utf-8") for text in texts] for family, texts in made.items()}
    result["bytes"] = list(_bad_bytes())
    return result


def _breaks() -> Iterator[str]:
    for place, piece in product(_PLACES, _BREAKS):
        yield place.format(piece)
    for end in ("\r", "\r\n", "\n\r"):
        for text in ("def f():\n  'TODO'\n  print(1)\n\n\n  eval(2)\n", "x = '''a\nb'''\nprint(1)\n", "f'''\n{print(1)}'''", "x = \\\n1\nprint(x)"):
            yield text.replace("\n", end)


def _indentation() -> Iterator[str]:
    for first, second, third in product(_INDENTS, repeat=3):
        yield f"if x:\n{first}if y:\n{second}print(1)\n{third}eval(2)\n"
    for first, second in product(_INDENTS, repeat=2):
        yield f"if x:\n{first}print(1)\n{second}# TODO\n{second}\n{first}eval(2)\n"
        yield f"if x:\n{first}(print(\n{second}1))\n{first}eval(2)\n{second}"
        yield f"class A:\n{first}'''\n{second}'''\n{first}if x: pass\n{second}else: print(1)\n"
        yield f"if x:\n{first}\\\n{second}print(1)\n{first}eval(2)\n"
    yield "if x:\n\tif y:\n  \tpass"


def _formatted() -> Iterator[str]:
    for field, quote, prefix in product(_FIELDS, ("'", '"', "'''", '"""'), ("f", "rF", "t")):
        yield f"{prefix}{quote}{field}{quote}\nprint(9)\n"
    for field in _FIELDS:
        yield f"x = ('TODO' f'{field}'\n f'''{field}''' 'a')\nprint(9)\n"


def _names(choose: random.Random) -> Iterator[str]:
    # Letters and digits assigned by Unicode 15, 15.1, 16 and 17: whether they are names depends on the interpreter.
    newest = (0x1E4D0, 0x11F02, 0x31350, 0x2EBF0, 0x10D4A, 0x10D40, 0x1C89, 0xA7CB, 0x14460, 0x14000, 0x1E5D0, 0x323B0, 0x16EA0, 0x10EC5)
    marks = (0x2118, 0x212E, 0x309B, 0xB7, 0x387, 0x1369, 0x19DA, 0x37A, 0xE33, 0xFF9E, 0x200C, 0x200D, 0x2054, 0xFF3F, 0x5B0, 0xFE00)
    anywhere = (choose.randrange(0x80, 0x3400) for _ in range(900)), (choose.randrange(0x3400, 0x32400) for _ in range(300))
    for code in (*newest, *marks, *range(0x80, 0x180), *anywhere[0], *anywhere[1], 0xE0100, 0xF0000, 0x10FFFD):
        if not 0xD800 <= code < 0xE000:
            yield f"{chr(code)} = print(1)\n"
            yield f"def a{chr(code)}(): pass\n"
    for name in ("ｐｒｉｎｔ", "𝐞𝐯𝐚𝐥", "ｅxec", "__ｉmport__", "coｍpile", "pr\u0131nt", "ﬁ", "e\u0301", "é", "ª", "Å", "＿f", "ǆ", "ſ", "print\u200b"):
        yield f"{name}(1)\ndef {name}(a, b, c, d, e, f): global {name}, x\n"
    for keyword in ("ｉf x: pass", "𝐝𝐞𝐟 f(): pass", "global ﬁ, ª", "x.ｐrint(1)", "matcｈ x:\n  case _: pass", "Ｔrue = 1", "Nｏne", "ｆ'{x}'"):
        yield f"{keyword}\n"


def _numbers() -> Iterator[str]:
    for number in _NUMBERS:
        yield f"print({number})\n"
        yield f"x = {number}\n"
        yield f"f'{{{number}}}'\n"
        yield f"match x:\n    case {number}: pass\n"


def _strings() -> Iterator[str]:
    letters = ("r", "b", "u", "f", "t", "rb", "br", "ur", "ru", "bu", "fr", "rf", "fb", "bf", "fu", "tr", "rt", "ft", "rr", "frb", "x")
    for prefix in ("", *letters, *(name.upper() for name in letters), "rB", "Rb", "fR", "Fr"):
        for quote in ("'", '"', "'''", '"""'):
            yield f"{prefix}{quote}x{quote}\nprint(1)\n"
            yield f"{prefix}{quote}x"
    for prefix, body, quote in product(("", "r", "b", "rb", "u", "f", "rf"), _STRING_BODIES, ("'", '"""')):
        yield f"{prefix}{quote}{body}{quote}\nprint(1)\n"
    yield from ("'a' b'b'", "b'a' f'b'", "b'a' b'b'", "'a' f'b' u'c' r'd'", "f'a' t'b'", "'''", "''''", "''''''", "'''''''", '"\'"', "''''a'''")


def _digits() -> Iterator[str]:
    limit = sys.get_int_max_str_digits() or 4300
    places = (
        *("{0}", "-{0}", "x = [print(1), {0}]", "def f(a={0}): pass", "def f(a: {0}): pass", "def f() -> {0}: pass", "@a({0})\ndef f(): pass"),
        *("x: {0} = 1", "match x:\n    case {0}: pass", "match x:\n    case -{0}: pass", "match x:\n    case {{{0}: y}}: pass", "x[{0}]"),
        *("{{{0}: 1}}", "f'{{{0}}}'", "f'{{x:{{{0}}}}}'", "f'{{x:{0}}}'", "f'''{{\n{0}}}'''", "f'{0}'", "'{0}'", "# {0}", "lambda a={0}: 1"),
        *("{0}j", "{0}.0", "{0}.", ".{0}", "1e{0}", "{0}e1", "0x{0}", "0o{0}", "0b{0}", "a{0}", "{0}if x else y", "0.{0}", "x.a{0}", "{0}.real"),
        *("case = {0}", "print({0})", "del x[{0}]", "for x in {0}: pass", "with {0}: pass", "raise {0}", "assert {0}", "class A({0}): pass"),
        *("import a as b{0}", "return {0}", "t'{{{0}}}'", "{0} = x", "global x; {0}", "{0} {0}", "if {0}: pass", "while {0}: pass", "await {0}"),
    )
    for place in places:
        for digits in ("1" * limit, "1" * (limit + 1), "1_" * limit + "1", "1_" * (limit - 1) + "1", "0" * limit, "0" * (limit + 1)):
            yield place.format(digits) + "\n"


def _nesting() -> Iterator[str]:
    for depth in (98, 99, 100, 101, 102):
        for header in ("if x:", "while x:", "def f():", "class A:", "try:", "with x:", "for x in y:", "async def f():", "else:"):
            for unit in (" ", "\t"):
                lines = [unit * level + header for level in range(depth)]
                yield "\n".join([*lines, unit * depth + "print(1)", ""])
                yield "\n".join(lines)
        yield "\n".join(" " * level + "if x:" for level in range(depth)) + " print(1)\n"
        yield "".join(f"{' ' * level}match x:\n{' ' * level} case _:\n" for level in range(0, depth, 2)) + " " * depth + "print(1)"
    pairs = (("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("([", "])"), ("{1: ", "}"), ("(x, ", ")"), ("(\n", "\n)"))
    for depth in (98, 99, 100, 101, 198, 199, 200, 201, 202):
        for left, right in pairs:
            yield f"x = {left * depth}print(1){right * depth}\n"
            yield f"x = {left * depth}"
            yield f"x = {left * depth}1{right * (depth - 1)}\n"
        yield f"'{'(' * depth}'  # {'[' * depth}\nprint(1)"
        yield f"f'{{{'(' * depth}print(1){')' * depth}}}'\n"
        yield f"x{'[0]' * depth}(print(1))\n"
        yield f"def f(a={'(' * depth}1{')' * depth}): pass\n"
        yield f"{'(' * depth}{']' * depth}"
        yield f"match x:\n    case {'[' * depth}a{']' * depth}: print(1)\n"
        yield f"{'-' * depth}print(1)\n"
        yield f"{'not ' * depth}print(1)\n"
        yield f"{'if x: pass' + chr(10)}{('elif x: pass' + chr(10)) * depth}else: print(1)\n"
        yield f"{'a.' * depth}b(print(1))\n"
        yield f"{'1 + ' * depth}print(1)\n"


def _bad_bytes() -> Iterator[bytes]:
    for piece in _BYTES:
        yield from (piece, b"x = 1\n" + piece, piece + b"x = 1\n", b"# " + piece + b"\nprint(1)\n", b"x = '" + piece + b"'\n")
        yield from (b"x = (\n" + piece, b"# coding: latin-1\nx = '" + piece + b"'\n", b"x = 1 " + piece + b" print(1)", b"if x:\n " + piece + b" y")
        yield b"# " + b"x" * 8190 + piece + b"\nprint(1)\n"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp1252", "shift-jis", "utf-7"):
        yield "print('TODO é')\n".encode(encoding, "replace")
        yield f"# -*- coding: {encoding} -*-\nprint('TODO é')\n".encode()
    yield from (b"# coding: no-such\nprint(1)\n", b"# coding: ascii\n'\xc3\xa9'\n", b"#!x\n# vim: fileencoding=cp437\nprint(1)\n", b"", b"\n", b" ", b"\t\n")


_STATEMENTS = (
    *("raise ;", "raise;print(1)", "if x: raise ; print(1)", "raise ;raise ;", "raise ; # c", "raise \\\n; print(1)", "def f(): raise ;\nprint(1)"),
    *("match x:\n    case {f'': x}: print(1)", "match x:\n    case {f'a{b}': x}: pass", "match x:\n    case {f'': x, 'a' f'b': y}: pass"),
    *("match x:\n    case f'': pass", "match x:\n    case {**x, 'a': 1}: pass", "match x:\n    case {**_}: pass", "match x:\n    case {}: pass"),
    *("match x:\n    case {-1: a, 1+2j: b, None: c, x.y: d}: pass", "match x:\n    case {x: y}: pass", "match x:\n    case C(a=1, b): pass"),
    *("match x:\n    case *a: pass", "match x:\n    case *a,: pass", "match x:\n    case [*a, *b]: pass", "match x:\n    case a | b: pass"),
    *("match x:\n    case 1 + 1: pass", "match x:\n    case -x: pass", "match x:\n    case (1 as x) as y: pass", "match x:\n    case x as _: pass"),
    *("match x:\n    case x as y.z: pass", "match x:\n    case _ as x: pass", "match x:\n    case (): pass", "match x:\n    case a.b(): pass", "match x:\n  pass"),
    *("match x:\n    case 'a' | b'b' | 1j | -1j: pass", "match x:\n    case +1: pass", "match x:\n    case not x: pass", "match x: case 1: pass"),
    *("print 'x'", "print", "print x, y", "exec 'x' in y", "from __future__ import barry_as_FLUFL\n1 <> 2", "1 <> 2", "from __future__ import braces"),
    *("from __future__ import annotations\nx: print(1) = 1", "import a.*", "from a import *, b", "from a import (*)", "from a import ()", "from . import *"),
    *("def f():\n  from a import *", "None = 1", "True: int", "def None(): pass", "class True: pass", "x.None", "f(None=1)", "__debug__ = 1", "f(__debug__=1)"),
    *("async = 1", "await = 1", "nonlocal x", "return 1", "yield 1", "await x", "break", "continue", "async with x: pass", "def f(): async for x in y: pass"),
    *("x = yield = 1", "def f(a, a): pass", "global x; x = 1; global x", "def f(): x; global x", "*a = 1", "*a, = 1", "*a, *b = 1", "del *a", "del (a,), [b]"),
    *("with (a): pass", "with (a) as b: pass", "with (a, b): pass", "with (a as b, c as d,): pass", "with a as (b, c): pass", "with (a as b).c: pass"),
    *("with (a, b) as c, d: pass", "with (yield): pass", "with (a := b): pass", "with a as b.c, d as e[0]: pass", "with (): pass", "with (a for a in b): pass"),
    *("try: pass", "try: pass\nexcept: pass\nexcept x: pass", "try: pass\nexcept* x: pass\nexcept y: pass", "try: pass\nexcept a, b: pass"),
    *("try: pass\nexcept (a, b): pass\nelse: print(1)\nfinally: eval(2)", "try:\n  pass\nexcept*x:\n  print(1)", "try: pass\nfinally: return", "try: pass\nexcept x as y.z: pass"),
    *("x = 1,", "x: int, y", "x: *int", "x: yield", "(x): int", "(x, y): int", "[x]: int", "x.y: int = 1", "x[0]: int", "x: int = yield", "x: int += 1"),
    *("lambda: yield", "lambda *: 1", "lambda *, a: 1", "lambda a, /: 1", "lambda /: 1", "lambda **a, b: 1", "lambda a=1, b: 1", "lambda (a): 1", "lambda x: (y := 1)"),
    *("def f(a, /, b, /): pass", "def f(*, **a): pass", "def f(*a, *b): pass", "def f(a=1, /, b): pass", "def f(a: *int): pass", "def f(*a: *int): pass", "def f(**a: *int): pass"),
    *("f(a for a in b, c)", "f(c, a for a in b)", "f(a for a in b,)", "f(**a, *b)", "f(a=1, b)", "f(**a, b)", "f(a.b=1)", "f((a)=1)", "f(a=1, a=1)", "f(a := 1)", "f(a=b:=1)"),
    *("x := 1", "(x := 1)", "(x.y := 1)", "(x, y := 1)", "[x := 1, y := 2]", "x[y := 1]", "x[y := 1, z]", "{x := 1}", "{x := 1: 2}", "{1: x := 2}", "x = y := 1", "assert x := 1"),
    *("[x for x in *y]", "[*x for x in y]", "{**x for x in y}", "[x for x in y, z]", "[x async for x in y]", "[x for x in lambda: y]", "[x for x in y if z else w]", "(x for x in y) = 1"),
    *("a < b = c", "a if b", "a if b else", "a not b", "not", "a is not not b", "a = b == c", "a == b = c", "a ++ b", "a -- b", "++a", "a +", "a ** -b", "-a ** b", "await a ** b"),
    *("class A: x: int = 1; global y", "class A(): pass", "class A(*a, **b): pass", "class A(x for x in y): pass", "class A: pass; print(1)\neval(2)", "class A:\n\n\n\n  pass"),
    *("@a.b.c\ndef f(): pass", "@a[0]\ndef f(): pass", "@(yield)\ndef f(): pass", "@a := b\ndef f(): pass", "@a\n@b\n", "@a\nx = 1", "@ a . b (print(1))\n\n# c\n\nclass A: pass"),
    *("x = (\n# TODO\n\n1)\nprint(1)", "(print)(1)", "((print))(1)", "(\nprint\n)\n(1)", "print\\\n(1)", "print (1)", "print\t(1)", "x.\\\nprint(1)", "(x\n.print(1))", "(\nx\n(\nprint(1)\n)\n(\neval(2)))"),
    *("if x: pass\nelse: pass\nelse: pass", "if x: pass\n elif y: pass", "if x:\n\n\n# c\n", "if x:\n", "if x: # c\n  pass", "if x: pass; \\\n  print(1)", "if x: if y: pass", "for x in y: for z in w: pass"),
    *("x = 1;", "x = 1;;", ";", "; x", "x = 1 ; ; y", "pass pass", "x y", "x\ty", "1 2", "'a' 1", "x 'a'", "(1)(2)", "[1][2]", "{1}{2}", "()()", "x()y", "$x", "x?", "x!", "a!=b", "a!b", "@", "->", "x -> y", ":", ",", "="),
    *("type X = int", "type X[T] = int", "type X[T: int = str, *U, **V] = int", "type = 1", "type x", "type[x]", "type x y", "type\nx", "type X = print(1)", "def f[T](a): pass", "class A[T]: pass", "def f[](): pass"),
    *("t'{x}'", "import lazy", "lazy import x", "lazy from x import y", "except a, b: pass", "case x: pass", "match x", "match x:", "match x:\n", "match", "match = 1", "match.x", "match(x)", "match[x]", "match x: int = 1"),
    *("{a, *(b) is (c)}", "{**(a) or (b)}", "{**((a) or (b))}", "{a: (b), **\n# (\n(c) or d}", "[*(a) if b else c]", "*(a) and (b),", "for x in *(a) < (b): pass"),
    *("def f(*a: *b or c): pass", "def f(*a: *(b) or (c)): pass", "x[*(a) or (b)]", "x[*a or b, c]", "x[(*(a) or b, c)]", "f(*(a) or (b))", "f(*a if b else c)", "f(*not a)", "{*(lambda: 1)}", "{*((a) == (b))}"),
    *("x = (yield 1 \\\n)", "x = ((yield 1\n) for y in z)", "x = ((yield 1 # )\n # c\n) for y in z)", "x = ((yield from 1 \\\n) for y in z)", "x = (yield 1 for y in z)", "yield 1 \\\n\n", "x = yield 1 \\\n;y", "x = (yield 1 \\\n+ 1)", "x = yield 1 \\\n!= 2"),
    *("(a).b: c", "(a)[b](c).d: e = f", "((a).b): c", "((a)).b: c", "(a.b)[c]: d", "(a()).b: c", "(a())[b].c: d", "(a,)[b]: c", "(a if b else c).d: e", "( # a\nb\n).c: d", "if a: (b) \\\n.c: d"),
    *("from __future__ import braces", "from __future__ import *", "from __future__ import annotations as x, division", "x = 1\nfrom __future__ import unknown", "from .__future__ import x"),
    *("f(*)", "f(**)", "f(,)", "f(a,,b)", "[,]", "(,)", "{,}", "[a,,b]", "{a: b,, c: d}", "{a: b, c}", "{a, b: c}", "{**a, b}", "{*a, **b}", "{a:}", "{:a}", "x[]", "x[:]", "x[::]", "x[:::]", "x[*a]", "x[*a:b]", "x[a:b, c]", "x[a=1]"),
    *("a = b = c = print(1)", "a += b += c", "a = b += c", "(a, b) += c", "a() = 1", "a + b = 1", "'a' = 1", "f'a' = 1", "[] = ()", "() = []", "{} = 1", "a, b = c", "(a), (b) = c", "a.b, c[d], *e = f", "lambda: 1 = 1", "a if b else c = 1"),
    *("import a as b, c", "import a as b.c", "import (a)", "import", "from a import", "from import a", "from a import b as c, d", "from a import b,", "from a import (b,)", "from a import (b,,)", "from .a.b import c", "from ... import a", "from .... import a"),
    *("x = '''", 'x = """\n\n', "x = 'a\nb'", "x = 'a\\\nb'", "x = (", "x = )", "x = (]", "x = [1, 2", "def f(", "def f(:\n  pass", "if (x:\n  pass", "class A(:\n", "x = {1: 2", "(a\nb)", "print(1", "print(1))", "x = [\n1,\n2\nprint(3)"),
)
