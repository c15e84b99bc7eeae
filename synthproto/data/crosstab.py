"""Cross tables of all pairs of columns, and sums by category, in few passes over the rows.

A pass counts the combinations of two *groups* of columns, each group having few combinations of
its own; the tables of the pairs of their columns are sums of that count. So d columns of about
ten slots take d² / 8 passes, not d² / 2.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Dense = NDArray[np.int64] | NDArray[np.float32] | NDArray[np.float64]
Sparse = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]

# Combinations of one group of columns; two groups then fit a processor's nearest caches.
_GROUP = 180
# Up to here a count of all cells is faster than sorting the rows.
_DENSE = 1 << 20


@final
@dataclass(frozen=True, eq=False)
class CrossTables:
    """How many rows have each combination of the slots of two columns, for many pairs of columns.

    Only combinations that occur are held, pair after pair, by first and then by second slot.

    Attributes:
        pairs: The pairs, by places of their columns, first < second.
        pair: Which of the pairs each cell belongs to, shape ``(cells,)``, ascending.
        rows: Slot of the pair's first column, shape ``(cells,)``.
        columns: Slot of its second column.
        counts: Rows with both, positive.
    """

    pairs: tuple[tuple[int, int], ...]
    pair: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    counts: NDArray[np.int64]

    @property
    def cells(
        self,
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
        """Pair, row, column and count of each cell, as measures take them."""
        return self.pair, self.rows, self.columns, self.counts

    def dense(self, first: int, second: int) -> NDArray[np.int64]:
        """One cross table in full, up to the last slot that occurs."""
        place = self.pairs.index((first, second))
        span = slice(*np.searchsorted(self.pair, [place, place + 1]))
        rows, columns = self.rows[span], self.columns[span]
        table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=np.int64)
        table[rows, columns] = self.counts[span]
        return table

    def merged(self, other: Self) -> Self:
        """Cross tables of both chunks of rows together, if both are of the same levels."""
        both = [np.concatenate(arrays) for arrays in zip(self.cells, other.cells, strict=True)]
        pair, rows, columns, counts = both
        order = np.lexsort((columns, rows, pair))
        keys = np.stack([pair, rows, columns])[:, order]
        new = np.concatenate([[True], (np.diff(keys) != 0).any(axis=0)])[: len(pair)]
        starts = np.flatnonzero(new)
        pair, rows, columns = keys[:, starts]
        return type(self)(self.pairs, pair, rows, columns, np.add.reduceat(counts[order], starts))


def cross_tables(
    codes: Sequence[Codes], sizes: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> CrossTables:
    """Cross tables of pairs of columns.

    Args:
        codes: Slots of each column's rows, each of shape ``(n,)``, at least one row.
        sizes: Number of slots of each column.
        pairs: Places of the first and the second column, first < second.
    """
    ordered = tuple(pairs)
    wanted = set(ordered)
    rows = len(codes[0]) if codes else 0
    groups = [_group(places, codes, sizes) for places in _groups(sizes, rows)]
    dense: dict[tuple[int, int], Dense] = {}
    for group in groups:
        inside = wanted.intersection(combinations(group.places, 2))
        if inside:
            counts = np.bincount(group.codes, minlength=group.cells)
            within = (group.margins * counts[:, None]).T @ group.margins.astype(np.float64)
            dense |= {(i, j): within[group.spans[i], group.spans[j]] for i, j in inside}
    for first, second in combinations(groups, 2):
        across = [(i, j) for i in first.places for j in second.places]
        across = [p for p in across if p in wanted or p[::-1] in wanted]
        if not across or first.cells * second.cells > _DENSE:
            continue
        cells = first.codes * np.int32(second.cells) + second.codes
        counts = np.bincount(cells, minlength=first.cells * second.cells)
        joint: Dense = counts.reshape(first.cells, second.cells)
        # Whole numbers up to 2^24 are exact in single precision, and their products half as dear.
        joint = joint.astype(np.float32) if rows < 1 << 24 else joint
        joint = first.margins.T @ joint if len(first.places) > 1 else joint
        joint = joint @ second.margins if len(second.places) > 1 else joint
        for i, j in across:
            block = joint[first.spans[i], second.spans[j]]
            dense[min(i, j), max(i, j)] = block if i < j else block.T
    left = (pair for pair in ordered if pair not in dense)
    sparse = {(i, j): _sorted(codes[i], codes[j], sizes[j]) for i, j in left}
    return _gathered(ordered, dense, sparse)


@final
@dataclass(frozen=True, eq=False)
class _Group:
    """Columns that are counted together.

    Attributes:
        places: The columns.
        cells: Number of combinations of their slots.
        codes: Combination of each row.
        margins: Which combinations (rows) have which slot of which column (columns, one column
            after another): a product with it makes counts of slots of counts of combinations.
        spans: Where each column's slots are among the columns of ``margins``.
    """

    places: tuple[int, ...]
    cells: int
    codes: Codes
    margins: NDArray[np.float32]
    spans: dict[int, slice]


def _group(places: tuple[int, ...], codes: Sequence[Codes], sizes: Sequence[int]) -> _Group:
    shape = [sizes[place] for place in places]
    cells = prod(shape)
    ends = np.cumsum(shape).tolist()
    spans = {p: slice(end - n, end) for p, n, end in zip(places, shape, ends, strict=True)}
    combined, margins = codes[places[0]], np.zeros((0, 0), dtype=np.float32)
    if len(places) > 1:
        slots = np.unravel_index(np.arange(cells), shape)
        parts = [
            np.eye(size, dtype=np.float32)[slot] for size, slot in zip(shape, slots, strict=True)
        ]
        margins = np.concatenate(parts, axis=1)
    for place in places[1:]:
        combined = combined * np.int32(sizes[place]) + codes[place]
    return _Group(places, cells, combined, margins, spans)


def _gathered(
    pairs: tuple[tuple[int, int], ...],
    dense: Mapping[tuple[int, int], Dense],
    sparse: Mapping[tuple[int, int], Sparse],
) -> CrossTables:
    """All cells of all tables, one search for the occupied ones of all dense tables together."""
    at = {pair: place for place, pair in enumerate(pairs)}
    held = [pair for pair in pairs if pair in dense]
    places = np.array([at[pair] for pair in held], dtype=np.intp)
    flat = np.concatenate([np.zeros(0), *(dense[pair].ravel() for pair in held)])
    ends = np.cumsum([dense[pair].size for pair in held], dtype=np.intp)
    widths = np.array([dense[pair].shape[1] for pair in held], dtype=np.intp)
    cells = np.flatnonzero(flat)
    occupied = np.diff(np.searchsorted(cells, ends), prepend=0)
    table = np.repeat(np.arange(len(held)), occupied)
    within = cells - np.append(0, ends)[table]
    rows = within // widths[table]
    parts = [(places[table], rows, within - rows * widths[table], flat[cells].astype(np.int64))]
    parts += [(np.full(len(cell[0]), at[pair]), *cell) for pair, cell in sparse.items()]
    pair, rows, columns, counts = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if not sparse:
        return CrossTables(pairs, pair, rows, columns, counts)
    order = np.argsort(pair, kind="stable")
    return CrossTables(pairs, pair[order], rows[order], columns[order], counts[order])


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
    result: list[NDArray[np.float64]] = [np.zeros((size, len(weights))) for size in sizes]
    for places in _groups(sizes, len(weights[0])) if weights else []:
        group = _group(places, codes, sizes)
        combined = group.codes.astype(np.intp)
        sums = np.stack([np.bincount(combined, weights=w, minlength=group.cells) for w in weights])
        summed = group.margins.T.astype(np.float64) @ sums.T if len(places) > 1 else sums.T
        for place in places:
            result[place] = summed[group.spans[place]].astype(np.float64, copy=False)
    return result


def _groups(sizes: Sequence[int], rows: int) -> list[tuple[int, ...]]:
    """Columns together whose combinations are few: each column in the first group with room."""
    # Counting more cells than rows is dearer than what it saves.
    room = min(_GROUP, int((2 * rows) ** 0.5))
    groups: list[list[int]] = []
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        for group in groups:
            if prod(sizes[other] for other in group) * sizes[place] <= room:
                group.append(place)
                break
        else:
            groups.append([place])
    return [tuple(sorted(group)) for group in groups]


def _sorted(first: Codes, second: Codes, width: int) -> Sparse:
    """Rows, columns and counts of a table with too many cells to count them all."""
    keys = first.astype(np.int64) * width + second
    keys.sort()
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    cells = keys[starts]
    return cells // width, cells % width, np.diff(starts, append=len(keys))
