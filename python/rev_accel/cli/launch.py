"""Runs a Python program in this process as if it had been started directly.

What a program can see of its start is as it would be: `sys.argv`, `sys.path[0]`, the module `__main__`, streams,
signals. What it leaves is, too: its exit code, the text of a `SystemExit`, a traceback that begins with its own first
line, an end by SIGINT after Ctrl-C. All of the latter is left to the interpreter, to which the exception comes out.
`sys.orig_argv`, and the frames above the program for who looks at the stack, are those of rev-accel.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint
    from types import FrameType, ModuleType, TracebackType

__all__ = ["Archive", "Function", "Module", "Script", "Target", "run"]


class Script:
    """A file of Python source."""

    def __init__(self, path: str) -> None:
        self.path = path

    def enter(self, arguments: list[str]) -> None:
        enter(os.path.dirname(os.path.realpath(self.path)), [self.path, *arguments])

    def start(self) -> None:
        from importlib.machinery import SourceFileLoader

        path = os.path.join(working_folder(), self.path)  # not tidied up: neither does the interpreter
        main = new_main()
        vars(main).update(__file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path))
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, vars(main))  # noqa: S102 (it is the program that was asked for)


class Module:
    """What `python -m` takes; run by the function that the interpreter calls for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def enter(self, arguments: list[str]) -> None:
        enter(working_folder(), ["-m", *arguments])

    def start(self) -> None:
        run_as_main(self.name, names_itself=True)


class Archive:
    """A zip file or a folder with a `__main__.py`."""

    def __init__(self, path: str) -> None:
        self.path = path

    def enter(self, arguments: list[str]) -> None:
        enter(os.path.join(working_folder(), self.path), [self.path, *arguments])

    def start(self) -> None:
        run_as_main("__main__", names_itself=False)


class Function:
    """A console script without a file that Python could run, as the launchers of Windows are."""

    def __init__(self, path: str, entry_point: EntryPoint) -> None:
        self.path = path
        self.entry_point = entry_point

    def enter(self, arguments: list[str]) -> None:
        enter(os.path.dirname(self.path), [self.path, *arguments])

    def start(self) -> None:
        new_main()
        sys.exit(self.entry_point.load()())


Target = Script | Module | Archive | Function


def run(target: Target) -> None:
    """Runs a program that was entered to its end; what it raises, also `SystemExit`, comes out."""
    try:
        target.start()
    except SystemExit:
        raise
    except BaseException:
        hide_frames(sys._getframe())
        raise


def run_as_main(name: str, *, names_itself: bool) -> None:
    import runpy

    new_main()
    runpy._run_module_as_main(name, names_itself)  # type: ignore[attr-defined]


def enter(folder: str, argv: list[str]) -> None:
    """Gives the process the program's arguments, and its own place to import from; in isolated mode there is none."""
    sys.argv[:] = argv
    if not sys.flags.safe_path:
        sys.path[0] = folder


def working_folder() -> str:
    """Empty if it was removed: then a path stays as it was given, as with the interpreter."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def new_main() -> ModuleType:
    """A module `__main__` as the interpreter makes it at its start."""
    main = type(sys)("__main__")
    vars(main).update(__builtins__=sys.modules["builtins"])
    if sys.version_info < (3, 14):  # later ones make them when they are asked for
        vars(main).update(__annotations__={})
    sys.modules["__main__"] = main
    return main


def hide_frames(last: FrameType) -> None:
    """Has the traceback that the interpreter will print begin below a frame of ours and those of this file."""
    show = getattr(sys, "excepthook", None)
    if not callable(show):
        return
    show_all: Callable[[type[BaseException], BaseException, TracebackType | None], object] = show

    def show_program(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        below = trace
        while below is not None and below.tb_frame is not last:
            below = below.tb_next
        while below is not None and below.tb_frame.f_code.co_filename == __file__:
            below = below.tb_next
        show_all(kind, error.with_traceback(below), below)

    sys.excepthook = show_program
