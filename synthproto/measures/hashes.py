"""What rows hold as one number each: to look equal rows up, and to draw rows whatever their order.

A table has no order: the same rows in another one must give the same scores. What is drawn by row
number, or told among equally close rows by it, would not.
"""

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.rows import Floats, Ints, Rows

_GOLDEN = 0x9E3779B97F4A7C15


def row_hashes(rows: Rows) -> NDArray[np.uint64]:
    """One 64-bit number for each row; equal rows have equal ones.

    Two given different rows share one with probability about 2^-64.
    """
    hashes = np.zeros(len(rows), dtype=np.uint64)
    # One column at a time: all of them at once would take several times the memory of the table.
    for column in chain(map(_bits, rows.continuous.T), rows.codes.T):
        bits = column.astype(np.uint64, copy=False)
        hashes = _mixed(hashes + np.uint64(_GOLDEN) ^ _mixed(bits))
    return hashes


def _bits(numbers: Floats) -> NDArray[np.uint64]:
    """One integer for each number; 0.0 and -0.0, which are equal, have one, and so has NaN."""
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0).view(np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), dtype=np.uint64)


def random_order(rows: Rows, *seeds: int) -> Ints:
    """Row numbers in a random order that depends on what rows hold, not on where they stand.

    Rows that hold the same are drawn apart from each other.

    Args:
        rows: At least one row.
        seeds: Each decides the order, at least 0. Draws that must not depend on each other, of a
            table and of its copy say, need different ones.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.hashes import random_order
        >>> from synthproto.measures.rows import Rows
        >>> values = np.array([[0.5], [1.5], [2.5]])
        >>> rows, turned = (Rows(v, np.zeros((3, 0), dtype=int)) for v in (values, values[::-1]))
        >>> bool((values[random_order(rows, 7)] == values[::-1][random_order(turned, 7)]).all())
        True
    """
    hashes = row_hashes(rows)
    order = np.argsort(hashes, kind="stable")
    ascending = hashes[order]
    first = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    again = np.arange(len(rows)) - np.repeat(first, np.diff(first, append=len(rows)))
    keys = _mixed(ascending + _mixed(again.astype(np.uint64) + np.uint64(_GOLDEN)))
    for seed in seeds:
        keys = _mixed(keys + np.uint64(seed * _GOLDEN % 2**64))
    return np.asarray(order[np.argsort(keys, kind="stable")])
