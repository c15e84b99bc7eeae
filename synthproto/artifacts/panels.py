"""Panels of one column: a histogram, bars of categories, a distribution function.

A panel is laid out once, from the real side alone: place, scales, order of rows. It draws its
``backdrop`` once and lays any other table over it as often as asked, on the same axes. It knows
no tables, only shares of rows.
"""

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.axes import (
    Box,
    Scale,
    level_axis,
    notes,
    plot_area,
    steps,
    title,
    upright_axis,
)
from synthproto.artifacts.fonts import shortened
from synthproto.artifacts.ink import (
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
    rectangle,
)
from synthproto.artifacts.ticks import Quantity, Tick, percent, ticks

# Gutters for the open outer bins, and the gap that tells them from the axis.
_GUTTER, _GAP = 9.0, 3.0
_ROW_LABELS = 104.0


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


SYNTHETIC_LOOK: Final = Look("synthetic", Pen(SYNTHETIC, 1.6), spoken=True)
HOLDOUT_LOOK: Final = Look("holdout", Pen(HOLDOUT, 1.0, (3.0, 2.0)), spoken=False)


@final
@dataclass(frozen=True, eq=False)
class HistogramPanel:
    """Shares of rows by bin: the real side filled, any other as an outline.

    Rows outside the bins are shown as a bar of their own, set apart at either end.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        edges: Edges of the bins, shape ``(n + 1,)``, ascending; ``n`` may be 0.
        top: Share at the upper end of the axis.
        quantity: What the column measures.
    """

    title: str
    box: Box
    edges: NDArray[np.float64]
    top: float
    quantity: Quantity

    def backdrop(self, ink: Ink, real: Shares) -> None:
        """Draw title, axes and the real side."""
        title(ink, self.box, self.title)
        area = plot_area(self.box, left=38.0)
        level_axis(ink, area, self._heights, ticks(0.0, self.top, quantity="share", most=4))
        if len(self.edges):
            low, high = float(self.edges[0]), float(self.edges[-1])
            upright_axis(ink, area, self._across, ticks(low, high, quantity=self.quantity, most=5))
        for outline in self._outlines(real):
            ink.area(REAL, outline)
        notes(ink, area, _spoken(real), REAL_INK, 0)

    def overlay(self, ink: Ink, shares: Shares, look: Look) -> None:
        """Lay another table over it."""
        for outline in self._outlines(shares):
            ink.line(look.pen, outline)
        if look.spoken:
            tallest = max(float(shares.inside.max(initial=0.0)), shares.below, shares.above)
            peak = [f"peak {percent(tallest)}"] if tallest > self.top else []
            notes(ink, plot_area(self.box, left=38.0), [*_spoken(shares), *peak], look.pen.color, 1)

    @property
    def _heights(self) -> Scale:
        area = plot_area(self.box, left=38.0)
        return Scale(0.0, self.top, area.bottom, area.top)

    @property
    def _across(self) -> Scale:
        area = plot_area(self.box, left=38.0)
        inset = _GUTTER + _GAP
        low, high = (float(self.edges[0]), float(self.edges[-1]))
        return Scale(low, high, area.left + inset, area.right - inset)

    def _outlines(self, shares: Shares) -> list[Points]:
        area = plot_area(self.box, left=38.0)
        ends = ((shares.below, area.left), (shares.above, area.right - _GUTTER))
        base = area.bottom
        outer = [
            rectangle(left, base, _GUTTER, self._heights.at(share) - base)
            for share, left in ends
            if share > 0
        ]
        if not len(self.edges):
            return outer
        return [*outer, *steps(self._across(self.edges), self._heights(shares.inside), base)]


@final
@dataclass(frozen=True, eq=False)
class BarPanel:
    """Shares of rows by category, one row each, the most frequent of the real side on top.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        labels: Names of the rows: categories, then ``other`` and ``missing`` where they are.
        shown: Number of categories with a row of their own.
        other: Whether a row follows for all further categories.
        missing: Whether a last row shows the missing share.
        top: Share at the right end of the axis.
    """

    title: str
    box: Box
    labels: tuple[str, ...]
    shown: int
    other: bool
    missing: bool
    top: float

    def backdrop(self, ink: Ink, real: Shares) -> None:
        """Draw title, axes, names of the rows and the real side."""
        title(ink, self.box, self.title)
        names = [shortened(label, _ROW_LABELS, 10.0) for label in self.labels]
        area, across = self._area, self._across
        upright_axis(ink, area, across, ticks(0.0, self.top, quantity="share", most=5))
        for place, (name, row) in enumerate(zip(names, self._rows(real), strict=True)):
            y = row.bottom + row.height / 2
            color = TEXT if place < self.shown else MUTED
            ink.label(Label(area.left - 6, y, name, color, 10.0, "right", "middle"))
            ink.box(REAL, row.left, row.bottom, row.width, row.height)
        self._beyond(ink, real, REAL_INK, area.right - 3)
        notes(ink, area, self._notes(real), REAL_INK, 0, from_top=False)

    def overlay(self, ink: Ink, shares: Shares, look: Look) -> None:
        """Lay another table over it."""
        rows = self._rows(shares)
        if not look.spoken:
            for row in rows:
                ends = [(row.right, row.bottom - 2), (row.right, row.top + 2)]
                ink.line(look.pen, np.array(ends))
            return
        for row in rows:
            ink.line(look.pen, rectangle(row.left, row.bottom, row.width, row.height))
        self._beyond(ink, shares, look.pen.color, self._area.right - 40)
        notes(ink, self._area, self._notes(shares), look.pen.color, 1, from_top=False)

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

    def _notes(self, shares: Shares) -> list[str]:
        silent = Shares(shares.inside, missing=0.0 if self.missing else shares.missing)
        unseen = [f"unseen {percent(shares.unseen)}"] if shares.unseen else []
        return [*_spoken(silent), *unseen]

    def _beyond(self, ink: Ink, shares: Shares, color: str, x: float) -> None:
        """Write the shares down that are longer than the axis."""
        for share, row in zip(self._values(shares), self._rows(shares), strict=True):
            if share > self.top:
                y = row.bottom + row.height / 2
                ink.label(Label(x, y, percent(share), color, 9, "right", "middle"))


@final
@dataclass(frozen=True, eq=False)
class CurvePanel:
    """Share of rows up to each value: the real side as a broad band, any other as a line.

    Attributes:
        title: Name of the column.
        box: Place on the sheet.
        low: Value at the left end of the axis.
        high: Value at the right end, above ``low``.
        quantity: What the column measures.
    """

    title: str
    box: Box
    low: float
    high: float
    quantity: Quantity

    @property
    def places(self) -> NDArray[np.float64]:
        """Values, one a pixel, at which the shares of a table are to be given."""
        return np.linspace(self._across.low, self._across.high, int(self._area.width) + 1)

    def backdrop(self, ink: Ink, real: Shares) -> None:
        """Draw title, axes and the real side."""
        title(ink, self.box, self.title)
        level_axis(ink, self._area, self._heights, [Tick(x, f"{x:.0%}") for x in (0.0, 0.5, 1.0)])
        upright_axis(
            ink,
            self._area,
            self._across,
            ticks(self.low, self.high, quantity=self.quantity, most=5),
        )
        self._draw(ink, real, Pen(REAL, 5.0, crisp=False))
        notes(ink, self._area, _spoken(real), REAL_INK, 0, from_top=False)

    def overlay(self, ink: Ink, shares: Shares, look: Look) -> None:
        """Lay another table over it."""
        self._draw(ink, shares, Pen(look.pen.color, look.pen.width, look.pen.dashes, crisp=False))
        if look.spoken:
            notes(ink, self._area, _spoken(shares), look.pen.color, 1, from_top=False)

    @property
    def _area(self) -> Box:
        return plot_area(self.box, left=38.0)

    @property
    def _across(self) -> Scale:
        # A little room before the lowest value shows the jump of a column that starts with one.
        pad = 0.02 * (self.high - self.low)
        return Scale(self.low - pad, self.high + pad, self._area.left, self._area.right)

    @property
    def _heights(self) -> Scale:
        return Scale(0.0, 1.0, self._area.bottom, self._area.top)

    def _draw(self, ink: Ink, shares: Shares, pen: Pen) -> None:
        if shares.missing < 1:
            across = np.linspace(self._area.left, self._area.right, len(shares.inside))
            ink.line(pen, np.column_stack([across, self._heights(shares.inside)]))


def _spoken(shares: Shares) -> list[str]:
    outside = shares.below + shares.above
    return [
        *([f"missing {percent(shares.missing)}"] if shares.missing else []),
        *([f"outside {percent(outside)}"] if outside else []),
    ]
