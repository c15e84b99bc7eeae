"""Alignment plots: how far a statistic of each column is off, synthetic against real."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, final, get_args

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from synthproto.artifacts.plots.panels import check_plot
from synthproto.data.pair import TablePair
from synthproto.data.statistics import Statistic
from synthproto.data.table import Table
from synthproto.drawing.axes import Floats, level_ticks, prepare
from synthproto.drawing.picture import CARD, Margins, Picture, Sheet, blank
from synthproto.drawing.style import HOLDOUT, REAL, SYNTHETIC, TEXT, Style, distinct, text_style

STATISTICS: Final[tuple[Statistic, ...]] = get_args(Statistic)

_DOT: Final[Style] = {"linestyle": "none", "marker": "o", "clip_on": False}
_SYNTHETIC: Final[Style] = {**_DOT, "color": SYNTHETIC, "markersize": 6.0, "markeredgewidth": 0.0}
_HOLDOUT: Final[Style] = {**_DOT, "color": HOLDOUT, "markersize": 5.0, "markerfacecolor": "none"}
_EQUAL: Final[Style] = {"color": REAL, "linewidth": 5.0}
_END: Final = 10.0
_TICKS: Final = (-10.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0)
_NAMES: Final = 112.0
# Columns that are drawn, and the height of the row of each in pixels.
_MOST, _ROW = 60, 13.0


@final
@dataclass(frozen=True)
class Alignment:
    """How far statistics of the continuous columns are off, one row per column.

    A dot is the synthetic statistic minus the real one, in standard deviations of the real column
    (for the variance: in real variances), so that columns of any unit can be compared; on the line
    both sides agree. A holdout's dots are open: so far off is chance. The axis is the same for all
    tables, even from -0.1 to 0.1 and logarithmic beyond; dots beyond it lie on its ends, as do
    those of a real column that is constant and not met. Columns without values are left out, and
    columns after the first 60.

    Attributes:
        statistics: Which statistics, a panel each; one, or a sequence. By default all eight: mean,
            std, variance, median, first_quartile, third_quartile, min, max.
        scale: Pixels of the picture per pixel of a panel, 350 wide, 0.5 to 4; 2 for print.
        name: Tag; by default ``visual/alignment``, with the statistic added if it is one.

    Raises:
        ParameterError: No statistics, one twice, or a scale out of range.

    Example:
        >>> import pandas as pd
        >>> from synthproto import Alignment, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> picture = Alignment("mean")(TablePair(real, real))
        >>> picture.panels[0].synthetic
        array([0.])
    """

    statistics: Statistic | tuple[Statistic, ...] = STATISTICS
    scale: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        chosen = self._chosen
        good = chosen and len(set(chosen)) == len(chosen)
        faults = [] if good else [f"`statistics` must be distinct; got {chosen!r}"]
        check_plot(self, self.scale, *faults)
        if not self.name:
            tag = "visual/alignment" + (f"_{chosen[0]}" if len(chosen) == 1 else "")
            object.__setattr__(self, "name", tag)

    @property
    def _chosen(self) -> tuple[Statistic, ...]:
        return (self.statistics,) if isinstance(self.statistics, str) else self.statistics

    def __call__(self, pair: TablePair, /) -> Picture:
        """Compare; the part of the real table is kept with it."""
        if not _columns(pair.real):
            return blank("no continuous column with values", self.scale)
        sheet = pair.real.get(_Layout(self._chosen, self.scale, pair.holdout is not None))
        holdout = pair.holdout
        panels = [
            replace(
                panel,
                synthetic=_gaps(pair.real, pair.synthetic, statistic),
                holdout=None if holdout is None else _gaps(pair.real, holdout, statistic),
            )
            for panel, statistic in zip(sheet.panels, self._chosen, strict=True)
            if isinstance(panel, Gaps)
        ]
        shown = ", ".join(panel.title for panel in panels)
        return Picture(panels, sheet, f"{shown} of each column, synthetic minus real")


@final
@dataclass(frozen=True)
class _Layout:
    statistics: tuple[Statistic, ...]
    scale: float
    holdout: bool

    def __call__(self, real: Table) -> Sheet:
        names = _columns(real)
        panels = [
            Gaps(statistic.replace("_", " "), names, _unit(statistic))
            for statistic in self.statistics
        ]
        legend = [Line2D([], [], **_EQUAL, label="equal")]
        legend.append(Line2D([], [], **_SYNTHETIC, label="synthetic"))
        if self.holdout:
            legend.append(Line2D([], [], **_HOLDOUT, label="holdout"))
        found = len(real.spec.of_kind("continuous"))
        card = CARD[0], max(CARD[1], 84 + _ROW * len(names))
        caption = f"{len(names)} of {found:,} columns" if len(names) < found else ""
        return Sheet(panels, card=card, legend=legend, caption=caption, scale=self.scale)


@final
@dataclass(frozen=True, eq=False)
class Gaps:
    """Dots along a line for each column, by how far its statistic is off.

    Attributes:
        title: Name of the statistic.
        names: The columns.
        unit: What the gaps are measured in.
        synthetic: Gap of each column, shape ``(n,)``; NaN where there is none.
        holdout: That of the holdout, if any.
    """

    title: str
    names: tuple[str, ...]
    unit: str
    synthetic: Floats | None = field(default=None, repr=False)
    holdout: Floats | None = field(default=None, repr=False)
    margins: Margins = field(default=Margins(left=_NAMES + 10), init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw title, axis, names of the columns and the line on which both sides are equal."""
        prepare(axes, self.title, self.margins.left)
        axes.set_xscale("symlog", linthresh=0.1)
        axes.set(xlim=(-_END, _END), ylim=(max(len(self.names), 4) - 0.4, -0.6))
        level_ticks(axes, _TICKS, [f"{tick:g}" for tick in _TICKS], self.unit)
        names = distinct(self.names, _NAMES - 4)
        axes.set_yticks(range(len(names)), names, **text_style(TEXT))
        axes.axvline(0.0, zorder=1.5, **_EQUAL)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the dots."""
        drawn: list[Artist] = []
        sides = (self.synthetic, _SYNTHETIC), (self.holdout, _HOLDOUT)
        for zorder, (side, look) in enumerate(sides, start=3):
            if side is not None:
                places = np.clip(side, -_END, _END)
                drawn += axes.plot(places, range(len(places)), zorder=zorder, **look)
        return drawn


def _unit(statistic: Statistic) -> str:
    return f"gap / {'variance' if statistic == 'variance' else 'std'} of the real column"


def _columns(real: Table) -> tuple[str, ...]:
    names = (name for name in real.spec.of_kind("continuous") if real.moments(name).count)
    return tuple(names)[:_MOST]


def _gaps(real: Table, table: Table, statistic: Statistic) -> Floats:
    """By how many real standard deviations a statistic of each column is off."""
    gaps = np.full(len(names := _columns(real)), np.nan)
    for place, name in enumerate(names):
        if table.moments(name).count:
            gap = table.statistic(name, statistic) - real.statistic(name, statistic)
            unit = real.statistic(name, "variance" if statistic == "variance" else "std")
            gaps[place] = gap / unit if unit else np.sign(gap) * np.inf if gap else 0.0
    return gaps
