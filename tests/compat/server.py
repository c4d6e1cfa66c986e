"""Runs inside the virtual environment of `rev-agentic`: each question names a test, which a forked child runs.

So every test has a process of its own in which nothing of rev or rev-accel is imported yet, and none waits for Python to
start. An answer is one line of JSON: the text of what went wrong, or null.
"""

import importlib
import json
import os
import sys
import traceback


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    sys.path += sys.argv[1:]
    import requests  # noqa: F401, PLC0415 (what takes rev the longest to import)

    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            with os.fdopen(writer, "w", encoding="ascii") as answer:
                answer.write(json.dumps(run(**json.loads(line))))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        answers.write((text or json.dumps(f"the process of the test ended with status {status}")) + "\n")
        answers.flush()


def run(module: str, name: str, folder: str) -> str | None:
    os.chdir(folder)
    try:
        getattr(importlib.import_module(module), name)()
    except BaseException:
        return traceback.format_exc()
    return None


main()
