"""How far two samples of one column are apart, from their counts or their sorted values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.products import dot

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]


def stacked(columns: Sequence[Counts]) -> Counts:
    """Counts of several columns as rows of one array, the shorter ones followed by zeros."""
    rows = np.zeros((len(columns), max(map(len, columns), default=0)), dtype=np.int64)
    for row, counts in zip(rows, columns, strict=True):
        row[: len(counts)] = counts
    return rows


def shares(counts: Counts) -> Floats:
    """Counts, shape ``(..., k)``, as shares of their sum; all 0 if there is nothing to count."""
    portions: Floats = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    return portions


def js_divergence(real: Floats, synthetic: Floats, base: float = 2.0) -> Floats:
    """Jensen-Shannon divergence of two distributions over the same levels.

    Args:
        real: Shares, shape ``(..., k)``, sum 1; or all 0, if there is nothing to compare.
        synthetic: The same for the other sample.
        base: Of the logarithm.

    Returns:
        Shape ``(...)``, in [0, log_base(2)], so in [0, 1] with base 2; 0 is equal, the maximum
        disjoint. If one side is all 0, the maximum; if both are, 0.

    References:
        Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37, 1991.
    """
    worst = np.log(2.0) / np.log(base)
    middle = (real + synthetic) / 2
    total: Floats = np.zeros(middle.shape[:-1])
    for side in (real, synthetic):
        ratio = np.divide(side, middle, out=np.ones_like(middle), where=side > 0)
        total += (side * np.log(ratio)).sum(axis=-1)
    return _compared(real, synthetic, total / 2 / np.log(base), float(worst))


def js_distance(real: Floats, synthetic: Floats, base: float = 2.0) -> Floats:
    """Jensen-Shannon distance: the square root of `js_divergence`, a metric.

    Returns:
        Shape ``(...)``, in [0, 1] with base 2 (0.8326 with base e); 0 is equal.

    References:
        Endres, Schindelin, "A New Metric for Probability Distributions", IEEE Trans. Inf. Theory
        49, 2003.
    """
    return np.asarray(np.sqrt(js_divergence(real, synthetic, base)))


def total_variation(real: Floats, synthetic: Floats) -> Floats:
    """Total variation of two distributions over the same levels: ½ Σ |p_real - p_synthetic|.

    Args:
        real: Shares, shape ``(..., k)``, sum 1; or all 0, if there is nothing to compare.
        synthetic: The same for the other sample.

    Returns:
        Shape ``(...)``, in [0, 1]; 0 is equal, 1 disjoint. If one side is all 0, 1; if both are, 0.
    """
    return _compared(real, synthetic, np.abs(real - synthetic).sum(axis=-1) / 2, 1.0)


def _compared(
    real: Floats, synthetic: Floats, distance: Floats | np.float64, worst: float
) -> Floats:
    """A distance within its range, and the worst one where only one side has anything."""
    some = real.any(axis=-1), synthetic.any(axis=-1)
    within = np.minimum(np.maximum(distance, 0.0), worst)
    return np.where(some[0] & some[1], within, np.where(some[0] | some[1], worst, 0.0))


class Noise(NamedTuple):
    """What a distance is for two samples of one distribution.

    Attributes:
        expected: Its mean.
        spread: Its standard deviation, positive.
    """

    expected: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of at least two values that noise gave."""
        return cls(float(np.mean(values)), max(float(np.std(values, ddof=1)), LEAST_NOISE))

    @property
    def band(self) -> tuple[float, float]:
        """Where 95 of 100 values are."""
        return self.expected - 1.96 * self.spread, self.expected + 1.96 * self.spread

    def excess(self, value: float, reference: float | None = None, sign: int = 1) -> float:
        """How much worse than two samples, and than real rows, something is, in units of spread.

        Args:
            value: A distance, or with a sign of -1 a similarity.
            reference: The same for real rows; where they are worse than noise, they count.
            sign: 1 if lower is better, -1 if higher is.

        Example:
            >>> from synthproto.measures.columns import Noise
            >>> Noise(0.25, 0.125).excess(0.75), Noise(0.25, 0.125).excess(0.75, reference=0.5)
            (4.0, 2.0)
        """
        usual = sign * self.expected
        if reference is not None:
            usual = max(usual, sign * reference)
        return (sign * value - usual) / self.spread


BEYOND: Final = 3.0
"""Units of noise beyond which something is said to be worse: of distances and similarities of
samples of one distribution, fewer than 1 in 100 are."""

LEAST_NOISE: Final = 1e-4
"""No noise is smaller: a limit for constant columns, and for correlations of 1."""


@final
@dataclass(frozen=True, eq=False)
class Steps:
    """A sample's distribution function: all of it, and at some of its values in advance.

    Attributes:
        ascending: Sorted values, shape ``(n,)``.
        grid: Some of the distinct values, ascending.
        below: How many values are below each of the grid.
        upto: How many are not above it.
    """

    ascending: Floats
    grid: Floats
    below: Places
    upto: Places

    @classmethod
    def of(cls, ascending: Floats) -> Self:
        """Of sorted values; about 4 √n of them are in the grid."""
        grid = np.unique(ascending[:: max(int(len(ascending) ** 0.5 / 4), 1)])
        return cls(ascending, grid, *_ranks(ascending, grid))


def ks_distance(real: Floats | Steps, synthetic: Floats) -> float:
    """Kolmogorov-Smirnov statistic: the largest gap between two distribution functions.

    Between two neighbouring real values, only the synthetic function rises, so that the largest
    gap is just before or at a real value. The functions are compared at a grid of these first.
    Between two of the grid they can be further apart than at the largest gap so far only in few
    places, and only the real values there are looked at.

    Args:
        real: Sorted values, shape ``(n,)``; as `Steps` if they are compared more than once.
        synthetic: Sorted values, shape ``(m,)``.

    Returns:
        In [0, 1]; 0 is equal, 1 no overlap. If one side has no values, 1; if neither has, 0.

    References:
        Smirnov, "Table for Estimating the Goodness of Fit of Empirical Distributions", 1948.
    """
    steps = real if isinstance(real, Steps) else Steps.of(real)
    n, m = len(steps.ascending), len(synthetic)
    if not n or not m:
        return float(n != m)
    below, upto = _ranks(synthetic, steps.grid)
    largest = _largest_gap((steps.below / n, steps.upto / n), (below / m, upto / m))
    # Between two of the grid, the functions rise from upto of the one to below of the other.
    start, end = steps.upto, np.append(steps.below[1:], n)
    rise = np.append(below[1:], m)
    places = np.flatnonzero(np.maximum(end / n - upto / m, rise / m - start / n) > largest)
    lengths = (end - start)[places]
    # All places from the start to the end of each of these gaps in the grid.
    ends = np.cumsum(lengths)
    inside = np.repeat(start[places] - ends + lengths, lengths) + np.arange(lengths.sum())
    values = steps.ascending[inside]
    if not len(values):
        return largest
    ours, theirs = _ranks(steps.ascending, values), _ranks(synthetic, values)
    return max(largest, _largest_gap((ours[0] / n, ours[1] / n), (theirs[0] / m, theirs[1] / m)))


def _ranks(ascending: Floats, values: Floats) -> tuple[Places, Places]:
    """How many of sorted values are below each value, and how many are not above it."""
    return ascending.searchsorted(values, "left"), ascending.searchsorted(values, "right")


def _largest_gap(real: tuple[Floats, Floats], synthetic: tuple[Floats, Floats]) -> float:
    gaps = (np.abs(ours - theirs).max() for ours, theirs in zip(real, synthetic, strict=True))
    return float(max(gaps))


def ks_on_grid(
    real: tuple[Places, Places], synthetic: tuple[Places, Places], n: int, m: int
) -> tuple[float, Places]:
    """Largest gap between two distribution functions at a grid, and where it may be exceeded.

    Args:
        real: Of each number of the grid, all of them real ones, how many are below it, and how
            many not above it.
        synthetic: The same of the other side.
        n: Real numbers.
        m: Synthetic numbers.

    Returns:
        The gap; and after which of the grid it may be larger at a real number before the next.
    """
    (below, upto), (other_below, other_upto) = real, synthetic
    largest = _largest_gap((below / n, upto / n), (other_below / m, other_upto / m))
    end, rise = np.append(below[1:], n), np.append(other_below[1:], m)
    higher = np.maximum(end / n - other_upto / m, rise / m - upto / n) > largest
    return largest, np.flatnonzero(higher & (end > upto))


def wasserstein_distance(real: Floats, synthetic: Floats) -> float:
    """1-Wasserstein (earth mover's) distance: the area between the distribution functions.

    Args:
        real: Sorted values, shape ``(n,)``, at least one.
        synthetic: Sorted values, shape ``(m,)``, at least one.

    Returns:
        In the unit of the values, at least 0; 0 is equal.

    References:
        Villani, "Optimal Transport", 2009.
    """
    if len(real) == len(synthetic):
        return float(np.abs(real - synthetic).mean())
    values = np.sort(np.concatenate([real, synthetic]))
    upto_r = np.searchsorted(real, values[:-1], "right") / len(real)
    upto_s = np.searchsorted(synthetic, values[:-1], "right") / len(synthetic)
    return dot(np.abs(upto_r - upto_s), np.diff(values))


def range_coverage(real: tuple[float, float], synthetic: tuple[float, float]) -> float:
    """Share of the real range that the synthetic range covers.

    Args:
        real: Smallest and largest value.
        synthetic: The same for the other side.

    Returns:
        In [0, 1]; 1 is best. For a constant real column, whether its value is covered.
    """
    low, high = max(real[0], synthetic[0]), min(real[1], synthetic[1])
    if real[0] == real[1]:
        return float(low <= high)
    return float(min(max((high - low) / (real[1] - real[0]), 0.0), 1.0))


def similarity_in_range(real: float, synthetic: float, low: float, high: float) -> float:
    """``1 - |real - synthetic| / (high - low)``, at least 0; 1 for equal values."""
    if real == synthetic:
        return 1.0
    return float(max(1.0 - abs(real - synthetic) / (high - low), 0.0)) if high > low else 0.0
