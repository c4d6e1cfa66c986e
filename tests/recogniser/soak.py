"""The long run of the recogniser's harness: millions of texts against the parser, and what it accepts against CPython.

usage: soak.py [--mutants N] [--seed N] [--tree FOLDER] [--python PYTHON]... [--wasi]

For each PYTHON, by default this one: builds the harness, takes its standard library (or FOLDER) and the code in the
strings there, and compares, by the grammar of its version, with the parser and with PYTHON itself. With `--wasi` that is
the CPython that `wasi.py` tells of. A version may be added to the recogniser's table when its run ends without a
difference. Runs in a temporary folder, which is kept if there is one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1]
# Deep enough to bring the depth of the accepted trees near what CPython still takes.
_FRAMES = ("0", "500", "880")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tree", help="folder of Python files (default: the standard library of each PYTHON)")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--wasi", action="store_true")
    arguments = parser.parse_args()
    build = ["cargo", "build", "--release", "-p", "rev-accel-harness"]
    subprocess.run(build, cwd=_REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", _REPOSITORY / "target"))
    harness = str(target / "release" / "rev-accel-harness")
    failed = False
    pythons = arguments.python or ([] if arguments.wasi else [sys.executable])
    for python in pythons:
        minor = _printed(python, "-c", "import sys; print(sys.version_info[1])")
        failed |= not soak(harness, python, minor, [python, str(_HERE / "compare.py")], arguments)
    if arguments.wasi:
        compare = [sys.executable, str(_HERE / "wasi.py")]
        failed |= not soak(harness, sys.executable, _printed(*compare, "--minor"), compare, arguments)
    return int(failed)


def _printed(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def soak(harness: str, python: str, minor: str, compare: list[str], arguments: argparse.Namespace) -> bool:
    """Whether all is as one Python says, which `compare` asks; `python` has the standard library."""
    library = _printed(python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))")
    tree, seed = arguments.tree or library, str(arguments.seed)
    folder = Path(tempfile.mkdtemp(prefix="rev-accel-soak-"))
    # Of short texts most mutants are still valid and cheap to compare; of files a tenth as many.
    files, snippets = arguments.mutants // 10, arguments.mutants - arguments.mutants // 10
    asked = min(snippets, 2_500_000)
    exports = [f"{name}.export" for name in ("files", "snippets", "programs", "mutants")]
    steps = [
        [python, str(_HERE / "snippets.py"), tree, "snippets.bin"],
        [harness, "check", tree, "files.export"],
        [harness, "check", "snippets.bin", "snippets.export"],
        [harness, "bombs", "bombs.export"],
        [harness, "programs", str(arguments.mutants // 20), seed, "programs.export"],
        [harness, "mutants", "snippets.bin", str(asked), seed, "mutants.export"],
        [harness, "mutants", "snippets.bin", str(snippets - asked), f"{seed}1"],
        [harness, "mutants", tree, str(files), f"{seed}2"],
        [*compare, *exports],
        *([*compare, "--frames", frames, "bombs.export"] for frames in _FRAMES),
    ]
    environment = {**os.environ, "REV_ACCEL_HARNESS_MINOR": minor}
    failed = False
    for step in steps:
        print("$", " ".join(step), flush=True)
        failed |= subprocess.run(step, cwd=folder, env=environment, check=False).returncode != 0
    if failed:
        print(f"there are differences: see {folder}")
    else:
        shutil.rmtree(folder)
    return not failed


if __name__ == "__main__":
    sys.exit(main())
