"""Pairs of tables: a real and a synthetic one, compared cheaply.

What is computed from both sides is kept with the pair: ``histogram(column, bins, rule)`` counts
both in the real table's levels, ``get(function)`` keeps anything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeAlias, TypeVar, cast, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.checks import did_you_mean, listed, refuse
from synthproto.data.kinds import DISCRETE, NUMERIC
from synthproto.data.merging import Sample, in_first_half
from synthproto.data.passes import prepare
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import BinRule, Histogram
from synthproto.data.summary import Side_co, Summary, for_each
from synthproto.data.table import Table, piece_of
from synthproto.measures.rows import Digits, snapped_to

Value = TypeVar("Value")
Floats = NDArray[np.float64]


@final
class Pair(Generic[Side_co]):
    """A real and a synthetic table, and optionally a holdout: what table artifacts compare.

    Levels are fitted on the real table and kept with it; what is computed from both sides is
    kept with the pair. A score that needs no rows is annotated `SummaryPair` and takes every pair;
    one that needs rows is annotated `TablePair`.

    Args:
        real: The table that the synthesizer was trained on.
        synthetic: A generated table.
        holdout: Real rows that the synthesizer was not trained on. The reference of a score is
            its value for real against holdout.

    Raises:
        SchemaError: The specs of the tables differ.

    >>> import pandas as pd
    >>> from synthproto import MeanJSDistance, Pair, Table, TableSpec
    >>> frame = pd.DataFrame({"sex": ["f", "m"] * 20})
    >>> real = Table(frame, TableSpec.infer(frame))
    >>> MeanJSDistance()(Pair(real, real))
    0.0
    """

    def __init__(self, real: Side_co, synthetic: Side_co, holdout: Side_co | None = None) -> None:
        self._real, self._synthetic, self._holdout = real, synthetic, holdout
        self._memo: dict[object, object] = {}
        for table in (synthetic, holdout):
            if table is not None and table.spec != real.spec:
                refuse(table.name, _differences(table, real))

    @property
    def real(self) -> Side_co:
        """The table that the synthesizer was trained on."""
        return self._real

    @property
    def synthetic(self) -> Side_co:
        """The generated table, its numbers at the precision of the real ones.

        The same numbers come back changed in their last digits from float32, which most models
        and files give, and from arithmetic. So that these are no difference, numbers that equal a
        real one at the coarser precision of the two sides are made equal to it.
        """
        return self._once("synthetic", lambda: _aligned(self._synthetic, self._real))

    @property
    def holdout(self) -> Side_co | None:
        """Real rows that the synthesizer was not trained on."""
        return self._holdout

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns of all tables."""
        return self._real.spec

    @property
    def reference(self) -> "Pair[Side_co] | None":
        """Real against as many holdout rows as the synthetic table has, if there are so many.

        The same object for all pairs of the same real table and holdout with synthetic tables of
        this length; ``None`` without a holdout.
        """
        if self._holdout is None:
            return None
        rows = min(len(self._synthetic), len(self._holdout))
        return _of_these(self, self._holdout.get(_AgainstReal(self._real, rows)))

    @property
    def between(self) -> "Pair[Side_co] | None":
        """Real against the whole holdout, the same object for all pairs of these; or ``None``."""
        if self._holdout is None:
            return None
        whole = _AgainstReal(self._real, len(self._holdout))
        return _of_these(self, self._holdout.get(whole))

    @property
    def floor(self) -> "Pair[Side_co]":
        """Real against its own columns, each shuffled by itself: what independent columns reach.

        As many rows as the synthetic table has, at most 200,000; the same object for all pairs of
        the same real table and holdout with synthetic tables of this length.
        """
        shuffled = _AgainstShuffled(min(len(self._synthetic), _MOST_SHUFFLED), self._holdout)
        return _of_these(self, self._real.get(shuffled))

    def relabelled(self, seed: int) -> "Pair[Side_co] | None":
        """Two samples of real and holdout rows together, of the sizes of `reference`.

        What a score is for many of these is what sampling noise alone gives.

        Args:
            seed: Decides which rows are drawn.

        Returns:
            ``None`` without a holdout.
        """
        beside = self.reference
        again = None if beside is None else beside.get(_Relabelled(seed, self._holdout))
        return None if again is None else _of_these(self, again)

    def get(self, compute: Callable[["Pair[Side_co]"], Value]) -> Value:
        """A statistic of this pair, computed at the first call and kept; see `Table.get`."""
        return self._once(compute, lambda: compute(self))

    def prepare(self, parts: Sequence[Callable[["Pair[Side_co]"], object]]) -> None:
        """Make known what parts will ask of tables that are read in pieces, in few passes."""
        sides: tuple[Summary | None, ...] = (self._real, self._synthetic, self._holdout)
        if any(isinstance(side, Scan) for side in sides):
            sides = (self._real, self.synthetic, self._holdout)
            scans = {id(side): side for side in sides if isinstance(side, Scan)}
            prepare(parts, self, list(scans.values()))

    def histogram(self, column: str, bins: int = 10, rule: BinRule = "width") -> Histogram:
        """Both sides counted in the real table's categories or bins of a column."""
        levels = self._real.levels(column, bins, rule)
        sides: tuple[Summary, Summary] = (self._real, self.synthetic)
        real, synthetic = for_each(sides, lambda side: side.counts(levels))
        return self._once(("histogram", levels), lambda: Histogram.of(levels, real, synthetic))

    def _once(self, key: object, compute: Callable[[], Value]) -> Value:
        if key not in self._memo:
            self._memo[key] = compute()
        # What is kept under a key was computed by a function of the same type.
        return cast(Value, self._memo[key])


TablePair: TypeAlias = Pair[Table]
"""Tables in memory: what every table artifact compares."""

SummaryPair: TypeAlias = Pair[Summary]
"""Tables of which no rows are needed: a `TablePair` is one."""


Side = TypeVar("Side", bound=Summary)


def _of_these(pair: Pair[Side], beside: Pair[Summary]) -> Pair[Side]:  # noqa: ARG001
    """A pair of the real table of a pair and rows of it or its holdout, typed as the pair."""
    # Sides are drawn from those of the pair: tables from tables.
    return cast("Pair[Side]", beside)


def halves(table: Side, seed: int) -> Pair[Side]:
    """Two random halves of a table as a pair: the same rows however the table is cut.

    Args:
        table: At least two rows.
        seed: Decides which rows are in the first.
    """
    sides: list[Summary] = []
    for is_first in (True, False):
        if isinstance(table, Scan):
            sides.append(table.half(seed, is_first))
        elif isinstance(table, Table):
            kept = in_first_half(0, len(table), len(table), seed) == is_first
            sides.append(table.derived(table.frame[kept]))
    # Halves of a table are tables, those of a scan scans.
    return cast("Pair[Side]", Pair(*sides))


def some_columns(spec: TableSpec, most: int, keep: str | None = None, seed: int = 0) -> TableSpec:
    """The spec, or one of so many of its columns of numbers and labels, drawn at random.

    Args:
        spec: Of all columns.
        most: At least 1.
        keep: A column that is one of them in any case.
        seed: Decides which.
    """
    compared = [name for name in spec.of_kind(*NUMERIC, *DISCRETE) if name != keep]
    room = most if keep is None else most - 1
    if len(compared) <= room:
        return spec
    drawn = np.random.default_rng(seed).permutation(len(compared))[:room]
    chosen = {keep, *(compared[place] for place in drawn)}
    return TableSpec(tuple(column for column in spec.columns if column.name in chosen))


@final
@dataclass(frozen=True)
class OfColumns:
    """Some columns of a table: ``table.get(OfColumns(spec))`` is kept with it.

    Attributes:
        spec: Of these columns.
    """

    spec: TableSpec

    def __call__(self, table: Table) -> Table:
        """Those of one table."""
        frame = table.frame[list(self.spec.names)]
        return piece_of(frame, self.spec, table.name, table.first_row, {})

    def of(self, pair: Pair[Side]) -> Pair[Side]:
        """Those of all tables in memory; the pair itself if they are all columns."""
        sides: tuple[Summary | None, ...] = (pair.real, pair.synthetic, pair.holdout)
        tables = [side.get(self) for side in sides if isinstance(side, Table)]
        if self.spec == pair.spec or not tables:
            return pair
        # Of tables tables.
        return cast("Pair[Side]", Pair(*tables))


@final
@dataclass(frozen=True)
class _AgainstShuffled:
    """A real table against independent columns drawn from it."""

    rows: int
    holdout: Summary | None

    def __call__(self, real: Summary) -> Pair[Summary]:
        rng, rows = np.random.default_rng(0), self.rows
        if not isinstance(real, Table):
            real = real.get(Sample(_FLOOR_ROWS, 0))
            rows = min(rows, len(real))
        size = max(rows, len(real))
        places = np.arange(size) % len(real)  # each real row as often as any other
        frame = pd.DataFrame(
            {
                # A series keeps its dtype; of a bare array pandas would look for another one.
                name: real.frame[name]
                .take(places[rng.permutation(size)[:rows]])
                .reset_index(drop=True)
                for name in real.spec.names
            }
        )
        shuffled = real.derived(frame, "table of shuffled columns")
        return Pair(real, shuffled, self.holdout)


# Rows of the floor: more would change it by less than 0.002, and take as much memory as the real
# table; fewer of a table whose rows are never together.
_MOST_SHUFFLED = 200_000
_FLOOR_ROWS = 20_000

# Rows that are looked at for numbers that differ from real ones in their last digits.
_LOOKED_AT = 4096


def _aligned(table: Side, real: Summary) -> Side:
    """A table whose numbers equal those of the real one where they differ in their last digits."""
    changed: dict[str, tuple[Floats, float]] = {}
    for column in table.spec.of_kind(*NUMERIC) if table is not real else ():
        numbers, known = _numbers(table, column), real.get(Known(column))
        if numbers is not None and known is not None:
            # To the nearest of all: a number that is a real one stays, however near others are.
            tolerance = known.digits.precision(Digits.of(numbers))
            few = numbers[:: 1 + len(numbers) // _LOOKED_AT]
            if _differ(snapped_to(few, known.values, tolerance), few):
                changed[column] = known.values, tolerance
    # The same rows with other numbers are a table of the same kind; not said by `Self`, as zuban
    # solves for no type variable that is bound by a Protocol with `Self` in it.
    return cast("Side", table.snapped(changed)) if changed else table


def _numbers(table: Summary, column: str) -> Floats | None:
    """All numbers of a table, or the distinct ones; ``None`` if there are too many to keep."""
    if isinstance(table, Table):
        return table.values(column)
    spread = table.spread(column)
    return spread.values if spread.exact else None


def _differ(first: Floats, second: Floats) -> bool:
    return first is not second and bool(((first != second) & ~np.isnan(second)).any())


@final
@dataclass(frozen=True, eq=False)
class KnownColumn:
    """The distinct numbers of a real column, ascending, and how precise they are."""

    values: Floats
    digits: Digits


@final
@dataclass(frozen=True)
class Known:
    """What of a real column tells whether other numbers differ in their last digits only."""

    column: str

    def __call__(self, real: Summary) -> KnownColumn | None:
        """Look at a real column; ``None`` if its numbers are too many to keep."""
        known = real.spread(self.column)
        return KnownColumn(known.values, Digits.of(known.values)) if known.exact else None


@final
@dataclass(frozen=True)
class _AgainstReal:
    """A real table against some rows of a holdout."""

    real: Summary
    rows: int

    def __call__(self, holdout: Summary) -> Pair[Summary]:
        if self.rows == len(holdout) or not isinstance(holdout, Table):
            return Pair(self.real, holdout)
        drawn = np.random.default_rng(0).permutation(len(holdout))[: self.rows]
        return Pair(self.real, holdout.derived(holdout.frame.iloc[np.sort(drawn)]))


@final
@dataclass(frozen=True)
class _Relabelled:
    """Rows of a real table and a holdout, drawn anew for both sides of a pair."""

    seed: int
    holdout: Summary | None

    def __call__(self, beside: Pair[Summary]) -> Pair[Summary] | None:
        real, synthetic, others = beside.real, beside.synthetic, self.holdout or beside.synthetic
        if not isinstance(real, Table) or not isinstance(others, Table):
            return None
        frame = pd.concat([real.frame, others.frame], ignore_index=True)
        order = np.random.default_rng(self.seed).permutation(len(frame))
        ends = (0, len(real), len(real) + len(synthetic))
        return Pair(*(real.derived(frame.iloc[order[start:end]]) for start, end in pairwise(ends)))


def _differences(table: Summary, real: Summary) -> list[str]:
    ours, theirs = table.spec, real.spec
    lacking = [name for name in theirs.names if name not in ours.names]
    extra = [name for name in ours.names if name not in theirs.names]
    faults = []
    if lacking or extra:
        faults.append(
            f"has other columns than the {real.name}: it lacks {listed(lacking)} and has also "
            f"{listed(extra)}.{did_you_mean(lacking, extra)}"
        )
    faults += [
        f"has column {name!r} as {ours.kind(name)}, but the {real.name} as {theirs.kind(name)}"
        for name in ours.names
        if name in theirs.names and ours.kind(name) != theirs.kind(name)
    ]
    return faults or [
        f"has its columns in another order than the {real.name}: {listed(ours.names)}"
    ]
