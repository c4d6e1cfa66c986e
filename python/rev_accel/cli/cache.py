"""`rev-accel cache`: what is kept of earlier scans and calls, checked, made smaller, emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from rev_accel import cache as result_cache
from rev_accel import settings
from rev_accel.errors import InputError

from . import streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from rev_accel._core import _CacheInfo

# As `reply_counts` has them.
REPLY_KINDS = ("hit", "miss", "shared", "stored", "refused", "bypass")
NOTHING = "There is no cache yet\n"

HELP = f"""Look at, check, shrink or empty the cache of earlier results and replies.

A cache only makes scans faster and saves calls of models: without it, or with a damaged one, the answers are the
same. It is in the user's cache folder, or where {result_cache.FOLDER_VARIABLE} says;
{result_cache.SIZE_VARIABLE} (default 1G) bounds the results of scans, {result_cache.REPLIES_SIZE_VARIABLE}
(default 256M) the replies of models, {result_cache.OFF_VARIABLE}=1 does without both.
"""


@click.group(help=HELP, short_help="Look at, check, shrink or empty the cache.")
def cache() -> None:
    """The group of the commands below."""


@cache.command(short_help="Where it is, what it holds, and what it answered.")
def info() -> int:
    """Tell where the cache is, its sizes, and by what files were answered so far.

    The numbers of answers are about right: processes add to them without waiting for each other.
    """
    figures = result_cache.info()
    _say(NOTHING if figures is None else _table(figures))
    return 0


@cache.command(short_help="Read all of it, and drop what is damaged.")
def verify() -> int:
    """Read all of the cache and drop what is damaged.

    The exit code is 1 if anything was damaged; unless it is said to be left, it is gone then, and the next scans and
    calls make it anew.
    """
    check = result_cache.verify()
    if check is None:
        _say(NOTHING)
        return 0
    damaged = check["damaged_manifests"] + check["damaged_contents"] + check["damaged_replies"]
    dropped = "damaged" if check["is_left"] else "damaged and dropped"
    _say(
        f"manifests  {check['manifests']:,} read, {check['damaged_manifests']:,} {dropped}\n"
        f"contents   {check['contents']:,} read, {check['damaged_contents']:,} {dropped}\n"
        f"replies    {check['replies']:,} read, {check['damaged_replies']:,} {dropped}\n"
    )
    anew = "" if check["is_left"] else " and begins anew"
    if check["store_damaged"]:
        _say(f"The content store as a whole was damaged{anew}\n")
    if check["reply_store_damaged"]:
        _say(f"The reply store as a whole was damaged{anew}\n")
    if check["is_left"]:
        _say("Not all of what is damaged could be dropped: see that the cache's folder can be written to\n")
    return int(damaged > 0 or check["store_damaged"] or check["reply_store_damaged"])


@cache.command(short_help="Empty it.")
@click.option("--results", is_flag=True, help="Only the results of scans.")
@click.option("--replies", is_flag=True, help="Only the replies of models, which may hold secrets and cost money.")
def clear(results: bool, replies: bool) -> int:
    """Empty the cache: results of scans and replies of models, or one of them.

    The exit code is 2 if something is left.
    """
    only: Literal["results", "replies"] | None = None
    if results != replies:
        only = "results" if results else "replies"
    if not _tell_freed(lambda: result_cache.clear(only)):
        raise InputError("something in the cache could not be removed; see that its folder can be written to")
    return 0


def _size(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    size = settings.size(value)
    if size is None or size > result_cache.LARGEST_BYTES:
        raise click.BadParameter(f"`{value}` is not a size like 500000, 512K or 16M")
    return size


@cache.command(short_help="Make it smaller.")
@click.option(
    "--max-bytes",
    metavar="SIZE",
    callback=_size,
    help=f"What results may take at most; units K, M, G.  [default: {result_cache.SIZE_VARIABLE}, else 1G]",
)
@click.option(
    "--max-reply-bytes",
    metavar="SIZE",
    callback=_size,
    help=f"What replies may take at most.  [default: {result_cache.REPLIES_SIZE_VARIABLE}, else 256M]",
)
def gc(max_bytes: int | None, max_reply_bytes: int | None) -> int:
    """Give up what was not used for longest until the cache is small enough, and replies that had their time.

    The exit code is 2 if that could not be done, or not all of it.
    """
    if not _tell_freed(lambda: result_cache.gc(max_bytes, max_reply_bytes=max_reply_bytes)):
        raise InputError(
            "not all of the cache could be made smaller; see that its folder can be written to, "
            "or empty it with `rev-accel cache clear`"
        )
    return 0


def _tell_freed(work: Callable[[], bool]) -> bool:
    """Does something, says how much smaller the cache became, and returns what came out."""
    before = result_cache.size()
    done = work()
    after = result_cache.size()
    if before is None or after is None:
        _say(NOTHING)
    else:
        _say(f"Freed {_size_text(max(0, before - after))}: {_size_text(before)} before, {_size_text(after)} now\n")
    return done


def _table(figures: _CacheInfo) -> str:
    asked = figures["memory"] + figures["manifest"] + figures["recent"] + figures["store"] + figures["miss"]
    rows = {
        "folder": figures["folder"] + ("" if figures["writable"] else " (read only)"),
        "manifests": f"{figures['manifests']:,}, {_size_text(figures['manifest_bytes'])}",
        "contents": figures["content_problem"]
        or f"{figures['contents']:,} files, {_size_text(figures['content_bytes'])}",
        "replies": figures["reply_problem"] or f"{figures['replies']:,}, {_size_text(figures['reply_bytes'])}",
        "asked": ", ".join(
            f"{number:,} {kind}" for kind, number in zip(REPLY_KINDS, figures["reply_counts"], strict=True)
        )
        + ", about",
        "answered": f"{asked:,} files, about",
        "  memory": f"{figures['memory']:,}",
        "  manifest": f"{figures['manifest']:,}",
        "  recent": f"{figures['recent']:,} (read again, and the same as before)",
        "  store": f"{figures['store']:,} (known from elsewhere)",
        "  miss": f"{figures['miss']:,} (analysed)",
    }
    return "".join(f"{name:<10} {streams.one_line(text)}\n" for name, text in rows.items())


def _size_text(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1_000_000 else f"{size / 1e3:,.1f} kB"


def _say(text: str) -> None:
    streams.write_output(text.encode(errors="surrogateescape"))
