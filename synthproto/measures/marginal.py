"""How far two samples of one column are apart, from their counts or their sorted values."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


def shares(counts: Counts) -> Floats:
    """Counts as shares of their sum; all 0 if there is nothing to count."""
    return counts / max(int(counts.sum()), 1)


def js_divergence(real: Floats, synthetic: Floats, base: float = 2.0) -> float:
    """Jensen-Shannon divergence of two distributions over the same levels.

    Args:
        real: Shares, shape ``(k,)``, sum 1; or all 0, if there is nothing to compare.
        synthetic: The same for the other sample.
        base: Of the logarithm.

    Returns:
        In [0, log_base(2)], so in [0, 1] with base 2; 0 is equal, the maximum disjoint. If one
        side is all 0, the maximum; if both are, 0.

    References:
        Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37, 1991.
    """
    worst = np.log(2.0) / np.log(base)
    if not real.any() or not synthetic.any():
        return float(worst) if real.any() or synthetic.any() else 0.0
    middle = (real + synthetic) / 2
    total = 0.0
    for side in (real, synthetic):
        held = side > 0
        total += float(np.dot(side[held], np.log(side[held] / middle[held])))
    return float(min(max(total / 2 / np.log(base), 0.0), worst))


def js_distance(real: Floats, synthetic: Floats, base: float = 2.0) -> float:
    """Jensen-Shannon distance: the square root of `js_divergence`, a metric.

    Returns:
        In [0, 1] with base 2 (0.8326 with base e); 0 is equal.

    References:
        Endres, Schindelin, "A New Metric for Probability Distributions", IEEE Trans. Inf. Theory
        49, 2003.
    """
    return float(np.sqrt(js_divergence(real, synthetic, base)))


def total_variation(real: Floats, synthetic: Floats) -> float:
    """Total variation of two distributions over the same levels: ½ Σ |p_real - p_synthetic|.

    Returns:
        In [0, 1]; 0 is equal, 1 disjoint. If one side is all 0, 1; if both are, 0.
    """
    if not real.any() or not synthetic.any():
        return float(bool(real.any()) != bool(synthetic.any()))
    return float(min(np.abs(real - synthetic).sum() / 2, 1.0))


def ks_distance(real: Floats, synthetic: Floats) -> float:
    """Kolmogorov-Smirnov statistic: the largest gap between two distribution functions.

    Both functions are compared at some values first; between two of these they can be further
    apart than at the largest gap so far only in few places, and only those are looked at.

    Args:
        real: Sorted values, shape ``(n,)``.
        synthetic: Sorted values, shape ``(m,)``.

    Returns:
        In [0, 1]; 0 is equal, 1 no overlap. If one side has no values, 1; if neither has, 0.

    References:
        Smirnov, "Table for Estimating the Goodness of Fit of Empirical Distributions", 1948.
    """
    if not len(real) or not len(synthetic):
        return float(len(real) != len(synthetic))
    # About 8 √n values: sampling noise alone is larger than the slack between two of them.
    grid = np.unique(real[:: max(int(len(real) ** 0.5 / 8), 1)])
    below_r, upto_r = (np.searchsorted(real, grid, side) for side in _SIDES)
    below_s, upto_s = (np.searchsorted(synthetic, grid, side) for side in _SIDES)
    n, m = len(real), len(synthetic)
    largest = max(
        np.abs(below_r / n - below_s / m).max(),
        np.abs(upto_r / n - upto_s / m).max(),
    )
    # Between grid[i - 1] and grid[i], the functions rise from upto[i - 1] to below[i].
    start_r, end_r = np.append(0, upto_r), np.append(below_r, n)
    start_s, end_s = np.append(0, upto_s), np.append(below_s, m)
    bound = np.maximum(end_r / n - start_s / m, end_s / m - start_r / n)
    for place in np.flatnonzero(bound > largest):
        ours = real[start_r[place] : end_r[place]]
        theirs = synthetic[start_s[place] : end_s[place]]
        inside = np.concatenate([ours, theirs])
        gaps = (start_r[place] + np.searchsorted(ours, inside, "right")) / n
        gaps -= (start_s[place] + np.searchsorted(theirs, inside, "right")) / m
        largest = max(largest, np.abs(gaps).max(initial=0.0))
    return float(largest)


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
    return float(np.dot(np.abs(upto_r - upto_s), np.diff(values)))


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
