"""The messages of a conversation: `MessageLog` has all of them, `History` is what is sent.

Every name is loaded when it is first used.
"""

from rev_accel.lazily import loader as _loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .log import INTERRUPTED as INTERRUPTED
    from .log import MessageLog as MessageLog
    from .log import Recovery as Recovery
    from .log import messages_digest as messages_digest
    from .outputs import ToolOutputs as ToolOutputs
    from .prefix import Prefix as Prefix
    from .prefix import PrefixTotals as PrefixTotals
    from .summariser import ModelSummary as ModelSummary
    from .validity import Problem as Problem
    from .validity import check as check
    from .view import Budget as Budget
    from .view import History as History
    from .view import View as View
    from .window import Cut as Cut

__all__ = [
    "INTERRUPTED",
    "Budget",
    "Cut",
    "History",
    "MessageLog",
    "ModelSummary",
    "Prefix",
    "PrefixTotals",
    "Problem",
    "Recovery",
    "ToolOutputs",
    "View",
    "check",
    "messages_digest",
]

# Where each name is defined.
_HOMES = {
    "INTERRUPTED": "log",
    "Budget": "view",
    "Cut": "window",
    "History": "view",
    "MessageLog": "log",
    "ModelSummary": "summariser",
    "Prefix": "prefix",
    "PrefixTotals": "prefix",
    "Problem": "validity",
    "Recovery": "log",
    "ToolOutputs": "outputs",
    "View": "view",
    "check": "validity",
    "messages_digest": "log",
}

if not TYPE_CHECKING:
    __getattr__ = _loader(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
