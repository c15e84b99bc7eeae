"""Axes of plots: ticks with short names, titles and remarks."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
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
_PREFIXES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
# Room for a title in points, beside a legend.
_TITLE_WIDTH: Final = 200.0


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


def within(places: Sequence[float], low: float, high: float) -> list[float]:
    """The places on an axis between two ends; both ends where there are none or one."""
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
    axes: Axes, title: str, left: float, *, room: float = _TITLE_WIDTH, pad: float = 24.0
) -> None:
    """Set the title, and leave of the frame only the lower line.

    The title is cut to its `room` and begins at the left edge of the panel, which is `left` points
    from the axes.
    """
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=4)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(AXIS)
    text = shortened(title, room, 12.0, bold=True)
    look: Style = {**text_style(TEXT, 12.0), "loc": "left", "fontweight": "bold"}
    start = (10 - left) * axes.figure.dpi / 72 / float(axes.bbox.width)
    axes.set_title(text, x=start, y=1.0, pad=pad, **look)


def remark(axes: Axes, text: str, color: str, left: float, *, after: str = "") -> list[Text]:
    """Write what the axes cannot show between title and axes, if anything.

    The line begins at the left edge of the panel, which is `left` points from the axes; `after` is
    another remark that comes before on the same line.
    """
    if not text:
        return []
    start = 10 - left + (text_width(after) + 10 if after else 0.0)
    look: Style = {**text_style(color), "xycoords": "axes fraction"}
    place = start, 9
    return [axes.annotate(printable(text), (0, 1), place, textcoords="offset points", **look)]
