"""Compare as `compare.py` does, with a CPython that is not installed: the one that componentize-py brings, run by wasmtime.

usage: wasi.py --minor | [--frames N] EXPORT...

It takes `pip install componentize-py wasmtime`; `--minor` prints which version it is. What a WebAssembly build says of a
text is what any build of that version says, but for the depth that it can take.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compare import Differences, read
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

_REPOSITORY = Path(__file__).parents[2]
_WORLD = """
package rev-accel:compare;
world compare {
  export minor: func() -> u32;
  export answers: func(frames: u32, texts: list<string>) -> list<string>;
}
"""
_PROGRAM = """
import sys
import wit_world
from tests.recogniser.compare import answer

class WitWorld(wit_world.WitWorld):
    def minor(self):
        return sys.version_info[1]

    def answers(self, frames, texts):
        return [answer(text, frames=frames) for text in texts]
"""
# What goes over at a time: wasmtime bounds it.
_BYTES = 1 << 17


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minor", action="store_true")
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("exports", nargs="*", type=Path)
    arguments = parser.parse_args()
    with _running() as call:
        minor = call("minor")
        if arguments.minor:
            print(minor)
            return 0
        found = Differences(f"CPython 3.{minor} on WASI, {arguments.frames} frames deep")
        for export in arguments.exports:
            for some in _batches(read(export.read_bytes())):
                expected = call("answers", arguments.frames, [text for text, _ in some])
                for (text, facts), one in zip(some, expected, strict=True):
                    found.see(export, text, facts, one)
        return found.told()


def _batches(pairs: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    some: list[tuple[str, str]] = []
    size = 0
    for pair in pairs:
        some.append(pair)
        size += len(pair[0]) + len(pair[1])
        if size > _BYTES:
            yield some
            some, size = [], 0
    yield some


@contextmanager
def _running() -> Iterator[object]:
    """Builds the component; gives a function that calls one of its own."""
    with tempfile.TemporaryDirectory(prefix="rev-accel-wasi-") as folder:
        program, world, component = Path(folder, "program"), Path(folder, "compare.wit"), Path(folder, "compare.wasm")
        world.write_text(_WORLD)
        for path in ("tests/recogniser/compare.py", "python/rev_accel/_interpreter.py"):
            copy = program / path
            copy.parent.mkdir(parents=True)
            shutil.copyfile(_REPOSITORY / path, copy)
        (program / "app.py").write_text(_PROGRAM)
        build = [shutil.which("componentize-py") or Path(sys.executable).with_name("componentize-py")]
        build += ["-d", world, "-w", "compare", "componentize", "-p", program, "app", "-o", component]
        subprocess.run(build, check=True, stdout=sys.stderr)
        engine = Engine()
        store, linker = Store(engine), Linker(engine)
        store.set_wasi(WasiConfig())
        linker.add_wasip2()
        instance = linker.instantiate(store, Component.from_file(engine, str(component)))

        def call(name: str, *given: object) -> object:
            function = instance.get_func(store, name)
            answer = function(store, *given)
            function.post_return(store)
            return answer

        yield call


if __name__ == "__main__":
    sys.exit(main())
