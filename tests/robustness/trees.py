"""Trees to analyse: large ones that keep a scan busy, failing ones, and a small one with a finding of every rule."""

import os
from pathlib import Path

SMALL = '''\
"""A module with a finding of every rule."""
# TODO: nothing


def public(a, b, c, d, e, f):
    global counter
    print(eval("a"))
    return a
'''

# About 60 KB of ordinary code with some findings; the failing form makes the scan ask the interpreter.
ORDINARY = (
    '"""An ordinary module."""\n\nimport os\n\n'
    + "# TODO: nothing\n" * 20
    + "".join(
        f'''
class Class{number}(Base):
    """Docstring of class {number}."""

    def _method(self, name: str, *, option: int = {number}) -> dict[str, int]:
        values = {{key: value + option for key, value in self.items() if value is not None and key != name}}
        if not values or len(values) > {number} * 2:
            raise ValueError(f"no value for {{name!r}} in {{self.name}}: {{len(values):>4}}")
        for index, (key, value) in enumerate(sorted(values.items(), key=lambda item: item[1])):
            self.results[index] = os.path.join(key, "part", str(value)) or [value, *self.results]
        return {{**values, "total": sum(values.values())}}
'''
        for number in range(80)
    )
)
FAILING = ORDINARY + "\ndef broken(:\n    pass\n"


def small_tree(folder: Path) -> Path:
    """Three files, one of which does not parse."""
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "one.py").write_text(SMALL)
    (folder / "package" / "two.py").write_text("value = 1\n")
    (folder / "broken.py").write_text("def broken(:\n")
    return folder


def large_tree(folder: Path, count: int, text: str = ORDINARY) -> Path:
    """Many names for the same file, so that making the tree takes no time and scanning it does."""
    folder.mkdir(parents=True)
    first = folder / "module_0.py"
    first.write_text(text)
    for number in range(1, count):
        path = folder / f"module_{number}.py"
        try:
            os.link(first, path)
        except OSError:  # no hard links here, or not so many
            path.write_text(text)
    return folder
