"""The folders of the user that the platform has for a program's configuration, and for its state."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["STATE_VARIABLE", "configuration", "runs", "state"]

STATE_VARIABLE = "REV_ACCEL_STATE_DIR"

NAME = "rev-accel"


def configuration() -> Path:
    """For what the user has written."""
    return _folder("APPDATA", "Roaming", "XDG_CONFIG_HOME", ".config")


def state() -> Path:
    """For what shall outlive the process: `REV_ACCEL_STATE_DIR`, or the platform's place."""
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen).absolute()
    return _folder("LOCALAPPDATA", "Local", "XDG_STATE_HOME", ".local/state")


def runs() -> Path:
    """For the accounts of an agent's runs."""
    return state() / "runs"


def _folder(windows: str, windows_name: str, variable: str, usual: str) -> Path:
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get(windows) or home / "AppData" / windows_name) / NAME
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / NAME
    return Path(os.environ.get(variable) or home / usual) / NAME
