"""Ticks of an axis: round places and short names for numbers, shares and dates."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, TypeAlias, final

import numpy as np

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
