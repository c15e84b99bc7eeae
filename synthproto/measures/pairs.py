"""How strongly columns depend on each other, from their cross tables or their groups' sums.

Cross tables are given by their occupied cells, many tables at once: ``table`` (which one a cell
belongs to, ascending from 0), ``rows``, ``columns`` (places of the categories) and ``counts``
(positive), each of shape ``(cells,)``. ``numpy.nonzero`` gives the cells of a dense table.
"""

import math
from typing import overload

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.products import dot

Places = NDArray[np.intp]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

# Associations that differ by less are equal.
_SAME = 1e-9
# Sums of squares this much smaller than their terms are rounding error.
_ROUNDING = 1e-13
# With this many cells to an occupied one, looking cells up in a full table takes too much memory.
_SPARSE = 20


@overload
def above(strength: float, threshold: float) -> bool: ...
@overload
def above(strength: Floats, threshold: float) -> NDArray[np.bool_]: ...
def above(strength: float | Floats, threshold: float) -> bool | NDArray[np.bool_]:
    """Whether associations exceed a threshold; one that meets it exactly does not.

    A correlation of exactly 0.5 comes out as 0.5 or as 0.5000000000000001, depending on the order
    of the rows: what is above by rounding error is not above.

    Example:
        >>> from synthproto.measures.pairs import above
        >>> above(0.5 + 1e-16, 0.5), above(0.51, 0.5)
        (False, True)
    """
    return strength - threshold > _SAME


def cramers_v(
    table: Places,
    rows: Places,
    columns: Places,
    counts: Counts,
    *,
    bias_correction: bool = True,
    yates: bool = False,
) -> Floats:
    """Cramér's V of pairs of categorical columns.

    Args:
        table: Cross table of each occupied cell.
        rows: Category of its first column.
        columns: Category of its second column.
        counts: Rows with both.
        bias_correction: Subtract what two independent columns of this size have on average.
        yates: Yates' continuity correction of tables of 2 x 2.

    Returns:
        Shape ``(tables,)``, in [0, 1], symmetric; 0 is independent, 1 a function in one direction
        at least. 0 if either column is constant.

    References:
        Cramér, "Mathematical Methods of Statistics", 1946; Bergsma, "A Bias-Correction for
        Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society 42, 2013.
    """
    n = np.bincount(table, weights=counts)
    by_row, row_starts, r = _totals(table, rows, counts)
    by_column, column_starts, k = _totals(table, columns, counts)
    expected = by_row * by_column / n[table]
    gaps = np.abs(counts - expected)
    # A cell without rows misses all that it expects; together, what the others do not expect.
    empty = np.where(np.bincount(table) < r * k, n - np.bincount(table, weights=expected), 0.0)
    chi2 = np.bincount(table, weights=gaps * gaps / expected) + empty
    if yates:
        inverse = np.bincount(table, weights=row_starts / by_row) * n
        inverse *= np.bincount(table, weights=column_starts / by_column)
        chi2 = np.where((r == 2) & (k == 2), _smaller_gaps(table, gaps) ** 2 * inverse, chi2)
    phi2, least = chi2 / n, np.minimum(r, k) - 1.0
    if bias_correction:
        freedom = np.maximum(n - 1, 1)
        phi2 = phi2 - (r - 1) * (k - 1) / freedom
        # Nothing is left to measure where every row is a category of its own.
        least = np.minimum(r - (r - 1) ** 2 / freedom, k - (k - 1) ** 2 / freedom) - 1.0
    # By that, and by constant columns, rounding may leave a little.
    defined = (r > 1) & (k > 1) & (least > _ROUNDING * n)
    return np.sqrt(np.clip(np.where(defined, phi2, 0.0) / np.where(defined, least, 1.0), 0.0, 1.0))


def _smaller_gaps(table: Places, gaps: Floats) -> Floats:
    """The gap of each table of 2 x 2, whose four are equal, less half a row."""
    gap = gaps[np.flatnonzero(np.diff(table, prepend=-1))]
    return np.asarray(gap - np.minimum(0.5, gap))


def _totals(table: Places, places: Places, counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Totals of one margin of each table.

    Returns:
        For each cell the total of its category, and 1 in the first cell of each category, else 0;
        for each table its number of categories.
    """
    keys = _keys(table, places)
    totals = np.bincount(keys, weights=counts).astype(np.float64)
    first = np.zeros(len(totals), dtype=np.intp)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    starts = np.zeros(len(keys))
    starts[first[totals > 0]] = 1.0
    return totals[keys], starts, np.bincount(table, weights=starts).astype(np.float64)


def _keys(table: Places, places: Places) -> Places:
    """A number for each category of each table."""
    sizes = np.maximum.reduceat(places, np.flatnonzero(np.diff(table, prepend=-1))) + 1
    keys: Places = (np.cumsum(sizes) - sizes)[table] + places
    return keys


def theils_u(table: Places, rows: Places, columns: Places, counts: Counts) -> Floats:
    """Theil's U: the share of the first column's entropy that the second one explains.

    Returns:
        Shape ``(tables,)``, in [0, 1], not symmetric; 0 is independent, 1 fully explained. 0 if
        the first column is constant (dython's function says 1, its matrix 0).

    References:
        Theil, "On the Estimation of Relationships Involving Qualitative Variables", 1970.
    """
    n = np.bincount(table, weights=counts)[table]
    share = counts / n
    by_row, by_column = (_totals(table, places, counts)[0] / n for places in (rows, columns))
    # Entropy of the rows, and of the rows within the columns: sums over cells of p log q.
    entropy = -np.bincount(table, weights=share * np.log(by_row))
    conditional = -np.bincount(table, weights=share * np.log(share / by_column))
    defined = entropy > 0
    explained: Floats = np.divide(
        entropy - conditional, entropy, out=np.zeros_like(entropy), where=defined
    )
    return np.clip(explained, 0.0, 1.0)


def normalised_information(table: Places, rows: Places, columns: Places, counts: Counts) -> Floats:
    """Normalised mutual information of pairs of categorical columns: 2 I / (Hx + Hy).

    Returns:
        Shape ``(tables,)``, in [0, 1], symmetric; 0 is independent, 1 a bijection. 0 if both
        columns are constant.

    References:
        Strehl and Ghosh, "Cluster Ensembles", Journal of Machine Learning Research 3, 2002.
    """
    n = np.bincount(table, weights=counts)[table]
    share = counts / n
    by_row, by_column = (_totals(table, places, counts)[0] / n for places in (rows, columns))
    marginal = -np.bincount(table, weights=share * np.log(by_row * by_column))
    joint = -np.bincount(table, weights=share * np.log(share))
    shared: Floats = np.divide(
        marginal - joint, marginal, out=np.zeros_like(marginal), where=marginal > _ROUNDING
    )
    return np.clip(2 * shared, 0.0, 1.0)


def dense_shares(
    table: Places, rows: Places, columns: Places, counts: Counts, tables: int, most: int
) -> Floats:
    """Cross tables of shares in full, all of one shape.

    Args:
        table: Table of each occupied cell.
        rows: Its row.
        columns: Its column.
        counts: Rows of data in it.
        tables: Number of tables.
        most: Rows and columns of each; what is beyond is counted in the last one.

    Returns:
        Shape ``(tables, most, most)``; each sums to 1.
    """
    place = (table * most + np.minimum(rows, most - 1)) * most + np.minimum(columns, most - 1)
    dense = np.bincount(place, weights=counts, minlength=tables * most * most)
    dense = dense.reshape(tables, most, most)
    shares: Floats = dense / np.maximum(dense.sum(axis=(1, 2), keepdims=True), 1.0)
    return shares


def dependence(shares: Floats) -> Floats:
    """Cross tables of shares less what their margins alone would give, of the same shape."""
    by_row, by_column = shares.sum(axis=2), shares.sum(axis=1)
    apart: Floats = shares - by_row[:, :, None] * by_column[:, None, :]
    return apart


def concordance(products: Floats, first: Floats, second: Floats) -> Floats:
    """Lin's concordance ``2 Σ a b / (Σ a² + Σ b²)`` of the three sums, in [-1, 1].

    1 where both are 0 but for rounding.
    """
    sizes = first + second
    found = np.divide(2 * products, sizes, out=np.ones_like(sizes), where=sizes > _NO_DEPENDENCE)
    return np.clip(found, -1.0, 1.0)


# A sum of squares so small is rounding error: all columns but one are constant.
_NO_DEPENDENCE = 1e-24


def correlation_ratios(variable: Places, present: Floats, sums: Floats, squares: Floats) -> Floats:
    """Correlation ratio η of continuous columns given categorical ones: √(SSB / SST).

    Args:
        variable: Which of the ``c`` categorical columns each category belongs to, shape ``(k,)``,
            ascending from 0.
        present: Values of each continuous column in each category, shape ``(k, d)``.
        sums: Their sums, of values centred on about their mean, shape ``(k, d)``.
        squares: Sum of the squares of all values of each column, shape ``(d,)``.

    Returns:
        Shape ``(c, d)``, in [0, 1]; 0 if all categories have one mean, 1 if the categories explain
        every value. 0 if the values are constant.

    References:
        Fisher, "Statistical Methods for Research Workers", 1925.
    """
    starts = np.flatnonzero(np.diff(variable, prepend=-1))
    between = np.add.reduceat(sums * sums / np.maximum(present, 1.0), starts)
    totals, values = np.add.reduceat(sums, starts), np.add.reduceat(present, starts)
    offset = totals * totals / np.maximum(values, 1.0)
    total = squares - offset
    defined = total > _ROUNDING * squares
    ratio: Floats = np.zeros_like(total)
    np.divide(between - offset, total, out=ratio, where=defined)
    return np.sqrt(np.clip(ratio, 0.0, 1.0))


def contingency_distances(
    real: tuple[Places, Places, Places, Counts],
    synthetic: tuple[Places, Places, Places, Counts],
    shapes: tuple[Places, Places],
) -> Floats:
    """Total variation between pairs of cross tables of shares: ½ Σ |P_real - P_synthetic|.

    Args:
        real: Table, row, column and count of each occupied cell of the real tables, in ascending
            order.
        synthetic: The same for the synthetic tables.
        shapes: Rows and columns of each real table, each of shape ``(tables,)``; cells beyond
            them are the synthetic one's.

    Returns:
        Shape ``(tables,)``, in [0, 1]; 0 is equal shares in every cell, 1 no cell in common.
    """
    heights, widths = shapes
    offsets = np.cumsum(heights * widths) - heights * widths
    table, rows, columns, counts = synthetic
    known = (rows < heights[table]) & (columns < widths[table])
    wanted = (offsets[table] + rows * widths[table] + columns)[known]
    keys = offsets[real[0]] + real[1] * widths[real[0]] + real[2]
    size, cells = len(heights), int((heights * widths).sum())
    if cells < _SPARSE * len(keys):
        dense = np.zeros(cells, dtype=np.int64)
        dense[keys] = real[3]
        ours, theirs, where = dense[wanted], counts[known], table[known]
    else:
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        shared = keys[places] == wanted
        ours, theirs, where = real[3][places[shared]], counts[known][shared], table[known][shared]
    n, m = np.bincount(real[0], weights=real[3]), np.bincount(table, weights=counts)
    gaps = np.bincount(where, weights=np.abs(ours / n[where] - theirs / m[where]), minlength=size)
    only_real = (n - np.bincount(where, weights=ours, minlength=size)) / n
    only_synthetic = (m - np.bincount(where, weights=theirs, minlength=size)) / m
    return np.minimum((gaps + only_real + only_synthetic) / 2, 1.0)


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
    r = dot(x, y) / math.sqrt(dot(x, x) * dot(y, y))
    return min(max(r, -1.0), 1.0)


def kendall(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Kendall's tau-b of two columns without NaN, in [-1, 1]; 0 if either is constant.

    References:
        Kendall, "The Treatment of Ties in Ranking Problems", Biometrika 33, 1945.
    """
    if not len(first) or first.min() == first.max() or second.min() == second.max():
        return 0.0
    # Loads a third of a second of scipy, for one association of six.
    from scipy.stats import kendalltau

    return float(kendalltau(first, second).statistic)
