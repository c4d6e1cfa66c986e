"""Static analysis of whole trees of Python files in native code, and what a coding agent needs beside it.

`analyze_ast_patterns` answers as rev's function of that name; `scan` and `scan_source` give the same
findings as typed objects. `search` finds lines in text files, `outline` and `find_definitions` what Python
files define. `get_repo_context` and `repo` tell the state of the git repository. `digest` names
messages and tool sets by their content; `llm` describes, asks, records and replays calls of models, `ResponseCache`
keeps their replies, `MessageLog` a conversation, and `History` is what of it is sent; `tools` are
what a model may call, in a `workspace`; `metrics` counts and measures. `compat.rev` puts parts of this into rev.
Every name is loaded when it is first used: importing this package does nothing else.
"""

# A plain name instead of `typing.TYPE_CHECKING`: type checkers know it, and importing `typing` would
# cost more than the rest of this import.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import cache as cache
    from . import compat as compat
    from . import errors as errors
    from . import llm as llm
    from . import metrics as metrics
    from . import repo as repo
    from . import tools as tools
    from . import workspace as workspace
    from ._core import __version__ as __version__
    from ._core import canonical_bytes as canonical_bytes
    from ._core import digest as digest
    from ._core import digest_bytes as digest_bytes
    from .analysis import analyze_ast_patterns as analyze_ast_patterns
    from .analysis import scan as scan
    from .analysis import scan_source as scan_source
    from .definitions import Definition as Definition
    from .definitions import Definitions as Definitions
    from .definitions import Outline as Outline
    from .definitions import Symbol as Symbol
    from .definitions import find_definitions as find_definitions
    from .definitions import outline as outline
    from .definitions import outline_source as outline_source
    from .errors import GitError as GitError
    from .errors import InputError as InputError
    from .errors import InternalError as InternalError
    from .errors import LogError as LogError
    from .errors import ModelError as ModelError
    from .errors import PathOutsideRootError as PathOutsideRootError
    from .errors import ReplayMissError as ReplayMissError
    from .errors import RevAccelError as RevAccelError
    from .errors import StaleFileError as StaleFileError
    from .errors import ToolError as ToolError
    from .history import History as History
    from .history import MessageLog as MessageLog
    from .history import messages_digest as messages_digest
    from .records import FileError as FileError
    from .records import Finding as Finding
    from .records import Limits as Limits
    from .records import ScanStats as ScanStats
    from .replies import ReplyStats as ReplyStats
    from .replies import ResponseCache as ResponseCache
    from .repo import get_repo_context as get_repo_context
    from .report import Report as Report
    from .text_search import Match as Match
    from .text_search import SearchLimits as SearchLimits
    from .text_search import SearchResult as SearchResult
    from .text_search import search as search

__all__ = [
    "Definition",
    "Definitions",
    "FileError",
    "Finding",
    "GitError",
    "History",
    "InputError",
    "InternalError",
    "Limits",
    "LogError",
    "Match",
    "MessageLog",
    "ModelError",
    "Outline",
    "PathOutsideRootError",
    "ReplayMissError",
    "ReplyStats",
    "Report",
    "ResponseCache",
    "RevAccelError",
    "ScanStats",
    "SearchLimits",
    "SearchResult",
    "StaleFileError",
    "Symbol",
    "ToolError",
    "__version__",
    "analyze_ast_patterns",
    "cache",
    "canonical_bytes",
    "compat",
    "digest",
    "digest_bytes",
    "errors",
    "find_definitions",
    "get_repo_context",
    "llm",
    "messages_digest",
    "metrics",
    "outline",
    "outline_source",
    "repo",
    "scan",
    "scan_source",
    "search",
    "tools",
    "workspace",
]

# Where each name is defined; a name that is its own module is that module.
_HOMES = {
    "Definition": "definitions",
    "Definitions": "definitions",
    "FileError": "records",
    "Finding": "records",
    "GitError": "errors",
    "History": "history",
    "InputError": "errors",
    "InternalError": "errors",
    "Limits": "records",
    "LogError": "errors",
    "Match": "text_search",
    "MessageLog": "history",
    "ModelError": "errors",
    "Outline": "definitions",
    "PathOutsideRootError": "errors",
    "ReplayMissError": "errors",
    "ReplyStats": "replies",
    "Report": "report",
    "ResponseCache": "replies",
    "RevAccelError": "errors",
    "ScanStats": "records",
    "SearchLimits": "text_search",
    "SearchResult": "text_search",
    "StaleFileError": "errors",
    "Symbol": "definitions",
    "ToolError": "errors",
    "__version__": "_core",
    "analyze_ast_patterns": "analysis",
    "cache": "cache",
    "canonical_bytes": "_core",
    "compat": "compat",
    "digest": "_core",
    "digest_bytes": "_core",
    "errors": "errors",
    "find_definitions": "definitions",
    "get_repo_context": "repo",
    "llm": "llm",
    "messages_digest": "history",
    "metrics": "metrics",
    "outline": "definitions",
    "outline_source": "definitions",
    "repo": "repo",
    "scan": "analysis",
    "scan_source": "analysis",
    "search": "text_search",
    "tools": "tools",
    "workspace": "workspace",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(f"{__name__}.{home}")
        value = module if name == home else getattr(module, name)
        globals()[name] = value
        return value


def _answer(text: str, reply: "Callable[[object], object]") -> None:
    """Answers a question of the native core: the body of a thread that nobody joins."""
    try:
        from ._interpreter import answer
    except BaseException:  # at the end of the process nothing can be imported any more
        reply(None)
    else:
        answer(text, reply)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
