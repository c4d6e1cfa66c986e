"""Runs in an interpreter that has rev, in the tree that is checked: `python -P probe.py FOLDER SECONDS`.

It imports this package from `FOLDER`, whether or not another is installed, and tells what it finds, one line of JSON
each. rev is imported, which takes its root from the working directory, but never started: its caches are not set up,
since that unpickles what lies in the tree.
"""

import json
import os
import sys
import time
from importlib import import_module, metadata, util

MODULES = ("rev.tools.registry", "rev.tools.utils", "rev.cache.implementations", "rev.execution.executor")


def main() -> None:
    package, seconds = sys.argv[1], float(sys.argv[2])
    deadline = time.monotonic() + seconds
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever rev prints goes elsewhere

    def tell(what: str, **found: object) -> None:
        answers.write(json.dumps({"what": what, **found}) + "\n")
        answers.flush()

    tell("found", python=sys.version.split()[0], rev=version("rev-agentic"), rev_accel=version("rev-accel"))
    if sys.version_info < (3, 11):  # noqa: UP036 (it is another interpreter's)
        tell("problem", text="rev-accel needs Python 3.11")
        return
    # Not by `sys.path`, on which what stands beside the package would come along.
    spec = util.spec_from_file_location(
        "rev_accel", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    if spec is None or spec.loader is None:
        tell("problem", text=f"rev-accel cannot be imported from `{package}`")
        return
    ours = util.module_from_spec(spec)
    sys.modules["rev_accel"] = ours
    spec.loader.exec_module(ours)
    try:
        import_module("rev_accel._core")
    except ImportError as error:
        tell("problem", text=f"this rev-accel cannot be loaded there: {error}")
        return
    try:
        for name in MODULES:
            import_module(name)
    except Exception as error:
        tell("problem", text=f"rev cannot be imported: {type(error).__name__}: {error}")
        return
    import_module("rev_accel.doctor.checks").run(tell, deadline)
    tell("done")


def version(name: str) -> "str | None":
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


main()
