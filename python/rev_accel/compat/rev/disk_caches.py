"""rev's caches on disk, which it reads with `pickle` from the repository that it works on: they are left alone."""

from __future__ import annotations

from types import FunctionType

__all__ = ["load_from_disk", "save_to_disk"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def load_from_disk(_original: FunctionType) -> Callable[..., None]:
    """For `IntelligentCache._load_from_disk`: the cache stays empty, as it does for rev where the file is damaged."""

    def _load_from_disk(self: object) -> None:
        import logging

        name = getattr(self, "persist_path", None)
        logging.getLogger("rev_accel").info("rev's cache `%s` is not read: what it holds would be run", name)

    return _load_from_disk


def save_to_disk(_original: FunctionType) -> Callable[..., None]:
    """For `IntelligentCache._save_to_disk`: nothing is written that nobody reads."""

    def _save_to_disk(_self: object) -> None:
        return None

    return _save_to_disk
