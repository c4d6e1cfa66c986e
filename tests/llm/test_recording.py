"""Recordings: what is written, what is given again, what a miss and a damaged file say."""

from __future__ import annotations

import json
import os
import random
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rev_accel.errors import (
    InputError,
    ModelError,
    ModelMalformedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelTruncatedError,
    ReplayMissError,
)
from rev_accel.llm import Answer, RecordingClient, ReplayClient, Reply, ScriptedClient, redact, redactor, storable
from rev_accel.llm.record import load

from .conftest import make_client, parts, request_of
from .server import Plan, Server
from .test_clients import WAYS

ANSWERS = [
    "First, with ünïcödé \u2028 and a \ud800 surrogate.",
    Answer(content="", tool_calls=(("add", {"a": 1}), ("broken", '{"a": '))),
    Answer(content="cut", finish_reason="length"),
]


def numbered(number: int, dialect: str = "openai", **fields: Any) -> Any:
    return request_of(dialect=dialect, messages=[{"role": "user", "content": f"message {number}"}], **fields)


def record(path: Path, dialect: str = "openai", answers: list[Any] | None = None) -> list[Reply]:
    answers = ANSWERS if answers is None else answers
    client = RecordingClient(ScriptedClient(answers), path)
    return [client.chat(numbered(number, dialect)) for number in range(len(answers))]


def run(client: Any, request: Any, way: str) -> Reply:
    *_, reply = parts(client, way, request)
    return reply


def given(path: Path) -> list[Any]:
    """All that a recording gives, in order."""
    found: list[Any] = []
    for one in load(path):
        outcome = one.outcome
        told = says(outcome) if isinstance(outcome, Reply) else (type(outcome), str(outcome), vars(outcome))
        found.append((str(one.request.key()), told))
    return found


def says(reply: Reply) -> tuple[Any, ...]:
    return reply.body, reply.content, reply.tool_calls, reply.finish_reason, reply.usage, reply.message, storable(reply)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("recorded_as", WAYS)
def test_what_was_recorded_comes_again(
    server: Server, dialect: str, tmp_path: Path, recorded_as: str, way: str
) -> None:
    path = tmp_path / "folder" / "calls.jsonl"
    server.next(Plan(content="one\ntwo", thinking="hm"), Plan(content="", tool_calls=(("add", {"a": 1}),)))
    with make_client(server, dialect) as client:
        requests = [client.request(model="m", messages=[{"role": "user", "content": text}]) for text in "ab"]
        recording = RecordingClient(client, path)
        recorded = [run(recording, request, recorded_as) for request in requests]
    replay = ReplayClient(path)
    for request, before in zip(requests, recorded, strict=True):
        assert says(run(replay, request, way)) == says(before)
    assert replay.unused == 0 and len(server.asked) == 2


def test_a_stream_is_given_in_pieces(tmp_path: Path) -> None:
    record(tmp_path / "calls.jsonl", answers=["one two\n three "])
    *parts, reply = ReplayClient(tmp_path / "calls.jsonl").stream(numbered(0))
    assert [part.content for part in parts] == ["one", " two", "\n three", " "]
    assert reply.content == "one two\n three "


def test_the_file_is_readable_in_a_diff(tmp_path: Path, dialect: str) -> None:
    path = tmp_path / "calls.jsonl"
    record(path, dialect)
    text = path.read_bytes().decode("utf-8")
    lines = text.split("\n")
    assert lines.pop() == "" and len(lines) == 3
    for line in lines:
        assert line == json.dumps(json.loads(line), sort_keys=True, ensure_ascii="\\ud800" in line)
        assert json.loads(line)["schema_version"] == 2
    assert '"content": "cut"' in lines[2]


def test_recording_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        record(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_recording_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    record(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="overwrite=True"):
        RecordingClient(ScriptedClient([]), path)
    client = RecordingClient(ScriptedClient(["new", "newer"]), path, overwrite=True)
    assert path.read_bytes() == before, "until there is something to write"
    client.chat(numbered(0))
    client.chat(numbered(1))
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.skipif(os.name != "posix", reason="has no such rights")
def test_a_recording_is_for_the_user_alone_also_in_place_of_one_that_was_not(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("old\n")
    path.chmod(0o644)
    client = RecordingClient(ScriptedClient(["new", "newer"]), path, overwrite=True)
    client.chat(numbered(0))
    assert path.stat().st_mode & 0o777 == 0o600 and len(load(path)) == 1
    # What somebody decided since then stays.
    path.chmod(0o640)
    client.chat(numbered(1))
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_message_is_searched_for_secrets_once_however_many_requests_hold_it(tmp_path: Path) -> None:
    searched: list[Any] = []

    def redact_and_note(data: Any) -> Any:
        searched.append(data)
        return redact(data)

    messages = [
        {"role": "user", "content": f"password=hunter{number}234" if number % 3 else "hello"} for number in range(30)
    ]
    requests = [
        request_of(messages=messages[:number], tools=[{"type": "function", "function": {"name": "f"}}], timeout=5.0)
        for number in range(1, 31)
    ]
    path = tmp_path / "calls.jsonl"
    client = RecordingClient(ScriptedClient(["answer"] * 30), path, redact=redact_and_note)
    for request in requests:
        client.chat(request)
    # Each message, what is no message, and each answer.
    different = len({str(message) for message in messages})
    assert len(searched) == different + 1 + 30
    searched.clear()
    replay = ReplayClient(path, redact=redact_and_note)
    assert [replay.chat(request).content for request in requests] == ["answer"] * 30
    assert len(searched) == different + 1
    # It is what is written when all of a request is searched at once.
    for one, request in zip(load(path), requests, strict=True):
        assert one.request == type(request).from_dict(redact(request.to_dict()))
    assert "hunter" not in path.read_text()


def test_what_is_remembered_of_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redactor, "MOST_KNOWN", 10)
    made = redactor.Redactor(redact)
    messages = [{"role": "user", "content": f"password=hunter{number}234"} for number in range(50)]
    request = request_of(messages=messages, model="sk-abcdefghijklmnop1234")
    for _ in range(2):
        clean = made.request(request)
        assert clean == type(request).from_dict(redact(request.to_dict())) and clean != request
        assert len(made._known) == 10
    # What holds no secret is the same object, with the digests that it has.
    plain = request_of(messages=[{"role": "user", "content": "hello"}], options={"seed": 1})
    assert made.request(plain) is plain is redactor.Redactor(None).request(plain)


def test_calls_of_many_threads_are_all_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    client = RecordingClient(ScriptedClient([lambda request: request.messages[0]["content"] * 500] * 80), path)

    def work(first: int) -> None:
        for number in range(first, first + 10):
            client.chat(numbered(number))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    replay = ReplayClient(path, "key")
    assert all(replay.chat(numbered(number)).content == f"message {number}" * 500 for number in range(80))


ERRORS: list[ModelError] = [
    ModelRefusedError("`x` answered with status 503: busy", status=503, retry_after=2.5),
    ModelRefusedError("cannot be reached"),
    ModelTimeoutError("no first byte", phase="first_byte"),
    ModelMalformedError("not JSON"),
    ModelTruncatedError("broke off"),
    ModelError("something else"),
]


@pytest.mark.parametrize("way", WAYS)
def test_errors_are_recorded_and_raised_again(tmp_path: Path, way: str) -> None:
    path = tmp_path / "calls.jsonl"
    client = RecordingClient(ScriptedClient(ERRORS), path)
    for number, error in enumerate(ERRORS):
        with pytest.raises(ModelError) as caught:
            run(client, numbered(number), way)
        assert caught.value is error
    for mode in ("strict", "key"):
        replay = ReplayClient(path, mode)
        for number, error in enumerate(ERRORS):
            with pytest.raises(ModelError) as caught:
                run(replay, numbered(number), way)
            assert type(caught.value) is type(error) and str(caught.value) == str(error)
            assert caught.value.__dict__ == error.__dict__


def test_a_stream_that_is_given_up_and_an_interrupt_are_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    client = RecordingClient(ScriptedClient(["one two three", KeyboardInterrupt()]), path)
    parts = client.stream(numbered(0))
    next(parts)
    parts.close()
    with pytest.raises(KeyboardInterrupt):
        client.chat(numbered(1))
    assert not path.exists()


class TestModes:
    def test_strict_wants_the_order_of_the_recording(self, tmp_path: Path) -> None:
        record(tmp_path / "calls.jsonl")
        replay = ReplayClient(tmp_path / "calls.jsonl")
        assert replay.chat(numbered(0)).content == ANSWERS[0] and replay.unused == 2
        with pytest.raises(ReplayMissError, match=r"request 2: it is the turn of line 2.* is on line 3") as caught:
            replay.chat(numbered(2))
        assert caught.value.place == "messages[0].content"
        assert replay.chat(numbered(1)).tool_calls[0].name == "add", "a miss takes nobody's turn"
        replay.chat(numbered(2))
        with pytest.raises(ReplayMissError, match="all 3 recorded replies were given"):
            replay.chat(numbered(2))

    def test_by_key_any_order_will_do(self, tmp_path: Path) -> None:
        record(tmp_path / "calls.jsonl")
        replay = ReplayClient(tmp_path / "calls.jsonl", "key")
        for number in (2, 0, 2, 1, 0):
            expected = ANSWERS[number] if number == 0 else ANSWERS[number].content
            assert replay.chat(numbered(number)).content == expected
        assert replay.unused == 0

    def test_equal_requests_get_their_answers_in_turn_and_then_the_last(self, tmp_path: Path) -> None:
        client = RecordingClient(ScriptedClient(["a", "b"]), tmp_path / "calls.jsonl")
        for _ in range(2):
            client.chat(numbered(0))
        replay = ReplayClient(tmp_path / "calls.jsonl", "key")
        assert replay.unused == 2
        assert [replay.chat(numbered(0)).content for _ in range(4)] == ["a", "b", "b", "b"]
        assert replay.unused == 0

    def test_an_unknown_mode_is_refused(self, tmp_path: Path) -> None:
        record(tmp_path / "calls.jsonl")
        with pytest.raises(InputError, match="`mode`"):
            ReplayClient(tmp_path / "calls.jsonl", "loose")


class TestMisses:
    def test_a_miss_shows_the_closest_request_and_the_first_difference(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        history = [{"role": "user", "content": f"a rather long message, number {number}"} for number in range(9)]
        client = RecordingClient(ScriptedClient(["x"] * 9), path)
        for length in range(1, 10):
            client.chat(request_of(messages=history[:length], options={"num_ctx": 4096}))
        asked = [*history[:5], {"role": "user", "content": "a rather long message, numbre 5"}]
        with pytest.raises(ReplayMissError) as caught:
            ReplayClient(path, "key").chat(request_of(messages=asked, options={"num_ctx": 4096}))
        assert caught.value.place == "messages[5].content"
        assert "on line 6, differs first in `messages[5].content`" in str(caught.value)
        assert "number 5" in str(caught.value) and "numbre 5" in str(caught.value) and str(path) in str(caught.value)

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"options": {"num_ctx": 8192}}, "options.num_ctx"),
            ({"options": {}}, "options.num_ctx"),
            ({"model": "other"}, "model"),
            ({"tools": []}, "tools"),
            ({"endpoint": "http://localhost:2"}, "endpoint"),
        ],
    )
    def test_every_field_can_be_what_differs(self, tmp_path: Path, change: dict[str, Any], place: str) -> None:
        path = tmp_path / "calls.jsonl"
        RecordingClient(ScriptedClient(["x"]), path).chat(request_of(options={"num_ctx": 4096}))
        for mode in ("strict", "key"):
            with pytest.raises(ReplayMissError, match=f"`{re.escape(place)}`") as caught:
                ReplayClient(path, mode).chat(request_of(**{"options": {"num_ctx": 4096}, **change}))
            assert caught.value.place == place and isinstance(caught.value, LookupError)

    def test_an_empty_recording_has_nothing_close(self, tmp_path: Path) -> None:
        (tmp_path / "calls.jsonl").write_bytes(b"")
        with pytest.raises(ReplayMissError) as caught:
            ReplayClient(tmp_path / "calls.jsonl", "key").chat(numbered(0))
        assert caught.value.place is None


class TestDamage:
    @pytest.mark.parametrize(
        ("edit", "text"),
        [
            (lambda line: line[: len(line) // 2], "not JSON"),
            (lambda line: b"\xff" + line, "not JSON"),
            (lambda line: b"[]", "expected a JSON object"),
            (lambda line: line.replace(b'"schema_version": 2', b'"schema_version": 3'), "schema_version` is 3"),
            (lambda line: line.replace(b'"schema_version": 2', b'"schema_version": 1'), "1: .*no digest: record anew"),
            (lambda line: line.replace(b'"schema_version": 2', b'"version": 2'), "schema_version"),
            (lambda line: line.replace(b'"request": {', b'"request": 1, "was": {'), "no member `was`"),
            (lambda line: line.replace(b'"request": {', b'"request": 1, "key": {'), "`request` is missing"),
            (
                lambda line: line.replace(line[line.index(b'"reply"') : line.index(b'"request"')], b""),
                "either `reply` or",
            ),
            (lambda line: line.replace(b'"reply": {', b'"error": {}, "reply": {'), "either `reply` or `error`"),
            (lambda line: line.replace(b'"body": {', b'"body": 1, "was": {'), "`body` is missing"),
            (lambda line: line.replace(b"message 1", b"message 9"), "`key` is not that of `request`"),
            (lambda line: line.replace(b'"choices": [', b'"choices": 7, "was": ['), "choices"),
            (lambda line: line.replace(b'"model": "m"', b'"model": 7'), "model"),
            (lambda line: line.replace(b'"endpoint"', b'"host"'), "host"),
            (lambda line: line.replace(b'"reply": {', b'"error": {"kind": "SystemExit", "was": {}, '), "error.kind"),
            (lambda line: line.replace(b'{"key"', b'{"digest": "0", "key"'), "`digest` is not that of the record"),
        ],
    )
    def test_a_damaged_line_is_named(self, tmp_path: Path, edit: Any, text: str) -> None:
        path = tmp_path / "calls.jsonl"
        record(path)
        # As if it had been written by hand: else the digest would be all that is complained of.
        lines = [re.sub(rb'"digest": "\w+", ', b"", line) for line in path.read_bytes().split(b"\n")]
        path.write_bytes(b"\n".join(lines))
        assert ReplayClient(path).unused == 3
        assert edit(lines[1]) != lines[1]
        lines[1] = edit(lines[1])
        path.write_bytes(b"\n".join(lines))
        with pytest.raises(InputError, match=f"line 2: .*{text}") as caught:
            ReplayClient(path)
        assert str(path) in str(caught.value)

    def test_an_answer_that_was_edited_is_not_given_unless_its_digest_is_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        record(path)
        path.write_bytes(path.read_bytes().replace(b'"content": "cut"', b'"content": "cat"'))
        with pytest.raises(InputError, match="line 3: `digest` is not that of the record"):
            ReplayClient(path)
        path.write_bytes(re.sub(rb'"digest": "\w+", ', b"", path.read_bytes()))
        assert ReplayClient(path, "key").chat(numbered(2)).content == "cat"

    @pytest.mark.parametrize("seed", [11])
    def test_a_byte_that_is_damaged_anywhere_is_noticed_or_changes_nothing(self, tmp_path: Path, seed: int) -> None:
        print("seed:", seed)
        source = random.Random(seed)
        path = tmp_path / "calls.jsonl"
        client = RecordingClient(ScriptedClient([ANSWERS[1], ERRORS[0], "fine"]), path)
        for number in range(3):
            with suppress(ModelError):
                client.chat(numbered(number))
        whole = path.read_bytes()
        right = given(path)
        noticed = 0
        for at in range(len(whole)):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << source.randrange(8)
            path.write_bytes(damaged)
            try:
                assert given(path) == right, (at, bytes(damaged[at - 20 : at + 20]))
            except InputError as error:
                line = 1 + whole[:at].count(b"\n")
                assert re.search(rf"line ({line}|{line + 1}): ", str(error)), error
                noticed += 1
        assert noticed > 0.9 * len(whole)

    def test_a_recording_that_was_cut_anywhere_gives_what_is_whole_or_names_the_line(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        record(path)
        whole = path.read_bytes()
        ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
        for size in range(0, len(whole), 7):
            path.write_bytes(whole[:size])
            try:
                assert ReplayClient(path).unused in (sum(end <= size for end in ends), sum(end < size for end in ends))
            except InputError as error:
                assert re.search(rf"line {1 + sum(end < size for end in ends)}: ", str(error))

    def test_a_line_may_be_written_by_hand_without_a_key(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        record(path)
        lines = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
        lines[0]["request"]["messages"][0]["content"] = "by hand"
        del lines[0]["key"], lines[0]["digest"]
        path.write_text("\n\n".join(map(json.dumps, lines)) + "\n")
        assert (
            ReplayClient(path).chat(request_of(messages=[{"role": "user", "content": "by hand"}])).content == ANSWERS[0]
        )

    def test_a_file_that_is_not_there_is_an_error_of_the_system(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            ReplayClient(tmp_path / "none.jsonl")

    def test_what_json_cannot_hold_is_refused_and_leaves_the_file_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        record(path)
        client = RecordingClient(ScriptedClient(["x"] * 3), tmp_path / "other.jsonl")
        deep: Any = []
        for _ in range(990):
            deep = [deep]
        for option in (10**5000, deep, "\ud83d\ude00"):  # the last are two halves, which JSON makes one character
            with pytest.raises(InputError, match="recorded|too deep"):
                client.chat(numbered(0, options={"o": option}))
        assert not (tmp_path / "other.jsonl").exists()


SECRETS = {
    "OpenAI": "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "Anthropic": "sk-ant-api03-abcdefghijklmnop-0123456789",
    "GitHub": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "Hugging Face": "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
}


class TestSecrets:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("name", SECRETS)
    def test_secrets_do_not_reach_the_file(
        self, server: Server, dialect: str, tmp_path: Path, name: str, way: str
    ) -> None:
        secret = SECRETS[name]
        path = tmp_path / "calls.jsonl"
        server.next(
            Plan(content=f"Your key is {secret}.", tool_calls=(("login", {"token": secret, "n": [secret]}),)),
            Plan(status=401, raw=json.dumps({"error": f"bad key {secret}"}).encode()),
        )
        with make_client(server, dialect, api_key=secret, headers={"x-api-key": secret}) as client:
            recording = RecordingClient(client, path)
            request = client.request(
                model="m",
                messages=[{"role": "user", "content": f"key={secret}"}],
                tools=[{"type": "function", "function": {"name": "login", "description": secret, "parameters": {}}}],
                options={"user": secret} if dialect == "openai" else {},
            )
            first = run(recording, request, way)
            with pytest.raises(ModelRefusedError):
                run(recording, request, way)
        assert secret in first.content, "only the file is without it"
        assert secret not in path.read_text() and secret[10:] not in path.read_text()
        replay = ReplayClient(path, "key")
        again = replay.chat(request)
        assert again.content == "Your key is [redacted]." and again.tool_calls[0].arguments is not None
        # Another key in the same place is still the same call.
        changed = [{"role": "user", "content": f"key={secret[:-3]}999"}]
        other = client.request(**{**vars_of(request), "messages": changed})
        assert ReplayClient(path, "key").chat(other).content == again.content

    def test_a_conversation_about_secrets_is_replayed_by_key_with_other_ones(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"

        def talk(client: Any, secret: str) -> list[Reply]:
            """Three turns, each of which goes on from the answer before."""
            login = {"headers": {"Cookie": [f"sid={secret}"]}, "password": 123, "GH_TOKEN": secret}
            history: list[Any] = [
                {"role": "user", "content": f"curl -H 'Authorization: Bearer {secret}'; export A_KEY={secret}"}
            ]
            replies = []
            for _ in range(3):
                replies.append(client.chat(request_of(messages=history, options={"metadata": login})))
                history = [*history, replies[-1].message, {"role": "tool", "content": f"Set-Cookie: sid={secret}"}]
            return replies

        secret = "correcthorsebattery"
        answer = Answer(content=f"API_KEY={secret}", tool_calls=(("login", {"password": [secret, 5]}),))
        recorded = talk(RecordingClient(ScriptedClient([answer] * 3), path), secret)
        assert secret in recorded[0].content and secret not in path.read_text()
        for mode in ("strict", "key"):
            for asked in (secret, "staplestaplestaple"):
                replayed = talk(ReplayClient(path, mode), asked)
                assert [one.content for one in replayed] == ["API_KEY=[redacted]"] * 3
                assert replayed[0].tool_calls[0].arguments == {"password": ["[redacted]", "[redacted]"]}

    def test_a_redaction_of_ones_own_is_used_on_both_sides(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"

        def own(value: Any) -> Any:
            return json.loads(re.sub(r"/home/\w+", "/home/someone", json.dumps(value)))

        def asked(name: str) -> Any:
            return request_of(messages=[{"role": "user", "content": f"in /home/{name}/src"}])

        RecordingClient(ScriptedClient(["It is /home/ann/src"]), path, redact=own).chat(asked("ann"))
        assert "ann" not in path.read_text()
        assert ReplayClient(path, redact=own).chat(asked("bob")).content == "It is /home/someone/src"

    def test_without_redaction_everything_is_written(self, tmp_path: Path) -> None:
        path = tmp_path / "calls.jsonl"
        secret = SECRETS["OpenAI"]
        request = request_of(messages=[{"role": "user", "content": secret}])
        RecordingClient(ScriptedClient([secret]), path, redact=None).chat(request)
        assert path.read_text().count(secret) == 2
        assert ReplayClient(path, redact=None).chat(request).content == secret


def vars_of(request: Any) -> dict[str, Any]:
    return {name: value for name, value in request.to_dict().items() if name not in ("endpoint", "dialect")}


def test_a_recorded_error_is_a_fresh_one_each_time(tmp_path: Path) -> None:
    def fail(_request: Any) -> Any:
        raise ModelRefusedError("busy", status=429, retry_after=2.5)

    client = RecordingClient(ScriptedClient([fail]), tmp_path / "calls.jsonl")
    with suppress(ModelError):
        client.chat(numbered(0))
    assert (tmp_path / "calls.jsonl").stat().st_mode & 0o077 == 0
    replay, raised = ReplayClient(tmp_path / "calls.jsonl", "key"), []
    for _ in range(3):
        with pytest.raises(ModelRefusedError, match="busy") as caught:
            replay.chat(numbered(0))
        raised.append((caught.value, len(caught.traceback)))
        assert (caught.value.status, caught.value.retry_after) == (429, 2.5)
    assert len({id(error) for error, _ in raised}) == 3 and len({depth for _, depth in raised}) == 1
