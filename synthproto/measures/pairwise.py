"""How strongly two columns depend on each other, from their cross table or their groups' sums."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def cramers_v(table: Counts, *, bias_correction: bool = True, yates: bool = False) -> float:
    """Cramér's V of two categorical columns.

    Args:
        table: Cross table, shape ``(r, k)``; empty rows and columns are ignored.
        bias_correction: Subtract what two independent columns of this size have on average.
        yates: Yates' continuity correction of tables of 2 x 2.

    Returns:
        In [0, 1], symmetric; 0 is independent, 1 a function in one direction at least. 0 if
        either column is constant.

    References:
        Cramér, "Mathematical Methods of Statistics", 1946; Bergsma, "A Bias-Correction for
        Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society 42, 2013.
    """
    table = _occupied(table)
    rows, columns = table.shape
    n = float(table.sum())
    if rows < 2 or columns < 2:
        return 0.0
    observed = table.astype(np.float64)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / n
    gap = np.abs(observed - expected)
    if yates and rows == columns == 2:
        gap -= np.minimum(0.5, gap)
    phi2 = float((gap * gap / expected).sum()) / n
    if not bias_correction:
        return float(min(np.sqrt(phi2 / (min(rows, columns) - 1)), 1.0))
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    spare = min(size - (size - 1) ** 2 / (n - 1) for size in (rows, columns)) - 1
    # Nothing is left to measure where every row is a category of its own.
    return float(min(np.sqrt(phi2 / spare), 1.0)) if spare > 0 else 0.0


def theils_u(table: Counts) -> float:
    """Theil's U: the share of the row column's entropy that the other column explains.

    Args:
        table: Cross table; rows are the column to be explained.

    Returns:
        In [0, 1], not symmetric; 0 is independent, 1 fully explained. 0 if the row column is
        constant (dython says 1).

    References:
        Theil, "On the Estimation of Relationships Involving Qualitative Variables", 1970.
    """
    table = _occupied(table)
    entropy = _entropy(table.sum(axis=1))
    if entropy <= 0:
        return 0.0
    conditional = _entropy(table.ravel()) - _entropy(table.sum(axis=0))
    return float(min(max((entropy - conditional) / entropy, 0.0), 1.0))


def correlation_ratio(count: Floats, sums: Floats, squares: float) -> float:
    """Correlation ratio η of a continuous column given a categorical one: √(SSB / SST).

    Args:
        count: Values in each group, shape ``(k,)``.
        sums: Their sums, shape ``(k,)``, of values centred on about their mean.
        squares: Sum of the squares of all these values.

    Returns:
        In [0, 1]; 0 if all groups have one mean, 1 if the groups explain every value. 0 if the
        values are constant.

    References:
        Fisher, "Statistical Methods for Research Workers", 1925.
    """
    held = count > 0
    count, sums = count[held], sums[held]
    if not len(count):
        return 0.0
    offset = float(sums.sum()) ** 2 / float(count.sum())
    total = squares - offset
    # Less than this is rounding error of the sums.
    if total <= 1e-13 * squares:
        return 0.0
    between = float((sums * sums / count).sum()) - offset
    return float(np.sqrt(min(max(between / total, 0.0), 1.0)))


def _occupied(table: Counts) -> Counts:
    return table[table.any(axis=1)][:, table.any(axis=0)]


def _entropy(counts: Counts) -> float:
    held = counts[counts > 0] / counts.sum()
    return float(-np.dot(held, np.log(held)))
