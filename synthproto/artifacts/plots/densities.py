"""From tables to panels of one column: ranges, bins and rows from the real side, shares of any.

Counts come from what tables keep of themselves: codes, sorted values, categories.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.data.statistics import Levels, interval_labels
from synthproto.data.table import DISCRETE, NUMERIC, Table, TablePair
from synthproto.drawing.axes import EVEN, Box, Quantity, Warp
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.panels import (
    HOLDOUT_LOOK,
    SYNTHETIC_LOOK,
    BarPanel,
    CurvePanel,
    HistogramPanel,
    Look,
    Shares,
    curve_places,
)
from synthproto.drawing.sheets import Sheet, blank, grid
from synthproto.errors import ParameterError

# Room above the tallest real bar, for a synthetic one that is taller.
_HEADROOM: Final = 1.3
# Rows of bars that a panel has room for, "other" and "missing" included.
_ROWS: Final = 9
# Share of rows in one bin from which on an even axis shows next to nothing.
_CROWDED: Final = 0.75
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
    places: NDArray[np.float64]

    def shares(self, table: Table) -> Shares:
        """Share of a table's present rows up to each place."""
        ascending = table.ascending(self.name)
        upto = np.searchsorted(ascending, self.places, side="right") / max(len(ascending), 1)
        return Shares(upto, missing=1.0 - len(ascending) / len(table))


ColumnShares: TypeAlias = CountedColumn | CurveColumn


@final
@dataclass(frozen=True, eq=False)
class Layout:
    """A sheet and how the tables that are drawn on it are counted.

    Attributes:
        sheet: With the real side drawn.
        columns: One for each panel; empty if the table has nothing to draw.
    """

    sheet: Sheet[Shares]
    columns: Sequence[ColumnShares]


@final
@dataclass(frozen=True)
class PDFLayout:
    """Lays the densities of a real table out; kept with the table by ``Table.get``."""

    bins: int
    categories: int
    most: int
    scale: float

    def __call__(self, real: Table) -> Layout:
        """Fit ranges, bins and rows, and draw the real side."""
        found = real.spec.of_kind(*NUMERIC, *DISCRETE)
        names = found[: self.most]
        size, boxes = grid(max(len(names), 1))
        columns = [CountedColumn(name, self._levels(real, name)) for name in names]
        panels = [
            self._panel(real, column, box) for column, box in zip(columns, boxes, strict=False)
        ]
        canvas = Canvas(size.width, size.height, scale=self.scale)
        caption = _caption("share of rows", len(names), len(found))
        sheet = Sheet(canvas, size, panels, caption=caption, scale=self.scale)
        return Layout(sheet, columns)

    def _levels(self, real: Table, name: str) -> Levels:
        if real.spec.kind(name) in DISCRETE:
            return real.levels(name)
        edges = plot_edges(real.ascending(name), self.bins, warp_of(real, name))
        return Levels(name, interval_labels(edges), edges)

    def _panel(self, real: Table, column: CountedColumn, box: Box) -> HistogramPanel | BarPanel:
        shares, edges = column.shares(real), column.levels.edges
        if edges is None:
            return bar_panel(column, box, shares, self.categories)
        tallest = max(float(shares.inside.max(initial=0.0)), shares.below, shares.above)
        top = min(1.0, _HEADROOM * tallest) or 1.0
        name = column.name
        warp = warp_of(real, name)
        return HistogramPanel(name, box, shares, edges, top, quantity(real, name), warp)


@final
@dataclass(frozen=True)
class CDFLayout:
    """Lays the distribution functions of a real table out; kept with it by ``Table.get``."""

    most: int
    scale: float

    def __call__(self, real: Table) -> Layout:
        """Fit the ranges and draw the real side."""
        found = real.spec.of_kind(*NUMERIC)
        names = found[: self.most]
        size, boxes = grid(max(len(names), 1))
        columns, panels = [], []
        for name, box in zip(names, boxes, strict=False):
            warp, measured = warp_of(real, name), quantity(real, name)
            low, high = warp(np.array(plot_range(real.ascending(name), warp))).tolist()
            column = CurveColumn(name, curve_places(box, low, high, warp))
            panels.append(CurvePanel(name, box, column.shares(real), low, high, measured, warp))
            columns.append(column)
        canvas = Canvas(size.width, size.height, scale=self.scale)
        caption = _caption("share of rows up to each value", len(names), len(found))
        sheet = Sheet(canvas, size, panels, mark="band", caption=caption, scale=self.scale)
        return Layout(sheet, columns)


def _caption(meaning: str, drawn: int, found: int) -> str:
    """What a sheet shows; a sheet of one panel has no room to say so."""
    if drawn < 2:
        return ""
    return meaning if drawn == found else f"{meaning}; the first {drawn} of {found:,} columns"


def quantity(table: Table, name: str) -> Quantity:
    """What the axis of a numeric column measures."""
    return "date" if table.spec.kind(name) == "datetime" else "number"


def bar_panel(column: CountedColumn, box: Box, shares: Shares, categories: int) -> BarPanel:
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
    return BarPanel(column.name, box, shares, tuple(labels), shown, other, missing, top)


def warp_of(table: Table, name: str) -> Warp:
    """Of the axis of a numeric column: logarithmic if an even one shows next to nothing.

    That is where one bin of 40 holds more than three quarters of the rows: incomes, or amounts
    that mostly are 0.
    """
    if quantity(table, name) == "date":
        return EVEN
    ascending = table.ascending(name)
    places = np.searchsorted(ascending, plot_edges(ascending, 40))
    sizes = np.sort(np.abs(ascending[ascending != 0]))
    if np.diff(places).max(initial=0) <= _CROWDED * len(ascending) or not len(sizes):
        return EVEN
    # The least hundredth may be specks that would take half of the axis.
    return Warp.of(sizes[[len(sizes) // 100, -1]])


def plot_range(ascending: NDArray[np.float64], warp: Warp = EVEN) -> tuple[float, float]:
    """Range of an axis: that of the values, but not beyond far outliers, and never of width 0.

    Outliers are far when they lie more than three times the width of the middle 99 % of the
    values beyond them. An axis that is not even has room for them.

    Args:
        ascending: Present values, sorted; may be empty.
        warp: Of the axis.
    """
    if not len(ascending):
        return 0.0, 1.0
    low, high = float(ascending[0]), float(ascending[-1])
    cut = len(ascending) // 200
    inner_low, inner_high = float(ascending[cut]), float(ascending[-1 - cut])
    far = 3 * (inner_high - inner_low)
    if far > 0 and not warp.unit:
        low, high = max(low, inner_low - far), min(high, inner_high + far)
    if high - low > 1e-13 * max(abs(low), abs(high)):
        return low, high
    half = max(0.5, 0.05 * abs(low))
    return low - half, high + half


def plot_edges(ascending: NDArray[np.float64], bins: int, warp: Warp = EVEN) -> NDArray[np.float64]:
    """Edges of the bins of a histogram; whole numbers are never split unevenly between bins.

    Args:
        ascending: Present values, sorted.
        bins: Most bins; short tables get fewer, twice the cube root of their rows (Rice's rule),
            but at least 10.
        warp: Of the axis: bins are equally wide on it.

    Returns:
        Ascending and distinct; empty if there are no values.
    """
    if not len(ascending):
        return np.empty(0)
    low, high = plot_range(ascending, warp)
    most = min(bins, max(10, round(2 * len(ascending) ** (1 / 3))))
    whole = max(abs(low), abs(high)) < _WHOLE and bool(np.all(ascending == np.rint(ascending)))
    if warp.unit:
        start, end = warp(np.array([low, high])).tolist()
        inner = warp.inverse(np.linspace(start, end, most + 1))[1:-1]
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
        scale: Pixels of the picture per pixel of a 350 x 196 panel; 2 for print.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.
    """

    bins: int = 40
    categories: int = 8
    columns: int = 100
    scale: float = 1.0
    name: str = "visual/pdf"

    def __post_init__(self) -> None:
        _check(self.bins, self.categories, self.columns, self.scale)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        layout = pair.real.get(PDFLayout(self.bins, self.categories, self.columns, self.scale))
        return _whole(layout, pair, self.scale)


@final
@dataclass(frozen=True)
class PDFByColumn:
    """Distribution of every column as in `PDF`, one picture a column.

    A picture has the size of TensorBoard's image cards, 350 x 196 pixels at scale 1.

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
        _check(self.bins, self.categories, self.columns, self.scale)

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw a picture of each column; empty if no column has a distribution."""
        layout = pair.real.get(PDFLayout(self.bins, self.categories, self.columns, self.scale))
        return _by_column(layout, pair)


@final
@dataclass(frozen=True)
class CDF:
    """Share of rows up to each value of the continuous and datetime columns, in one picture.

    The real side is a broad band; a synthetic column like it runs inside the band. The axis spans
    the real range: synthetic rows beyond it show as a curve that does not start at 0 or end at 1.
    A holdout is drawn dashed. Axes are even or logarithmic as in `PDF`.

    Attributes:
        columns: As in `PDF`.
        scale: Pixels of the picture per pixel of a 350 x 196 panel; 2 for print.
        name: Tag.
    """

    columns: int = 100
    scale: float = 1.0
    name: str = "visual/cdf"

    def __post_init__(self) -> None:
        _check(1, 1, self.columns, self.scale)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        return _whole(pair.real.get(CDFLayout(self.columns, self.scale)), pair, self.scale)


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
        _check(1, 1, self.columns, self.scale)

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw a picture of each column; empty if there are no numbers in the table."""
        return _by_column(pair.real.get(CDFLayout(self.columns, self.scale)), pair)


def layers(layout: Layout, pair: TablePair) -> list[tuple[Look, Sequence[Shares]]]:
    """What is laid over the real side: the holdout if there is one, then the synthetic side."""
    synthetic = (SYNTHETIC_LOOK, [column.shares(pair.synthetic) for column in layout.columns])
    if pair.holdout is None:
        return [synthetic]
    return [(HOLDOUT_LOOK, [column.shares(pair.holdout) for column in layout.columns]), synthetic]


def _whole(layout: Layout, pair: TablePair, scale: float) -> Picture:
    if not layout.columns:
        return blank("no column to draw", scale)
    return layout.sheet.picture(layers(layout, pair))


def _by_column(layout: Layout, pair: TablePair) -> Mapping[str, Picture]:
    names = [column.name for column in layout.columns]
    cards = layout.sheet.cards(layers(layout, pair)) if names else []
    return dict(zip(names, cards, strict=True))


def _check(bins: int, categories: int, columns: int, scale: float) -> None:
    faults = [
        *([f"bins must be at least 1; got {bins}"] if bins < 1 else []),
        *([f"categories must be 1 to 8; got {categories}"] if not 1 <= categories <= 8 else []),
        *([f"columns must be at least 1; got {columns}"] if columns < 1 else []),
        *([f"scale must be from 0.5 to 4; got {scale}"] if not 0.5 <= scale <= 4 else []),
    ]
    if faults:
        raise ParameterError(f"plot: {'; '.join(faults)}.")
