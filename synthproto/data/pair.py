"""Pairs of tables: a real and a synthetic one, compared cheaply.

What is computed from both sides is kept with the pair: ``histogram(column, bins, rule)`` counts
both in the real table's levels, ``get(function)`` keeps anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar, cast, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.checks import did_you_mean, listed, refuse
from synthproto.data.kinds import NUMERIC
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import BinRule, Histogram
from synthproto.data.table import Table
from synthproto.measures.rows import Digits, distinct, snapped_to

Value = TypeVar("Value")
Floats = NDArray[np.float64]


@final
class TablePair:
    """A real and a synthetic table, and optionally a holdout: what table artifacts compare.

    Levels are fitted on the real table and kept with it; what is computed from both sides is
    kept with the pair.

    Args:
        real: The table that the synthesizer was trained on.
        synthetic: A generated table.
        holdout: Real rows that the synthesizer was not trained on. The reference of a score is
            its value for real against holdout.

    Raises:
        SchemaError: The specs of the tables differ.
    """

    def __init__(self, real: Table, synthetic: Table, holdout: Table | None = None) -> None:
        self._real, self._synthetic, self._holdout = real, synthetic, holdout
        self._memo: dict[object, object] = {}
        for table in (synthetic, holdout):
            if table is not None and table.spec != real.spec:
                refuse(table.name, _differences(table, real))

    @property
    def real(self) -> Table:
        """The table that the synthesizer was trained on."""
        return self._real

    @property
    def synthetic(self) -> Table:
        """The generated table, its numbers at the precision of the real ones.

        The same numbers come back changed in their last digits from float32, which most models
        and files give, and from arithmetic. So that these are no difference, numbers that equal a
        real one at the coarser precision of the two sides are made equal to it.
        """
        return self._once("synthetic", lambda: _aligned(self._synthetic, self._real))

    @property
    def holdout(self) -> Table | None:
        """Real rows that the synthesizer was not trained on."""
        return self._holdout

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns of all tables."""
        return self._real.spec

    @property
    def reference(self) -> "TablePair | None":
        """Real against as many holdout rows as the synthetic table has, if there are so many.

        The same object for all pairs of the same real table and holdout with synthetic tables of
        this length; ``None`` without a holdout.
        """
        if self._holdout is None:
            return None
        rows = min(len(self._synthetic), len(self._holdout))
        return self._holdout.get(_AgainstReal(self._real, rows))

    @property
    def between(self) -> "TablePair | None":
        """Real against the whole holdout, the same object for all pairs of these; or ``None``."""
        if self._holdout is None:
            return None
        return self._holdout.get(_AgainstReal(self._real, len(self._holdout)))

    @property
    def floor(self) -> "TablePair":
        """Real against its own columns, each shuffled by itself: what independent columns reach.

        As many rows as the synthetic table has; the same object for all pairs of the same real
        table and holdout with synthetic tables of this length.
        """
        return self._real.get(_AgainstShuffled(len(self._synthetic), self._holdout))

    def relabelled(self, seed: int) -> "TablePair | None":
        """Two samples of real and holdout rows together, of the sizes of `reference`.

        What a score is for many of these is what sampling noise alone gives.

        Args:
            seed: Decides which rows are drawn.

        Returns:
            ``None`` without a holdout.
        """
        beside = self.reference
        return None if beside is None else beside.get(_Relabelled(seed, self._holdout))

    def get(self, compute: Callable[["TablePair"], Value]) -> Value:
        """A statistic of this pair, computed at the first call and kept; see `Table.get`."""
        return self._once(compute, lambda: compute(self))

    def histogram(self, column: str, bins: int = 10, rule: BinRule = "width") -> Histogram:
        """Both sides counted in the real table's categories or bins of a column."""
        levels = self._real.levels(column, bins, rule)
        sides = self.real.counts(levels), self.synthetic.counts(levels)
        return self._once(("histogram", levels), lambda: Histogram.of(levels, *sides))

    def _once(self, key: object, compute: Callable[[], Value]) -> Value:
        if key not in self._memo:
            self._memo[key] = compute()
        # What is kept under a key was computed by a function of the same type.
        return cast(Value, self._memo[key])


@final
@dataclass(frozen=True)
class _AgainstShuffled:
    """A real table against independent columns drawn from it."""

    rows: int
    holdout: Table | None

    def __call__(self, real: Table) -> TablePair:
        rng = np.random.default_rng(0)
        size = max(self.rows, len(real))
        places = np.arange(size) % len(real)  # each real row as often as any other
        frame = pd.DataFrame(
            {
                name: real.frame[name].take(places[rng.permutation(size)[: self.rows]]).array
                for name in real.spec.names
            }
        )
        return TablePair(real, real.derived(frame, "table of shuffled columns"), self.holdout)


# Rows that are looked at for numbers that differ from real ones in their last digits.
_LOOKED_AT = 4096


def _aligned(table: Table, real: Table) -> Table:
    """A table whose numbers equal those of the real one where they differ in their last digits."""
    changed = {}
    for column in table.spec.of_kind(*NUMERIC) if table is not real else ():
        values, known = table.values(column), real.get(_Known(column))
        # To the nearest of all: a number that is a real one stays, however near others are.
        tolerance = known.digits.precision(Digits.of(values))
        few = values[:: 1 + len(values) // _LOOKED_AT]
        if _differ(snapped_to(few, known.values, tolerance), few):
            changed[column] = snapped_to(values, known.values, tolerance)
    return table.with_values(changed) if changed else table


def _differ(first: Floats, second: Floats) -> bool:
    return first is not second and bool(((first != second) & ~np.isnan(second)).any())


@final
@dataclass(frozen=True)
class _AgainstReal:
    """A real table against some rows of a holdout."""

    real: Table
    rows: int

    def __call__(self, holdout: Table) -> TablePair:
        if self.rows == len(holdout):
            return TablePair(self.real, holdout)
        drawn = np.random.default_rng(0).permutation(len(holdout))[: self.rows]
        frame = holdout.frame.iloc[np.sort(drawn)]
        return TablePair(self.real, holdout.derived(frame))


@final
@dataclass(frozen=True)
class _Relabelled:
    """Rows of a real table and a holdout, drawn anew for both sides of a pair."""

    seed: int
    holdout: Table | None

    def __call__(self, beside: TablePair) -> TablePair:
        real, others = beside.real, self.holdout or beside.synthetic
        frame = pd.concat([real.frame, others.frame], ignore_index=True)
        order = np.random.default_rng(self.seed).permutation(len(frame))
        ends = (0, len(real), len(real) + len(beside.synthetic))
        return TablePair(
            *(real.derived(frame.iloc[order[start:end]]) for start, end in pairwise(ends))
        )


@final
@dataclass(frozen=True, eq=False)
class _Column:
    """The distinct numbers of a real column, ascending, and how precise they are."""

    values: Floats
    digits: Digits


@final
@dataclass(frozen=True)
class _Known:
    """What of a real column tells whether other numbers differ in their last digits only."""

    column: str

    def __call__(self, real: Table) -> _Column:
        known = distinct(real.ascending(self.column), 0.0)
        return _Column(known, Digits.of(known))


def _differences(table: Table, real: Table) -> list[str]:
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
