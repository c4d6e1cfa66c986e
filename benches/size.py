"""What each crate takes of the extension module: `python benches/size.py`.

It builds the binding as it is published, but with its symbols (which needs the release build of everything below
it), and adds up the functions and constants with a name that `nm` lists. A generic function counts for the crate that
its name begins with, so `std` has what was made of it for others. What has no name cannot be told apart and stands at
the end. Linux only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
STANDARD = {"alloc", "core", "std"}

# Crates that take less are added up.
LEAST = 15_000

# The first crates of a name as `nm --demangle` shows it.
CRATE = re.compile(r"(?<![\w:$.])([a-z_]\w*)::")

# Symbols of C and assembler that are not SQLite's, by what they begin with.
FOREIGN = {"blake3": "blake3", "rust_psm": "psm", "__rust": "std", "rust_": "std", "_rust": "std", "_Unwind": "std"}


def main() -> None:
    library = build()
    code, data = Counter[str](), Counter[str]()
    for size, kind, name in symbols(library):
        (code if kind in "tTwW" else data)[owner(name)] += size
    sections = sizes_of_sections(library)
    loaded = sum(sections.values())
    print(f"{'crate':24}{'code':>10}{'data':>10}{'share':>8}")
    shown = sorted(code.keys() | data.keys(), key=lambda name: -(code[name] + data[name]))
    few = [name for name in shown if code[name] + data[name] < LEAST]
    for name in shown:
        if name not in few:
            line(name, code[name], data[name], loaded)
    line(f"{len(few)} smaller ones", sum(code[name] for name in few), sum(data[name] for name in few), loaded)
    unwinding = sum(size for name, size in sections.items() if name.startswith((".eh_frame", ".gcc_except")))
    relocations = sum(size for name, size in sections.items() if name.startswith(".rela"))
    line("tables for unwinding", 0, unwinding, loaded)
    line("relocations", 0, relocations, loaded)
    named = code.total() + data.total()
    line("without a name", 0, loaded - named - unwinding - relocations, loaded)
    line("all that is loaded", sections[".text"], loaded - sections[".text"], loaded)


def build() -> Path:
    """The extension module with its symbols."""
    command = ["cargo", "rustc", "--release", "--locked", "--package", "rev-accel-py", "--message-format=json"]
    environment = {**os.environ, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    built = subprocess.run(
        [*command, "--", "-C", "strip=none"], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    for message in map(json.loads, built.stdout.splitlines()):
        if message.get("target", {}).get("name") == "_core" and "filenames" in message:
            return Path(message["filenames"][0])
    sys.exit("cargo named no library")


def symbols(library: Path) -> list[tuple[int, str, str]]:
    """Size, kind and name of all that has a size, each place once."""
    command = ["nm", "--demangle", "--print-size", "--defined-only", str(library)]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    places: dict[str, tuple[int, str, str]] = {}
    for entry in listed.splitlines():
        address, size, kind, name = (entry.split(maxsplit=3) + [""] * 4)[:4]
        if len(kind) == 1 and kind not in "bB" and not name.startswith("anon."):
            places.setdefault(address, (int(size, 16), kind, name))
    return list(places.values())


def owner(name: str) -> str:
    """The crate that a symbol belongs to."""
    crates = CRATE.findall(name)
    if crates:
        return next((crate for crate in crates if crate not in STANDARD), "std")
    return next((crate for start, crate in FOREIGN.items() if name.startswith(start)), "SQLite")


def sizes_of_sections(library: Path) -> dict[str, int]:
    """Of those that are in the file and loaded."""
    listed = subprocess.run(["size", "-A", "-d", str(library)], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [row.split() for row in listed.splitlines()[2:]]
    return {
        row[0]: int(row[1])
        for row in rows
        if len(row) == 3 and row[0].startswith(".") and int(row[2]) > 0 and row[0] not in (".bss", ".tbss")
    }


def line(name: str, code: int, data: int, loaded: int) -> None:
    print(f"{name:24}{code / 1000:7,.0f} kB{data / 1000:7,.0f} kB{(code + data) / loaded:8.1%}")


if __name__ == "__main__":
    main()
