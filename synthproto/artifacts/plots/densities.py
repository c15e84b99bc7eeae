"""Densities and distribution functions of every column, real beside synthetic.

Ranges, bins and rows of bars come from the real table and are kept with it. Counts come from what
tables keep of themselves: codes, sorted values, categories.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, final

import numpy as np

from synthproto.artifacts.plots.panels import (
    OUTER_MARGIN,
    Bars,
    Distribution,
    Histogram,
    Shares,
    ValueAxis,
    check_plot,
    keys,
    linear_width,
)
from synthproto.data.pair import TablePair
from synthproto.data.statistics import Levels, interval_labels
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.drawing.axes import Floats
from synthproto.drawing.picture import Picture, Sheet, blank

# Room above the tallest real bar, for a synthetic one that is taller.
_HEADROOM: Final = 1.3
# Rows of bars that a panel has room for, "other" and "missing" included.
_ROWS: Final = 9
# Share of rows in one bin from which on an even axis shows next to nothing.
_CROWDED: Final = 0.75
# A bin with half of the rows and so many times the next one's is cut, or else it hides the others.
_SPIKE, _SPIKE_RATIO = 0.5, 5.0
# Values, about one a pixel, at which a distribution function is read.
_PLACES: Final = 290
# A whole number beyond this has no exact half beside it.
_WHOLE: Final = 2.0**50


@final
@dataclass(frozen=True)
class CountedColumn:
    """A column that is counted in bins or categories of the real table."""

    name: str
    levels: Levels

    def shares(self, table: Table) -> Shares:
        """How a table's rows are spread over the levels."""
        counts = table.counts(self.levels)
        size, rows = self.levels.size, len(table)
        missing = float(counts[0]) / rows
        if not self.levels.binned:
            unseen = float(counts[size + 1 :].sum()) / rows
            return Shares(counts[1 : size + 1] / rows, missing=missing, unseen=unseen)
        present = max(rows - int(counts[0]), 1)
        below, above = (float(counts[slot : slot + 1].sum()) for slot in (size + 1, size + 2))
        inside = counts[1 : size + 1] / present
        return Shares(inside, below / present, above / present, missing)


@final
@dataclass(frozen=True, eq=False)
class CurveColumn:
    """A column whose distribution function is read at fixed places."""

    name: str
    places: Floats

    def shares(self, table: Table) -> Shares:
        """Share of a table's present rows up to each place."""
        ascending = table.ascending(self.name)
        upto = np.searchsorted(ascending, self.places, side="right") / max(len(ascending), 1)
        return Shares(upto, missing=1.0 - len(ascending) / len(table))


ColumnShares: TypeAlias = CountedColumn | CurveColumn
ColumnPanel: TypeAlias = Histogram | Bars | Distribution
Layout: TypeAlias = tuple[tuple[ColumnShares, ColumnPanel], ...]
"""How each column of a real table is counted, and its panel with the real side filled in."""


@final
@dataclass(frozen=True)
class PDFLayout:
    """Lays the densities of a real table out; kept with the table by ``Table.get``."""

    bins: int
    categories: int
    most: int

    def __call__(self, real: Table) -> "Layout":
        """Fit ranges, bins and rows."""
        names = real.spec.of_kind(*NUMERIC, *DISCRETE)[: self.most]
        return tuple(self._fitted(real, name) for name in names)

    def _fitted(self, real: Table, name: str) -> tuple[CountedColumn, Histogram | Bars]:
        if real.spec.kind(name) in DISCRETE:
            column = CountedColumn(name, real.levels(name))
            return column, bars(column, column.shares(real), self.categories)
        ascending, axis = real.ascending(name), value_axis(real, name)
        edges = plot_edges(ascending, self.bins, axis)
        column = CountedColumn(name, Levels(name, interval_labels(edges), edges))
        if len(edges):
            axis = replace(axis, low=float(edges[0]), high=float(edges[-1]), margin=OUTER_MARGIN)
        shares = column.shares(real)
        return column, Histogram(name, shares, edges, _top(shares), axis)


@final
@dataclass(frozen=True)
class CDFLayout:
    """Lays the distribution functions of a real table out; kept with it by ``Table.get``."""

    most: int

    def __call__(self, real: Table) -> "Layout":
        """Fit the ranges."""
        return tuple(self._fitted(real, name) for name in real.spec.of_kind(*NUMERIC)[: self.most])

    def _fitted(self, real: Table, name: str) -> tuple[CurveColumn, Distribution]:
        # A little room before the lowest value shows the jump of a column that starts with one.
        axis = replace(value_axis(real, name), margin=0.02)
        places = axis.spaced(_PLACES)
        column = CurveColumn(name, places)
        rows = max(1, len(real.ascending(name)))
        # Dvoretzky, Kiefer and Wolfowitz with the constant of Massart (1990), at 95 %.
        band = math.sqrt(math.log(2 / 0.05) / (2 * rows))
        return column, Distribution(name, column.shares(real), axis, places, band)


def _top(shares: Shares) -> float:
    """Upper end of the axis of a histogram."""
    heights = np.sort([0.0, *shares.inside, shares.below, shares.above])
    second, tallest = float(heights[-2]), float(heights[-1])
    if tallest > _SPIKE and 0 < second * _SPIKE_RATIO < tallest:
        return max(0.02, 3 * second)
    return min(1.0, _HEADROOM * tallest) or 1.0


def bars(column: CountedColumn, shares: Shares, categories: int) -> Bars:
    """Rows of a categorical column: the most frequent, then ``other`` and ``missing`` if any."""
    size, missing = column.levels.size, shares.missing > 0
    room = min(categories, _ROWS - missing)
    other = size > room
    shown = min(room, _ROWS - missing - 1) if other else size
    labels = [label or "(empty)" for label in column.levels.labels[:shown]]
    rest = [f"other ({size - shown:,})"] if other else []
    labels = [*labels, *rest, *(["missing"] if missing else [])]
    single = float(shares.inside[:shown].max(initial=0.0))
    grouped = max(float(shares.inside[shown:].sum()), shares.missing)
    # A huge rest would flatten the categories: beyond three times the tallest it is cut off.
    tallest = max(single, min(grouped, 3 * single) if single else grouped)
    top = min(1.0, _HEADROOM * tallest) or 1.0
    return Bars(column.name, shares, tuple(labels), shown, other, missing, top)


def value_axis(table: Table, name: str) -> ValueAxis:
    """The axis of a numeric column: logarithmic if an even one shows next to nothing.

    That is where one bin of 40 holds more than three quarters of the rows: incomes, or amounts
    that mostly are 0.
    """
    ascending = table.ascending(name)
    even = ValueAxis(*plot_range(ascending))
    if table.spec.kind(name) == "datetime":
        return replace(even, quantity="date")
    places = np.searchsorted(ascending, plot_edges(ascending, 40, even))
    sizes = np.sort(np.abs(ascending[ascending != 0]))
    if np.diff(places).max(initial=0) <= _CROWDED * len(ascending) or not len(sizes):
        return even
    # The least hundredth may be specks that would take half of the axis.
    width = linear_width(sizes[[len(sizes) // 100, -1]])
    # A logarithmic axis has room for outliers.
    return ValueAxis(float(ascending[0]), float(ascending[-1]), "number", width) if width else even


def plot_range(ascending: Floats) -> tuple[float, float]:
    """Range of an even axis: that of the values, but not beyond outliers, and never of width 0.

    Outliers lie more than the width of the middle 99 % of the values beyond them.

    Args:
        ascending: Present values, sorted; may be empty.
    """
    if not len(ascending):
        return 0.0, 1.0
    low, high = float(ascending[0]), float(ascending[-1])
    cut = len(ascending) // 200
    inner_low, inner_high = float(ascending[cut]), float(ascending[-1 - cut])
    far = inner_high - inner_low
    if far > 0:
        low, high = max(low, inner_low - far), min(high, inner_high + far)
    if high - low > 1e-13 * max(abs(low), abs(high)):
        return low, high
    half = max(0.5, 0.05 * abs(low))
    return low - half, high + half


def plot_edges(ascending: Floats, bins: int, axis: ValueAxis) -> Floats:
    """Edges of the bins of a histogram; whole numbers are never split unevenly between bins.

    Args:
        ascending: Present values, sorted.
        bins: Most bins; short tables get fewer, twice the cube root of their rows (Rice's rule),
            but at least 10.
        axis: On which they are equally wide.

    Returns:
        Ascending and distinct; empty if there are no values.
    """
    if not len(ascending):
        return np.empty(0)
    low, high = axis.low, axis.high
    most = min(bins, max(10, round(2 * len(ascending) ** (1 / 3))))
    whole = max(abs(low), abs(high)) < _WHOLE and bool(np.all(ascending == np.rint(ascending)))
    if axis.linear_width:
        inner = axis.spaced(most + 1)[1:-1]
        if whole:
            low, inner, high = low - 0.5, np.floor(inner) + 0.5, high + 0.5
        return np.unique([low, *inner, high])
    if whole and ascending[0] < ascending[-1]:
        first, last = math.floor(low) - 0.5, math.ceil(high) + 0.5
        width = math.ceil((last - first) / most)
        count = math.ceil((last - first) / width)
        return np.linspace(first, first + count * width, count + 1)
    if ascending[0] == ascending[-1]:
        most = 5
    edges = np.unique(np.linspace(low, high, most + 1))
    return edges if len(edges) > 1 else np.array([low, high])


@final
@dataclass(frozen=True)
class PDF:
    """Distribution of every column, real under synthetic, one panel a column in one picture.

    Continuous and datetime columns: share of present rows in bins of equal width, fitted on the
    real table; rows beyond either end have a bar of their own there. Categorical and boolean
    columns: share of rows of the most frequent real categories, ``other`` for the rest, and
    ``missing`` where the real table has any. Axes come from the real table and stay the same for
    every synthetic one; remarks say what they cannot show. A holdout is drawn dashed. Where an even
    axis would press more than three quarters of the rows into one bin of 40 (incomes, amounts that
    mostly are 0), it is logarithmic to both sides of 0, and so are the bins.

    Attributes:
        bins: Most bins of a panel, at least 1; fewer for short tables and whole numbers.
        categories: Most categories of a panel, 1 to 8.
        columns: Most columns that are drawn, the first ones of the table; the caption tells.
        scale: Pixels of the picture per pixel of a 350 x 210 panel; 2 for print.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.

    Example:
        >>> import pandas as pd
        >>> from synthproto import PDF, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> picture = PDF()(TablePair(real, real))
        >>> picture
        Picture('density of 2 columns, real and synthetic', 700 x 240 px)
        >>> picture.panels[1].synthetic.inside
        array([0.5, 0.5])
    """

    bins: int = 40
    categories: int = 8
    columns: int = 100
    scale: float = 1.0
    name: str = "visual/pdf"

    def __post_init__(self) -> None:
        check_plot(
            self,
            self.scale,
            *_faults(self.categories),
            bins=self.bins,
            columns=self.columns,
        )

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        return _whole(PDFLayout(self.bins, self.categories, self.columns), pair, self.scale)


@final
@dataclass(frozen=True)
class PDFByColumn:
    """Distribution of every column as in `PDF`, one picture a column.

    A picture has the size of TensorBoard's image cards, 350 x 210 pixels at scale 1.

    Attributes:
        bins: As in `PDF`.
        categories: As in `PDF`.
        columns: As in `PDF`.
        scale: As in `PDF`.
        name: Tag.
    """

    bins: int = 40
    categories: int = 8
    columns: int = 100
    scale: float = 1.0
    name: str = "visual_columns/pdf"

    def __post_init__(self) -> None:
        check_plot(
            self,
            self.scale,
            *_faults(self.categories),
            bins=self.bins,
            columns=self.columns,
        )

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw a picture of each column; empty if no column has a distribution."""
        return _by_column(PDFLayout(self.bins, self.categories, self.columns), pair, self.scale)


@final
@dataclass(frozen=True)
class CDF:
    """Share of rows up to each value of the continuous and datetime columns, in one picture.

    The real side is a broad band; a synthetic column like it runs inside the band. The axis spans
    the real range: synthetic rows beyond it show as a curve that does not start at 0 or end at 1.
    A holdout is drawn dashed. Axes are even or logarithmic as in `PDF`.

    Attributes:
        columns: As in `PDF`.
        scale: Pixels of the picture per pixel of a 350 x 210 panel; 2 for print.
        name: Tag.

    Example:
        >>> import pandas as pd
        >>> from synthproto import CDF, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> CDF()(TablePair(real, real)).savefig("cdf.pdf")
    """

    columns: int = 100
    scale: float = 1.0
    name: str = "visual/cdf"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, columns=self.columns)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        return _whole(CDFLayout(self.columns), pair, self.scale)


@final
@dataclass(frozen=True)
class CDFByColumn:
    """Distribution functions as in `CDF`, one picture a column.

    Attributes:
        columns: As in `PDF`.
        scale: As in `CDF`.
        name: Tag.
    """

    columns: int = 100
    scale: float = 1.0
    name: str = "visual_columns/cdf"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, columns=self.columns)

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw a picture of each column; empty if there are no numbers in the table."""
        return _by_column(CDFLayout(self.columns), pair, self.scale)


@final
@dataclass(frozen=True)
class _Sheets:
    """The sheet of all columns of a real table, or one for each; kept with it by ``Table.get``."""

    layout: PDFLayout | CDFLayout
    scale: float
    holdout: bool
    together: bool

    def __call__(self, real: Table) -> tuple[Sheet, ...]:
        fitted = [panel for _, panel in real.get(self.layout)]
        curves = isinstance(self.layout, CDFLayout)
        legend = keys(*(("band", "line") if curves else ("real", "outline")), holdout=self.holdout)
        found = len(real.spec.of_kind(*NUMERIC, *(() if curves else DISCRETE)))
        caption = f"the first {len(fitted)} of {found:,} columns" if len(fitted) < found else ""
        groups = [fitted] if self.together else [[panel] for panel in fitted]
        return tuple(
            Sheet(panels, legend=legend, caption=caption, scale=self.scale) for panels in groups
        )


def _panels(layout: PDFLayout | CDFLayout, pair: TablePair) -> list[ColumnPanel]:
    """The panel of each column with all sides filled in."""
    holdout = pair.holdout
    return [
        replace(
            panel,
            synthetic=column.shares(pair.synthetic),
            holdout=None if holdout is None else column.shares(holdout),
        )
        for column, panel in pair.real.get(layout)
    ]


def _whole(layout: PDFLayout | CDFLayout, pair: TablePair, scale: float) -> Picture:
    panels = _panels(layout, pair)
    if not panels:
        return blank("no column to draw", scale)
    (sheet,) = pair.real.get(_Sheets(layout, scale, pair.holdout is not None, together=True))
    return Picture(panels, sheet, _alt(panels))


def _by_column(
    layout: PDFLayout | CDFLayout, pair: TablePair, scale: float
) -> Mapping[str, Picture]:
    sheets = pair.real.get(_Sheets(layout, scale, pair.holdout is not None, together=False))
    panels = _panels(layout, pair)
    return {
        panel.title: Picture([panel], sheet, _alt([panel]))
        for panel, sheet in zip(panels, sheets, strict=True)
    }


def _alt(panels: list[ColumnPanel]) -> str:
    shown = "share of rows up to each value" if isinstance(panels[0], Distribution) else "density"
    names = panels[0].title if len(panels) == 1 else f"{len(panels)} columns"
    return f"{shown} of {names}, real and synthetic"


def _faults(categories: int) -> list[str]:
    good = 1 <= categories <= 8
    return [] if good else [f"`categories` must be from 1 to 8; got {categories}"]
