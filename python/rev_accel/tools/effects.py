"""What a call of one of the usual tools would do, as far as its arguments tell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rev_accel.errors import RevAccelError

from .diff import FilePatch, parse

__all__ = ["COMMANDS", "FILES", "danger", "lines", "moved", "result_by_existence", "touched"]

COMMANDS = frozenset({"run_command", "run_tests"})
"""Tools that run programs."""

FILES = frozenset({"write_file", "replace_in_file", "apply_patch", "move", "copy", "delete", "create_directory"})
"""Tools that change files and folders, and nothing else."""

# Programs that act for somebody else, on the machine, or on another one.
_PROGRAMS = {
    name: reason
    for reason, names in (
        ("it acts as another user", "sudo su doas pkexec"),
        ("it changes the machine", "dd mkfs fdisk mount umount shutdown reboot chown chgrp crontab systemctl"),
        ("it reaches other machines", "ssh scp sftp rsync ftp telnet nc curl wget"),
        ("it ends processes", "kill pkill killall"),
        ("it changes other systems", "docker podman kubectl terraform aws gcloud az"),
        ("it publishes", "twine"),
    )
    for name in names.split()
}
# A program, and words that make it dangerous when all of them are there.
_WORDS = (
    ("git", "push", "it changes another repository"),
    ("git", "reset --hard", "it throws changes away"),
    ("git", "switch -f", "it throws changes away"),
    ("git", "switch --force", "it throws changes away"),
    ("git", "switch --discard-changes", "it throws changes away"),
    ("git", "reset --keep", "it may throw changes away"),
    ("git", "reset --merge", "it may throw changes away"),
    ("git", "rm", "it deletes files"),
    ("git", "restore", "it throws changes away"),
    ("git", "stash", "it puts changes away"),
    ("git", "clean", "it deletes files that git does not know"),
    ("git", "rebase", "it rewrites commits"),
    ("git", "filter-branch", "it rewrites commits"),
    ("git", "branch -D", "it deletes a branch"),
    ("git", "config", "it changes what git does"),
    ("npm", "publish", "it publishes"),
    ("cargo", "publish", "it publishes"),
    ("pip", "uninstall", "it removes packages"),
    ("find", "-delete", "it deletes files"),
    ("find", "-exec", "it starts programs"),
    ("chmod", "-R", "it changes rights of whole folders"),
    ("chmod", "--recursive", "it changes rights of whole folders"),
)
# What a program may stand behind, and that of a shell.
_WRAPPERS = frozenset({"env", "nohup", "time", "timeout", "nice", "xargs", "exec", "command", "sh", "bash"})
_WRAPPERS |= {"python", "python3", "if", "then", "elif", "else", "while", "until", "do", "{", "!"}
_DURATION = re.compile(r"[0-9.]+[smhd]?")
_SEPARATORS = re.compile(r"[;&|\n()`]|\$\(")
_REDIRECTIONS = re.compile(r"[<>]")


def danger(name: str, arguments: Mapping[str, Any]) -> str | None:
    """Why somebody should look at a call of a tool before it is made; `None` when nothing speaks against it.

    It is a look at words, to keep a model from what it rarely has to do, and no fence: a command can hide what it does.
    """
    if name == "delete" and arguments.get("recursive"):
        return "it deletes a whole folder"
    if name != "run_command":
        return None
    found = [_split(line) for line in lines(arguments)]
    # A script that is given to a shell as a word is one, too.
    found += [
        _split(part) for words in list(found) for word in words if " " in word for part in _SEPARATORS.split(word)
    ]
    return next(filter(None, map(_danger_of, found)), None)


def lines(arguments: Mapping[str, Any]) -> list[str]:
    """What `run_command` runs, as a line; for a shell, the line and then each part of it that may be a command."""
    command = arguments.get("command")
    if not isinstance(command, str):
        return [shlex.join(map(str, command or ()))]
    parts = _SEPARATORS.split(_REDIRECTIONS.sub(";", command)) if arguments.get("shell") else []
    return list(dict.fromkeys((command, *(part.strip() for part in parts if part.strip()))))


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
        if program == "git" and _discards(rest):
            return "`git checkout`: it throws changes away"
        for name, needed, reason in _WORDS:
            if name == program and all(one in rest for one in needed.split()):
                return f"`{name} {needed}`: {reason}"
        if not (program in _WRAPPERS or "=" in word or word.startswith("-") or _DURATION.fullmatch(word)):
            return None
    return None


def _discards(words: Sequence[str]) -> bool:
    """Whether it is a `git checkout` of files, as far as they can be told from a branch, or one by force."""
    if "checkout" not in words:
        return False
    options = words[list(words).index("checkout") + 1 :]
    names = [word for word in options if not word.startswith("-")]
    is_new = {"-b", "-B", "--orphan"} & set(options)
    return bool({"-f", "--force", "--"} & set(options)) or (not is_new and (len(names) > 1 or "." in "".join(names)))


def _deletes(words: Sequence[str]) -> str | None:
    if any(word.startswith("-") and set("rR") & set(word.lstrip("-")) for word in words):
        return "it deletes whole folders"
    if any(word.startswith(("/", "~")) or ".." in word.split("/") for word in words):
        return "it deletes outside of the workspace"
    return None


def touched(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """The paths that a call changes, as they are named in it."""
    if name == "apply_patch":
        pairs = [(one.source, one.target) for one in _patches(arguments)]
        named = [path for pair in (*pairs, *moved(name, arguments)) for path in pair if path is not None]
        return list(dict.fromkeys(named))
    paths = [arguments.get(key) for key in ("path", "source", "target")]
    return [path for path in paths if isinstance(path, str)] if name in FILES else []


def moved(name: str, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The files that a patch gives other names, at least while it is applied: what is deleted goes at the end."""
    found = _patches(arguments) if name == "apply_patch" else ()
    return [
        (one.source, f"{one.source}.rev-accel-removed" if one.target is None else one.target)
        for one in found
        if one.source is not None and one.source != one.target
    ]


def result_by_existence(name: str, before: Mapping[str, str | None], now: Mapping[str, str | None]) -> str | None:
    """The result of a call on whole folders that was done, as the names show that are there; `None` if it was not.

    All of it is done in one step, or can be gone on with.
    """
    first, second, *_ = (*before, "", "")
    if name == "delete" and now[first] is None:
        return f"Deleted `{first}`."
    if name == "move" and now[first] is None and now[second] is not None:
        return f"Moved `{first}` to `{second}`."
    if name == "copy" and before[second] is None and now[second] is not None:
        return f"Copied `{first}` to `{second}`."
    return None


def _patches(arguments: Mapping[str, Any]) -> list[FilePatch]:
    try:
        return parse(str(arguments.get("patch")))
    except RevAccelError:  # nothing is done
        return []
