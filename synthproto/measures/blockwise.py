"""What every search through blocks of rows does: bounds, distances, and the best found so far.

Distances here are sums over columns, in float32. Bounds come from the blocks' ranges and sets of
categories: for each column a table says how far a cell of its values is from each block at least,
so that the bound of a row is a sum of looked-up lines. What bounds do not rule out is computed
block by block, for all the rows that need the block at once.
"""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import SchemaError
from synthproto.measures.rows import TIE, Blocks, Ints, Rows, bit_of

Units: TypeAlias = NDArray[np.uint16]
"""Bounds and limits: sums over columns in whole units, rounded down."""

FARTHEST = 2**16 - 2
"""The largest bound; one more marks what has been looked at."""

CELLS = 256
"""Runs of similar values that bounds tell apart in a continuous column."""

SHARES = (0.6, 1.0)
"""Shares of the worst distance so far within which blocks are looked at, one after the other.

The last one alone where bounds leave less than `WIDE` rows to compare with each block.
"""

SETTLE = 1
"""Rows found for each query before the best of them are kept."""

TILE = 128
"""Rows whose bounds are summed at once."""

FIRST = 64
"""Rows that are compared with a block before the others are, where few may do."""

WIDE = 1024
"""Rows that are compared with a block at once."""

BOUNDS = 2**25
"""Bounds that are kept at once."""

NONE = (int(np.float32(np.inf).view(np.int32)) << 32) | 0xFFFFFFFF
"""In place of a row: infinitely far, and after all others."""


@contextmanager
def small_buffers() -> Iterator[None]:
    """Let numpy loop over rows of a few hundred values as they are.

    By default it copies broadcast operands together until they fill half of its buffer, which
    takes three times as long as the subtraction.
    """
    before = np.setbufsize(1024)
    try:
        yield
    finally:
        np.setbufsize(before)


def check_sides(first: Rows, second: Rows) -> None:
    """Refuse tables of different columns.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    shapes = [(rows.continuous.shape[1], rows.codes.shape[1]) for rows in (first, second)]
    if shapes[0] != shapes[1]:
        raise SchemaError(
            "Both sides of a search must have the same columns; got "
            f"(continuous, categorical) {shapes[0]} and {shapes[1]}."
        )


def searches(queries: Rows, blocks: Blocks, *, leave_one_out: bool = False) -> Iterator["Search"]:
    """All rows of a table among the blocks of a table, as many at once as memory allows."""
    many = max(1, BOUNDS // len(blocks.low.T))
    for start in range(0, len(queries), many):
        stop = min(start + many, len(queries))
        yield Search(queries.blocks, slice(start, stop), blocks, leave_one_out=leave_one_out)


@final
class Search:
    """Some rows, the queries, among the blocks of a table.

    Attributes:
        ids: Row numbers of the queries.
        blocks: The blocks of the table.
    """

    def __init__(
        self, queries: Blocks, part: slice, blocks: Blocks, *, leave_one_out: bool
    ) -> None:
        self.ids: Ints = queries.order[part]
        self.blocks = blocks
        self._continuous = queries.continuous[:, part]
        self._codes = queries.codes[:, part]
        self._width = len(self._continuous) + len(self._codes)
        self._own = part.start if leave_one_out else None
        most = int(np.diff(blocks.starts).max()) * max(FIRST, min(WIDE, len(self.ids)))
        self._ones = np.ones(most, dtype=np.float32)
        low = self._continuous.min(axis=1)[:, None]
        high = self._continuous.max(axis=1)[:, None]
        # Where no gap exceeds 1, nothing is capped.
        self._far = (blocks.high - low > 1) | (high - blocks.low > 1)
        self._bounds, self._home = self._bound()

    def units(self, distances: NDArray[np.float32]) -> Units:
        """Distances as limits: no bound of what is as close as that is beyond them."""
        unit = FARTHEST // self._width
        raised = (distances + TIE * self._width) * unit
        return np.asarray(np.clip(raised, 0, FARTHEST), dtype=np.uint16)

    def closest(self, best: "Best", ranks: Ints | None = None) -> None:
        """Find the closest rows of the queries, and keep them in `best`.

        Args:
            best: Of these queries.
            ranks: What to keep in place of row numbers: of equally close rows, the lowest are kept.
        """
        if np.isinf(best.worst).any():
            for block, some in self._at_home():
                best.begin(some, self._distances(block, some), self._rows(block, ranks))
            self._bounds[self._home, np.arange(len(self.ids))] = FARTHEST + 1
        limits = self.units(best.worst)
        asked = sum(np.count_nonzero(bounds <= limits) for bounds in self._bounds)
        # A look at few rows costs more for looking than for the rows that it spares later.
        for share in SHARES if asked > WIDE * len(self._bounds) else SHARES[-1:]:
            self._refine(best, np.float32(share), ranks)

    def _refine(self, best: "Best", share: np.float32, ranks: Ints | None) -> None:
        """Look at blocks within a share of the worst distances."""
        limits = self.units(best.worst * share)
        for block, bounds in enumerate(self._bounds):
            near = np.flatnonzero(bounds <= limits)
            for some in _pieces(near, WIDE):
                if best.add(some, self._distances(block, some), self._rows(block, ranks)):
                    limits = self.units(best.worst * share)
            bounds[near] = FARTHEST + 1
        best.settle()

    def within(
        self, limits: NDArray[np.float32]
    ) -> Iterator[tuple[Ints, Ints, NDArray[np.float32]]]:
        """Which queries are how near to which rows.

        Args:
            limits: Shape ``(queries,)``, sums over columns: how near each asks for.

        Yields:
            Queries; where in the order of the blocks the rows are that are within the limit of
            each; distances.
        """
        reached = self.units(limits)
        for block, bounds in enumerate(self._bounds):
            for some in _pieces(np.flatnonzero(bounds <= reached), WIDE):
                dist = self._distances(block, some)
                hits = np.flatnonzero(dist <= limits[some])
                places, queries = np.divmod(hits, len(some))
                yield some[queries], self.blocks.starts[block] + places, dist.ravel()[hits]

    def reached(self, limits: NDArray[np.float32], found: NDArray[np.bool_]) -> None:
        """Which rows, in the order of the blocks, are within the limit of any query; see `within`.

        The nearest queries are asked first: few rows are left for the others.

        Args:
            limits: Of the queries.
            found: Which rows are known to be, and need not be asked; the others are added.
        """
        units = self.units(limits)
        for block, bounds in enumerate(self._bounds):
            near = np.flatnonzero(bounds <= units)
            near = near[np.argsort(bounds[near], kind="stable")]
            rows = np.arange(self.blocks.starts[block], self.blocks.starts[block + 1])
            rows = rows[~found[rows]]
            for some in (*_pieces(near[:FIRST], FIRST), *_pieces(near[FIRST:], WIDE)):
                if not len(rows):
                    break
                hit = (self._distances(block, some, rows) <= limits[some]).any(axis=1)
                found[rows[hit]] = True
                rows = rows[~hit]

    def _at_home(self) -> Iterator[tuple[int, Ints]]:
        """Blocks that are the nearest of queries by their bounds, and these queries."""
        order = np.argsort(self._home, kind="stable")
        starts = np.flatnonzero(np.diff(self._home[order], prepend=-1))
        for some in np.split(order, starts[1:]):
            for piece in _pieces(some, WIDE):
                yield int(self._home[some[0]]), piece

    def _rows(self, block: int, ranks: Ints | None) -> Ints:
        rows = self.blocks.order[self.blocks.starts[block] : self.blocks.starts[block + 1]]
        return rows if ranks is None else ranks[rows]

    def _distances(self, block: int, some: Ints, among: Ints | None = None) -> NDArray[np.float32]:
        """Distances of the rows of a block to some queries, shape ``(rows, some)``.

        Only of those at some places of the order, if given.
        """
        start, stop = self.blocks.starts[block : block + 2]
        rows = slice(start, stop) if among is None else among
        gaps = (
            self.blocks.continuous[:, rows][:, :, None]
            - self._continuous.take(some, axis=1)[:, None]
        )
        np.abs(gaps, out=gaps)
        ones = self._ones[: gaps[0].size].reshape(gaps[0].shape) if len(gaps) else self._ones
        for column in np.flatnonzero(self._far[:, block]):
            # numpy compares with an array of ones many times as fast as with the number one.
            np.minimum(gaps[column], ones, out=gaps[column])
        dist: NDArray[np.float32] = np.add.reduce(gaps, axis=0)
        unlike = self.blocks.codes[:, rows][:, :, None] != self._codes.take(some, axis=1)[:, None]
        narrow = np.uint8 if len(self._codes) < 256 else np.uint32
        dist += np.add.reduce(unlike.view(np.uint8), axis=0, dtype=narrow)
        if self._own is not None:
            # Queries are in the order of the blocks here, and asked in it.
            first, last = (bisect_left(some, place - self._own) for place in (start, stop))
            own = np.arange(first, last)
            dist[some[own] + (self._own - start), own] = np.inf
        return dist

    def _bound(self) -> tuple[Units, Ints]:
        """Bounds of the queries, shape ``(blocks, queries)``, and the blocks of the least ones."""
        blocks, unit = self.blocks, FARTHEST // self._width
        tables = [
            *map(_gap_table, self._continuous, blocks.low, blocks.high, [unit] * self._width),
            *map(_code_table, self._codes, blocks.bits, [unit] * self._width),
        ]
        bounds = np.empty((len(blocks.low.T), len(self.ids)), dtype=np.uint16)
        home = np.empty(len(self.ids), dtype=np.int64)
        for start in range(0, len(self.ids), TILE):
            some = slice(start, start + TILE)
            total = np.zeros(bounds[:, some].T.shape, dtype=np.uint16)
            for table, cells in tables:
                total += table.take(cells[some], axis=0)
            home[some] = total.argmin(axis=1)
            bounds[:, some] = total.T
        return bounds, home


def _gap_table(
    values: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32], unit: int
) -> tuple[Units, Ints]:
    """Least gaps between cells of values and the ranges of blocks, and the cell of each value."""
    order = np.argsort(values)
    step = -(-len(values) // CELLS)
    ordered, starts = values[order], np.arange(0, len(values), step)
    least, most = ordered[starts], ordered[np.minimum(starts + step, len(values)) - 1]
    gaps = np.clip(np.maximum(low - most[:, None], least[:, None] - high), 0, 1)
    cells = np.empty(len(values), dtype=np.int64)
    cells[order] = np.arange(len(values)) // step
    return (gaps * np.float32(unit)).astype(np.uint16), cells


def _code_table(
    codes: NDArray[np.unsignedinteger], bits: NDArray[np.uint64], unit: int
) -> tuple[Units, Ints]:
    """Whether blocks lack a category, by its bit, and the bit of each code."""
    lacked = (bits & bit_of(np.arange(64, dtype=np.uint8))[:, None]) == 0
    return lacked * np.uint16(unit), (codes % 64).astype(np.int64)


def _pieces(some: Ints, size: int) -> Iterator[Ints]:
    for first in range(0, len(some), size):
        yield some[first : first + size]


@final
class Best:
    """The best rows so far of some queries, each a distance and a row number in one integer.

    Attributes:
        keys: Shape ``(queries, k)``, in no order; ordered by distance, then row number.
        worst: Shape ``(queries,)``; farther rows are of no use.
    """

    def __init__(self, queries: int, k: int) -> None:
        self.keys: Ints = np.full((queries, k), NONE)
        self.worst: NDArray[np.float32] = np.full(queries, np.inf, dtype=np.float32)
        self._found: list[tuple[Ints, Ints]] = []
        self._many = 0

    @property
    def rows(self) -> Ints:
        """Row numbers, shape ``(queries, k)``; that of `NONE` where there are fewer."""
        return self.keys & 0xFFFFFFFF

    def begin(self, some: Ints, dist: NDArray[np.float32], ids: Ints) -> None:
        """Take the best of the first rows that queries see.

        Args:
            some: Which queries.
            dist: Shape ``(rows, some)``.
            ids: Shape ``(rows,)``, row numbers.
        """
        k = self.keys.shape[1]
        keys = keys_of(dist, ids[:, None]).T
        keys = np.partition(keys, k - 1, axis=1)[:, :k] if k < keys.shape[1] else keys
        self.keys[some, : keys.shape[1]] = keys
        self._measure(some)

    def add(self, some: Ints, dist: NDArray[np.float32], ids: Ints) -> bool:
        """Take note of more rows, see `begin`; returns whether `worst` is other than before."""
        hits = np.flatnonzero(dist <= self.worst[some])
        row, place = np.divmod(hits, len(some))
        self._found.append((some[place], keys_of(dist.ravel()[hits], ids[row])))
        self._many += len(hits)
        return self._many > SETTLE * len(self.worst) and self.settle()

    def settle(self) -> bool:
        """Keep the best of what was found; returns whether there was something."""
        if not self._found:
            return False
        owners, keys = map(np.concatenate, zip(*self._found, strict=True))
        self._found, self._many = [], 0
        # Two sorts of one key each are faster than one of two, the second one of 16 bits above all.
        order = np.argsort(keys)
        narrow = owners.astype(np.min_scalar_type(len(self.worst)))
        order = order[np.argsort(narrow[order], kind="stable")]
        owners, keys = owners[order], keys[order]
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        some, k = owners[first], self.keys.shape[1]
        many = np.diff(first, append=len(owners))
        rank = np.arange(len(owners)) - np.repeat(first, many)
        line = np.repeat(np.arange(len(some)), many)
        # No more than k of what was found for a query can matter.
        good = rank < k
        both = np.full((len(some), 2 * k), NONE)
        both[:, :k] = self.keys[some]
        both[line[good], k + rank[good]] = keys[good]
        self.keys[some] = np.partition(both, k - 1, axis=1)[:, :k]
        self._measure(some)
        return True

    def _measure(self, some: Ints) -> None:
        reached = (self.keys[some].max(axis=1) >> 32).astype(np.int32).view(np.float32)
        self.worst[some] = np.minimum(self.worst[some], reached)


def keys_of(dist: NDArray[np.float32], ids: Ints) -> Ints:
    """A distance and a row number in one integer, ordered by the one, then the other."""
    return np.asarray(dist.view(np.int32).astype(np.int64) << 32 | ids, dtype=np.int64)
