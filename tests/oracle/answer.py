"""Runs inside the virtual environment of `rev-agentic`: answers one question a line until standard input ends.

A question is the base64 of a pickled `(path, patterns, effective_user)`; its answer is the returned text as one line of
JSON. The process must be started in the root of the tree, since rev fixes its root at import.
"""

import base64
import json
import os
import pickle
import sys


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever rev prints goes to standard error, not between the answers

    from rev.cache import get_ast_cache  # noqa: PLC0415 (its import may print)
    from rev.tools.analysis import analyze_ast_patterns  # noqa: PLC0415

    for line in sys.stdin.buffer:
        path, patterns, effective_user = pickle.loads(base64.b64decode(line))  # noqa: S301 (our own parent wrote it)
        if effective_user is not None:
            os.seteuid(effective_user)
        text = analyze_ast_patterns(path, patterns)
        if effective_user is not None:
            os.seteuid(0)
        if get_ast_cache() is not None:  # an answer from that cache may be stale: nobody may have made one
            text = "rev answered from its cache"
        answers.write(json.dumps(text) + "\n")
        answers.flush()


main()
