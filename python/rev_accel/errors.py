"""The exceptions of this package::

    Exception
    └── RevAccelError
        ├── InputError (also a ValueError)            an argument, option or named path cannot be used
        ├── LogError (also a ValueError)              a message log is damaged, open elsewhere, or none
        ├── PathOutsideRootError (also a ValueError)  a path leads out of the workspace
        ├── StaleFileError                            a file is not as it was when it was read; nothing was written
        ├── ToolError                                 a tool refuses what it was asked for; says what to do instead
        ├── GitError                                  git gave no answer; says why
        ├── ModelError                                a call of a model gave no whole reply
        │   ├── ModelTimeoutError (also a TimeoutError)  it took too long; says in which phase
        │   ├── ModelRefusedError                        the server said no, or could not be reached
        │   ├── ModelMalformedError                      the reply is not one of its dialect
        │   └── ModelTruncatedError                      the reply broke off
        ├── ReplayMissError (also a LookupError)      a request was not recorded
        └── InternalError (also a RuntimeError)       a defect of rev-accel itself

What goes wrong with one file of a tree is not an exception: it is a `FileError` in the report.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    GitReason = Literal["missing", "refused", "timeout", "failed"]
    Phase = Literal["connect", "sending", "first_byte", "reading"]

__all__ = [
    "GitError",
    "InputError",
    "InternalError",
    "LogError",
    "ModelError",
    "ModelMalformedError",
    "ModelRefusedError",
    "ModelTimeoutError",
    "ModelTruncatedError",
    "PathOutsideRootError",
    "ReplayMissError",
    "RevAccelError",
    "StaleFileError",
    "ToolError",
]


class RevAccelError(Exception):
    """The base of every exception that rev-accel raises on its own account."""


class InputError(RevAccelError, ValueError):
    """An argument, option, environment variable or named path cannot be used; the text says which and why."""


class LogError(RevAccelError, ValueError):
    """A message log is damaged, is open elsewhere, or is none; nothing in it was changed."""

    line: int | None = None
    """The line of the record that is damaged."""


class PathOutsideRootError(RevAccelError, ValueError):
    """A path leads out of the workspace, or to a place in it that may only be read."""


class StaleFileError(RevAccelError):
    """A file is not as it was when it was read, so nothing was written; read it again.

    `difference` is what has changed since, as a unified diff of bounded length; `None` where what was read is not kept,
    as that of large files, or where one of the two is no text.
    """

    difference: "str | None" = None


class ToolError(RevAccelError):
    """A tool refuses what it was asked for. The text is for the model: what was expected, and what to do instead."""


class InternalError(RevAccelError, RuntimeError):
    """A defect of rev-accel itself: please report it with the text of this exception."""


class GitError(RevAccelError):
    """Git gave no answer about a repository.

    `reason` is `"missing"` when there is no git to run; `"refused"` when git does not trust the owner of the
    repository, or cannot be kept from running a program that the repository names; `"timeout"`; and `"failed"` for all
    else that git says no to, as a folder that is in no repository. The text has what git said.
    """

    reason: "GitReason" = "failed"


class ModelError(RevAccelError):
    """A call of a model gave no whole reply."""


class ModelTimeoutError(ModelError, TimeoutError):
    """A call took longer than its limits. The text says where the time went.

    `phase` is what was being waited for: `"connect"`, `"sending"` the request, the `"first_byte"` of the reply,
    or, `"reading"`, the rest of it.
    """

    def __init__(self, message: str, *, phase: "Phase" = "reading") -> None:
        super().__init__(message)
        self.phase = phase


class ModelRefusedError(ModelError):
    """The server answered with an error, or could not be reached.

    `status` is the HTTP status; `None` when there was no connection. `retry_after` is the number of seconds after
    which the server wants to be asked again, if it said so.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class ModelMalformedError(ModelError):
    """What came is not a reply of the dialect that was spoken."""


class ModelTruncatedError(ModelError):
    """The reply broke off: the connection ended, or the stream did without saying that it was done."""


class ReplayMissError(RevAccelError, LookupError):
    """A request has no recorded reply, or is not the one whose turn it is.

    The text shows the closest recorded request. `place` names the first field in which it differs, such as
    `messages[2].content`; `None` if nothing was recorded.
    """

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(message)
        self.place = place
