"""Code strings out of the running interpreter's own test suite (the `test` package)."""

import ast
import doctest
import importlib.util
import textwrap
from collections.abc import Iterator
from pathlib import Path

from oracle.reference import parse

CODE_TAKING = frozenset(
    """
    compile eval exec parse check check_code check_error check_syntax_error check_syntax_warning _check_error
    _check_no_error assertInvalid assertSyntaxError assertAllRaise check_expr check_suite check_ast_roundtrip
    check_src_roundtrip check_invalid literal_eval run_eval_expr run_exec get_code_object check_tokenize roundtrip
    assert_python_ok assert_python_failure run_test_script codestring run_source run_stmt dis interpret
    """.split()
)
"""Last name of the functions in that suite whose string arguments are code (to be accepted or refused)."""

ALL_STRINGS = frozenset(
    """
    test_ast test_compile test_eof test_exception_group test_exceptions test_except_star test_flufl test_fstring
    test_future test_global test_grammar test_int test_keywordonlyarg test_named_expressions test_parser test_patma
    test_pep646_syntax test_positional_only_arg test_source_encoding test_string_literals test_syntax test_tokenize
    test_type_comments test_type_params test_unicode_identifiers test_unpack_ex test_unparse test_generators
    test_peg_parser test_peg_generator test_coroutines test_comprehensions test_listcomps test_lambda test_with
    test_tabnanny test_codeop test_cmd_line_script test_inspect test_dis test_symtable test_traceback test_type_aliases
    """.split()
)
"""Files about the language itself: there every string is tried, since some are fed to a parser through a loop."""


def suite_folder() -> Path | None:
    """Where the suite lies; None when this Python was installed without it."""
    found = importlib.util.find_spec("test")
    folder = Path(found.origin).parent if found and found.origin else None
    return folder if folder and (folder / "test_grammar.py").exists() else None


def mine(folder: Path) -> list[bytes]:
    """Distinct code strings in the order of the sorted files, so that a number names the same string on every run."""
    mined: dict[bytes, None] = {}
    for path in sorted(folder.rglob("*.py")):
        try:
            tree = parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue
        for code in _strings_of(tree, everything=path.stem in ALL_STRINGS or path.parent.name in ALL_STRINGS):
            if isinstance(code, str):
                code = code.encode("utf-8", "surrogatepass")
            if code.strip():
                mined.setdefault(code)
    return list(mined)


def _strings_of(tree: ast.Module, *, everything: bool) -> Iterator[str | bytes]:
    parser = doctest.DocTestParser()
    for node in _calls_and_constants(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in CODE_TAKING:
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str | bytes):
                    yield argument.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value
            if everything:
                yield value
            if isinstance(value, bytes):
                continue
            if "\n" in value:
                yield textwrap.dedent(value)
            if ">>>" in value:
                try:
                    yield from (example.source for example in parser.get_examples(value))
                except ValueError:
                    pass  # not a doctest: an example of a broken one


def _calls_and_constants(tree: ast.Module) -> Iterator[ast.Call | ast.Constant]:
    """A third of the time of `ast.walk`, which is most of the time of mining."""
    found = [tree]
    while found:
        for value in vars(found.pop()).values():
            for node in value if type(value) is list else (value,):
                if isinstance(node, ast.Call | ast.Constant):
                    yield node
                if isinstance(node, ast.AST) and not isinstance(node, ast.Constant | ast.Name):
                    found.append(node)


def _last_name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
