"""`rev-accel exec`: a Python program with the drop-in for rev in it."""

from __future__ import annotations

import sys

from rev_accel.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["plain", "prepare"]


def prepare(command: Sequence[str], *, only: Sequence[str], report: bool) -> Callable[[], None]:
    """Finds the program, installs the drop-in, and gives what runs the program; raises `InputError`."""
    from rev_accel.compat.rev import install, status

    from .launch import run
    from .target import find

    target, arguments = find(command)
    before = sys.path[:]
    target.enter(arguments)  # first, since rev may stand beside the program
    try:
        install(only=only or None)
    except InputError:
        sys.path[:] = before
        raise
    if report:
        import atexit

        atexit.register(lambda: tell(str(status())))
    return lambda: run(target)


def tell(text: str) -> None:
    from . import streams

    streams.write_error(f"{text.rstrip()}\n")


def plain(given: Sequence[str]) -> Callable[[], None] | None:
    """The same for a command line without anything to help with or to complain of; `None` for the others.

    So the library that parses options is loaded neither for the program nor into it.
    """
    only: list[str] = []
    report = False
    rest = list(given)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if option == "--report":
            report = True
        elif option == "--only" and rest:
            only.append(rest.pop(0))
        elif option.startswith("--only="):
            only.append(option.removeprefix("--only="))
        else:
            return None
    if not rest:
        return None
    try:
        return prepare(rest, only=only, report=report)
    except InputError:
        return None
