"""The table `[agent]` of the user's own configuration, and what of it the command line changes.

A repository has no say in this: the file is in the user's folder, and is refused in the repository that is worked on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rev_accel import settings as names
from rev_accel import user_folders
from rev_accel.errors import InputError

if TYPE_CHECKING:
    from rev_accel.agent import Policy, Settings

__all__ = ["configured", "policy_of", "settings_of"]

KEYS = (
    "allow", "command", "deny", "dialect", "endpoint", "limits", "model", "options", "prices", "repairs", "review",
    "test", "window", "workers", "write",
)  # fmt: skip
SETTINGS = ("dialect", "endpoint", "model", "options", "repairs", "review", "test", "window", "workers")


def configured(root: Path) -> dict[str, Any]:
    """The table; empty where there is none.

    Raises:
        InputError: It cannot be used, or is in the repository.
    """
    import tomllib

    path = user_folders.configuration() / "config.toml"
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file).get("agent", {})
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{path}` is not valid TOML: {error}") from None
    if path.resolve().is_relative_to(root) and root != Path.home():
        raise InputError(f"`{path}` is in the repository, which has no say in what may be done: put it elsewhere")
    if not isinstance(table, dict):
        raise InputError(f"`agent` in `{path}` is no table")
    for key in table:
        if key not in KEYS:
            raise InputError(f"`{path}`: {names.unknown_name('key', key, KEYS)}")
    return table


def settings_of(given: Mapping[str, Any], config: Mapping[str, Any], before: Settings | None) -> Settings:
    """The settings of a run: what the command line says, else what it had before, else the configuration."""
    import pydantic

    from rev_accel.agent import Limits, Prices, Settings

    chosen = {
        name: given[name] for name in ("dialect", "endpoint", "model", "window", "workers") if given[name] is not None
    }
    chosen |= {
        name: False
        for name, flag in (("plan", "no_plan"), ("review", "no_review"), ("test", "no_tests"))
        if given[flag]
    }
    limits = {one.name: given[f"max_{one.name}"] for one in fields(Limits) if given.get(f"max_{one.name}") is not None}
    if before is not None:
        return replace(before, **chosen, limits=replace(before.limits, **limits))
    usual = {name: config[name] for name in SETTINGS if name in config}
    if "model" not in usual | chosen:
        raise InputError("no model is named: give `--model`, or `model` in the configuration (see --help)")
    parts: dict[str, Any] = {}
    for name, kind in (("limits", Limits), ("prices", Prices)):
        table = config.get(name, {})
        if not isinstance(table, dict):
            raise InputError(f"`{name}` in the configuration is no table")
        for key in table:
            if key not in (known := [one.name for one in fields(kind)]):
                raise InputError(f"`{name}` in the configuration: {names.unknown_name('key', key, known)}")
        parts |= {name: table} if name in config else {}
    parts["limits"] = parts.get("limits", {}) | limits
    try:
        return pydantic.TypeAdapter(Settings).validate_python(usual | chosen | parts)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = f"`{'.'.join(map(str, first['loc']))}` in the configuration: " if first["loc"] else ""
        raise InputError(f"{where}{first['msg'].removeprefix('Value error, ')}") from None


def policy_of(given: Mapping[str, Any], config: Mapping[str, Any]) -> Policy:
    """What may be done without asking."""
    from rev_accel.agent import Policy

    chosen: dict[str, Any] = {name: config[name] for name in ("write", "command") if name in config}
    if given["yes"]:
        chosen |= {"write": "auto", "command": "auto"}
    chosen |= {name: given[name] for name in ("write", "command") if given[name] is not None}
    for name in ("allow", "deny"):
        rules = config.get(name, [])
        if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
            raise InputError(f"`{name}` in the configuration is no list of texts")
        chosen[name] = (*given[name], *rules)
    return Policy(**chosen)
