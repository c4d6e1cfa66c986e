"""The drop-in: puts faster and corrected parts into the rev that is installed, and takes them out again::

    import rev_accel.compat.rev as accel

    print(accel.install())

`install` may come before or after rev and any of its modules are imported: what is not there yet is replaced when it
is. It says of each point what was done; `status` says it at any later time, and `uninstall` puts rev's own functions
back. There are seven groups of points, each of which is installed as a whole or not at all: `GROUPS`.
"""

from rev_accel.lazily import loader as _loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .installation import install as install
    from .installation import status as status
    from .installation import uninstall as uninstall
    from .report import InstallReport as InstallReport
    from .report import PointReport as PointReport
    from .table import GROUPS as GROUPS
    from .table import KNOWN_VERSIONS as KNOWN_VERSIONS

__all__ = ["GROUPS", "KNOWN_VERSIONS", "InstallReport", "PointReport", "install", "status", "uninstall"]

# Where each name is defined.
_HOMES = {
    "GROUPS": "table",
    "KNOWN_VERSIONS": "table",
    "InstallReport": "report",
    "PointReport": "report",
    "install": "installation",
    "status": "installation",
    "uninstall": "installation",
}

if not TYPE_CHECKING:
    __getattr__ = _loader(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
