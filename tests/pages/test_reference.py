"""The reference has each public name, once."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import rev_accel

from .blocks import PAGES, read

# Public modules that `rev_accel` does not name.
FURTHER = ["agent", "compat.rev", "history"]
SECTION = re.compile(r"^\.\. (auto\w+|currentmodule):: (\S+)\n((?:   .*\n)*)", re.MULTILINE)


def documented() -> Counter[str]:
    """The names for which there are sections, as `module.name`."""
    found: Counter[str] = Counter()
    for page in PAGES:
        module = ""
        for kind, name, options in SECTION.findall(read(page)):
            if kind == "currentmodule":
                module = name
            elif kind == "automodule":
                module = name
                if ":members:" in options:
                    excluded = re.search(r":exclude-members: (.*)", options)
                    left_out = excluded[1].split(", ") if excluded else []
                    found.update(f"{name}.{one}" for one in import_module(name).__all__ if one not in left_out)
            else:
                found[f"{module}.{name}"] += 1
    return found


def test_each_public_name_has_one_section() -> None:
    found = documented()
    assert {name for name, count in found.items() if count > 1} == set()
    known = {id(value(name)) for name in found}
    modules = [rev_accel, *(import_module(f"rev_accel.{name}") for name in FURTHER)]
    modules += [one for name in rev_accel.__all__ if isinstance(one := getattr(rev_accel, name), ModuleType)]
    for module in modules:
        for name in module.__all__:
            of = getattr(module, name)
            if name != "__version__" and not isinstance(of, ModuleType):
                assert id(of) in known, f"{module.__name__}.{name} is nowhere in docs/reference"


def value(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def test_each_variable_of_the_environment_is_described() -> None:
    package = Path(rev_accel.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py")))
    variables = set(re.findall(r'"(REV_ACCEL_[A-Z_]+)"', code))
    assert len(variables) > 8
    assert variables == set(re.findall(r"^\| `(REV_ACCEL_\w+)`", read("docs/reference/environment.md"), re.MULTILINE))
