"""The digest is what the description of its format says: vectors, and a second implementation on random values."""

from __future__ import annotations

import os
import random

import blake3
import pytest

from rev_accel import canonical_bytes, digest, digest_bytes

from . import reference, values, vectors


@pytest.mark.parametrize("vector", vectors.read(), ids=lambda vector: vector["name"])
def test_a_vector_has_its_encoding_and_digest(vector: dict[str, str]) -> None:
    value, domain = vectors.build(vector["value"]), vector["domain"]
    assert digest(value, domain=domain) == vector["digest"]
    assert digest_bytes(value, domain=domain).hex() == vector["digest"]
    encoding = canonical_bytes(value, domain=domain)
    assert blake3.blake3(encoding).hexdigest() == vector["digest"]
    assert vector["canonical"] in (None, encoding.hex())


def test_the_file_of_vectors_is_what_the_reference_makes() -> None:
    assert vectors.FILE.read_text(encoding="utf-8") == vectors.written()


def test_random_values_have_the_encoding_of_the_reference() -> None:
    seed = int(os.environ.get("REV_ACCEL_TEST_SEED", random.randrange(2**32)))
    print("seed:", seed)
    source = random.Random(seed)
    for _ in range(3_000):
        value = values.value(source)
        assert canonical_bytes(value) == reference.canonical_bytes(value)
        assert digest(value) == reference.digest(value)


def test_an_encoding_can_be_read_in_one_way_only() -> None:
    seed = int(os.environ.get("REV_ACCEL_TEST_SEED", random.randrange(2**32)))
    print("seed:", seed)
    source = random.Random(seed)
    for _ in range(3_000):
        value = values.value(source)
        domain, found = reference.decode(canonical_bytes(value, domain="tools"))
        assert domain == "tools" and values.same(found, value)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 65_523, 65_524, 65_525, 65_536, 131_071, 131_072, 1 << 20])
@pytest.mark.parametrize("letter", ["x", "é", "\u20ac", "\U0001f600", "\ud800"])
def test_texts_of_any_length_and_alphabet_have_the_digest_of_the_reference(length: int, letter: str) -> None:
    text = letter * min(length, 200_000)
    assert digest(text) == reference.digest(text)


def test_large_structures_have_the_digest_of_the_reference() -> None:
    source = random.Random(11)
    messages = [{"role": "user", "content": values.text(source, 3_000), "n": index} for index in range(300)]
    numbers = {f"key {index}": [index, index / 7, -index, 10 ** (index % 60)] for index in range(2_000)}
    for value in (messages, numbers, list(range(100_000))):
        assert canonical_bytes(value) == reference.canonical_bytes(value)
        assert digest(value) == reference.digest(value)
