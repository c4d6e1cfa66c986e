"""Plays a page as a reader would who starts at its top: runs its programs and commands, and puts what they print into it.

Run with the page's text as standard input, in a folder in which the page's files may be made; prints the page as it should
be. A program is a block `python`, run in a namespace of its own; what it prints is compared where a block `output` stands
behind it. A session is a block `console`: commands behind `$ `, which go on behind `> `, each followed by what it prints.
Commands without what they print are a block `sh`, one a line.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys

from blocks import NOT_RUN, Block, blocks

MARK = "\x1e"


def main(page: str) -> None:
    text = sys.stdin.read()
    played, end, printed = [], 0, ""
    for block in blocks(text):
        code = block.code
        if block.language == "python":
            printed = run_program(block, page)
        elif block.language == "output":
            code = printed
        elif block.language == "console":
            code = run_session(block)
        elif block.language == "sh" and os.name != "nt":
            run_commands(block)
        played += [text[end : block.start], "".join(f"{block.indent}{line}" for line in code.splitlines(keepends=True))]
        if code == block.code:
            played[-1] = text[block.start : block.end]
        end = block.end
    sys.stdout.write("".join([*played, text[end:]]))


def run_program(block: Block, page: str) -> str:
    # Lines have the numbers that they have on the page.
    program = compile("\n" * (block.first_line - 1) + block.code, page, "exec", dont_inherit=True)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(program, {"__name__": "__main__"})
    return output.getvalue()


def run_commands(block: Block) -> None:
    for line in block.code.splitlines():
        if not any(re.match(pattern, line) for pattern in NOT_RUN):
            done = subprocess.run(["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
            # There is something in the reader's files that `--fail-on` names.
            assert done.returncode == int("--fail-on" in line), f"{line}: exit code {done.returncode}"


def run_session(block: Block) -> str:
    commands: list[list[str]] = []
    for line in block.code.splitlines():
        if line.startswith("$ "):
            commands.append([line[2:]])
        elif line.startswith(">") and commands:
            commands[-1].append(line[2:])
    if all(len(one) == 1 and re.fullmatch(r"rev-accel [\w -]*--help", one[0]) for one in commands):
        return "".join(f"$ {command}\n{help_of(command)}" for (command,) in commands)
    # `$?` is the exit code of the command before, as for the reader.
    script = "".join("\n".join([*one, f"exit_code=$?; printf '{MARK}'; (exit $exit_code)\n"]) for one in commands)
    done = subprocess.run(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    session = []
    for command, output in zip(commands, done.stdout.split(MARK)[:-1], strict=True):
        session += ["$ " + command[0], *(f"> {line}".rstrip() for line in command[1:]), *output.splitlines()]
    return "\n".join(session) + "\n"


def help_of(command: str) -> str:
    """What a command prints that asks for help: without a process for each, of which a page has many."""
    from rev_accel import cli

    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert cli.main(command.split()[1:]) == 0
    return output.getvalue()


if __name__ == "__main__":
    main(sys.argv[1])
