"""The long run of the recogniser's harness: millions of texts against the parser, and what it accepts against CPython.

usage: soak.py [--mutants N] [--seed N] [--tree FOLDER] [--python PYTHON]...

For each PYTHON, by default this one: builds the harness, takes its standard library (or FOLDER) and the code in the
strings there, and compares, by the grammar of its version, with the parser and with PYTHON itself. A version may be
added to the recogniser's table when its run ends without a difference. Runs in a temporary folder, which is kept if
there is one.
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
    arguments = parser.parse_args()
    build = ["cargo", "build", "--release", "-p", "rev-accel-harness"]
    subprocess.run(build, cwd=_REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", _REPOSITORY / "target"))
    harness = str(target / "release" / "rev-accel-harness")
    failed = False
    for python in arguments.python or [sys.executable]:
        failed |= not soak(harness, python, arguments)
    return int(failed)


def soak(harness: str, python: str, arguments: argparse.Namespace) -> bool:
    """Whether all is as one Python says."""
    question = "import sys, sysconfig; print(sys.version_info[1], sysconfig.get_path('stdlib'))"
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True).stdout
    minor, library = answer.strip().split(" ", 1)
    tree, seed = arguments.tree or library, str(arguments.seed)
    folder = Path(tempfile.mkdtemp(prefix="rev-accel-soak-"))
    # Of short texts most mutants are still valid and cheap to compare; of files a tenth as many.
    files, snippets = arguments.mutants // 10, arguments.mutants - arguments.mutants // 10
    asked = min(snippets, 2_500_000)
    compare = [python, str(_HERE / "compare.py")]
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
