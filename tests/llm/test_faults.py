"""What servers do wrong, and which replies may be kept."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import math
import pickle
import socket
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
from rev_accel.llm import Limits, Reply, Retries, storable

from .conftest import CLIENTS, TLS, hello, make_client
from .server import Plan, Server
from .test_clients import WAYS, ask


def outcome(client: Any, way: str, **fields: Any) -> Reply | ModelError:
    try:
        return ask(client, way, **fields)
    except ModelError as error:
        return error


KEPT = {
    "text": Plan(),
    "tool calls": Plan(content="", tool_calls=(("add", {"a": 1}),)),
    "text and tool calls": Plan(tool_calls=(("add", {}),)),
    "without usage": Plan(usage=None),
}
NOT_KEPT = {
    "error": Plan(status=400),
    "busy": Plan(status=429),
    "error in HTML": Plan(status=502, raw=b"<html>Bad gateway</html>"),
    "error with status 200": Plan(raw=b'{"error": "model not found"}'),
    "empty": Plan(content=""),
    "blank": Plan(content=" \n\t"),
    "thinking only": Plan(content="", thinking="I think"),
    "length": Plan(finish="length"),
    "length of tool calls": Plan(content="", tool_calls=(("add", {"a": 1}),), finish="length"),
    "content_filter": Plan(finish="content_filter"),
    "no finish reason": Plan(finish=None),
    "odd finish reason": Plan(finish="load"),
    "a call in a form that is not read": Plan(content="Let me call", finish="function_call"),
    "calls that are not there": Plan(content="Let me call", finish="tool_calls"),
    "arguments cut": Plan(content="", tool_calls=(("add", '{"a": 1'),)),
    "arguments a list": Plan(content="", tool_calls=(("add", "[1]"),)),
    "arguments with NaN": Plan(content="", tool_calls=(("add", '{"a": NaN}'),)),
    "arguments empty": Plan(content="", tool_calls=(("add", ""),)),
    "one of two": Plan(content="", tool_calls=(("add", {"a": 1}), ("add", "{"))),
    "broken stream": Plan(stop_after=2),
}
REASONS = {
    "error": "error",
    "busy": "error",
    "error in HTML": "error",
    "error with status 200": "error",
    "empty": "empty",
    "blank": "empty",
    "thinking only": "empty",
    "length": "length",
    "length of tool calls": "length",
    "content_filter": "content_filter",
    "no finish reason": "unfinished",
    "odd finish reason": "unfinished",
    "a call in a form that is not read": "unfinished",
    "calls that are not there": "unfinished",
    "broken stream": "broken_stream",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", KEPT)
def test_a_whole_reply_may_be_kept(client: Any, server: Server, name: str, way: str) -> None:
    server.next(KEPT[name])
    verdict = storable(outcome(client, way))
    assert verdict and verdict.reason is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NOT_KEPT)
def test_anything_else_may_not_and_the_reason_has_a_name(client: Any, server: Server, name: str, way: str) -> None:
    server.next(NOT_KEPT[name])
    found = outcome(client, way)
    verdict = storable(found)
    assert not verdict and verdict.reason == REASONS.get(name, "tool_arguments")


def test_a_refusal_may_not_be_kept(server: Server) -> None:
    with make_client(server, "openai") as client:
        for way in WAYS:
            server.next(Plan(content="", refusal="I cannot help with that."))
            reply = ask(client, way)
            assert reply.refusal == "I cannot help with that." and storable(reply).reason == "content_filter"


@pytest.mark.parametrize("way", WAYS)
def test_an_error_says_which_server_what_status_and_what_the_server_said(client: Any, server: Server, way: str) -> None:
    server.next(Plan(status=404, raw=b'{"error": {"message": "model `m` not found,\\ntry pulling it first"}}'))
    with pytest.raises(ModelRefusedError, match="status 404: model `m` not found, try pulling it first") as caught:
        ask(client, way)
    assert client.endpoint in str(caught.value) and caught.value.status == 404


@pytest.mark.parametrize("way", WAYS)
def test_the_time_out_of_a_request_is_for_all_its_attempts_and_the_waits_between(server: Server, way: str) -> None:
    with make_client(server, "openai", retries=Retries(number=20, first=0)) as client:
        # It would be over before the server wants to be asked again.
        server.default = Plan(status=503, headers={"retry-after": "5"})
        with pytest.raises(ModelRefusedError, match="status 503"):
            ask(client, way, timeout=2)
        assert len(server.asked) == 1
        server.default = Plan(status=503, delay=0.3)
        with pytest.raises(ModelError):
            ask(client, way, timeout=0.8)
        assert len(server.asked) <= 1 + 3
        server.default = Plan(delay=0.3)
        server.next(Plan(status=503, delay=0.3))
        with pytest.raises(ModelTimeoutError, match="no first byte of the reply within 0.5 s in all"):
            ask(client, way, timeout=0.5)


@pytest.mark.parametrize("way", WAYS)
def test_the_time_out_of_a_request_is_for_the_connection_too(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        client = CLIENTS["openai"](address, limits=Limits(connect=3), retries=Retries(number=1, first=0), verify=TLS)
        with client, pytest.raises(ModelTimeoutError, match=r"there was no connection within 0\.3 s in all"):
            ask(client, way, timeout=0.3)


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_never_shakes_hands_is_one_without_a_connection(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = CLIENTS["openai"](address, limits=Limits(connect=3), retries=Retries(number=0), verify=TLS)
        with client, pytest.raises(ModelTimeoutError) as caught:
            ask(client, way, timeout=0.3)
    assert caught.value.phase == "connect"
    # Nothing was sent yet.
    assert "there was no connection within 0.3 s in all (connecting 0." in str(caught.value)
    assert "sending" not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seconds", [math.inf, 1e300, 1e12])
def test_limits_may_be_for_ever(server: Server, seconds: float, way: str) -> None:
    limits = Limits(connect=seconds, silence=seconds, total=seconds)
    with make_client(server, "openai", limits=limits) as client:
        assert ask(client, way).content == ask(client, way, timeout=seconds).content == "Hello there, world."


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_reply_says_which_server_sent_it(client: Any, server: Server, way: str) -> None:
    server.next(Plan(raw=b"{}"))
    with pytest.raises(ModelError) as caught:
        ask(client, way)
    assert client.endpoint in str(caught.value)


def test_a_redirect_says_where_to(client: Any, server: Server) -> None:
    server.next(Plan(status=302, headers={"location": "https://me:secret99@elsewhere/v1"}))
    with pytest.raises(ModelRefusedError, match=r"status 302: it is elsewhere, at `https://me:\[redacted\]@elsewhere"):
        ask(client, "chat")


def test_a_stream_that_ends_within_a_line_broke_off(server: Server) -> None:
    half = b'{"message": {"role": "assistant", "content": "Hel'
    with make_client(server, "ollama", retries=Retries(number=1, first=0)) as client:
        server.next(Plan(raw=half), Plan(content="whole"))
        assert ask(client, "stream").content == "whole"
        server.default = Plan(raw=half)
        found = outcome(client, "stream")
        assert isinstance(found, ModelTruncatedError) and storable(found).reason == "broken_stream"


def test_a_name_that_is_repeated_in_each_chunk_of_a_call_is_one_name(server: Server) -> None:
    def event(function: dict[str, str], reason: str | None = None) -> bytes:
        delta = {"tool_calls": [{"index": 0, "id": "call-0", "function": function}]}
        return b"data: " + json.dumps({"choices": [{"delta": delta, "finish_reason": reason}]}).encode() + b"\n\n"

    with make_client(server, "openai") as client:
        repeated = event({"name": "add", "arguments": '{"a":'}) + event(
            {"name": "add", "arguments": " 1}"}, "tool_calls"
        )
        server.next(Plan(raw=repeated + b"data: [DONE]\n\n"))
        (call,) = ask(client, "stream").tool_calls
        assert (call.name, call.arguments) == ("add", {"a": 1})


@pytest.mark.parametrize("way", WAYS)
def test_secrets_and_floods_in_an_error_are_not_shown(client: Any, server: Server, way: str) -> None:
    server.next(Plan(status=401, raw=b"wrong key sk-abcdefghijklmnop0123 " + b"x" * 1_000_000))
    with pytest.raises(ModelRefusedError) as caught:
        ask(client, way)
    assert "sk-abc" not in str(caught.value) and "[redacted]" in str(caught.value) and len(str(caught.value)) < 1000


GARBAGE = {
    "nothing": b"",
    "text": b"Hello",
    "not UTF-8": b'{"message": "\xff"}',
    "a list": b"[1, 2]",
    "null": b"null",
    "no message": b"{}",
    "odd message": b'{"message": 1, "done": true, "choices": [{"message": 1}]}',
    "odd choices": b'{"message": [], "done": true, "choices": {"a": 1}}',
    "odd tool calls": b'{"message": {"tool_calls": 7}, "done": true, "choices": [{"message": {"tool_calls": 7}}]}',
    "deep": b'{"a":' + b"[" * 100_000,
    "half": b'{"message": {"role": "assistant", "content": "Hel',
    "a large int": b'{"message": {}, "choices": [{"message": {}}], "a": ' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_an_error_of_our_own(client: Any, server: Server, name: str, way: str) -> None:
    server.next(Plan(raw=GARBAGE[name]))
    with pytest.raises((ModelMalformedError, ModelTruncatedError)):
        ask(client, way)
    assert ask(client, way).content == "Hello there, world."


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_a_reply_that_breaks_off_is_never_a_reply(client: Any, server: Server, way: str, stop_after: int) -> None:
    server.next(Plan(stop_after=stop_after))
    with pytest.raises(ModelTruncatedError):
        ask(client, way)


def test_a_stream_that_ends_without_saying_so_is_broken(client: Any, server: Server) -> None:
    server.next(Plan(says_done=False))
    given = []
    with pytest.raises(ModelTruncatedError, match="without saying"):
        given.extend(client.stream(client.request(**hello())))
    assert "".join(part.content for part in given) == "Hello there, world."


def test_an_error_in_the_middle_of_a_stream_is_an_error(client: Any, server: Server, dialect: str) -> None:
    line = b'{"error": "the runner has crashed"}'
    start = b'{"message": {"content": "Hi"}, "done": false}\n'
    if dialect == "openai":
        start, line = b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n', b"data: " + line + b"\n"
    server.next(Plan(raw=start + line + b"\n"))
    with pytest.raises(ModelRefusedError, match="the runner has crashed"):
        ask(client, "stream")


def test_a_reply_larger_than_allowed_is_refused(server: Server, dialect: str) -> None:
    server.default = Plan(content="x" * 200_000)
    with make_client(server, dialect, limits=Limits(reply_bytes=100_000)) as client:
        for way in WAYS:
            with pytest.raises(ModelMalformedError, match="more than 100000 bytes"):
                ask(client, way)


class TestTimeOuts:
    @pytest.mark.parametrize("way", WAYS)
    def test_a_server_that_does_not_answer(self, server: Server, dialect: str, way: str) -> None:
        server.next(Plan(delay=30))
        with make_client(server, dialect, limits=Limits(silence=0.2)) as client:
            with pytest.raises(ModelTimeoutError, match=r"no first byte .* within 0\.2 s \(.*waiting") as caught:
                ask(client, way)
        assert caught.value.phase == "first_byte" and isinstance(caught.value, TimeoutError)
        assert len(server.asked) == 1, "asked again, which would take as long"

    @pytest.mark.parametrize("way", WAYS)
    def test_a_reply_that_does_not_go_on(self, server: Server, dialect: str, way: str) -> None:
        server.next(Plan(pause=30))
        with make_client(server, dialect, limits=Limits(silence=0.2)) as client:
            with pytest.raises(ModelTimeoutError, match=r"did not go on within 0\.2 s \(.*reading") as caught:
                ask(client, way)
        assert caught.value.phase == "reading"

    def test_a_reply_that_drips_for_ever(self, server: Server, dialect: str) -> None:
        server.next(Plan(content="x" * 5000, pause=0.05))
        with make_client(server, dialect) as client:
            with pytest.raises(ModelTimeoutError, match=r"within 0\.3 s in all"):
                ask(client, "stream", timeout=0.3)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_connection_that_is_not_accepted(self, dialect: str, way: str) -> None:
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen(0)
            address = busy.getsockname()
            waiting = []
            for _ in range(4):  # fills the queue of those that wait to be accepted
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(address)
                waiting.append(one)
            limits = Limits(connect=0.2, silence=0.5)
            client = CLIENTS[dialect](
                f"http://127.0.0.1:{address[1]}", limits=limits, retries=Retries(number=0), verify=TLS
            )
            with client, pytest.raises(ModelTimeoutError, match=r"no connection within 0\.2 s \(connecting") as caught:
                ask(client, way)
            for one in waiting:
                one.close()
        assert caught.value.phase == "connect"


class TestAskingAgain:
    QUICK = Retries(number=2, first=0.01)

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(
        "plan",
        [Plan(status=503), Plan(status=429), Plan(status=529), Plan(status=500, raw=b""), Plan(stop_after=0)],
        ids=repr,
    )
    def test_what_may_pass_is_asked_again(self, server: Server, dialect: str, way: str, plan: Plan) -> None:
        server.next(plan, plan)
        with make_client(server, dialect, retries=self.QUICK) as client:
            assert ask(client, way).content == "Hello there, world."
        assert len(server.asked) == 3
        assert server.asked[0][2] == server.asked[2][2]

    @pytest.mark.parametrize("way", WAYS)
    def test_the_last_error_is_raised_when_it_does_not_pass(self, server: Server, dialect: str, way: str) -> None:
        server.default = Plan(status=503)
        with make_client(server, dialect, retries=self.QUICK) as client:
            with pytest.raises(ModelRefusedError, match="status 503"):
                ask(client, way)
            assert len(server.asked) == 3
            with pytest.raises(ModelRefusedError, match="status 503"):
                ask(client, way, retries=0)
        assert len(server.asked) == 4

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
    def test_what_does_not_pass_is_not_asked_again(self, server: Server, dialect: str, status: int) -> None:
        server.default = Plan(status=status)
        with make_client(server, dialect, retries=self.QUICK) as client, pytest.raises(ModelRefusedError):
            ask(client, "chat")
        assert len(server.asked) == 1

    def test_a_stream_of_which_pieces_were_given_out_is_not_asked_again(self, server: Server, dialect: str) -> None:
        server.next(Plan(stop_after=3))
        with make_client(server, dialect, retries=self.QUICK) as client:
            parts = client.stream(client.request(**hello()))
            assert next(parts).content == "Hello"
            with pytest.raises(ModelTruncatedError):
                list(parts)
        assert len(server.asked) == 1

    @pytest.mark.parametrize("way", WAYS)
    def test_a_server_that_cannot_be_reached_is_named(self, dialect: str, way: str) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with CLIENTS[dialect](endpoint, retries=self.QUICK, verify=TLS) as client:
                with pytest.raises(ModelRefusedError, match="cannot be reached") as caught:
                    ask(client, way)
        assert endpoint in str(caught.value) and caught.value.status is None

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "3"}, 3.0),
            ({"retry-after": "0"}, 0.0),
            ({"retry-after": "1.5"}, 1.5),
            ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
            ({"retry-after": "-5"}, 0.0),
        ],
    )
    def test_the_wait_is_what_the_server_asks_for(
        self,
        server: Server,
        dialect: str,
        way: str,
        headers: dict[str, str],
        seconds: float,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        waits: list[float] = []

        async def asleep(wait: float) -> None:
            waits.append(wait)

        monkeypatch.setattr("rev_accel.llm.http.pause", lambda wait, is_over: waits.append(wait))
        monkeypatch.setattr("asyncio.sleep", asleep)
        server.next(Plan(status=429, headers=headers))
        with make_client(server, dialect) as client:
            assert ask(client, way).content == "Hello there, world."
        assert waits == [seconds]

    def test_a_server_that_asks_for_too_long_a_wait_is_not_asked_again(self, server: Server, dialect: str) -> None:
        server.default = Plan(status=429, headers={"retry-after": "3600"})
        with make_client(server, dialect) as client, pytest.raises(ModelRefusedError) as caught:
            ask(client, "chat")
        assert len(server.asked) == 1 and caught.value.retry_after == 3600

    @pytest.mark.parametrize("value", ["", "soon", "nan", "99 bottles", "Wed, 99 Oct 2015 07:28:00 GMT"])
    def test_a_wait_that_is_no_number_and_no_date_is_ignored(self, server: Server, dialect: str, value: str) -> None:
        server.next(Plan(status=429, headers={"retry-after": value}))
        with make_client(server, dialect, retries=self.QUICK) as client:
            assert ask(client, "chat").content == "Hello there, world."


@pytest.mark.parametrize(
    "error",
    [
        ModelTimeoutError("a", phase="connect"),
        ModelRefusedError("b", status=503, retry_after=1.0),
        ModelMalformedError("c"),
        ReplayMissError("d", place="model"),
    ],
)
def test_errors_go_from_process_to_process(error: Exception) -> None:
    made = pickle.loads(pickle.dumps(error))
    assert type(made) is type(error) and made.args == error.args and made.__dict__ == error.__dict__


def test_a_task_that_is_cancelled_ends_its_call(server: Server, dialect: str) -> None:
    server.next(Plan(delay=30))

    async def give_up() -> None:
        async with make_client(server, dialect) as client:
            task = asyncio.create_task(client.achat(client.request(**hello())))
            while not server.asked:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.achat(client.request(**hello()))).content == "Hello there, world."

    asyncio.run(give_up())


@pytest.mark.parametrize(
    "made",
    [
        lambda: Limits(connect=0),
        lambda: Limits(silence=-1),
        lambda: Limits(total=float("nan")),
        lambda: Limits(reply_bytes=0),
        lambda: Retries(number=-1),
        lambda: Retries(longest=float("nan")),
    ],
)
def test_limits_that_make_no_sense_are_refused(made: Any) -> None:
    with pytest.raises(InputError, match="expected a number"):
        made()


@pytest.mark.parametrize("kind", [Limits, Retries])
@pytest.mark.parametrize("value", ["5", None, True, [1]])
def test_limits_of_another_type_are_refused_by_name(kind: Any, value: Any) -> None:
    for field in dataclasses.fields(kind):
        with pytest.raises(TypeError, match=f"`{field.name}` is of type `{type(value).__name__}`: expected a "):
            kind(**{field.name: value})


@pytest.mark.parametrize(("kind", "name"), [(Limits, "reply_bytes"), (Retries, "number")])
def test_limits_that_count_are_whole_numbers(kind: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"`{name}` is of type `float`: expected a whole number"):
        kind(**{name: 1.5})
