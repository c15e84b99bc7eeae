"""Rows and neighbour searches of a pair of tables, each made once and shared by all artifacts.

Distances see continuous, datetime, categorical and boolean columns; identifiers and text, where
equal values mean nothing or everything, are left out. What does not touch the synthetic table is
kept with the real table, or with the pair of real and holdout, and made once a run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthproto.checks import check_least
from synthproto.contracts import Controlled
from synthproto.data.statistics import Levels
from synthproto.data.table import DISCRETE, NUMERIC, Table, TablePair
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.measures.joint import Centre
from synthproto.measures.neighbours import Balls, Neighbours, covered, nearest, nested_balls
from synthproto.measures.rows import TIE, Floats, Ints, Rows, scale_to_range

Side: TypeAlias = Literal["real", "synthetic", "holdout"]
"""One of the tables of a pair."""

SHARED = 5
"""Neighbours that a search within a table looks for at least, so that most parts share it."""


def distance_columns(pair: TablePair) -> tuple[str, ...]:
    """Columns that distances see, in the order of `Rows`: numbers first."""
    return (*pair.spec.of_kind(*NUMERIC), *pair.spec.of_kind(*DISCRETE))


def with_holdout(pair: TablePair, asker: str) -> TablePair:
    """The real table against the holdout, for parts that are undefined without one.

    Raises:
        UndefinedScoreError: The pair has no holdout; names who asks.
    """
    if pair.reference is None:
        raise UndefinedScoreError(
            f"{asker} is undefined without a holdout: real rows that the synthesizer was not "
            "trained on. Give one: TablePair(real, synthetic, holdout), Validation(holdout=...)"
        )
    return pair.reference


def rows(pair: TablePair, side: Side, without: tuple[str, ...] = ()) -> Rows:
    """One side of a pair, encoded so that it can be compared with the others.

    Args:
        pair: The tables.
        side: Which of them.
        without: Columns to leave out.

    Raises:
        SchemaError: No columns are left that distances see.
        UndefinedScoreError: The holdout was asked for, and there is none.
    """
    if side == "real":
        return real_rows(pair.real, without)
    if side == "holdout":
        return rows(with_holdout(pair, "a comparison with the holdout"), "synthetic", without)
    return pair.get(_SyntheticRows(without))


def real_rows(real: Table, without: tuple[str, ...] = ()) -> Rows:
    """A real table, encoded in its own ranges and codes; see `rows`."""
    return real.get(_RealRows(without))


def search(
    pair: TablePair, queries: Side, references: Side, k: int, without: tuple[str, ...] = ()
) -> Neighbours:
    """The k closest rows of one side for each row of another; of the same side, without itself.

    Args:
        pair: The tables.
        queries: Side whose rows look for neighbours.
        references: Side that they find them in.
        k: How many, at least 1. Fewer columns are returned if there are fewer rows to find,
            none if a table of one row is searched in itself.
        without: Columns to leave out.

    Raises:
        UndefinedScoreError: A side is the holdout, and there is none.
    """
    if queries == references == "real":
        return pair.real.get(_RealSearch(k, without))
    if "synthetic" not in (queries, references):
        between = with_holdout(pair, "a search in the holdout")
        return search(between, _moved(queries), _moved(references), k, without)
    return pair.get(_Search(queries, references, k, without))


def in_balls(pair: TablePair, points: Side, centres: Side, k: int) -> Balls:
    """Points in the balls that reach from each centre to the k-th closest row of its own table.

    The values of the points are their distances to the centre of their own table. Balls to the
    closest row and to the `SHARED`-th are searched together.

    Raises:
        UndefinedScoreError: The table of the centres has no more than k rows.
    """
    shared = k == 1 and len(rows(pair, centres)) > SHARED
    found = pair.get(_InBalls(points, centres, SHARED if shared else k))
    return found[0 if k == 1 else -1]


def in_any_ball(pair: TablePair, points: Side, centres: Side, k: int) -> NDArray[np.bool_]:
    """Which points lie in a ball at all, see `in_balls`, which takes longer.

    Raises:
        UndefinedScoreError: The table of the centres has no more than k rows.
    """
    return pair.get(_InAnyBall(points, centres, k))


def closer_in_holdout(pair: TablePair) -> Neighbours:
    """The closest holdout row of each synthetic row, or any if none is as close as a real row.

    Raises:
        UndefinedScoreError: There is no holdout.
    """
    return pair.get(_CloserInHoldout())


def centre_distances(pair: TablePair, side: Side, centre: Side) -> Floats:
    """Euclidean distance of each row of a side to the mean row of a side."""
    return pair.get(_CentreDistances(side, centre))


def _moved(side: Side) -> Side:
    """Where a side is in the pair of real and holdout."""
    return "synthetic" if side == "holdout" else side


@final
@dataclass(frozen=True)
class _RealRows:
    without: tuple[str, ...]

    def __call__(self, real: Table) -> Rows:
        return _encoded(real, real, None, self.without)


@final
@dataclass(frozen=True)
class _SyntheticRows:
    without: tuple[str, ...]

    def __call__(self, pair: TablePair) -> Rows:
        return _encoded(pair.synthetic, pair.real, pair.holdout, self.without)


@final
@dataclass(frozen=True)
class _RealSearch:
    k: int
    without: tuple[str, ...]

    def __call__(self, real: Table) -> Neighbours:
        own = real_rows(real, self.without)
        return nearest(own, own, min(self.k, len(own) - 1), leave_one_out=True)


@final
@dataclass(frozen=True)
class _Search:
    queries: Side
    references: Side
    k: int
    without: tuple[str, ...]

    def __call__(self, pair: TablePair) -> Neighbours:
        asking = rows(pair, self.queries, self.without)
        asked = rows(pair, self.references, self.without)
        alone = self.queries == self.references
        return nearest(asking, asked, min(self.k, len(asked) - alone), leave_one_out=alone)


@final
@dataclass(frozen=True)
class _InBalls:
    points: Side
    centres: Side
    k: int

    def __call__(self, pair: TablePair) -> tuple[Balls, ...]:
        """Those to the closest row, and to the k-th if that is another."""
        radii = _radii(pair, self.centres, self.k)[:, sorted({0, self.k - 1})]
        values = centre_distances(pair, self.points, self.points)
        return nested_balls(rows(pair, self.points), rows(pair, self.centres), radii, values)


@final
@dataclass(frozen=True)
class _InAnyBall:
    points: Side
    centres: Side
    k: int

    def __call__(self, pair: TablePair) -> NDArray[np.bool_]:
        radii = _radii(pair, self.centres, self.k)[:, self.k - 1]
        return covered(rows(pair, self.points), rows(pair, self.centres), radii)


@final
@dataclass(frozen=True)
class _CloserInHoldout:
    def __call__(self, pair: TablePair) -> Neighbours:
        holdout = rows(pair, "holdout")
        limits = search(pair, "synthetic", "real", 2).distances[:, 0]
        # Distances that differ by less than a tie count as equal.
        return nearest(rows(pair, "synthetic"), holdout, 1, ceiling=limits + TIE)


def _radii(pair: TablePair, side: Side, k: int) -> Floats:
    """Distances of each row to at least the k closest others of its table."""
    if len(rows(pair, side)) <= k:
        raise UndefinedScoreError(
            f"balls to the {k}. neighbour are undefined for the {side} table: "
            f"they need {k + 1} rows; it has {len(rows(pair, side))}"
        )
    return search(pair, side, side, max(k, SHARED)).distances


@final
@dataclass(frozen=True)
class _CentreDistances:
    side: Side
    centre: Side

    def __call__(self, pair: TablePair) -> Floats:
        return Centre.of(rows(pair, self.centre)).distances(rows(pair, self.side))


def _encoded(table: Table, real: Table, holdout: Table | None, without: tuple[str, ...]) -> Rows:
    """A table in the ranges and codes of the real one.

    Categories that the real table does not have get codes of their own, the same ones in the
    synthetic table as in the holdout.
    """
    numbers = [name for name in table.spec.of_kind(*NUMERIC) if name not in without]
    labels = [name for name in table.spec.of_kind(*DISCRETE) if name not in without]
    if not numbers and not labels:
        raise SchemaError(
            f"{table.name} has no columns that distances are computed from: it needs "
            f"continuous, datetime, categorical or boolean ones{' besides ' * bool(without)}"
            f"{', '.join(without)}; it has {list(table.spec.names)}"
        )
    codes = [_codes(table, real.levels(name), holdout) for name in labels]
    return Rows(
        continuous=scale_to_range(_values(table, numbers), _values(real, numbers)),
        codes=np.column_stack(codes) if codes else np.zeros((len(table), 0), np.int64),
    )


def _values(table: Table, names: list[str]) -> Floats:
    if not names:
        return np.zeros((len(table), 0))
    return np.column_stack([table.values(name) for name in names])


def _codes(table: Table, levels: Levels, holdout: Table | None) -> Ints:
    codes = table.codes(levels).astype(np.int64)
    ahead = holdout.unseen(levels) if holdout is not None else ()
    own = table.unseen(levels)
    if not own or not ahead:
        return codes
    places = {label: place for place, label in enumerate(ahead)}
    for label in own:
        places.setdefault(label, len(places))
    lookup = np.arange(levels.size + 1 + len(own))
    lookup[levels.size + 1 :] = [levels.size + 1 + places[label] for label in own]
    return np.asarray(lookup[codes], dtype=np.int64)


Value = TypeVar("Value")


@final
@dataclass(frozen=True)
class Sampled(Generic[Value]):
    """Another part, computed on at most so many rows of each table: ``Sampled(DCR(), 20_000)``.

    Neighbour searches and classifiers take time with the square of the rows, or nearly so. All
    parts that are sampled alike share the sample, and with it each other's searches. A table that
    is not longer is used as it is. Numbers that depend on how many rows there are (distances to
    the closest record) are those of the sample; their references are as well.

    Attributes:
        part: What to compute.
        rows: Most rows of each table, at least 1.
        seed: Decides which rows.
        matched: Whether the synthetic table is cut to as many rows as the holdout, if there is
            one: a score that depends on how many rows there are can only then be compared with
            its reference.

    Raises:
        ParameterError: ``rows`` is below 1.
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
        named = getattr(self.part, "name", None) or getattr(self.part, "__name__", "")
        return str(named)

    @property
    def best(self) -> float | Mapping[str, float] | None:
        """Best value of the part, or of each of its entries, if it says so."""
        best: float | Mapping[str, float] | None = getattr(self.part, "best", None)
        return best

    def __call__(self, pair: TablePair) -> Value:
        """Draw, or look up what was drawn, and compute."""
        return self.part(self._drawn(pair))

    def control(self, pair: TablePair) -> float | Mapping[str, float]:
        """What real rows reach, if the part says so itself; nothing otherwise."""
        # A checker takes a function type, which the part is declared as, to have no methods.
        part: object = self.part
        if isinstance(part, Controlled) and callable(part.control):
            found: float | Mapping[str, float] = part.control(self._drawn(pair))
            return found
        return {}

    def _drawn(self, pair: TablePair) -> TablePair:
        return pair.get(_SampledPair(self.rows, self.seed, self.matched))


@final
@dataclass(frozen=True)
class _SampledTable:
    rows: int
    seed: int

    def __call__(self, table: Table) -> Table:
        if len(table) <= self.rows:
            return table
        order = np.random.default_rng(self.seed).permutation(len(table))
        frame = table.frame.iloc[np.sort(order[: self.rows])]
        return Table(frame, table.spec, name=table.name)


@final
@dataclass(frozen=True)
class _SampledPair:
    rows: int
    seed: int
    matched: bool

    def __call__(self, pair: TablePair) -> TablePair:
        draw = _SampledTable(self.rows, self.seed)
        real, synthetic = pair.real.get(draw), pair.synthetic.get(draw)
        if pair.holdout is None:
            return TablePair(real, synthetic)
        holdout = pair.holdout.get(draw)
        if self.matched and len(synthetic) > len(holdout):
            synthetic = synthetic.get(_SampledTable(len(holdout), self.seed))
        return TablePair(real, synthetic, holdout)
