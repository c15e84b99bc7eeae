"""Neighbour searches of a pair of tables, each made once and shared by all artifacts.

What does not touch the synthetic table is kept with the real table, or with the pair of real and
holdout, and made once per run. `Sampled` bounds what a search costs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.piecewise import closest_in_pieces, is_read_in_pieces, search_pieces
from synthproto.artifacts.rows import Scale, Side, real_rows, rows, with_holdout
from synthproto.checks import about, check_least, tag_of
from synthproto.contracts import Best, Bounds, Controlled, Directions
from synthproto.data.merging import Sample
from synthproto.data.pair import Pair, SummaryPair, TablePair
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import Table
from synthproto.errors import UndefinedScoreError
from synthproto.measures.hashes import random_order
from synthproto.measures.joint import Centre
from synthproto.measures.neighbours import Balls, Neighbours, covered, nearest, nested_balls
from synthproto.measures.privacy import Closest, closest_of_both
from synthproto.measures.rows import Floats

_ALL_SIDES: tuple[Side, ...] = ("synthetic", "real", "holdout")

SHARED = 5
"""Neighbours that a search within a table looks for at least, so that most parts share it."""


def search(
    pair: TablePair,
    queries: Side,
    references: Side,
    k: int,
    without: tuple[str, ...] = (),
    scale: Scale = "ranks",
) -> Neighbours:
    """The k closest rows of one side for each row of another; of the same side, without itself.

    Which of equally close rows are found depends on what they hold, not on the order of the table.

    Args:
        pair: The tables.
        queries: Side whose rows look for neighbours.
        references: Side that they find them in.
        k: How many, at least 1. Fewer columns are returned if there are fewer rows to find,
            none if a table of one row is searched in itself.
        without: Columns to leave out.
        scale: How numbers are scaled.

    Raises:
        UndefinedScoreError: A side is the holdout, and there is none.
    """
    if any(is_read_in_pieces(side) for side in (pair.real, pair.synthetic, pair.holdout)):
        return search_pieces(pair, queries, references, k, without, scale)
    if queries == references == "real":
        return pair.real.get(_RealSearch(k, without, scale))
    if "synthetic" not in (queries, references):
        between = with_holdout(pair, "a search in the holdout")
        return search(between, _moved(queries), _moved(references), k, without, scale)
    return pair.get(_Search(queries, references, k, without, scale))


def in_balls(pair: TablePair, points: Side, centres: Side, k: int, scale: Scale) -> Balls:
    """Points in the balls that reach from each centre to the k-th closest row of its own table.

    The values of the points are their distances to the centre of their own table. Balls to the
    closest row and to the `SHARED`-th are searched together.

    Raises:
        UndefinedScoreError: The table of the centres has no more than k rows.
    """
    shared = k == 1 and len(rows(pair, centres)) > SHARED
    found = pair.get(_InBalls(points, centres, SHARED if shared else k, scale))
    return found[0 if k == 1 else -1]


def in_any_ball(
    pair: TablePair, points: Side, centres: Side, k: int, scale: Scale
) -> NDArray[np.bool_]:
    """Which points lie in a ball at all, see `in_balls`, which takes longer.

    Raises:
        UndefinedScoreError: The table of the centres has no more than k rows.
    """
    return pair.get(_InAnyBall(points, centres, k, scale))


def closest_in_both(pair: TablePair, scale: Scale = "ranks") -> Closest:
    """Which real and holdout rows are the closest to each synthetic row.

    Raises:
        UndefinedScoreError: There is no holdout.
    """
    if is_read_in_pieces(pair.real) or is_read_in_pieces(pair.holdout):
        return closest_in_pieces(pair, scale)
    return pair.get(_ClosestInBoth(scale))


def centre_distances(pair: TablePair, side: Side, centre: Side, scale: Scale) -> Floats:
    """Euclidean distance of each row of a side to the mean row of a side."""
    return pair.get(_CentreDistances(side, centre, scale))


def _moved(side: Side) -> Side:
    """Where a side is in the pair of real and holdout."""
    return "synthetic" if side == "holdout" else side


@final
@dataclass(frozen=True)
class _RealSearch:
    k: int
    without: tuple[str, ...]
    scale: Scale

    def __call__(self, real: Table) -> Neighbours:
        own = real_rows(real, self.without, self.scale)
        return nearest(own, own, min(self.k, len(own) - 1), leave_one_out=True)


@final
@dataclass(frozen=True)
class _Search:
    queries: Side
    references: Side
    k: int
    without: tuple[str, ...]
    scale: Scale

    def __call__(self, pair: TablePair) -> Neighbours:
        asking = rows(pair, self.queries, self.without, self.scale)
        asked = rows(pair, self.references, self.without, self.scale)
        alone = self.queries == self.references
        # All columns decide which of equally close rows is found: not the order of the table, and
        # what is left out must not follow from it.
        order = random_order(rows(pair, self.references, (), self.scale))
        k = min(self.k, len(asked) - alone)
        return nearest(asking, asked, k, leave_one_out=alone, order=order)


@final
@dataclass(frozen=True)
class _InBalls:
    points: Side
    centres: Side
    k: int
    scale: Scale

    def __call__(self, pair: TablePair) -> tuple[Balls, ...]:
        """Those to the closest row, and to the k-th if that is another."""
        radii = _radii(pair, self.centres, self.k, self.scale)[:, sorted({0, self.k - 1})]
        values = centre_distances(pair, self.points, self.points, self.scale)
        points, centres = (rows(pair, s, (), self.scale) for s in (self.points, self.centres))
        return nested_balls(points, centres, radii, values)


@final
@dataclass(frozen=True)
class _InAnyBall:
    points: Side
    centres: Side
    k: int
    scale: Scale

    def __call__(self, pair: TablePair) -> NDArray[np.bool_]:
        radii = _radii(pair, self.centres, self.k, self.scale)[:, self.k - 1]
        points, centres = (rows(pair, s, (), self.scale) for s in (self.points, self.centres))
        # Most points lie in the ball of the centre that is the nearest in their own.
        likely = in_balls(pair, self.centres, self.points, self.k, self.scale).nearest
        return covered(points, centres, radii, likely)


@final
@dataclass(frozen=True)
class _ClosestInBoth:
    scale: Scale

    def __call__(self, pair: TablePair) -> Closest:
        synthetic, real, holdout = (rows(pair, s, (), self.scale) for s in _ALL_SIDES)
        to_real = search(pair, "synthetic", "real", 2, (), self.scale)
        # What is farther in the holdout than in the real table need not be found exactly.
        limits = to_real.distances[:, 0]
        to_holdout = nearest(synthetic, holdout, min(2, len(holdout)), ceiling=limits)
        return closest_of_both(synthetic, (real, holdout), (to_real, to_holdout))


def _radii(pair: TablePair, side: Side, k: int, scale: Scale) -> Floats:
    """Distances of each row to at least the k closest others of its table."""
    count = len(rows(pair, side, (), scale))
    if count <= k:
        raise UndefinedScoreError(
            f"balls to neighbour number {k} are undefined for the {side} table: "
            f"they need {k + 1} rows; it has {count}"
        )
    return search(pair, side, side, max(k, SHARED), (), scale).distances


@final
@dataclass(frozen=True)
class _CentreDistances:
    side: Side
    centre: Side
    scale: Scale

    def __call__(self, pair: TablePair) -> Floats:
        centre = Centre.of(rows(pair, self.centre, (), self.scale))
        return centre.distances(rows(pair, self.side, (), self.scale))


Value = TypeVar("Value")


@runtime_checkable
class Searching(Protocol):
    """A part that looks rows of some sides up among all rows of the others."""

    @property
    def queries(self) -> tuple[Side, ...]:
        """Sides whose rows are looked up.

        The others must stay whole: copies of rows that are left out would look like any rows.
        """
        ...


@runtime_checkable
class SearchingPieces(Protocol):
    """A part that looks rows up by `search` alone, which takes tables that are read in pieces."""

    @property
    def in_pieces(self) -> bool:
        """Whether it does."""
        ...


@final
@dataclass(frozen=True)
class Sampled(Generic[Value]):
    """Another part, computed on at most so many rows of a table: ``Sampled(DCR(), 20_000)``.

    Neighbour searches and classifiers take time with the square of the rows, or nearly so. Parts
    that look rows up (distances to the closest record: synthetic rows; attacks: real and holdout
    rows) say so: only what they look up is sampled, and it is looked up among all rows of the
    other tables, which may be read in pieces. A copy is found however long the tables are. For
    other parts, all tables are sampled. Parts that are sampled alike share the sample, and with it
    each other's searches. A table that is not longer is used as it is.

    Attributes:
        part: What to compute.
        rows: Most rows of each table that is sampled, at least 1.
        seed: Decides which rows.
        matched: Whether the synthetic table is cut to as many rows as the holdout, if there is
            one: a score that depends on how many rows there are can only then be compared with
            its reference.

    Raises:
        ParameterError: ``rows`` is below 1.

    Example:
        >>> import pandas as pd
        >>> import synthproto as sp
        >>> frame = pd.DataFrame({"x": range(1000)})
        >>> real = sp.Table(frame, sp.TableSpec.infer(frame))
        >>> sp.Sampled(sp.DCR((0.5,)), 10)(sp.TablePair(real, real))  # all copies are found
        {'median': 0.0}
    """

    part: Callable[[TablePair], Value]
    rows: int = 20_000
    seed: int = 0
    matched: bool = False

    def __post_init__(self) -> None:
        check_least(self, "rows", self.rows, 1)

    @property
    def name(self) -> str:
        """Tag of the part."""
        return tag_of(self.part)

    @property
    def best(self) -> Best:
        """Best value of the part, or of each of its entries, if it says so."""
        return about(self.part).best

    @property
    def bounds(self) -> Bounds:
        """Least and largest value of the part, if it says so."""
        return about(self.part).bounds

    @property
    def direction(self) -> Directions:
        """Which values of the part are better, if it says so."""
        return about(self.part).direction

    def __call__(self, pair: SummaryPair) -> Value:
        """Draw, or look up what was drawn, and compute."""
        return self.part(self._drawn(pair))

    def ask(self, pair: SummaryPair) -> None:
        """Draw, so that tables that are read in pieces are read for all parts at once."""
        drawn = self._drawn(pair)
        if any(is_read_in_pieces(side) for side in (drawn.real, drawn.synthetic, drawn.holdout)):
            self.part(drawn)

    def control(self, pair: SummaryPair) -> float | Mapping[str, float]:
        """What real rows reach, if the part says so itself; nothing otherwise."""
        # A checker takes a function type, which the part is declared as, to have no methods.
        part: object = self.part
        if isinstance(part, Controlled) and callable(part.control):
            found: float | Mapping[str, float] = part.control(self._drawn(pair))
            return found
        return {}

    def _drawn(self, pair: SummaryPair) -> TablePair:
        # As in `control`.
        part: object = self.part
        sides = part.queries if isinstance(part, Searching) else _ALL_SIDES
        in_pieces = isinstance(part, SearchingPieces) and part.in_pieces
        return pair.get(_SampledPair(sides, self.rows, self.seed, self.matched, in_pieces))


@final
@dataclass(frozen=True)
class _SampledPair:
    sides: tuple[Side, ...]
    rows: int
    seed: int
    matched: bool
    in_pieces: bool

    def __call__(self, pair: SummaryPair) -> TablePair:
        sides: dict[Side, Summary] = {"real": pair.real, "synthetic": pair.synthetic}
        if pair.holdout is not None:
            sides["holdout"] = pair.holdout
        tables = dict(zip(sides, for_each(sides, lambda side: self._of(side, sides)), strict=True))
        real, synthetic, holdout = tables["real"], tables["synthetic"], tables.get("holdout")
        if holdout is not None and self.matched and len(synthetic) > len(holdout):
            synthetic = synthetic.get(Sample(len(holdout), self.seed))
        if (real, synthetic, holdout) == (pair.real, pair.synthetic, pair.holdout):
            # Of tables, then; and its searches are those of parts that are not sampled.
            return cast("TablePair", pair)
        # Of tables too, but for those that the part looks rows up in by `search`.
        return cast("TablePair", Pair(real, synthetic, holdout))

    def _of(self, side: Side, sides: Mapping[Side, Summary]) -> Summary:
        table = sides[side]
        if side in self.sides:
            return table.get(Sample(self.rows, self.seed))
        if isinstance(table, Table) or self.in_pieces:
            return table
        raise UndefinedScoreError(
            f"a search among all rows of the {table.name} is undefined: they are never together, "
            "and among a sample of them copies would not be found"
        )
