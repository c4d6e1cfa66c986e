"""Source texts whose answers are known, and the answer about a tree, assembled from them without `rev_accel`.

The known answers are made once, without a cache, one file at a time. `walk` reads a tree as the contract describes it, and
`expected` writes what the drop-in and `Report.to_json` must say of it.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache

import rev_accel

SIZE = 96  # bytes of every text in `SAME_SIZE`
LINES = 16

# By rule, the key of its findings in the object.
RULES = {
    "todos": "todos",
    "prints": "print_statements",
    "dangerous": "dangerous_functions",
    "type_hints": "missing_type_hints",
    "complex_functions": "complex_functions",
    "globals": "global_variables",
}
PATTERNS: tuple[tuple[str, ...] | None, ...] = (None, ("prints",), ("todos", "globals", "dangerous"))

# What stands for something that is not a regular file with a text in it.
FOLDER, MISSING = "IsADirectoryError", "FileNotFoundError"

Node = bytes | str
Tree = dict[str, Node]


def _padded(text: str) -> bytes:
    return (text + "#" * (SIZE - len(text) - 1) + "\n").encode()


def _same_size() -> Iterator[bytes]:
    """Texts of the same length, no two of which have the same answer."""
    endings = (
        "print()\n",
        "eval('1')\n",
        "exec('1')\n",
        "def f(): ...\n",
        "def g(a, b, c, d, e, f) -> None: ...\n",
        "def _(): global x\n",
        "# TODO: a\n",
        "# FIXME: b\nprint(2)\n",
        "compile('', '', 'x')\n",
    )
    for number in range(LINES):
        for ending in endings:
            yield _padded("\n" * number + ending)


SAME_SIZE = tuple(_same_size())
OTHERS = (
    b"",
    b"\n",
    b"value = 1\n",
    b"print(1)\n" * 3,
    b"def broken(:\n",
    b"print('\xff')\n",
    b"if x:\n\ty\n        z\n",
    b"# TODO: caf\xc3\xa9\nprint(3)\n",
    b"value = 1\n" * 400 + b"print(4)\n",
)
ALL = SAME_SIZE + OTHERS


@cache
def answer(text: bytes) -> str:
    """The object that the drop-in gives for a folder with this one file, `x.py`; made without a cache."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "x.py"), "wb") as file:
            file.write(text)
        return rev_accel.scan(root=folder, selection="all", cache=False).to_json()


@cache
def entry(text: Node, patterns: tuple[str, ...] | None) -> tuple[str, int]:
    """The entry of a file, indented as it stands in the object, without its key; and the number of issues in it."""
    if isinstance(text, str):
        found: dict[str, object] | None = {"error": f"Failed to parse: {text}"}
    else:
        found = json.loads(answer(text))["files"].get("x.py")
    if found is not None and "error" not in found and patterns is not None:
        keys = {RULES[rule] for rule in patterns}
        found = {key: value for key, value in found.items() if key in keys} or None
    if found is None:
        return "", 0
    issues = sum(len(value) for value in found.values() if isinstance(value, list))
    return json.dumps(found, indent=2).replace("\n", "\n    "), issues


@cache
def _ending(patterns: tuple[str, ...] | None) -> str:
    return json.dumps({"patterns_checked": list(patterns or RULES)}, indent=2)[2:]


@cache
def _key(path: str) -> str:
    return f"    {json.dumps(path)}: "


def expected(tree: Tree, patterns: tuple[str, ...] | None = None, *, drop_in: bool = True) -> str:
    """What the drop-in, or else `Report.to_json`, must say of a tree that `walk` gave."""
    if drop_in and not tree:
        return '{"error": "No Python files found"}'
    entries, issues = [], 0
    for path in sorted(tree):
        text, count = entry(tree[path], patterns)
        if text:
            entries.append(_key(path) + text)
            issues += count
    files = "{\n" + ",\n".join(entries) + "\n  }" if entries else "{}"
    head = f'{{\n  "scanned_files": {len(tree)},\n  "files": {files},\n  "total_issues": {issues},\n'
    return head + _ending(patterns)


def read(path: str) -> Node:
    """The bytes of a file, or the class of what happens when it is read."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError as error:
        return type(error).__name__
    try:
        return os.read(file, 1 << 20)
    except OSError as error:
        return type(error).__name__
    finally:
        os.close(file)


def walk(top: str, prefix: str = "") -> Tree:
    """Every `*.py` below a folder: also folders of such a name and links, but nothing behind a linked folder."""
    tree: Tree = {}
    with os.scandir(top) as entries:
        for found in entries:
            is_folder = found.is_dir(follow_symlinks=False)
            if found.name.endswith(".py"):
                tree[prefix + found.name] = FOLDER if is_folder else read(found.path)
            if is_folder and found.name != ".git":  # nothing in it has such a name, and it is large
                tree |= walk(found.path, f"{prefix}{found.name}/")
    return tree


IGNORE_FILES = (".ignore", ".gitignore")

# By kind of ignore file: the folders that have one, the deepest last, as depth and patterns.
Rules = tuple[tuple[tuple[int, tuple[str, ...]], ...], tuple[tuple[int, tuple[str, ...]], ...]]
NO_RULES: Rules = ((), ())


def patterns_of(path: str) -> tuple[str, ...]:
    """The lines of an ignore file, the last first."""
    text = read(path)
    return tuple(reversed(text.decode().split("\n"))) if isinstance(text, bytes) else ()


def _matches(pattern: str, depth: int, parts: list[str], is_folder: bool) -> bool:
    """Whether a pattern of a file at a depth names something: `name`, `/name`, `name/` or `*.py`, no more."""
    if pattern.endswith("/"):
        if not is_folder:
            return False
        pattern = pattern[:-1]
    if pattern.startswith("/"):
        if len(parts) != depth + 1:
            return False
        pattern = pattern[1:]
    return parts[-1] == pattern or (pattern == "*.py" and parts[-1].endswith(".py"))


def _is_ignored(rules: Rules, parts: list[str], is_folder: bool) -> bool:
    for kind in rules:
        for depth, patterns in reversed(kind):
            for pattern in patterns:
                if pattern and _matches(pattern.removeprefix("!"), depth, parts, is_folder):
                    return not pattern.startswith("!")
    return False


def rules_of(folder: str, depth: int, rules: Rules = NO_RULES, names: Iterable[str] = IGNORE_FILES) -> Rules:
    """The rules with those of a folder, of which these names are there."""
    found = tuple(
        (*kind, (depth, patterns_of(f"{folder}/{name}"))) if name in names else kind
        for kind, name in zip(rules, IGNORE_FILES, strict=True)
    )
    return found[0], found[1]


def walk_unignored(top: str, above: Rules = NO_RULES, parts: tuple[str, ...] = ()) -> Tree:
    """What `selection="ignore"` gives: no ignored files, folders or virtual environments; `above` is from folders above."""
    tree: Tree = {}
    with os.scandir(top) as scan:
        entries = list(scan)
    names = {found.name for found in entries}
    if parts and ("pyvenv.cfg" in names or "conda-meta" in names):
        return tree
    rules = rules_of(top, len(parts), above, names)
    for found in entries:
        is_folder = found.is_dir(follow_symlinks=False)
        if not is_folder and not found.name.endswith(".py"):
            continue
        if found.name == ".git" or _is_ignored(rules, [*parts, found.name], is_folder):
            continue
        if is_folder:
            tree |= walk_unignored(found.path, rules, (*parts, found.name))
        elif not (found.is_symlink() and os.path.isdir(found.path)):
            tree["/".join((*parts, found.name))] = read(found.path)
    return tree
