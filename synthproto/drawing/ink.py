"""What a drawing is made of: colours, pens, labels, and the ink that collects them by style."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

import numpy as np
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
