"""What the tests fetch from PyPI, once: a virtual environment with the real `rev-agentic`, and packages to analyse.

Everything is built under a temporary name and renamed into place, so an interrupted or a parallel run never leaves a
half-made folder behind and no lock is needed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

REV_VERSION = "2.0.1"

REV_REQUIREMENT = "rev-agentic=={}"
"""Installed without its dependencies: nothing here needs any of them except `requests`, which rev imports at start."""

PIP_TIMEOUT_SECONDS = 240


def cache_folder() -> Path:
    """`$REV_ACCEL_TEST_CACHE`, else `rev-accel-tests` in the user's cache folder."""
    if override := os.environ.get("REV_ACCEL_TEST_CACHE"):
        return Path(override).resolve()
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rev-accel-tests"


def rev_interpreter(version: str = REV_VERSION) -> Path:
    """The interpreter of a virtual environment, made with the running Python, in which `import rev` works."""
    requirement = REV_REQUIREMENT.format(version)
    identity = "\n".join([sys.version, sys.base_exec_prefix, requirement])
    name = f"rev-{sys.version_info[0]}.{sys.version_info[1]}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    return _interpreter_in(_build_once(cache_folder() / name, lambda folder: _install_rev(folder, requirement)))


def package_tree(requirement: str) -> Path:
    """The unpacked wheel of a pinned pure Python requirement (`name==version`): the same files for every interpreter."""

    def download(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as wheels:
            _pip(
                Path(sys.executable),
                *("download", "--no-deps", "--only-binary=:all:", "--platform=any", "--implementation=py"),
                *("--abi=none", "--python-version=3.11", "--dest", wheels, requirement),
            )
            (wheel,) = Path(wheels).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)

    return _build_once(cache_folder() / requirement.replace("==", "-"), download)


def _build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".draft", dir=folder.parent))
    try:
        build(draft)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # else: another run was faster, and what it made is as good
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _install_rev(folder: Path, requirement: str) -> None:
    venv.create(folder, with_pip=True)
    interpreter = _interpreter_in(folder)
    _pip(interpreter, "install", "--no-deps", requirement)
    _pip(interpreter, "install", "requests")


def _interpreter_in(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def _pip(interpreter: Path, *arguments: str) -> None:
    command = [str(interpreter), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
