"""Rows of tables as points of one space, fitted on the real table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.data.statistics import Levels
from synthproto.data.table import DISCRETE, NUMERIC, Table

Centring: TypeAlias = Literal["mean", "range"]
"""Numbers minus the mean over the standard deviation, or minus the minimum over the range."""

# Categories beyond the most frequent share one indicator, so that names do not become axes.
_CATEGORIES: Final = 30
# In all: the fit costs their square in memory and their cube in time.
_INDICATORS: Final = 600
# Numbers this many standard deviations (or ranges) off are as far as the space goes.
_FARTHEST: Final = 1e3


@final
@dataclass(frozen=True, eq=False)
class Space:
    """A map from rows to points, fitted on one table.

    A continuous or datetime column is one coordinate, missing values at its mean. A categorical
    or boolean column is an indicator for each of its most frequent categories (30, fewer in tables
    with many such columns), one for all others and one for missing values, multiplied by a weight.

    Attributes:
        numbers: Each numeric column, and how its values are scaled.
        levels: Categories of each discrete column.
        weights: What the indicators of each discrete column are multiplied by.
        most: Categories of a column that have an indicator of their own.
    """

    numbers: Sequence["ScaledColumn"]
    levels: Sequence[Levels]
    weights: Sequence[float]
    most: int

    @classmethod
    def fit(cls, table: Table, centring: Centring) -> "Space":
        """Fit on a table; constant columns stay in the space and do not vary.

        Args:
            table: The real table.
            centring: With ``"mean"``, indicators weigh ``1 / sqrt(Σ p (1 - p))``, p being the
                shares of the table: together they vary as much as one number does. With
                ``"range"`` they weigh ``1 / sqrt(2)``: two rows of different categories are as far
                apart as two numbers at the ends of their range.
        """
        discrete = table.spec.of_kind(*DISCRETE)
        most = max(2, min(_CATEGORIES, _INDICATORS // max(len(discrete), 1)))
        levels = [table.levels(name) for name in discrete]
        numbers = [ScaledColumn.fit(table, name, centring) for name in table.spec.of_kind(*NUMERIC)]
        weights = [
            _weight(table, level, most) if centring == "mean" else 0.5**0.5 for level in levels
        ]
        return cls(numbers, levels, weights, most)

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return len(self.numbers) + sum(_slots(level, self.most) for level in self.levels)

    def points(self, table: Table, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Points of some rows of a table, shape ``(len(rows), width)``."""
        parts = [np.empty((len(rows), 0))]
        parts += [column.of(table.values(column.name)[rows])[:, None] for column in self.numbers]
        for level, weight in zip(self.levels, self.weights, strict=True):
            slots = _slots(level, self.most)
            codes = np.minimum(table.codes(level)[rows], slots - 1)
            parts.append(np.eye(slots)[codes] * weight)
        return np.concatenate(parts, axis=1)


@final
@dataclass(frozen=True)
class ScaledColumn:
    """How a numeric column becomes a coordinate: ``(x - centre) / width``.

    Attributes:
        name: Of the column.
        centre: What is subtracted.
        width: What is divided by; positive.
        filling: Coordinate of a missing value.
    """

    name: str
    centre: float
    width: float
    filling: float

    @classmethod
    def fit(cls, table: Table, name: str, centring: Centring) -> "ScaledColumn":
        """Fit on a column of a table."""
        moments = table.moments(name)
        if not moments.count:
            return cls(name, 0.0, 1.0, 0.0)
        if centring == "mean":
            return cls(name, moments.mean, moments.std or 1.0, 0.0)
        width = (moments.high - moments.low) or 1.0
        return cls(name, moments.low, width, (moments.mean - moments.low) / width)

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates of values, same shape; finite."""
        scaled = np.clip((values - self.centre) / self.width, -_FARTHEST, _FARTHEST)
        return np.where(np.isnan(scaled), self.filling, scaled)


def sampled(table: Table, most: int, seed: int) -> NDArray[np.intp]:
    """Up to ``most`` different rows of a table, in order; the same seed gives the same rows."""
    if len(table) <= most:
        return np.arange(len(table))
    return np.sort(np.random.default_rng(seed).choice(len(table), most, replace=False))


def _slots(level: Levels, most: int) -> int:
    """Indicators of a column: missing, the most frequent categories, all others."""
    return min(level.size, most) + 2


def _weight(table: Table, level: Levels, most: int) -> float:
    counts = table.counts(level)
    slots = _slots(level, most)
    others = counts[slots - 1 :].sum()
    shares = np.concatenate([counts[: slots - 1], [others]]) / len(table)
    spread = float(np.sqrt((shares * (1 - shares)).sum()))
    return 1.0 / spread if spread > 0 else 1.0
