"""Axes of plots: limits, a few round ticks with short names, titles and remarks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal, TypeAlias, final

import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import AsinhLocator, MaxNLocator
from numpy.typing import NDArray

from synthproto.drawing.style import (
    AXIS,
    GRID,
    TEXT,
    Style,
    printable,
    shortened,
    text_style,
    text_width,
)

Floats: TypeAlias = NDArray[np.float64]
Quantity: TypeAlias = Literal["number", "date"]
"""What an axis measures; dates are seconds since 1970 in UTC."""

_DATES: Any = dates  # matplotlib leaves it untyped
_PREFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_DAY, _YEAR = 86_400.0, 31_556_952.0
TITLE_WIDTH = 200.0
"""Room for a title in points, beside a legend."""
# The years that Python's calendar has, as seconds since 1970.
_CALENDAR = (-6.2e10, 2.5e11)
# Beyond this ratio of magnitudes an even axis would press most values into one corner.
_EVEN_RATIO = 20.0


@final
@dataclass(frozen=True)
class ValueAxis:
    """A horizontal axis of the values of a column.

    Attributes:
        low: Its lower end.
        high: Its upper end, above `low`.
        quantity: What it measures.
        linear_width: As matplotlib's ``asinh`` scale has it: the axis is even below this
            magnitude and logarithmic beyond it, to both sides of 0. It is even everywhere if 0.
        margin: Room beyond either end, as a share of the axis.
    """

    low: float
    high: float
    quantity: Quantity = "number"
    linear_width: float = 0.0
    margin: float = 0.0

    def even(self, values: Floats) -> Floats:
        """Values on a scale on which the axis is even, same shape."""
        if not self.linear_width:
            return values
        return np.asarray(np.arcsinh(values / self.linear_width))

    def spaced(self, count: int) -> Floats:
        """Values at equal distances on the axis, from end to end, shape ``(count,)``."""
        low, high = self.even(np.array([self.low, self.high])).tolist()
        room = (high - low) * self.margin / (1 - 2 * self.margin)
        places = np.linspace(low - room, high + room, count)
        return np.sinh(places) * self.linear_width if self.linear_width else places

    def draw(self, axes: Axes) -> None:
        """Set scale, limits, ticks and label."""
        if self.linear_width:
            axes.set_xscale("asinh", linear_width=self.linear_width)
        axes.set_xlim(*self.spaced(2))
        level_ticks(axes, *self._ticks())

    def _ticks(self) -> tuple[list[float], list[str], str]:
        """Places and names of the ticks, and the label of the axis."""
        if self.quantity == "date":
            return self._dates()
        if self.linear_width:
            decades = AsinhLocator(self.linear_width, numticks=7).tick_values(self.low, self.high)
            places = _within(decades, self.low, self.high)
            return (
                places,
                [name for place in places for name in tick_names([place])],
                "value, log scale",
            )
        round_places = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        places = _within(round_places, self.low, self.high)
        return places, tick_names(places), "value"

    def _dates(self) -> tuple[list[float], list[str], str]:
        low, high = self.low, self.high
        if low < _CALENDAR[0] or high > _CALENDAR[1]:
            years = MaxNLocator(4).tick_values(low / _YEAR + 1970, high / _YEAR + 1970)
            places = _within([(year - 1970) * _YEAR for year in years], low, high)
            return places, tick_names([place / _YEAR + 1970 for place in places]), "year"
        locator = _DATES.AutoDateLocator(tz=UTC, minticks=3, maxticks=6)
        ends = [datetime.fromtimestamp(end, UTC) for end in (low, high)]
        days = locator.tick_values(*ends)
        inside = [day for day in np.atleast_1d(days).tolist() if low <= day * _DAY <= high]
        formatter = _DATES.ConciseDateFormatter(locator, tz=UTC)
        names = formatter.format_ticks(inside) if inside else []
        if len(inside) < 2:
            inside = [low / _DAY, high / _DAY]
            names = [f"{end:%Y-%m-%d %H:%M:%S}" for end in ends]
        offset = formatter.get_offset()
        return [day * _DAY for day in inside], names, f"date, {offset}" if offset else "date"


def width(axes: Axes) -> float:
    """Width of axes in points."""
    return float(axes.bbox.width) * 72 / axes.figure.dpi


def linear_width(values: Floats) -> float:
    """Where an axis that shows these values should become logarithmic; 0 if it can be even."""
    sizes = np.abs(values[values != 0])
    if not len(sizes) or sizes.max() <= _EVEN_RATIO * sizes.min():
        return 0.0
    # More than six decades would leave no room for those where most values are.
    return float(max(sizes.min(), sizes.max() * 1e-6))


def tick_names(places: Sequence[float]) -> list[str]:
    """Short names that tell the places apart: ``0.5M``, ``20k``, ``3e-9``."""
    size = max((abs(place) for place in places), default=0.0)
    unit, prefix = next(((unit, name) for unit, name in _PREFIXES if 1e15 > size >= unit), (1, ""))
    # A range that is narrow for its height has no short names.
    styles = [(unit, prefix, digits) for digits in range(3, 6)]
    styles += [(1, "", digits) for digits in range(6, 18)]
    smallest = 1e-3 * min((abs(b - a) for a, b in pairwise(places)), default=0)
    for unit, prefix, digits in styles:
        names = [f"{place / unit:.{digits}g}" for place in places]
        errors = (abs(float(n) * unit - p) for n, p in zip(names, places, strict=True))
        if all(error <= smallest for error in errors):
            return [_tidy(name) + (prefix if float(name) else "") for name in names]
    return [repr(place) for place in places]


def _tidy(text: str) -> str:
    """``5e+09`` as ``5e9``."""
    number, mark, power = text.partition("e")
    return f"{number}e{int(power)}" if mark else number


def _within(places: Sequence[float], low: float, high: float) -> list[float]:
    slack = 1e-9 * (high - low)
    inside = [float(place) for place in places if low - slack <= place <= high + slack]
    return inside if len(set(inside)) > 1 else [low, high]


def percent(share: float) -> str:
    """A share of rows in words: ``12%``, ``3.4%``, ``<0.1%``, ``>99.9%``."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    decimals = 0 if 0.0995 <= share < 0.995 or share in {0.0, 1.0} else 1
    return f"{share * 100:.{decimals}f}%"


def share_ticks(top: float) -> tuple[list[float], list[str]]:
    """Ticks of an axis of shares from 0 to `top`."""
    places = [p for p in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, top) if 0 <= p <= top]
    decimals = max(0, -math.floor(math.log10(places[1] * 100))) if len(places) > 1 else 0
    return places, [f"{place * 100:.{decimals}f}%" for place in places]


def level_ticks(axes: Axes, places: Sequence[float], names: Sequence[str], label: str) -> None:
    """Ticks of the lower axis, with grid lines and a label; names that overlap are left out."""
    axes.minorticks_off()
    pixels = axes.transData.transform([(place, 0.0) for place in places])[:, 0]
    shown, end = [], -np.inf
    for name, middle in zip(names, pixels * 72 / axes.figure.dpi, strict=True):
        half = text_width(name) / 2 + 4
        shown.append(name if middle - half >= end else "")
        end = middle + half if shown[-1] else end
    axes.set_xticks(places, shown, **text_style())
    axes.grid(axis="x", color=GRID, linewidth=1)
    axes.set_xlabel(label, labelpad=2, **text_style())


def upright_ticks(axes: Axes, places: Sequence[float], names: Sequence[str], label: str) -> None:
    """Ticks of the left axis, with grid lines and a label."""
    axes.set_yticks(places, names, **text_style())
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.set_ylabel(label, labelpad=2, **text_style())


def prepare(
    axes: Axes, title: str, left: float, *, room: float = TITLE_WIDTH, pad: float = 24.0
) -> None:
    """Set the title, and leave of the frame only the lower line.

    Args:
        axes: Empty ones.
        title: Any text; it is cut to its room.
        left: Room left of the axes in points, above which the title begins.
        room: Width for the title in points.
        pad: Height of the title above the axes in points.
    """
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=4)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(AXIS)
    text = shortened(title, room, 12.0, bold=True)
    place: Style = {
        "loc": "left",
        "x": (10 - left) / width(axes),
        "y": 1.0,
        "pad": pad,
        "fontweight": "bold",
    }
    axes.set_title(text, **place, **text_style(TEXT, 12.0))


def remark(axes: Axes, text: str, color: str, left: float, *, after: str = "") -> list[Text]:
    """Write what the axes cannot show between title and axes.

    Args:
        axes: Those that it is about.
        text: Nothing is written if empty.
        color: Of the table that it is about.
        left: Room left of the axes in points, above which the line begins.
        after: Another remark that it follows on the same line.
    """
    if not text:
        return []
    start = 10 - left + (text_width(after) + 10 if after else 0.0)
    place: Style = {
        "xytext": (start, 9),
        "textcoords": "offset points",
        "xycoords": "axes fraction",
    }
    return [axes.annotate(printable(text), (0, 1), **place, **text_style(color))]
