"""A slow, obvious implementation of the contract over `ast.walk`, for inputs that are too many for the real rev.

It is itself compared with the live rev, on whole packages, by `test_differential.py`.
"""

import ast
import io
import json
import warnings
from collections.abc import Mapping
from typing import Any

RULES = ("todos", "prints", "dangerous", "type_hints", "complex_functions", "globals")
DANGEROUS = frozenset({"eval", "exec", "compile", "__import__"})

Entry = dict[str, Any]


def report_for(sources: Mapping[str, bytes]) -> str:
    """The text of a whole answer for files given as `path relative to the root → content`."""
    entries = {path: entry_for(sources[path]) for path in sorted(sources)}
    files = {path: entry for path, entry in entries.items() if entry}
    total = sum(len(found) for entry in files.values() for key, found in entry.items() if key != "error")
    answer = {"scanned_files": len(entries), "files": files, "total_issues": total, "patterns_checked": list(RULES)}
    return json.dumps(answer, indent=2)


def entry_for(content: bytes) -> Entry:
    """What the answer says about one file; empty when it has nothing to say."""
    try:
        source = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()
        tree = parse(source)
    except Exception as error:
        return {"error": f"Failed to parse: {type(error).__name__}"}
    nodes = list(ast.walk(tree))
    calls = [
        (node.lineno, node.func.id) for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    found: dict[str, list[Entry]] = {
        "todos": [
            {"line": number, "text": line.strip(), "type": "TODO" if "TODO" in line else "FIXME"}
            for number, line in enumerate(source.splitlines(), start=1)
            if "TODO" in line or "FIXME" in line
        ],
        "print_statements": [{"line": line, "type": "print_statement"} for line, name in calls if name == "print"],
        "dangerous_functions": [
            {"line": line, "function": name, "severity": "HIGH"} for line, name in calls if name in DANGEROUS
        ],
        "missing_type_hints": [
            {"line": node.lineno, "function": node.name, "issue": "missing_return_type"}
            for node in functions
            if node.returns is None and node.name[0] != "_"
        ],
        "complex_functions": [
            {
                "line": node.lineno,
                "function": node.name,
                "parameters": len(node.args.args),
                "suggestion": "Consider using dataclass or config object",
            }
            for node in functions
            if len(node.args.args) > 5
        ],
        "global_variables": [
            {"line": node.lineno, "variables": node.names} for node in nodes if isinstance(node, ast.Global)
        ],
    }
    return {key: entries for key, entries in found.items() if entries}


def parse(source: str) -> ast.Module:
    """`ast.parse` with warnings (invalid escapes) ignored, which the test run would otherwise turn into SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
