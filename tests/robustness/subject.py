"""The program under test, run as a child: reads one case a line, analyses the file it names, answers with one line.

    python -P subject.py

A case is a JSON object with `path`, `door` (how the file is analysed) and `place` (where in the process). The answer
holds what came out, and how long and how much memory it took. It imports nothing from its neighbours, so that only
`rev_accel` is in the process.
"""

import ast
import io
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import rev_accel
from rev_accel import workspace

SMALL_STACK = 128 << 10  # bytes: what musl gives a thread
PARSER_STACK = 64 << 20  # bytes: enough for CPython's own parser at any nesting that it allows

Answer = dict[str, object]


def by_scan(path: str) -> Callable[[], Answer]:
    report = rev_accel.scan(path, root=os.path.dirname(path), selection="all")

    def answer() -> Answer:
        error = report.errors[0] if report.errors else None
        return {
            "status": error.status if error else "ok",
            "exception": error.exception if error else None,
            "findings": len(report),
        }

    return answer


def by_source(path: str) -> Callable[[], Answer]:
    report = rev_accel.scan_source(Path(path).read_bytes(), path=path)

    def answer() -> Answer:
        error = report.errors[0] if report.errors else None
        return {
            "status": error.status if error else "ok",
            "exception": error.exception if error else None,
            "findings": len(report),
        }

    return answer


def by_drop_in(path: str) -> Callable[[], Answer]:
    with workspace.use_root(os.path.dirname(path)):
        text = rev_accel.analyze_ast_patterns(os.path.basename(path))

    def answer() -> Answer:
        result = json.loads(text)
        if "error" in result:
            return {"status": "refused", "exception": result["error"], "findings": 0}
        failed = result["files"].get(os.path.basename(path), {}).get("error")
        exception = failed.removeprefix("Failed to parse: ") if failed else None
        return {"status": "failed" if failed else "ok", "exception": exception, "findings": result["total_issues"]}

    return answer


def by_python(path: str) -> Callable[[], Answer]:
    """CPython's own verdict and number of findings; for short sources only, since it may take gigabytes on others."""
    outcome: Answer = {"status": "ok", "exception": None, "findings": 0}

    def parse() -> None:
        try:
            text = io.TextIOWrapper(io.BytesIO(Path(path).read_bytes()), "utf-8").read()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
            outcome["findings"] = count_findings(tree, text)
        except Exception as error:
            outcome.update(status="failed", exception=type(error).__name__)

    thread_of(PARSER_STACK, parse)
    return lambda: outcome


def count_findings(tree: ast.AST, text: str) -> int:
    """The number of findings of all six rules."""
    count = sum("TODO" in line or "FIXME" in line for line in text.splitlines())
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print" | "eval" | "exec" | "compile" | "__import__")) | ast.Global():
                count += 1
            case ast.FunctionDef():
                count += (node.returns is None and not node.name.startswith("_")) + (len(node.args.args) > 5)
    return count


DOORS = {"scan": by_scan, "source": by_source, "drop-in": by_drop_in, "python": by_python}


def memory(field: str) -> int:
    """`VmRSS` or `VmHWM` of this process, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next((int(line.split()[1]) << 10 for line in lines if line.startswith(field)), 0)
    except OSError:
        return 0


def forget_peak() -> None:
    """Makes `VmHWM` start again from the present size."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as control:
            control.write("5")
    except OSError:
        pass


def measured(door: str, path: str) -> Answer:
    """Analyses one file; never raises."""
    forget_peak()
    started, cpu_started = time.perf_counter(), time.process_time()
    try:
        interpret = DOORS[door](path)
        raised = None
    except BaseException as error:
        interpret, raised = dict, f"{type(error).__name__}: {error}"[:300]
    figures = {
        "wall": time.perf_counter() - started,
        "cpu": time.process_time() - cpu_started,
        "peak": memory("VmHWM") - BASELINE,
    }
    return {"raised": raised, **figures, **interpret()}


def thread_of(stack: int, work: Callable[[], object]) -> None:
    threading.stack_size(stack)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(0)
    thread.join()


def in_main(door: str, path: str) -> Answer:
    return measured(door, path)


def in_thread(door: str, path: str) -> Answer:
    answer: Answer = {}
    thread_of(SMALL_STACK, lambda: answer.update(measured(door, path)))
    return answer


def in_fork(door: str, path: str) -> Answer:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, json.dumps(measured(door, path)).encode())  # shorter than what a pipe takes at once
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        text = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return json.loads(text) if text and code == 0 else {"raised": f"forked child ended with {code}"}


PLACES = {"main": in_main, "thread": in_thread, "fork": in_fork}


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(PLACES[case["place"]](case["door"], case["path"])), flush=True)


if __name__ == "__main__":
    rev_accel.scan_source("a = 1\nprint(a)\n")  # loads everything, so that it counts as the interpreter
    BASELINE = memory("VmRSS")
    main()
