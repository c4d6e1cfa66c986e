"""Builds, checks and tests what is published, on each platform with the same commands.

python .ci/wheel.py build [--target TRIPLE]   makes a wheel in target/wheels, and checks it
python .ci/wheel.py sdist                     the same for the source distribution
python .ci/wheel.py from-sdist                makes a wheel of that as pip does, in target/from-sdist
python .ci/wheel.py test [--wheel FILE] [ARG...]
                                              runs all tests, or what pytest is told, without Rust and the sources

On Linux, zig links for the C libraries of old systems. Needs git, and Rust and a C compiler for the first three. The
first two run nothing but the tools of `wheel-tools.txt` and the crates of the lock file, so that nothing else can get
into what is published.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "target"
WHEELS = TARGET / "wheels"

# In bytes. What a user downloads, and what lies in memory and on disk.
LARGEST_WHEEL = 4_000_000
LARGEST_EXTENSION = 9_000_000

# What the tests need besides the package.
SETTINGS = [".pre-commit-hooks.yaml", "Cargo.toml", "Makefile", "pyproject.toml"]
NEEDED_BY_TESTS = [".ci", "benches", "docs", "tests", "*.md", *SETTINGS]

# The notices of what is linked into the extension.
NOTICES = "THIRD-PARTY-LICENSES.txt"

# The oldest C libraries that are supported: those of CentOS 7 and Alpine 3.13.
COMPATIBILITY = {"gnu": "manylinux_2_17", "musl": "musllinux_1_2"}

EXTENSION = f"rev_accel/_core.{'pyd' if os.name == 'nt' else 'abi3.so'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build").add_argument("--target", metavar="TRIPLE", help="for another platform than this one")
    commands.add_parser("sdist")
    commands.add_parser("from-sdist")
    test = commands.add_parser("test")
    test.add_argument("--wheel", metavar="FILE", type=Path, help="by default the newest one in target/wheels")
    test.add_argument("arguments", metavar="ARG", nargs="*", help="for pytest; options after `--`")
    given = parser.parse_args()
    if given.command == "build":
        build(given.target)
    elif given.command == "sdist":
        sdist()
    elif given.command == "from-sdist":
        build_from_sdist()
    else:
        run_tests((given.wheel or newest_wheel()).resolve(), given.arguments)


def build(target: str | None) -> None:
    """Build a wheel and check it."""
    options = ["--release", "--locked", "--compression-level=9"]
    command: list[str | Path] = [tool("maturin"), "build", *options, "--out", WHEELS]
    if target is not None:
        command += ["--target", target]
    if sys.platform == "linux":
        libc = "musl" if target is not None and "musl" in target else "gnu"
        command += ["--zig", "--compatibility", COMPATIBILITY[libc]]
        if libc == "gnu":
            command += ["--", *link_unwinder()]
    started = time.time()
    make_notices(target or output("rustc", "--print=host-tuple"))
    # Panics name the sources of crates by this, not by where they are on this machine.
    crates = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo", "registry", "src")
    os.environ["CARGO_ENCODED_RUSTFLAGS"] = f"--remap-path-prefix={crates}=crates"
    run(*command)
    check(newest("*.whl", since=started))


def link_unwinder() -> list[str | Path]:
    """What has rustc link the unwinder of the system.

    zig would link its own into the extension, which crashes when glibc's unwinds a thread through it: that is how
    CPython before 3.14 ends a daemon thread that comes back to an interpreter which is gone.
    """
    name = "libgcc_s.so.1"
    library = Path(output("cc", f"-print-file-name={name}"))
    require(library.is_absolute(), f"`cc` finds no `{name}`: expected GCC, or a compiler that uses its libraries")
    return ["-L", library.resolve().parent, "-l", f"dylib:+verbatim={name}"]


def sdist() -> None:
    """Make the source distribution and check it."""
    started = time.time()
    make_notices("all")
    run(tool("maturin"), "sdist", "--out", WHEELS)
    archive = newest("*.tar.gz", since=started)
    run(tool("twine"), "check", "--strict", archive)
    run(tool("check-sdist"), "--no-isolation")


def build_from_sdist() -> None:
    """Make a wheel of the source distribution, with the build tools that pip takes."""
    folder = fresh_folder("from-sdist")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, newest("*.tar.gz"))
    (wheel,) = folder.glob("*.whl")
    check_contents(wheel)


def make_notices(target: str) -> None:
    """Write the file of notices, which maturin takes up where it is."""
    run(sys.executable, Path(__file__).with_name("licenses.py"), "--target", target)


def check(wheel: Path) -> None:
    """Look for all that can be seen of a wheel without running it."""
    check_contents(wheel)
    check_sizes(wheel)
    run(tool("twine"), "check", "--strict", wheel)
    run(tool("abi3audit"), "--strict", "--summary", wheel)
    # It looks for libraries on this system, which has not musl's; maturin has looked at such a wheel.
    if "manylinux" in wheel.name and platform.machine() in wheel.name:
        run(tool("auditwheel"), "show", wheel)


def check_contents(wheel: Path) -> None:
    """Check that a wheel is whole, and holds what it should and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        damaged = archive.testzip()
        names = set(archive.namelist())
    require(damaged is None, f"{wheel.name}: `{damaged}` is damaged")
    files = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", f"licenses/{NOTICES}"]
    files.append("sboms/rev-accel-py.cyclonedx.json")
    described = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    expected = {name.removeprefix("python/") for name in tracked("python/rev_accel")}
    expected |= {EXTENSION, *(f"{described}/{file}" for file in files)}
    lacking, added = sorted(expected - names), sorted(names - expected)
    require(not lacking and not added, f"{wheel.name} lacks {lacking}, and has what is not expected in it: {added}")


def check_sizes(wheel: Path) -> None:
    """Check that a wheel keeps to its budget."""
    with zipfile.ZipFile(wheel) as archive:
        extension = archive.getinfo(EXTENSION).file_size
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size:,} bytes of {LARGEST_WHEEL:,}, extension {extension:,} of {LARGEST_EXTENSION:,}")
    require(size <= LARGEST_WHEEL, "the wheel is too large: `python benches/size.py` tells what takes how much")
    require(extension <= LARGEST_EXTENSION, "the extension is too large: `python benches/size.py` tells what takes it")


def run_tests(wheel: Path, arguments: list[str]) -> None:
    """Install a wheel where there is neither Rust nor the sources, and test that."""
    folder = fresh_folder("wheel-test")
    environment = without_rust()
    python = new_environment(folder / "environment")
    started = time.perf_counter()
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, environment=environment)
    print(f"installed in {time.perf_counter() - started:.1f} s")
    sources = copy_of_tests(folder / "sources")
    where = "import rev_accel, sys; sys.exit('site-packages' not in rev_accel.__file__)"
    run(python, "-c", where, folder=sources, environment=environment)
    run(python.with_name("rev-accel"), "--version", folder=sources, environment=environment)
    extra = f"{wheel}[test]"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", extra, environment=environment)
    run(python, "-m", "pytest", *arguments, folder=sources, environment=environment)


def copy_of_tests(folder: Path) -> Path:
    """The tracked files that tests need, in a folder without the package."""
    for name in tracked(*NEEDED_BY_TESTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def tracked(*patterns: str) -> list[str]:
    """The files that git has."""
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return list(filter(None, os.fsdecode(listed).split("\0")))


def without_rust() -> dict[str, str]:
    """The environment without what could build or find the package's sources."""
    dropped = ("PYTHON", "CARGO", "RUST", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    folders = os.environ["PATH"].split(os.pathsep)
    # A folder of the system with a cargo in it has git and sh, too, which the tests need.
    found = [path for path in folders if not shutil.which("cargo", path=path) or shutil.which("git", path=path)]
    if shutil.which("cargo", path=os.pathsep.join(found)):
        print("cargo stays on the path: it is in the same folder as git")
    return {**kept, "PATH": os.pathsep.join(found)}


def tool(name: str) -> Path:
    """A program of those in wheel-tools.txt, in an environment of their own."""
    folder, wanted = TARGET / "wheel-tools", Path(__file__).with_name("wheel-tools.txt")
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        python = new_environment(folder)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        run(python, "-m", "pip", "install", *options, "--requirement", wanted)
        stamp.write_text(wanted.read_text())
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    # zig is found as a module of the Python that is first on the path.
    if str(programs) not in os.environ["PATH"]:
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return programs / name


def new_environment(folder: Path) -> Path:
    """The Python of a new environment."""
    venv.create(folder, clear=True, with_pip=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fresh_folder(name: str) -> Path:
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def newest_wheel() -> Path:
    """The one that was built last, with a remark where it is not of the sources as they are."""
    wheel = newest("*.whl")
    built = wheel.stat().st_mtime
    for name in tracked("Cargo.*", "pyproject.toml", "python/rev_accel", "rust/core", "rust/py"):
        if (ROOT / name).exists() and (ROOT / name).stat().st_mtime > built:
            print(f"{wheel.name} is older than `{name}`: `python .ci/wheel.py build` makes a new one", file=sys.stderr)
            break
    return wheel


def newest(pattern: str, since: float = 0.0) -> Path:
    # `pip install .` leaves wheels of its own in the same folder, for this machine alone.
    files = [path for path in WHEELS.glob(pattern) if "-linux_" not in path.name]
    files.sort(key=lambda path: path.stat().st_mtime)
    require(bool(files) and files[-1].stat().st_mtime >= since, f"there is no new {pattern} in {WHEELS}")
    return files[-1]


def run(*command: str | Path, folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a program, which has to succeed."""
    print("$", " ".join(str(part) for part in command), flush=True)
    code = subprocess.run(command, cwd=folder, env=environment).returncode
    require(code == 0, f"`{Path(command[0]).name}` failed with code {code}")


def output(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()


def require(holds: bool, message: str) -> None:
    if not holds:
        sys.exit(message)


if __name__ == "__main__":
    main()
