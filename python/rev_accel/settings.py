"""Turns what callers and the environment say into what the native module takes.

Everything that cannot be used is refused here, with an `InputError` that says what would do.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

from .errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from ._core import _Producer
    from .records import Limits

    T = TypeVar("T")

# In the order of the native module's bits, of reports, and of the default of `patterns`.
RULES = ("todos", "prints", "dangerous", "type_hints", "complex_functions", "globals")
ALL_RULES = (1 << len(RULES)) - 1

DEFAULT_MAX_BYTES = 16 << 20
LARGEST_MAX_BYTES = (1 << 32) - 2  # offsets in a file are 32 bits wide

THREADS_VARIABLE = "REV_ACCEL_THREADS"
MAX_THREADS = 1024  # far above what helps; keeps a slip of the pen from asking for a million stacks

MAX_COUNT = 1 << 31  # of what a call is asked to keep
MAX_CONTEXT = 1_000  # lines on each side of a match
MAX_CHARACTERS = 1_000_000  # of a line

_UNITS = {"": 0, "K": 10, "M": 20, "G": 30}

_is_quiet: ContextVar[bool] = ContextVar("rev_accel_quiet", default=False)

AUDIT_VARIABLE = "REV_ACCEL_AUDIT"
RECOGNISER_VARIABLE = "REV_ACCEL_RECOGNISER"


def rule_names(patterns: Iterable[str] | None) -> tuple[str, ...]:
    """The selected rules, each once, in the order given; `None` selects all."""
    if patterns is None:
        return RULES
    names = tuple(dict.fromkeys(_texts(patterns, "patterns", "rule name")))
    for name in names:
        if name not in RULES:
            raise InputError(unknown_name("rule", name, RULES))
    return names


def rule_bits(names: Iterable[str]) -> int:
    """The native module's bit mask for names that `rule_names` accepted."""
    return sum(1 << RULES.index(name) for name in names)


def thread_count(threads: int | None) -> int | None:
    """The number of threads asked for: the argument, else `REV_ACCEL_THREADS`; `None` lets the native module choose."""
    if threads is not None:
        if not is_count(threads, MAX_THREADS):
            raise InputError(f"`threads` must be a whole number from 1 to {MAX_THREADS}, not {shown(threads)}")
        return threads
    text = os.environ.get(THREADS_VARIABLE)
    if not text:
        return None
    # `isdecimal` keeps out what `int` would take besides: signs, blanks and underscores.
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and is_count(int(text), MAX_THREADS)):
        raise InputError(
            f"environment variable {THREADS_VARIABLE} must be a whole number from 1 to {MAX_THREADS}, not {shown(text)}"
        )
    return int(text)


def producer() -> _Producer:
    """Who makes the facts: `auto`, or what the environment says.

    `REV_ACCEL_RECOGNISER=0` leaves all to the parser; `REV_ACCEL_AUDIT=1` has both read each file, and a file on
    which they differ fails with `internal_error`.
    """
    usual: _Producer = "auto" if switch(RECOGNISER_VARIABLE, default=True) else "parser"
    return "audit" if switch(AUDIT_VARIABLE, default=False) else usual


def max_bytes(value: int) -> int:
    """The largest file that is analysed, in bytes."""
    if not is_count(value, LARGEST_MAX_BYTES):
        raise InputError(f"`max_bytes` must be a whole number from 1 to {LARGEST_MAX_BYTES}, not {shown(value)}")
    return value


def max_bytes_of(limits: Limits | None) -> int:
    """What `limits` says of the largest file."""
    if limits is None:
        return DEFAULT_MAX_BYTES
    from .records import Limits

    if not isinstance(limits, Limits):
        raise InputError(f"`limits` must be a Limits, not {type(limits).__name__}")
    return limits.max_bytes


def source_bytes(source: str | bytes) -> bytes:
    """A source text as the native module takes it."""
    if isinstance(source, str):
        # A lone surrogate becomes bytes that are not UTF-8: the status is then "undecodable", as it is
        # for a file that Python cannot decode.
        return source.encode("utf-8", "surrogatepass")
    if not isinstance(source, bytes):
        raise InputError(f"`source` must be str or bytes, not {type(source).__name__}")
    return source


def size(text: str) -> int | None:
    """The number of bytes in a text like 500000, 512K, 16M or 2G; `None` if it is no such text."""
    digits = text.rstrip("KMGkmg")
    shift = _UNITS.get(text[len(digits) :].upper())
    if shift is None or not (digits.isascii() and digits.isdecimal()):
        return None
    # More digits than any size has would be slow, or refused, to convert.
    return int(digits[:20]) << shift


def path_texts(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The paths as text, none of them empty or impossible for the operating system."""
    return [_path_text(path) for path in paths]


def glob_texts(globs: Iterable[str], argument: str = "exclude") -> list[str]:
    """The globs of what is left out, or of what is taken; the native module judges their syntax."""
    texts = list(_texts(globs, argument, "glob"))
    for text in texts:
        _refuse_impossible(f"{argument} pattern", text)
    return texts


def takes_all(selection: str) -> bool:
    """Whether a selection takes every file."""
    if selection not in ("ignore", "all"):
        raise InputError(f'`selection` must be "ignore" or "all", not {selection!r}')
    return selection == "all"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """One line that says a name is unknown, with the likeliest slip and the known names."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"unknown {kind} `{name}`: {hint}known are {', '.join(names)}"


def switch(variable: str, *, default: bool) -> bool:
    """What an environment variable of 0 or 1 says."""
    text = os.environ.get(variable, "")
    if text not in ("", "0", "1"):
        raise InputError(f"environment variable {variable} must be 0 or 1, not {shown(text)}")
    return default if not text else text == "1"


def from_environment(read: Callable[[], T], usual: T) -> T:
    """What the environment says, for a drop-in: where it cannot be used, the usual, and a warning."""
    try:
        return read()
    except InputError as error:
        warn(str(error))
        return usual


class Quiet:
    """While it lasts, in this context, warnings go to the logger `rev_accel`: for programs whose output is not ours."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _is_quiet.set(True)

    def __exit__(self, *_: object) -> None:
        _is_quiet.reset(self._token)


def warn(text: str) -> None:
    """A `RuntimeWarning` at the line that called this package; never an error, since no answer depends on it."""
    if _is_quiet.get():
        import logging

        logging.getLogger("rev_accel").info("%s", text)
        return
    import warnings

    try:
        warnings.warn(text, RuntimeWarning, stacklevel=_depth())
    except RuntimeWarning:  # warnings are errors here
        pass


def _depth() -> int:
    """How far away the line is that called this package, as `warnings.warn` counts for whoever asks here."""
    frame, depth = sys._getframe(1), 1
    package = os.path.dirname(__file__) + os.sep
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, depth = frame.f_back, depth + 1
    return depth


def _texts(values: Iterable[str], argument: str, what: str) -> Iterable[str]:
    # A str is an iterable of str too, and never what was meant.
    if isinstance(values, (str, bytes)):
        raise InputError(f"`{argument}` must be a list of {what}s, not one {type(values).__name__}")
    try:
        texts = list(values)
    except TypeError:
        raise InputError(f"`{argument}` must be a list of {what}s, not {type(values).__name__}") from None
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"each {what} in `{argument}` must be a str, not {type(text).__name__}")
    return texts


def _path_text(path: str | os.PathLike[str]) -> str:
    try:
        text = os.fspath(path)
        if not isinstance(text, str):
            raise TypeError
    except TypeError:
        raise InputError(f"a path must be a str or an os.PathLike of one, not {type(path).__name__}") from None
    _refuse_impossible("path", text)
    return text


def _refuse_impossible(what: str, text: str) -> None:
    if not text:
        raise InputError(f"{what} `` is empty")
    if "\0" in text:
        raise InputError(f"{what} {text!r} holds a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InputError(f"{what} {text!r} holds a lone surrogate that stands for no byte") from None


def is_count(value: object, largest: int, *, least: int = 1) -> bool:
    """Whether a value is a whole number within bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= largest


def count(argument: str, value: int, largest: int, *, least: int = 1) -> int:
    """An argument that is a whole number within bounds."""
    if not is_count(value, largest, least=least):
        raise InputError(f"`{argument}` must be a whole number from {least} to {largest}, not {shown(value)}")
    return value


def shown(value: object) -> str:
    """A value for a message, cut to a line."""
    text = repr(value) if isinstance(value, (int, float, str, type(None))) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
