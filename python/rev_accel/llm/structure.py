"""Answers in a form, from models that keep to one more or less."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from rev_accel.errors import ModelMalformedError, ModelRefusedError

from .estimate import without_thoughts

try:
    import pydantic
except ImportError as error:
    raise ImportError(
        f"answers in a form need `{error.name}`: install the extra, `pip install 'rev-accel[agent]'`", name=error.name
    ) from error

if TYPE_CHECKING:
    from .reply import Reply
    from .request import Dialect

__all__ = ["structured"]

Answer = TypeVar("Answer", bound=pydantic.BaseModel)
T = TypeVar("T")

# Statuses of servers that do not know how to answer in a form.
NO_FORM = (400, 404, 415, 422, 501)


def structured(
    ask: Callable[[Sequence[Mapping[str, Any]], Any], Reply],
    messages: Sequence[Mapping[str, Any]],
    form: type[Answer],
    make: Callable[[Answer], T],
    *,
    dialect: Dialect,
) -> T:
    """What is made of an answer in a form; when that cannot be done, the model is told why and asked once more.

    The server is asked for the form, too, unless it does not know how to. What stands around the object in the answer,
    as thoughts or the marks of a block of code, is left out.

    Args:
        ask: Asks for an answer to messages, given the `response_format` of the request.
        form: A pydantic model of the answer.
        make: May raise a `ValueError`, whose text is for the model.

    Raises:
        ModelMalformedError: There is no such answer.
        ModelError: There is none.
    """
    asked, shape = list(messages), _shape(form, dialect)
    for is_last in (False, True):
        try:
            reply = ask(asked, shape)
        except ModelRefusedError as error:
            if error.status not in NO_FORM or shape is None:
                raise
            shape = None
            reply = ask(asked, shape)
        try:
            return make(form.model_validate_json(_object(reply.content)))
        except ValueError as error:
            said = _said(error)
            if is_last:
                raise ModelMalformedError(f"the model gave no answer in the form that was asked for: {said}") from None
            again = f"That cannot be used: {said}. Answer with the JSON object and nothing else."
            asked += [reply.message, {"role": "user", "content": again}]
    raise AssertionError


def _shape(form: type[pydantic.BaseModel], dialect: Dialect) -> Any:
    schema = form.model_json_schema()
    if dialect == "ollama":
        return schema
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def _object(content: str) -> str:
    text = without_thoughts(content)
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text.strip()


def _said(error: ValueError) -> str:
    if not isinstance(error, pydantic.ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"`{place}`: {first['msg']}" if place else str(first["msg"])
