"""Digests as keys: different data never shares one, equal data always does."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import subprocess
import sys
from typing import Any

import pytest

from rev_accel import digest

from . import pairs

PAIRS = int(os.environ.get("REV_ACCEL_TEST_PAIRS", "10000"))


def test_a_change_anywhere_changes_the_digest_and_an_equal_copy_does_not() -> None:
    seed = int(os.environ.get("REV_ACCEL_TEST_SEED", random.randrange(2**32)))
    print("seed:", seed)
    outcome = pairs.compare(seed, PAIRS)
    print(outcome)
    assert outcome.collisions == [] and outcome.false_misses == []
    assert outcome.changed > PAIRS // 4 and outcome.equal > PAIRS // 4


REQUEST: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
    "tools": [{"function": {"name": "f", "parameters": {"properties": {"p": {"type": "string"}}, "required": ["p"]}}}],
    "options": {"temperature": 0.0, "num_ctx": 4096, "stop": None},
}


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request["messages"].reverse(),
        lambda request: request["messages"].append({"role": "user", "content": ""}),
        lambda request: request["messages"][1].update(content="U"),
        lambda request: request["messages"][1].update(name=None),
        lambda request: request["tools"][0]["function"]["parameters"]["properties"]["p"].update(type="number"),
        lambda request: request["tools"][0]["function"]["parameters"]["required"].clear(),
        lambda request: request.update(tools=[]),
        lambda request: request.update(tools=None),
        lambda request: request.pop("tools"),
        lambda request: request.update(model="default"),
        lambda request: request.update(model=None),
        lambda request: request["options"].update(num_ctx=8192),
        lambda request: request["options"].update(num_ctx=4096.0),
        lambda request: request["options"].update(num_ctx="4096"),
        lambda request: request["options"].update(temperature=-0.0),
        lambda request: request["options"].update(temperature=0),
        lambda request: request["options"].update(temperature=False),
        lambda request: request["options"].pop("stop"),
    ],
)
def test_a_change_in_place_of_a_request_changes_its_digest(change: Any) -> None:
    request = copy.deepcopy(REQUEST)
    before = digest(request)
    change(request)
    assert digest(request) != before
    assert digest(REQUEST) == before


def test_variants_of_a_request_all_differ() -> None:
    absent = {name: value for name, value in REQUEST.items() if name != "tools"}
    variants = [
        absent,
        absent | {"tools": None},
        absent | {"tools": []},
        absent | {"tools": {}},
        absent | {"tools": ""},
    ]
    assert len({digest(variant) for variant in variants}) == len(variants)


def test_a_list_changed_in_place_has_another_digest_although_its_id_is_the_same() -> None:
    tools = [{"name": "a"}]
    before, identity = digest(tools), id(tools)
    tools[0]["name"] = "b"
    assert id(tools) == identity and digest(tools) != before
    tools[0]["name"] = "a"
    assert digest(tools) == before


def test_lists_that_get_the_id_of_a_freed_one_share_no_digest() -> None:
    identities, digests = [], []
    for trial in range(200):
        tools = [{"name": f"tool {trial}"}]
        identities.append(id(tools))
        digests.append(digest(tools))
        del tools
    print("different ids among 200 lists:", len(set(identities)))
    assert len(set(digests)) == 200


@pytest.mark.parametrize(
    "different",
    [
        [1, 1.0, True, "1", None, [1], {"1": 1}, "True", "None", 0, 0.0, -0.0, False, "", [], {}],
        ["ab", ["ab"], ["a", "b"], ["", "ab"], ["ab", ""], [["a"], "b"], {"a": "b"}, {"ab": ""}],
        [["a", "bc"], ["ab", "c"], ["abc"], ["a", "b", "c"]],
        [[], [[]], [[], []], [[[]]], [{}], {"": []}, {"": {}}, [None], [""]],
        [{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": {"b": 2}}, {"ab": 12}, [["a", 1], ["b", 2]]],
        ["\ud800", "\udfff", "\ufffd", "?", "", "\\ud800", "\u00ed\u00a0\u0080"],
        ["\ud83d\ude00", "\U0001f600", "\ude00\ud83d"],
        ["\u00e9", "e\u0301", "\u00c9", "e"],
        [2**63, -(2**63), float(2**63), str(2**63), 2**63 - 1, 2**64, -(2**64), 2**64 + 1],
        [float("nan"), "NaN", None, float("inf"), float("-inf"), "Infinity"],
    ],
)
def test_what_python_json_or_joining_would_confuse_differs(different: list[Any]) -> None:
    assert len({digest(value) for value in different}) == len(different)


def test_the_same_data_in_two_roles_has_two_digests() -> None:
    domains = ["value", "message", "messages", "tools", "request", "m", "M"]
    assert len({digest([], domain=domain) for domain in domains}) == len(domains)
    assert digest([]) == digest([], domain="value")


def test_other_processes_and_hash_seeds_give_the_same_digests() -> None:
    program = "import json, sys, rev_accel; print(rev_accel.digest(json.loads(sys.argv[1])))"
    found = {digest(REQUEST)}
    for seed in ("0", "1", "random"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program, json.dumps(REQUEST)]
        found.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip())
    assert len(found) == 1


def test_copies_by_every_way_have_the_same_digest() -> None:
    copies = [copy.deepcopy(REQUEST), pickle.loads(pickle.dumps(REQUEST)), json.loads(json.dumps(REQUEST))]
    assert {digest(one) for one in copies} == {digest(REQUEST)}
