"""Many threads, first uses, several interpreters, and the start and end of the interpreter."""

import random
import sys
from pathlib import Path

import pytest

from .test_door import door
from .trees import FAILING, large_tree, small_tree


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_tree(tmp_path_factory.mktemp("small") / "tree")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some tenths of a second of analysis, with questions to the interpreter."""
    folder = large_tree(tmp_path_factory.mktemp("busy") / "tree", 400)
    large_tree(folder / "failing", 30, FAILING)
    return folder


FIRST_USE = """
import sys, threading
barrier, answers = threading.Barrier(16), []
def first_use():
    barrier.wait()
    import rev_accel
    from rev_accel import workspace
    with workspace.use_root(sys.argv[1]):
        text, report = rev_accel.analyze_ast_patterns("."), rev_accel.scan(".")
        answers.append((text, report.to_json(), len(rev_accel.scan_source("print()"))))
"""


def test_sixteen_threads_racing_for_the_first_use_agree(small: Path) -> None:
    for _ in range(3):
        output = door(
            "threads = [threading.Thread(target=first_use) for _ in range(16)]\n"
            "for thread in threads: thread.start()\n"
            "for thread in threads: thread.join()\n"
            "print(len(answers), len(set(answers)))",
            small,
            prelude=FIRST_USE,
        )
        assert output.split() == ["16", "1"]


def test_the_first_use_may_be_on_a_thread_with_a_small_stack(small: Path) -> None:
    output = door(
        "barrier = threading.Barrier(1)\n"
        "threading.stack_size(128 << 10)\n"
        "thread = threading.Thread(target=first_use)\n"
        "thread.start()\n"
        "thread.join()\n"
        "print(len(answers))",
        small,
        prelude=FIRST_USE,
    )
    assert output.strip() == "1"


def test_thirty_two_threads_at_once_get_the_same_answer(busy: Path, small: Path) -> None:
    output = door(
        """
expected = drop_in(sys.argv[1])
large = drop_in(sys.argv[2])
answers = []
def work(number):
    if number < 2: answers.append(drop_in(sys.argv[2]) == large)
    else: answers.append(all(drop_in(sys.argv[1]) == expected for _ in range(10)))
threads = [threading.Thread(target=work, args=[number]) for number in range(32)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(answers), set(answers))
""",
        small,
        busy,
        seconds=120,
    )
    assert output.split() == ["32", "{True}"]


def test_threads_with_roots_of_their_own_do_not_see_each_other(tmp_path: Path) -> None:
    for number in range(16):
        (tmp_path / f"root{number}").mkdir()
        (tmp_path / f"root{number}" / f"file{number}.py").write_text(f"print({number})\n" * (number + 1))
    output = door(
        """
wrong = []
def work(number):
    root = os.path.join(sys.argv[1], f"root{number}")
    for _ in range(60):
        with workspace.use_root(root):
            report = rev_accel.scan()
            answer = json.loads(rev_accel.analyze_ast_patterns("."))
        found = {finding.path for finding in report}, len(report), list(answer["files"]), answer["total_issues"]
        if found != ({f"file{number}.py"}, number + 1, [f"file{number}.py"], number + 1): wrong.append(found)
threads = [threading.Thread(target=work, args=[number]) for number in range(16)]
for thread in threads: thread.start()
for number in range(40): workspace.set_root(os.path.join(sys.argv[1], f"root{number % 16}"))
for thread in threads: thread.join()
print(wrong)
""",
        tmp_path,
    )
    assert output.strip() == "[]"


def test_a_report_can_be_read_by_many_threads(small: Path) -> None:
    output = door(
        """
report = scan(sys.argv[1])
def read(): return list(report), report.errors, report.to_json(), report.by_rule()
expected, same = read(), []
def work(): same.append(all(read() == expected for _ in range(50)))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(same), set(same))
""",
        small,
    )
    assert output.split() == ["8", "{True}"]


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
script = f'''
import sys
sys.path[:] = {sys.path!r}
try:
    import rev_accel
    rev_accel.scan_source("print()")
    print("loaded", flush=True)
except ImportError as error:
    print("refused:", error, flush=True)
'''
if sys.argv[1] == "after":
    import rev_accel
    rev_accel.scan_source("print()")
for _ in range(2):
    interpreter = interpreters.create()
    run(interpreter, script)
    if sys.argv[2] == "closed": interpreters.destroy(interpreter)
import rev_accel
print(len(rev_accel.scan_source("print()")), flush=True)
"""


@pytest.mark.parametrize("fate", ["closed", "left open"])
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_subinterpreter_is_refused_with_an_import_error(order: str, fate: str) -> None:
    lines = door("", order, fate, prelude=SUBINTERPRETER).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["refused", "refused", "1"], lines


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_call_while_the_interpreter_exits_is_answered(order: str, small: Path) -> None:
    output = door(
        """
import rev_accel
if sys.argv[2] == "before":
    from rev_accel import analysis
    late(True)
""",
        small,
        order,
        prelude="""
import atexit, sys
def late(expected=None):
    import rev_accel
    from rev_accel import workspace
    with workspace.use_root(sys.argv[1]):
        print(len(rev_accel.scan()), rev_accel.analyze_ast_patterns(".").count("SyntaxError"), flush=True)
atexit.register(late)
""",
    )
    assert set(output.splitlines()) == {"6 1"}


def test_a_call_from_a_destructor_at_exit_does_not_end_badly(small: Path) -> None:
    result = door(
        """
class Late:
    def __del__(self, drop_in=drop_in, folder=sys.argv[1]):
        try: drop_in(folder)
        except Exception: pass
sys.late = Late()
print("done")
""",
        small,
    )
    assert result.split() == ["done"]


@pytest.mark.parametrize("name", ["drop_in", "scan", "stream"])
def test_a_daemon_thread_that_scans_does_not_disturb_the_exit(name: str, busy: Path) -> None:
    for turn in range(8):
        delay = random.Random(turn).uniform(0.0, 0.4)
        result = door(
            """
import warnings
def work():
    while True: calls[sys.argv[1]](sys.argv[2])
class Slow:
    def __del__(self, sleep=time.sleep): sleep(0.1)  # keeps the window open in which a thread may come back too late
sys.slow = Slow()
threading.Thread(target=work, daemon=True).start()
time.sleep(float(sys.argv[3]))
print("main is done", flush=True)
""",
            name,
            busy,
            delay,
            quiet=True,
        )
        assert result == "main is done\n"


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux shows them")
def test_no_thread_outlives_a_call(busy: Path, small: Path) -> None:
    output = door(
        """
def tasks(): return len(os.listdir("/proc/self/task"))
def settled():
    for _ in range(100):
        if tasks() == 1: return True
        time.sleep(0.01)
    return tasks()
results = []
for folder in sys.argv[1:]:
    for call in calls.values():
        call(folder)
        results.append(settled())
sent = interrupt_after(0.1)
try:
    while True: scan(sys.argv[1])
except KeyboardInterrupt:
    results.append(settled())
print(set(results), threading.active_count())
""",
        busy,
        small,
    )
    assert output.split() == ["{True}", "1"]
