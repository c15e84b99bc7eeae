"""Plots of marginals: real and synthetic densities and distribution functions, by column.

Tags are ``visual/...`` for single pictures and ``visual_columns/...`` for one picture a column:
TensorBoard opens the first groups of the alphabet, and those are to be the scores and losses.
Identifiers and text have no distribution to draw and are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from synthproto.artifacts.marginals import CDFLayout, Layout, PDFLayout
from synthproto.data.table import TablePair
from synthproto.drawing.panels import HOLDOUT_LOOK, SYNTHETIC_LOOK, Look, Shares
from synthproto.drawing.picture import Picture
from synthproto.drawing.sheets import blank
from synthproto.errors import ParameterError


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
