"""What `rev-accel exec` is told to start, found as a shell would find it, and in this environment only.

The target runs in this process, so it has to be Python, and of the interpreter that runs rev-accel: a file in the
environment's folder of commands or on the search path, an entry point of an installed package, a path, or what stands
behind `python`.
"""

from __future__ import annotations

import os
import sys

from rev_accel.errors import InputError

from .launch import Archive, Function, Module, Script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.metadata import EntryPoint

    from .launch import Target

__all__ = ["find"]

FIRST_BYTES = 4096
LONGEST_LINE = 4096
"""Of a line that names the interpreter: more than any system takes."""
IN_SECOND_LINE = "'''exec' "
"""How a second line begins that names the interpreter to the shell, and is a string to Python."""


def find(command: Sequence[str]) -> tuple[Target, list[str]]:
    """The target, and the arguments that are left for it; raises `InputError` with what was looked for and where."""
    name, *arguments = command
    if is_python_name(os.path.basename(name)):
        return behind_python(name, arguments)
    if os.path.basename(name) != name:
        return of_path(name), arguments
    other = None
    for path in files_named(name):
        if runs_here(path):
            return of_source(path), arguments
        other = other or path
    entry_point = console_script(name)
    if entry_point is not None:
        return Function(os.path.join(commands_folder(), name), entry_point), arguments
    if other is not None:
        raise InputError(why_not(f"`{name}` is `{other}`, which", other))
    raise InputError(
        f"there is no command `{name}`: neither a file of that name in `{commands_folder()}` or on the search path, "
        f"nor an entry point of a package of `{sys.executable}`; install it there"
    )


# A name


def commands_folder() -> str:
    return os.path.dirname(sys.executable)


def files_named(name: str) -> Iterator[str]:
    """The environment's own first: it need not be on the search path."""
    own = os.path.join(commands_folder(), name)
    if os.path.isfile(own):
        yield own
    yield from on_search_path(name)


def on_search_path(name: str) -> Iterator[str]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            yield path


def console_script(name: str) -> EntryPoint | None:
    from importlib.metadata import entry_points

    return next(iter(entry_points(group="console_scripts", name=name)), None)


# A file


def of_path(path: str) -> Target:
    if os.path.isfile(os.path.join(path, "__main__.py")):
        return Archive(path)
    if not os.path.isfile(path):
        raise InputError(f"there is no file `{path}`")
    is_source = path.endswith((".py", ".pyw", ".pyz")) and interpreter_of(path) is None
    if not is_source and not runs_here(path):
        raise InputError(why_not(f"`{path}`", path))
    return of_source(path)


def of_source(path: str) -> Script | Archive:
    """A zip file may begin with the line that names the interpreter; in source there is no NUL, or it is an error."""
    with open(path, "rb") as file:
        if b"\0" not in file.read(FIRST_BYTES):
            return Script(path)
    from zipfile import is_zipfile

    return Archive(path) if is_zipfile(path) else Script(path)


def runs_here(path: str) -> bool:
    """Whether the system would run the file with the interpreter of this process."""
    interpreter = interpreter_of(path)
    return interpreter is not None and is_this(interpreter)


def interpreter_of(path: str) -> str | None:
    """The Python that the first line names, in the forms that installers write; `None` if it names none."""
    try:
        with open(path, "rb") as file:
            first, second = (os.fsdecode(file.readline(LONGEST_LINE)) for _ in range(2))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}") from None
    words = first[2:].split() if first.startswith("#!") else []
    if words == ["/bin/sh"] and second.startswith(IN_SECOND_LINE):
        rest = second.removeprefix(IN_SECOND_LINE)
        words = rest[1:].split('"')[:1] if rest.startswith('"') else rest.split()
    elif words and os.path.basename(words[0]) == "env":
        named = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        words = [next(on_search_path(named), named)]
    return words[0] if words and is_python_name(os.path.basename(words[0])) else None


def why_not(what: str, path: str) -> str:
    interpreter = interpreter_of(path)
    if interpreter is None:
        return (
            f"{what} is no Python program; exec runs its target in its own process, so it starts console scripts, "
            "Python files and modules (`python -m MODULE`) only"
        )
    return (
        f"{what} belongs to another interpreter, `{interpreter}`; exec runs its target in its own process, by "
        f"`{sys.executable}`: install rev-accel for that interpreter and use its command, or what is to be started for "
        "this one"
    )


# Python


def is_python_name(name: str) -> bool:
    """`python`, `python3`, `python3.11`; on Windows with `.exe`."""
    version = name.lower().removesuffix(".exe").removeprefix("python")
    return name.lower().startswith("python") and (not version or version.replace(".", "").isdigit())


def is_this(interpreter: str) -> bool:
    """Whether it is the interpreter of this process: the same program, in the same environment."""
    return same(os.path.dirname(interpreter), commands_folder()) and same(interpreter, sys.executable)


def same(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def behind_python(name: str, arguments: list[str]) -> tuple[Target, list[str]]:
    """`python -m MODULE ...` and `python FILE ...`, where `python` without a folder is always this one."""
    if os.path.basename(name) == name:
        version = name.lower().removesuffix(".exe").removeprefix("python")
        this = not version or f"{sys.version_info[0]}.{sys.version_info[1]}.".startswith(f"{version}.")
    else:
        this = is_this(name)
    if not this:
        raise InputError(
            f"`{name}` is another interpreter; exec runs its target in its own process, by `{sys.executable}`: install "
            f"rev-accel for that one and start `{name} -m rev_accel exec -- python ...`"
        )
    first, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if first == "-m" and rest:
        return Module(rest[0]), rest[1:]
    if first and not first.startswith("-"):
        if os.path.isfile(os.path.join(first, "__main__.py")):
            return Archive(first), rest
        if os.path.isfile(first):
            return of_source(first), rest
        raise InputError(f"there is no file `{first}`")
    raise InputError(
        f"exec knows `{name} -m MODULE` and `{name} FILE`, not `{' '.join([name, first]).rstrip()}`; options of the "
        f"interpreter go to the one that runs rev-accel: `{name} OPTIONS -m rev_accel exec -- {name} -m MODULE`"
    )
