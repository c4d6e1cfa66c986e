"""What test runners write: any bytes are results or none, and of what a runner writes each count comes back."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from rev_accel.tools import junit, unittest_output
from rev_accel.tools.junit import KEPT, Results

from .choices import Choices, text
from .places import folder

FOLDER = folder()
FILE = FOLDER / "results.xml"

KINDS = ("passed", "failed", "errors", "skipped", "xfailed")
INSIDE = {
    "passed": "",
    "failed": '<failure message="no">trace</failure>',
    "errors": '<error message="no">trace</error>',
    "skipped": '<skipped type="pytest.skip" message="so"/>',
    "xfailed": '<skipped type="pytest.xfail" message="so"/>',
}
RULE, LINE = "=" * 70, "-" * 70


def run(data: bytes) -> None:
    source = Choices(data)
    match source.randrange(4):
        case 0:
            FILE.write_bytes(source.rest())
            sound(junit.read(FILE, named))
        case 1:
            output = source.rest().decode("utf-8", "replace")
            sound(unittest_output.read(output, named))
            unittest_output.broken_import(output, [FILE])
        case 2:
            written_by_pytest(source)
        case _:
            written_by_unittest(source)


def named(dotted: str) -> str:
    return f"named {dotted}"


def sound(found: Results | None) -> None:
    if found is not None:
        counts = (found.passed, found.failed, found.errors, found.skipped, found.xfailed, found.unfinished)
        assert all(type(count) is int and count >= 0 for count in counts)
        assert all(len(one.text) <= KEPT for one in found.failures)
        # What is shown of them can be sent.
        json.dumps([[one.name, one.text] for one in found.failures])


def counts(found: Results | None) -> list[int]:
    assert found is not None
    return [getattr(found, kind) for kind in KINDS]


def written_by_pytest(source: random.Random) -> None:
    outcomes = [source.choice(KINDS) for _ in range(source.randrange(8))]
    cases = [f"<testcase classname={quoteattr(word(source))} name={quoteattr(word(source))}>" for _ in outcomes]
    whole = "".join(f"{case}{INSIDE[outcome]}</testcase>" for case, outcome in zip(cases, outcomes, strict=True))
    FILE.write_text(f"<testsuites><testsuite>{whole}</testsuite></testsuites>", encoding="utf-8")
    found = junit.read(FILE, named)
    assert counts(found) == [outcomes.count(kind) for kind in KINDS]


def written_by_unittest(source: random.Random) -> None:
    """Each test has a name of its own; before all that, anything may have been printed."""
    outcomes = [source.choice(KINDS) for _ in range(source.randrange(8))]
    blocks = [
        f"{RULE}\n{'FAIL' if outcome == 'failed' else 'ERROR'}: test_{number} (module.Class.test_{number})\n{LINE}\n"
        f"Traceback (most recent call last):\n{word(source)}\n"
        for number, outcome in enumerate(outcomes)
        if outcome in ("failed", "errors")
    ]
    ran = f"{LINE}\nRan {len(outcomes)} tests in 0.001s\n\n"
    skipped, expected = outcomes.count("skipped"), outcomes.count("xfailed")
    end = f"FAILED (skipped={skipped}, expected failures={expected})\n"
    found = unittest_output.read("".join([word(source), "\n", *blocks, ran, end]), named)
    assert counts(found) == [outcomes.count(kind) for kind in KINDS]


def word(source: random.Random) -> str:
    """A text that XML can hold, on one line."""
    return "".join(character for character in text(source) if character.isprintable() and character < "\ud800")


def seeds() -> Sequence[bytes]:
    xml = (
        b'<?xml version="1.0" encoding="utf-8"?><testsuites><testcase classname="a.B" name="c" file="a.py">',
        b'<a><testcase classname="a.B" name="c" file="a.py"><failure message="m">x</failure></testcase><testcase/></a>',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b"<a>" * 300,
    )
    outputs = (
        f"{RULE}\nFAIL: test_a (m.C.test_a) (n=1)\nA.\n{LINE}\nx\n\n{LINE}\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n",
        f"{RULE}\nERROR: setUpClass (m.C)\n{LINE}\nx\n{LINE}\nRan 0 tests in 0.000s\n\nFAILED (errors=1)\n",
        f"Ran 1 test in 1s\n\nOK (skipped={'9' * 30})\n",
        'Traceback (most recent call last):\n  File "x.py", line 1, in loadTestsFromName\nImportError: no\n',
    )
    noise = [bytes([2 + number % 2]) + random.Random(number).randbytes(60) for number in range(30)]
    return [*(b"\0" + one for one in xml), *(b"\1" + one.encode() for one in outputs), *noise]
