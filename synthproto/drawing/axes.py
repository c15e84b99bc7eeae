"""Axes by hand: places and scales in pixels, titles, grid lines, names of ticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
from numpy.typing import NDArray

from synthproto.drawing.fonts import shortened, text_width
from synthproto.drawing.ink import AXIS, GRID, TEXT, Ink, Label, Pen, Points
from synthproto.drawing.ticks import Tick

CARD: Final = (350.0, 196.0)
"""Width and height of a panel in pixels: what TensorBoard's image cards, 350 wide, show sharply."""

_TITLE_WIDTH = 208.0
_LIGHT = Pen(GRID, under=True)
_BASE = Pen(AXIS)


@final
@dataclass(frozen=True)
class Box:
    """A rectangle on the sheet, in pixels from the lower left."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.bottom + self.height

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return self.bottom + self.height / 2


@final
@dataclass(frozen=True)
class Scale:
    """A straight map from values to pixels; what lies outside is put on the nearer end."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of values, same shape."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    def at(self, value: float) -> float:
        """Pixel of one value."""
        return float(self(np.array([value]))[0])


def plot_area(box: Box, *, left: float) -> Box:
    """The part of a panel that its axes enclose."""
    return Box(box.left + left, box.bottom + 24, box.width - left - 14, box.height - 24 - 40)


def title(ink: Ink, box: Box, text: str) -> None:
    """Write the title of a panel, cut so that it leaves room for a legend."""
    short = shortened(text, _TITLE_WIDTH, 12.0, bold=True)
    ink.label(Label(box.left + 10, box.top - 16, short, TEXT, 12.0, bold=True))


def remark(ink: Ink, box: Box, text: str, color: str, *, after: str = "") -> None:
    """Write what the axes cannot show, under the title; behind another remark if there is one."""
    if text:
        left = text_width(after, 10.0) + 8 if after else 0.0
        ink.label(Label(box.left + 10 + left, box.top - 30, text, color))


def upright_axis(ink: Ink, area: Box, across: Scale, marks: Sequence[Tick]) -> None:
    """Draw the lower axis with upright grid lines and its names."""
    base = np.array([(area.left, area.bottom), (area.right, area.bottom)])
    ink.line(_BASE, base)
    # A glyph of this size is about 6 pixels wide; where the names do not fit, both ends must do.
    if sum(len(mark.name) + 2 for mark in marks) * 6 > area.width and len(marks) > 2:
        marks = [marks[0], marks[-1]]
    for mark in marks:
        x = across.at(mark.at)
        ink.line(_LIGHT, np.array([(x, area.bottom), (x, area.top)]))
        half = text_width(mark.name, 10.0) / 2
        align: Literal["left", "center", "right"] = "center"
        if x - half < area.left - 30:
            align = "left"
        elif x + half > area.right + 12:
            align = "right"
        ink.label(Label(x, area.bottom - 14, mark.name, align=align))


def level_axis(ink: Ink, area: Box, heights: Scale, marks: Sequence[Tick]) -> None:
    """Draw level grid lines and the names at the left."""
    for mark in marks:
        y = heights.at(mark.at)
        ink.line(_LIGHT, np.array([(area.left, y), (area.right, y)]))
        ink.label(Label(area.left - 5, y, mark.name, align="right", valign="middle"))


def steps(edges: NDArray[np.float64], heights: NDArray[np.float64], base: float) -> list[Points]:
    """Outlines of a histogram in pixels, one for each run of bins that are not empty."""
    filled = np.concatenate([[False], heights > base, [False]])
    starts, stops = (
        np.flatnonzero(filled[1:] & ~filled[:-1]),
        np.flatnonzero(filled[:-1] & ~filled[1:]),
    )
    return [
        np.column_stack(
            [
                np.repeat(edges[start : stop + 1], 2),
                np.concatenate([[base], np.repeat(heights[start:stop], 2), [base]]),
            ]
        )
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
