"""Ticks of an axis: round places and short names for numbers, shares and dates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.drawing.ink import AXIS, GRID, TEXT, Ink, Label, Pen, Points, shortened, text_width

Quantity: TypeAlias = Literal["number", "share", "date"]
"""What an axis measures; dates are seconds since 1970 in UTC."""

_PREFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_DateUnit: TypeAlias = Literal["Y", "M", "D", "h", "m", "s"]
_DATE_STEPS: tuple[tuple[_DateUnit, int, float], ...] = (
    # numpy unit, how many of them, their seconds
    *(("s", n, n * 1.0) for n in (1, 2, 5, 15, 30)),
    *(("m", n, n * 60.0) for n in (1, 2, 5, 15, 30)),
    *(("h", n, n * 3600.0) for n in (1, 3, 6, 12)),
    *(("D", n, n * 86400.0) for n in (1, 2, 5, 10)),
    *(("M", n, n * 2.63e6) for n in (1, 3, 6)),
    *(("Y", n, n * 3.156e7) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)),
)
# How a date is written when its year (from days down: its day) is new, and when it is not.
_DATE_FORMATS: dict[_DateUnit, tuple[str, str]] = {
    "Y": ("%Y", "%Y"),
    "M": ("%b %Y", "%b"),
    "D": ("%d %b %Y", "%d %b"),
    "h": ("%d %b %H:%M", "%H:%M"),
    "m": ("%d %b %H:%M", "%H:%M"),
    "s": ("%d %b %H:%M:%S", "%H:%M:%S"),
}
# The years that Python's calendar has, as seconds since 1970.
_CALENDAR = (-6.2e10, 2.5e11)


@final
@dataclass(frozen=True)
class Tick:
    """A place on an axis and its name.

    Attributes:
        at: Where, in the axis' own unit.
        name: What is written there.
    """

    at: float
    name: str


def ticks(low: float, high: float, *, quantity: Quantity = "number", most: int = 5) -> list[Tick]:
    """Round places within a range, at least one and at most ``most``.

    Args:
        low: Lower end of the axis.
        high: Upper end, above ``low``.
        quantity: What the axis measures.
        most: Number of ticks that there is room for, at least 2.

    Returns:
        The ticks from low to high; numbers read ``1.2M``, shares ``15%``, dates ``Mar 2024``.
    """
    if quantity == "date":
        return _dates(low, high, most)
    places = _places(low, high, most)
    if quantity == "share":
        decimals = _decimals(places, 0.01)
        return [Tick(at, f"{at * 100:.{decimals}f}%" if at else "0") for at in places]
    return [Tick(at, name) for at, name in zip(places, _names(places), strict=True)]


def short(value: float) -> str:
    """A number in at most about seven characters: ``1.2M``, ``0.034``, ``3e-09``."""
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e15 or size < 1e-4:
        return _tidy(f"{value:.2g}")
    unit, prefix = _prefix(size)
    return f"{value / unit:.3g}{prefix}"


def percent(share: float) -> str:
    """A share of rows in words: ``12%``, ``3.4%``, ``<0.1%``, ``>99.9%``."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    decimals = 0 if 0.0995 <= share < 0.995 or share in {0.0, 1.0} else 1
    return f"{share * 100:.{decimals}f}%"


def _prefix(size: float) -> tuple[float, str]:
    return next(((unit, name) for unit, name in _PREFIXES if size >= unit), (1.0, ""))


def _places(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten; the finest such step that is not too fine."""
    # Halves keep the width finite for ends near the largest float.
    rough = max((high / 2 - low / 2) / most * 2, math.ulp(0.0) * 1e16)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (power * factor for factor in (1.0, 2.0, 5.0, 10.0))
    step = next((step for step in steps if _count(low, high, step) <= most), power * 20.0)
    first = math.ceil(low / step - 1e-9)
    last = first + _count(low, high, step)
    places = [index * step for index in range(first, last)]
    return places if len(set(places)) > 1 else [low, high]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def _decimals(places: list[float], unit: float) -> int:
    step = min((b - a for a, b in pairwise(places)), default=unit)
    return min(12, max(0, -math.floor(math.log10(step / unit) + 1e-9))) if step > 0 else 0


def _names(places: list[float]) -> list[str]:
    size = max(abs(place) for place in places)
    if size >= 1e15 or size < 1e-4:
        names = _powers(places)
    else:
        unit, prefix = _prefix(size)
        decimals = _decimals(places, unit)
        # Beyond four decimals a prefix saves nothing: 1.0000000005B is 1000000000.5.
        if decimals > 4:
            unit, prefix, decimals = 1.0, "", _decimals(places, 1.0)
        names = [f"{place / unit:.{decimals}f}{prefix}" if place else "0" for place in places]
    # A range that is narrow for its height has no short names: both ends in full must do.
    return names if len(set(names)) == len(names) else [repr(place) for place in places]


def _powers(places: list[float]) -> list[str]:
    """Names like ``1.5e9``, of the fewest digits that tell the places apart."""
    for digits in range(17):
        names = [_tidy(f"{place:.{digits}e}") if place else "0" for place in places]
        if len({float(name) for name in names}) == len(places) and all(
            math.isclose(float(name), place, rel_tol=1e-3)
            for name, place in zip(names, places, strict=True)
        ):
            return names
    return [repr(place) for place in places]


def _tidy(text: str) -> str:
    """``1.50e+09`` as ``1.5e9``."""
    number, mark, power = text.partition("e")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number}e{int(power)}" if mark else number


def _dates(low: float, high: float, most: int) -> list[Tick]:
    if low < _CALENDAR[0] or high > _CALENDAR[1] or high - low < most:
        return _ends(low, high)
    unit, count, _ = next(
        (step for step in _DATE_STEPS if (high - low) / step[2] < most), _DATE_STEPS[-1]
    )
    start, stop = (
        int(np.datetime64(int(end), "s").astype(f"datetime64[{unit}]").astype(np.int64))
        for end in (low, high)
    )
    # Years count from 1970; shifted by it they are multiples of the step as people write them.
    shift = 1970 if unit == "Y" else 0
    first = -(-(start + shift) // count) * count - shift
    marks = [np.datetime64(index, unit) for index in range(first, stop + 1, count)]
    seconds = [mark.astype("datetime64[s]").astype(np.int64) for mark in marks]
    inside = [int(at) for at in seconds if low <= at <= high]
    return _dated(inside, unit) if inside else _ends(low, high)


def _dated(seconds: list[int], unit: _DateUnit) -> list[Tick]:
    found = []
    before = ""
    for at in seconds:
        moment = datetime.fromtimestamp(at, UTC)
        era = f"{moment:%Y}" if unit in "YMD" else f"{moment:%Y-%m-%d}"
        found.append(Tick(float(at), f"{moment:{_DATE_FORMATS[unit][era == before]}}"))
        before = era
    return found


def _ends(low: float, high: float) -> list[Tick]:
    """Both ends, for a range in which no round place lies."""
    first, last = (str(np.datetime64(int(end), "s")).replace("T", " ") for end in (low, high))
    return [Tick(low, first), *([Tick(high, last)] if last != first else [])]


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


# Beyond this ratio of magnitudes an even axis would press most values into one corner.
_EVEN_RATIO = 20.0


@final
@dataclass(frozen=True)
class Warp:
    """Values as they are, or ``sign(x) log10(1 + |x| / unit)``: logarithmic to both sides of 0.

    Attributes:
        unit: Where the logarithm takes over; 0 for values as they are.
    """

    unit: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Warp":
        """The warp for values of which there is at least one."""
        sizes = np.abs(values[values != 0])
        if not len(sizes) or sizes.max() <= _EVEN_RATIO * sizes.min():
            return cls(0.0)
        # More than six decades would leave no room for those where most values are.
        return cls(float(max(sizes.min(), sizes.max() * 1e-6)))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Warped values, same shape."""
        if not self.unit:
            return values
        warped: NDArray[np.float64] = np.sign(values) * np.log10(1 + np.abs(values) / self.unit)
        return warped

    def inverse(self, warped: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values that were warped, same shape."""
        if not self.unit:
            return warped
        values: NDArray[np.float64] = np.sign(warped) * self.unit * (10 ** np.abs(warped) - 1)
        return values

    def ticks(self, low: float, high: float) -> list[Tick]:
        """Ticks between two warped values: round numbers, or powers of ten."""
        if not self.unit:
            return ticks(low, high, most=4)
        start = int(np.ceil(np.log10(self.unit)))
        count = 1 + int(np.ceil(max(-low, high)))
        powers = np.logspace(start, start + count - 1, count, dtype=np.float64)
        marks = self._marks(powers, low, high)
        if len(marks) < 3:
            marks = self._marks((powers[:, None] * np.array([0.2, 0.5, 1.0])).ravel(), low, high)
        # 0 is kept, so that the sides of the axis can be told.
        zero = next((index for index, mark in enumerate(marks) if mark.name == "0"), 0)
        stride = -(-len(marks) // 5) or 1
        return marks[zero % stride :: stride]

    def _marks(self, sizes: NDArray[np.float64], low: float, high: float) -> list[Tick]:
        """Ticks at 0 and at some sizes to both sides of it."""
        values = np.concatenate([-sizes[::-1], [0.0], sizes])
        places = self(values)
        inside = (places >= low) & (places <= high)
        return [
            Tick(place, short(value))
            for place, value in zip(places[inside].tolist(), values[inside].tolist(), strict=True)
        ]


EVEN: Final = Warp(0.0)
"""Values as they are."""
