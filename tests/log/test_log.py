"""A `MessageLog` in memory: owned messages, read-only views, a digest that follows from the messages alone."""

import copy
import enum
import json
import pickle
import random
import sys
import threading
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from rev_accel import InputError, MessageLog, _core, digest, messages_digest
from rev_accel.llm import Request

from .messages import chained, message


def test_the_digest_of_a_log_is_that_of_its_messages_in_their_order() -> None:
    for seed in range(200):
        choice = random.Random(seed)
        messages = [message(choice) for _ in range(choice.randrange(8))]
        log = MessageLog(messages)
        assert log.digest == messages_digest(messages) == messages_digest(log) == chained(messages), f"seed {seed}"
        assert log.digest is None or len(log.digest) == 64
        digests = {MessageLog(messages[:count]).digest for count in range(len(messages) + 1)}
        assert len(digests) == len(messages) + 1, f"seed {seed}"
        if len(messages) > 1 and chained(messages[:1]) != chained(messages[1:2]):
            assert messages_digest([messages[1], messages[0], *messages[2:]]) != log.digest, f"seed {seed}"


def test_the_digest_of_a_log_stands_in_the_key_of_a_request_with_its_messages() -> None:
    for seed in range(50):
        choice = random.Random(seed)
        messages = [message(choice) for _ in range(choice.randrange(5))]
        for given in (messages, MessageLog(messages)):
            request = Request(endpoint="http://localhost", dialect="ollama", model="m", messages=given)
            assert dict(request.key().explain())["messages"] == MessageLog(messages).digest, f"seed {seed}"


def test_any_change_of_a_message_changes_the_digest() -> None:
    def change(choice: random.Random, value: Any) -> Any:
        if isinstance(value, dict):
            if not value or choice.random() < 0.2:
                return {**value, "new": None}
            key = choice.choice(list(value))
            if choice.random() < 0.2:
                return {name: part for name, part in value.items() if name != key}
            return {**value, key: change(choice, value[key])}
        if isinstance(value, list):
            if not value or choice.random() < 0.2:
                return [*value, None]
            index = choice.randrange(len(value))
            return [*value[:index], change(choice, value[index]), *value[index + 1 :]]
        return ["changed", value]

    for seed in range(2_000):
        choice = random.Random(seed)
        messages = [message(choice) for _ in range(3)]
        other = list(messages)
        index = choice.randrange(3)
        other[index] = change(choice, other[index])
        assert messages_digest(messages) != messages_digest(other), f"seed {seed}"


def test_equal_messages_have_equal_digests() -> None:
    one = {"role": "user", "content": [1, 2]}
    assert messages_digest([one]) == messages_digest([{"content": (1, 2), "role": "user"}])
    assert messages_digest([OrderedDict(one)]) == MessageLog([one]).digest
    assert messages_digest([]) is MessageLog().digest is None
    assert MessageLog([{"n": 1}]).digest != MessageLog([{"n": 1.0}]).digest != MessageLog([{"n": True}]).digest


def test_a_log_owns_its_messages() -> None:
    parts: list[Any] = [{"type": "text", "text": "hello"}]
    mine = {"role": "user", "content": parts}
    log = MessageLog([mine])
    before = log.digest
    parts.append("more")
    parts[0]["text"] = "changed"
    mine["role"] = "system"
    assert log[0] == {"role": "user", "content": [{"type": "text", "text": "hello"}]}
    assert log.digest == before == messages_digest(list(log))


CHANGES = [
    lambda m: m.update(role="x"),
    lambda m: m.__setitem__("role", "x"),
    lambda m: m.__delitem__("role"),
    lambda m: m.clear(),
    lambda m: m.pop("role"),
    lambda m: m.popitem(),
    lambda m: m.setdefault("new", 1),
    lambda m: m.__ior__({"role": "x"}),
    lambda m: m["content"].append(1),
    lambda m: m["content"].extend([1]),
    lambda m: m["content"].insert(0, 1),
    lambda m: m["content"].pop(),
    lambda m: m["content"].remove("a"),
    lambda m: m["content"].clear(),
    lambda m: m["content"].sort(),
    lambda m: m["content"].reverse(),
    lambda m: m["content"].__setitem__(0, 1),
    lambda m: m["content"].__setitem__(slice(None), []),
    lambda m: m["content"].__delitem__(0),
    lambda m: m["content"].__iadd__([1]),
    lambda m: m["content"].__imul__(2),
    lambda m: m["content"][1].update(a=1),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_what_comes_out_of_a_log_cannot_be_changed(change: Any) -> None:
    log = MessageLog([{"role": "user", "content": ["a", {"b": 1}]}])
    with pytest.raises(TypeError, match="cannot be changed"):
        change(log[0])
    assert log.digest == messages_digest(list(log))


def test_what_comes_out_can_be_read_copied_and_sent() -> None:
    right = {"role": "user", "content": ["a", {"b": 1}]}
    log = MessageLog([right])
    assert json.loads(json.dumps(list(log))) == [right]
    assert digest(log[0]) == digest(right)
    assert pickle.loads(pickle.dumps(log[0])) == right
    for made in (copy.deepcopy(log[0]), log[0].copy(), copy.copy(log[0])):
        assert type(made) is dict
        assert made == right
        made["role"] = "system"
    deep = copy.deepcopy(log[0])
    deep["content"][1]["b"] = 2
    assert type(deep["content"]) is list
    content = log[0]["content"]
    assert type(content.copy()) is type(copy.copy(content)) is type(copy.deepcopy(content)) is list
    assert log[0] == right
    assert MessageLog(log).digest == log.digest


def test_a_log_is_a_sequence() -> None:
    messages = [{"role": "user", "content": str(number)} for number in range(5)]
    log = MessageLog(messages)
    assert (len(log), log[-1], log[1:3], list(reversed(log))) == (5, messages[4], messages[1:3], messages[::-1])
    assert messages[3] in log
    assert log.index(messages[3]) == 3
    assert repr(log) == f"<MessageLog of 5 messages, {str(log.digest)[:12]}>"
    assert repr(MessageLog()) == "<MessageLog of 0 messages, empty>"
    assert log.path is None
    with pytest.raises(IndexError):
        log[5]
    log.close()
    log.append(messages[0])


def test_objects_of_subclasses_are_kept_as_what_they_hold() -> None:
    class Role(enum.StrEnum):
        USER = "user"

    class Number(int):
        def __pos__(self) -> int:
            return 7

    class Real(float):
        def __pos__(self) -> float:
            return 7.0

    class Items(dict[str, Any]):
        def items(self) -> Any:
            return []

    log = MessageLog([Items(role=Role.USER, n=Number(1), x=Real(-0.0), l=(1, 2), d=Items(a=1))])
    assert log[0] == {"role": "user", "n": 1, "x": 0.0, "l": [1, 2], "d": {"a": 1}}
    assert [type(log[0][key]) for key in ("role", "n", "x")] == [str, int, float]
    assert str(log[0]["x"]) == "-0.0"
    assert log.digest == messages_digest([{"role": "user", "n": 1, "x": -0.0, "l": [1, 2], "d": {"a": 1}}])


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"content": b"bytes"}, TypeError, r"`messages\[1\]\.content` is of type `bytes`"),
        ({"content": [{1: 2}]}, TypeError, r"`messages\[1\]\.content\[0\]`"),
        ({"content": {"a": {1, 2}}}, TypeError, r"`messages\[1\]\.content\.a` is of type `set`"),
        ("text", TypeError, "a message must be a dict, not str"),
        (None, TypeError, "a message must be a dict, not NoneType"),
    ],
)
def test_what_is_no_message_is_refused_and_nothing_is_added(wrong: Any, error: type, text: str) -> None:
    log = MessageLog([{"role": "user"}])
    before = log.digest
    with pytest.raises(error, match=text):
        log.append(wrong)
    assert (len(log), log.digest) == (1, before)


def test_a_message_that_is_too_deep_or_contains_itself_is_refused() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    circular: dict[str, Any] = {}
    circular["self"] = circular
    deeper: Any = []
    for _ in range(200_000):
        deeper = [deeper]
    bomb: Any = []
    for _ in range(60):
        bomb = [bomb, bomb]
    log = MessageLog()
    for wrong in ({"content": deep}, {"content": deeper}, circular, {"content": bomb}):
        with pytest.raises(InputError, match=r"messages\[0\]"):
            log.append(wrong)
    assert len(log) == 0


def test_keys_that_are_one_text_are_refused() -> None:
    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return self is other

        def __hash__(self) -> int:
            return id(self)

    log = MessageLog()
    with pytest.raises(InputError, match=r"messages\[0\].*same text|same text"):
        log.append({"content": [{Text("a"): 1, "a": 2}]})
    assert len(log) == 0


def test_what_has_a_digest_but_cannot_be_written_is_not_added_to_a_file(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(990):
        deep = [deep]
    assert len(MessageLog([{"content": deep}])) == 1
    with MessageLog.open(tmp_path / "log") as log:
        log.append({"role": "user"})
        # Later versions write deeper ones.
        deeper = [(deep, "it nests too deep")] if sys.version_info < (3, 12) else []
        for wrong, why in (*deeper, (10**5000, "")):
            with pytest.raises(InputError, match=f"cannot be written as JSON: {why}"):
                log.append({"content": wrong})
        log.append({"role": "assistant"})
    with MessageLog.open(tmp_path / "log") as again:
        assert [message["role"] for message in again] == ["user", "assistant"]


def test_a_request_takes_the_messages_of_a_log_and_their_digest() -> None:
    log = MessageLog({"role": "user", "content": str(number)} for number in range(50))
    fields: dict[str, Any] = {"endpoint": "http://localhost", "dialect": "ollama", "model": "m"}
    request = Request(**fields, messages=log)
    assert all(one is other for one, other in zip(request.messages, log, strict=True))
    copied = Request(**fields, messages=[dict(message) for message in log])
    assert (request.key(), request.key().explain()) == (copied.key(), copied.key().explain())
    before = str(request.key())
    log.append({"role": "assistant", "content": "more"})
    assert (len(request.messages), str(request.key())) == (50, before)
    assert str(Request(**fields, messages=log).key()) != before
    assert Request(**fields, messages=MessageLog()).key() == Request(**fields, messages=[]).key()


def test_a_request_of_a_long_log_holds_nothing_of_its_own() -> None:
    log = MessageLog({"n": number} for number in range(50_000))
    fields: dict[str, Any] = {"endpoint": "http://localhost", "dialect": "ollama", "model": "m"}
    Request(**fields, messages=log).key()
    tracemalloc.start()
    try:
        request = Request(**fields, messages=log)
        request.key()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000, "a pointer for each message is 400,000 bytes"
    assert len(request.messages) == 50_000


def test_a_message_is_digested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for name in ("digest", "digest_bytes", "chain_digest"):
        real = getattr(_core, name)
        monkeypatch.setattr(
            _core, name, lambda *given, _real=real, _name=name, **how: (calls.append(_name), _real(*given, **how))[1]
        )
    MessageLog([{"role": "user", "content": ["a", {"b": 1}]}])
    assert calls == ["chain_digest"]


def test_a_message_that_is_changed_while_it_is_added_is_added_as_it_is_digested() -> None:
    shared: dict[str, Any] = {"role": "user", "content": [{"n": 0}]}
    log, stop = MessageLog(), threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shared["content"][0]["n"] = number
            shared[f"k{number % 3}"] = [number] * (number % 5)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(3_000):
            log.append(shared)
    finally:
        stop.set()
        thread.join()
    assert log.digest == messages_digest(list(log))


def test_threads_may_add_at_the_same_time() -> None:
    log = MessageLog()

    def work(number: int) -> None:
        for count in range(300):
            log.append({"thread": number, "count": count})

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log) == 1_200
    assert log.digest == messages_digest(list(log))
    for number in range(4):
        assert [one["count"] for one in log if one["thread"] == number] == list(range(300))
