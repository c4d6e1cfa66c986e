"""The tools that there are, by name, and how one is executed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rev_accel import metrics as measured
from rev_accel.errors import InputError
from rev_accel.forks import InChildren
from rev_accel.metrics.instruments import WAITING, Histogram

from . import problems
from .definition import Tool
from .result import Failure, as_text

if TYPE_CHECKING:
    from rev_accel.llm import ToolSet

    from .size import SchemaSizes

__all__ = ["Registry"]

Started = Callable[[str], object]

_log = logging.getLogger("rev_accel")

UNTOLD = Failure("Error: the call failed, and so did telling why.")


class Registry:
    """Tools by name. Looking one up costs the same whether there are ten or ten thousand.

    May be used by many threads; tools that write are executed one at a time.

    Args:
        tools: Functions and methods that `tool` has marked.
        on_start: Called with the description of each tool before it runs: `print`, for example.
        metrics: Where durations and failures go.
    """

    def __init__(
        self,
        tools: Iterable[Callable[..., object]] = (),
        *,
        on_start: Started | None = None,
        metrics: measured.Metrics = measured.METRICS,
    ) -> None:
        self.on_start = on_start
        self._metrics = metrics
        self._overhead = metrics.histogram(measured.TOOL_OVERHEAD)
        self._waiting = self._overhead.waiting
        self._entries: dict[str, _Entry] = {}
        self._schemas: ToolSet | None = None
        self._turns = RLock()
        _in_children.add(self)
        for function in tools:
            self.add(function)

    def add(self, function: Callable[..., object]) -> Tool:
        """Adds a function or method that `tool` has marked.

        Raises:
            InputError: It is none, or there is a tool of that name.
        """
        added = Tool(function)
        self._add(added)
        return added

    def get(self, name: str) -> Tool | None:
        """The tool of a name; `None` where there is none."""
        found = self._entries.get(name)
        return None if found is None else found.tool

    def subset(self, names: Iterable[str]) -> Registry:
        """Those of some names only; one that is not there is an `InputError`. It shares turns with this one."""
        made = self._like()
        for name in names:
            found = self.get(name)
            if found is None:
                raise InputError(problems.unknown(name, self._entries).removeprefix("Error: "))
            made._add(found)
        return made

    def merge(self, other: Registry) -> Registry:
        """These and those of another one; a name that is in both is an `InputError`. It shares turns with this one."""
        made = self._like()
        for found in (*self, *other):
            made._add(found)
        return made

    def schemas(self) -> ToolSet:
        """The tools as a request has them: sorted by name and frozen, byte for byte the same in any process."""
        if self._schemas is None:
            from rev_accel.llm import ToolSet

            self._schemas = ToolSet(found.schema for found in self)
        return self._schemas

    def sizes(self) -> SchemaSizes:
        """How much of each prompt the tools take."""
        from .size import SchemaSizes

        return SchemaSizes.of(self.schemas())

    def execute(self, name: str, arguments: Any) -> str:
        """Executes a tool: a text for the model, whatever happens.

        What is wrong with the name or the arguments, and what the tool raises, is told in a text, which then is a
        `Failure`. Only a `KeyboardInterrupt` is raised.

        Args:
            arguments: A dict; or the text of a JSON object, as servers of OpenAI's dialect send it.
        """
        try:
            started = perf_counter()
            try:
                entry = self._entries[name]
            except Exception:  # there is none, or the name does not even have a hash
                return self._failure(name, "unknown", problems.unknown(name, self._entries))
            try:
                values = entry.check(arguments) if type(arguments) is dict else entry.read(arguments)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return self._failure(name, "arguments", problems.refused(entry.tool, error))
            if (on_start := self.on_start) is not None:
                try:
                    on_start(entry.describe(values))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # nothing depends on what is told
                    _log.debug("`on_start` failed for tool `%s`: %s", name, problems.failed(error))
            ready = perf_counter()
            try:
                result = entry.function(**values) if entry.reads else self._in_turn(entry.function, values)
                return result if type(result) is str else as_text(result)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return self._failure(name, "error", problems.failed(error))
            finally:
                # Faster than `record`. Whatever fails here, the tool has run, and what came of it counts.
                try:
                    durations, overheads = entry.waiting, self._waiting
                    durations.append(perf_counter() - ready)
                    overheads.append(ready - started)
                    if len(durations) >= WAITING:
                        entry.durations.fold()
                    if len(overheads) >= WAITING:
                        self._overhead.fold()
                except KeyboardInterrupt:
                    raise
                except BaseException:  # no room on the stack, no memory, or who takes the values ends the process
                    pass
        except KeyboardInterrupt:
            raise
        except BaseException:  # where there is no room on the stack, not even a failure can be told
            return UNTOLD

    def __iter__(self) -> Iterator[Tool]:
        """The tools, sorted by name."""
        return (self._entries[name].tool for name in sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __repr__(self) -> str:
        return f"<Registry of {len(self)} tools>"

    def _add(self, added: Tool) -> None:
        if added.name in self._entries:
            raise InputError(f"there is a tool `{added.name}` already: expected another name")
        self._entries[added.name] = _Entry(added, self._metrics.histogram(measured.TOOL, tool=added.name))
        self._schemas = None

    def _like(self) -> Registry:
        made = Registry(on_start=self.on_start, metrics=self._metrics)
        made._turns = self._turns
        return made

    def _in_turn(self, function: Callable[..., object], values: dict[str, Any]) -> object:
        with self._turns:
            return function(**values)

    def _failure(self, name: object, kind: str, text: str) -> Failure:
        known = name if kind != "unknown" else "_other"  # whatever a model makes up is no name for a counter
        self._metrics.counter(measured.TOOL_FAILURES, tool=str(known), kind=kind).add()
        return Failure(text)


class _Entry:
    """A tool, ready to be executed."""

    __slots__ = ("check", "describe", "durations", "function", "reads", "tool", "waiting")

    def __init__(self, tool: Tool, durations: Histogram) -> None:
        self.tool = tool
        self.function = tool.function
        self.describe = tool.describe
        self.reads = tool.reads
        self.durations = durations
        self.waiting = durations.waiting
        self.check: Callable[[Any], dict[str, Any]] = self._check_first

    def _check_first(self, arguments: Any) -> dict[str, Any]:
        """Makes the check, and takes its place."""
        self.check = self.tool.signature.check
        return self.check(arguments)

    def read(self, arguments: Any) -> dict[str, Any]:
        """Checks arguments that are not a plain dict."""
        if isinstance(arguments, str):
            return self.tool.signature.check_json(arguments)
        return self.check({} if arguments is None else arguments)


def _renew_turns(registry: Registry) -> None:
    # Another thread of the parent may have had its turn.
    registry._turns = RLock()


_in_children = InChildren(_renew_turns)
