"""How the site is built; `make docs` does it."""

import __future__

import builtins
import os
import re
import typing
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.util import logging

import rev_accel

logger = logging.getLogger(__name__)

project = "rev-accel"
version = release = rev_accel.__version__
copyright = "the authors of rev-accel, MIT licence"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"rev-accel {version}"
html_copy_source = False
html_static_path = ["_static", "figures"]
html_css_files = ["site.css"]
# Known where the site is published: its own address, and the repository that its pages lead back to.
html_baseurl = os.environ.get("SITE_ADDRESS", "")
if repository := os.environ.get("SITE_REPOSITORY"):
    html_theme_options = {
        "source_repository": repository,
        "source_branch": "main",
        "source_directory": "docs/",
        "footer_icons": [{"name": "Repository", "url": repository, "html": "Repository", "class": ""}],
    }
# Headings can be linked to by the names that GitHub gives them.
myst_heading_anchors = 3
# Names in docstrings are in single backquotes: a link where there is such a name, else code.
default_role = "py:obj"
# `metrics=METRICS`, not what that looks like.
autodoc_preserve_defaults = True
autodoc_default_options = {"undoc-members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# A line for each parameter where they are many.
python_maximum_signature_line_length = 80


def take_from_stub(*names: str) -> None:
    """Have public functions of the native module documented by its stub, which has their types and whole docstrings."""
    typing.type_check_only = lambda kind: kind  # known to type checkers alone
    stub = Path(rev_accel.__file__).with_name("_core.pyi")
    scope = {"__name__": rev_accel.__name__}
    # Names in a stub may be used before they are defined, as with this import in a program.
    exec(compile(stub.read_bytes(), stub, "exec", __future__.annotations.compiler_flag), scope)
    for name in names:
        setattr(rev_accel, name, scope[name])


def read_sections(app: Sphinx, _kind: str, name: str, what: object, options: object, lines: list[str]) -> None:
    """Google's style, as napoleon reads it, which by itself takes an attribute's text before a colon for its type."""
    lines[:] = GoogleDocstring(lines, Config(), app, "", name, what, options).lines()


def mend(_: Sphinx, tree: nodes.document) -> None:
    """Has the type `bytes` and the folder `.git` lead to no attribute, and finds code that became a quotation."""
    for quotation in tree.findall(nodes.block_quote):
        logger.warning("an indented block that `::` does not introduce: %s", quotation.astext(), location=quotation)
    for link in list(tree.findall(pending_xref)):
        if link["refdomain"] == "py" and hasattr(builtins, link["reftarget"]):
            link.replace_self(link.children)
        elif link.rawsource.startswith("`."):
            link.replace_self(nodes.literal(link.rawsource, link.rawsource.strip("`")))


def stay_on_the_site(_: Sphinx, _name: str, source: list[str]) -> None:
    """Files beside this folder are pages of the site, too; on a forge the links lead to the files themselves."""
    source[0] = re.sub(r"\]\((?:\.\./)*benches/README\.md", "](/project/benchmarks.md", source[0])
    source[0] = re.sub(r"\]\((?:\.\./)*([A-Z]+)\.md", lambda found: f"](/project/{found[1].lower()}.md", source[0])


def stay_from_such_a_file(app: Sphinx, _path: Path, name: str, source: list[str]) -> None:
    """Links of a file beside this folder that is a page."""
    source[0] = re.sub(r"\]\((?:\.\./)*docs/", "](/", source[0])
    stay_on_the_site(app, name, source)


def take_theme(_: Sphinx, _name: str, source: list[str]) -> None:
    """A reader may choose light or dark on the site itself, whatever the system says: pictures are there for both."""

    def both(found: re.Match[str]) -> str:
        name, alternative = found.groups()
        return "\n".join(
            f'<picture class="only-{theme}">'
            f'<source media="(max-width: 600px)" srcset="_static/{name}-narrow-{theme}.svg">'
            f'<img src="_static/{name}-{theme}.svg" alt="{alternative}"></picture>'
            for theme in ("light", "dark")
        )

    picture = r'<picture>.*?<img src="figures/(\w+)-light\.svg" alt="([^"]*)"[^>]*>\s*</picture>'
    source[0] = re.sub(picture, both, source[0], flags=re.DOTALL)


def setup(app: Sphinx) -> None:
    take_from_stub("canonical_bytes", "digest", "digest_bytes")
    app.connect("source-read", stay_on_the_site)
    app.connect("include-read", stay_from_such_a_file)
    app.connect("source-read", take_theme)
    app.connect("autodoc-process-docstring", read_sections)
    app.connect("doctree-read", mend)
