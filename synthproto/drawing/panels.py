"""Panels of one column: a histogram, bars of categories, a distribution function.

A panel is laid out once, from the real side alone: place, scales, order of rows. It draws its
``backdrop`` once and lays any other table over it as often as asked, on the same axes. It knows
no tables, only shares of rows.
"""

from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from synthproto.drawing.axes import (
    EVEN,
    Box,
    Quantity,
    Scale,
    Tick,
    Warp,
    level_axis,
    percent,
    plot_area,
    remark,
    steps,
    ticks,
    title,
    upright_axis,
)
from synthproto.drawing.ink import (
    HOLDOUT,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    Dot,
    Ink,
    Label,
    Pen,
    Points,
    distinct,
    rectangle,
)

# Gutters for the open outer bins, and the gap that tells them from the axis.
_GUTTER, _GAP = 9.0, 3.0


@final
@dataclass(frozen=True, eq=False)
class Shares:
    """How one table's rows are spread over what a panel shows; shares of rows in [0, 1].

    Attributes:
        inside: Share of each bin, category or, for a distribution function, up to each place,
            shape ``(n,)``.
        below: Share below the first bin.
        above: Share above the last bin.
        missing: Share of missing values; the other shares of a numeric column are of the rest.
        unseen: Share of categories that the real table does not have.
    """

    inside: NDArray[np.float64]
    below: float = 0.0
    above: float = 0.0
    missing: float = 0.0
    unseen: float = 0.0


@final
@dataclass(frozen=True)
class Look:
    """How a table that is laid over the backdrop is drawn.

    Attributes:
        name: What the legend calls it.
        pen: Its outline.
        spoken: Whether missing, unseen and outside shares are written down.
        dot: How points are drawn, for panels of points.
    """

    name: str
    pen: Pen
    spoken: bool
    dot: Dot | None = None


SYNTHETIC_LOOK: Final = Look("synthetic", Pen(SYNTHETIC, 2.0), spoken=True)
HOLDOUT_LOOK: Final = Look("holdout", Pen(HOLDOUT, 1.0, (3.0, 2.0)), spoken=False)


@final
@dataclass(frozen=True, eq=False)
class HistogramPanel:
    """Shares of rows by bin: the real side filled, any other as an outline.

    Rows outside the bins are shown as a bar of their own, set apart at either end.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        real: The real side.
        edges: Edges of the bins, shape ``(n + 1,)``, ascending; ``n`` may be 0.
        top: Share at the upper end of the axis.
        quantity: What the column measures.
        warp: Of the axis.
    """

    title: str
    box: Box
    real: Shares
    edges: NDArray[np.float64]
    top: float
    quantity: Quantity
    warp: Warp = EVEN

    def backdrop(self, ink: Ink) -> None:
        """Draw title, axes and the real side."""
        title(ink, self.box, self.title)
        level_axis(ink, self._area, self._heights, ticks(0.0, self.top, quantity="share", most=4))
        marks: list[Tick] = []
        if len(self.edges):
            marks = axis_ticks(self.warp, *self._ends, self.quantity)
        upright_axis(ink, self._area, self._across, marks)
        for outline in self._outlines(self.real):
            ink.area(REAL, outline)
        remark(ink, self.box, spoken(self.real), REAL_INK)

    def overlay(self, ink: Ink, side: Shares, look: Look) -> None:
        """Lay another table over it."""
        for outline in self._outlines(side):
            ink.line(look.pen, outline)
        if look.spoken:
            tallest = float(side.inside.max(initial=0.0))
            peak = f"peak {percent(tallest)}" if tallest > self.top else ""
            text = ", ".join(filter(None, [spoken(side), peak]))
            remark(ink, self.box, text, look.pen.color, after=spoken(self.real))

    @property
    def _area(self) -> Box:
        return plot_area(self.box, left=38.0)

    @property
    def _heights(self) -> Scale:
        return Scale(0.0, self.top, self._area.bottom, self._area.top)

    @property
    def _across(self) -> Scale:
        area, inset = self._area, _GUTTER + _GAP
        return Scale(*self._ends, area.left + inset, area.right - inset)

    @property
    def _ends(self) -> tuple[float, float]:
        """Ends of the axis, warped."""
        low, high = self.warp(self.edges[[0, -1]]).tolist() if len(self.edges) else (0.0, 1.0)
        return low, high

    def _outlines(self, shares: Shares) -> list[Points]:
        area = self._area
        ends = ((shares.below, area.left), (shares.above, area.right - _GUTTER))
        base = area.bottom
        outer = [
            rectangle(left, base, _GUTTER, self._heights.at(share) - base)
            for share, left in ends
            if share > 0
        ]
        if not len(self.edges):
            return outer
        across = self._across(self.warp(self.edges))
        return [*outer, *steps(across, self._heights(shares.inside), base)]


@final
@dataclass(frozen=True, eq=False)
class CurvePanel:
    """Share of rows up to each value: the real side as a broad band, any other as a line.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        real: The real side, at `curve_places`.
        low: Lowest value that the axis shows, warped.
        high: Highest value, above ``low``, warped.
        quantity: What the column measures.
        warp: Of the axis.
    """

    title: str
    box: Box
    real: Shares
    low: float
    high: float
    quantity: Quantity
    warp: Warp = EVEN

    def backdrop(self, ink: Ink) -> None:
        """Draw title, axes and the real side."""
        title(ink, self.box, self.title)
        level_axis(ink, self._area, self._heights, [Tick(x, f"{x:.0%}") for x in (0.0, 0.5, 1.0)])
        across = Scale(*_padded(self.low, self.high), self._area.left, self._area.right)
        marks = axis_ticks(self.warp, self.low, self.high, self.quantity)
        upright_axis(ink, self._area, across, marks)
        self._draw(ink, self.real, Pen(REAL, 5.0, crisp=False))
        remark(ink, self.box, spoken(self.real), REAL_INK)

    def overlay(self, ink: Ink, side: Shares, look: Look) -> None:
        """Lay another table over it."""
        self._draw(ink, side, Pen(look.pen.color, look.pen.width, look.pen.dashes, crisp=False))
        if look.spoken:
            remark(ink, self.box, spoken(side), look.pen.color, after=spoken(self.real))

    @property
    def _area(self) -> Box:
        return plot_area(self.box, left=38.0)

    @property
    def _heights(self) -> Scale:
        return Scale(0.0, 1.0, self._area.bottom, self._area.top)

    def _draw(self, ink: Ink, shares: Shares, pen: Pen) -> None:
        if shares.missing < 1:
            across = np.linspace(self._area.left, self._area.right, len(shares.inside))
            ink.line(pen, np.column_stack([across, self._heights(shares.inside)]))


def curve_places(box: Box, low: float, high: float, warp: Warp = EVEN) -> NDArray[np.float64]:
    """Values, one a pixel, at which a distribution function is drawn between warped ends."""
    return warp.inverse(np.linspace(*_padded(low, high), int(plot_area(box, left=38.0).width) + 1))


def axis_ticks(warp: Warp, low: float, high: float, quantity: Quantity) -> list[Tick]:
    """Ticks between two warped values."""
    return warp.ticks(low, high) if warp.unit else ticks(low, high, quantity=quantity, most=5)


def spoken(shares: Shares) -> str:
    """What a panel says of a table in words."""
    outside = shares.below + shares.above
    said = (("missing", shares.missing), ("outside", outside), ("unseen", shares.unseen))
    return ", ".join(f"{what} {percent(share)}" for what, share in said if share)


def _padded(low: float, high: float) -> tuple[float, float]:
    # A little room before the lowest value shows the jump of a column that starts with one.
    pad = 0.02 * (high - low)
    return low - pad, high + pad


# Room for the names of the rows, in pixels.
_ROW_LABELS: Final = 104.0


@final
@dataclass(frozen=True, eq=False)
class BarPanel:
    """Shares of rows by category, one row each, the most frequent of the real side on top.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        real: The real side.
        labels: Names of the rows: categories, then ``other`` and ``missing`` where they are.
        shown: Number of categories with a row of their own.
        other: Whether a row follows for all further categories.
        missing: Whether a last row shows the missing share.
        top: Share at the right end of the axis.
    """

    title: str
    box: Box
    real: Shares
    labels: tuple[str, ...]
    shown: int
    other: bool
    missing: bool
    top: float

    def backdrop(self, ink: Ink) -> None:
        """Draw title, axes, names of the rows and the real side."""
        title(ink, self.box, self.title)
        area = self._area
        upright_axis(ink, area, self._across, ticks(0.0, self.top, quantity="share", most=5))
        names = distinct(self.labels, _ROW_LABELS, 10.0)
        for place, (name, row) in enumerate(zip(names, self._rows(self.real), strict=True)):
            color = TEXT if place < self.shown else MUTED
            ink.label(Label(area.left - 6, row.middle, name, color, 10.0, "right", "middle"))
            ink.box(REAL, row.left, row.bottom, row.width, row.height)
        self._beyond(ink, self.real, REAL_INK)
        remark(ink, self.box, self._spoken(self.real), REAL_INK)

    def overlay(self, ink: Ink, side: Shares, look: Look) -> None:
        """Lay another table over it."""
        rows = self._rows(side)
        if not look.spoken:
            for row in rows:
                ends = [(row.right, row.bottom - 2), (row.right, row.top + 2)]
                ink.line(look.pen, np.array(ends))
            return
        for row in rows:
            ink.line(look.pen, rectangle(row.left, row.bottom, row.width, row.height))
        self._beyond(ink, side, look.pen.color)
        after = self._spoken(self.real)
        remark(ink, self.box, self._spoken(side), look.pen.color, after=after)

    @property
    def _area(self) -> Box:
        return plot_area(self.box, left=_ROW_LABELS + 18)

    @property
    def _across(self) -> Scale:
        return Scale(0.0, self.top, self._area.left, self._area.right)

    def _values(self, shares: Shares) -> list[float]:
        values = shares.inside[: self.shown].tolist()
        rest = [float(shares.inside[self.shown :].sum())] if self.other else []
        return [*values, *rest, *([shares.missing] if self.missing else [])]

    def _rows(self, shares: Shares) -> list[Box]:
        area, values = self._area, self._values(shares)
        pitch = min(area.height / max(len(values), 1), 34.0)
        thick = max(3.0, round(pitch * 0.62))
        rights = self._across(np.array(values)).tolist()
        return [
            Box(area.left, area.top - pitch * (row + 0.5) - thick / 2, right - area.left, thick)
            for row, right in enumerate(rights)
        ]

    def _spoken(self, side: Shares) -> str:
        return spoken(replace(side, missing=0.0) if self.missing else side)

    def _beyond(self, ink: Ink, side: Shares, color: str) -> None:
        """Write the shares down that are longer than the axis, left of the real side's."""
        rows = zip(self._values(side), self._values(self.real), self._rows(side), strict=True)
        for share, real, row in rows:
            if share > self.top:
                left = 44 if real > self.top and side is not self.real else 3
                x, y = self._area.right - left, row.middle
                ink.label(Label(x, y, percent(share), color, 9.0, "right", "middle"))
