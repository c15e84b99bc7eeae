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
    NONE,
    Best,
    check_sides,
    keys_of,
    searches,
    small_buffers,
)
from synthproto.measures.rows import TIE, Floats, Ints, Rows, as_near, gower


class Neighbours(NamedTuple):
    """Closest reference rows of each query row, closest first.

    Attributes:
        distances: Shape ``(n, k)``. Gower distance in [0, 1], unitless.
        indices: Shape ``(n, k)``. Row numbers in the reference table; among equal distances the
            lower number comes first, unless another order was given.
    """

    distances: Floats
    indices: Ints


class Balls(NamedTuple):
    """Which points lie in which balls, summed up.

    Attributes:
        counts: Shape ``(n_points,)``. Number of balls that each point lies in.
        lowest: Shape ``(n_balls,)``. Lowest value among the points in each ball, or infinity
            for a ball without points.
        nearest: Shape ``(n_balls,)``. The point in each ball that is the nearest to its centre, -1
            for a ball without points.
    """

    counts: Ints
    lowest: Floats
    nearest: Ints


def nearest(
    queries: Rows,
    references: Rows,
    k: int,
    *,
    leave_one_out: bool = False,
    ceiling: Floats | None = None,
    order: Ints | None = None,
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
        order: Shape ``(n_references,)``, row numbers: of equally close rows, those that come first
            in it are found. By default the lower numbers.

    Returns:
        Gower distances and row numbers. Which rows are found is decided in float32, so rows
        whose distances differ by less than `TIE` may change places; the distances themselves
        are float64.

    Raises:
        ParameterError: `k` is below 1, or the references are fewer than `k`.
        SchemaError: The sides differ in their columns.
    """
    _check_count(queries, references, k, leave_one_out=leave_one_out)
    indices = np.empty((len(queries), k), dtype=np.int64)
    limits = None if ceiling is None else sums_of(ceiling, queries.width)
    ranks = None if order is None else np.argsort(order)
    with small_buffers():
        for search in searches(queries, references.blocks, leave_one_out=leave_one_out):
            best = Best(len(search.ids), k)
            if limits is not None:
                best.worst = limits[search.ids]
            search.closest(best, ranks)
            indices[search.ids] = best.rows
    if order is not None:
        found = indices < len(order)
        indices[found] = order[indices[found]]
    if ceiling is not None:
        _fill(indices, len(references), leave_one_out=leave_one_out)
    return by_distance(queries, references, indices, ranks)


def _check_count(queries: Rows, references: Rows, k: int, *, leave_one_out: bool) -> None:
    check_sides(queries, references)
    available = len(references) - leave_one_out
    if not 1 <= k <= available:
        raise ParameterError(
            f"nearest: `k` must be between 1 and the {available} rows to choose from; got {k}."
        )


def pairs_within(queries: Rows, references: Rows, reach: Floats) -> Iterator[tuple[Ints, Ints]]:
    """All pairs that are as near as a distance of each query, in pieces.

    Args:
        queries: Rows that look for others.
        references: Rows that are found.
        reach: Shape ``(n,)``, Gower distances in float64.

    Yields:
        Row numbers of queries and of references, of pairs whose distance is at most that, see
        `as_near`.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    check_sides(queries, references)
    limits = sums_of(reach, queries.width)
    with small_buffers():
        for search in searches(queries, references.blocks):
            for some, places, _ in search.within(limits[search.ids]):
                pairs = search.ids[some], references.blocks.order[places]
                near = as_near(gower(queries, references, pairs), reach[pairs[0]])
                yield pairs[0][near], pairs[1][near]


def by_distance(
    queries: Rows, references: Rows, indices: Ints, ranks: Ints | None = None
) -> Neighbours:
    """Neighbours in their order, from their row numbers, shape ``(n, k)``."""
    rows = np.broadcast_to(np.arange(len(queries))[:, None], indices.shape)
    distances = gower(queries, references, (rows, indices))
    order = np.lexsort((indices if ranks is None else ranks[indices], distances), axis=1)
    return Neighbours(
        np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1)
    )


def _fill(indices: Ints, available: int, *, leave_one_out: bool) -> None:
    """Give queries with fewer rows than wanted any others, in place."""
    lacking = np.flatnonzero((indices >= available).any(axis=1))
    known = np.sort(indices[lacking], axis=1)
    k = indices.shape[1]
    spare = np.arange(min(available, 2 * k + 1))
    taken = (known[:, :, None] == spare).any(axis=1)
    if leave_one_out:
        taken |= spare == lacking[:, None]
    others = np.argsort(taken, axis=1, kind="stable")[:, :k]
    # Known rows are in front; the first of the others follow.
    lacks = known >= available
    known[lacks] = others[lacks[:, ::-1]]
    indices[lacking] = known


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
    return nested_balls(points, centres, radii[:, None], values)[0]


def nested_balls(points: Rows, centres: Rows, radii: Floats, values: Floats) -> tuple[Balls, ...]:
    """Several balls around each centre, in the time of the largest; see `balls`.

    Args:
        points: Rows that lie in balls or do not.
        centres: Rows that are the centres of the balls.
        radii: Shape ``(n_centres, b)``.
        values: Shape ``(n_points,)``, any finite values.

    Returns:
        For each column of the radii counts and lowest values.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    check_sides(points, centres)
    limits = sums_of(radii, centres.width)
    closest = np.full(len(centres), NONE)
    found = tuple(
        (np.zeros(len(points), dtype=np.int64), np.full(len(centres), np.inf)) for _ in radii.T
    )
    if len(points) > 0:
        order = points.blocks.order
        with small_buffers():
            for search in searches(centres, points.blocks):
                for owners, places, dist in search.within(limits.max(axis=1)[search.ids]):
                    owners, rows = search.ids[owners], order[places]
                    np.minimum.at(closest, owners, keys_of(dist, rows))
                    for (counts, lowest), limit in zip(found, limits.T, strict=True):
                        inside = dist <= limit[owners]
                        np.add.at(counts, rows[inside], 1)
                        np.minimum.at(lowest, owners[inside], values[rows[inside]])
    at = np.where(closest == NONE, -1, closest & 0xFFFFFFFF)
    return tuple(
        Balls(counts, lowest, np.where(np.isfinite(lowest), at, -1)) for counts, lowest in found
    )


def covered(
    points: Rows, centres: Rows, radii: Floats, likely: Ints | None = None
) -> NDArray[np.bool_]:
    """Which points lie in any ball: ``balls(...).counts > 0``, faster; see `balls`.

    Args:
        points: Rows that lie in balls or do not.
        centres: Rows that are the centres of the balls.
        radii: Shape ``(n_centres,)``.
        likely: Shape ``(n_points,)``, a ball that each point probably lies in: what does so need
            not be searched. Below 0 where none is known.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    check_sides(points, centres)
    found = np.zeros(len(points), dtype=np.bool_)
    if len(points) == 0:
        return found
    if likely is not None:
        some = np.flatnonzero(likely >= 0)
        found[some] = gower(points, centres, (some, likely[some])) <= radii[likely[some]]
    limits = sums_of(radii, centres.width)
    order, ordered = points.blocks.order, found[points.blocks.order]
    with small_buffers():
        for search in searches(centres, points.blocks):
            search.reached(limits[search.ids], ordered)
    found[order] = ordered
    return found


def sums_of(distances: Floats, width: int) -> NDArray[np.float32]:
    """Gower distances as sums over columns, raised by what float32 does not resolve."""
    return np.asarray((distances + TIE) * width, dtype=np.float32)
