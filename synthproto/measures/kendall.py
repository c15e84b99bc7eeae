"""Kendall's tau-b, in a file of its own because it loads scipy.stats."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau


def kendall(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Kendall's tau-b of two columns without NaN, in [-1, 1]; 0 if either is constant.

    References:
        Kendall, "The Treatment of Ties in Ranking Problems", Biometrika 33, 1945.
    """
    if not len(first) or first.min() == first.max() or second.min() == second.max():
        return 0.0
    return float(kendalltau(first, second).statistic)
