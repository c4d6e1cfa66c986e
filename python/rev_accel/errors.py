"""The exceptions of this package.

    Exception
    └── RevAccelError
        ├── InputError (also a ValueError)            an argument, option or named path cannot be used
        ├── LogError (also a ValueError)              a message log is damaged, open elsewhere, or none
        ├── PathOutsideRootError (also a ValueError)  a path leads out of the workspace root
        └── InternalError (also a RuntimeError)       a defect of rev-accel itself

What goes wrong with one file of a tree is not an exception: it is a `FileError` in the report.
"""

__all__ = ["InputError", "InternalError", "LogError", "PathOutsideRootError", "RevAccelError"]


class RevAccelError(Exception):
    """The base of every exception that rev-accel raises on its own account."""


class InputError(RevAccelError, ValueError):
    """An argument, option, environment variable or named path cannot be used; the text says which and why."""


class LogError(RevAccelError, ValueError):
    """A message log is damaged, is open elsewhere, or is none; nothing in it was changed."""

    line: int | None = None
    """The line of the record that is damaged."""


class PathOutsideRootError(RevAccelError, ValueError):
    """A path leads out of the workspace root."""


class InternalError(RevAccelError, RuntimeError):
    """A defect of rev-accel itself: please report it with the text of this exception."""
