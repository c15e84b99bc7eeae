"""Panels of one column: a histogram, bars of categories, a distribution function.

A panel is laid out from the real side alone: scales, limits, order of rows. It knows no tables,
only shares of rows, which are a snapshot: later epochs have panels of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias, final

import numpy as np
from matplotlib import dates
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, StepPatch
from matplotlib.ticker import AsinhLocator, MaxNLocator
from matplotlib.transforms import Transform

from synthproto.drawing.axes import (
    Floats,
    level_ticks,
    percent,
    prepare,
    remark,
    share_ticks,
    tick_names,
    upright_ticks,
    within,
)
from synthproto.drawing.picture import PANEL_MARGINS, Margins
from synthproto.drawing.style import (
    HOLDOUT,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    Style,
    distinct,
    text_style,
)
from synthproto.errors import ParameterError

Quantity: TypeAlias = Literal["number", "date"]
"""What an axis measures; dates are seconds since 1970 in UTC."""

DASHES: Final = (0, (3.0, 2.0))
_DATES: Any = dates  # matplotlib leaves it untyped
_DAY, _YEAR = 86_400.0, 31_556_952.0
# The years that Python's calendar has, as seconds since 1970.
_CALENDAR: Final = (-6.2e10, 2.5e11)
# Beyond this ratio of magnitudes an even axis would press most values into one corner.
_EVEN_RATIO: Final = 20.0
_OUTLINE: Final[Style] = {
    "clip_on": False,
    "baseline": 0.0,
    "fill": False,
    "joinstyle": "miter",
}
_KEYS: Final = {
    "real": Patch(facecolor=REAL, linewidth=0, label="real"),
    "band": Patch(facecolor=REAL, linewidth=0, label="real, 95% band"),
    "outline": Patch(fill=False, edgecolor=SYNTHETIC, linewidth=2, label="synthetic"),
    "line": Line2D([], [], color=SYNTHETIC, linewidth=1.6, label="synthetic"),
    "holdout": Line2D([], [], color=HOLDOUT, linewidth=1, linestyle=DASHES, label="holdout"),
}


def keys(*names: str, holdout: bool) -> list[Artist]:
    """Samples for a legend."""
    return [_KEYS[name] for name in (*names, *(["holdout"] if holdout else []))]


def check_plot(part: object, scale: float, *faults: str, **counts: int) -> None:
    """Refuse arguments of a plot that are out of range, all at once.

    Raises:
        ParameterError: The scale is not from 0.5 to 4, a count is below 1, or there are faults.
    """
    few = (f"`{name}` must be at least 1; got {n}" for name, n in counts.items() if n < 1)
    found = [*few, *faults]
    if not 0.5 <= scale <= 4:
        found.append(f"`scale` must be from 0.5 to 4; got {scale}")
    if found:
        raise ParameterError(f"{type(part).__name__}: {'; '.join(found)}.")


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
            places = within(decades, self.low, self.high)
            return (
                places,
                [name for place in places for name in tick_names([place])],
                "value, log scale",
            )
        round_places = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        places = within(round_places, self.low, self.high)
        return places, tick_names(places), "value"

    def _dates(self) -> tuple[list[float], list[str], str]:
        low, high = self.low, self.high
        if low < _CALENDAR[0] or high > _CALENDAR[1]:
            years = MaxNLocator(4).tick_values(low / _YEAR + 1970, high / _YEAR + 1970)
            places = within([(year - 1970) * _YEAR for year in years], low, high)
            return places, tick_names([place / _YEAR + 1970 for place in places]), "year"
        locator = _DATES.AutoDateLocator(tz=UTC, minticks=3, maxticks=7)
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


def linear_width(values: Floats) -> float:
    """Where an axis that shows these values should become logarithmic; 0 if it can be even."""
    sizes = np.abs(values[values != 0])
    if not len(sizes) or sizes.max() <= _EVEN_RATIO * sizes.min():
        return 0.0
    # More than six decades would leave no room for those where most values are.
    return float(max(sizes.min(), sizes.max() * 1e-6))


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

    inside: Floats = field(repr=False)
    below: float = 0.0
    above: float = 0.0
    missing: float = 0.0
    unseen: float = 0.0

    def remark(self) -> str:
        """What the axes cannot show, in words."""
        outside = self.below + self.above
        shares = (("missing", self.missing), ("outside", outside), ("unseen", self.unseen))
        return ", ".join(f"{what} {percent(share)}" for what, share in shares if share)


# Where, on axes from 0 to 1, the open outer bins are, and the room that they leave for the others.
_OUTER: Final = ((0.0, 0.03), (0.97, 1.0))
OUTER_MARGIN: Final = 0.04


@final
@dataclass(frozen=True, eq=False)
class Histogram:
    """Shares of rows by bin: the real side filled, the synthetic outlined, the holdout dashed.

    Rows outside the bins are a bar of their own, set apart at either end. Bars that are longer
    than the axis are cut, and a remark says the longest.

    Attributes:
        title: Name of the column.
        real: The real side.
        edges: Edges of the bins, shape ``(n + 1,)``, ascending; ``n`` may be 0.
        top: Share at the upper end of the axis.
        across: The axis of values.
        synthetic: The synthetic side.
        holdout: The holdout, if any.
    """

    title: str
    real: Shares
    edges: Floats = field(repr=False)
    top: float
    across: ValueAxis
    synthetic: Shares | None = None
    holdout: Shares | None = None
    margins: Margins = field(default=PANEL_MARGINS, init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw title, axes and the real side."""
        prepare(axes, self.title, left=self.margins.left)
        self.across.draw(axes)
        axes.set_ylim(0, self.top)
        upright_ticks(axes, *share_ticks(self.top), "share of rows")
        self._bars(axes, self.real, color=REAL, linewidth=0, fill=True)
        remark(axes, self._remark(self.real), REAL_INK, self.margins.left)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the holdout and the synthetic side."""
        drawn: list[Artist] = []
        if self.holdout is not None:
            drawn += self._bars(axes, self.holdout, color=HOLDOUT, linestyle=DASHES, zorder=3)
        if self.synthetic is not None:
            drawn += self._bars(axes, self.synthetic, color=SYNTHETIC, linewidth=2, zorder=4)
            said = self._remark(self.synthetic), SYNTHETIC, self.margins.left
            drawn += remark(axes, *said, after=self._remark(self.real))
        return drawn

    def _remark(self, side: Shares) -> str:
        tallest = float(side.inside.max(initial=0.0))
        peak = f"peak {percent(tallest)}" if tallest > self.top else ""
        return ", ".join(filter(None, [side.remark(), peak]))

    def _bars(self, axes: Axes, side: Shares, **look: Any) -> list[Artist]:
        drawn: list[Artist] = []
        look = {**_OUTLINE, **look}
        if len(self.edges):
            heights = np.where(side.inside > 0, np.minimum(side.inside, self.top), np.nan)
            drawn.append(axes.add_artist(StepPatch(heights, self.edges, **look)))
        beside: Transform = axes.get_yaxis_transform()
        for share, ends in zip((side.below, side.above), _OUTER, strict=True):
            if share > 0:
                height = min(share, self.top)
                drawn.append(axes.add_artist(StepPatch([height], ends, transform=beside, **look)))
        return drawn


# Room for the names of the rows, and right of the axes for shares that are cut, in pixels.
_NAMES: Final = 112.0
_CUT: Final = 78.0


@final
@dataclass(frozen=True, eq=False)
class Bars:
    """Shares of rows by category, one row each, the most frequent of the real side on top.

    Real bars that are longer than the axis are cut, and their shares written at its end.

    Attributes:
        title: Name of the column.
        real: The real side.
        labels: Names of the rows: categories, then ``other`` and ``missing`` where they are.
        shown: Number of categories with a row of their own.
        other: Whether a row follows for all further categories.
        missing: Whether a last row shows the missing share.
        top: Share at the right end of the axis.
        synthetic: The synthetic side.
        holdout: The holdout, if any.
    """

    title: str
    real: Shares
    labels: tuple[str, ...] = field(repr=False)
    shown: int
    other: bool
    missing: bool
    top: float
    synthetic: Shares | None = None
    holdout: Shares | None = None

    @property
    def margins(self) -> Margins:
        """Room around the axes."""
        return Margins(left=_NAMES + 10, right=_CUT if self._cut else 18.0)

    def backdrop(self, axes: Axes) -> None:
        """Draw title, axes, names of the rows and the real side."""
        prepare(axes, self.title, left=self.margins.left)
        axes.set(xlim=(0, self.top), ylim=(max(len(self.labels), 4) - 0.4, -0.6))
        level_ticks(axes, *share_ticks(self.top), "share of rows")
        names = distinct(self.labels, _NAMES - 4)
        axes.set_yticks(range(len(names)), names, **text_style(TEXT))
        for name in axes.get_yticklabels()[self.shown :]:
            name.set_color(MUTED)
        self._bars(axes, self.real, color=REAL, linewidth=0, fill=True)
        self._write_cut(axes, self.real, REAL_INK, 4.0)
        remark(axes, self._remark(self.real), REAL_INK, self.margins.left)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the holdout and the synthetic side."""
        drawn: list[Artist] = []
        if self.synthetic is not None:
            drawn += self._bars(axes, self.synthetic, color=SYNTHETIC, linewidth=2, zorder=3)
            drawn += self._write_cut(axes, self.synthetic, SYNTHETIC, 40.0)
            said = self._remark(self.synthetic), SYNTHETIC, self.margins.left
            drawn += remark(axes, *said, after=self._remark(self.real))
        if self.holdout is not None:
            rows = np.arange(len(self.labels))
            ends = np.minimum(self._values(self.holdout), self.top)
            marks: Style = {"color": HOLDOUT, "linewidth": 1.5, "linestyle": (0, (2, 1))}
            drawn.append(axes.vlines(ends, rows - 0.42, rows + 0.42, zorder=4, **marks))
        return drawn

    @property
    def _cut(self) -> list[int]:
        """Rows whose real bar is longer than the axis."""
        return np.flatnonzero(self._values(self.real) > self.top).tolist()

    def _values(self, side: Shares) -> Floats:
        rest = [float(side.inside[self.shown :].sum())] if self.other else []
        missing = [side.missing] if self.missing else []
        return np.array([*side.inside[: self.shown], *rest, *missing], dtype=np.float64)

    def _bars(self, axes: Axes, side: Shares, **look: Any) -> list[Artist]:
        values = np.minimum(self._values(side), self.top)
        # Empty bins between the bars keep them apart, so that one artist draws all of them.
        heights = np.column_stack([values, np.full(len(values), np.nan)]).ravel()[:-1]
        rows = np.arange(len(values))[:, None] + np.array([-0.31, 0.31])
        look = {**_OUTLINE, "orientation": "horizontal", **look}
        return [axes.add_artist(StepPatch(heights, rows.ravel(), **look))]

    def _remark(self, side: Shares) -> str:
        values = self._values(side)
        rest = np.delete(values, self._cut)
        peak = f"peak {percent(rest.max())}" if rest.max(initial=0.0) > self.top else ""
        said = (replace(side, missing=0.0) if self.missing else side).remark()
        return ", ".join(filter(None, [said, peak]))

    def _write_cut(self, axes: Axes, side: Shares, color: str, left: float) -> list[Artist]:
        """Write the shares of the rows that are cut right of the axes."""
        values = self._values(side)
        place: Style = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
        return [
            axes.annotate(
                percent(values[row]), (1, row), (left, 0), va="center", **place, **text_style(color)
            )
            for row in self._cut
        ]


@final
@dataclass(frozen=True, eq=False)
class Distribution:
    """Share of rows up to each value: the real side with a band, any other as a line.

    Attributes:
        title: Name of the column.
        real: The real side.
        across: The axis of values.
        places: Values at which the shares are read, shape ``(n,)``, ascending.
        band: Half the height of the band around the real side.
        synthetic: The synthetic side.
        holdout: The holdout, if any.
    """

    title: str
    real: Shares
    across: ValueAxis
    places: Floats = field(repr=False)
    band: float
    synthetic: Shares | None = None
    holdout: Shares | None = None
    margins: Margins = field(default=PANEL_MARGINS, init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw title, axes and the real side."""
        prepare(axes, self.title, left=self.margins.left)
        self.across.draw(axes)
        axes.set_ylim(0, 1)
        upright_ticks(axes, [0, 0.5, 1], ["0%", "50%", "100%"], "share of rows ≤ value")
        if self.real.missing < 1:
            upto = self.real.inside
            ends = np.clip([upto - self.band, upto + self.band], 0, 1)
            axes.fill_between(self.places, *ends, color=REAL, linewidth=0)
        self._line(axes, self.real, color=REAL, linewidth=4.0)
        remark(axes, self.real.remark(), REAL_INK, self.margins.left)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the holdout and the synthetic side."""
        drawn: list[Artist] = []
        if self.holdout is not None:
            drawn += self._line(axes, self.holdout, color=HOLDOUT, linestyle=DASHES, zorder=3)
        if self.synthetic is not None:
            drawn += self._line(axes, self.synthetic, color=SYNTHETIC, linewidth=1.6, zorder=4)
            said = self.synthetic.remark(), SYNTHETIC, self.margins.left
            drawn += remark(axes, *said, after=self.real.remark())
        return drawn

    def _line(self, axes: Axes, side: Shares, **look: Any) -> list[Artist]:
        if side.missing >= 1:
            return []
        look = {"linewidth": 1.0, "clip_on": False, **look}
        return [*axes.plot(self.places, side.inside, **look)]
