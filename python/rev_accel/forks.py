"""What a forked child must have done to objects that it got from its parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakSet

__all__ = ["InChildren"]

T = TypeVar("T")


class InChildren(Generic[T]):
    """Does something in each forked child to all objects that were added and still live there."""

    def __init__(self, renew: Callable[[T], None]) -> None:
        self._renew = renew
        self._objects: WeakSet[T] = WeakSet()
        self._is_hooked = False

    def add(self, one: T) -> None:
        self._objects.add(one)
        if not self._is_hooked and hasattr(os, "register_at_fork"):
            self._is_hooked = True
            os.register_at_fork(after_in_child=self._renew_all)

    def _renew_all(self) -> None:
        for one in list(self._objects):
            self._renew(one)
