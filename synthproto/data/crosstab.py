"""Cross tables of all pairs of columns, and sums by category, in few passes over the rows.

A pass counts the combinations of two *groups* of columns, each group having few combinations of
its own; the tables of the pairs of their columns are sums of that count. So d columns of about
ten slots take d² / 8 passes, not d² / 2.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from math import prod
from typing import Self, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthproto.data.spec import TableSpec
from synthproto.data.statistics import Levels
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import Table
from synthproto.measures.products import dot

Array = TypeVar("Array", NDArray[np.int64], NDArray[np.float64])
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]
Cells = tuple[Places, Places, Places, Counts]
"""Table, row, column and count of occupied cells."""
Sparse = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]

# Combinations of one group of columns; two groups then fit a processor's nearest caches.
_GROUP = 180
# Up to here a count of all cells is faster than sorting the rows.
_DENSE = 1 << 20
# Up to so many rows, counting costs less than what each call of numpy does by itself: one column
# is counted with many others at once, in arrays of about so many places.
_SHORT, _PLACES = 1 << 11, 1 << 17
# Counting all cells is faster than sorting the rows if they are at most so many times as many.
_FULL = 4
# Pairs whose tables are held at a time.
_PAIRS = 1 << 14
# Combinations of one group of columns when weights are summed, and those of all weights; and how
# many groups share one look at the weights.
_SUMS, _SUMS_OF_ALL, _AT_ONCE = 1 << 13, 1 << 18, 16


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
    rows = len(codes[0]) if codes else 0
    if rows <= _SHORT:
        return _of_short(codes, sizes, ordered)
    # Counting more cells than rows is dearer than what it saves.
    room = min(_GROUP, int((2 * rows) ** 0.5))
    groups = [_Group.of(places, codes, sizes) for places in _groups(sizes, room)]
    home = {place: number for number, group in enumerate(groups) for place in group.spans}
    blocks: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i, j in ordered:
        blocks.setdefault((min(home[i], home[j]), max(home[i], home[j])), []).append((i, j))
    dense: dict[tuple[int, int], Counts] = {}
    sparse: dict[tuple[int, int], Sparse] = {}
    for (first, second), members in blocks.items():
        if first == second:
            dense |= groups[first].within(members)
        elif groups[first].cells * groups[second].cells <= _DENSE:
            dense |= groups[first].across(groups[second], members)
        else:
            sparse |= {(i, j): _sorted(codes[i], codes[j], sizes[j]) for i, j in members}
    return _gathered(ordered, dense, sparse)


def _of_short(
    codes: Sequence[Codes], sizes: Sequence[int], pairs: tuple[tuple[int, int], ...]
) -> CrossTables:
    """`cross_tables` of few rows: those of each first column in few calls."""
    by_first: dict[int, list[int]] = {}
    for place, (first, _) in enumerate(pairs):
        by_first.setdefault(first, []).append(place)
    at_once = max(_PLACES // max(len(codes[0]), 1), 1) if codes else 1
    parts: list[Cells] = [_NO_CELLS]
    for first, places in by_first.items():
        for start in range(0, len(places), at_once):
            few = places[start : start + at_once]
            others = [pairs[place][1] for place in few]
            widths = np.array([sizes[other] for other in others], dtype=np.intp)
            stacked = np.stack([codes[other] for other in others])
            table, rows, columns, counts = _beside(codes[first], sizes[first], stacked, widths)
            places_of_tables: Places = np.array(few, dtype=np.intp)[table]
            parts.append((places_of_tables, rows, columns, counts))
    return _in_order(pairs, parts)


def _beside(codes: Codes, size: int, others: NDArray[np.int32], widths: NDArray[np.intp]) -> Cells:
    """Occupied cells of the tables of one column and others: table, row, column and count.

    Args:
        codes: Slots of the column, shape ``(n,)``.
        size: Number of its slots.
        others: Slots of the other columns, shape ``(m, n)``.
        widths: Number of slots of each of these, shape ``(m,)``.
    """
    ends = np.cumsum(size * widths)
    starts = ends - size * widths
    keys = others + starts[:, None]
    keys += codes * widths[:, None]
    if ends[-1] <= _FULL * keys.size:
        flat = np.bincount(keys.ravel(), minlength=ends[-1])
        cells = np.flatnonzero(flat)
        counts = flat[cells]
    else:
        keys.sort(axis=1)
        first = np.flatnonzero(np.diff(keys.ravel(), prepend=-1))
        cells, counts = keys.ravel()[first], np.diff(first, append=keys.size)
    table = np.repeat(np.arange(len(widths)), np.diff(np.searchsorted(cells, ends), prepend=0))
    within = cells - starts[table]
    rows = within // widths[table]
    return table, rows, within - rows * widths[table], counts


_NOWHERE = np.zeros(0, dtype=np.intp)
_NO_CELLS: Cells = (_NOWHERE, _NOWHERE, _NOWHERE, np.zeros(0, dtype=np.int64))


def _in_order(
    pairs: tuple[tuple[int, int], ...],
    parts: Sequence[Cells],
) -> CrossTables:
    """Cross tables of cells that are in order within each pair."""
    pair, rows, columns, counts = (np.concatenate(a) for a in zip(*parts, strict=True))
    if (pair[1:] < pair[:-1]).any():
        order = np.argsort(pair, kind="stable")
        pair, rows, columns, counts = (array[order] for array in (pair, rows, columns, counts))
    return CrossTables(pairs, pair, rows, columns, counts)


@final
@dataclass(frozen=True, eq=False)
class _Group:
    """Columns that are counted together.

    Attributes:
        spans: The columns, and where the slots of each are if those of all stand in a row.
        shape: Number of slots of each.
        cells: Number of combinations of their slots.
        codes: Combination of each row: a place in an array of that shape.
    """

    spans: dict[int, slice]
    shape: tuple[int, ...]
    cells: int
    codes: Codes

    @classmethod
    def of(cls, places: tuple[int, ...], codes: Sequence[Codes], sizes: Sequence[int]) -> Self:
        """Combinations of columns."""
        shape = tuple(sizes[place] for place in places)
        ends = accumulate(shape)
        spans = {p: slice(end - n, end) for p, n, end in zip(places, shape, ends, strict=True)}
        combined = codes[places[0]]
        for place in places[1:]:
            combined = combined * np.int32(sizes[place]) + codes[place]
        return cls(spans, shape, prod(shape), combined)

    def within(self, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], Counts]:
        """Cross tables of pairs of its columns, by place."""
        counts = np.bincount(self.codes, minlength=self.cells).reshape(self.shape)
        at = {place: axis for axis, place in enumerate(self.spans)}
        return {(i, j): _summed(counts, (at[i], at[j])) for i, j in pairs}

    def across(self, other: Self, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], Counts]:
        """Cross tables of pairs of a column of this and a column of the other group."""
        cells = self.codes * np.int32(other.cells) + other.codes
        counts = np.bincount(cells, minlength=self.cells * other.cells)
        half = self.by_slot(counts.reshape(self.cells, other.cells))
        # Sums of whole rows are several times as fast as sums within rows.
        both = other.by_slot(np.ascontiguousarray(half.T))
        return {
            (i, j): both[other.spans[j], self.spans[i]].T
            if i in self.spans
            else both[other.spans[i], self.spans[j]]
            for i, j in pairs
        }

    def by_slot(self, values: Array) -> Array:
        """Sums over all combinations with the same slot of a column, one column after another.

        Args:
            values: By combination, shape ``(cells, m)``.

        Returns:
            Shape ``(slots of all columns, m)``.
        """
        if len(self.shape) == 1:
            return values
        cube, last = values.reshape(*self.shape, -1), len(self.shape)
        summed = np.empty_like(values, shape=(sum(self.shape), values.shape[1]))
        for axis, span in enumerate(self.spans.values()):
            summed[span] = _summed(cube, (axis, last))  # ty: ignore[invalid-argument-type]  # an Array
        return summed


def _summed(cube: Array, kept: tuple[int, int]) -> Array:
    """Sums over all axes but two."""
    others = tuple(axis for axis in range(cube.ndim) if axis not in kept)
    summed: Array = np.add.reduce(cube, axis=others) if others else cube
    return summed


def _gathered(
    pairs: tuple[tuple[int, int], ...],
    dense: Mapping[tuple[int, int], Counts],
    sparse: Mapping[tuple[int, int], Sparse],
) -> CrossTables:
    """All cells of all tables, one search for the occupied ones of all dense tables together."""
    held = [place for place, pair in enumerate(pairs) if pair in dense]
    tables = [dense[pairs[place]] for place in held]
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *(table.ravel() for table in tables)])
    widths = np.array([table.shape[1] for table in tables], dtype=np.intp)
    ends = np.cumsum([table.size for table in tables], dtype=np.intp)
    cells = np.flatnonzero(flat)
    table = np.repeat(np.arange(len(held)), np.diff(np.searchsorted(cells, ends), prepend=0))
    within = cells - np.append(0, ends)[table]
    rows = within // widths[table]
    columns = within - rows * widths[table]
    pair = np.array(held, dtype=np.intp)[table]
    if not sparse:
        return CrossTables(pairs, pair, rows, columns, flat[cells])
    parts = [(pair, rows, columns, flat[cells])]
    parts += [
        (np.full(len(sparse[pair][0]), place), *sparse[pair])
        for place, pair in enumerate(pairs)
        if pair in sparse
    ]
    return _in_order(pairs, parts)


def sums_by_slot(
    codes: Sequence[Codes], sizes: Sequence[int], weight: Callable[[int], Floats], weights: int
) -> list[Floats]:
    """Sums of weights by the slots of each column.

    Args:
        codes: Slots of each column's rows, each of shape ``(n,)``.
        sizes: Number of slots of each column.
        weight: Gives the weights of a number from 0, shape ``(n,)``; asked more than once, for
            what it may put in the same array.
        weights: How many there are.

    Returns:
        For each column, shape ``(its slots, weights)``.
    """
    result: list[Floats] = [np.zeros((size, weights)) for size in sizes]
    room = min(_SUMS, _SUMS_OF_ALL // max(weights, 1))
    members = _groups(sizes, min(room, len(codes[0]))) if codes and weights else []
    for start in range(0, len(members), _AT_ONCE):
        groups = [_Group.of(places, codes, sizes) for places in members[start : start + _AT_ONCE]]
        combined = [group.codes.astype(np.intp) for group in groups]
        sums: list[Floats] = [np.empty((group.cells, weights)) for group in groups]
        for number in range(weights):
            held = weight(number)
            for group, cells, into in zip(groups, combined, sums, strict=True):
                into[:, number] = np.bincount(cells, weights=held, minlength=group.cells)
        for group, of_cells in zip(groups, sums, strict=True):
            summed = group.by_slot(of_cells)
            for place, span in group.spans.items():
                result[place] = summed[span]
    return result


def _groups(sizes: Sequence[int], room: int) -> list[tuple[int, ...]]:
    """Columns together whose combinations are few: each column in the first group with room."""
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


@final
@dataclass(frozen=True)
class CrossCounts:
    """Cross tables of pairs of columns, all at once: ``table.get(CrossCounts(levels))``.

    Attributes:
        levels: Of the columns, as any table has them (``table.levels``).
        pairs: Which pairs, by places in ``levels``, first < second; by default all.
    """

    levels: tuple[Levels, ...]
    pairs: tuple[tuple[int, int], ...] | None = None

    def __call__(self, table: Table) -> CrossTables:
        """How many rows have each combination of slots."""
        codes = [table.codes(levels) for levels in self.levels]
        sizes = [table.slots(levels) for levels in self.levels]
        return cross_tables(codes, sizes, self._all_pairs())

    @property
    def parts(self) -> "tuple[CrossCounts, ...]":
        """The same of fewer pairs at a time, whose tables fit into memory; one if they are few."""
        pairs = self._all_pairs()
        if len(pairs) <= _PAIRS:
            return (self,)
        starts = range(0, len(pairs), _PAIRS)
        return tuple(CrossCounts(self.levels, pairs[start : start + _PAIRS]) for start in starts)

    def _all_pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple(combinations(range(len(self.levels)), 2)) if self.pairs is None else self.pairs

    def merged(self, first: CrossTables, second: CrossTables) -> CrossTables:
        """Of both pieces together."""
        return first.merged(second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return tuple(levels.column for levels in self.levels)


def tables_of(counts: CrossCounts, sides: Sequence[Summary]) -> Iterator[list[CrossTables]]:
    """Cross tables of each side, in parts: those of all pairs of many columns take much memory.

    If they are one part, it is kept with the side; else rows in memory are counted again.
    """
    tables = [side for side in sides if isinstance(side, Table)]
    if len(counts.parts) == 1 or len(tables) < len(sides):
        # What waits for a pass over the rows waits together.
        yield from for_each(
            counts.parts, lambda part: for_each(sides, lambda side: side.total(part))
        )
        return
    for part in counts.parts:
        yield [part(table) for table in tables]


@final
@dataclass(frozen=True, eq=False)
class LevelSums:
    """Numeric columns summed by the slots of discrete ones, whose slots stand one after another.

    Attributes:
        squares: Sum of squares of each numeric column, shape ``(columns,)``.
        variable: Place of the discrete column that a slot belongs to, shape ``(slots,)``.
        present: Numbers present in each slot, shape ``(slots, columns)``.
        absent: Numbers missing there.
        sums: Sums of the present ones.
    """

    squares: NDArray[np.float64]
    variable: NDArray[np.intp]
    present: NDArray[np.float64]
    absent: NDArray[np.float64]
    sums: NDArray[np.float64]

    def merged(self, other: Self) -> Self:
        """Of both pieces together."""
        return type(self)(
            self.squares + other.squares,
            self.variable,
            self.present + other.present,
            self.absent + other.absent,
            self.sums + other.sums,
        )


@final
@dataclass(frozen=True)
class SumsByLevel:
    """`LevelSums` of pairs of a discrete and a numeric column, all at once.

    Attributes:
        levels: Of the discrete columns, at least one.
        columns: The numeric columns, at least one, centred on their mean and divided by their
            range.
    """

    levels: tuple[Levels, ...]
    columns: tuple[str, ...]

    def __call__(self, table: Summary) -> LevelSums:
        """Counts and sums."""
        moments = [table.moments(column) for column in self.columns]
        centre = tuple(moment.mean for moment in moments)
        scale = tuple(moment.span for moment in moments)
        gappy = tuple(moment.missing > 0 for moment in moments)
        return table.total(_SumsAt(self.levels, self.columns, centre, scale, gappy))


@final
@dataclass(frozen=True)
class _SumsAt:
    """`LevelSums` of columns centred and scaled as the whole table asks for."""

    levels: tuple[Levels, ...]
    columns: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    gappy: tuple[bool, ...]

    def __call__(self, table: Table) -> LevelSums:
        codes = [table.codes(levels) for levels in self.levels]
        counts = [table.counts(levels) for levels in self.levels]
        sizes = [len(count) for count in counts]
        gappy = [place for place, gaps in enumerate(self.gappy) if gaps]
        rows = np.concatenate(counts)[:, None].astype(np.float64)
        absent: Floats = np.zeros((len(rows), len(self.columns)))
        if gappy:
            gaps = _Gaps(table, [self.columns[place] for place in gappy])
            absent[:, gappy] = np.concatenate(sums_by_slot(codes, sizes, gaps, len(gappy)))
        scaled = _Scaled(table, self, np.empty(len(table)))
        sums = np.concatenate(sums_by_slot(codes, sizes, scaled, len(self.columns)))
        return LevelSums(
            squares=np.array([dot(s, s) for s in map(scaled, range(len(self.columns)))]),
            variable=np.repeat(np.arange(len(sizes)), sizes),
            present=rows - absent,
            absent=absent,
            sums=sums,
        )

    def merged(self, first: LevelSums, second: LevelSums) -> LevelSums:
        """Of both pieces together."""
        return first.merged(second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (*(levels.column for levels in self.levels), *self.columns)


@final
@dataclass(frozen=True, eq=False)
class _Gaps:
    """Where numbers of columns are missing: 1, else 0."""

    table: Table
    columns: Sequence[str]

    def __call__(self, place: int) -> Floats:
        return np.isnan(self.table.values(self.columns[place])).astype(np.float64)


@final
@dataclass(frozen=True, eq=False)
class _Scaled:
    """Numbers of columns, centred on their mean and divided by their range; missing is 0.

    Attributes:
        table: Whose.
        at: Which columns, with their centres and scales.
        kept: Where the numbers of each are put, shape ``(n,)``.
    """

    table: Table
    at: _SumsAt
    kept: Floats

    def __call__(self, place: int) -> Floats:
        values = self.table.values(self.at.columns[place])
        np.subtract(values, self.at.centre[place], out=self.kept)
        np.divide(self.kept, self.at.scale[place], out=self.kept)
        if self.at.gappy[place]:
            self.kept[np.isnan(self.kept)] = 0.0
        return self.kept
