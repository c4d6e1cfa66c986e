"""The description of a whole call of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from rev_accel.errors import InputError
from rev_accel.frozen import Immutable, freeze

from . import key as keys
from .limits import number
from .parts import Messages, ToolSet

__all__ = ["FIELDS", "Dialect", "Request", "is_header", "normal"]

Dialect = Literal["ollama", "openai"]
DIALECTS = ("ollama", "openai")


@dataclass(frozen=True, kw_only=True, eq=False)
class Request(Immutable):
    """All that decides what a model answers. It owns its data: what is given is copied, what is read cannot be changed.

    Requests are equal when their keys are. `dataclasses.replace` makes one that differs in some fields.

    Raises:
        TypeError: A field is of another type, or holds something that cannot be keyed; the text says where.
        rev_accel.errors.InputError: A field cannot be used.
    """

    endpoint: str
    """Where the server is, to which the dialect's path is added: `http://localhost:11434` for Ollama, or
    `https://api.openai.com/v1` for OpenAI."""

    dialect: Dialect
    """How it is spoken to: `"ollama"` (`/api/chat`) or `"openai"` (`/chat/completions`)."""

    model: str

    messages: Messages
    """From any iterable of dicts, as the dialect writes them."""

    tools: ToolSet | None = None
    """From any iterable of dicts. `None` sends none, and differs from an empty list."""

    tool_choice: Any = None
    """`None` leaves it to the server."""

    response_format: Any = None
    """What form the answer shall have; Ollama calls it `format`. `None` leaves it to the server."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Every sampling option, by the dialect's name: `temperature`, `seed`, `num_ctx`, `max_tokens`. All of it counts
    for the key: an absent option is not one with the server's default, and `None` sends a null."""

    timeout: float | None = None
    """Seconds that the call may take in all, with the connection, every attempt and the waits between them, instead of
    the client's limit for one attempt. A silence at the end of a reply may add what was left at its beginning. Not in
    the key."""

    retries: int | None = None
    """How often to ask again after a failure that may pass, instead of the client's number. Not in the key."""

    trace_id: str | None = None
    """Sent as the header `X-Request-Id`. Not in the key."""

    if TYPE_CHECKING:
        # What is given may be of more types than what is read.
        def __init__(
            self,
            *,
            endpoint: str,
            dialect: Dialect,
            model: str,
            messages: Iterable[Mapping[str, Any]],
            tools: Iterable[Mapping[str, Any]] | None = None,
            tool_choice: Any = None,
            response_format: Any = None,
            options: Mapping[str, Any] = ...,
            timeout: float | None = None,
            retries: int | None = None,
            trace_id: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        # Written past the refusal to be changed; a request is made for each call.
        own = self.__dict__
        for name in ("endpoint", "dialect", "model"):
            if type(own[name]) is not str:
                _require(name, own[name], str)
                own[name] = str.__str__(own[name])
        own["endpoint"] = normal(self.endpoint)
        if self.dialect not in DIALECTS:
            raise InputError(f"`dialect` is {self.dialect!r}: expected one of {', '.join(map(repr, DIALECTS))}")
        own["messages"] = messages = Messages(self.messages)
        own["_digests"] = digests = {"messages": messages.digest}
        if self.tools is not None:
            own["tools"] = tools = ToolSet(self.tools)
            digests["tools"] = tools.digest
        if not isinstance(self.options, dict) and isinstance(self.options, Mapping):
            own["options"] = dict(self.options)
        _require("options", own["options"], dict)
        for name in ("tool_choice", "response_format", "options"):
            if own[name] is not None:
                own[name], digests[name] = freeze(own[name], name)
        if self.timeout is not None and not number("timeout", self.timeout) > 0:
            raise InputError(f"`timeout` is {self.timeout!r}: expected a number of seconds above 0")
        if self.trace_id is not None:
            _require("trace_id", self.trace_id, str)
            if not is_header(self.trace_id):
                raise InputError(f"`trace_id` is {self.trace_id!r}: expected visible ASCII characters")
        if self.retries is not None and not 0 <= number("retries", self.retries, is_whole=True) <= 100:
            raise InputError(f"`retries` is {self.retries!r}: expected a number from 0 to 100")

    def key(self) -> keys.Key:
        """What names this request: see `rev_accel.llm.Key`. Computed once."""
        found: keys.Key | None = self.__dict__.get("_key")
        if found is None:
            found = self.__dict__["_key"] = keys.make(self.__dict__, FIELDS, self.__dict__["_digests"])
        return found

    def to_dict(self) -> dict[str, Any]:
        """The fields that the key is made of, for JSON; `Request.from_dict` makes an equal request of it."""
        return {name: getattr(self, name) for name in FIELDS} | {"messages": list(self.messages)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Request:
        """The request with these fields, and no others.

        Raises:
            TypeError, rev_accel.errors.InputError: A field is unknown, missing or of no use.
        """
        unknown = sorted(set(given) - set(FIELDS))
        if unknown:
            raise InputError(f"a request has no field `{unknown[0]}`: expected {', '.join(FIELDS)}")
        return cls(**given)

    def __eq__(self, other: object) -> bool:
        return self.key() == other.key() if isinstance(other, Request) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key())

    def __repr__(self) -> str:
        shown = f"{self.model!r} at {self.endpoint!r}, {len(self.messages)} messages"
        return f"<Request {self.key().digest[:12]}: {shown}>"


# In their order: all but what is named as left out, so that nothing is left out by an oversight.
FIELDS = tuple(one.name for one in fields(Request) if one.name not in keys.NOT_IN_KEY)


def _require(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"`{name}` is of type `{type(value).__name__}`: expected a {kind.__name__}")


def is_header(value: str) -> bool:
    """Whether a text can be the value of a header: a line break in one would begin another."""
    return value.isascii() and value.isprintable()


@lru_cache(maxsize=16)
def normal(given: str) -> str:
    """An endpoint as it stands in a request: without slashes at its end."""
    try:
        url = urlsplit(given)
        _ = url.port  # read here, since it may be no number
    except ValueError as error:
        raise InputError(f"`endpoint` is {given!r}: {error}") from error
    if url.scheme not in ("http", "https") or not url.hostname:
        raise InputError(f"`endpoint` is {given!r}: expected a URL such as `http://localhost:11434`")
    if url.username is not None or url.query or url.fragment:
        # It stands in keys and recordings.
        raise InputError("`endpoint` holds a user name, a query or a fragment: give credentials to the client instead")
    return str(given).rstrip("/")
