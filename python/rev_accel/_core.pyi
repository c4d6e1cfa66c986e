"""The native module: private, and without checks of its own that `rev_accel.settings` has already made.

Common to all functions:

* `rules` is a bit mask in the order todos=1, prints=2, dangerous=4, type_hints=8, complex_functions=16,
  globals=32.
* `threads=None` takes the cores that the process may use, and fewer for little work.
* `producer` says who reads a file: with `"auto"` the recogniser and, where it does not know, the parser; with
  `"parser"` the parser alone; with `"audit"` both, and a file on which they differ fails with `internal_error`.
* Work runs outside the GIL on threads of its own, which end with the call. Ctrl-C stops it: the call
  raises `KeyboardInterrupt`. So does an exception from a callback, which comes through unchanged.
* A defect (a panic) raises `rev_accel.errors.InternalError`.
* `cache` is `None`, or the folder of the cache (`None` for the usual one), whether contents are compared always, the
  limit of its size in bytes, and a file of whose answer the figures shall tell how it came about.
* File names that are not UTF-8 go in and out as `os.fsdecode` writes them.
"""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict, final, type_check_only

__all__ = [
    "FoundLines",
    "ReplyStore",
    "ScanResult",
    "WorkspaceCore",
    "__version__",
    "_panic_for_tests",
    "_repo_floor_for_benches",
    "add_reply_counts",
    "after_fork_in_child",
    "after_fork_in_parent",
    "analyze",
    "before_fork",
    "cache_bytes",
    "cache_clear",
    "cache_info",
    "cache_shrink",
    "cache_verify",
    "canonical_bytes",
    "chain_digest",
    "content_digest",
    "digest",
    "digest_bytes",
    "find_definitions",
    "forget",
    "outline",
    "outline_source",
    "plain_name",
    "repo_explain",
    "repo_git",
    "repo_head",
    "repo_log",
    "repo_status",
    "repo_text",
    "scan",
    "scan_source",
    "search",
    "stream",
    "write_counts",
]

_Producer: TypeAlias = Literal["auto", "parser", "audit"]
_Kind: TypeAlias = Literal["file", "folder", "link", "other"]
_Path: TypeAlias = str | PathLike[str]
_Cache: TypeAlias = tuple[str | None, bool, int, str | None]

__version__: str
"""The version of the package, as `major.minor.patch`."""

def analyze(
    root: str,
    target: str,
    *,
    rules: int,
    tail: str,
    check_error: str | None = None,
    threads: int | None = None,
    producer: _Producer = "auto",
    cache: _Cache | None = None,
) -> tuple[str | None, str | None]:
    """The JSON text of the drop-in, or `None` if there is no Python file; and why the cache was not used, if so.

    Every `*.py` below `target` is taken, as `rglob('*.py')` gives them; a `target` that is a file is taken
    whatever its name. With a cache, the same object comes back while nothing has changed.

    Args:
        root: What the keys are relative to; absolute, symbolic links resolved.
        target: A file or folder in `root`; absolute, symbolic links resolved.
        rules: The rules to check.
        tail: What stands behind the number of `total_issues`: the member `patterns_checked` and the closing
            brace. ASCII.
        check_error: The class name reported for each file that parses, for a `patterns` argument that
            fails when it is asked for a rule.
        threads: How many threads analyse.
    """

def scan(
    root: str,
    paths: list[str],
    *,
    rules: int,
    all_files: bool,
    exclude: list[str],
    max_bytes: int,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    producer: _Producer = "auto",
    cache: _Cache | None = None,
) -> ScanResult:
    """Analyse files and folders and keep everything that was found.

    Args:
        root: What paths and globs are relative to; absolute, symbolic links resolved.
        paths: Files and folders. A file is analysed whatever its name.
        rules: The rules to check.
        all_files: Take every `*.py` of a folder, instead of those that no ignore file names.
        exclude: Globs as in .gitignore, of what to leave out of a folder.
        max_bytes: Size of the largest file that is analysed.
        threads: How many threads analyse.
        progress: Called on the calling thread with the number of files done and of files in all.

    Raises:
        rev_accel.errors.InputError: A path cannot be looked at, or a glob is not valid.
    """

def scan_source(source: bytes, *, path: str, rules: int, max_bytes: int, producer: _Producer = "auto") -> ScanResult:
    """Analyse the text of one file, reported under the name `path`."""

def stream(
    root: str,
    paths: list[str],
    *,
    rules: int,
    all_files: bool,
    exclude: list[str],
    max_bytes: int,
    format: Literal["text", "jsonl", "sarif"],
    color: bool,
    write: Callable[[bytes], object],
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    producer: _Producer = "auto",
    cache: _Cache | None = None,
) -> Stats:
    """Analyse files and folders and write what was found at once, in the order of the paths.

    Only a window of files is kept in memory, and for SARIF what failed. The arguments are those of `scan`, and:

    Args:
        format: `"text"` writes `path:line:column: rule message` for each finding and each file that
            failed; `"jsonl"` one JSON object for each file, then a summary object; `"sarif"` one SARIF 2.1.0 log.
        color: Whether text has the escape sequences of a terminal.
        write: Takes the output piece by piece, on the calling thread.

    Returns:
        What `ScanResult.stats` holds.
    """

def cache_info(folder: str | None) -> _CacheInfo | None:
    """Figures of the cache in a folder, or in the usual place; `None` when there is none.

    Raises:
        rev_accel.errors.InputError: The folder is not one to be trusted, or cannot be read.
    """

def cache_verify(folder: str | None) -> _CacheCheck | None:
    """Read all of it and drop what is damaged; `None` when there is none. Raises as `cache_info`."""

def cache_bytes(folder: str | None) -> int | None:
    """How many bytes its files take; `None` when there is none. Raises as `cache_info`."""

def cache_shrink(folder: str | None, *, max_bytes: int, max_reply_bytes: int) -> bool:
    """Give up what was not used for longest until results and replies take at most so many bytes each.

    False when that failed.
    """

def cache_clear(folder: str | None, *, results: bool, replies: bool) -> bool:
    """Remove results, also those that this process remembers, or replies, or both; false when something is left."""

def digest(value: object, *, domain: str = "value") -> str:
    """The digest of a value: a name for its content, as 64 lower-case hexadecimal digits.

    Equal data has equal digests, on every machine and in every process; different data has different ones.
    It is BLAKE3 over `canonical_bytes`, which says what counts as equal. Nothing is remembered between calls.

    A value is `None`, a `bool`, `int`, `float`, `str`, a `list` or `tuple` of values, or a `dict` with `str` keys,
    all of them also of subclasses: these count as what they hold as their base, and none of their methods is called.

    * The order of a dict's keys is irrelevant, that of a list is not. A list equals a tuple.
    * `1`, `1.0`, `True` and `"1"` differ, and so do `0.0` and `-0.0`. Every NaN is one value. An int may have any size.
    * A `str` may hold lone surrogates; it is then equal to no valid text.

    Args:
        value: What is digested.
        domain: The role in which it is digested, as `"message"` or `"tools"`: the same data in two roles has two
            digests. 1 to 64 visible ASCII characters.

    Raises:
        TypeError: Something in it is of another type. The message says where, beginning with the domain, as
            `messages[3].content`.
        rev_accel.errors.InputError: It contains itself, or more than 1,000 lists and dicts inside each other,
            10,000,000 values or 1 GiB; it has a dict in which two keys (of a subclass of `str` that compares
            otherwise) are the same text; or the domain is not one. This is a `ValueError`.
    """

def digest_bytes(value: object, *, domain: str = "value") -> bytes:
    """The digest of a value as 32 bytes. Arguments and errors are those of `digest`."""

def canonical_bytes(value: object, *, domain: str = "value") -> bytes:
    """What `digest` hashes: to see why two digests differ. Arguments and errors are those of `digest`.

    The first byte is the version of the format, 1; then come the domain, as a length and its characters, and the
    value. A value is a tag and what belongs to it:

    * `n`, `t`, `f`: `None`, `True`, `False`
    * `i`: an int; length and the shortest two's complement, most significant byte first
    * `d`: a float; the eight bytes of an IEEE 754 double, sign first; NaN as `7ff8000000000000`
    * `s`: a str; length and UTF-8, as the error handler `surrogatepass` writes it
    * `l`: a list or tuple; number of elements and the elements
    * `m`: a dict; number of entries and for each a key, as a str, and a value, in the order of the keys' bytes

    Lengths and numbers are in LEB128: seven bits a byte, the least significant first, the high bit set in all bytes
    but the last.
    """

def chain_digest(messages: Sequence[object], *, previous: bytes | None = None, first: int = 0) -> bytes | None:
    """The digest of a sequence of messages, as 32 bytes; `None` when there are none at all.

    It is `digest([previous, last], domain="messages")` of the digest of all messages but the last, or `None`, and that
    of the last in the domain `"message"`, both as text. So the digest of a sequence that grows costs what is new:
    `chain_digest(a + b) == chain_digest(b, previous=chain_digest(a))`.

    Args:
        messages: Each a value as for `digest`.
        previous: The digest of what comes before them.
        first: The number of the first one, for the text of errors. Errors are those of `digest`.
    """

_Status: TypeAlias = Literal["syntax_error", "undecodable", "unreadable", "too_large", "too_complex", "internal_error"]
_Failure: TypeAlias = tuple[str, _Status, str, str]
_Line: TypeAlias = tuple[str, int, int, str, int, int, tuple[tuple[int, int], ...], tuple[str, ...], tuple[str, ...]]

def search(
    root: str,
    paths: list[str],
    *,
    pattern: str,
    literal: bool,
    case: Literal["sensitive", "insensitive", "smart"],
    words: bool,
    all_files: bool,
    include: list[str],
    exclude: list[str],
    before: int,
    after: int,
    max_matches: int,
    max_file_matches: int,
    max_characters: int,
    threads: int | None = None,
) -> FoundLines:
    """Search files and folders for lines that match a pattern.

    Args:
        root: What paths and globs are relative to; absolute, symbolic links resolved.
        paths: Files and folders. A file is searched whatever its name.
        pattern: A regular expression, or a text.
        literal: Whether it is a text.
        case: Whether capital and small letters are equal.
        words: Whether only whole words match.
        all_files: Take every regular file of a folder, instead of those that no ignore file names.
        include: Globs as in .gitignore: only files that match one are taken from folders, if there are any.
        exclude: Globs of what to leave out of a folder.
        before: Lines of context before each match.
        after: Lines of context behind it.
        max_matches: How many matching lines to give.
        max_file_matches: How many of each file.
        max_characters: How much of each line.
        threads: How many threads search.

    Raises:
        rev_accel.errors.InputError: A path cannot be looked at, or the pattern or a glob is not valid.
    """

@final
class FoundLines:
    """What `search` found: a frozen list of the lines that are kept, by path and line.

    They are kept as they were read; where they match is looked for when they are asked for.
    """

    def __len__(self) -> int:
        """The number of lines in the list."""

    @property
    def total(self) -> int:
        """The number of matching lines."""

    @property
    def files(self) -> int:
        """The number of files that were looked at."""

    @property
    def bytes(self) -> int:
        """The number of bytes read."""

    def counts(self) -> dict[str, int]:
        """The number of matching lines of each file that has one, by path."""

    def binary(self) -> tuple[str, ...]:
        """Those of these files that hold a NUL byte."""

    def failures(self) -> list[_Failure]:
        """Path, status, class name and message of each file or folder that failed."""

    def match(self, index: int) -> _Line:
        """The fields of `rev_accel.Match`; raises `IndexError` beyond the end, `OverflowError` before the start."""

_Symbol: TypeAlias = tuple[
    Literal["class", "function", "method", "variable"], bool, str, int, int, int, str, str | None
]
_Wrong: TypeAlias = tuple[_Status, str, str, int | None, int | None]

def outline(root: str, path: str, *, max_bytes: int) -> tuple[str, tuple[list[tuple[int, _Symbol]], _Wrong | None]]:
    """The name of a file in reports, and what `outline_source` gives for its text.

    Raises:
        rev_accel.errors.InputError: The path cannot be looked at, or is that of a folder.
    """

def outline_source(source: bytes, *, max_bytes: int) -> tuple[list[tuple[int, _Symbol]], _Wrong | None]:
    """What a text defines, in its order, and what is wrong with it.

    A symbol is its depth, and kind, whether it is async, name, line, first and last line, signature and the first line
    of its docstring. What is wrong is status, class name, message, line and column.
    """

def find_definitions(
    root: str,
    paths: list[str],
    *,
    name: str,
    all_files: bool,
    exclude: list[str],
    max_bytes: int,
    max_definitions: int,
    threads: int | None = None,
) -> tuple[list[tuple[str, str, _Symbol]], int, list[_Failure], int]:
    """Where a name, or the end of a qualified one, is defined.

    Returns:
        Path, qualified name and symbol of the first `max_definitions`, by path and line; how many there are; the files
        that may hold more; and how many files were looked at.

    Raises:
        rev_accel.errors.InputError: A path cannot be looked at, or a glob is not valid.
    """

def repo_text(
    folder: str, *, commits: str, excluded: list[str], timeout: float, threads: int | None, keep: bool
) -> str:
    """rev's text for a folder: JSON with what `git status -s` and `git log --oneline` print, and the entries.

    What git cannot answer is empty. Kept answers are given again while nothing has changed that they depend on.

    Args:
        folder: Where git is asked; absolute, symbolic links resolved.
        commits: The number of commits, as git reads it.
        excluded: Names of entries that are left out.
        timeout: How many seconds git may take.
        threads: How many threads look at files.
        keep: Whether to give a kept answer, and to keep this one.

    Raises:
        rev_accel.errors.InputError: The folder cannot be listed.
    """

def repo_status(
    folder: str, *, timeout: float, threads: int | None, keep: bool
) -> list[tuple[str, bytes, bytes | None]]:
    """Two letters, path and origin of each path that differs, in git's order. Raises `rev_accel.errors.GitError`."""

def repo_log(
    folder: str, *, commits: int, timeout: float, threads: int | None, keep: bool
) -> list[tuple[str, str, list[str], bytes, bytes, int, bytes]]:
    """Name, abbreviation, parents, author, their address, time and subject of each commit. Raises as `repo_status`."""

def repo_head(
    folder: str, *, timeout: float, threads: int | None, keep: bool
) -> tuple[str | None, bytes | None, str | None]:
    """The commit, the reference that HEAD leads to, and the top of the working tree. Raises as `repo_status`."""

def repo_explain(folder: str) -> tuple[bool, str, str | None, str | None, str | None, int, int] | None:
    """Of the last answer for a folder: was it kept, why or why not, why is it not kept, why git failed, git, processes,
    stamps.
    """

def repo_git(
    folder: str, arguments: list[str], *, timeout: float, writes: bool
) -> tuple[int | None, bytes, bytes, str, list[str]]:
    """Run git as hardened as for questions; paths among the arguments are taken literally.

    What the arguments themselves could start (drivers of differences, signatures, editors) the caller switches off.

    Returns:
        The exit code, `None` if a signal ended it; standard output and error; the top of the working tree; the filters
        that did not run, since the repository's own configuration names them.

    Raises:
        rev_accel.errors.GitError: There is no git, no working tree, no answer in time; or nobody knows what would run.
    """

def _repo_floor_for_benches(folder: str, *, commits: str, excluded: list[str], threads: int | None) -> int | None:
    """Look at all that a kept text rests on and do nothing else; how much of it is there, or `None` if none is kept."""

def forget() -> None:
    """Forget what this process remembers."""

def add_reply_counts(folder: str | None, numbers: list[int]) -> None:
    """Add to what is counted of questions for replies: hit, miss, shared, stored, refused, bypass.

    Nothing is done where there is no cache, or it cannot be written to.
    """

def write_counts(folder: str | None) -> None:
    """Write down how often each part of the cache had the answer, as far as that was not done yet."""

def before_fork() -> None:
    """For `os.register_at_fork`: wait, without the GIL, until no call uses the cache, and keep it so."""

def after_fork_in_parent() -> None:
    """For `os.register_at_fork`: end what `before_fork` began."""

def after_fork_in_child() -> None:
    """For `os.register_at_fork`: the same in the child, which does without the content store if it was in use."""

@type_check_only
class _CacheInfo(TypedDict):
    """Sizes in bytes; the numbers from `memory` on are files, by what answered them, and about right.

    `reply_counts` are questions of processes that have ended: hit, miss, shared, stored, refused, bypass.
    """

    folder: str
    writable: bool
    manifests: int
    manifest_bytes: int
    contents: int
    content_bytes: int
    content_problem: str | None
    replies: int
    reply_bytes: int
    reply_problem: str | None
    memory: int
    manifest: int
    store: int
    recent: int
    miss: int
    reply_counts: list[int]

@type_check_only
class _CacheCheck(TypedDict):
    """What was read, what of it was damaged, and whether some of that is left; otherwise it is gone now."""

    manifests: int
    damaged_manifests: int
    contents: int
    damaged_contents: int
    store_damaged: bool
    replies: int
    damaged_replies: int
    reply_store_damaged: bool
    is_left: bool

@type_check_only
class Stats(TypedDict):
    """What was done and how long it took; `rev_accel.ScanStats` tells more."""

    files: int
    bytes: int
    findings: int
    errors: int
    parsed: int
    unparsed: int
    asked: int
    threads: int
    memory: int
    manifest: int
    recent: int
    store: int
    select_ns: int
    analyse_ns: int
    keep_ns: int
    cache_problem: str | None
    explanation: str | None
    by_rule: dict[str, int]

@final
class ScanResult:
    """What `scan` found: a frozen list of the files that have something to say, sorted by path.

    Folders that could not be listed stand at its end. An index out of range raises `IndexError`.
    """

    def __len__(self) -> int:
        """The number of files in the list."""

    @property
    def total(self) -> int:
        """The number of findings."""

    @property
    def cache_problem(self) -> str | None:
        """Why the cache was not used, if it should have been."""

    @property
    def stats(self) -> Stats:
        """Figures of the whole scan, also of the files that are not in the list."""

    def path(self, index: int) -> str:
        """The path of a file: relative to the root with forward slashes, or absolute outside of it."""

    def status(
        self, index: int
    ) -> Literal["ok", "syntax_error", "undecodable", "unreadable", "too_large", "too_complex", "internal_error"]:
        """What became of a file."""

    def error(self, index: int) -> tuple[str, str, int | None, int | None] | None:
        """Class name, message, line and column of what failed; `None` for a file that is `"ok"`."""

    def findings(self, index: int) -> list[tuple[str, int, int, str, dict[str, Any]]]:
        """Rule, line, column, message and data of each finding of a file, by line and column."""

    def json(self) -> str:
        """The text that `analyze` gives for these files, also when there are none."""

    def lines(self, *, format: Literal["text", "jsonl", "sarif"], color: bool) -> bytes:
        """What `stream` writes for these files."""

_Bypass: TypeAlias = tuple[
    Literal["forked", "unusable", "read_only", "failed", "too_large"],
    str | None,
]
_Lease: TypeAlias = tuple[bytes, int, int, int]

@final
class ReplyStore:
    """The replies in a folder for caches, or in the usual one (`None`); opened at the first use.

    Keys have 32 bytes, owners 16, times are in milliseconds. A bypass is why the store was not used: a word, and a line
    for people if there is something that they can do. A lease is its owner, process, length, and deadline since 1970.
    """

    def __new__(cls, folder: str | None) -> ReplyStore: ...
    def get(self, key: bytes, *, max_age: int | None = None) -> bytes | _Bypass | None:
        """The reply to a request, if there is one that is not too old."""

    def put(
        self, key: bytes, reply: bytes, *, lasts: int | None, max_bytes: int, owner: bytes | None = None
    ) -> _Bypass | None:
        """Keep a reply, end the flight of `owner`, and give up what was not used for longest beyond `max_bytes`."""

    def take(
        self,
        key: bytes,
        owner: bytes,
        *,
        lease: int,
        max_age: int | None = None,
        waited_for: bytes | None = None,
        stale: _Lease | None = None,
    ) -> (
        tuple[Literal["reply"], bytes]
        | tuple[Literal["mine"], None]
        | tuple[Literal["held"], _Lease]
        | tuple[Literal["refused"], None]
        | tuple[Literal["bypass"], _Bypass]
    ):
        """The reply, or else the lease, or who has it, or that the call that was waited for came to nothing.

        Args:
            waited_for: The owner of that call.
            stale: A lease that was seen unchanged for its whole length: it is taken over whatever its deadline says.
        """

    def renew(self, key: bytes, owner: bytes, *, lease: int) -> bool:
        """Put the deadline of a lease off; false when it is not the owner's any more, or could not be done at once."""

    def release(self, key: bytes, owner: bytes) -> bool:
        """End a flight without a reply; false when it was not the owner's, or could not be done at once."""

    def refuse(self, key: bytes, owner: bytes) -> bool:
        """End a flight whose call came to nothing that may be kept, and tell those who waited for it.

        False when it was not the owner's, or could not be done at once.
        """

@final
class WorkspaceCore:
    """The files below roots. What is meant by each method is written at `rev_accel.workspace.Workspace`."""

    def __new__(cls, roots: list[tuple[str, bool]]) -> WorkspaceCore:
        """Takes the roots, the main one first, absolute and without links, each with whether it may be written to."""

    def resolve(self, path: _Path, writes: bool) -> str:
        """The name that a path leads to."""

    def open(self, path: _Path) -> int:
        """A file that is open for reading: its descriptor, on Windows its handle. It is the caller's to close."""

    def version(self, path: _Path) -> tuple[str, int] | None:
        """The digest and the size of what a file holds; `None` if there is no file."""

    def write(self, path: _Path, data: bytes, *, expected: str | None, make_folders: bool, break_links: bool) -> str:
        """Writes a file and gives the digest of what it holds now.

        Args:
            path: The file.
            data: Its new content.
            expected: The digest of what has to be there, the empty text for nothing, `None` for anything.
            make_folders: Whether missing folders are made.
            break_links: Whether a file with several names may be parted from the others.
        """

    def list(self, path: _Path) -> list[tuple[str, _Kind, int]]:
        """The name, the kind and the size of each entry of a folder, by name."""

    def stat(self, path: _Path) -> tuple[_Kind, int, int, int, int]:
        """The kind, the size, the permission bits, the number of names, when it was changed in nanoseconds."""

    def make_folder(self, path: _Path) -> None:
        """Makes a folder and those around it."""

    def move(self, source: _Path, target: _Path, overwrite: bool) -> None:
        """Gives something another name."""

    def copy(self, source: _Path, target: _Path, overwrite: bool) -> None:
        """Copies a file or a folder."""

    def delete(self, path: _Path, recursive: bool) -> None:
        """Deletes a file, a link, a folder."""

def content_digest(data: bytes) -> str:
    """BLAKE3 of a file with this content, as 64 hexadecimal digits."""

def plain_name(root: str, path: str) -> str | None:
    """The name without links of a path below a root, where its text alone says it; else `None`.

    So it is for a path that ends inside, if there is no link in it or in the root. What is missing counts as no link.
    """

def _panic_for_tests(where: Literal["caller", "worker"]) -> None:
    """Panic on purpose, on the calling thread or on a worker: raises `rev_accel.errors.InternalError`."""
