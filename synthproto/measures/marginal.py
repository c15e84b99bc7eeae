"""How far two samples of one column are apart, from their counts or their sorted values."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


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
