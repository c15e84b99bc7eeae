"""Exact nearest neighbours between mixed tables under Gower's distance.

Everything that asks "how close is this row to that table" (distance to closest record, exact
matches, precision and recall, coverage, authenticity, attacks) reads the same few searches.

A search is exact but does not look at every pair. Rows are sorted into blocks of similar rows;
of each block the ranges of its continuous columns and the set of its categories are kept. They
bound from below the distance of a row to any row of the block, and blocks whose bound exceeds
what has been found are never opened. Where bounds cannot help (many independent columns), the
cost is that of computing all distances, in float32 and in pieces that fit the processor's cache.
Memory is linear in the number of rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import ParameterError, SchemaError
from synthproto.measures.rows import BLOCK, TIE, Blocks, Floats, Ints, Rows, bit_of, gower

FIRST = 128
"""Rows that a search looks at before it rules out blocks."""

CHUNK = 64
"""Blocks that are opened at once."""


class Neighbours(NamedTuple):
    """Closest reference rows of each query row, closest first.

    Attributes:
        distances: Shape ``(n, k)``. Gower distance in [0, 1], unitless.
        indices: Shape ``(n, k)``. Row numbers in the reference table; among equal distances the
            lower number comes first.
    """

    distances: Floats
    indices: Ints


class Balls(NamedTuple):
    """Which points lie in which balls, summed up.

    Attributes:
        counts: Shape ``(n_points,)``. Number of balls that each point lies in.
        lowest: Shape ``(n_balls,)``. Lowest value among the points in each ball, or infinity
            for a ball without points.
    """

    counts: Ints
    lowest: Floats


def nearest(queries: Rows, references: Rows, k: int, *, leave_one_out: bool = False) -> Neighbours:
    """Closest reference rows of each query row, exact.

    Args:
        queries: Rows to find neighbours for.
        references: Rows to find them among, encoded the same way.
        k: How many, at least 1.
        leave_one_out: Whether a row is no neighbour of itself: row i of the queries then never
            finds row i of the references. For a table searched in itself.

    Returns:
        Gower distances and row numbers. Which rows are found is decided in float32, so rows
        whose distances differ by less than `TIE` may change places; the distances themselves
        are float64.

    Raises:
        ParameterError: `k` is below 1, or the references are fewer than `k`.
        SchemaError: The sides differ in their columns.
    """
    _check_sides(queries, references)
    available = len(references) - leave_one_out
    if not 1 <= k <= available:
        raise ParameterError(
            f"nearest: `k` must be between 1 and the {available} rows to choose from; got {k}."
        )
    indices = np.empty((len(queries), k), dtype=np.int64)
    with _small_buffers():
        for group in _groups(queries):
            search = _Search(group, references.blocks, leave_one_out)
            indices[group.ids] = search.closest(k)
    rows = np.broadcast_to(np.arange(len(queries))[:, None], indices.shape)
    distances = gower(queries, references, (rows, indices))
    order = np.lexsort((indices, distances), axis=1)
    return Neighbours(
        np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1)
    )


def balls(points: Rows, centres: Rows, radii: Floats, values: Floats) -> Balls:
    """For each point the balls that it lies in, and for each ball the lowest value in it.

    Args:
        points: Rows that lie in balls or do not.
        centres: Rows that are the centres of the balls.
        radii: Shape ``(n_centres,)``, Gower distances; a point at the radius (within `TIE`)
            lies in the ball. A negative radius makes an empty ball.
        values: Shape ``(n_points,)``, any finite values.

    Returns:
        Counts by point and lowest values by ball.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    _check_sides(points, centres)
    counts = np.zeros(len(points), dtype=np.int64)
    lowest = np.full(len(centres), np.inf)
    if len(centres) == 0:
        return Balls(counts, lowest)
    blocks = centres.blocks
    limits = ((radii + TIE) * centres.width)[blocks.order].astype(np.float32)
    with _small_buffers():
        for group in _groups(points):
            for inside, ids in _Search(group, blocks, leave_one_out=False).within(limits):
                hit = inside.any(axis=0)
                if hit.any():
                    some, owners = inside[:, hit], ids[hit]
                    counts[group.ids] += some.sum(axis=1)
                    found = np.where(some, values[group.ids, None], np.inf).min(axis=0)
                    lowest[owners] = np.minimum(lowest[owners], found)
    return Balls(counts, lowest)


@contextmanager
def _small_buffers() -> Iterator[None]:
    """Let numpy loop over rows of a few hundred values as they are.

    By default it copies broadcast operands together until they fill half of its buffer, which
    takes three times as long as the subtraction.
    """
    before = np.setbufsize(1024)
    try:
        yield
    finally:
        np.setbufsize(before)


def _check_sides(first: Rows, second: Rows) -> None:
    shapes = [(rows.continuous.shape[1], rows.codes.shape[1]) for rows in (first, second)]
    if shapes[0] != shapes[1]:
        raise SchemaError(
            "Both sides of a search must have the same columns; got "
            f"(continuous, categorical) {shapes[0]} and {shapes[1]}."
        )


@final
@dataclass(frozen=True, eq=False)
class _Group:
    """Similar rows that search together."""

    ids: Ints
    continuous: NDArray[np.float32]  # (p, rows)
    codes: NDArray[np.unsignedinteger]  # (q, rows)


def _groups(rows: Rows) -> Iterator[_Group]:
    if len(rows) == 0:
        return
    blocks = rows.blocks
    for start, end in pairwise(blocks.groups.tolist()):
        yield _Group(
            ids=blocks.order[start:end],
            continuous=blocks.continuous[:, start:end],
            codes=blocks.codes[:, start:end],
        )


@final
@dataclass(frozen=True, eq=False)
class _Search:
    """One group of queries among the blocks of a table. Distances here are sums over columns."""

    group: _Group
    blocks: Blocks
    leave_one_out: bool

    def closest(self, k: int) -> Ints:
        """Row numbers of the closest rows, shape ``(queries, k)``, in no order."""
        bounds = self._bounds_of_all()
        ahead = np.argsort(bounds, kind="stable")
        reached = np.cumsum(np.diff(self.blocks.starts)[ahead])
        first = 1 + int(np.searchsorted(reached, max(FIRST, k + 1)))
        places = self.blocks.positions(ahead[:first])
        dist, ids = self._distances(places), self.blocks.order[places]
        best = np.partition(_keys(dist, ids), k - 1, axis=1)[:, :k]
        worst = _distance_of(best.max(axis=1))
        ahead = ahead[first:]
        ahead = ahead[bounds[ahead] <= worst.max() + self._tie]
        by_query = self._bounds_of(ahead)
        while len(ahead):
            needed = (by_query <= worst[:, None] + self._tie).any(axis=0)
            ahead, by_query = ahead[needed], by_query[:, needed]
            now, ahead, by_query = ahead[:CHUNK], ahead[CHUNK:], by_query[:, CHUNK:]
            if len(now):
                best = self._improve(best, worst, now, k)
                worst = _distance_of(best.max(axis=1))
        return best & np.int64(0xFFFFFFFF)

    def _improve(self, best: Ints, worst: NDArray[np.float32], now: Ints, k: int) -> Ints:
        places = self.blocks.positions(now)
        dist, ids = self._distances(places), self.blocks.order[places]
        useful = (dist <= worst[:, None]).any(axis=0)
        keys = _keys(dist[:, useful], ids[useful])
        return np.partition(np.concatenate([best, keys], axis=1), k - 1, axis=1)[:, :k]

    def within(self, limits: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.bool_], Ints]]:
        """For pieces of the table: which distances are within each row's limit, and row numbers.

        Args:
            limits: Shape ``(n_references,)``, in the order of the blocks.
        """
        highest = np.maximum.reduceat(limits, self.blocks.starts[:-1])
        ahead = np.flatnonzero(self._bounds_of_all() <= highest + self._tie)
        bounds = self._bounds_of(ahead).min(axis=0)
        near = bounds <= highest[ahead] + self._tie
        ahead, bounds = ahead[near], bounds[near]
        sizes = self.blocks.starts[ahead + 1] - self.blocks.starts[ahead]
        places = self.blocks.positions(ahead)
        places = places[np.repeat(bounds, sizes) <= limits[places] + self._tie]
        for start in range(0, len(places), CHUNK * BLOCK):
            now = places[start : start + CHUNK * BLOCK]
            yield self._distances(now) <= limits[now], self.blocks.order[now]

    @property
    def _tie(self) -> float:
        return TIE * (len(self.group.continuous) + len(self.group.codes))

    def _bounds_of_all(self) -> NDArray[np.float32]:
        """Least distance of any query to each block, by ranges, shape ``(blocks,)``."""
        low = self.group.continuous.min(axis=1)[:, None]
        high = self.group.continuous.max(axis=1)[:, None]
        gaps = np.maximum(self.blocks.low - high, low - self.blocks.high)
        total = np.clip(gaps, 0, 1).sum(axis=0)
        own = np.bitwise_or.reduce(bit_of(self.group.codes), axis=1)[:, None]
        return np.asarray(total + ((self.blocks.bits & own) == 0).sum(axis=0), dtype=np.float32)

    def _bounds_of(self, chosen: Ints) -> NDArray[np.float32]:
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

    def _distances(self, places: Ints) -> NDArray[np.float32]:
        """Distances to the rows at some places of the order, shape ``(queries, rows)``.

        Each row's own is at infinity under `leave_one_out`.
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


def _keys(dist: NDArray[np.float32], ids: Ints) -> Ints:
    """Distance and row number in one integer, ordered by distance, then row number."""
    return (dist.view(np.int32).astype(np.int64) << 32) | (ids & 0xFFFFFFFF)


def _distance_of(keys: Ints) -> NDArray[np.float32]:
    return (keys >> 32).astype(np.int32).view(np.float32)
