"""The entry points: the drop-in `analyze_ast_patterns`, and the typed `scan` and `scan_source`."""

from __future__ import annotations

from . import _core, settings
from . import cache as result_cache
from .errors import InputError
from .report import Report, patterns_checked, rules_checked
from .workspace import root as workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Literal

    from .records import Limits

__all__ = ["analyze_ast_patterns", "scan", "scan_source"]


def analyze_ast_patterns(path: str, patterns: list[str] | None = None) -> str:
    """Analyse the Python files at a path, with the interface and the answers of rev's function of this name.

    Args:
        path: A file or folder, relative to the workspace root or absolute; it must not lead out of the root.
        patterns: The rules to check, by default (`None` or empty) all: `todos`, `prints`, `dangerous`,
            `type_hints`, `complex_functions`, `globals`. Other names are echoed and have no effect.

    Returns:
        JSON text, as `json.dumps(..., indent=2)` prints an object with `scanned_files`, `files` (sorted
        by path, with the entries of each file that has any), `total_issues` and `patterns_checked` (the
        echo of `patterns`). If the call as a whole fails, an object with `error` alone. No `Exception`
        leaves this function.

    The root is that of `rev_accel.workspace`. The environment variable `REV_ACCEL_THREADS` sets the
    number of threads; `rev_accel.cache` tells of those that govern the cache. One that cannot be used is
    warned of (`RuntimeWarning`) and counts as not set.
    """
    return answer(workspace.get_root, path, patterns)


def scan(
    *paths: str | os.PathLike[str],
    patterns: Iterable[str] | None = None,
    root: str | os.PathLike[str] | None = None,
    selection: Literal["ignore", "all"] = "ignore",
    exclude: Iterable[str] = (),
    limits: Limits | None = None,
    cache: bool = True,
    verify: Literal["stamp", "always"] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Analyse files and folders; a file named here is analysed whatever its name and the selection.

    Args:
        paths: Files and folders, by default the root. Relative ones start at the root.
        patterns: The rules to check, by default all.
        root: Where relative paths start and what reported paths are relative to, by default the root of
            `rev_accel.workspace`. Files outside of it are reported with their absolute path.
        selection: Which files of a folder: `"ignore"` leaves out what .gitignore and .ignore files name,
            `.git` folders and virtual environments; `"all"` takes every `*.py`.
        exclude: Globs as in .gitignore, relative to the root, of files and folders to leave out.
        limits: What not to take on; `None` means `Limits()`.
        cache: Whether to use what earlier calls found out, in this process and others, and to keep what this
            one does. The report is the same.
        verify: When a file counts as unchanged: `"stamp"`, when the file system says so (same file, size and
            times); `"always"`, when its bytes are the same. By default `REV_ACCEL_VERIFY` from the environment,
            else `"stamp"`.
        threads: How many threads analyse, by default `REV_ACCEL_THREADS` from the environment, else what
            the machine grants.
        progress: Called now and then with the number of files done and of files in all, on the calling
            thread; what it raises stops the scan. A process that it forks has to end in it.

    Raises:
        InputError: An argument cannot be used, or a named path cannot be read.
        OSError: The machine grants no thread.
    """
    names = settings.rule_names(patterns)
    all_files = settings.takes_all(selection)
    if progress is not None and not callable(progress):
        raise InputError(f"`progress` must be callable, not {type(progress).__name__}")
    cached = result_cache.arguments(cache=cache, verify=verify)
    result = _core.scan(
        workspace.root_text_of(root),
        settings.path_texts(paths) or ["."],
        rules=settings.rule_bits(names),
        all_files=all_files,
        exclude=settings.glob_texts(exclude),
        max_bytes=settings.max_bytes_of(limits),
        threads=settings.thread_count(threads),
        progress=progress,
        producer=settings.producer(),
        cache=cached,
    )
    if cached is not None:
        result_cache.tell(result.cache_problem)
    return Report(result, names)


def scan_source(
    source: str | bytes,
    *,
    path: str = "<source>",
    patterns: Iterable[str] | None = None,
    limits: Limits | None = None,
) -> Report:
    """Analyse the text of one file, without touching the file system.

    Args:
        source: The text, or its bytes, which are read as UTF-8.
        path: The name under which it is reported.
        patterns: The rules to check, by default all.
        limits: What not to take on; `None` means `Limits()`.

    Raises:
        InputError: An argument cannot be used.
    """
    names = settings.rule_names(patterns)
    result = _core.scan_source(
        settings.source_bytes(source),
        path=settings.path_texts([path])[0],
        rules=settings.rule_bits(names),
        max_bytes=settings.max_bytes_of(limits),
        producer=settings.producer(),
    )
    return Report(result, names)


def answer(root: Callable[[], Path], path: str, patterns: object) -> str:
    """`analyze_ast_patterns` with another root."""
    try:
        return _answer(root(), path, patterns)
    except Exception as error:
        return _error(f"AST analysis failed: {type(error).__name__}: {_message(error)}")


def _answer(root: Path, path: str, patterns: object) -> str:
    # With `pathlib`, as rev does it: the texts for odd paths are then those of the running Python.
    target = (root / path).resolve()
    if not target.is_relative_to(root):
        raise ValueError(f"Path escapes repo: {path}")
    if not target.exists():
        return _error(f"Path not found: {path}")
    if not (target.is_dir() or (target.is_file() and target.suffix == ".py")):
        return _error("No Python files found")
    rules, check_error, failure = settings.ALL_RULES, None, None
    end = rules_checked(settings.RULES)
    try:
        if patterns:
            end = patterns_checked(patterns)
            rules, check_error = _chosen(patterns)
    except Exception as error:  # rev meets it too, but only once it has found files
        rules, failure = 0, error
    text, problem = _core.analyze(
        str(root),
        str(target),
        rules=rules,
        tail=end,
        check_error=check_error,
        threads=settings.from_environment(lambda: settings.thread_count(None), None),
        producer=settings.from_environment(settings.producer, "auto"),
        cache=settings.from_environment(result_cache.arguments, None),
    )
    result_cache.tell(problem)
    if text is None:
        return _error("No Python files found")
    if failure is not None:
        raise failure
    return text


def _chosen(patterns: object) -> tuple[int, str | None]:
    """The rules that are `in` the value, and the class of what `in` raised."""
    try:
        names = [name for name in settings.RULES if name in patterns]  # type: ignore[operator]
    except Exception as error:  # rev tries it for each file, and reports it there
        return 0, type(error).__name__
    return settings.rule_bits(names), None


def _error(text: str) -> str:
    from json import dumps

    return dumps({"error": text})


def _message(error: Exception) -> str:
    try:
        return f"{error}"
    except Exception:  # an exception class of the caller's whose text cannot be made
        return "(its text cannot be shown)"
