"""Links between the pages, and to pictures, lead to files and headings that there are, where they are read without the site: on a forge."""

from __future__ import annotations

import re

import pytest

from .blocks import FENCE, PAGES, ROOT, read

LINK = re.compile(r"""\]\(([^()\s]+)\)|\b(?:src|srcset)="([^"\s]+)""")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """What a forge calls the headings of a page."""
    headings = HEADING.findall(FENCE.sub("", read(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    for text, picture in LINK.findall(FENCE.sub("", read(page))):
        link = text or picture
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.resolve().is_file(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(str(target.resolve().relative_to(ROOT))), f"{page}: {link}"
