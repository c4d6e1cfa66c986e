"""`rev-accel context`: the state of the repository that the working directory is in."""

from __future__ import annotations

import json

import click

from rev_accel import repo

from . import streams


@click.command(
    short_help="Status, latest commits and top of the tree.",
    epilog="Exit codes: 0 also outside of a repository; 2 for a wrong option.",
)
@click.option(
    "-n",
    "--commits",
    type=click.IntRange(0, repo.MOST_COMMITS),
    default=6,
    show_default=True,
    help="How many of the latest commits.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, as `rev_accel.get_repo_context` gives it.")
def context(commits: int, as_json: bool) -> int:
    """Print what an agent asks of a repository: `git status -s`, `git log --oneline`, the entries of the directory.

    Git is run so that nothing runs that the repository itself names.
    """
    text = repo.context_text(commits)
    explanation = repo.explain()
    if explanation is not None and explanation.problem is not None:
        # What is empty for that reason reads like a clean tree.
        streams.warn(explanation.problem)
    if as_json:
        streams.write_output(f"{text}\n".encode())
        return 0
    parts = json.loads(text)
    entries = [entry["name"] + ("/" if entry["type"] == "dir" else "") for entry in parts["top_level"]]
    sections = {"status": parts["status"].splitlines(), "log": parts["log"].splitlines(), "top level": entries}
    lines = []
    for title, content in sections.items():
        lines.append(f"{title}:")
        lines += [f"  {streams.one_line(line)}" for line in content] or ["  (nothing)"]
    streams.write_output("".join(f"{line}\n" for line in lines).encode(errors="surrogateescape"))
    return 0
