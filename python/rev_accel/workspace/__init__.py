"""Where work is done: the root that relative paths start at, and `Workspace`, the files below roots::

    from rev_accel.workspace import Version, Workspace

    workspace = Workspace(".", also={"/usr/share/dict": "read"})
    data = workspace.read("notes.txt")
    workspace.write("notes.txt", data + b"more\\n", expected=Version.of(data))

`Workspace` and what belongs to it are loaded when they are first used.
"""

from .root import get_root, set_root, use_root

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .files import Workspace as Workspace
    from .state import Absent as Absent
    from .state import Entry as Entry
    from .state import Kind as Kind
    from .state import Right as Right
    from .state import Stat as Stat
    from .state import Version as Version

__all__ = [
    "Absent",
    "Entry",
    "Kind",
    "Right",
    "Stat",
    "Version",
    "Workspace",
    "get_root",
    "set_root",
    "use_root",
]

# Where each name is defined that is loaded late.
_HOMES = {
    "Absent": "state",
    "Entry": "state",
    "Kind": "state",
    "Right": "state",
    "Stat": "state",
    "Version": "state",
    "Workspace": "files",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        # Here, since the drop-in imports this package and needs none of it.
        from rev_accel.lazily import loader

        return loader(globals(), _HOMES)(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
