"""What hosted CI does to publish, as far as it can be seen without publishing: the scripts in `.ci`."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/someone/something"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


licenses, release, wheel = script("licenses"), script("release"), script("wheel")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One with what a release changes and what it links to."""
    for folder in ("docs", "benches"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for path in [*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Cargo.toml"]:
        shutil.copy(path, tmp_path)
    settings = tmp_path / "Cargo.toml"
    text, count = re.subn(
        r'^(repository = )".*"$', rf'\1"{REPOSITORY}"', settings.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count == 1
    settings.write_text(text, encoding="utf-8")
    return tmp_path


class Links(HTMLParser):
    """What a page leads to and shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.pictures: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in {"src", "srcset"}:
                self.pictures.append(str(value))
            elif name == "href":
                self.hrefs.append(str(value))


def rendered(readme: Path) -> Links:
    return Links(MarkdownIt("commonmark", {"html": True}).enable("table").render(readme.read_text(encoding="utf-8")))


def test_no_link_of_a_published_readme_leads_nowhere(checkout: Path) -> None:
    before = rendered(checkout / "README.md")
    release.make_links(checkout, REPOSITORY, "v1.2.3")
    after = rendered(checkout / "README.md")
    for old, new, start in [
        (before.hrefs, after.hrefs, f"{REPOSITORY}/blob/v1.2.3/"),
        (before.pictures, after.pictures, "https://raw.githubusercontent.com/someone/something/v1.2.3/"),
    ]:
        assert any("://" not in link for link in old)
        assert new == [link if "://" in link else start + link for link in old]


def test_a_published_readme_differs_in_its_links_alone(checkout: Path) -> None:
    release.make_links(checkout, REPOSITORY, "v1.2.3")
    text = (checkout / "README.md").read_text(encoding="utf-8")
    for start in (f"{REPOSITORY}/blob/v1.2.3/", "https://raw.githubusercontent.com/someone/something/v1.2.3/"):
        text = text.replace(start, "")
    assert text == (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_release_names_the_addresses_of_the_project_and_changes_no_other_setting(checkout: Path) -> None:
    release.make_links(checkout, REPOSITORY, "v1.2.3")
    settings = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    addresses = settings["project"].pop("urls")
    assert settings == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert addresses["Source"] == REPOSITORY
    for address in addresses.values():
        file = address.removeprefix(f"{REPOSITORY}/blob/v1.2.3/")
        assert address in {REPOSITORY, f"{REPOSITORY}/issues"} or (ROOT / file).is_file()


def test_a_readme_that_links_to_what_is_not_there_is_not_published(checkout: Path) -> None:
    (checkout / "SECURITY.md").unlink()
    with pytest.raises(SystemExit, match=r"README\.md: there is no `SECURITY\.md`"):
        release.make_links(checkout, REPOSITORY, "v1.2.3")


def test_nothing_is_published_from_a_repository_that_the_package_does_not_name(checkout: Path) -> None:
    with pytest.raises(SystemExit, match=f"the repository is `{REPOSITORY}-else`, expected `{REPOSITORY}`"):
        release.make_links(checkout, f"{REPOSITORY}-else", "v1.2.3")


def test_pages_name_the_repository_that_the_package_names() -> None:
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    assert f"  - repo: {workspace['package']['repository']}\n" in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tag", "heading", "problem"),
    [
        ("v1.2.3", "## [1.2.3] - 2026-11-27", None),
        ("v1.2.3", "## [1.2.3] - 2026-11-27\n\n(none yet)", "docs/index.md says of versions that there are none yet"),
        ("v1.2.4", "## [1.2.3] - 2026-11-27", "the tag is `v1.2.4`, expected `v1.2.3`"),
        ("1.2.3", "## [1.2.3] - 2026-11-27", "the tag is `1.2.3`"),
        ("v1.2.3", "## [1.2.2] - 2026-11-27", r"expected the heading `## \[1.2.3\] - YYYY-MM-DD` first"),
        ("v1.2.3", "## [1.2.3]", "expected the heading"),
        ("v1.2.3", "", "expected the heading"),
    ],
)
def test_a_tag_is_published_if_it_is_the_version_in_the_changelog(
    tmp_path: Path, tag: str, heading: str, problem: str | None
) -> None:
    (tmp_path / "Cargo.toml").write_text('[workspace.package]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## [Unreleased]\n\n{heading}\n\n## [1.2.1] - 2026-01-01\n")
    (tmp_path / "docs").mkdir()
    for page in ("README.md", "docs/index.md", "docs/ci.md"):
        (tmp_path / page).write_text(f"# {page}\n{heading if 'index' in page else ''}\n")
    if problem is None:
        release.check(tmp_path, tag)
    else:
        with pytest.raises(SystemExit, match=problem):
            release.check(tmp_path, tag)


@pytest.mark.skipif(shutil.which("cargo") is None or not (ROOT / "Cargo.lock").exists(), reason="needs Rust")
def test_all_that_is_linked_comes_with_its_licence() -> None:
    target = subprocess.run(["rustc", "--print=host-tuple"], check=True, capture_output=True, text=True).stdout.strip()
    parts = list(licenses.crates(target))
    text = licenses.rendered(parts)
    for part in parts:
        assert part.texts or part.license == "public domain"
        assert f"{part.name}: {part.license}" in text
        assert all(f"{part.name} ({file})" in text for file in part.texts)
    names = {part.name.split()[0] for part in parts}
    assert {"SQLite", "blake3", "pyo3", "ruff_python_parser"} <= names
    assert not {"cc", "divan", "rev-accel-core", "syn", "thiserror-impl"} & names


def test_a_text_that_several_have_is_there_once() -> None:
    parts = [
        licenses.Part(name=name, license="MIT", texts={"LICENSE": text})
        for name, text in [("a 1", "One\n  text\n"), ("b 1", "One text"), ("c 1", "Another text")]
    ]
    text = licenses.rendered(parts)
    assert text.count("One") == 1 and text.count("Another text") == 1
    assert "a 1 (LICENSE)\nb 1 (LICENSE)\n" in text


@pytest.mark.parametrize(
    ("added", "left_out", "problem"),
    [
        ([], None, None),
        (["rev_accel/secret.env"], None, r"not expected in it: \['rev_accel/secret\.env'\]"),
        (["rev_accel/__pycache__/x.pyc"], None, "not expected in it"),
        (["other/x.py"], None, "not expected in it"),
        (
            [],
            "THIRD-PARTY-LICENSES.txt",
            r"lacks \['rev_accel-1\.2\.3\.dist-info/licenses/THIRD-PARTY-LICENSES\.txt'\]",
        ),
        ([], "_core.", "lacks"),
    ],
)
def test_a_wheel_holds_what_it_should_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added: list[str], left_out: str | None, problem: str | None
) -> None:
    monkeypatch.setattr(wheel, "tracked", lambda *_: ["python/rev_accel/__init__.py", "python/rev_accel/py.typed"])
    described = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "sboms/rev-accel-py.cyclonedx.json"]
    described += ["licenses/LICENSE", "licenses/THIRD-PARTY-LICENSES.txt"]
    names = ["rev_accel/__init__.py", "rev_accel/py.typed", wheel.EXTENSION, *added]
    names += [f"rev_accel-1.2.3.dist-info/{name}" for name in described]
    path = tmp_path / "rev_accel-1.2.3-cp311-abi3-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            if left_out is None or left_out not in name:
                archive.writestr(name, "")
    if problem is None:
        wheel.check_contents(path)
    else:
        with pytest.raises(SystemExit, match=problem):
            wheel.check_contents(path)


@pytest.mark.parametrize("name", ["wheel-tools", "workflow-tools"])
def test_each_tool_is_named_by_its_hash(name: str) -> None:
    """`make lock-tools` writes the second file."""
    wanted = re.findall(r"^[\w-]+==[^\s;]+", (ROOT / ".ci" / f"{name}.in").read_text(), re.MULTILINE)
    locked = re.findall(
        r"^([\w.-]+==\S+).*\\\n +--hash=sha256:", (ROOT / ".ci" / f"{name}.txt").read_text(), re.MULTILINE
    )
    assert wanted and set(wanted) <= set(locked)


def test_every_action_is_named_by_its_commit() -> None:
    if not (ROOT / ".github").is_dir():
        pytest.skip("only what the tests need is here")
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        for action in re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), f"{workflow.name}: {action}"
