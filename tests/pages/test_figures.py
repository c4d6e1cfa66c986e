"""The pictures on the pages are what their figures give, and the figures those of a whole run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .blocks import ROOT

FOLDER = ROOT / "docs" / "figures"


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.*")}


def test_pictures_are_drawn_from_the_figures_beside_them(tmp_path: Path) -> None:
    kept = texts(FOLDER)
    if not kept:
        return  # then no page can show one: links are tested, too
    assert not json.loads(kept["figures.json"])["quick"], "`make figures` measures for the pages"
    command = [sys.executable, ROOT / "benches" / "figures.py", "--from", FOLDER / "figures.json", "--to", tmp_path]
    subprocess.run(command, check=True, timeout=60)
    drawn = texts(tmp_path)
    assert sorted(kept) == sorted(drawn)
    for name, text in drawn.items():
        assert kept[name] == text, (
            f"{name}: draw it anew with `python benches/figures.py --from docs/figures/figures.json`"
        )
        if name.endswith(".svg"):
            ElementTree.fromstring(text)


def test_the_tables_on_the_pages_are_of_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benches"))
    import pictures

    figures = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))
    assert pictures.speed_table(figures) in (ROOT / "README.md").read_text(encoding="utf-8")
    assert pictures.scale_table(figures) in (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
