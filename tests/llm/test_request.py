"""Requests: what they own, what names them, where two of them differ."""

from __future__ import annotations

import copy
import dataclasses
import gc
import json
import os
import pickle
import random
import subprocess
import sys
import weakref
from types import MappingProxyType
from typing import Any

import pytest

from rev_accel import MessageLog
from rev_accel.errors import InputError
from rev_accel.llm import NOT_IN_KEY, Messages, Request, ToolSet, diff

from . import pairs
from .conftest import request_of

PAIRS = int(os.environ.get("REV_ACCEL_TEST_PAIRS", "10000"))
TOOL = {
    "type": "function",
    "function": {
        "name": "read",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}
FULL: dict[str, Any] = {
    "endpoint": "http://localhost:11434",
    "dialect": "openai",
    "model": "m",
    "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": "read"}},
    "response_format": {"type": "json_object"},
    "options": {"temperature": 0.0, "num_ctx": 4096, "stop": None},
}


def full(**changes: Any) -> Request:
    return Request(**{**copy.deepcopy(FULL), **changes})


def test_keys_are_equal_exactly_when_requests_are() -> None:
    seed = int(os.environ.get("REV_ACCEL_TEST_SEED", random.randrange(2**32)))
    print("seed:", seed)
    outcome = pairs.compare(seed, PAIRS)
    print("\n".join(pairs.report(outcome)))
    assert outcome.collisions == [] and outcome.false_misses == []
    assert outcome.leaks == [] and outcome.wrong_places == []
    assert min(outcome.changed, outcome.equal) > PAIRS // 5 and outcome.in_place > PAIRS // 20


class TestOwnership:
    def test_later_changes_of_what_was_given_change_nothing(self) -> None:
        given = copy.deepcopy(FULL)
        request = Request(**given)
        before = request.to_dict(), str(request.key())
        given["messages"][0]["content"] = "changed"
        given["messages"].append({"role": "user"})
        given["tools"][0]["function"]["parameters"]["required"].clear()
        given["tool_choice"]["function"]["name"] = "other"
        given["response_format"].clear()
        given["options"]["temperature"] = 1
        assert (request.to_dict(), str(request.key())) == before
        assert str(Request(**given).key()) != before[1]

    @pytest.mark.parametrize(
        "change",
        [
            lambda request: setattr(request, "model", "x"),
            lambda request: request.messages.append({}),
            lambda request: request.messages.__setitem__(0, {}),
            lambda request: request.messages[0].update(content="x"),
            lambda request: request.messages[0].__setitem__("content", "x"),
            lambda request: request.messages[0].__delitem__("content"),
            lambda request: request.messages[0].pop("content"),
            lambda request: request.messages[0].popitem(),
            lambda request: request.messages[0].clear(),
            lambda request: request.messages[0].setdefault("name", "x"),
            lambda request: request.messages[0].__ior__({"a": 1}),
            lambda request: request.tools[0]["function"]["parameters"]["required"].clear(),
            lambda request: request.tools[0]["function"]["parameters"]["properties"].update(a=1),
            lambda request: request.options.update(temperature=1),
            lambda request: request.tool_choice["function"].clear(),
        ],
    )
    def test_nothing_that_is_read_can_be_changed(self, change: Any) -> None:
        request = full()
        before = str(request.key())
        with pytest.raises((TypeError, AttributeError, dataclasses.FrozenInstanceError)):
            change(request)
        assert request.to_dict() == full().to_dict() and str(request.key()) == before

    def test_what_is_read_is_what_was_given(self) -> None:
        request = full()
        assert json.loads(json.dumps(request.to_dict())) == FULL
        assert list(request.options) == ["temperature", "num_ctx", "stop"]

    def test_a_copy_that_can_be_changed_is_to_be_had(self) -> None:
        message = dict(full().messages[0])
        message["content"] = "changed"
        assert full().messages[0]["content"] == "s"

    def test_subclasses_come_out_as_what_they_are_subclasses_of(self) -> None:
        class Text(str):
            def __str__(self) -> str:
                raise AssertionError("a method of the caller's was called")

        class Number(int):
            def __int__(self) -> int:
                raise AssertionError("a method of the caller's was called")

        request = full(messages=[{"role": Text("user"), Text("n"): Number(3)}])
        assert {type(one) for pair in request.messages[0].items() for one in pair} == {str, int}
        assert request == full(messages=[{"role": "user", "n": 3}])

    def test_copies_are_equal_and_work(self) -> None:
        request = full(timeout=3.0)
        for made in (copy.copy(request), copy.deepcopy(request), pickle.loads(pickle.dumps(request))):
            assert made == request and hash(made) == hash(request) and made.timeout == 3.0
            assert made.key().explain() == request.key().explain()

    def test_deep_data_is_taken_and_deeper_is_refused(self) -> None:
        deep: Any = []
        for _ in range(900):
            deep = [deep]
        assert str(full(tool_choice=deep).key()) == str(full(tool_choice=copy_deep(deep)).key())
        for _ in range(200):
            deep = [deep]
        with pytest.raises(InputError, match="nested too deeply"):
            full(tool_choice=deep)


class TestMessagesOfALog:
    """A request of a log sees what was in it, and nothing that came later."""

    HISTORY = [{"role": "user", "content": str(number)} for number in range(5)]

    def make(self) -> tuple[MessageLog, Request]:
        log = MessageLog(self.HISTORY[:3])
        request = full(messages=log)
        log.extend(self.HISTORY[3:])
        return log, request

    def test_it_reads_as_the_list_does(self) -> None:
        _, request = self.make()
        messages, right = request.messages, self.HISTORY[:3]
        assert (len(messages), list(messages), list(reversed(messages))) == (3, right, right[::-1])
        assert [messages[at] for at in (0, 2, -1, -3)] == [right[at] for at in (0, 2, -1, -3)]
        for at in (slice(None), slice(1, 9), slice(None, None, -1), slice(-2, None), slice(5, 1), slice(0, 3, 2)):
            assert messages[at] == right[at]
        assert right[2] in messages and self.HISTORY[3] not in messages and messages.index(right[1]) == 1
        for at in (3, 4, -4):
            with pytest.raises(IndexError):
                messages[at]
        iterator = iter(messages)
        assert [one["content"] for one in iterator] == ["0", "1", "2"]

    def test_it_is_the_same_request_as_one_of_a_list(self) -> None:
        log, request = self.make()
        other = full(messages=self.HISTORY[:3])
        assert (
            request == other and request.messages == other.messages and hash(request.messages) == hash(other.messages)
        )
        assert request.messages.digests == other.messages.digests
        assert request.key().explain() == other.key().explain() and request.to_dict() == other.to_dict()
        assert request != full(messages=log) and request.messages != Messages(log)
        assert diff(request, full(messages=log)) == "messages[3]"
        assert request.messages != self.HISTORY[:3], "only messages of requests are compared"

    def test_copies_of_it_hold_what_it_shows(self) -> None:
        _, request = self.make()
        for made in (
            copy.deepcopy(request),
            pickle.loads(pickle.dumps(request)),
            dataclasses.replace(request),
            Request.from_dict(json.loads(json.dumps(request.to_dict()))),
        ):
            assert made == request and list(made.messages) == self.HISTORY[:3]
        assert repr(request.messages) == f"<Messages: 3, {str(request.messages.digest)[:12]}>"

    def test_requests_are_freed_without_the_garbage_collector(self) -> None:
        _, request = self.make()
        request.key().explain()
        gone = weakref.ref(request)
        gc.disable()
        try:
            del request
            assert gone() is None
        finally:
            gc.enable()


def copy_deep(deep: Any) -> Any:
    count, made = 0, []
    while deep:
        deep, count = deep[0], count + 1
    for _ in range(count):
        made = [made]
    return made


class TestKey:
    def test_a_key_is_text_and_can_be_looked_up(self) -> None:
        key = full().key()
        assert len(str(key)) == 64 and set(str(key)) <= set("0123456789abcdef")
        assert {key: 1}[full().key()] == 1 and key == full().key() and {full(): 1}[full()] == 1

    def test_the_key_stays_what_it_is(self) -> None:
        # Another one makes every stored reply unknown: raise the version of keys, and say so in the changelog.
        assert str(full().key()) == "954ef19b9d395e98ad647831a69f048c8aa09bbd78e1b20086be0f2fd25e9b7f"

    @pytest.mark.parametrize(
        "change",
        [
            {"endpoint": "http://localhost:11435"},
            {"endpoint": "http://localhost:11434/v1"},
            {"dialect": "ollama"},
            {"model": "M"},
            {"model": ""},
            {"model": "default"},
            {"messages": []},
            {"messages": FULL["messages"][::-1]},
            {"messages": FULL["messages"][:1]},
            {"messages": [*FULL["messages"], {}]},
            {"tools": None},
            {"tools": []},
            {"tools": [TOOL, TOOL]},
            {"tool_choice": None},
            {"tool_choice": "auto"},
            {"response_format": None},
            {"options": {}},
            {"options": {"temperature": 0.0, "num_ctx": 4096}},
            {"options": {"temperature": 0, "num_ctx": 4096, "stop": None}},
            {"options": {"temperature": -0.0, "num_ctx": 4096, "stop": None}},
            {"options": {"temperature": 0.0, "num_ctx": 8192, "stop": None}},
            {"options": {"num_ctx": 4096, "stop": None}},
            {"options": {"temperature": None, "num_ctx": 4096, "stop": None}},
        ],
    )
    def test_whatever_can_change_the_answer_changes_the_key(self, change: dict[str, Any]) -> None:
        assert full(**change).key() != full().key()

    def test_an_absent_temperature_is_not_0_and_absent_tools_are_not_an_empty_list(self) -> None:
        keys = [
            request_of().key(),
            request_of(options={"temperature": 0}).key(),
            request_of(options={"temperature": None}).key(),
            request_of(tools=[]).key(),
            request_of(tools=[{}]).key(),
        ]
        assert len(set(keys)) == 5

    def test_what_cannot_change_the_answer_does_not(self) -> None:
        for change in ({"timeout": 1.5}, {"retries": 9}, {"trace_id": "t"}, {"endpoint": FULL["endpoint"] + "//"}):
            assert full(**change).key() == full().key()
        assert NOT_IN_KEY == ("timeout", "retries", "trace_id", "stream")
        named = {field.name for field in dataclasses.fields(Request)}
        assert named - {part.place for part in full().key().explain()} == set(NOT_IN_KEY) - {"stream"}

    def test_it_says_what_it_is_made_of(self) -> None:
        parts = {part.place: part.digest for part in full(tool_choice=None).key().explain()}
        assert list(parts) == [
            "endpoint",
            "dialect",
            "model",
            *("messages", "messages[0]", "messages[1]"),
            *("tools", "tool_choice", "response_format"),
            *("options", "options.temperature", "options.num_ctx", "options.stop"),
        ]
        assert parts["tool_choice"] is None and all(len(one) == 64 for one in parts.values() if one is not None)
        changed = {
            part.place: part.digest for part in full(tool_choice=None, messages=[FULL["messages"][0]]).key().explain()
        }
        assert [name for name in parts if parts[name] != changed.get(name)] == ["messages", "messages[1]"]

    def test_requests_of_lists_that_get_the_id_of_a_freed_one_share_no_key(self) -> None:
        identities, keys = set(), set()
        for trial in range(200):
            tools = [{"name": f"tool {trial}"}]
            messages = [{"role": "user", "content": f"message {trial}"}]
            identities |= {id(tools), id(messages)}
            keys.add(str(request_of(tools=tools).key()))
            keys.add(str(request_of(messages=messages).key()))
            del tools, messages
        print("different ids among 400 lists:", len(identities))
        assert len(keys) == 400

    def test_another_process_finds_the_same_key(self) -> None:
        program = "import json, sys; from rev_accel.llm import Request; print(Request(**json.loads(sys.argv[1])).key())"
        for seed in ("0", "random"):
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            command = [sys.executable, "-c", program, json.dumps(FULL)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            assert done.stdout.strip() == str(full().key())

    def test_any_mapping_is_taken_for_options_messages_and_tools(self) -> None:
        view = {name: MappingProxyType(FULL[name]) for name in ("options",)}
        view |= {name: [MappingProxyType(one) for one in FULL[name]] for name in ("messages", "tools")}
        assert full(**view) == full() and type(full(**view).options) is type(full().options)

    def test_tools_are_digested_once(self) -> None:
        tools = ToolSet([TOOL])
        assert full(tools=tools).tools is tools and full(tools=tools) == full()
        messages = Messages(FULL["messages"])
        assert full(messages=messages).messages is messages and full(messages=messages) == full()


class TestDiff:
    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({}, None),
            ({"timeout": 5.0}, None),
            ({"endpoint": "http://localhost:1"}, "endpoint"),
            ({"dialect": "ollama"}, "dialect"),
            ({"model": "x", "options": {}}, "model"),
            ({"messages": [FULL["messages"][0], {"role": "user", "content": "U"}]}, "messages[1].content"),
            ({"messages": [FULL["messages"][0], {"role": "user", "content": "u", "name": None}]}, "messages[1].name"),
            ({"messages": FULL["messages"][:1]}, "messages[1]"),
            ({"messages": [*FULL["messages"], {}]}, "messages[2]"),
            ({"tools": None}, "tools"),
            ({"tools": []}, "tools[0]"),
            ({"tool_choice": "auto"}, "tool_choice"),
            ({"response_format": {"type": "text"}}, "response_format.type"),
            ({"options": {**FULL["options"], "num_ctx": 8192}}, "options.num_ctx"),
            ({"options": {**FULL["options"], "num_ctx": 4096.0}}, "options.num_ctx"),
            ({"options": {**FULL["options"], "odd name": 1}}, 'options["odd name"]'),
        ],
    )
    def test_it_names_the_first_field_that_differs(self, change: dict[str, Any], place: str | None) -> None:
        assert diff(full(), full(**change)) == place == diff(full(**change), full())

    def test_it_finds_a_place_deep_in_a_schema(self) -> None:
        tool = copy.deepcopy(TOOL)
        tool["function"]["parameters"]["properties"]["path"]["type"] = "number"
        assert diff(full(), full(tools=[tool])) == "tools[0].function.parameters.properties.path.type"


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"messages": [{"role": "user", "content": b"x"}]}, r"messages\[0\].content"),
            ({"messages": [{}, {"content": [{"at": {1, 2}}]}]}, r"messages\[1\].content\[0\].at"),
            ({"messages": [{1: "x"}]}, r"messages\[0\]"),
            ({"messages": [{}, "x"]}, r"messages\[1\]"),
            ({"messages": {"role": "user"}}, "messages"),
            ({"messages": "Hello"}, "messages"),
            ({"messages": None}, "messages"),
            (
                {"tools": [{"function": {"parameters": {"default": object()}}}]},
                r"tools\[0\].function.parameters.default",
            ),
            ({"tools": [len]}, r"tools\[0\]"),
            ({"tool_choice": {"a": 1j}}, "tool_choice.a"),
            ({"response_format": dict}, "response_format"),
            ({"options": {"stop": {"a"}}}, "options.stop"),
            ({"options": [1]}, "options"),
            ({"options": None}, "options"),
            ({"model": None}, "model"),
            ({"endpoint": b"http://localhost"}, "endpoint"),
            ({"timeout": "5"}, "timeout"),
            ({"timeout": True}, "timeout"),
            ({"retries": 1.0}, "retries"),
            ({"retries": "1"}, "retries"),
            ({"trace_id": 7}, "trace_id"),
        ],
    )
    def test_what_cannot_be_keyed_is_refused_with_its_place(self, change: dict[str, Any], place: str) -> None:
        with pytest.raises(TypeError, match=f"`{place}`"):
            full(**change)

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"endpoint": "localhost:11434"}, "endpoint"),
            ({"endpoint": "ftp://localhost"}, "endpoint"),
            ({"endpoint": "http://"}, "endpoint"),
            ({"dialect": "anthropic"}, "dialect"),
            ({"timeout": 0}, "timeout"),
            ({"timeout": float("nan")}, "timeout"),
            ({"retries": -1}, "retries"),
            ({"trace_id": "a\nb: c"}, "trace_id"),
            ({"endpoint": "http://[::1"}, "endpoint"),
            ({"endpoint": "http://localhost:abc"}, "endpoint"),
            ({"endpoint": "http://localhost:99999"}, "endpoint"),
        ],
    )
    def test_what_is_of_no_use_is_refused_by_name(self, change: dict[str, Any], text: str) -> None:
        with pytest.raises(InputError, match=f"`{text}`"):
            full(**change)

    def test_credentials_in_an_endpoint_are_refused_and_not_repeated(self) -> None:
        for endpoint in ("https://me:hunter2@host", "https://host/?api_key=hunter2"):
            with pytest.raises(InputError) as caught:
                full(endpoint=endpoint)
            assert "hunter2" not in str(caught.value)

    def test_a_value_that_contains_itself_is_refused(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        with pytest.raises(InputError, match=r"`tool_choice` contains itself|contains itself"):
            full(tool_choice=loop)

    def test_unknown_fields_are_refused(self) -> None:
        with pytest.raises(InputError, match="`temperature`"):
            Request.from_dict({**FULL, "temperature": 0})
        assert Request.from_dict(full().to_dict()) == full()
