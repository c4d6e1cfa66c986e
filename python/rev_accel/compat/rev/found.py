"""Which rev there is, without importing it."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec

__all__ = ["folders", "has_module", "version"]

_VERSION = re.compile(r"rev_agentic-(.+)\.dist-info")


def version() -> str | None:
    """The version of the rev that is imported, or would be; `None` if there is none, `"unknown"` if it does not say."""
    own = getattr(sys.modules.get("rev"), "__version__", None)
    if isinstance(own, str):
        return own
    places = folders()
    if places is None:
        return None
    for place in places:
        try:
            names = sorted(os.listdir(os.path.dirname(place)))
        except OSError:
            continue
        for name in names:
            if match := _VERSION.fullmatch(name):
                return match[1]
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of_distribution

    try:
        return of_distribution("rev-agentic")
    except PackageNotFoundError:
        return "unknown"


def folders() -> list[str] | None:
    """The folders of its modules; `None` if there is no rev."""
    if (module := sys.modules.get("rev")) is not None:
        return [place for place in getattr(module, "__path__", []) if isinstance(place, str)]
    try:
        spec = find_spec("rev")
    except (ImportError, ValueError):
        return None
    return None if spec is None else list(spec.submodule_search_locations or [])


def has_module(name: str, places: list[str]) -> bool:
    """Whether it has a module of this name, as far as can be told from its folders."""
    if not places or not all(map(os.path.isdir, places)):
        return True  # in an archive, or made by a program
    parts = name.split(".")[1:]
    stems = [os.path.join(place, *parts) for place in places]
    if any(map(os.path.isdir, stems)):
        return True
    for stem in stems:
        folder, last = os.path.split(stem)
        try:
            if any(entry.startswith(f"{last}.") for entry in os.listdir(folder)):
                return True
        except OSError:
            continue
    return False
