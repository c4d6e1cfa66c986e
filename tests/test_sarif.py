"""`rev-accel scan --format sarif`: valid by the published schema, and the same findings as in the other formats."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest

SCHEMA = Path(__file__).parent / "fixtures" / "sarif" / "schema-2.1.0.json.gz"
VALIDATOR = jsonschema.Draft4Validator(json.loads(gzip.decompress(SCHEMA.read_bytes())))

# The texts and names that need care: placeholders, links, all kinds of line ends, names that are no URIs.
SOURCES = {
    "plain.py": b"def run(a, b, c, d, e, g):\n    global x, y\n    return eval('1')\nprint(1)\n",
    "text/odd.py": '"é🙂" # TODO {0} x[1](2) "\\" [a\\](b)\rprint()\r\nprint()\n\x0cprint() # FIXME }{\n'.encode(),
    "a b/50%#;&.py": b"\xef\xbb\xbfprint(1)\n",
    "é/日本.py": b"print(1)\n",
    "syntax.py": b"x = (\n",
    "undecodable.py": b"\xff\n",
    "large.py": b"#" * 2_000,
    "silent.py": b"",
}
if sys.platform == "linux":
    SOURCES |= {os.fsdecode(b"c:\xff\xfe?.py"): b"print(1)\n", "a\\b\n.py": b"print(1)\n"}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    for name, source in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(source)
    monkeypatch.chdir(root)
    return root


def scan(form: str, *arguments: str, source: bytes | None = None, code: int = 0) -> str:
    command = [sys.executable, "-m", "rev_accel", "scan", "--no-cache", "--max-bytes", "1K", "-f", form, *arguments]
    done = subprocess.run(command, input=source, capture_output=True, timeout=60)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode("ascii")


def run_of(text: str) -> dict[str, Any]:
    """The run of a log, which has to be valid."""
    log = json.loads(text)
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    return run


def path_of(location: dict[str, Any]) -> str:
    return os.fsdecode(unquote_to_bytes(location["uri"]))


def text_of(message: dict[str, str]) -> str:
    """The text as a reader of SARIF understands it: without links and placeholders, which there must not be."""
    text = message["text"]
    assert not re.search(r"(?<!\\)\]\(", text)
    assert not re.search(r"[{}]", re.sub(r"\{\{|\}\}", "", text))
    return text.replace("{{", "{").replace("}}", "}").replace("\\](", "](")


def places(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    found = []
    for entry in entries:
        (location,) = entry["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        region = physical.get("region", {"startLine": None, "startColumn": None})
        place = (region["startLine"], region["startColumn"])
        found.append((path_of(physical["artifactLocation"]), *place, text_of(entry["message"])))
    return found


def test_it_says_what_the_other_formats_say(tree: Path) -> None:
    *files, _ = map(json.loads, scan("jsonl").splitlines())
    run = run_of(scan("sarif"))
    rules, kinds = run["tool"]["driver"]["rules"], run["tool"]["driver"]["notifications"]
    found = [
        (file["path"], finding["line"], finding["column"], finding["message"], finding["rule"])
        for file in files
        for finding in file["findings"]
    ]
    ours = zip(places(run["results"]), run["results"], strict=True)
    assert [(*place, result["ruleId"]) for place, result in ours] == found
    assert {finding[-1] for finding in found} == {rule["id"] for rule in rules}
    assert [rule["id"] for rule in rules if "security-severity" in rule["properties"]] == ["dangerous"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    failed = [
        (file["path"], error["line"], error["column"], f"{error['exception']}: {error['message']}", file["status"])
        for file in files
        if (error := file.get("error"))
    ]
    (invocation,) = run["invocations"]
    notifications = invocation["toolExecutionNotifications"]
    ours = zip(places(notifications), notifications, strict=True)
    assert [(*place, notification["descriptor"]["id"]) for place, notification in ours] == failed
    assert {failure[-1] for failure in failed} == {"syntax_error", "undecodable", "too_large"}
    for notification in notifications:
        assert kinds[notification["descriptor"]["index"]]["id"] == notification["descriptor"]["id"]


def test_it_is_the_same_whatever_the_threads_and_with_nothing_to_say(tree: Path) -> None:
    for number in range(600):
        (tree / f"f{number}.py").write_text(f"print({number})\n" * 3)
    assert scan("sarif", "-j", "1") == scan("sarif", "-j", "3")
    run = run_of(scan("sarif", "silent.py"))
    assert (run["results"], run["invocations"][0]["toolExecutionNotifications"]) == ([], [])
    assert run_of(scan("sarif", "syntax.py", "--fail-on", "error", code=1))["results"] == []


def test_a_file_outside_of_the_root_has_a_uri_of_its_own(tree: Path) -> None:
    (tree.parent / "out side.py").write_text("print(1)\n")
    (result,) = run_of(scan("sarif", "../out side.py"))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": (tree.parent / "out side.py").resolve().as_uri()}


def test_what_comes_from_standard_input_is_reported_under_its_name(tree: Path) -> None:
    source = SOURCES["plain.py"]
    assert scan("sarif", "-", "--stdin-filename", "plain.py", source=source) == scan("sarif", "plain.py")


def fingerprints(name: str) -> list[str | None]:
    results = run_of(scan("sarif", name))["results"]
    return [result.get("partialFingerprints", {}).get("content/v1") for result in results]


def test_fingerprints_stay_when_lines_move_and_tell_equal_findings_apart(tree: Path) -> None:
    text = "# TODO: a\n# TODO: a\ndef f(): global a\ndef f(): pass\nprint(1)\n"
    (tree / "a.py").write_text(text)
    (tree / "b.py").write_text("\n\nimport os\n" + text)
    before = fingerprints("a.py")
    assert before == fingerprints("b.py")
    assert before.pop() is None, "nothing but its place tells one print from another"
    assert len({*before}) == 5
    (tree / "a.py").write_text(text.replace("TODO: a", "TODO: b"))
    assert fingerprints("a.py")[2:5] == before[2:]
    assert not {*fingerprints("a.py")[:2]} & {*before}


def test_the_schema_refuses_what_is_wrong(tree: Path) -> None:
    log = json.loads(scan("sarif", "plain.py"))
    for change in (
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        lambda run: run["results"][0].update(level="high"),
        lambda run: run.pop("tool"),
        lambda run: run.update(columnKind="bytes"),
    ):
        changed = json.loads(json.dumps(log))
        change(changed["runs"][0])
        assert not VALIDATOR.is_valid(changed)
