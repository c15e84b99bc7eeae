"""The panel of a categorical column: one bar for each of its most frequent categories."""

from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from synthproto.drawing.axes import Box, Scale, plot_area, remark, title, upright_axis
from synthproto.drawing.fonts import distinct
from synthproto.drawing.ink import MUTED, REAL, REAL_INK, TEXT, Ink, Label, rectangle
from synthproto.drawing.panels import Look, Shares, spoken
from synthproto.drawing.ticks import percent, ticks

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
