"""The result cache: how calls use it, and what can be done with it.

A repeated call on a tree that has not changed costs a look at it; a change costs the changed files; a
file that was seen before under another path costs the hash of its content. A cache can only make a call
faster: delete it, damage it, share it, fill the disk, and the answers are the same.

It is in the user's cache folder, or where `REV_ACCEL_CACHE_DIR` says. `REV_ACCEL_NO_CACHE=1` does without
it, `REV_ACCEL_CACHE_SIZE` (as `512M`) bounds what it takes on disk, `REV_ACCEL_VERIFY=always` has every
file read and compared by content. Nothing in it is ever executed.

In the same folder are the replies that `ResponseCache` keeps, bounded by `REV_ACCEL_REPLIES_SIZE` (256M).
"""

from __future__ import annotations

import os

from . import _core, settings
from .errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ._core import _Cache, _CacheCheck, _CacheInfo

__all__ = ["clear", "gc", "info", "size", "verify"]

FOLDER_VARIABLE = "REV_ACCEL_CACHE_DIR"
OFF_VARIABLE = "REV_ACCEL_NO_CACHE"
SIZE_VARIABLE = "REV_ACCEL_CACHE_SIZE"
REPLIES_SIZE_VARIABLE = "REV_ACCEL_REPLIES_SIZE"
VERIFY_VARIABLE = "REV_ACCEL_VERIFY"

VERIFY = ("stamp", "always")
DEFAULT_BYTES = 1 << 30
DEFAULT_REPLY_BYTES = 256 << 20
LARGEST_BYTES = 1 << 60

_has_hooks = False
_told: dict[str, object] = {}


def info() -> _CacheInfo | None:
    """Where the cache is, what it holds, and how files were answered; `None` if there is none yet.

    Raises `InputError` if its folder cannot be used, with the reason.
    """
    return _core.cache_info(folder())


def size() -> int | None:
    """How many bytes its files take; `None` if there is none yet. Raises as `info`."""
    return _core.cache_bytes(folder())


def verify() -> _CacheCheck | None:
    """Read all of the cache and drop what is damaged; `None` if there is none. Raises as `info`.

    `is_left` tells whether some of what is damaged could not be dropped.
    """
    return _core.cache_verify(folder())


def gc(max_bytes: int | None = None, *, max_reply_bytes: int | None = None) -> bool:
    """Give up what was not used for longest until results and replies take at most so many bytes each.

    Whether that was done. The defaults are what the environment says, as for calls.
    """
    results = size_limit() if max_bytes is None else bound("max_bytes", max_bytes)
    replies = reply_size_limit() if max_reply_bytes is None else bound("max_reply_bytes", max_reply_bytes)
    return _core.cache_shrink(folder(), max_bytes=results, max_reply_bytes=replies)


def clear(only: Literal["results", "replies"] | None = None) -> bool:
    """Remove results of scans, also those that this process remembers, and replies; whether all of it is gone."""
    if only not in (None, "results", "replies"):
        raise InputError(f'`only` must be "results", "replies" or None, not {settings.shown(only)}')
    return _core.cache_clear(folder(), results=only != "replies", replies=only != "results")


def arguments(*, cache: bool = True, verify: str | None = None, explain: str | None = None) -> _Cache | None:
    """What the native module is told about the cache; `None` to do without."""
    if not isinstance(cache, bool):
        raise InputError(f"`cache` must be True or False, not {type(cache).__name__}")
    source = "`verify`"
    if verify is None:
        verify, source = os.environ.get(VERIFY_VARIABLE) or VERIFY[0], f"environment variable {VERIFY_VARIABLE}"
    if verify not in VERIFY:
        raise InputError(f'{source} must be "stamp" or "always", not {verify!r}')
    if not cache or settings.switch(OFF_VARIABLE, default=False):
        return None
    hook_into_process()
    return folder(), verify == "always", size_limit(), explain


def folder() -> str | None:
    """The folder that the environment names, else `None` for the usual place."""
    return os.environ.get(FOLDER_VARIABLE) or None


def size_limit() -> int:
    """How many bytes the results of scans may take on disk."""
    return size_from(SIZE_VARIABLE, DEFAULT_BYTES)


def reply_size_limit() -> int:
    """How many bytes replies may take on disk."""
    return size_from(REPLIES_SIZE_VARIABLE, DEFAULT_REPLY_BYTES)


def bound(name: str, value: int) -> int:
    """A number of bytes that an argument gives."""
    if not settings.is_count(value, LARGEST_BYTES, least=0):
        raise InputError(f"`{name}` must be a whole number from 0 to {LARGEST_BYTES}, not {settings.shown(value)}")
    return value


def size_from(variable: str, default: int) -> int:
    """A number of bytes that the environment names."""
    text = os.environ.get(variable)
    if not text:
        return default
    size = settings.size(text)
    if size is None or size > LARGEST_BYTES:
        raise InputError(f"environment variable {variable} must be a size like 500000, 512M or 2G, not {text[:80]!r}")
    return size


def tell(problem: str | None, of: str = "results") -> None:
    """Warn, once in a process for each kind of thing, that it is not kept, and why; it is no error."""
    me = object()
    # In one step, so that of several threads one tells.
    if problem is None or _told.setdefault(of, me) is not me:
        return
    without = "its cache" if of == "results" else f"its cache of {of}"
    settings.warn(f"rev-accel works without {without}: {problem}")


def hook_into_process() -> None:
    """Makes sure that the process can be forked, and that what it counted is written down when it ends."""
    global _has_hooks
    if _has_hooks:
        return
    _has_hooks = True
    import atexit

    atexit.register(lambda: _core.write_counts(folder()))
    # A child that is forked while SQLite is in use would inherit locks that nobody releases.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_core.before_fork,
            after_in_parent=_core.after_fork_in_parent,
            after_in_child=_core.after_fork_in_child,
        )
