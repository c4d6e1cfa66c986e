#!/usr/bin/env python3
"""Times rev-accel against its peers: whole processes, the same tree, in turn.

The peers are what a user would run instead: rev's own function (`rev-agentic`) and `ruff check`
with the seven ruff rules that ask the same questions. Both are installed from PyPI, at the versions
below, into a virtual environment of this script in the user's cache folder.

Every round runs each contender once, in an order that rotates, so that a slow moment of the machine
hits all of them; what is compared are medians. Needs a POSIX system, for `wait4`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from measure import Contender, clean_environment, race

REV = "rev-agentic==2.0.1"
RUFF = "ruff==0.17.6"
RULES = "T201,S307,S102,FIX,ANN201,PLR0913,PLW0603"
THREADS = (1, 2)

# What rev's function asks of a process: its root is the working directory at import.
REV_PROGRAM = """\
import sys
from rev.tools.analysis import analyze_ast_patterns
sys.stdout.write(analyze_ast_patterns("."))
"""
DROP_IN_PROGRAM = """\
import sys
from rev_accel import analyze_ast_patterns
sys.stdout.write(analyze_ast_patterns("."))
"""
# The answer is printed, since ruff prints its own.
SCAN_PROGRAM = """\
import sys
import rev_accel
sys.stdout.write(rev_accel.scan(".", threads=int(sys.argv[1])).to_json())
"""
OWN_VERSION = "import importlib.metadata as m; print(m.version('rev-accel'))"


def main() -> None:
    options = parse_options()
    python = ask(options.python, "import sys; print(sys.executable)")
    # rev's function needs nothing of rev's dependencies but requests.
    peers = install(["requests", RUFF], python, alone=[REV]) / "bin"
    with tree_to_scan(options.tree, python) as tree:
        contenders = make_contenders(python, peers, options)
        answers = warm_up(contenders, tree)
        race(contenders, tree, options.rounds)
        starters = make_starters(python, options)
        race(starters, tree, options.start_rounds)
        result = {
            "schema_version": 1,
            "machine": machine(),
            "versions": versions(python),
            "tree": tree_facts(tree),
            "answers": answers,
            "contenders": {one.key: one.figures() for one in contenders},
            "times_faster": {one.key: times_faster(one, contenders) for one in contenders},
            "start": {one.key: one.figures() for one in starters},
        }
    if options.json:
        json.dump(result, sys.stdout, indent=2)
        print()
    else:
        print_tables(result, contenders, starters)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--tree", type=Path, help="folder to scan (default: a copy of the standard library)")
    add("--python", default=sys.executable, help="interpreter that has rev_accel installed")
    add("--rounds", type=int, default=9, help="runs of each quick contender (default: 9)")
    add("--rev-rounds", type=int, default=3, help="runs of rev, ~20 s each (default: 3; 0: none)")
    add("--start-rounds", type=int, default=21, help="runs for start-up times (default: 21)")
    add("--peers-only", action="store_true", help="leave rev-accel out")
    add("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if min(options.rounds, options.start_rounds) < 1 or options.rev_rounds < 0:
        parser.error("the numbers of rounds must be positive")
    if options.tree is not None and not options.tree.is_dir():
        parser.error(f"`{options.tree}` is not a folder")
    if not hasattr(os, "wait4"):
        parser.error("this script needs a POSIX system")
    if not options.peers_only and not has_rev_accel(options.python):
        parser.error(
            f"rev-accel is not installed for `{options.python}`: install it there, name another interpreter "
            "with --python, or time the peers alone with --peers-only"
        )
    return options


def ask(python: str, program: str) -> str:
    """What `program` prints when `python` runs it."""
    command = [python, "-c", program]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def has_rev_accel(python: str) -> bool:
    """Whether the package is installed there, its program too: sources on a path are not enough."""
    try:
        return bool(ask(python, f"import rev_accel._core; {OWN_VERSION}")) and Path(program_path(python)).exists()
    except (OSError, subprocess.CalledProcessError):
        return False


# Peers and the tree


def cache_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "rev-accel" / "peers"


def install(peers: Sequence[str], python: str = sys.executable, *, alone: Sequence[str] = ()) -> Path:
    """The folder of an environment that holds these packages; made once for each set.

    Those of `alone` come without what they depend on.
    """
    version = ask(python, "import sys; print(*sys.version_info[:3], sep='.')")
    venv = cache_folder() / "-".join([version, *alone, *peers]).replace("==", "-")
    if (venv / "complete").exists():
        return venv
    print(f"peers: installing {', '.join([*alone, *peers])} into {venv}", file=sys.stderr)
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([python, "-m", "venv", venv], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *peers], check=True)
    if alone:
        subprocess.run([*pip, "--no-deps", *alone], check=True)
    (venv / "complete").touch()
    return venv


def packages_of(venv: Path) -> str:
    """Where the packages of an environment are, for `sys.path`."""
    return ask(str(venv / "bin" / "python"), "import sysconfig; print(sysconfig.get_path('purelib'))")


@contextlib.contextmanager
def tree_to_scan(tree: Path | None, python: str) -> Iterator[Path]:
    """`tree`, or the standard library of `python`, copied without installed packages."""
    if tree is not None:
        yield tree.resolve()
        return
    library = ask(python, "import sysconfig; print(sysconfig.get_path('stdlib'))")
    with tempfile.TemporaryDirectory(prefix="rev-accel-peers-") as folder:
        copy = Path(folder) / "stdlib"
        left_out = shutil.ignore_patterns("site-packages", "dist-packages", "__pycache__")
        shutil.copytree(library, copy, ignore=left_out, symlinks=True)
        yield copy


# Contenders


def make_contenders(python: str, peers: Path, options: argparse.Namespace) -> list[Contender]:
    rounds = options.rounds
    found: list[Contender] = []
    if options.rev_rounds:
        found.append(
            Contender(
                key="rev",
                name=f"rev: `analyze_ast_patterns` ({REV})",
                command=[str(peers / "python"), "-c", REV_PROGRAM],
                rounds=min(options.rev_rounds, rounds),
            )
        )
    check = ["check", "--isolated", "--no-cache", "--preview", "--output-format", "json"]
    found += [
        Contender(
            key=f"ruff_{threads}",
            name=f"`ruff check` ({RUFF}), {plural(threads)}",
            command=[str(peers / "ruff"), *check, "--select", RULES, "."],
            rounds=rounds,
            threads=threads,
            environment={"RAYON_NUM_THREADS": str(threads)},
            exit_codes=(0, 1),  # 1: it found something
        )
        for threads in THREADS
    ]
    if options.peers_only:
        return found
    found += [
        Contender(
            key=f"scan_{threads}",
            name=f"rev-accel: `scan()`, {plural(threads)}",
            command=[python, "-c", SCAN_PROGRAM, str(threads)],
            rounds=rounds,
            threads=threads,
        )
        for threads in THREADS
    ]
    most = THREADS[-1]
    drop_in = Contender(
        key="drop_in",
        name=f"rev-accel: `analyze_ast_patterns`, {plural(most)}",
        command=[python, "-c", DROP_IN_PROGRAM],
        rounds=rounds,
        threads=most,
        environment={"REV_ACCEL_THREADS": str(most)},
    )
    scan_json = ["scan", "--format", "json", "--threads", str(most), "."]
    command_line = Contender(
        key="cli_json",
        name=f"rev-accel: `rev-accel scan --format json`, {plural(most)}",
        command=[program_path(python), *scan_json],
        rounds=rounds,
        threads=most,
    )
    return [*found, drop_in, command_line]


def make_starters(python: str, options: argparse.Namespace) -> list[Contender]:
    """What it costs to start, to be read against the bare interpreter."""
    rounds = options.start_rounds

    def starter(key: str, name: str, *command: str) -> Contender:
        return Contender(key=key, name=name, command=command, rounds=rounds)

    found = [starter("bare", "bare Python: `python -c pass`", python, "-c", "pass")]
    if not options.peers_only:
        program = "import rev_accel"
        found += [
            starter("import", "`import rev_accel`", python, "-c", program),
            starter("import_scan", "`rev_accel.scan`", python, "-c", f"{program}; rev_accel.scan"),
            starter("version", "`rev-accel --version`", program_path(python), "--version"),
        ]
    return found


def plural(threads: int) -> str:
    return f"{threads} thread" if threads == 1 else f"{threads} threads"


def program_path(python: str) -> str:
    scripts = ask(python, "import sysconfig; print(sysconfig.get_path('scripts'))")
    return str(Path(scripts) / "rev-accel")


# Measuring


def warm_up(contenders: Sequence[Contender], tree: Path) -> dict[str, Any]:
    """Runs each contender once, untimed, and compares the answers that ought to be equal."""
    answers: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="rev-accel-peers-") as folder:
        for one in contenders:
            output = Path(folder) / one.key
            one.run(tree, str(output))
            if one.key in {"rev", "drop_in"}:
                answers[one.key] = describe_answer(output.read_text(encoding="utf-8"))
    if len(answers) > 1:
        answers["equal"] = answers["rev"] == answers["drop_in"]
    return answers


def describe_answer(text: str) -> dict[str, Any]:
    """Digest and counts of an answer, whatever the order of its files, which rev leaves open."""
    answer = json.loads(text)
    answer.pop("cache_stats", None)  # in later versions of rev only
    canonical = json.dumps(answer, sort_keys=True)
    return {
        "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        "scanned_files": answer["scanned_files"],
        "total_issues": answer["total_issues"],
    }


def times_faster(one: Contender, contenders: Sequence[Contender]) -> dict[str, float]:
    """How many times the time of `one` its peers take: rev, and ruff with as many threads."""
    peers = {"rev": "rev", "ruff": f"ruff_{one.threads}"}
    medians = {peer.key: peer.median("wall_ms") for peer in contenders}
    own = one.median("wall_ms")
    return {name: medians[key] / own for name, key in peers.items() if key in medians}


# Facts


def machine() -> dict[str, Any]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.system(), "processor": processor(), "cores": usable}


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def versions(python: str) -> dict[str, str]:
    own = ask(python, OWN_VERSION) if has_rev_accel(python) else "not installed"
    interpreter = ask(python, "import platform as p; print(p.python_version())")
    return {"python": interpreter, "rev-accel": own, "rev": REV, "ruff": RUFF}


def tree_facts(tree: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in tree.rglob("*.py") if path.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}


# Tables


def print_tables(result: dict[str, Any], contenders: Sequence[Contender], starters: Sequence[Contender]) -> None:
    facts, names = result["machine"], result["versions"]
    tree, answers = result["tree"], result["answers"]
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}")
    print(f"CPython {names['python']}, rev-accel {names['rev-accel']}")
    print(f"peers: {names['rev']}, {names['ruff']}")
    print(f"tree: {tree['files']:,} Python files, {tree['bytes'] / 1e6:.1f} MB")
    if "equal" in answers:
        verdict = "equal" if answers["equal"] else "DIFFERENT"
        print(f"answers of rev and of the drop-in: {verdict}, {answers['rev']['sha256'][:16]}")

    bare = starters[0]
    peers = list(result["times_faster"][contenders[0].key])
    columns = ["whole process", "median", "min", "CPU"]
    columns += [f"times faster than {peer}" for peer in peers]
    columns += ["peak", "above bare Python"]
    print_row(columns)
    print_row(["---", *["---:"] * (len(columns) - 1)])
    for one in contenders:
        wall, peak = one.median("wall_ms"), one.median("peak_mib")
        cells = [one.name, f"{wall:,.0f} ms", f"{one.least():,.0f} ms"]
        cells += [f"{one.median('cpu_ms'):,.0f} ms"]
        cells += [f"{result['times_faster'][one.key][peer]:.2f}" for peer in peers]
        cells += [f"{peak:.1f} MiB", f"{peak - bare.median('peak_mib'):.1f} MiB"]
        print_row(cells)

    print()
    print_row(["start-up", "median", "above bare Python", "peak", "above bare Python"])
    print_row(["---", *["---:"] * 4])
    for one in starters:
        wall, peak = one.median("wall_ms"), one.median("peak_mib")
        over, above = wall - bare.median("wall_ms"), peak - bare.median("peak_mib")
        cells = [f"{wall:.1f} ms", f"{over:.1f} ms", f"{peak:.1f} MiB", f"{above:.1f} MiB"]
        print_row([one.name, *cells])


def print_row(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
