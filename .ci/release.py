"""What is looked at and changed in a checkout before a release is built of it.

python .ci/release.py check TAG               fails unless a tag is the version's, and the changelog has that version
python .ci/release.py links REPOSITORY TAG    has README's links lead into the repository as it is at the tag, as PyPI
                                              needs it, and names the project's addresses in pyproject.toml;
                                              fails unless the repository is the one in Cargo.toml
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Where GitHub has the bytes of files, for pictures.
GITHUB, RAW = "https://github.com/", "https://raw.githubusercontent.com/"

FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^()\s]+)(?=\))")
PICTURE = re.compile(r'(\b(?:src|srcset)=")([^"\s]+)(?=")')
ADDRESS = re.compile(r"[a-z]+:|#")

# Where the table of addresses goes: TOML wants the keys of `[project]` before it.
AFTER = "\n[project.optional-dependencies]\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("tag", metavar="TAG")
    links = commands.add_parser("links")
    links.add_argument("repository", metavar="REPOSITORY", help="its address, as in Cargo.toml")
    links.add_argument("tag", metavar="TAG")
    given = parser.parse_args()
    if given.command == "check":
        check(ROOT, given.tag)
    else:
        make_links(ROOT, given.repository, given.tag)


def check(root: Path, tag: str) -> None:
    """Fail unless tag, version and the changelog's newest version are one, and no page says that there is none yet."""
    version = tomllib.loads(read(root / "Cargo.toml"))["workspace"]["package"]["version"]
    require(tag == f"v{version}", f"the tag is `{tag}`, expected `v{version}`: that is the version in Cargo.toml")
    headings = re.findall(r"^## \[(?!Unreleased\])(.*)$", read(root / "CHANGELOG.md"), re.MULTILINE)
    newest = headings[0] if headings else "none"
    dated = re.fullmatch(re.escape(version) + r"\] - \d{4}-\d{2}-\d{2}", newest)
    require(
        dated is not None, f"CHANGELOG.md: expected the heading `## [{version}] - YYYY-MM-DD` first, found {newest}"
    )
    for page in ("README.md", "docs/index.md", "docs/ci.md"):
        require("none yet" not in read(root / page), f"{page} says of versions that there are none yet")
    print(f"{tag} is the version, and the changelog has it")


def make_links(root: Path, repository: str, tag: str) -> None:
    """Make README's links absolute, and give pyproject.toml the table of addresses."""
    # What is published names it, too.
    known = tomllib.loads(read(root / "Cargo.toml"))["workspace"]["package"]["repository"]
    require(repository == known, f"the repository is `{repository}`, expected `{known}`, which is in Cargo.toml")
    files = f"{repository}/blob/{tag}/"
    pictures = f"{RAW}{repository.removeprefix(GITHUB)}/{tag}/"
    readme = root / "README.md"
    # What is in the fences is code: every second part.
    parts = FENCE.split(read(readme))
    for index in range(0, len(parts), 2):
        parts[index] = LINK.sub(lambda found: absolute(root, found, files), parts[index])
        parts[index] = PICTURE.sub(lambda found: absolute(root, found, pictures), parts[index])
    write(readme, "".join(parts))
    settings = root / "pyproject.toml"
    text = read(settings)
    require(
        text.count(AFTER) == 1 and "[project.urls]" not in text,
        "pyproject.toml: no place for addresses",
    )
    addresses = {
        "Source": repository,
        "Documentation": f"{files}docs/index.md",
        "Changelog": f"{files}CHANGELOG.md",
        "Issues": f"{repository}/issues",
        "Security": f"{files}SECURITY.md",
    }
    table = "".join(f'{name} = "{address}"\n' for name, address in addresses.items())
    write(settings, text.replace(AFTER, f"\n[project.urls]\n{table}{AFTER}"))
    print(f"links lead to {files}, pictures to {pictures}")


def absolute(root: Path, found: re.Match[str], start: str) -> str:
    """A link as it is found, but leading to a file below an address."""
    opening, link = found.groups()
    if ADDRESS.match(link):
        return found[0]
    require((root / link.partition("#")[0]).is_file(), f"README.md: there is no `{link}`")
    return f"{opening}{start}{link}"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def require(holds: bool, message: str) -> None:
    if not holds:
        sys.exit(message)


if __name__ == "__main__":
    main()
