"""From the numbers of a column to the numbers that a network likes, and back."""

from dataclasses import dataclass
from typing import Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Numbers: TypeAlias = NDArray[np.float64]

KNOTS = 1000
"""Quantiles that a `QuantileScaler` keeps of a column."""


@final
@dataclass(frozen=True, eq=False)
class StandardScaler:
    """Zero mean and unit variance: ``z = (x - mean) / std``.

    Attributes:
        mean: Mean of the fitted values; 0 without values.
        std: Their population standard deviation; 1 for constants.
    """

    mean: float
    std: float

    @classmethod
    def fit(cls, values: Numbers) -> Self:
        """Scaler of present values, shape ``(n,)``."""
        if not len(values):
            return cls(0.0, 1.0)
        mean = float(values.mean())
        largest = float(np.abs(values - mean).max())
        # Divided by the largest first: squares of tiny deviations would vanish.
        std = largest * float(np.sqrt(np.mean(((values - mean) / largest) ** 2))) if largest else 0
        return cls(mean, std or 1.0)

    def encode(self, values: Numbers) -> Numbers:
        """Scaled values."""
        return (values - self.mean) / self.std

    def decode(self, scaled: Numbers) -> Numbers:
        """Values in the column's unit."""
        return scaled * self.std + self.mean


@final
@dataclass(frozen=True, eq=False)
class QuantileScaler:
    """Normal scores: the value at quantile p becomes the standard normal's quantile p.

    The map is linear between the quantiles that are kept, hence invertible. A value that fills
    several of them (a column of mostly zeros) is encoded as the middle of its stretch, and all of
    the stretch decodes to it: normal numbers decode to the column's distribution, its heaps
    included. Nothing decodes to beyond the extremes.

    Attributes:
        scores: Standard normal quantiles, ascending, shape ``(k,)``.
        values: Quantiles of the column at the same shares, not descending, shape ``(k,)``.
        heaps: Values that fill more than one quantile, ascending.
        middles: The score of each heap.
    """

    scores: Numbers
    values: Numbers
    heaps: Numbers
    middles: Numbers

    @classmethod
    def fit(cls, values: Numbers, knots: int = KNOTS) -> Self:
        """Scaler of present values, shape ``(n,)``."""
        count = min(knots, max(1, len(values)))
        # Shares (k + 1/2) / K: the extremes have finite scores (3.3 for 1000 knots).
        shares = (np.arange(count) + 0.5) / count
        quantiles = np.quantile(values, np.linspace(0, 1, count)) if len(values) else np.zeros(1)
        quantiles = np.maximum.accumulate(quantiles)  # rounding can make them descend
        scores = ndtri(shares)
        distinct, first, repeats = np.unique(quantiles, return_index=True, return_counts=True)
        last = first + repeats - 1
        middles = ndtri((ndtr(scores[first]) + ndtr(scores[last])) / 2)
        return cls(scores, quantiles, distinct[repeats > 1], middles[repeats > 1])

    def encode(self, values: Numbers) -> Numbers:
        """Scores of values; of those beyond the extremes, the extremes' scores."""
        scores = np.interp(values, self.values, self.scores)
        if not len(self.heaps):
            return scores
        place = np.minimum(np.searchsorted(self.heaps, values), len(self.heaps) - 1)
        return np.where(self.heaps[place] == values, self.middles[place], scores)

    def decode(self, scaled: Numbers) -> Numbers:
        """Values in the column's unit."""
        return np.interp(scaled, self.scores, self.values)
