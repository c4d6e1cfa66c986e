"""Collects the notices that have to go with what is linked into the extension module.

python .ci/licenses.py [--target TRIPLE]      writes THIRD-PARTY-LICENSES.txt; by default for all platforms together

The texts are the crates' own files, each text once. `.ci/licenses` has those of crates that come without. Needs cargo.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "THIRD-PARTY-LICENSES.txt"
PACKAGE = "rev-accel-py"

# How files with a licence, a notice or a list of authors begin, in any case.
NAMES = ("license", "licence", "copying", "copyright", "notice", "unlicense", "authors")

# Texts that crates lack, for all whose name begins so.
LACKING = {"ruff_": Path(__file__).with_name("licenses") / "ruff.txt"}

RULE = "-" * 100

HEAD = """\
rev-accel's extension module is made of the software that is listed here, beside its own code. Below the list are all
the licences and notices that it comes with, each text once, with what it belongs to. Where there is a choice of
licences, all are here.
"""

STANDARD_LIBRARY = """\
The standard library of Rust ({version}) says of itself what follows. That is about
all platforms: not all that it names is here.
"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is linked, under which licence, and the texts of its files by their names."""

    name: str
    license: str
    texts: dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", metavar="TRIPLE", default="all")
    target = parser.parse_args().target
    parts = [*crates(target), *standard_library()]
    RESULT.write_text(rendered(parts), encoding="utf-8", newline="\n")
    print(f"{RESULT.name}: {len(parts)} parts, {RESULT.stat().st_size:,} bytes")


def crates(target: str) -> Iterator[Part]:
    """The crates that are linked for a platform: no tools of the build, no macros."""
    platform = [] if target == "all" else [f"--filter-platform={target}"]
    described = json.loads(output("cargo", "metadata", "--locked", "--format-version=1", *platform))
    packages = {(package["name"], package["version"]): package for package in described["packages"]}
    edges = ["--edges=normal,no-proc-macro", "--prefix=none", "--format={p}"]
    listed = output("cargo", "tree", "--locked", f"--package={PACKAGE}", f"--target={target}", *edges)
    for name, version in sorted({tuple(line.split()[:2]) for line in listed.splitlines() if line}):
        package = packages[name, version.removeprefix("v")]
        if package["source"] is not None:
            texts = texts_of(name, Path(package["manifest_path"]).parent)
            if not texts:
                sys.exit(
                    f"`{name}` has no file with its licence: put the text into .ci/licenses, and name it in LACKING"
                )
            yield Part(name=f"{name} {package['version']}", license=package["license"], texts=texts)
            if name == "libsqlite3-sys":
                yield sqlite(Path(package["manifest_path"]).parent)


def texts_of(name: str, folder: Path) -> dict[str, str]:
    """All texts of a crate, whose tables of data may have their own."""
    files = [path for place in (folder, folder / "data") if place.is_dir() for path in place.iterdir()]
    found = sorted(path for path in files if path.is_file() and path.name.lower().startswith(NAMES))
    found += [text for start, text in LACKING.items() if name.startswith(start)]
    return {path.name: path.read_text(encoding="utf-8") for path in found}


def sqlite(folder: Path) -> Part:
    """The C library inside of its crate."""
    source = (folder / "sqlite3" / "sqlite3.h").read_text(encoding="utf-8")
    version = re.search(r'^#define SQLITE_VERSION +"([\d.]+)"', source, re.MULTILINE)
    blessing = re.search(r"\A/\*.*?\*{5,}", source, re.DOTALL)
    if version is None or blessing is None:
        sys.exit(f"`{folder}` has no version and blessing of SQLite where they were")
    return Part(name=f"SQLite {version[1]}", license="public domain", texts={"sqlite3.h": blessing[0]})


def standard_library() -> Iterator[Part]:
    """What rustc's own account of its library says, and the texts in it and beside it."""
    version = output("rustc", "--version").strip()
    folder = Path(output("rustc", "--print=sysroot").strip()) / "share" / "doc" / "rust"
    account = (folder / "COPYRIGHT-library.html").read_text(encoding="utf-8")
    head, *sections = re.split(r"<h3>", account)
    own_account = re.search(r'<h2 id="longer-version">.*(?=<h2)', head, re.DOTALL)
    if own_account is None:
        sys.exit(f"`{folder}/COPYRIGHT-library.html` is not as it was")
    said = [STANDARD_LIBRARY.format(version=version), plain(own_account[0])]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "licenses").iterdir())}
    named = {name for name in texts if re.search(rf"License:</b>[^<]*\b{re.escape(Path(name).stem)}\b", head)}
    own = {"COPYRIGHT-library.html": "\n".join(said), **{name: texts[name] for name in sorted(named)}}
    yield Part(name=f"the standard library of {version}", license="MIT OR Apache-2.0, and others", texts=own)
    for section in sections:
        name = html.unescape(section.partition("</h3>")[0]).strip("📦 \n")
        terms = re.search(r"<b>License:</b>([^<]*)", section)
        files = re.findall(r"<summary><code>(.*?)</code></summary>\s*<pre>(.*?)</pre>", section, re.DOTALL)
        if files and terms is not None:
            found = {file: html.unescape(text) for file, text in files}
            yield Part(name=f"{name}, in the standard library", license=terms[1].strip(), texts=found)


def plain(page: str) -> str:
    """The words of a piece of HTML, a line for each paragraph."""
    lines = html.unescape(re.sub(r"<[^>]*>", "", page)).splitlines()
    return "\n".join(filter(None, (line.strip() for line in lines)))


def rendered(parts: list[Part]) -> str:
    """The list, and each text once below what it belongs to. Line breaks and indents make no other text."""
    belongs: dict[str, tuple[str, list[str]]] = {}
    for part in parts:
        for file, text in part.texts.items():
            belongs.setdefault(" ".join(text.split()), (text, []))[1].append(f"{part.name} ({file})")
    pieces = [HEAD.strip(), "\n".join(f"  {part.name}: {part.license}" for part in parts)]
    # What is nearly alike side by side, which is what compression needs.
    for _, (text, owners) in sorted(belongs.items()):
        lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        pieces.append("\n".join([RULE, *owners, RULE, "", lines]))
    return "\n\n".join(pieces) + "\n"


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


if __name__ == "__main__":
    main()
