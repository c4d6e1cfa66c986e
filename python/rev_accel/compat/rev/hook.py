"""Sees modules of rev when they are imported.

The finder stands first in `sys.meta_path`, has the others find a module of rev, and wraps its loader until the module
is run: then module and spec have the loader that they would have without it, so that whatever asks for source text,
resources or the class of the loader finds what it always does. Other modules cost one comparison.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["Finder"]

PREFIX = "rev."


class Finder:
    """Calls a function with each module of rev that was run, at its import or reload."""

    def __init__(self, imported: Callable[[ModuleType], None]) -> None:
        self._imported = imported
        self._asking = threading.local()

    def insert(self) -> None:
        """Begins to look, if it does not yet."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Looks no more; modules that were found and are not run yet are not told of either."""
        while self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders find, with a wrapped loader; `None` for modules of others."""
        if not name.startswith(PREFIX):
            return None
        # Others may ask all finders, too, and so this one again.
        asking: set[str] = self._asking.__dict__.setdefault("names", set())
        if name in asking:
            return None
        asking.add(name)
        try:
            spec = self._found(name, path, target)
        finally:
            asking.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module") and not isinstance(spec.loader, _Loader):
            spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]
        return spec

    def ran(self, module: ModuleType) -> None:
        if self in sys.meta_path:
            self._imported(module)

    def _found(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader:
    """Stands for a loader until the module is run."""

    def __init__(self, loader: Any, finder: Finder) -> None:
        self._loader = loader
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        # Also for who asks for source or resources of a module that is found and not imported.
        return getattr(self.__dict__["_loader"], name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        module: ModuleType | None = None if create is None else create(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # A module that is found and not run yet may be asked for its source meanwhile; from here on it is as always.
        me: object = self
        if module.__spec__ is not None and module.__spec__.loader is me:
            module.__spec__.loader = self._loader
        if getattr(module, "__loader__", None) is me:
            module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._finder.ran(module)
