"""One place of rev that is replaced: where it is, what has to be there, and what it is replaced by.

What has to be there is rev's own function as the known versions have it. A function that takes other arguments, that
uses other names, texts or numbers in its body, or that somebody else has put there, is not replaced. Which places to
change is found here; they are changed by `installation`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

__all__ = ["FunctionPoint", "MethodPoint", "Pair", "Place", "Point", "UnfitError", "body", "rev_modules"]

Function: TypeAlias = Callable[..., Any]


class UnfitError(Exception):
    """What stands at a point is not what is known; the text says what it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A function of rev and what stands in for it."""

    point: Point
    original: FunctionType
    replacement: Function


@dataclass(frozen=True, slots=True)
class Place:
    """An attribute of a module or class."""

    owner: ModuleType | type
    name: str

    def __str__(self) -> str:
        if isinstance(self.owner, type):
            return f"{self.owner.__module__}.{self.owner.__qualname__}.{self.name}"
        return f"{self.owner.__name__}.{self.name}"

    def get(self) -> object:
        """What the owner itself holds there, `None` if nothing."""
        return vars(self.owner).get(self.name)

    def set(self, value: object) -> None:
        setattr(self.owner, self.name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A function of rev.

    `defaults` are those of the last parameters; `bodies` the digests (see `body`) of the functions that are known;
    `maker` the module of this package whose function of the same name makes the replacement of an original, or raises
    `UnfitError`.
    """

    group: str
    module: str
    name: str
    parameters: tuple[str, ...]
    defaults: tuple[object, ...] = ()
    bodies: tuple[str, ...]
    maker: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def qualified_name(self) -> str:
        return self.name

    def home(self, module: ModuleType) -> Place:
        """Where rev defines it; `UnfitError` if it does not."""
        raise NotImplementedError

    def places(self, module: ModuleType, known: Container[int]) -> Iterator[Place]:
        """The attributes that have its name or whose value is known by its `id`, that in its module first."""
        raise NotImplementedError

    def is_foreign(self, place: Place) -> bool:
        """Whether something stands there that rev has not put there, though it has its name."""
        raise NotImplementedError

    def pair(self, original: object) -> Pair:
        """What stands in for it; `UnfitError` unless it is rev's own and known."""
        function = self.check(original)
        from importlib import import_module

        make = getattr(import_module(f"{__package__}.{self.maker}"), self.name.removeprefix("_"))
        replacement = make(function)
        # So that it is found where its name says, as by `pickle`.
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(replacement, name, getattr(function, name))
        return Pair(self, function, replacement)

    def check(self, function: object) -> FunctionType:
        """The function, if it is rev's own and known, else `UnfitError`."""
        if (
            type(function) is not FunctionType
            or hasattr(function, "__wrapped__")
            or (function.__module__, function.__qualname__) != (self.module, self.qualified_name)
        ):
            raise UnfitError("is not rev's own function: somebody else has replaced it")
        code = function.__code__
        count = code.co_argcount
        found = code.co_varnames[:count]
        is_plain = not code.co_posonlyargcount and not code.co_kwonlyargcount and not code.co_flags & (0x04 | 0x08)
        if not is_plain or found != self.parameters or (function.__defaults__ or ()) != self.defaults:
            raise UnfitError("takes other arguments than in the versions that are known")
        if body(code) not in self.bodies:
            raise UnfitError("does not do the same as in the versions that are known")
        return function


class FunctionPoint(Point):
    """A function of a module. Other modules of rev hold it under names of their own, since they import it by name."""

    __slots__ = ()

    def home(self, module: ModuleType) -> Place:
        if self.name not in vars(module):
            raise UnfitError("does not exist in this version")
        return Place(module, self.name)

    def places(self, module: ModuleType, known: Container[int]) -> Iterator[Place]:
        yield Place(module, self.name)
        for other in rev_modules():
            for name, value in list(vars(other).items()):
                if name == self.name:
                    if other is not module:
                        yield Place(other, name)
                elif id(value) in known:
                    yield Place(other, name)

    def is_foreign(self, place: Place) -> bool:
        if place.name != self.name:
            return False
        value = place.get()
        return not (type(value) is FunctionType and value.__module__ == vars(place.owner).get("__name__"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodPoint(Point):
    """A method of a class, which all who use the class look up there."""

    owner: str

    def __str__(self) -> str:
        return f"{self.module}.{self.owner}.{self.name}"

    @property
    def qualified_name(self) -> str:
        return f"{self.owner}.{self.name}"

    def home(self, module: ModuleType) -> Place:
        owner = vars(module).get(self.owner)
        if not isinstance(owner, type) or self.name not in vars(owner):
            raise UnfitError("does not exist in this version")
        return Place(owner, self.name)

    def places(self, module: ModuleType, known: Container[int]) -> Iterator[Place]:  # noqa: ARG002
        yield self.home(module)

    def is_foreign(self, place: Place) -> bool:  # noqa: ARG002
        return True


def rev_modules() -> list[ModuleType]:
    """The modules of rev that are imported, also those whose import is not over."""
    return [
        module
        for name, module in list(sys.modules.items())
        if (name == "rev" or name.startswith("rev.")) and isinstance(module, ModuleType)
    ]


def body(code: CodeType) -> str:
    """What a function does, roughly: a digest of the names, texts and numbers that it and the functions in it use.

    Unlike its text or its byte code these are the same in all versions of Python. What it is documented by is no part.
    """
    from rev_accel import _core

    return _core.digest([sorted(set(_names(code))), sorted(set(_constants(code)))], domain="body")[:16]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts[_has_docstring(code) :]:
        yield from _parts(constant)
    # Later versions have small numbers in the instructions.
    if sys.version_info >= (3, 14):
        from opcode import opmap

        of_small = opmap["LOAD_SMALL_INT"]
        instructions = zip(code.co_code[::2], code.co_code[1::2], strict=True)
        yield from (repr(number) for instruction, number in instructions if instruction == of_small)


def _parts(constant: object) -> Iterator[str]:
    """The texts and numbers in a constant: which of them are put together depends on the version of Python."""
    if isinstance(constant, CodeType):
        yield from _constants(constant)
    elif isinstance(constant, (tuple, frozenset)):
        for part in constant:
            yield from _parts(part)
    elif isinstance(constant, slice):
        yield from _parts((constant.start, constant.stop, constant.step))
    elif isinstance(constant, (str, bytes, int, float, complex)) and not isinstance(constant, bool):
        yield ascii(constant)


def _has_docstring(code: CodeType) -> bool:
    """Whether its first constant is one."""
    if sys.version_info >= (3, 14):
        return bool(code.co_flags & 0x4000000)
    return not code.co_name.startswith("<") and isinstance(next(iter(code.co_consts), None), str)
