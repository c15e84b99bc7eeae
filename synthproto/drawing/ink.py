"""What a drawing is made of: colours, pens, labels, and the ink that collects them by style."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias, final

import numpy as np
from matplotlib import font_manager, ft2font
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
Pixels: TypeAlias = NDArray[np.uint8]

# Blue and vermilion of Okabe and Ito (2008), which the colour-blind tell apart; one more ink, grey.
WHITE = "#FFFFFF"
TEXT = "#333333"
MUTED = "#767676"
GRID = "#E3E3E3"
AXIS = "#B5B5B5"
REAL = "#A9CBE8"
REAL_INK = "#1F6AA5"
SYNTHETIC = "#D55E00"
HOLDOUT = "#333333"


@final
@dataclass(frozen=True)
class Pen:
    """How a line is drawn; all lines of one pen are drawn at once.

    Attributes:
        color: Colour.
        width: Width in pixels.
        dashes: Lengths of dash and gap in pixels; empty for a solid line.
        crisp: Whether to round to whole pixels: for level and upright lines.
        under: Whether areas cover it.
    """

    color: str
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    crisp: bool = True
    under: bool = False


@final
@dataclass(frozen=True)
class Dot:
    """How points are drawn; all points of one dot are drawn at once.

    Attributes:
        color: Fill colour.
        size: Diameter in pixels.
        edge: Colour of the rim; the fill's where empty.
        alpha: Opacity from 0 to 1.
    """

    color: str
    size: float = 4.0
    edge: str = ""
    alpha: float = 1.0


@final
@dataclass(frozen=True)
class Label:
    """A short text at a place; never read as mathematics.

    Attributes:
        x: Anchor, in pixels from the left.
        y: Anchor, in pixels from the bottom.
        text: What it says.
        color: Colour.
        size: Height of the font in pixels.
        align: Which end of the text the anchor is at.
        valign: Whether the anchor is at the baseline, or in the middle of its capitals.
        bold: Whether the font is bold.
        angle: Rotation about the anchor in degrees, counter-clockwise.
    """

    x: float
    y: float
    text: str
    color: str = MUTED
    size: float = 10.0
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["baseline", "middle"] = "baseline"
    bold: bool = False
    angle: float = 0.0


@final
@dataclass
class Ink:
    """What is to be drawn, collected by style: areas first, then images, lines, dots, labels.

    Coordinates are pixels from the lower left corner; polygons and lines have shape ``(n, 2)``.
    """

    areas: dict[str, list[Points]] = field(default_factory=dict)
    images: list[tuple[Points, Pixels]] = field(default_factory=list)
    lines: dict[Pen, list[Points]] = field(default_factory=dict)
    dots: dict[Dot, list[Points]] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)

    def area(self, color: str, points: Points) -> None:
        """Fill a polygon."""
        self.areas.setdefault(color, []).append(points)

    def box(self, color: str, left: float, bottom: float, width: float, height: float) -> None:
        """Fill a rectangle."""
        self.area(color, rectangle(left, bottom, width, height))

    def line(self, pen: Pen, points: Points) -> None:
        """Draw a line through points."""
        self.lines.setdefault(pen, []).append(points)

    def dot(self, dot: Dot, points: Points) -> None:
        """Draw points."""
        self.dots.setdefault(dot, []).append(points)

    def image(
        self, colors: Pixels, left: float, bottom: float, width: float, height: float
    ) -> None:
        """Fill a rectangle with cells of shape ``(rows, columns, 3)``, the top row first."""
        self.images.append((np.array([left, bottom, width, height], dtype=np.float64), colors))

    def label(self, label: Label) -> None:
        """Write a text."""
        self.labels.append(label)


def rectangle(left: float, bottom: float, width: float, height: float) -> Points:
    """Closed outline of a rectangle, shape ``(5, 2)``."""
    right, top = left + width, bottom + height
    corners = [(left, bottom), (left, top), (right, top), (right, bottom), (left, bottom)]
    return np.array(corners, dtype=np.float64)


# Families for scripts that DejaVu Sans lacks, tried in this order where they are installed.
_FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Emoji",
)
_UNKNOWN = "□"
_EM = 100.0


@lru_cache(maxsize=64)
def font(size: float, bold: bool) -> FontProperties:
    """The font of a size in pixels at 72 dots an inch."""
    weight = "bold" if bold else "normal"
    return FontProperties(family=list(_families()), size=size, weight=weight)


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text on one line, with a box in place of what no installed font can show."""
    if text.isascii() and text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(char if _advance(char, bold=False) >= 0 else _UNKNOWN for char in spaced)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of a text of one line, kerning left out."""
    return size * sum(max(0.0, _advance(char, bold=bold)) for char in text)


def shortened(text: str, width: float, size: float, *, bold: bool = False, tail: int = 0) -> str:
    """The printable text, cut to a width in pixels; an ellipsis shows the cut.

    Args:
        text: Any text.
        width: Room for it, in pixels.
        size: Height of the font in pixels.
        bold: Whether the font is bold.
        tail: How many of the last characters stay behind the ellipsis.
    """
    # No text of so many characters fits; cutting first keeps a novel in a cell cheap.
    whole = printable(text[:300])
    if text_width(whole, size, bold=bold) <= width:
        return whole
    end = "…" + whole[len(whole) - tail :]
    room = width - text_width(end, size, bold=bold)
    kept = 0
    for char in whole:
        room -= text_width(char, size, bold=bold)
        if room < 0:
            break
        kept += 1
    return whole[:kept].rstrip() + end


def distinct(texts: Sequence[str], width: float, size: float) -> list[str]:
    """The texts cut to a width; those that would then look alike are cut in their middle."""
    cut = [shortened(text, width, size) for text in texts]
    return [
        shortened(text, width, size, tail=6) if cut.count(short) > 1 else short
        for text, short in zip(texts, cut, strict=True)
    ]


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    installed = set(font_manager.fontManager.get_font_names())
    return ("DejaVu Sans", *(name for name in _FALLBACKS if name in installed))


@lru_cache(maxsize=2)
def _faces(bold: bool) -> tuple[tuple[ft2font.FT2Font, frozenset[int]], ...]:
    weight = "bold" if bold else "normal"
    faces = []
    for name in _families():
        face = ft2font.FT2Font(font_manager.findfont(FontProperties(family=name, weight=weight)))
        face.set_size(_EM, 72)
        faces.append((face, frozenset(face.get_charmap())))
    return tuple(faces)


@lru_cache(maxsize=8192)
def _advance(char: str, *, bold: bool) -> float:
    """Width of a character as a share of the font's size; -1 where no font has it."""
    for face, glyphs in _faces(bold):
        if ord(char) in glyphs:
            return face.load_char(ord(char)).linearHoriAdvance / 65536 / _EM
    return -1.0
