"""All that is asked about the neighbours of two tables, with the distances computed once.

Distances to the closest record ask for the closest references of each query; precision, density
and coverage ask which queries lie in the balls of the references; recall asks which references
lie in a ball of the queries. It is much the same pairs of rows each time.
"""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.blockwise import (
    CHUNK,
    Best,
    Group,
    Search,
    check_sides,
    groups_of,
    small_buffers,
)
from synthproto.measures.neighbours import Balls, Neighbours, by_distance, sums_of
from synthproto.measures.rows import BLOCK, Blocks, Floats, Ints, Rows


class Survey(NamedTuple):
    """What a survey finds.

    Attributes:
        closest: The closest references of each query.
        balls: Queries in the balls of the references, for each column of their radii.
        covered: Shape ``(n_references,)``. Which of them lie in any ball of the queries.
    """

    closest: Neighbours
    balls: tuple[Balls, ...]
    covered: NDArray[np.bool_]


def survey(
    queries: Rows,
    references: Rows,
    k: int,
    radii: tuple[Floats, Floats],
    values: Floats,
) -> Survey:
    """Closest rows, and balls in both directions, exact.

    Args:
        queries: Rows of the one table.
        references: Rows of the other, at least k.
        k: How many closest references are wanted, at least 1.
        radii: Of the balls of the queries, shape ``(n_queries,)``, and of the references, shape
            ``(n_references, b)``; Gower distances, see `balls`.
        values: Of the queries, shape ``(n_queries,)``, any finite values; see `Balls`.

    Raises:
        SchemaError: The sides differ in their columns.
    """
    check_sides(queries, references)
    tally = _Tally(references.blocks, queries.width, radii, values)
    indices = np.empty((len(queries), k), dtype=np.int64)
    with small_buffers():
        for group in groups_of(queries):
            best = Best(len(group.ids), k)
            search = Search(group, references.blocks, leave_one_out=False)
            tally.begin(group)
            ahead = search.look(best, tally.see)
            ahead = ahead[search.bounds[ahead] <= tally.widest(ahead, best) + search.tie]
            by_query = search.bounds_of(ahead)
            search.refine(best, ahead, by_query, tally.see)
            tally.finish(search, ahead, by_query)
            indices[group.ids] = best.rows
    return Survey(by_distance(queries, references, indices), tally.balls(), tally.covered())


@final
class _Tally:
    """Who lies in whose balls, among the pairs of rows seen so far."""

    def __init__(
        self, blocks: Blocks, width: int, radii: tuple[Floats, Floats], values: Floats
    ) -> None:
        own, others = radii
        self._blocks = blocks
        self._reach = sums_of(own, width)
        self._limits = sums_of(others, width)[blocks.order].T.copy()
        self._outer = self._limits.max(axis=0)
        self._highest = np.maximum.reduceat(self._outer, blocks.starts[:-1])
        self._values = values
        self._counts = np.zeros((len(self._limits), len(values)), dtype=np.int64)
        self._lowest = np.full(self._limits.shape, np.inf)
        self._covered = np.zeros(len(blocks.order), dtype=np.bool_)

    def begin(self, group: Group) -> None:
        """Turn to a group of queries."""
        self._ids = group.ids
        self._radii = self._reach[group.ids]
        self._opened = np.zeros(len(self._highest), dtype=np.bool_)

    def see(self, now: Ints, places: Ints, dist: NDArray[np.float32]) -> None:
        """Take in blocks that have been opened."""
        self._opened[now] = True
        self._add(places, dist)

    def widest(self, ahead: Ints, best: Best) -> NDArray[np.float32]:
        """How far rows of some blocks may matter to this group of queries."""
        own = max(self._radii.max(), best.worst.max())
        return np.asarray(np.maximum(self._highest[ahead], own), dtype=np.float32)

    def finish(self, search: Search, ahead: Ints, by_query: NDArray[np.float32]) -> None:
        """Look at the rows that matter to balls, of blocks that have not been opened."""
        shut = ~self._opened[ahead]
        ahead, by_query = ahead[shut], by_query[:, shut]
        sizes = np.diff(self._blocks.starts)[ahead]
        bounds = np.repeat(by_query.min(axis=0), sizes)
        reached = np.repeat((by_query <= self._radii[:, None] + search.tie).any(axis=0), sizes)
        places = self._blocks.positions(ahead)
        matters = bounds <= self._outer[places] + search.tie
        places = places[matters | (reached & ~self._covered[places])]
        for start in range(0, len(places), CHUNK * BLOCK):
            now = places[start : start + CHUNK * BLOCK]
            self._add(now, search.distances(now))

    def _add(self, places: Ints, dist: NDArray[np.float32]) -> None:
        self._covered[places] |= (dist <= self._radii[:, None]).any(axis=0)
        hits = np.flatnonzero(dist <= self._outer[places])
        own, other = np.divmod(hits, len(places))
        dist, other = dist.ravel()[hits], places[other]
        for counts, lowest, limits in zip(self._counts, self._lowest, self._limits, strict=True):
            inside = dist <= limits[other]
            ids = self._ids[own[inside]]
            np.add.at(counts, ids, 1)
            np.minimum.at(lowest, other[inside], self._values[ids])

    def balls(self) -> tuple[Balls, ...]:
        """Queries in the balls of the references."""
        lowest = np.empty_like(self._lowest)
        lowest[:, self._blocks.order] = self._lowest
        return tuple(Balls(*both) for both in zip(self._counts, lowest, strict=True))

    def covered(self) -> NDArray[np.bool_]:
        """References in any ball of the queries."""
        covered = np.empty_like(self._covered)
        covered[self._blocks.order] = self._covered
        return covered
