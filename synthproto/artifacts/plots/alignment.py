"""Alignment plots: a descriptive statistic of every column, real against synthetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final, get_args

import numpy as np
from numpy.typing import NDArray

from synthproto.data.statistics import Statistic
from synthproto.data.table import Table, TablePair
from synthproto.drawing.axes import Box, Scale, Warp, level_axis, plot_area, title, upright_axis
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.ink import (
    HOLDOUT,
    MUTED,
    REAL,
    SYNTHETIC,
    TEXT,
    Dot,
    Ink,
    Label,
    Pen,
    shortened,
)
from synthproto.drawing.panels import Look
from synthproto.drawing.sheets import Sheet, grid
from synthproto.errors import ParameterError

STATISTICS: Final[tuple[Statistic, ...]] = get_args(Statistic)

_SYNTHETIC: Final = Look("synthetic", Pen(SYNTHETIC), spoken=True, dot=Dot(SYNTHETIC, 7.0))
_HOLDOUT: Final = Look("holdout", Pen(HOLDOUT), spoken=False, dot=Dot("#FFFFFF", 5.0, HOLDOUT))
# Pixels off the diagonal from which on a dot gets a name, and how many get one.
_FAR, _NAMED = 9.0, 3


@final
@dataclass(frozen=True)
class Alignment:
    """Statistics of the continuous columns: real across, synthetic up, one dot a column.

    On the diagonal both sides agree; the columns farthest off it are named. Where the real
    statistics differ much in magnitude the axes are logarithmic to both sides of 0, so signs
    stay visible (artifact-core draws ``ln(|statistic| + 1e-5)``, which hides them). Axes come from
    the real table; dots beyond them lie on the frame. A column without values is left out.

    Attributes:
        statistics: Which statistics, a panel each; one, or a sequence. By default all eight: mean,
            std, variance, median, first_quartile, third_quartile, min, max.
        scale: Pixels of the picture per pixel of a 350 x 196 panel, 0.5 to 4; 2 for print.
        name: Tag; by default ``visual/alignment``, with the statistic added if it is one.

    Raises:
        ParameterError: No statistics, one twice, or a scale out of range.
    """

    statistics: Statistic | tuple[Statistic, ...] = STATISTICS
    scale: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        chosen = self._chosen
        if not chosen or len(set(chosen)) < len(chosen):
            raise ParameterError(f"Alignment: statistics must be distinct; got {chosen!r}.")
        if not 0.5 <= self.scale <= 4:
            raise ParameterError(f"Alignment: scale must be from 0.5 to 4; got {self.scale}.")
        if not self.name:
            tag = "visual/alignment" + (f"_{chosen[0]}" if len(chosen) == 1 else "")
            object.__setattr__(self, "name", tag)

    @property
    def _chosen(self) -> tuple[Statistic, ...]:
        return (self.statistics,) if isinstance(self.statistics, str) else self.statistics

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        chosen = self._chosen
        sheet = pair.real.get(_AlignmentLayout(chosen, self.scale))
        layers = [(_SYNTHETIC, _statistics(pair.synthetic, chosen))]
        if pair.holdout is not None:
            layers.insert(0, (_HOLDOUT, _statistics(pair.holdout, chosen)))
        return sheet.picture(layers) if len(chosen) > 1 else sheet.cards(layers)[0]


@final
@dataclass(frozen=True)
class _AlignmentLayout:
    statistics: tuple[Statistic, ...]
    scale: float

    def __call__(self, real: Table) -> Sheet[NDArray[np.float64]]:
        size, boxes = grid(len(self.statistics))
        sides = _statistics(real, self.statistics)
        names = real.spec.of_kind("continuous")
        panels = [
            AlignmentPanel(statistic.replace("_", " "), box, names, side)
            for statistic, box, side in zip(self.statistics, boxes, sides, strict=True)
        ]
        canvas = Canvas(size.width, size.height, scale=self.scale)
        caption = "continuous columns: real across, synthetic up"
        return Sheet(
            canvas,
            size,
            panels,
            mark="band",
            meaning="equal",
            caption=caption,
            scale=self.scale,
        )


@final
@dataclass(frozen=True, eq=False)
class AlignmentPanel:
    """Dots of columns around the diagonal.

    Attributes:
        title: Name of the statistic.
        box: Place on the sheet.
        names: The columns.
        real: Their statistics on the real side, NaN where there is none.
    """

    title: str
    box: Box
    names: Sequence[str]
    real: NDArray[np.float64]

    def backdrop(self, ink: Ink) -> None:
        """Draw title, axes and the diagonal."""
        title(ink, self.box, self.title)
        area = self._area
        if not np.isfinite(self.real).any():
            middle = area.left + area.width / 2
            text = "no continuous column with values"
            ink.label(Label(middle, area.bottom + 60, text, MUTED, align="center"))
            return
        warp, low, high = self._range
        marks = warp.ticks(low, high)
        upright_axis(ink, area, Scale(low, high, area.left, area.right), marks)
        level_axis(ink, area, Scale(low, high, area.bottom, area.top), marks)
        ends = np.array([(area.left, area.bottom), (area.right, area.top)])
        ink.line(Pen(REAL, 5.0, crisp=False), ends)

    def overlay(self, ink: Ink, side: NDArray[np.float64], look: Look) -> None:
        """Draw the dots of a table; name those farthest off the diagonal."""
        both = np.isfinite(self.real) & np.isfinite(side)
        if not both.any() or look.dot is None:
            return
        warp, low, high = self._range
        area = self._area
        across = Scale(low, high, area.left, area.right)(warp(self.real[both]))
        up = Scale(low, high, area.bottom, area.top)
        points = np.column_stack([across, up(warp(side[both]))])
        ink.dot(look.dot, points)
        if look.spoken:
            off = np.abs(points[:, 1] - up(warp(self.real[both])))
            names = [name for name, kept in zip(self.names, both.tolist(), strict=True) if kept]
            self._name_farthest(ink, names, points, off)

    @property
    def _area(self) -> Box:
        area = plot_area(self.box, left=44.0)
        # Dots on the frame keep clear of the legend above it.
        return Box(area.left, area.bottom, area.width, area.height - 6)

    @property
    def _range(self) -> tuple["Warp", float, float]:
        """How values are warped, and the ends of both axes in warped values."""
        values = self.real[np.isfinite(self.real)]
        warp = Warp.of(values)
        warped = warp(values)
        low, high = float(warped.min()), float(warped.max())
        room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
        return warp, low - room, high + room

    def _name_farthest(
        self, ink: Ink, names: list[str], points: NDArray[np.float64], off: NDArray[np.float64]
    ) -> None:
        for place in np.argsort(-off, kind="stable")[:_NAMED].tolist():
            if off[place] < _FAR:
                return
            x, y = points[place].tolist()
            text = shortened(names[place], 90.0, 9.0)
            if x < self._area.left + self._area.width * 0.6:
                ink.label(Label(x + 7, y, text, TEXT, 9.0, "left", "middle"))
            else:
                ink.label(Label(x - 7, y, text, TEXT, 9.0, "right", "middle"))


def _statistics(table: Table, statistics: Sequence[Statistic]) -> list[NDArray[np.float64]]:
    """One array for each statistic, a value for each continuous column, NaN where it has none."""
    names = table.spec.of_kind("continuous")
    return [
        np.array(
            [
                table.statistic(name, statistic) if table.moments(name).count else np.nan
                for name in names
            ],
            dtype=np.float64,
        )
        for statistic in statistics
    ]
