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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import ParameterError
from synthproto.measures.blockwise import (
    CHUNK,
    Best,
    Search,
    check_sides,
    groups_of,
    small_buffers,
)
from synthproto.measures.rows import BLOCK, TIE, Floats, Ints, Rows, gower


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


def nearest(
    queries: Rows,
    references: Rows,
    k: int,
    *,
    leave_one_out: bool = False,
    ceiling: Floats | None = None,
) -> Neighbours:
    """Closest reference rows of each query row, exact.

    Args:
        queries: Rows to find neighbours for.
        references: Rows to find them among, encoded the same way.
        k: How many, at least 1.
        leave_one_out: Whether a row is no neighbour of itself: row i of the queries then never
            finds row i of the references. For a table searched in itself.
        ceiling: Shape ``(n,)``, Gower distances. Where fewer than k rows are as close as that,
            other rows than the closest may be found beyond it, which is faster.

    Returns:
        Gower distances and row numbers. Which rows are found is decided in float32, so rows
        whose distances differ by less than `TIE` may change places; the distances themselves
        are float64.

    Raises:
        ParameterError: `k` is below 1, or the references are fewer than `k`.
        SchemaError: The sides differ in their columns.
    """
    check_sides(queries, references)
    available = len(references) - leave_one_out
    if not 1 <= k <= available:
        raise ParameterError(
            f"nearest: `k` must be between 1 and the {available} rows to choose from; got {k}."
        )
    indices = np.empty((len(queries), k), dtype=np.int64)
    limits = None if ceiling is None else sums_of(ceiling, queries.width)
    with small_buffers():
        for group in groups_of(queries):
            best = Best(len(group.ids), k, None if limits is None else limits[group.ids])
            Search(group, references.blocks, leave_one_out).closest(best)
            indices[group.ids] = best.rows
    return by_distance(queries, references, indices)


def by_distance(queries: Rows, references: Rows, indices: Ints) -> Neighbours:
    """Neighbours in their order, from their row numbers, shape ``(n, k)``."""
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
    check_sides(points, centres)
    counts = np.zeros(len(points), dtype=np.int64)
    lowest = np.full(len(centres), np.inf)
    if len(centres) == 0:
        return Balls(counts, lowest)
    blocks = centres.blocks
    limits = sums_of(radii, centres.width)[blocks.order]
    with small_buffers():
        for group in groups_of(points):
            for inside, ids in _within(Search(group, blocks, leave_one_out=False), limits):
                hit = inside.any(axis=0)
                if hit.any():
                    some, owners = inside[:, hit], ids[hit]
                    counts[group.ids] += some.sum(axis=1)
                    found = np.where(some, values[group.ids, None], np.inf).min(axis=0)
                    lowest[owners] = np.minimum(lowest[owners], found)
    return Balls(counts, lowest)


def _within(
    search: Search, limits: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.bool_], Ints]]:
    """For pieces of the table: which distances are within each row's limit, and row numbers.

    The limits are in the order of the blocks.
    """
    highest = np.maximum.reduceat(limits, search.blocks.starts[:-1])
    ahead = np.flatnonzero(search.bounds <= highest + search.tie)
    bounds = search.bounds_of(ahead).min(axis=0)
    near = bounds <= highest[ahead] + search.tie
    ahead, bounds = ahead[near], bounds[near]
    sizes = search.blocks.starts[ahead + 1] - search.blocks.starts[ahead]
    places = search.blocks.positions(ahead)
    places = places[np.repeat(bounds, sizes) <= limits[places] + search.tie]
    for start in range(0, len(places), CHUNK * BLOCK):
        now = places[start : start + CHUNK * BLOCK]
        yield search.distances(now) <= limits[now], search.blocks.order[now]


def sums_of(distances: Floats, width: int) -> NDArray[np.float32]:
    """Gower distances as sums over columns, raised by what float32 does not resolve."""
    return np.asarray((distances + TIE) * width, dtype=np.float32)
