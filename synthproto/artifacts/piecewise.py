"""Searches for few rows among all rows of tables that are read in pieces.

Pieces are searched one by one, and what is found in them merges: the closest rows of all pieces
are the closest of the closest rows of each. Distances are those of `synthproto.artifacts.rows`.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.rows import Scale, Side
from synthproto.data.distribution import Places
from synthproto.data.merging import Sample
from synthproto.data.pair import Known, SummaryPair
from synthproto.data.passes import ranks_of
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import Levels
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import UndefinedScoreError
from synthproto.measures.hashes import row_hashes
from synthproto.measures.neighbours import Neighbours, nearest, pairs_within
from synthproto.measures.privacy import Closest
from synthproto.measures.rows import (
    Digits,
    Floats,
    Ints,
    RankScale,
    Rows,
    distinct,
    knot_places,
    snapped_to,
)

_FIRST = 20_000  # rows that say how far the closest row is at most


def is_read_in_pieces(side: Summary | None) -> bool:
    """Whether the rows of a table are never together."""
    return isinstance(side, Scan)


def side_of(pair: SummaryPair, side: Side) -> Summary:
    """One of the tables of a pair.

    Raises:
        UndefinedScoreError: It is the holdout, and there is none.
    """
    found = {"real": pair.real, "synthetic": pair.synthetic, "holdout": pair.holdout}[side]
    if found is None:
        raise UndefinedScoreError("a search in the holdout is undefined: there is none")
    return found


def search_pieces(
    pair: SummaryPair,
    queries: Side,
    references: Side,
    k: int,
    without: tuple[str, ...],
    scale: Scale,
) -> Neighbours:
    """The k closest rows of a side that may be read in pieces for each row of a table.

    Args:
        pair: The tables.
        queries: Side whose rows look for neighbours; a `Table`.
        references: Side that they find them in.
        k: How many, at least 1.
        without: Columns to leave out.
        scale: How numbers are scaled.

    Raises:
        UndefinedScoreError: The rows that look for others are not in memory, or are those that
            they look in.
    """
    if queries == references:
        raise UndefinedScoreError(
            f"a search of the {side_of(pair, queries).name} in itself is undefined in pieces"
        )
    among = side_of(pair, references)
    return among.total(pair.get(_Asked(queries, references, min(k, len(among)), without, scale)))


def closest_in_pieces(pair: SummaryPair, scale: Scale) -> Closest:
    """Which real and holdout rows are the closest to each row of a synthetic `Table`."""
    return pair.get(_ClosestInBoth(scale))


def copied_in_pieces(pair: SummaryPair) -> NDArray[np.bool_]:
    """Which rows of a synthetic `Table` are in the real table, value for value, by their hashes.

    Numbers of a column of more than 131,072 distinct ones are equal if they are in float64, or in
    float32 if all of one side are float32 numbers.
    """
    return pair.real.total(pair.get(_AskedHashes()))


# --- rows, encoded piece by piece -----------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class _Encoder:
    """Encodes rows of a side as `synthproto.artifacts.rows` does, whatever piece they are in.

    Attributes:
        numbers: Columns of numbers.
        scales: Of each; ``None`` leaves its numbers as they are.
        known: Real numbers that others are made equal to if they are near; ``None`` if these are
            too many.
        tolerances: How near, as a share of the numbers.
        levels: Labels of all sides, by discrete column.
    """

    numbers: tuple[str, ...]
    scales: tuple[RankScale | None, ...]
    known: tuple[Floats | None, ...]
    tolerances: tuple[float, ...]
    levels: tuple[Levels, ...]

    def __call__(self, table: Table) -> Rows:
        """Rows of a table or piece."""
        columns = [self._column(table, place) for place in range(len(self.numbers))]
        codes = [table.codes(levels).astype(np.int64) for levels in self.levels]
        return Rows(
            np.column_stack(columns) if columns else np.zeros((len(table), 0)),
            np.column_stack(codes) if codes else np.zeros((len(table), 0), np.int64),
        )

    def _column(self, table: Table, place: int) -> Floats:
        values, known = table.values(self.numbers[place]), self.known[place]
        tolerance, scale = self.tolerances[place], self.scales[place]
        if known is not None:
            values = snapped_to(values, known, tolerance)
        elif scale is None and tolerance > 1e-10:
            values = values.astype(np.float32).astype(np.float64)
        return values if scale is None else scale(values)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are looked at."""
        return (*self.numbers, *(levels.column for levels in self.levels))


@final
@dataclass(frozen=True)
class _Encoding:
    """Makes the encoder of a side, whose digits count besides those of the real table.

    Without a scale, numbers are left as they are.
    """

    beside: Side
    without: tuple[str, ...]
    scale: Scale | None

    def __call__(self, pair: SummaryPair) -> _Encoder:
        kinds = (NUMERIC, DISCRETE)
        numbers, labels = (
            tuple(c for c in pair.spec.of_kind(*kind) if c not in self.without) for kind in kinds
        )
        table, real = side_of(pair, self.beside), pair.real
        spreads = for_each(
            numbers, lambda column: (real.get(Known(column)), _digits(table, column))
        )
        scales = for_each(numbers, lambda column: real.get(_ScaleOf(column, self.scale)))
        tolerances = [
            (_digits(real, column) if known is None else known.digits).precision(digits)
            for column, (known, digits) in zip(numbers, spreads, strict=True)
        ]
        known = [
            None if own is None else distinct(own.values, tolerance)
            for (own, _), tolerance in zip(spreads, tolerances, strict=True)
        ]
        levels = for_each(labels, lambda column: pair.get(_AllLabels(column)))
        return _Encoder(numbers, tuple(scales), tuple(known), tuple(tolerances), tuple(levels))


def _digits(table: Summary, column: str) -> Digits:
    return Digits.of(
        table.values(column) if isinstance(table, Table) else table.spread(column).values
    )


@final
@dataclass(frozen=True)
class _ScaleOf:
    """How numbers of a real column are scaled."""

    column: str
    scale: Scale | None

    def __call__(self, real: Summary) -> RankScale | None:
        if self.scale is None:
            return None
        moments = real.moments(self.column)
        if self.scale == "range" or not moments.count:  # knots at the ends of the range, if any
            knots = np.unique([moments.low, moments.high]) if moments.count else np.empty(0)
            return RankScale(knots, np.linspace(0, 1, len(knots)))
        places = real.get(_Knots(self.column))
        ranks = ranks_of(real, places)
        return RankScale(places.values, (ranks.below + ranks.upto) / (2 * moments.count))


@final
@dataclass(frozen=True)
class _Knots:
    """Real numbers at which shares of rows are known exactly; see `RankScale`."""

    column: str

    def __call__(self, real: Summary) -> Places:
        count = real.moments(self.column).count
        places = knot_places(count)
        if isinstance(real, Scan):
            return Places(self.column, np.unique(real.at(self.column, places.tolist())))
        if isinstance(real, Table):
            return Places(self.column, np.unique(real.ascending(self.column)[places]))
        raise UndefinedScoreError(f"a search in the {real.name} is undefined: it has no rows")


@final
@dataclass(frozen=True)
class _AllLabels:
    """The real table's labels of a column, and behind them those that only other sides have."""

    column: str

    def __call__(self, pair: SummaryPair) -> Levels:
        levels = pair.real.levels(self.column)
        others = [pair.holdout, pair.synthetic]
        new = [label for side in others if side is not None for label in side.unseen(levels)]
        labels = dict.fromkeys(new)
        written = (*levels.written, *labels) if levels.written else ()
        return Levels(self.column, (*levels.labels, *labels), written=written)


# --- what is looked for ---------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class _Asked:
    """Makes the search of a pair, once."""

    queries: Side
    references: Side
    k: int
    without: tuple[str, ...]
    scale: Scale

    def __call__(self, pair: SummaryPair) -> "_Search":
        asking = _queries(pair, self.queries)
        among = side_of(pair, self.references)
        encoders = for_each(
            (self.queries, self.references),
            lambda side: pair.get(_Encoding(side, self.without, self.scale)),
        )
        rows = encoders[0](asking)
        some = encoders[1](among.get(Sample(_FIRST, 0)))
        # What is farther than the closest of some rows need not be found exactly.
        least = nearest(rows, some, min(self.k, len(some))).distances[:, -1]
        return _Search(encoders[1], rows, self.k, least if len(some) >= self.k else None)


def _queries(pair: SummaryPair, side: Side) -> Table:
    asking = side_of(pair, side)
    if not isinstance(asking, Table):
        raise UndefinedScoreError(
            f"a search for all rows of the {asking.name} is undefined: they are never together. "
            "Take some of them: Sampled(part)"
        )
    return asking


@final
@dataclass(frozen=True, eq=False)
class _Search:
    """The closest rows of all pieces."""

    encoder: _Encoder
    queries: Rows
    k: int
    ceiling: Floats | None

    def __call__(self, rows: Table) -> Neighbours:
        own = self.encoder(rows)
        found = nearest(self.queries, own, min(self.k, len(own)), ceiling=self.ceiling)
        return Neighbours(found.distances, found.indices + rows.first_row)

    def merged(self, first: Neighbours, second: Neighbours) -> Neighbours:
        distances = np.concatenate([first.distances, second.distances], axis=1)
        indices = np.concatenate([first.indices, second.indices], axis=1)
        order = np.lexsort((indices, distances), axis=1)[:, : self.k]
        return Neighbours(
            np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1)
        )

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.encoder.columns


@final
@dataclass(frozen=True, eq=False)
class _Within:
    """How many rows of all pieces are as near as the closest row to each query."""

    encoder: _Encoder
    queries: Rows
    reach: Floats

    def __call__(self, rows: Table) -> Ints:
        counts = np.zeros(len(self.queries), dtype=np.int64)
        for one, _ in pairs_within(self.queries, self.encoder(rows), self.reach):
            counts += np.bincount(one, minlength=len(counts))
        return counts

    def merged(self, first: Ints, second: Ints) -> Ints:
        return first + second

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.encoder.columns


@final
@dataclass(frozen=True, eq=False)
class _Loads:
    """Sum over rows j of ``w_j`` squared, see `Closest`."""

    within: _Within
    shares: Floats

    def __call__(self, rows: Table) -> float:
        loads = np.zeros(len(rows))
        within = self.within
        for one, other in pairs_within(within.queries, within.encoder(rows), within.reach):
            loads += np.bincount(other, self.shares[one], len(loads))
        return float(np.square(loads).sum())

    def merged(self, first: float, second: float) -> float:
        return first + second

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.within.encoder.columns


_BOTH: tuple[Side, Side] = ("real", "holdout")


@final
@dataclass(frozen=True)
class _ClosestInBoth:
    scale: Scale

    def __call__(self, pair: SummaryPair) -> Closest:
        real, holdout = (side_of(pair, side) for side in _BOTH)
        within = zip((real, holdout), pair.get(_Least(self.scale)), strict=True)
        counts = for_each(within, lambda both: both[0].total(both[1]))
        tied = (counts[0] + counts[1]).astype(np.float64)
        loads = zip((real, holdout), pair.get(_LoadsOf(self.scale)), strict=True)
        squares = for_each(loads, lambda both: both[0].total(both[1]))
        sums = float(len(tied)), squares[0] + squares[1]
        return Closest(counts[0] / tied, tied, sums, (len(real), len(holdout)))


@final
@dataclass(frozen=True)
class _Least:
    """What counts the rows of real table and holdout that are as near as the closest of both."""

    scale: Scale

    def __call__(self, pair: SummaryPair) -> tuple[_Within, _Within]:
        found = for_each(
            _BOTH, lambda side: search_pieces(pair, "synthetic", side, 2, (), self.scale)
        )
        reach = np.minimum(found[0].distances[:, 0], found[1].distances[:, 0])
        encoders = for_each(
            ("synthetic", *_BOTH), lambda side: pair.get(_Encoding(side, (), self.scale))
        )
        rows = encoders[0](_queries(pair, "synthetic"))
        return _Within(encoders[1], rows, reach), _Within(encoders[2], rows, reach)


@final
@dataclass(frozen=True)
class _LoadsOf:
    """What sums up the loads of real and holdout rows."""

    scale: Scale

    def __call__(self, pair: SummaryPair) -> tuple[_Loads, _Loads]:
        within = pair.get(_Least(self.scale))
        counts = [side_of(pair, side).total(w) for side, w in zip(_BOTH, within, strict=True)]
        shares = 1.0 / (counts[0] + counts[1])
        return _Loads(within[0], shares), _Loads(within[1], shares)


@final
@dataclass(frozen=True)
class _AskedHashes:
    """Makes the look-up of a pair, once."""

    def __call__(self, pair: SummaryPair) -> "_Copied":
        encoder = pair.get(_Encoding("synthetic", (), None))
        return _Copied(encoder, row_hashes(encoder(_queries(pair, "synthetic"))))


@final
@dataclass(frozen=True, eq=False)
class _Copied:
    """Which hashes of rows occur in any piece."""

    encoder: _Encoder
    hashes: NDArray[np.uint64]

    def __call__(self, rows: Table) -> NDArray[np.bool_]:
        return np.isin(self.hashes, row_hashes(self.encoder(rows)))

    def merged(self, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return first | second

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.encoder.columns
