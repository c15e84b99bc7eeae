"""What every search through blocks of rows does: bounds, distances, and the best found so far.

Distances here are sums over columns, in float32. Bounds come from the blocks' ranges and sets of
categories, so that blocks are ruled out without being opened; what is opened is computed in
pieces that fit the processor's cache.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import SchemaError
from synthproto.measures.rows import TIE, Blocks, Ints, Rows, bit_of

FIRST = 128
"""Rows that a search looks at before it rules out blocks."""

CHUNK = 64
"""Blocks that are opened at once."""

NONE = (int(np.float32(np.inf).view(np.int32)) << 32) | 0xFFFFFFFF
"""In place of a row: infinitely far, and after all others."""

Observer: TypeAlias = Callable[[Ints, Ints, NDArray[np.float32]], None]
"""Told of numbers of blocks, the places of their rows, and distances to these."""


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


@final
@dataclass(frozen=True, eq=False)
class Group:
    """Similar rows that search together.

    Attributes:
        places: Where they are in the order of their table's blocks.
        ids: Row numbers.
        continuous: Shape ``(p, rows)``.
        codes: Shape ``(q, rows)``.
    """

    places: slice
    ids: Ints
    continuous: NDArray[np.float32]
    codes: NDArray[np.unsignedinteger]


def groups_of(rows: Rows) -> Iterator[Group]:
    """The rows of a table, group by group, in the order of its blocks."""
    if len(rows) == 0:
        return
    blocks = rows.blocks
    for start, end in pairwise(blocks.groups.tolist()):
        yield Group(
            places=slice(start, end),
            ids=blocks.order[start:end],
            continuous=blocks.continuous[:, start:end],
            codes=blocks.codes[:, start:end],
        )


@final
@dataclass(frozen=True, eq=False)
class Search:
    """One group of queries among the blocks of a table."""

    group: Group
    blocks: Blocks
    leave_one_out: bool

    def closest(self, best: "Best") -> None:
        """Find the closest rows of the queries, and keep them in `best`."""
        ahead = self.look(best)
        ahead = ahead[self.bounds[ahead] <= best.worst.max() + self.tie]
        self.refine(best, ahead, self.bounds_of(ahead))

    def look(self, best: "Best", see: Observer | None = None) -> Ints:
        """Open the first blocks, so that there is a worst distance; see `refine`.

        Returns:
            Numbers of the other blocks, those of the least bounds first.
        """
        ahead = np.argsort(self.bounds, kind="stable")
        reached = np.cumsum(np.diff(self.blocks.starts)[ahead])
        first = 1 + int(np.searchsorted(reached, max(FIRST, best.keys.shape[1] + 1)))
        self._open(ahead[:first], best, see)
        return ahead[first:]

    def refine(
        self, best: "Best", ahead: Ints, by_query: NDArray[np.float32], see: Observer | None = None
    ) -> None:
        """Open the blocks that may hold better rows.

        Args:
            best: Best rows so far of the queries, in their order.
            ahead: Numbers of the blocks.
            by_query: What `bounds_of` gives for them.
            see: Told of what is opened.
        """
        while len(ahead):
            needed = (by_query <= best.worst[:, None] + self.tie).any(axis=0)
            ahead, by_query = ahead[needed], by_query[:, needed]
            now, ahead, by_query = ahead[:CHUNK], ahead[CHUNK:], by_query[:, CHUNK:]
            if len(now):
                self._open(now, best, see)

    def _open(self, now: Ints, best: "Best", see: Observer | None) -> None:
        places = self.blocks.positions(now)
        dist = self.distances(places)
        best.add(slice(None), dist, self.blocks.order[places])
        if see is not None:
            see(now, places, dist)

    @property
    def tie(self) -> float:
        """What float32 sums do not resolve."""
        return TIE * (len(self.group.continuous) + len(self.group.codes))

    @cached_property
    def bounds(self) -> NDArray[np.float32]:
        """Least distance of any query to each block, by ranges, shape ``(blocks,)``."""
        low = self.group.continuous.min(axis=1)[:, None]
        high = self.group.continuous.max(axis=1)[:, None]
        gaps = np.maximum(self.blocks.low - high, low - self.blocks.high)
        total = np.clip(gaps, 0, 1).sum(axis=0)
        own = np.bitwise_or.reduce(bit_of(self.group.codes), axis=1)[:, None]
        return np.asarray(total + ((self.blocks.bits & own) == 0).sum(axis=0), dtype=np.float32)

    def bounds_of(self, chosen: Ints) -> NDArray[np.float32]:
        """Least distance of each query to each chosen block, shape ``(queries, chosen)``."""
        total = np.zeros((len(self.group.ids), len(chosen)), dtype=np.float32)
        low, high = self.blocks.low[:, chosen], self.blocks.high[:, chosen]
        below, above, ones = np.empty_like(total), np.empty_like(total), np.ones_like(total)
        zeros = np.zeros_like(total)
        for column, values in enumerate(self.group.continuous[:, :, None]):
            np.subtract(low[column], values, out=below)
            np.subtract(values, high[column], out=above)
            np.maximum(below, above, out=below)
            np.maximum(below, zeros, out=below)
            np.minimum(below, ones, out=below)
            total += below
        bits = self.blocks.bits[:, chosen]
        for column, own in enumerate(bit_of(self.group.codes)[:, :, None]):
            total += (bits[column] & own) == 0
        return total

    def distances(self, places: Ints) -> NDArray[np.float32]:
        """Distances to the rows at some places of the order, shape ``(queries, rows)``.

        Each row's own is at infinity if it is left out.
        """
        dist = np.zeros((len(self.group.ids), len(places)), dtype=np.float32)
        # numpy compares with an array of ones five times as fast as with the number one.
        gap, ones = np.empty_like(dist), np.ones_like(dist)
        for values, others in zip(self.group.continuous, self.blocks.continuous, strict=True):
            np.subtract(values[:, None], others[places], out=gap)
            np.abs(gap, out=gap)
            np.minimum(gap, ones, out=gap)
            dist += gap
        dist += self._mismatches(places)
        if self.leave_one_out:
            dist[self.group.ids[:, None] == self.blocks.order[places]] = np.inf
        return dist

    def _mismatches(self, places: Ints) -> NDArray[np.unsignedinteger]:
        narrow = np.uint8 if len(self.group.codes) < 256 else np.uint32
        count = np.zeros((len(self.group.ids), len(places)), dtype=narrow)
        for codes, others in zip(self.group.codes, self.blocks.codes, strict=True):
            count += codes[:, None] != others[places]
        return count


@final
class Best:
    """The best rows so far of some queries, each a distance and a row number in one integer.

    Attributes:
        keys: Shape ``(queries, k)``, in no order; ordered by distance, then row number.
        worst: Shape ``(queries,)``; farther rows are of no use.
    """

    def __init__(self, queries: int, k: int, ceiling: NDArray[np.float32] | None = None) -> None:
        self.keys: Ints = np.full((queries, k), NONE)
        self.worst: NDArray[np.float32] = np.full(queries, np.inf, dtype=np.float32)
        self._ceiling = self.worst.copy() if ceiling is None else ceiling

    @property
    def rows(self) -> Ints:
        """Row numbers."""
        return self.keys & 0xFFFFFFFF

    def add(self, of: Ints | slice, dist: NDArray[np.float32], ids: Ints) -> None:
        """Take the better of the known rows and new ones.

        Args:
            of: Which queries are concerned.
            dist: Shape ``(queries concerned, rows)``.
            ids: Shape ``(rows,)``, numbers of the new rows.
        """
        useful = (dist <= self.worst[of][:, None]).any(axis=0)
        if not useful.any():
            return
        k = self.keys.shape[1]
        new = (dist[:, useful].view(np.int32).astype(np.int64) << 32) | ids[useful]
        keys = np.partition(np.concatenate([self.keys[of], new], axis=1), k - 1, axis=1)[:, :k]
        self.keys[of] = keys
        reached = (keys[:, k - 1] >> 32).astype(np.int32).view(np.float32)
        self.worst[of] = np.minimum(reached, self._ceiling[of])
