"""One small file for each rule about what is found in a file, and how it is read and parsed."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A file and what it is there to show: an error, or the keys of its entry in their order (None: it depends)."""

    name: str
    content: bytes
    shows: str | None


def _source(name: str, shows: str | None, content: str | bytes) -> Source:
    return Source(name, content.encode() if isinstance(content, str) else content, shows)


def _since(version: tuple[int, int], shows: str) -> str:
    return shows if sys.version_info >= version else "SyntaxError"


_SIX = "todos print_statements dangerous_functions missing_type_hints complex_functions global_variables"

RULES = (
    _source(
        "all_six_in_fixed_order",
        _SIX,
        "def f(a, b, c, d, e, g):\n    global x, y\n    print(eval('1'))  # TODO FIXME\n",
    ),
    _source("nothing_to_say", "", "x = 1\n\n\ndef f() -> None: ...\n"),
    _source("empty", "", b""),
    _source("only_blank", "", b" \n\t\n\x0c\n"),
    # todos
    _source(
        "todo_anywhere", "todos", "x = 'TODO'\nTODOS = 1\nFIXMEs = '''\n  a TODO\n'''\nx = MYTODO\nb'FIXME'\n# xTODOx"
    ),
    _source("todo_case_sensitive", "", "# todo Todo fixme FixMe TO DO T.O.D.O FIX-ME\n"),
    _source("todo_before_fixme", "todos", "# FIXME first\n# FIXME and TODO\n# TODO\n"),
    _source("todo_without_code", "todos", "# TODO"),
    _source(
        "todo_text_stripped",
        "todos",
        "x = '''\n\t \x0c TODO a \t\n\u3000\u00a0TODO b\u2003\u205f\n\u200bTODO c\u200b\n\ufeffTODO d\n'''\n",
    ),
    _source("todo_text_stripped_separators", "todos", "x = 1\n# \x1f TODO a\x1f\n'''\x1f\x1fTODO\x1f'''\n"),
    _source(
        "todo_text_escaped",
        "todos",
        '# TODO "quotes" \\ back\\slash / \x08 \x7f \x00a0'.replace("\x00", "\\x") + " é \u20ac \U0001f600 \u2027\n",
    ),
    _source(
        "todo_line_counts_run_ahead",
        "todos print_statements",
        "'''\x0b \x0c \x1c \x1d \x1e \x85 \u2028 \u2029'''\n# TODO\nprint(1)\n",
    ),
    _source(
        "todo_split_inside_a_line",
        "todos",
        "# TODO a\x0bTODO b\x0cx\x1cFIXME c\x1dy\x1eTODO d\x85TODO e\u2028TODO f\u2029 TODO g \n",
    ),
    _source("todo_not_split_at_others", "todos", "# TODO \x1f a \x08 TODO b \u200b \xa0 TODO\n"),
    _source("todo_word_broken_by_a_separator", "", "# TO\x85DO FIX\u2028ME\n"),
    # print
    _source(
        "print_bare_name_only",
        "print_statements",
        "print(1)\nx.print(2)\nprint\np = print\nbuiltins.print(3)\nprint.x(4)\nsprint(5)\n",
    ),
    _source("print_in_parentheses", "print_statements", "(print)(1)\n(\nprint)(1)\n((\n\nprint\n)\n)(2)\n"),
    _source("print_compatibility_form", "print_statements", "ｐｒｉｎｔ(1)\n𝐩𝐫𝐢𝐧𝐭(2)\n"),
    _source("print_as_decorator", "print_statements", "@print(1)\nclass A: pass\n\n@print\nclass B: pass\n"),
    _source("print_of_print", "print_statements", "print(\nprint(\nprint()\n))\n"),
    _source("print_called_twice", "print_statements", "print(1)(2)\nprint(\n1)(\nprint(2))\n"),
    _source("print_redefined", "print_statements", "print = 3\nprint(1)\ndel print\n"),
    # dangerous
    _source("dangerous_four_names", "dangerous_functions", "eval(1)\nexec(2)\ncompile(3)\n__import__(4)\n"),
    _source(
        "dangerous_not_attributes",
        "",
        "builtins.eval(1)\nre.compile(2)\nx.exec(3)\neval\nimportlib.__import__(4)\nexecfile(5)\n",
    ),
    _source("dangerous_compatibility_form", "dangerous_functions", "ｅval(1)\n𝕖𝕩𝕖𝕔(2)\n__ｉmport__(3)\n"),
    _source(
        "dangerous_in_an_f_string",
        "dangerous_functions",
        "f'{eval(1)!r:>{exec(2)}}'\nf'''a\n{\ncompile(3)}\n{__import__(4)}'''\n",
    ),
    # type hints
    _source(
        "hints_no_return", "missing_type_hints", "def f(a: int): pass\ndef g() -> None: pass\ndef h() -> 'x': pass\n"
    ),
    _source(
        "hints_nested_and_methods",
        "missing_type_hints",
        "class A:\n  def m(self):\n    def n():\n      class B:\n        def o(self): pass\n",
    ),
    _source("hints_not_private", "", "def _f(): pass\ndef __g__(): pass\ndef _(): pass\n"),
    _source("hints_compatibility_form", "missing_type_hints", "def ℊ(): pass\ndef ªb(): pass\n"),
    _source(
        "hints_async_never",
        "missing_type_hints",
        "async def f():\n  def inside(): pass\n  async def g():\n    def deep(): pass\n",
    ),
    _source("hints_lambda_never", "", "f = lambda a, b, c, d, e, g: 1\n"),
    _source(
        "hints_normalised_name",
        "missing_type_hints",
        "def e\u0301(): pass\ndef ﬁ(): pass\ndef ſ(): pass\ndef été(): pass\n",
    ),
    # complex functions
    _source(
        "complex_more_than_five",
        "complex_functions",
        "def f(a, b, c, d, e) -> 1: pass\ndef g(a, b, c, d, e, f) -> 1: pass\n",
    ),
    _source("complex_self_counts", "complex_functions", "class A:\n  def m(self, a, b, c, d, e) -> 1: pass\n"),
    _source(
        "complex_only_plain_parameters", "", "def f(a, b, c, d, e, g, /, h, *i, j, k, l, m, n, o, **p) -> 1: pass\n"
    ),
    _source(
        "complex_after_positional_only", "complex_functions", "def f(a, /, b, c, d, e, f=1, g=2, *, h) -> 1: pass\n"
    ),
    _source(
        "complex_private_too",
        "complex_functions",
        "def _f(a, b, c, d, e, g): pass\ndef __init__(a, b, c, d, e, g, h): pass\n",
    ),
    _source("complex_async_never", "", "async def f(a, b, c, d, e, g, h): pass\n"),
    # globals
    _source(
        "global_each_statement",
        "global_variables",
        "global a\ndef f() -> 1:\n  global b, c; global d\nclass A:\n  global e, e\n",
    ),
    _source("global_normalised", "global_variables", "global ﬁ, e\u0301, ｘ\n"),
    _source("global_not_nonlocal", "", "def f() -> 1:\n  nonlocal a, b\n"),
    # lines
    _source(
        "line_of_a_decorated_function",
        "missing_type_hints",
        "@a\n@b(\n1)\n\n# c\ndef f(): pass\n@a\nasync def g():\n  @b\n  def h(): pass\n",
    ),
    _source(
        "line_of_a_continued_def",
        "missing_type_hints",
        "def \\\nf(\n): pass\nasync \\\ndef g(): pass\nif 1:\\\n  pass\ndef h(): pass\n",
    ),
    _source("line_of_a_call", "print_statements", "x.y(\n).z(\nprint\n(1))\nprint \\\n(\n2)\n[\n\nprint(3)]\n"),
    _source(
        "line_in_a_long_string",
        "print_statements",
        "f'''\n\n{print(1)}\n'''\nprint(2)\nf'''{\nprint(3)}'''\n'''\n\n'''; print(4)\n",
    ),
    # order
    _source(
        "order_breadth_first",
        "print_statements dangerous_functions",
        "if eval(\nprint(\nexec(1))):\n  compile(2)\nprint(3)\n[\neval(4)]\n",
    ),
    _source(
        "order_of_a_function",
        "dangerous_functions missing_type_hints",
        "@eval(\n1)\ndef f(a: exec(2), /, b: compile(3), *c: eval(4), d: exec(5)=compile(6), e=eval(7), **g: exec(8)) -> compile(9):\n  eval(10)\n"
        "@exec(11)\ndef g(a=compile(12), /, b=eval(13)): exec(14)\n",
    ),
    _source(
        "order_of_a_call",
        "dangerous_functions",
        "eval(1)(k=exec(2), *compile(3), **eval(4))\nf(k=exec(5), *compile(6), j=eval(7))\n",
    ),
    _source("order_of_a_dict", "dangerous_functions", "{eval(1): exec(2), **compile(3), eval(4): exec(5)}\n"),
    _source(
        "order_of_a_comprehension",
        "dangerous_functions",
        "[eval(1) for x in exec(2) if compile(3)]\n{eval(1): exec(2) for x in compile(3)}\n",
    ),
    _source("order_of_a_class", "dangerous_functions", "@eval(1)\nclass A(exec(2), *compile(3), k=eval(4)): exec(5)\n"),
    _source(
        "order_of_a_conditional",
        "dangerous_functions",
        "eval(1) if exec(2) else compile(3)\nlambda a=eval(1), *, b=exec(2): compile(3)\n",
    ),
    _source(
        "order_of_elif",
        "dangerous_functions",
        "if eval(1): exec(2)\nelif compile(3): eval(4)\nelif exec(5): compile(6)\nelse: eval(7)\n",
    ),
    _source(
        "order_of_try",
        "dangerous_functions",
        "try: eval(1)\nexcept exec(2): compile(3)\nexcept eval(4) as e: exec(5)\nelse: compile(6)\nfinally: eval(7)\n",
    ),
    _source(
        "order_of_with_and_match",
        "dangerous_functions",
        "with eval(1) as x[exec(2)], compile(3): eval(4)\nmatch exec(5):\n  case [a, {'k': b}] if compile(6): eval(7)\n  case _: exec(8)\n",
    ),
    _source(
        "order_of_a_slice",
        "dangerous_functions",
        "x[eval(1):exec(2):compile(3), eval(4)] = exec(5)\nx: eval(6) = exec(7)\nx[eval(8)] += exec(9)\n",
    ),
)

_NESTED_199 = "(" * 199 + "print(1)" + ")" * 199 + "\n"
_BLOCKS = [
    "\n".join(" " * level + "if x:" for level in range(depth)) + "\n" + " " * depth + "print(1)\n"
    for depth in (99, 100)
]

READING = (
    _source("ends_crlf", "todos print_statements", b"# TODO\r\nprint(1)\r\n\r\nprint('''\r\n''')\r\nprint(3)"),
    _source("ends_cr", "todos print_statements", b"# TODO\rprint(1)\r\rprint('''\r''')\rprint(3)"),
    _source("ends_mixed", "todos print_statements", b"# TODO\r\r\n# TODO\n\r# TODO\r\nprint(1)\n\rprint(2)\r\n"),
    _source("cookie_ignored", "todos", "# -*- coding: latin-1 -*-\nx = 'é'  # TODO é\n"),
    _source("cookie_does_not_decode", "UnicodeDecodeError", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"),
    _source("cookie_unknown", "print_statements", "# coding: no-such-encoding\nprint(1)\n"),
    _source("bytes_bad_at_the_end", "UnicodeDecodeError", b"x = 1\n# \xe2\x82"),
    _source("bytes_surrogate", "UnicodeDecodeError", b"x = '\xed\xa0\x80'\n"),
    _source("bytes_overlong", "UnicodeDecodeError", b"x = '\xc0\x80'\n"),
    _source("bytes_beyond_unicode", "UnicodeDecodeError", b"x = '\xf4\x90\x80\x80'\n"),
    _source("bytes_bad_before_syntax", "UnicodeDecodeError", b"x = = 1\n# \xff\n"),
    _source("bytes_bad_after_much", "UnicodeDecodeError", b"x = 1\n" * 30_000 + b"\xff"),
    _source("utf16", "UnicodeDecodeError", "print(1)\n".encode("utf-16")),
    _source("bom", "SyntaxError", b"\xef\xbb\xbfprint(1)\n"),
    _source("bom_alone", "SyntaxError", b"\xef\xbb\xbf"),
    _source("bom_in_a_string", "print_statements", "print('\ufeff')\n"),
    _source("nul", "SyntaxError" if sys.version_info >= (3, 11, 4) else None, b"x = 1\n# a\x00b\n"),
    _source("nul_at_the_end", None, b"x = 1\n\x00"),
    _source("tabs_mixed", "TabError", b"if x:\n\tif y:\n        print(1)\n"),
    _source("tabs_mixed_in_nesting", "TabError", b"if x:\n\tif y:\n  \tpass"),
    _source("tabs_alone", "print_statements", b"if x:\n\tif y:\n\t\tprint(1)\n"),
    _source("indentation_unexpected", "IndentationError", b"x = 1\n  y = 2\n"),
    _source("indentation_missing", "IndentationError", b"if x:\npass\n"),
    _source("indentation_unmatched", "IndentationError", b"if x:\n    pass\n  pass\n"),
    _source("brackets_201", "SyntaxError", "(" * 201 + ")" * 201),
    _source("brackets_200", None, _NESTED_199),
    _source("blocks_100", "IndentationError", _BLOCKS[1]),
    _source("blocks_99", "print_statements", _BLOCKS[0]),
    _source("digits_4300", None, "x = " + "1" * 4300),
    _source("digits_4301", None, "print(" + "1" * 4301 + ")"),
    _source("string_not_ended", "SyntaxError", "print('TODO\n"),
    _source("bracket_not_closed", "SyntaxError", "# TODO\nprint(1\n"),
    _source("return_outside", "print_statements", "return print(1)\nyield 2\nawait print(3)\nbreak\nnonlocal x\n"),
    _source("python_2", "SyntaxError", "print 'TODO'\n"),
    _source("names_newest", None, "\U0001e4d0 = \U000323b0 = 1\nprint(1)\n"),
    _source(
        "false_errors_of_parsers", "print_statements", "if x: raise ; print(1)\nmatch x:\n  case {f'': y}: print(2)\n"
    ),
    # the running interpreter's grammar
    _source("grammar_except_star", "print_statements", "try: pass\nexcept* E: print(1)\n"),
    _source("grammar_f_string_quotes", _since((3, 12), "print_statements"), "print(f'{x['a']}')\n"),
    _source("grammar_f_string_backslash", _since((3, 12), "print_statements"), "print(f'{\"\\n\".join(x)}')\n"),
    _source("grammar_type_alias", _since((3, 12), "print_statements"), "type X = int\nprint(1)\n"),
    _source("grammar_type_parameters", _since((3, 12), "missing_type_hints"), "def f[T](a: T): pass\n"),
    _source("grammar_type_defaults", _since((3, 13), "print_statements"), "type X[T = int] = T\nprint(1)\n"),
    _source("grammar_t_string", _since((3, 14), "print_statements"), "print(t'{x}')\n"),
    _source(
        "grammar_except_without_brackets", _since((3, 14), "print_statements"), "try: pass\nexcept A, B: print(1)\n"
    ),
)

SOURCES = {source.name: source for source in (*RULES, *READING)}
