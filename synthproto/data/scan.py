"""Tables whose rows are never together in memory: statistics by passes over pieces of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast, final

import numpy as np
from numpy.typing import NDArray

from synthproto.checks import check_least
from synthproto.data.distribution import Distribution, Floats, Places, Ranks, rounded
from synthproto.data.kinds import DISCRETE, NUMERIC
from synthproto.data.merging import (
    CoMomentsAt,
    Counted,
    Inside,
    Keys,
    Profile,
    Profiled,
    Ranked,
    Spread,
)
from synthproto.data.pieces import HalfPiece, Job, Map, Piece, mapped, piece_name
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import (
    BinRule,
    CoMoments,
    Levels,
    Moments,
    Statistic,
    bin_codes,
    interval_labels,
    statistic,
)
from synthproto.data.summary import Merging, Pending, Summary
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError

Value = TypeVar("Value")

GRID = 1 << 16
"""Places at which a column with too many different numbers is counted."""

_FETCHED = 1 << 22  # numbers that are fetched one by one at most
_QUARTILES = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}
_PROFILE = Profiled()


@final
class Scan:
    """A table that is read piece by piece, whenever something new is asked of it.

    It fits `Summary`: scores that need no rows give the numbers that they give of a `Table`. What
    is computed is kept, and what a plan asks for is computed in few passes: two over all columns,
    and some over single columns of more than 131,072 distinct numbers. `Sampled` draws the same
    rows from it as from a table. Numbers of such columns that differ from real ones in their last
    digits only are taken as they are.

    Args:
        pieces: Functions that read some of the rows each, in order. One with ``select(columns)``
            is asked only for the columns that a pass needs.
        spec: Names and kinds of the columns.
        name: What errors call the table, e.g. ``"real table"``.
        map: What applies a function to the pieces: the builtin, or a method of an executor.
        pieces_a_job: Neighbouring pieces that one call reads. Results do not depend on the
            engine, but in their last digits on this.

    Raises:
        ParameterError: There are no pieces.

    >>> import pandas as pd
    >>> from synthproto import MeanJSDistance, Pair, Scan, TableSpec
    >>> frame = pd.DataFrame({"age": range(100), "sex": ["f", "m"] * 50})
    >>> real = Scan([frame[:60].copy, frame[60:].copy], TableSpec.infer(frame))
    >>> len(real), MeanJSDistance()(Pair(real, real))
    (100, 0.0)
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        spec: TableSpec,
        *,
        name: str = "table",
        map: Map = map,  # noqa: A002  the parameter is named like the builtin that it takes
        pieces_a_job: int = 4,
    ) -> None:
        check_least(self, "pieces_a_job", pieces_a_job, 1)
        if not pieces:
            raise ParameterError(f"Scan: the {name} has no pieces; give one function at least")
        self._pieces = tuple(pieces)
        self._spec = spec
        self._name = name
        self._map = map
        self._size = pieces_a_job
        self._known: Mapping[str, tuple[Floats, float]] = {}
        self._memo: dict[object, object] = {}
        self._asked: dict[Merging[Any], None] = {}
        self._waits = False
        self._passes: list[tuple[str, ...]] = []

    @property
    def name(self) -> str:
        """What errors call the table."""
        return self._name

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns."""
        return self._spec

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Dtype of each column."""
        return self._profile.dtypes

    @property
    def passes(self) -> tuple[tuple[str, ...], ...]:
        """The columns that each pass over the rows has read so far."""
        return tuple(self._passes)

    def __len__(self) -> int:
        """Number of rows."""
        return sum(self._profile.rows)

    def __repr__(self) -> str:
        return (
            f"Scan({self._name!r}, {len(self._pieces)} pieces, {len(self._spec.columns)} columns)"
        )

    if not TYPE_CHECKING:  # a checker knows that a scan has no rows

        def __getattr__(self, name: str) -> NoReturn:
            """Say why there are no rows to ask for."""
            raise AttributeError(
                f"the {self.__dict__.get('_name', 'table')} has no {name!r}: its rows are never "
                "together. Wrap what needs rows, Sampled(part), or make a Table of some of them"
            )

    # --- passes ---------------------------------------------------------------------------------

    def total(self, statistic: Merging[Value]) -> Value:
        """A statistic that merges, of all rows, at the first call by a pass over them."""
        if statistic not in self._memo:
            self._asked[statistic] = None
            if self._waits:
                raise Pending
            self.read()
        return cast("Value", self._memo[statistic])  # which is what it was asked for

    def get(self, compute: Callable[[Summary], Value]) -> Value:
        """A statistic of this table, computed at the first call and kept."""
        return self._once(compute, lambda: compute(self))

    def wait(self, whether: bool) -> None:
        """Whether to note what needs a pass, for `read`, and to raise `Pending`."""
        self._waits = whether

    @property
    def narrow(self) -> tuple[Merging[Any], ...]:
        """What was asked for that looks at a single column."""
        return tuple(s for s in self._asked if len(s.narrowed(self._spec)) == 1)

    def read(self, asked: tuple[Merging[Any], ...] = ()) -> None:
        """One pass over the rows for statistics that were asked for; by default all."""
        asked = asked or tuple(self._asked)
        for each in asked:
            del self._asked[each]
        if asked:
            names = {name for s in asked for name in s.narrowed(self._spec)}
            self._passes.append(tuple(name for name in self._spec.names if name in names))
            self._memo |= dict(zip(asked, self._merged(asked), strict=True))

    def _merged(self, asked: tuple[Merging[Any], ...]) -> list[Any]:
        known = cast("Profile | None", self._memo.get(_PROFILE))
        rows: list[int] = []
        found: list[Any] = []
        for part in mapped(self._map, list(self._jobs(asked, known)), self._name):
            rows += part.rows
            if part.values:
                both = zip(asked, found, part.values, strict=False)
                found = [s.merged(a, b) for s, a, b in both] if found else part.values
        if not sum(rows):
            raise SchemaError(f"{self._name} has no rows in {len(self._pieces)} pieces")
        if known is not None:
            self._check_same(known.rows, rows)
        # Pieces without rows are counted too.
        return [replace(v, rows=tuple(rows)) if isinstance(v, Profile) else v for v in found]

    def _check_same(self, before: Sequence[int], rows: Sequence[int]) -> None:
        for number, (first, now) in enumerate(zip(before, rows, strict=True), start=1):
            if first != now:
                where = piece_name(number, self._pieces[number - 1])
                raise SchemaError(
                    f"{where} of the {self._name} had {first} rows when it was read first and now "
                    f"has {now}: a data set must not change while it is compared"
                )

    def _jobs(self, asked: tuple[Merging[Any], ...], known: Profile | None) -> Iterator[Job]:
        labels = {} if known is None else {c: tuple(names) for c, names in known.labels.items()}
        rows = (0,) * len(self._pieces) if known is None else known.rows
        starts = [0, *np.cumsum(rows).tolist()]
        for first in range(0, len(self._pieces), self._size):
            yield Job(
                self._pieces[first : first + self._size],
                first + 1,
                tuple(starts[first : first + self._size]),
                asked,
                self._spec,
                self._name,
                labels,
                self._known,
            )

    @property
    def _profile(self) -> Profile:
        profile = self.total(_PROFILE)
        return self._once("snapped profile", lambda: profile.snapped(self._known))

    def _once(self, key: object, compute: Callable[[], Value]) -> Value:
        if key not in self._memo:
            self._memo[key] = compute()
        # What is kept under a key was computed by a function of the same type.
        return cast("Value", self._memo[key])

    def snapped(self, known: Mapping[str, tuple[Floats, float]]) -> Self:
        """The same rows, numbers that equal a known one of their column made equal to it."""
        other = copy(self)
        other._known = {**self._known, **known}
        other._memo = {_PROFILE: self._memo[_PROFILE]} if _PROFILE in self._memo else {}
        other._asked = {}
        return other

    def half(self, seed: int, is_first: bool) -> "Scan":
        """One of two random halves, which are the same however the rows are cut."""
        starts = np.cumsum([0, *self._profile.rows])
        pieces = [
            HalfPiece(piece, start, len(self), seed, is_first)
            for piece, start in zip(self._pieces, starts.tolist(), strict=False)
        ]
        return Scan(pieces, self._spec, name=self._name, map=self._map, pieces_a_job=self._size)

    # --- one column -----------------------------------------------------------------------------

    def moments(self, column: str) -> Moments:
        """Count, missing, mean, spread and extremes of a column of numbers."""
        return self._profile.moments[column]

    def missing(self, column: str) -> int:
        """Number of missing values of a column of any kind."""
        return self._profile.missing[column]

    def distinct(self, column: str) -> int:
        """Number of distinct present values; of keys up to collisions of their 64-bit hashes.

        Raises:
            UndefinedScoreError: It is a column of more than 131,072 distinct numbers.
        """
        if self._spec.kind(column) in DISCRETE:
            return len(self._profile.labels[column])
        if self._spec.kind(column) not in NUMERIC:
            return len(self.total(Keys(column)))
        known = self.spread(column)
        if known.exact:
            return len(known.values)
        raise UndefinedScoreError(
            f"the distinct numbers of column {column!r} of the {self._name} are too many to count"
        )

    def statistic(self, column: str, name: Statistic) -> float:
        """A descriptive statistic of a column of numbers, as `Table.statistic` has it."""
        moments = self.moments(column)
        if not moments.count:
            raise UndefinedScoreError(
                f"{name} of column {column!r} is undefined for the {self._name}: all "
                f"{len(self)} values are missing"
            )
        if name not in _QUARTILES:
            return statistic(name, moments, np.empty(0))
        place = _QUARTILES[name] * (moments.count - 1)
        below = int(place)
        low, high = self.at(column, [below, min(below + 1, moments.count - 1)]).tolist()
        return float(low + (high - low) * (place - below))

    def spread(self, column: str, decimals: int | None = None) -> Distribution:
        """Distinct present numbers, rounded or not, with how many rows have each."""
        known = self._profile.spreads[column]
        if decimals is None:
            return known
        if known.exact:
            return self._once(("rounded", column, decimals), lambda: known.rounded(decimals))
        return self.total(Spread(column, decimals))

    def grid(self, column: str, decimals: int | None = None) -> Places:
        """All distinct numbers of a column if they are few, else some of equal shares of rows."""
        return self._once(("grid", column, decimals), lambda: self._grid(column, decimals))

    def _grid(self, column: str, decimals: int | None) -> Places:
        known = self.spread(column, decimals)
        if known.exact:
            return Places(column, known.values, decimals)
        ends = rounded(np.array([self.moments(column).low, self.moments(column).high]), decimals)
        return Places(column, np.unique(np.concatenate([ends, known.grid(GRID)])), decimals)

    def ranks(self, places: Places) -> Ranks:
        """How many rows have a number below each place, and how many none above it."""
        known = self.spread(places.column, places.decimals)
        return known.ranks(places.values) if known.exact else self.total(Ranked(places))

    def between(self, places: Places, gaps: tuple[int, ...]) -> Places:
        """Distinct numbers between some places and the next ones; none where these are too many."""
        ranks = self.ranks(places)
        ends = np.append(ranks.below[1:], self.moments(places.column).count)
        if int((ends - ranks.upto)[list(gaps)].sum()) > _FETCHED:
            return Places(places.column, np.empty(0), places.decimals)
        inside = self.total(Inside(places, gaps))
        key = ("between", places, gaps)
        return self._once(key, lambda: Places(places.column, np.unique(inside), places.decimals))

    def at(self, column: str, wanted: list[int]) -> Floats:
        """Numbers at some places of the sorted column."""
        known = self.spread(column)
        if known.exact:
            return known.values[np.searchsorted(known.upto, wanted, side="right")]
        grid, ranks = self.grid(column), self.ranks(self.grid(column))
        place = np.searchsorted(ranks.upto, wanted, side="right")  # the first with enough rows
        found = grid.values[place]
        inside = np.flatnonzero(ranks.below[place] > wanted)
        if not len(inside):
            return found
        gaps = tuple(sorted({int(p) - 1 for p in place[inside]}))
        values = self.total(Inside(grid, gaps))
        lengths = (np.append(ranks.below[1:], 0) - ranks.upto)[list(gaps)]
        starts = dict(zip(gaps, np.cumsum(lengths) - lengths, strict=True))
        for i in inside.tolist():
            gap = int(place[i]) - 1
            found[i] = values[starts[gap] + wanted[i] - ranks.upto[gap]]
        return found

    # --- levels ---------------------------------------------------------------------------------

    def levels(self, column: str, bins: int = 10, rule: BinRule = "width") -> Levels:
        """Categories or bins of a column, fitted on this table, as `Table.levels` has them."""
        if self._spec.kind(column) not in NUMERIC:
            return self._once(("levels", column), lambda: self._categories(column))
        if bins < 1:
            raise ParameterError(f"bins of column {column!r} must be at least 1; got {bins}")
        return self._once(("levels", column, bins, rule), lambda: self._bins(column, bins, rule))

    def _categories(self, column: str) -> Levels:
        ranked = sorted(self._profile.labels[column].items(), key=lambda own: (-own[1], own[0]))
        return Levels(column, tuple(name for name, _ in ranked))

    def _bins(self, column: str, bins: int, rule: BinRule) -> Levels:
        edges = self._edges(column, bins, rule)
        return Levels(column, interval_labels(edges), edges)

    def _edges(self, column: str, bins: int, rule: BinRule) -> Floats:
        """As `synthproto.data.statistics.fitted_edges`, from places of the sorted column."""
        moments = self.moments(column)
        if not moments.count:
            return np.empty(0)
        low, high = moments.low, moments.high
        if rule == "width":
            inner = np.unique(np.linspace(low, high, bins + 1)[1:-1])
            inner = inner[(inner > low) & (inner < high)]
        else:
            inner = np.unique(self._quantile_edges(column, moments.count, bins))
            inner = inner[inner > low]
        return np.concatenate([[low], inner, [high]])

    def _quantile_edges(self, column: str, n: int, bins: int) -> Floats:
        first = self.at(column, [i * n // bins for i in range(1, bins)])
        starts, repeats = np.unique(first, return_counts=True)
        heavy = starts[repeats > 1]
        if not len(heavy):
            return starts
        ranks = self.ranks(self._once(("heavy", column, bins), lambda: Places(column, heavy)))
        lengths = ranks.upto - ranks.below
        light = n - int(lengths.sum())
        share = max(bins - len(heavy), 1)
        # The place among light numbers, moved up by the heavy ones below it.
        begin = ranks.below - (np.cumsum(lengths) - lengths)
        wanted = [i * light // share for i in range(1, share)] if light else []
        moved = [place + int(lengths[begin <= place].sum()) for place in wanted]
        after = ranks.upto[ranks.upto < n].tolist()
        return np.concatenate([heavy, self.at(column, [*after, *moved])])

    def counts(self, levels: Levels) -> NDArray[np.int64]:
        """Rows in each slot of some table's levels."""
        if levels.edges is None:
            return self._once(("counts", levels), lambda: self._label_counts(levels))
        known = self.spread(levels.column)
        if known.exact:
            return self._once(("counts", levels), lambda: self._bin_counts(levels, known))
        counts = self.total(Counted(levels))
        return counts[: max(int(np.flatnonzero(counts).max(initial=0)), levels.size) + 1]

    def _bin_counts(self, levels: Levels, known: Distribution) -> NDArray[np.int64]:
        edges = np.empty(0) if levels.edges is None else levels.edges
        codes = bin_codes(known.values, edges)
        counts = np.zeros(max(levels.size, int(codes.max(initial=0))) + 1, dtype=np.int64)
        np.add.at(counts, codes, known.counts)
        counts[0] = self.missing(levels.column)
        return counts

    def _label_counts(self, levels: Levels) -> NDArray[np.int64]:
        labels = self._profile.labels[levels.column]
        slots = levels.slots_of(tuple(labels))
        counts = np.zeros(max(levels.size, int(slots.max())) + 1, dtype=np.int64)
        np.add.at(counts, slots, [*labels.values(), self.missing(levels.column)])
        return counts

    def unseen(self, levels: Levels) -> tuple[str, ...]:
        """Categories of this table that the levels do not have, in the order of their slots."""
        own = tuple(self._profile.labels[levels.column])
        slots = levels.slots_of(own).tolist()
        return tuple(label for label, slot in zip(own, slots, strict=False) if slot > levels.size)

    def co_moments(self, columns: tuple[str, ...]) -> CoMoments:
        """Sums of products of columns of numbers, for correlations."""
        moments = [self.moments(column) for column in columns]
        centre = tuple(moment.mean for moment in moments)
        return self.total(CoMomentsAt(columns, centre, tuple(m.span for m in moments)))
