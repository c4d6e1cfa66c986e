"""Is a source valid, which error is it otherwise, and what is found in it: against the running interpreter itself.

Tens of thousands of snippets go through the drop-in, and through `ast.parse` and a slow reference over `ast.walk`.
"""

import ast
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import pytest

from oracle.reference import parse
from snippets import odd
from snippets.generate import pairs, trees
from snippets.mine import mine, suite_folder
from snippets.mutate import mutants
from snippets.verdict import Comparison, compare

SEED = 20_251
FAMILIES = odd.families(SEED)


@pytest.fixture(scope="module")
def mined() -> list[bytes]:
    folder = suite_folder()
    if folder is None:
        pytest.skip("this Python was installed without its test suite")
    return mine(folder)


def check(snippets: Iterable[str | bytes], seed: int | None = SEED) -> Comparison:
    """Compares; lone surrogates (the mined strings have some) become the bytes that no decoder takes."""
    compared = compare(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in snippets)
    assert not compared.differences, compared.report(seed)
    return compared


def test_code_strings_of_cpythons_own_tests_get_its_verdict_and_its_facts(mined: list[bytes]) -> None:
    compared = check(mined, seed=None)
    assert len(compared.expected) - compared.uncompared >= 10_000
    assert min(compared.valid, compared.invalid) >= 3_000


def test_every_construct_in_every_hole_of_every_other_is_walked_in_the_same_order() -> None:
    compared = check(pairs(SEED, 7_000))
    assert compared.valid >= 4_500
    assert compared.invalid >= 1_000


def test_random_nests_of_constructs_get_the_same_verdict_and_facts() -> None:
    compared = check(trees(SEED, 3_500))
    assert compared.valid >= 2_000
    assert compared.invalid >= 500


def test_mutants_of_code_strings_get_the_same_verdict_and_facts(mined: list[bytes]) -> None:
    texts = [content.decode() for content in mined if len(content) < 1_000 and _is_utf8(content)]
    compared = check(mutants(texts, SEED, 6_000))
    assert min(compared.valid, compared.invalid) >= 1_000


def test_mutants_of_small_library_files_get_the_same_verdict_and_facts() -> None:
    library = Path(sysconfig.get_path("stdlib"))
    files = [*library.glob("*.py"), *library.glob("[a-r]*/*.py")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(files) if 300 < path.stat().st_size < 3_000]
    assert len(texts) >= 30
    compared = check(mutants(texts, SEED, 2_500))
    assert min(compared.valid, compared.invalid) >= 500


@pytest.mark.parametrize("family", FAMILIES)
def test_odd_sources_get_the_same_verdict_and_facts(family: str) -> None:
    compared = check(FAMILIES[family])
    assert compared.valid >= 20
    assert compared.invalid >= 20
    assert compared.uncompared <= len(compared.expected) // 20


def test_the_snippets_hold_every_kind_of_node() -> None:
    """Says that the comparisons above leave no construct out."""
    seen: set[type[ast.AST]] = set()
    for text in pairs(SEED, 0):
        try:
            seen |= {type(node) for node in ast.walk(parse(text))}
        except SyntaxError:
            continue
    abstract = (ast.mod, ast.stmt, ast.expr, ast.boolop, ast.operator, ast.unaryop, ast.cmpop, ast.pattern)
    kinds = {kind for base in abstract[1:] for kind in base.__subclasses__()}
    kinds |= {ast.arguments, ast.arg, ast.keyword, ast.alias, ast.withitem, ast.comprehension, ast.match_case}
    kinds |= {ast.ExceptHandler, ast.Module}
    assert kinds <= seen, f"missing on {sys.version}: {kinds - seen}"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
