"""Digests: of data they are what a slow description of the format says; everything else is refused by name."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.digests import reference, values

import rev_accel
from rev_accel.errors import InputError
from rev_accel.frozen import freeze, thaw

from .choices import Choices, Hostile, text


def run(data: bytes) -> None:
    source = Choices(data)
    domain = source.choice(("value", "tools", text(source), "d" * source.randrange(70)))
    value, refused = mixed(source, 0)
    is_domain = 1 <= len(domain) <= 64 and all("!" <= character <= "~" for character in domain)
    try:
        found = rev_accel.digest(value, domain=domain)
    except (TypeError, InputError) as error:
        assert refused or not is_domain, (value, domain)
        assert str(error)
        return
    assert is_domain and not refused, (value, domain)
    encoding = rev_accel.canonical_bytes(value, domain=domain)
    assert encoding == reference.canonical_bytes(value, domain)
    frozen, digest = freeze(value, "value")
    assert digest == rev_accel.digest(value) == rev_accel.digest(thaw(frozen))
    assert found == reference.digest(value, domain) == rev_accel.digest_bytes(value, domain=domain).hex()
    with reference.deep_recursion():
        name, again = reference.decode(encoding)
        assert name == domain and values.same(again, value) and values.same(frozen, value)
        copied = values.equal_copy(source, value)
    assert rev_accel.digest(copied, domain=domain) == found
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        assert rev_accel.MessageLog(value).digest == rev_accel.messages_digest(value)


def mixed(source: random.Random, depth: int) -> tuple[Any, bool]:
    """A value, and whether there is something in it that has no digest."""
    kind = source.randrange(12)
    if depth < 4 and kind < 5:
        parts = [mixed(source, depth + 1) for _ in range(source.randrange(5))]
        held, refused = [part for part, _ in parts], any(refused for _, refused in parts)
        if kind < 3:
            return source.choice((list, tuple, values.Listed))(held), refused
        names = [key(source) for _ in held]
        made = dict(zip(names, held, strict=True))
        # What a later entry has taken the place of is not in it any more.
        refused = any(refused for name, (_, refused) in dict(zip(names, parts, strict=True)).items())
        return made, refused or any(not isinstance(name, str) for name in made)
    if kind == 5:
        return without_digest(source), True
    if kind == 6:
        levels = source.choice((3, 990, 1_000, 1_001, 1_200))
        inner: Any = []
        for _ in range(levels - 1):
            inner = [inner] if source.random() < 0.9 else {"": inner}
        return inner, depth + levels > 1_000
    return values.value(source, 3), False


def key(source: random.Random) -> Any:
    return values.Text(values.key(source)) if source.random() < 0.1 else values.key(source)


def without_digest(source: random.Random) -> Any:
    itself: list[Any] = []
    itself.append({"a": itself})
    return source.choice(
        (b"", bytearray(), {1}, 1j, object(), Hostile(), range(3), {1: 2}, {None: 1}, itself, int, ...)
    )


def seeds() -> Sequence[bytes]:
    return [random.Random(number).randbytes(40 * (1 + number % 8)) for number in range(40)]
