"""A few shapes as SVG text: small, with text as text in the reader's own fonts, the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

FONTS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
WIDTHS = {
    0.35: "'IJijl ,./:;|\N{NO-BREAK SPACE}",
    0.42: "()-[]ft!r",
    0.65: "abcdeghknopqsuvxyz0123456789",
    1.0: "%@MWm",
}
"""Of characters, as shares of the size of the font: those of DejaVu Sans, a wide font. Others: 0.85."""
BOLD = 1.13
"""Times as wide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """Colours for one kind of page; the four of marks differ for colour-blind readers, too (after Okabe and Ito).

    All but `grid`, `grey` and `sky`, in which nothing is written, have a contrast of 4.5 to 1 or more on such a page.
    """

    name: str
    text: str
    muted: str
    grid: str
    grey: str
    blue: str
    sky: str
    green: str
    orange: str


LIGHT = Theme(
    name="light",
    text="#1f2328",
    muted="#59636e",
    grid="#e1e5ea",
    grey="#a0a9b2",
    blue="#0072b2",
    sky="#56b4e9",
    green="#00805d",
    orange="#bf5300",
)
DARK = Theme(
    name="dark",
    text="#e6edf3",
    muted="#9aa5b1",
    grid="#2b323a",
    grey="#6e7884",
    blue="#4aa3e8",
    sky="#a5d6f7",
    green="#35c79c",
    orange="#f2894a",
)


@dataclass(kw_only=True, slots=True)
class Canvas:
    """Draws from the top; `height` grows with what is drawn. The background is the page's."""

    width: int
    theme: Theme
    title: str
    height: float = 0
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        color: str | None = None,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """One line whose foot is at `y`. It has to fit in any font."""
        start = x - width_of(text, size, bold=bold) * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        if start < 0 or start + width_of(text, size, bold=bold) > self.width:
            raise ValueError(f"a text runs out of the picture: {text!r}")
        weight = ' font-weight="600"' if bold else ""
        side = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.add(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{color or self.theme.text}"'
            f"{weight}{side}>{escape(text, quote=False)}</text>",
            y + 0.3 * size,
        )

    def paragraph(self, text: str, *, size: float = 13, color: str | None = None, bold: bool = False) -> None:
        """As many lines as it takes, below all that is there. They break at spaces that may break."""
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".lstrip(" ")
            if width_of(longer, size, bold=bold) <= self.width:
                lines[-1] = longer
            else:
                lines.append(word)
        for line in lines:
            self.text(0, self.height + 1.15 * size, line, size=size, color=color, bold=bold)

    def bar(self, x: float, y: float, width: float, height: float, color: str) -> None:
        shape = f'width="{number(width)}" height="{number(height)}" rx="{number(min(2, width / 2))}"'
        self.add(f'<rect x="{number(x)}" y="{number(y)}" {shape} fill="{color}"/>', y + height)

    def line(
        self, points: Sequence[tuple[float, float]], color: str, *, width: float = 1, dashed: bool = False
    ) -> None:
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        dashes = ' stroke-dasharray="2 4"' if dashed else ""
        shape = f'stroke-width="{number(width)}" stroke-linecap="round" stroke-linejoin="round"'
        self.add(f'<polyline points="{path}" fill="none" stroke="{color}" {shape}{dashes}/>', max(y for _, y in points))

    def dot(self, x: float, y: float, radius: float, color: str) -> None:
        self.add(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{color}"/>', y + radius)

    def add(self, part: str, bottom: float) -> None:
        self.parts.append(part)
        self.height = max(self.height, bottom)

    def gap(self, height: float) -> None:
        self.height += height

    def render(self) -> str:
        size = f"{self.width} {number(self.height + 2)}"
        shape = f'viewBox="0 0 {size}" width="{self.width}" height="{number(self.height + 2)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {shape} role="img" font-family="{FONTS}">'
        return "\n".join([head, f"<title>{escape(self.title, quote=False)}</title>", *self.parts, "</svg>", ""])


def number(value: float) -> str:
    """To a tenth of a pixel, without what says nothing."""
    return f"{value:.1f}".removesuffix(".0")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """In pixels, at most."""
    shares = (next((share for share, those in WIDTHS.items() if one in those), 0.85) for one in text)
    return sum(shares) * size * (BOLD if bold else 1)
