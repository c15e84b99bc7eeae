"""Statistics of columns that merge: those of two chunks of rows give those of the whole.

Counts of levels and of pairs of levels are plain arrays of integers and merge by addition; the
statistics here merge by `merged`.
"""

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.unchecked import unchecked

Statistic: TypeAlias = Literal[
    "mean", "std", "variance", "median", "first_quartile", "third_quartile", "min", "max"
]
"""Descriptive statistics of a continuous column."""

_QUANTILES = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}

# Rows of one block: its columns and their products stay in the processor's cache.
_BLOCK = 8192

# A sum of squares this much smaller than its terms is rounding error: the column is constant.
_ROUNDING = 1e-13
_IMPRECISE = 1e-6


@final
@unchecked
@dataclass(frozen=True)
class Moments:
    """Count, missing count, mean, spread and extremes of one column.

    Attributes:
        count: Present values.
        missing: Missing values.
        mean: Their mean; 0 if there are none.
        squares: Sum of squared deviations from the mean.
        low: Smallest value; infinity if there are none.
        high: Largest value; minus infinity if there are none.
    """

    count: int
    missing: int
    mean: float
    squares: float
    low: float
    high: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Moments of values, shape ``(n,)``, NaN where missing."""
        present = values
        low = float(values.min(initial=np.inf))
        if np.isnan(low):
            present = values[~np.isnan(values)]
            low = float(present.min(initial=np.inf))
        count, missing = len(present), len(values) - len(present)
        if not count:
            return cls(0, missing, 0.0, 0.0, np.inf, -np.inf)
        # Measured from the smallest value, so that a large offset costs no precision.
        heights = present - low
        mean, high = float(heights.sum()) / count, float(heights.max())
        heights -= min(mean, high)  # rounding may put the mean of equal values beside them
        squares = float(np.dot(heights, heights))
        return cls(count, missing, low + min(mean, high), squares, low, float(present.max()))

    def merged(self, other: Self) -> Self:
        """Moments of both chunks together.

        References:
            Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
            Variances", 1979.
        """
        count = self.count + other.count
        if not count:
            return type(self)(0, self.missing + other.missing, 0.0, 0.0, np.inf, -np.inf)
        gap = other.mean - self.mean
        return type(self)(
            count,
            self.missing + other.missing,
            self.mean + gap * other.count / count,
            self.squares + other.squares + gap * gap * self.count * other.count / count,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def variance(self) -> float:
        """Sample variance, divided by n - 1; 0 for a single value."""
        return self.squares / (self.count - 1) if self.count > 1 else 0.0

    @property
    def std(self) -> float:
        """Sample standard deviation, in the unit of the column; 0 for a single value."""
        return float(np.sqrt(self.variance))

    @property
    def span(self) -> float:
        """Largest minus smallest value; 1 for a constant column, or one without values."""
        return self.high - self.low if self.high > self.low else 1.0


def quantile(ascending: NDArray[np.float64], share: float) -> float:
    """Quantile of sorted values, at least one, interpolated linearly (numpy's default)."""
    place = share * (len(ascending) - 1)
    below = int(place)
    low = float(ascending[below])
    high = float(ascending[min(below + 1, len(ascending) - 1)])
    return low + (high - low) * (place - below)


def statistic(name: Statistic, moments: Moments, ascending: NDArray[np.float64]) -> float:
    """One descriptive statistic of a column that has at least one value."""
    if name in _QUANTILES:
        return quantile(ascending, _QUANTILES[name])
    return {
        "mean": moments.mean,
        "std": moments.std,
        "variance": moments.variance,
        "min": moments.low,
        "max": moments.high,
    }[name]


@final
@dataclass(frozen=True, eq=False)
class CoMoments:
    """Sums of products of columns over the rows where both are present.

    Columns are shifted by ``centre`` and divided by ``scale`` first, so that the sums keep their
    precision. Entry ``[i, j]`` is a sum over the rows where columns i and j are both present.

    Attributes:
        centre: Shape ``(d,)``.
        scale: Shape ``(d,)``, positive.
        count: Number of those rows, shape ``(d, d)``.
        sums: Sum of column i, shape ``(d, d)``.
        squares: Sum of squares of column i, shape ``(d, d)``.
        products: Sum of column i times column j, shape ``(d, d)``.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    count: NDArray[np.float64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    products: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        columns: list[NDArray[np.float64]],
        centre: NDArray[np.float64],
        scale: NDArray[np.float64],
    ) -> Self:
        """Co-moments of ``d`` columns, each of shape ``(n,)`` with NaN where missing."""
        width = len(columns)
        count, sums, squares, products = np.zeros((4, width, width))
        rows = len(columns[0]) if columns else 0
        for start in range(0, rows, _BLOCK):
            block = np.stack([column[start : start + _BLOCK] for column in columns])
            block -= centre[:, None]
            block /= scale[:, None]
            if np.isnan(block.sum()):
                absent = np.isnan(block)
                block[absent] = 0.0
                present = (~absent).astype(np.float64)
                count += present @ present.T
                sums += block @ present.T
                squares += (block * block) @ present.T
            else:
                count += block.shape[1]
                sums += block.sum(axis=1)[:, None]
                squares += np.einsum("ij,ij->i", block, block)[:, None]
            products += block @ block.T
        return cls(centre, scale, count, sums, squares, products)

    def merged(self, other: Self) -> Self:
        """Co-moments of both chunks together, with this one's centre and scale."""
        # other's z is (x - c2) / s2; in this one's terms z' = a z + b.
        a = (other.scale / self.scale)[:, None]
        b = ((other.centre - self.centre) / self.scale)[:, None]
        n, s, q = other.count, other.sums, other.squares
        products = a * a.T * other.products + a * b.T * s + b * a.T * s.T + b * b.T * n
        return type(self)(
            self.centre,
            self.scale,
            self.count + n,
            self.sums + a * s + b * n,
            self.squares + a * a * q + 2 * a * b * s + b * b * n,
            self.products + products,
        )

    def imprecise(self) -> NDArray[np.bool_]:
        """Which pairs have lost more than six digits, shape ``(d, d)``.

        Over the rows of such a pair, a column varies little by its scale: its far values are in
        rows where the other column is missing.
        """
        spread = self.squares - self.sums * self.sums / np.maximum(self.count, 1.0)
        lost = (spread < _IMPRECISE * self.squares) & (self.count > 0)
        return lost | lost.T

    def correlation(self) -> NDArray[np.float64]:
        """Pearson correlation of each pair over its complete rows, shape ``(d, d)``.

        In [-1, 1]; 0 where a column is constant over those rows, or there are none. The diagonal
        is 1, or 0 for a constant column.
        """
        n = np.maximum(self.count, 1.0)
        spread = self.squares - self.sums * self.sums / n
        spread[spread <= _ROUNDING * self.squares] = 0.0
        joint = self.products - self.sums * self.sums.T / n
        norm = np.sqrt(spread) * np.sqrt(spread.T)
        defined = norm > 0
        matrix: NDArray[np.float64] = np.zeros_like(joint)
        np.divide(joint, norm, out=matrix, where=defined)
        np.clip(matrix, -1.0, 1.0, out=matrix)
        np.fill_diagonal(matrix, np.diagonal(defined).astype(np.float64))
        return matrix
