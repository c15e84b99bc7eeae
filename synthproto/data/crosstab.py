"""Cross tables of all pairs of columns, and sums by category, in few passes over the rows.

A pass counts the combinations of two *groups* of columns, each group having few combinations of
its own; the tables of the pairs of their columns are sums of that count. So d columns of about
ten slots take d² / 8 passes, not d² / 2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]

# Combinations of one group of columns; two groups then fit a processor's nearest caches.
_GROUP = 180
# Up to here a count of all cells is faster than sorting the rows.
_DENSE = 1 << 20


@final
@dataclass(frozen=True, eq=False)
class CrossTable:
    """How many rows have each combination of the slots of two columns; only what occurs.

    Attributes:
        rows: Slot of the first column, shape ``(cells,)``, ascending.
        columns: Slot of the second column, ascending within equal rows.
        counts: Rows with both, positive.
        total: Number of all rows.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    counts: NDArray[np.int64]
    total: int

    @classmethod
    def of(cls, dense: NDArray[np.int64]) -> Self:
        """From a table of counts, shape ``(slots of the first, slots of the second)``."""
        flat = dense.ravel()
        cells = flat.nonzero()[0]
        counts = flat[cells]
        rows = cells // dense.shape[1]
        return cls(rows, cells - rows * dense.shape[1], counts, int(counts.sum()))

    @property
    def cells(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
        """Rows, columns and counts, as measures take them."""
        return self.rows, self.columns, self.counts

    def merged(self, other: Self) -> Self:
        """Cross table of both chunks together, if both are in the same levels."""
        width = int(max(self.columns.max(initial=0), other.columns.max(initial=0))) + 1
        keys = np.concatenate([t.rows * width + t.columns for t in (self, other)])
        cells, place = np.unique(keys, return_inverse=True)
        counts = np.zeros(len(cells), dtype=np.int64)
        np.add.at(counts, place, np.concatenate([self.counts, other.counts]))
        return type(self)(cells // width, cells % width, counts, self.total + other.total)

    def dense(self, rows: int, columns: int) -> NDArray[np.int64]:
        """As a table of counts of this shape."""
        table = np.zeros((rows, columns), dtype=np.int64)
        table[self.rows, self.columns] = self.counts
        return table


def cross_tables(
    codes: Sequence[Codes], sizes: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], CrossTable]:
    """Cross tables of pairs of columns.

    Args:
        codes: Slots of each column's rows, each of shape ``(n,)``.
        sizes: Number of slots of each column.
        pairs: Places of the first and the second column, first < second.
    """
    wanted = set(pairs)
    groups = _groups(sizes)
    combined = {group: _combined(group, codes, sizes) for group in groups}
    tables: dict[tuple[int, int], CrossTable] = {}
    for group in groups:
        inside = wanted.intersection(combinations(group, 2))
        if inside:
            tables |= _marginal_tables(combined[group], group, sizes, inside)
    for first, second in combinations(groups, 2):
        across = wanted.intersection((i, j) for i in first for j in second)
        if across and _cells(first, sizes) * _cells(second, sizes) <= _DENSE:
            joint = combined[first] * np.int32(_cells(second, sizes)) + combined[second]
            tables |= _marginal_tables(joint, (*first, *second), sizes, across)
        elif across:
            tables |= {(i, j): _single(codes[i], codes[j], sizes[i], sizes[j]) for i, j in across}
    return tables


def sums_by_slot(
    codes: Sequence[Codes], sizes: Sequence[int], weights: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Sums of weights by the slots of each column.

    Args:
        codes: Slots of each column's rows, each of shape ``(n,)``.
        sizes: Number of slots of each column.
        weights: Each of shape ``(n,)``.

    Returns:
        For each column, shape ``(its slots, number of weights)``.
    """
    result = [np.zeros((size, len(weights))) for size in sizes]
    for group in _groups(sizes):
        combined = _combined(group, codes, sizes).astype(np.intp)
        shape = tuple(sizes[place] for place in group)
        for column, weight in enumerate(weights):
            sums = np.bincount(combined, weights=weight, minlength=_cells(group, sizes))
            table = sums.reshape(shape)
            for axis, place in enumerate(group):
                others = tuple(other for other in range(len(group)) if other != axis)
                result[place][:, column] = table.sum(axis=others)
    return result


def _groups(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Neighbouring columns together, as long as their combinations are few."""
    groups: list[tuple[int, ...]] = []
    for place in range(len(sizes)):
        last = groups[-1] if groups else ()
        if last and _cells(last, sizes) * sizes[place] <= _GROUP:
            groups[-1] = (*last, place)
        else:
            groups.append((place,))
    return groups


def _cells(group: Sequence[int], sizes: Sequence[int]) -> int:
    cells = 1
    for place in group:
        cells *= sizes[place]
    return cells


def _combined(group: tuple[int, ...], codes: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    combined = codes[group[0]]
    for place in group[1:]:
        combined = combined * np.int32(sizes[place]) + codes[place]
    return combined


def _marginal_tables(
    joint: Codes, group: tuple[int, ...], sizes: Sequence[int], wanted: set[tuple[int, int]]
) -> dict[tuple[int, int], CrossTable]:
    counts = np.bincount(joint, minlength=_cells(group, sizes))
    table = counts.reshape([sizes[place] for place in group])
    axes = {place: axis for axis, place in enumerate(group)}
    tables = {}
    for first, second in wanted:
        others = tuple(axis for place, axis in axes.items() if place not in (first, second))
        tables[first, second] = CrossTable.of(table.sum(axis=others) if others else table)
    return tables


def _single(first: Codes, second: Codes, rows: int, columns: int) -> CrossTable:
    keys = first.astype(np.int64) * columns + second
    if rows * columns <= _DENSE:
        return CrossTable.of(np.bincount(keys, minlength=rows * columns).reshape(rows, columns))
    keys.sort()
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    cells = keys[starts]
    counts = np.diff(starts, append=len(keys))
    return CrossTable(cells // columns, cells % columns, counts, len(keys))
