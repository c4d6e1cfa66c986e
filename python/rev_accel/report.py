"""What a scan gives back.

The findings stay in native memory until they are asked for, and the classes of `records` are loaded
only then: a caller who wants the JSON text pays for neither.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._core import ScanResult
    from .records import FileError, Finding, ScanStats

__all__ = ["Report"]


class Report:
    """The findings of a scan, the files that failed, and statistics.

    Iterating gives every `Finding` by path, then line, then column; `len()` is their number, so a report
    without findings is false. It can be iterated again, and by several threads.
    """

    __slots__ = ("_patterns", "_result")

    def __init__(self, result: ScanResult, patterns: tuple[str, ...]) -> None:
        """Reports are made by `rev_accel.scan` and `rev_accel.scan_source`."""
        self._result = result
        self._patterns = patterns

    def __len__(self) -> int:
        return self._result.total

    def __iter__(self) -> Iterator[Finding]:
        from .records import Finding

        result = self._result
        for index in range(len(result)):
            found = result.findings(index)
            if found:
                path = result.path(index)
                for rule, line, column, message, data in found:
                    yield Finding(path, line, column, rule, message, data)

    def __repr__(self) -> str:
        stats = self._result.stats
        return f"<Report: {len(self)} findings in {stats['files']} files, {stats['errors']} failed>"

    @property
    def errors(self) -> tuple[FileError, ...]:
        """The files that failed, by path; then the folders that could not be listed."""
        from .records import FileError

        result = self._result
        errors = []
        for index in range(len(result)):
            status = result.status(index)
            error = result.error(index)
            if status != "ok" and error is not None:
                errors.append(FileError(result.path(index), status, *error))
        return tuple(errors)

    @property
    def stats(self) -> ScanStats:
        """What the scan did and how long it took."""
        from .records import ScanStats

        stats = self._result.stats
        return ScanStats(
            files=stats["files"],
            bytes=stats["bytes"],
            findings=stats["findings"],
            errors=stats["errors"],
            parsed=stats["parsed"],
            unparsed=stats["unparsed"],
            memory=stats["memory"],
            manifest=stats["manifest"],
            recent=stats["recent"],
            store=stats["store"],
            asked=stats["asked"],
            threads=stats["threads"],
            select_ns=stats["select_ns"],
            analyse_ns=stats["analyse_ns"],
            keep_ns=stats["keep_ns"],
        )

    def by_rule(self) -> dict[str, int]:
        """The number of findings of each selected rule, also where it is 0."""
        counts = self._result.stats["by_rule"]
        return {rule: counts[rule] for rule in self._patterns}

    def to_json(self) -> str:
        """The report as the text that `rev_accel.analyze_ast_patterns` gives for the same files and rules."""
        return self._result.json() + rules_checked(self._patterns)


def rules_checked(names: tuple[str, ...]) -> str:
    """The last member of the JSON object, and its end, as `json.dumps(..., indent=2)` writes them for rule names."""
    listed = '[\n    "' + '",\n    "'.join(names) + '"\n  ]' if names else "[]"
    return f',\n  "patterns_checked": {listed}\n}}'


def patterns_checked(patterns: object) -> str:
    """The same for anything; raises what `json.dumps` raises."""
    from json import dumps  # most reports do without, and it is slow to load

    return "," + dumps({"patterns_checked": patterns}, indent=2)[1:]
