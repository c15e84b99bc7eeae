"""How strongly two columns depend on each other, from their cross table or their groups' sums.

A cross table is given by its occupied cells: ``rows``, ``columns`` (places of the categories) and
``counts`` (positive), each of shape ``(cells,)``. ``numpy.nonzero`` gives them of a dense table.
"""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

# Sums of squares this much smaller than their terms are rounding error.
_ROUNDING = 1e-13


def cramers_v(
    rows: Places,
    columns: Places,
    counts: Counts,
    *,
    bias_correction: bool = True,
    yates: bool = False,
) -> float:
    """Cramér's V of two categorical columns.

    Args:
        rows: Category of the first column, by occupied cell.
        columns: Category of the second column.
        counts: Rows of the table with both.
        bias_correction: Subtract what two independent columns of this size have on average.
        yates: Yates' continuity correction of tables of 2 x 2.

    Returns:
        In [0, 1], symmetric; 0 is independent, 1 a function in one direction at least. 0 if
        either column is constant.

    References:
        Cramér, "Mathematical Methods of Statistics", 1946; Bergsma, "A Bias-Correction for
        Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society 42, 2013.
    """
    by_row, by_column = np.bincount(rows, weights=counts), np.bincount(columns, weights=counts)
    r, k = int(np.count_nonzero(by_row)), int(np.count_nonzero(by_column))
    if r < 2 or k < 2:
        return 0.0
    n = float(by_row.sum())
    expected = by_row[rows] * by_column[columns] / n
    gaps = np.abs(counts - expected)
    # A cell without rows misses all that it expects; together, what the others do not expect.
    empty = n - float(expected.sum()) if len(counts) < r * k else 0.0
    if yates and r == k == 2:
        phi2 = _yates(float(gaps[0]), by_row, by_column) / n
    else:
        phi2 = (float((gaps * gaps / expected).sum()) + empty) / n
    if not bias_correction:
        return float(min(np.sqrt(phi2 / (min(r, k) - 1)), 1.0))
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (n - 1))
    spare = min(size - (size - 1) ** 2 / (n - 1) for size in (r, k)) - 1
    # Nothing is left to measure where every row is a category of its own.
    return float(min(np.sqrt(phi2 / spare), 1.0)) if spare > 0 else 0.0


def _yates(gap: float, by_row: Floats, by_column: Floats) -> float:
    """Chi-squared of a 2 x 2 table, whose four gaps are equal: each half a row smaller."""
    gap -= min(0.5, gap)
    expected = np.outer(by_row[by_row > 0], by_column[by_column > 0]) / by_row.sum()
    return gap * gap * float((1.0 / expected).sum())


def theils_u(rows: Places, columns: Places, counts: Counts) -> float:
    """Theil's U: the share of the first column's entropy that the second one explains.

    Returns:
        In [0, 1], not symmetric; 0 is independent, 1 fully explained. 0 if the first column is
        constant (dython's function says 1, its matrix 0).

    References:
        Theil, "On the Estimation of Relationships Involving Qualitative Variables", 1970.
    """
    by_row, by_column = np.bincount(rows, weights=counts), np.bincount(columns, weights=counts)
    entropy = _entropy(by_row)
    if entropy <= 0:
        return 0.0
    conditional = _entropy(counts) - _entropy(by_column)
    return float(min(max((entropy - conditional) / entropy, 0.0), 1.0))


def _entropy(counts: Counts | Floats) -> float:
    held = counts[counts > 0]
    if len(held) < 2:
        return 0.0
    share = held / held.sum()
    return float(-np.dot(share, np.log(share)))


def correlation_ratios(present: Floats, sums: Floats, squares: Floats) -> Floats:
    """Correlation ratio η of continuous columns given a categorical one: √(SSB / SST).

    Args:
        present: Values of each continuous column in each category, shape ``(k, d)``.
        sums: Their sums, of values centred on about their mean, shape ``(k, d)``.
        squares: Sum of the squares of all values of each column, shape ``(d,)``.

    Returns:
        Shape ``(d,)``, in [0, 1]; 0 if all categories have one mean, 1 if the categories explain
        every value. 0 if the values are constant.

    References:
        Fisher, "Statistical Methods for Research Workers", 1925.
    """
    offset = sums.sum(axis=0) ** 2 / np.maximum(present.sum(axis=0), 1.0)
    total = squares - offset
    between = (sums * sums / np.maximum(present, 1.0)).sum(axis=0) - offset
    defined = total > _ROUNDING * squares
    ratio: Floats = np.zeros_like(total)
    np.divide(between, total, out=ratio, where=defined)
    return np.sqrt(np.clip(ratio, 0.0, 1.0))


def contingency_distance(
    real: tuple[Places, Places, Counts],
    synthetic: tuple[Places, Places, Counts],
    shape: tuple[int, int],
) -> float:
    """Total variation between two cross tables of shares: ½ Σ |P_real - P_synthetic|.

    Args:
        real: Rows, columns and counts of the real table's cells, in ascending order.
        synthetic: The same for the synthetic table.
        shape: Rows and columns that the real table has; cells beyond are the synthetic one's.

    Returns:
        In [0, 1]; 0 is equal shares in every cell, 1 no cell in common.
    """
    width = shape[1]
    rows, columns, counts = synthetic
    real_counts, n, m = real[2], int(real[2].sum()), int(counts.sum())
    known = (rows < shape[0]) & (columns < width)
    keys = real[0] * width + real[1]
    wanted = (rows * width + columns)[known]
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    shared = keys[places] == wanted
    ours, theirs = real_counts[places[shared]], counts[known][shared]
    gaps = float(np.abs(ours / n - theirs / m).sum())
    return min((gaps + (n - int(ours.sum())) / n + (m - int(theirs.sum())) / m) / 2, 1.0)


def ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean rank; values without NaN, shape ``(n,)``."""
    order = np.argsort(values)
    ascending = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    sizes = np.diff(starts, append=len(values))
    result = np.empty(len(values))
    result[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return result


def pearson(first: Floats, second: Floats) -> float:
    """Pearson correlation of two columns without NaN, in [-1, 1]; 0 if either is constant."""
    if not len(first) or first.min() == first.max() or second.min() == second.max():
        return 0.0
    x, y = first - first.mean(), second - second.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()  # neither square can underflow
    r = float(np.dot(x, y) / np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return min(max(r, -1.0), 1.0)
