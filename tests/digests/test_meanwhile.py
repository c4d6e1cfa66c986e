"""What may happen while a value is digested: finalisers that change it, other threads, errors. And what is left behind."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rev_accel import canonical_bytes, digest

LARGE = 1 << 200


@pytest.fixture
def eager_collector() -> Iterator[None]:
    """A garbage collector that runs whenever it can."""
    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*before)


class Mutator:
    """Garbage that does something when it is collected while the switch is on, and leaves another of its kind."""

    def __init__(self, act: Any, switch: Switch) -> None:
        self.act, self.switch, self.itself = act, switch, self

    def __del__(self) -> None:
        if self.switch.ends:
            return
        if self.switch.is_on:
            self.switch.acts += 1
            self.act()
        Mutator(self.act, self.switch)


class Switch:
    def __init__(self) -> None:
        self.is_on = self.ends = False
        self.acts = 0


def encode_meanwhile(value: Any, act: Any) -> int:
    """How often `act` was done while `value` was encoded."""
    switch = Switch()
    Mutator(act, switch)
    switch.is_on = True
    encoding = canonical_bytes(value)
    switch.is_on = False
    switch.ends = True
    assert encoding[0] == 1
    return switch.acts


@pytest.mark.usefixtures("eager_collector")
@pytest.mark.parametrize(
    "act",
    [
        lambda value: value["list"].clear(),
        lambda value: value["list"].extend([LARGE] * 3),
        lambda value: value["list"].insert(0, []),
        lambda value: value["dict"].clear(),
        lambda value: value["dict"].update({f"new {len(value['dict'])}": LARGE}),
        lambda value: value.clear(),
        lambda value: value.update(list=[{"replaced": LARGE}] * 5),
    ],
    ids=["clear list", "grow list", "move list", "clear dict", "grow dict", "clear all", "replace"],
)
def test_finalisers_that_change_the_value_meanwhile_harm_nothing(act: Any) -> None:
    acts = 0
    for round_ in range(100):
        # Large integers are what makes objects during the walk, and the first one starts the collector: each time at another
        # place, of the dict or of the list.
        numbers = [LARGE if index >= round_ else index for index in range(100)]
        value: dict[str, Any] = {
            "dict": {f"key {index:2}": [numbers[index], str(index) * 9] for index in range(50)},
            "list": [[str(index) * 9, {"k": numbers[50 + index], "l": [str(index) * 9]}] for index in range(50)],
        }
        acts += encode_meanwhile(value, lambda value=value: act(value) if value else None)
    print("finalisers that ran meanwhile:", acts)
    # From Python 3.12 on the collector waits for a better moment.
    assert acts > (50 if sys.version_info < (3, 12) else 10)


def test_threads_see_one_of_the_states_that_a_value_was_in() -> None:
    shared = [{"role": "user", "content": "a" * 1_000, "n": index} for index in range(50)]
    states = []
    for content in ("a", "b"):
        for message in shared:
            message["content"] = content * 1_000
        states.append(digest(shared[7]))
    stop, found = threading.Event(), set()

    def change() -> None:
        while not stop.is_set():
            for message in shared:
                message["content"] = "a" * 1_000
                message["content"] = "b" * 1_000

    def read() -> None:
        for _ in range(2_000):
            found.add(digest(shared[7]))

    writer, readers = threading.Thread(target=change), [threading.Thread(target=read) for _ in range(4)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert found <= set(states)


def test_thirty_two_threads_agree() -> None:
    value = {f"key {index}": [index, LARGE, "é\ud800" * 300, {"nested": [None] * 20}] for index in range(100)}
    expected, found = digest(value), []
    threads = [threading.Thread(target=lambda: found.extend(digest(value) for _ in range(20))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 640


class Sub(str):
    __slots__ = ()


def every_call(parts: list[Any]) -> None:
    """Succeeds once and fails in each way, with all the parts in hand."""
    for value in (parts, tuple(parts), {f"key {index}": part for index, part in enumerate(parts)}):
        digest(value)
        canonical_bytes(value, domain="leaks")
        for bad in ([*parts, b"bytes"], [value, {"a": parts, "b": {1: parts}}], [parts, [object(), parts]]):
            with pytest.raises(TypeError):
                digest(bad)
    own: list[Any] = []
    own.append(own)
    with pytest.raises(ValueError, match="itself"):
        digest([parts, {"own": own}])
    own.clear()


def test_references_are_given_back() -> None:
    parts = ["text", "é" * 600, "\ud800", 12_345_678, LARGE, 1.5, Sub("sub"), ["list"], ("tuple", 1), {"key": "value"}]
    every_call(parts)
    before = [sys.getrefcount(part) for part in parts]
    for _ in range(50):
        every_call(parts)
    assert [sys.getrefcount(part) for part in parts] == before


MEMORY = """
import gc, os, random, sys
sys.path.insert(0, sys.argv[1])
from digests.test_meanwhile import every_call
from digests import values
from rev_accel import digest
source = random.Random(5)
parts = [values.value(source) for _ in range(10)] + ["x" * 50_000, "é" * 50_000, "\\ud800" * 1_000, 1 << 100_000]
deep = []
for _ in range(2_000): deep = [deep]
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
def rounds(number):
    for _ in range(number):
        every_call(parts)
        try: digest(deep)
        except ValueError: pass
rounds(10)
sizes = [resident()]
for _ in range(3):
    rounds(20)
    sizes.append(resident())
print(*sizes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_number_of_calls() -> None:
    tests = str(next(path for path in sys.path if path.endswith("tests")))
    command = [sys.executable, "-c", MEMORY, tests]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sizes = [int(size) for size in done.stdout.split()]
    print("MB after each 20 rounds:", [size >> 20 for size in sizes])
    # A round digests some 300 KB in 30 calls: a leak of what one of them makes would be 6 MB in 20 rounds.
    assert sizes[-1] - sizes[1] < 4 << 20


def test_random_values_survive_an_eager_collector(eager_collector: None) -> None:
    from . import reference, values

    source = random.Random(17)
    for _ in range(200):
        value = values.value(source)
        assert canonical_bytes(value) == reference.canonical_bytes(value)
