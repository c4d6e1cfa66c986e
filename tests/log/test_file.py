"""A `MessageLog` in a file: found again as it was left, whatever ended the process; damage is told by its line."""

import json
import logging
import os
import random
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from rev_accel import LogError, MessageLog, messages_digest
from rev_accel.history import INTERRUPTED
from robustness.process import run_python

from .messages import call, message, result

REPOSITORY = Path(__file__).parents[2]
USER = {"role": "user", "content": "hello"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def write(path: Path, messages: list[Any]) -> str | None:
    """Makes a log of its own, and gives its digest."""
    path.unlink(missing_ok=True)
    with MessageLog.open(path) as log:
        log.extend(messages)
        return log.digest


def found(path: Path) -> tuple[list[Any], str | None]:
    with MessageLog.open(path, repair=False) as log:
        return list(log), log.digest


def test_a_log_is_found_again_as_it_was_left(path: Path) -> None:
    for seed in range(150):
        choice = random.Random(seed)
        messages = [message(choice) for _ in range(choice.randrange(6))]
        digest = write(path, messages[:3])
        with MessageLog.open(path, repair=False) as log:
            assert log.digest == digest == messages_digest(messages[:3]), f"seed {seed}"
            log.extend(messages[3:])
        again, digest = found(path)
        assert digest == messages_digest(messages) == messages_digest(again), f"seed {seed}"
        # NaN is not equal to itself.
        assert repr(again) == repr(list(MessageLog(messages))), f"seed {seed}"


def test_the_file_can_be_read_by_people_and_programs_and_is_the_users_alone(path: Path) -> None:
    digest = write(path, [USER, {"role": "assistant", "content": "привет"}])
    lines = path.read_text().splitlines()
    assert json.loads(lines[0]) == {"rev_accel": "message log", "version": 1}
    records = [json.loads(line) for line in lines[1:]]
    assert [record["message"] for record in records] == [USER, {"role": "assistant", "content": "привет"}]
    assert records[-1]["digest"] == digest
    assert [record["bytes"] for record in records] == [33, len('{"role":"assistant","content":"привет"}'.encode())]
    assert "привет" in lines[2]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_record_that_was_not_written_whole_is_cut_off_and_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    messages = [USER, {"role": "assistant", "content": "a\nb"}, {"role": "user", "content": "x" * 300}]
    write(path, messages)
    whole = path.read_bytes()
    starts = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "rev_accel"), MessageLog.open(path) as log:
            count = max(0, sum(start <= end for start in starts) - 1)
            torn = end - max([0, *(start for start in starts if start <= end)])
            assert list(log) == messages[:count], end
            if end > starts[0]:
                assert log.recovery.torn_bytes == torn, end
                assert len(caplog.records) == (torn > 0), end
            log.append(USER)
        assert found(path)[0] == [*messages[:count], USER]


def test_a_block_of_zeros_at_the_end_is_cut_off(path: Path) -> None:
    # As a power cut leaves it where the size was written and the content was not.
    write(path, [USER, USER])
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for torn in (bytes(4096), bytes(len(last)), bytes(10) + last[10:], last[:-5] + bytes(4) + b"\n"):
        path.write_bytes(whole[: -len(last)] + torn)
        with MessageLog.open(path) as log:
            assert list(log) == [USER]
            assert log.recovery.torn_bytes == len(torn)


def damages(whole: bytes, choice: random.Random) -> tuple[bytes, int]:
    """A file that is damaged before its end, and the first line that is wrong."""
    lines = whole.splitlines(keepends=True)
    line = choice.randrange(1, len(lines) - 1)
    match choice.randrange(6):
        case 0:  # a bit
            data = bytearray(lines[line])
            data[choice.randrange(len(data) - 1)] ^= 1 << choice.randrange(8)
            lines[line] = bytes(data)
        case 1:  # missing
            del lines[line]
        case 2:  # twice
            lines.insert(line, lines[line])
            line += 1
        case 3:  # exchanged
            lines[line], lines[line + 1] = lines[line + 1], lines[line]
        case 4:  # edited
            lines[line] = lines[line].replace(b'"content":"', b'"content":"edited ')
        case _:  # shorter
            data = bytearray(lines[line])
            start = choice.randrange(len(data) - 1)
            del data[start : start + 1 + choice.randrange(len(data) - start - 1)]
            lines[line] = bytes(data)
    return b"".join(lines), line + 1


def test_damage_before_the_end_is_an_error_that_names_the_line_and_changes_nothing(path: Path) -> None:
    write(path, [{"role": "user", "content": f"message {number}"} for number in range(8)])
    whole = path.read_bytes()
    for seed in range(400):
        damaged, line = damages(whole, random.Random(seed))
        path.write_bytes(damaged)
        with pytest.raises(LogError) as raised:
            MessageLog.open(path)
        assert raised.value.line == line, f"seed {seed}"
        assert f"`{path}`, line {raised.value.line}: the record is damaged" in str(raised.value), seed
        assert path.read_bytes() == damaged, f"seed {seed}"
        # What the note says helps.
        note = "".join(raised.value.__notes__)
        kept, end = (int(word) for word in note.replace(".", "").split() if word.isdecimal())
        path.write_bytes(damaged[:end])
        assert len(found(path)[0]) == kept == raised.value.line - 2, f"seed {seed}"


def test_a_file_that_is_no_log_is_left_alone(path: Path, tmp_path: Path) -> None:
    for content in (
        b"something else\n",
        b'{"role":"user"}\n',
        b"\x00" * 10,
        b'{"rev_accel":"message log","version":2}\n',
    ):
        path.write_bytes(content)
        with pytest.raises(LogError, match="is not a message log of this version: nothing was changed"):
            MessageLog.open(path)
        assert path.read_bytes() == content
    with pytest.raises(IsADirectoryError):
        MessageLog.open(tmp_path)
    with pytest.raises(FileNotFoundError):
        MessageLog.open(tmp_path / "missing" / "log")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises((LogError, OSError)):
        MessageLog.open(path)


def test_only_one_can_have_a_log_open(path: Path) -> None:
    with MessageLog.open(path) as log:
        log.append(USER)
        with pytest.raises(LogError, match="is open already, in this process or another one"):
            MessageLog.open(path)
        code = "import sys; from rev_accel import MessageLog; MessageLog.open(sys.argv[1])"
        result = run_python(code, path, check=False)
        assert result.returncode == 1
        assert "is open already" in result.stderr
        log.append(USER)
    with pytest.raises(LogError, match="is closed"):
        log.append(USER)
    assert len(log) == 2
    assert found(path)[0] == [USER, USER]


FORKED = """
import os, sys
from rev_accel import LogError, MessageLog
log = MessageLog.open(sys.argv[1])
log.append({"n": 1})
inside, outside = os.pipe()
child = os.fork()
if child == 0:
    code = 9
    try:
        try: log.append({"n": 2})
        except LogError as error: print(error, flush=True)
        os.read(inside, 1)
        # The parent has closed it: what the child inherited does not keep it locked.
        with MessageLog.open(sys.argv[1]) as own: own.append({"n": 3})
        code = 0
    finally: os._exit(code)
log.append({"n": 4})
log.close()
os.write(outside, b".")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print([message["n"] for message in MessageLog.open(sys.argv[1])])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_cannot_append_to_its_parents_log(path: Path) -> None:
    told, code, messages = run_python(FORKED, path).stdout.splitlines()
    assert "belongs to process" in told
    assert (code, messages) == ("0", "[1, 4, 3]")


def test_a_resumed_log_gives_calls_without_result_one_in_their_order(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"role": "assistant", "content": None, "tool_calls": [call(number) for number in range(4)]}
    contents = set()
    for results in ([], [result(0)], [result(2), result(0)], [result(3), result(1), result(2), result(0)]):
        write(path, [USER, asked, *results])
        had = {one["tool_call_id"] for one in results}
        missing = [result(number, INTERRUPTED) for number in range(4) if f"call_{number}" not in had]
        caplog.clear()
        with caplog.at_level(logging.WARNING, "rev_accel"), MessageLog.open(path) as log:
            assert list(log) == [USER, asked, *results, *missing]
            assert (log.recovery.interrupted, len(caplog.records)) == (len(missing), bool(missing))
        contents.add(path.read_bytes() if not results else b"")
        # It stays repaired, and the same.
        repaired = path.read_bytes()
        with MessageLog.open(path) as log:
            assert log.recovery.interrupted == 0
        assert path.read_bytes() == repaired
    write(path, [USER, asked])
    with MessageLog.open(path):
        contents.add(path.read_bytes())
    assert len(contents - {b""}) == 1
    write(path, [USER, asked])
    with MessageLog.open(path, repair=False) as log:
        assert list(log) == [USER, asked]


def test_calls_without_names_get_results_by_their_number(path: Path) -> None:
    calls = [{"function": {"name": name, "arguments": {}}} for name in ("read", "write", "list")]
    asked = {"role": "assistant", "content": "", "tool_calls": calls}
    write(path, [asked, {"role": "tool", "tool_name": "read", "content": "done"}])
    with MessageLog.open(path) as log:
        assert list(log)[2:] == [
            {"role": "tool", "tool_name": "write", "content": INTERRUPTED},
            {"role": "tool", "tool_name": "list", "content": INTERRUPTED},
        ]


@pytest.mark.parametrize(
    ("calls", "results", "interrupted"),
    [
        # The call has a name of its own, the result names its tool.
        ([("call_1", "read")], [{"tool_name": "read"}], 0),
        ([("a", "read"), ("b", "write")], [{"tool_name": "write"}], 1),
        ([("a", "read"), ("b", "read")], [{"tool_name": "read"}], 1),
        ([("", "read"), ("", "read")], [{"tool_call_id": ""}], 1),
        ([("x", "read"), ("x", "read")], [{"tool_call_id": "x"}], 1),
        ([("x", "read"), ("x", "read")], [{"tool_call_id": "x"}, {"tool_call_id": "x"}], 0),
        ([("a", "read"), ("b", "write")], [{}, {"tool_call_id": "a"}], 0),
        ([("a", "read")], [{"tool_call_id": "other"}], 1),
    ],
)
def test_each_result_answers_one_call(
    calls: list[tuple[str, str]], results: list[dict[str, str]], interrupted: int, path: Path
) -> None:
    named = [{"id": name, "function": {"name": tool, "arguments": "{}"}} for name, tool in calls]
    asked = {"role": "assistant", "content": "", "tool_calls": named}
    write(path, [USER, asked, *({"role": "tool", "content": "done", **one} for one in results)])
    with MessageLog.open(path) as log:
        assert log.recovery.interrupted == interrupted
        assert len(log) == 2 + len(results) + interrupted


@pytest.mark.parametrize("calls", [None, [], {}, "text", 1])
def test_messages_that_call_nothing_need_no_results(calls: Any, path: Path) -> None:
    messages = [USER, {"role": "assistant", "content": "", "tool_calls": calls}]
    write(path, messages)
    with MessageLog.open(path) as log:
        assert list(log) == messages


def test_a_log_whose_last_record_is_torn_in_a_group_of_results_is_completed(path: Path) -> None:
    asked = {"role": "assistant", "tool_calls": [call(0), call(1)]}
    write(path, [USER, asked, result(0), result(1)])
    path.write_bytes(path.read_bytes()[:-10])
    with MessageLog.open(path) as log:
        assert list(log) == [USER, asked, result(0), result(1, INTERRUPTED)]
        assert log.recovery.torn_bytes > 0
        assert log.recovery.interrupted == 1


def test_an_append_that_fails_or_is_interrupted_leaves_a_sound_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = MessageLog.open(path)
    log.append(USER)
    before = log.digest
    write_all = type(log._file)._write
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fail(file: Any, data: bytes, error: BaseException = error) -> None:
            os.write(file._file.fileno(), data[:20])
            raise error

        monkeypatch.setattr(type(log._file), "_write", fail)
        with pytest.raises(type(error)):
            log.append({"role": "user", "content": "lost"})
        assert (len(log), log.digest) == (1, before)
        monkeypatch.setattr(type(log._file), "_write", write_all)
        log.append(USER)
        before = messages_digest([USER] * len(log))
        assert log.digest == before
        log.close()
        assert found(path)[0] == list(log)
        path.unlink()
        log = MessageLog.open(path)
        log.append(USER)
        before = log.digest
    log.close()


def test_a_log_that_was_cut_by_somebody_else_says_so(path: Path) -> None:
    with MessageLog.open(path) as log:
        log.append(USER)
        os.truncate(path, 10)
        with pytest.raises(LogError, match="was cut by somebody else"):
            log.append(USER)


def test_with_sync_the_disk_is_waited_for_at_each_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), fsync(file)))
    with MessageLog.open(path) as log:
        log.append(USER)
    assert synced == []
    with MessageLog.open(path, sync=True) as log:
        log.append(USER)
        log.append(USER)
    assert len(synced) == 2


@pytest.mark.skipif(os.name != "posix", reason="kills")
def test_a_killed_process_leaves_every_record_that_it_was_told_of(path: Path) -> None:
    code = """
    import sys
    from rev_accel import MessageLog
    log = MessageLog.open(sys.argv[1])
    for number in range(len(log), 10**9):
        log.append({"number": number, "text": "x" * (number % 50 * 100)})
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
    """
    choice, last = random.Random(1), -1
    for turn in range(60):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        assert child.stdout is not None
        for _ in range(choice.randrange(1, 30)):
            told = child.stdout.readline()
            assert told, f"turn {turn}"
        child.kill()
        lines = [*filter(lambda line: line.endswith("\n"), child.communicate()[0].splitlines(keepends=True)), told]
        last = max(int(line) for line in lines)
        messages, digest = found(path)
        assert [one["number"] for one in messages] == list(range(len(messages))), f"turn {turn}"
        assert len(messages) in (last + 1, last + 2), f"turn {turn}"
        assert digest == messages_digest(messages), f"turn {turn}"
