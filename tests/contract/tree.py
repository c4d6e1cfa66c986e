"""A tree with every oddity of names, links and folders that the contract speaks of, and the arguments to try on it."""

import os
from pathlib import Path

from contract.sources import SOURCES

_CODE = b"print(1)\n"

FOLDERS = {
    "usual": ("a.py", "b/c.py", "b/d/e.py"),
    "never skipped": (
        ".git/x.py",
        ".venv/lib/x.py",
        "node_modules/m/x.py",
        "__pycache__/x.py",
        ".hidden/x.py",
        ".hidden.py",
    ),
    "ignored by git": (".gitignore", "build/x.py", "ignored.py"),
    "suffixes": (
        "a.PY",
        "a.Py",
        "a.pyi",
        "a.pyw",
        "a.pyc",
        "a.py.bak",
        "a.txt",
        "py",
        "xpy",
        "a.b.py",
        ".py",
        "..py",
        "a.py ",
        " .py",
    ),
    "sorting": (
        "a/x.py",
        "a.py",
        "a-b.py",
        "a/b.py",
        "a0.py",
        "A.py",
        "a b.py",
        "é.py",
        "e\u0301.py",
        "\uffff.py",
        "😀.py",
        "_.py",
        "a/a/a.py",
    ),
    "names": (
        'q"uote.py',
        "back\\slash.py",
        "tab\t.py",
        "line\nend.py",
        "bell\x07.py",
        "\x7f.py",
        "\u2028.py",
        "*.py",
        "[a].py",
        "~.py",
        "'.py",
    ),
    "no python": ("readme.txt", "sub/data.json"),
    "only .py": (".py",),
    "clean": ("clean.py", "sub/clean.py"),
}
"""Files of one line with a `print`, except in the folders whose point is another."""


def build(root: Path) -> None:
    """Makes the whole tree below `root`, and `outside.py` and `outside/` beside it."""
    for source in SOURCES.values():
        write(root / "sources" / f"{source.name}.py", source.content)
    for folder, names in FOLDERS.items():
        for name in names:
            write(root / folder / name, b"x = 1\n" if folder == "clean" else _CODE)
    (root / "ignored by git" / ".gitignore").write_bytes(b"*\n")
    write(root / os.fsdecode(b"bytes \xff/n\xe9 \xed\xa0\x80.py"), _CODE)
    for name in (b"\xff.py", "\uf8ff.py".encode(), "😀.py".encode()):
        write(root / os.fsdecode(b"bytes \xff/" + name), _CODE)
    (root / "empty folder" / "sub").mkdir(parents=True)
    outside = root.parent
    write(outside / "outside.py", _CODE)
    write(outside / "outside" / "inside.py", _CODE)
    write(outside / f"{root.name}-other" / "x.py", _CODE)
    _folders_named_like_files(root / "folders")
    _links(root / "links", outside)


def _folders_named_like_files(folder: Path) -> None:
    write(folder / "x.py" / "inside.py", _CODE)
    write(folder / "x.py" / "y.py" / "deep.py", b"x = = 1")
    (folder / "hollow.py").mkdir()


def _links(folder: Path, outside: Path) -> None:
    write(folder / "target.py", _CODE)
    write(folder / "real" / "inside.py", _CODE)
    links = {
        "to file.py": "target.py",
        "to link.py": "to file.py",
        "to text.py": "text",
        "out.py": str(outside / "outside.py"),
        "broken.py": "nowhere.py",
        "broken out.py": "/nonexistent/x.py",
        "loop.py": "loop.py",
        "loop a.py": "loop b.py",
        "loop b.py": "loop a.py",
        "to folder": "real",
        "to folder.py": "real",
        "to parent": "..",
        "to parent.py": "..",
        "out folder": str(outside / "outside"),
        "without suffix": "target.py",
    }
    write(folder / "text", b"# TODO no suffix\n")
    for name, target in links.items():
        (folder / name).symlink_to(target)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
