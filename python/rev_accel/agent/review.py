"""Looks at what is about to be done: at a plan, by asking the model; at a single action, by rules."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from .model import Model
from .prompts import REVIEW
from .records import Plan

__all__ = ["danger", "review_plan"]


class _ReviewAnswer(pydantic.BaseModel):
    approved: bool
    problems: list[str] = []


def review_plan(plan: Plan, model: Model, context: str = "") -> tuple[str, ...]:
    """What the model finds wrong with a plan; empty when it approves of it.

    Raises:
        ModelError: There is no such answer, also after it was told once what was wrong with it.
    """
    shown = "\n".join(
        f"{task.id}. {task.title} (risk: {task.risk}; needs: {', '.join(task.needs) or 'nothing'})\n{task.instructions}"
        for task in plan.tasks
    )
    asked = [
        {"role": "system", "content": REVIEW},
        {"role": "user", "content": f"The goal:\n{plan.goal}\n\n{context}\n\nThe plan:\n{shown}"},
    ]

    def problems(answer: _ReviewAnswer) -> tuple[str, ...]:
        return () if answer.approved else tuple(answer.problems) or ("it was not approved, without a reason",)

    return model.structured(asked, _ReviewAnswer, problems, task="review")


# Programs that act for somebody else, on the machine, or on another one.
_PROGRAMS = {
    **dict.fromkeys(("sudo", "su", "doas", "pkexec"), "it acts as another user"),
    **dict.fromkeys(("dd", "mkfs", "fdisk", "mount", "umount", "shutdown", "reboot"), "it changes the machine"),
    **dict.fromkeys(("ssh", "scp", "sftp", "rsync", "ftp", "telnet", "nc"), "it reaches other machines"),
    **dict.fromkeys(("curl", "wget"), "it reaches other machines"),
    **dict.fromkeys(("kill", "pkill", "killall"), "it ends processes"),
    **dict.fromkeys(("chown", "chgrp", "crontab", "systemctl"), "it changes the machine"),
    **dict.fromkeys(("docker", "podman", "kubectl", "terraform", "aws", "gcloud", "az"), "it changes other systems"),
    **dict.fromkeys(("twine",), "it publishes"),
}
# Words of a program that make it dangerous; of those that are listed together all have to be there.
_WORDS: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "git": (
        (("push",), "it changes another repository"),
        (("reset", "--hard"), "it throws changes away"),
        (("clean",), "it deletes files that git does not know"),
        (("checkout", "--"), "it throws changes away"),
        (("restore",), "it throws changes away"),
        (("stash",), "it puts changes away"),
        (("rebase",), "it rewrites commits"),
        (("filter-branch",), "it rewrites commits"),
        (("branch", "-D"), "it deletes a branch"),
        (("config",), "it changes what git does"),
    ),
    "npm": ((("publish",), "it publishes"),),
    "cargo": ((("publish",), "it publishes"),),
    "pip": ((("uninstall",), "it removes packages"),),
    "find": ((("-delete",), "it deletes files"), (("-exec",), "it starts programs")),
    "chmod": ((("-R",), "it changes rights of whole folders"),),
}
_WRAPPERS = frozenset({"env", "nohup", "time", "timeout", "nice", "xargs", "exec", "command", "sh", "bash", "-c"})
_SEPARATORS = re.compile(r"[;&|\n()`]|\$\(")


def danger(name: str, arguments: Mapping[str, Any]) -> str | None:
    """Why somebody should look at a call of a tool before it is made; `None` when nothing speaks against it.

    It is a look at words, to keep a model from what it rarely has to do, and no fence: a command can hide what it does.
    """
    if name == "delete" and arguments.get("recursive"):
        return "it deletes a whole folder"
    if name != "run_command":
        return None
    command = arguments.get("command")
    if isinstance(command, str):
        parts = _SEPARATORS.split(command) if arguments.get("shell") else [command]
        lines = [_split(part) for part in parts]
    else:
        lines = [[str(word) for word in command or ()]]
    # A script that is given to a shell as a word is one, too.
    lines += [
        _split(part) for words in list(lines) for word in words if " " in word for part in _SEPARATORS.split(word)
    ]
    return next(filter(None, map(_danger_of, lines)), None)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _danger_of(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        program, rest = word.rpartition("/")[2], words[at + 1 :]
        if reason := _PROGRAMS.get(program):
            return f"`{program}`: {reason}"
        if program in ("rm", "rmdir", "shred") and (reason := _deletes(rest)):
            return f"`{program}`: {reason}"
        for needed, reason in _WORDS.get(program, ()):
            if all(one in rest for one in needed):
                return f"`{program} {' '.join(needed)}`: {reason}"
        if not (program in _WRAPPERS or "=" in word or word.startswith("-") or word.isdecimal()):
            return None
    return None


def _deletes(words: Sequence[str]) -> str | None:
    if any(word.startswith("-") and set("rR") & set(word.lstrip("-")) for word in words):
        return "it deletes whole folders"
    if any(word.startswith(("/", "~")) or ".." in word.split("/") for word in words):
        return "it deletes outside of the workspace"
    return None
