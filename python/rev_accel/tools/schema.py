"""What a tool takes, from its signature and docstring: a check of arguments, and a JSON schema for the model."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Annotated, Any, NotRequired, get_type_hints

from rev_accel.errors import InputError

from .result import plain

try:
    import docstring_parser
    import pydantic
    import pydantic_core
    from pydantic import ConfigDict, Field, TypeAdapter, with_config
    from pydantic.json_schema import GenerateJsonSchema
    from typing_extensions import TypedDict
except ImportError as error:
    raise ImportError(
        f"the arguments of tools need `{error.name}`: install the extra, `pip install 'rev-accel[agent]'`",
        name=error.name,
    ) from error

__all__ = ["Signature"]

# Keys of a schema in the order in which they are written; others follow, sorted.
ORDER = ("type", "description", "enum", "const", "anyOf", "items", "properties", "required", "additionalProperties")

# What is a value in a schema, not a schema.
VALUES = ("enum", "const", "default", "examples", "required", "type")


class Signature:
    """What a function takes.

    Args:
        name: The name of the tool, for errors.
        function: With a type hint for each parameter.
        defaults: Its parameters with their defaults, `inspect.Parameter.empty` where there is none.

    Raises:
        InputError: A parameter has no type hint, or its type no JSON schema.
    """

    description: str
    """The docstring, without what it says of the parameters."""
    schema: dict[str, Any]
    """The JSON schema of its arguments: an object. The same for the same function, in any process."""
    check: Callable[[Any], dict[str, Any]]
    """Gives the arguments as the function takes them; raises a `pydantic.ValidationError`."""
    check_json: Callable[[str], dict[str, Any]]
    """The same for the text of a JSON object."""

    def __init__(self, name: str, function: Callable[..., object], defaults: dict[str, object]) -> None:
        documented = docstring_parser.parse(inspect.cleandoc(function.__doc__ or ""))
        self.description = "\n\n".join(
            _joined(text) for text in (documented.short_description, documented.long_description) if text
        )
        texts = {one.arg_name: _joined(one.description) for one in documented.params if one.description}
        try:
            hints = get_type_hints(function, include_extras=True)
            fields = {field: _field(hints[field], defaults[field], texts.get(field)) for field in defaults}
            taken = with_config(ConfigDict(extra="forbid", allow_inf_nan=False))(TypedDict(name, fields))  # type: ignore[operator]
            adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(taken)
            found = adapter.json_schema(schema_generator=_Generator)
        except KeyError as error:
            raise InputError(f"parameter `{error.args[0]}` of tool `{name}` has no type hint: expected one") from None
        except (NameError, TypeError, pydantic.errors.PydanticUserError) as error:
            raise InputError(f"tool `{name}` has a type hint that cannot be used: {error}") from error
        for field, default in defaults.items():
            if default is not inspect.Parameter.empty:
                found["properties"][field]["default"] = _as_json(default)
        self.schema = _in_order(found)
        self.check = adapter.validator.validate_python
        self.check_json = adapter.validator.validate_json


class _Generator(GenerateJsonSchema):
    """Pydantic's, with defaults that are the same in any process."""

    def encode_default(self, dft: Any) -> Any:
        return _as_json(dft)


def _as_json(value: object) -> Any:
    try:
        return json.loads(json.dumps(value, default=plain))
    except TypeError:  # keys of a dict that are no texts, for example
        return pydantic_core.to_jsonable_python(value)


def _field(hint: Any, default: object, text: str | None) -> Any:
    described = Annotated[hint, Field(description=text)] if text else hint
    return described if default is inspect.Parameter.empty else NotRequired[described]


def _joined(text: str) -> str:
    """A text whose lines were broken for the source: paragraphs and lists stay."""
    return re.sub(r"(?<!\n)\n(?=[^\s*•-])", " ", text)


def _in_order(schema: Any) -> Any:
    """A schema without titles, which say the names once more, and with its keys in one order."""
    if isinstance(schema, list):
        return [_in_order(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key in sorted(
        schema.keys() - {"title"}, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key)
    ):
        value = schema[key]
        if key in ("properties", "$defs"):
            # Names of their own; those of properties stand as in the signature.
            names = value if key == "properties" else sorted(value)
            found[key] = {name: _in_order(value[name]) for name in names}
        else:
            found[key] = value if key in VALUES else _in_order(value)
    return found
