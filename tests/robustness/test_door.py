"""The door between Python and native code: signals, other threads, forks, panics, interpreters that start and end."""

import json
import signal
import sys
from pathlib import Path

import pytest

from .process import run_python
from .trees import FAILING, large_tree, small_tree

# What the snippets below start with. `calls` are the doors that take a folder.
PRELUDE = """
import json, os, random, signal, sys, threading, time
import rev_accel
from rev_accel import _core, workspace

def drop_in(folder):
    with workspace.use_root(folder):
        return rev_accel.analyze_ast_patterns(".")

def scan(folder):
    return rev_accel.scan(folder, root=folder)

def stream(folder):
    pieces = []
    _core.stream(folder, ["."], rules=63, all_files=True, exclude=[], max_bytes=1 << 24, threads=None,
                 format="jsonl", color=False, write=pieces.append)
    return b"".join(pieces)

calls = {"drop_in": drop_in, "scan": scan, "stream": stream}

def interrupt_after(seconds, number=signal.SIGINT):
    "Sends a signal to this process; the list returned holds the time at which it was sent."
    sent = []
    def send():
        time.sleep(seconds)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), number)
    threading.Thread(target=send).start()
    return sent
"""

DOORS = ("drop_in", "scan", "stream")


# What is tested here is what happens during a call, so calls must take their time.
WITHOUT_CACHE = "import os\nos.environ['REV_ACCEL_NO_CACHE'] = '1'\n"


def door(code: str, *arguments: object, prelude: str = PRELUDE, seconds: float = 60, quiet: bool = False) -> str:
    """Runs the prelude and a snippet, and returns what it printed; with `quiet`, it must not complain either."""
    result = run_python(WITHOUT_CACHE + prelude + "\n" + code, *arguments, seconds=seconds)
    assert not quiet or not result.stderr, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_tree(tmp_path_factory.mktemp("small") / "tree")


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for a tenth of a second."""
    return large_tree(tmp_path_factory.mktemp("medium") / "tree", 300)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for many seconds."""
    return large_tree(tmp_path_factory.mktemp("large") / "tree", 20_000)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file makes the scan ask the interpreter."""
    return large_tree(tmp_path_factory.mktemp("failing") / "tree", 3_000, FAILING)


@pytest.mark.parametrize("tree", ["large", "failing"])
@pytest.mark.parametrize("name", DOORS)
def test_ctrl_c_ends_a_scan_ten_times_out_of_ten(
    name: str, tree: str, small: Path, request: pytest.FixtureRequest
) -> None:
    output = door(
        """
call, tree, small = calls[sys.argv[1]], sys.argv[2], sys.argv[3]
expected = call(small) if sys.argv[1] != "scan" else len(call(small))
latencies = []
for turn in range(10):
    sent = interrupt_after(random.Random(turn).uniform(0.02, 0.25))
    try:
        call(tree)
        print("came to its end")
    except KeyboardInterrupt:
        latencies.append(time.perf_counter() - sent[0])
    answer = call(small) if sys.argv[1] != "scan" else len(call(small))
    assert answer == expected, "not usable afterwards"
print(json.dumps(latencies))
""",
        name,
        request.getfixturevalue(tree),
        small,
    )
    latencies = json.loads(output)
    print("seconds from signal to exception:", " ".join(f"{latency:.3f}" for latency in latencies))
    assert len(latencies) == 10
    assert max(latencies) < 5


def test_ctrl_c_also_ends_a_scan_while_another_thread_is_busy(large: Path) -> None:
    output = door(
        """
def spin():
    while not done: pass
done = False
threading.Thread(target=spin, daemon=True).start()
sent = interrupt_after(0.1)
try:
    scan(sys.argv[1])
except KeyboardInterrupt:
    print(time.perf_counter() - sent[0])
done = True
""",
        large,
    )
    assert float(output) < 5


def test_ctrl_c_ends_the_command_with_the_exit_code_of_the_signal(large: Path) -> None:
    result = run_python(
        """
import signal, subprocess, sys, time
command = subprocess.Popen([sys.executable, "-m", "rev_accel", "scan", sys.argv[1], "--format", "jsonl"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
time.sleep(0.6)
command.send_signal(signal.SIGINT)
started = time.perf_counter()
complaints = command.communicate()[1].decode()
print(command.returncode, time.perf_counter() - started < 10, "Traceback" in complaints)
""",
        large,
    )
    code, in_time, traceback = result.stdout.split()
    assert int(code) in (130, -signal.SIGINT)
    assert (in_time, traceback) == ("True", "False")


@pytest.mark.parametrize("name", DOORS)
def test_what_a_signal_handler_raises_comes_through(name: str, large: Path, small: Path) -> None:
    output = door(
        """
class Alarm(Exception): pass
def ring(*_): raise Alarm("now")
signal.signal(signal.SIGALRM, ring)
call = calls[sys.argv[1]]
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    answer = call(sys.argv[2])
    print("answered", answer[:200])
except Alarm as error:
    print(error)
print(bool(call(sys.argv[3])))
""",
        name,
        large,
        small,
    )
    if name == "drop_in":  # no `Exception` leaves it
        assert output.split("\n")[:2] == ['answered {"error": "AST analysis failed: Alarm: now"}', "True"]
    else:
        assert output.split() == ["now", "True"]


def test_signals_whose_handlers_return_change_nothing(medium: Path) -> None:
    output = door(
        """
expected = drop_in(sys.argv[1])
rings = []
signal.signal(signal.SIGALRM, lambda *_: rings.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
answers = [drop_in(sys.argv[1]) for _ in range(3)]
signal.setitimer(signal.ITIMER_REAL, 0)
print(all(answer == expected for answer in answers), len(rings) > 3)
""",
        medium,
    )
    assert output.split() == ["True", "True"]


def test_signals_are_left_to_the_main_thread(medium: Path) -> None:
    output = door(
        """
results = []
thread = threading.Thread(target=lambda: results.append(len(scan(sys.argv[1]).errors)))
thread.start()
time.sleep(0.05)
try:
    os.kill(os.getpid(), signal.SIGINT)
    thread.join()
    print("not raised")
except KeyboardInterrupt:
    thread.join()
    print(results)
""",
        medium,
    )
    assert output.strip() == "[0]"


def test_what_the_progress_callback_raises_stops_the_scan(large: Path, small: Path) -> None:
    output = door(
        """
class Enough(BaseException): pass
def progress(done, total):
    seen.append((done, total))
    if done: raise Enough
seen = []
try:
    rev_accel.scan(sys.argv[1], root=sys.argv[1], progress=progress)
except Enough:
    print("stopped", all(done <= total for done, total in seen))
print(len(scan(sys.argv[2]).errors))
""",
        large,
        small,
    )
    assert output.split() == ["stopped", "True", "1"]


def test_what_the_writer_raises_stops_the_stream(large: Path) -> None:
    output = door(
        """
def write(piece): raise BrokenPipeError("gone")
for form in ("text", "jsonl"):
    try:
        _core.stream(sys.argv[1], ["."], rules=63, all_files=True, exclude=[], max_bytes=1 << 24, threads=2,
                     format=form, color=False, write=write)
        print("no error")
    except BrokenPipeError as error:
        print(error)
""",
        large,
    )
    assert set(output.split()) <= {"gone", "no", "error"}


def test_other_python_threads_make_progress_during_a_scan(medium: Path) -> None:
    output = door(
        """
count, done = 0, False
def tick():
    global count
    while not done: count += 1
thread = threading.Thread(target=tick)
thread.start()
while count == 0: pass
before, started = count, time.perf_counter()
rev_accel.scan(sys.argv[1], root=sys.argv[1], threads=1)
after, seconds = count, time.perf_counter() - started
done = True
thread.join()
print(after - before, seconds)
""",
        medium,
    )
    counted, seconds = map(float, output.split())
    assert counted / seconds > 1000  # a thread that never gets its turn counts nothing, one that runs counts millions


@pytest.mark.parametrize("where", ["caller", "worker"])
def test_a_panic_becomes_an_internal_error(where: str, small: Path) -> None:
    output = door(
        """
import pickle
for _ in range(3):
    try:
        _core._panic_for_tests(sys.argv[1])
        print("no panic")
    except Exception as error:
        kind, text, again = type(error).__name__, str(error), pickle.loads(pickle.dumps(error))
        print(kind, isinstance(error, RuntimeError), bool(text), type(again) is type(error) and str(again) == text)
print(len(scan(sys.argv[2]).errors))
""",
        where,
        small,
    )
    assert output.splitlines() == ["InternalError True True True"] * 3 + ["1"]


def test_a_fork_while_another_thread_scans_leaves_both_usable(medium: Path, small: Path) -> None:
    output = door(
        """
import warnings
warnings.simplefilter("ignore")  # newer Pythons warn about forking with threads, rightly: here it is the point
expected = drop_in(sys.argv[2])
done, scans = False, []
def work():
    while not done: scans.append(len(scan(sys.argv[1]).errors))
thread = threading.Thread(target=work)
thread.start()
codes = []
for turn in range(30):
    time.sleep(random.Random(turn).uniform(0.001, 0.03))
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(7 if drop_in(sys.argv[2]) == expected else 8)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
done = True
thread.join()
print(codes == [7] * 30 or codes, set(scans), drop_in(sys.argv[2]) == expected)
""",
        medium,
        small,
    )
    assert output.split() == ["True", "{0}", "True"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pools_of_every_kind_give_the_same_answers(method: str, small: Path) -> None:
    output = door(
        """
import multiprocessing
os.chdir(sys.argv[2])
expected = rev_accel.analyze_ast_patterns(".")
with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
    print(pool.map(rev_accel.analyze_ast_patterns, ["."] * 16) == [expected] * 16)
""",
        method,
        small,
    )
    assert output.strip() == "True"


def test_an_uninterrupted_wait_for_a_scan_in_an_executor_works(small: Path) -> None:
    output = door(
        """
import asyncio
async def main():
    return await asyncio.gather(*(asyncio.to_thread(drop_in, sys.argv[1]) for _ in range(20)))
print(len(set(asyncio.run(main()))))
""",
        small,
    )
    assert output.strip() == "1"


@pytest.mark.parametrize("limit", [1_000, 200_000])
def test_a_call_from_deep_recursion_lives(limit: int, small: Path) -> None:
    output = door(
        """
sys.setrecursionlimit(int(sys.argv[1]))
def deep(levels):
    if levels: return deep(levels - 1)
    return drop_in(sys.argv[2])
expected = drop_in(sys.argv[2])
answers = [deep(levels) for levels in range(900, 975, 5)]
print(all(answer == expected or "RecursionError" in answer for answer in answers))
""",
        limit,
        small,
    )
    assert output.strip() == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space as Linux does")
def test_without_room_for_a_thread_the_call_fails_and_the_process_lives(small: Path) -> None:
    output = door(
        """
import resource
expected = drop_in(sys.argv[1])
size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGESIZE")
resource.setrlimit(resource.RLIMIT_AS, (size + (40 << 20), resource.RLIM_INFINITY))
try:
    scan(sys.argv[1])
    print("scanned")
except (rev_accel.RevAccelError, OSError, MemoryError, RuntimeError) as error:
    print(type(error).__name__)
answer = drop_in(sys.argv[1])
print(answer == expected or "AST analysis failed" in answer or answer)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(drop_in(sys.argv[1]) == expected)
""",
        small,
    )
    assert output.split()[1:] == ["True", "True"]
