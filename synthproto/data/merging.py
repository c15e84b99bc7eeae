"""Statistics that merge: what `Summary.total` takes, and what a `Scan` makes its passes for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.distribution import (
    EXACT,
    Distribution,
    Floats,
    Places,
    Ranks,
    rounded,
)
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import CoMoments, Levels, Moments
from synthproto.data.summary import Summary
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.measures.rows import snapped_to


@final
@dataclass(frozen=True)
class CoMomentsAt:
    """`CoMoments` of columns of numbers, with a centre and a scale that all pieces share.

    Attributes:
        columns: Continuous and datetime columns.
        centre: What is subtracted from each.
        scale: What it is then divided by.
        zero: Whether missing numbers are taken as 0.
    """

    columns: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    zero: bool = False

    def __call__(self, rows: Table) -> CoMoments:
        """Of one piece."""
        values = [rows.values(column) for column in self.columns]
        values = [np.nan_to_num(each) for each in values] if self.zero else values
        return CoMoments.of(values, np.array(self.centre), np.array(self.scale))

    def merged(self, first: CoMoments, second: CoMoments) -> CoMoments:
        """Of both pieces together."""
        return CoMoments(
            first.centre,
            first.scale,
            first.count + second.count,
            first.sums + second.sums,
            first.squares + second.squares,
            first.products + second.products,
        )

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return self.columns


@final
@dataclass(frozen=True, eq=False)
class Profile:
    """What one pass over the rows tells of every column.

    Attributes:
        rows: Of each piece.
        dtypes: Of each column; those of pieces that differ are joined.
        moments: Of columns of numbers.
        spreads: Of columns of numbers.
        labels: Rows with each label of discrete columns.
        missing: Rows without a value.
    """

    rows: tuple[int, ...]
    dtypes: tuple[str, ...]
    moments: dict[str, Moments]
    spreads: dict[str, Distribution]
    labels: dict[str, dict[str, int]]
    missing: dict[str, int]

    def snapped(self, known: Mapping[str, tuple[Floats, float]]) -> Self:
        """Of the same rows, numbers made equal to known ones; see `Table.snapped`."""
        spreads, moments = dict(self.spreads), dict(self.moments)
        for column, near in known.items():
            spread = spreads[column].snapped(snapped_to(spreads[column].values, *near))
            spreads[column], moments[column] = spread, spread.moments(self.missing[column])
        return replace(self, spreads=spreads, moments=moments) if known else self


@final
@dataclass(frozen=True)
class Profiled:
    """`Profile`, which every scan begins with."""

    def __call__(self, rows: Table) -> Profile:
        """Of one piece."""
        spec = rows.spec
        numeric = spec.of_kind(*NUMERIC)
        return Profile(
            (len(rows),),
            rows.dtypes,
            {c: rows.moments(c) for c in numeric},
            {c: Distribution.of(rows.ascending(c), EXACT) for c in numeric},
            {c: rows.tallies(c) for c in spec.of_kind(*DISCRETE)},
            {c: rows.missing(c) for c in spec.names},
        )

    def merged(self, first: Profile, second: Profile) -> Profile:
        """Of both pieces together."""
        labels = {}
        for column, counts in first.labels.items():
            labels[column] = dict(counts)
            for name, count in second.labels[column].items():
                labels[column][name] = labels[column].get(name, 0) + count
        dtypes = zip(first.dtypes, second.dtypes, strict=True)
        return Profile(
            first.rows + second.rows,
            tuple(a if a == b else _joined(a, b) for a, b in dtypes),
            {c: m.merged(second.moments[c]) for c, m in first.moments.items()},
            {c: s.merged(second.spreads[c]) for c, s in first.spreads.items()},
            labels,
            {c: m + second.missing[c] for c, m in first.missing.items()},
        )

    def narrowed(self, spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return spec.names


def _joined(first: str, second: str) -> str:
    """Dtypes of a column in some pieces and in others."""
    return " and ".join(sorted({*first.split(" and "), *second.split(" and ")}))


@final
@dataclass(frozen=True)
class Spread:
    """`Distribution` of a column of numbers, rounded."""

    column: str
    decimals: int | None

    def __call__(self, rows: Table) -> Distribution:
        """Of one piece."""
        return Distribution.of(rounded(rows.ascending(self.column), self.decimals), EXACT)

    def merged(self, first: Distribution, second: Distribution) -> Distribution:
        """Of both pieces together."""
        return first.merged(second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.column,)


@final
@dataclass(frozen=True)
class Ranked:
    """`Ranks` at places of a column."""

    places: Places

    def __call__(self, rows: Table) -> Ranks:
        """Of one piece."""
        ascending = rounded(rows.ascending(self.places.column), self.places.decimals)
        return Ranks.of(ascending, self.places.values)

    def merged(self, first: Ranks, second: Ranks) -> Ranks:
        """Of both pieces together."""
        return first.merged(second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.places.column,)


@final
@dataclass(frozen=True)
class Inside:
    """All numbers between some places and the next ones, sorted, with their repeats.

    Attributes:
        places: Of a column.
        gaps: Numbers of the places after which to look.
    """

    places: Places
    gaps: tuple[int, ...]

    def __call__(self, rows: Table) -> Floats:
        """Of one piece."""
        ascending = rounded(rows.ascending(self.places.column), self.places.decimals)
        ranks = Ranks.of(ascending, self.places.values)
        start, end = ranks.upto, np.append(ranks.below[1:], len(ascending))
        return np.concatenate([np.empty(0), *(ascending[start[g] : end[g]] for g in self.gaps)])

    def merged(self, first: Floats, second: Floats) -> Floats:
        """Of both pieces together."""
        return np.sort(np.concatenate([first, second]))

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.places.column,)


@final
@dataclass(frozen=True)
class Counted:
    """Rows in each slot of bins."""

    levels: Levels

    def __call__(self, rows: Table) -> NDArray[np.int64]:
        """Of one piece."""
        counts = np.zeros(self.levels.size + 3, dtype=np.int64)
        found = rows.counts(self.levels)
        counts[: len(found)] = found
        return counts

    def merged(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of both pieces together."""
        return first + second

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.levels.column,)


@final
@dataclass(frozen=True)
class Keys:
    """Hashes of the distinct labels of a column, ascending: eight bytes for each."""

    column: str

    def __call__(self, rows: Table) -> NDArray[np.uint64]:
        """Of one piece."""
        names = np.array([name for name, n in rows.tallies(self.column).items() if n], dtype=object)
        return np.unique(pd.util.hash_array(names, categorize=False)) if len(names) else _NO_KEYS

    def merged(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Of both pieces together."""
        return np.union1d(first, second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.column,)


_NO_KEYS = np.zeros(0, dtype=np.uint64)

Draw: TypeAlias = tuple[NDArray[np.uint64], pd.DataFrame]


@final
@dataclass(frozen=True)
class Drawn:
    """Rows of least hash of seed and row number: the same rows of a table, however it is cut."""

    rows: int
    seed: int

    def __call__(self, rows: Table) -> Draw:
        """Of one piece."""
        numbers = np.arange(rows.first_row, rows.first_row + len(rows), dtype=np.uint64)
        priorities = splitmix(numbers, self.seed)
        kept = self._least(priorities)
        return priorities[kept], rows.frame.iloc[kept]

    def merged(self, first: Draw, second: Draw) -> Draw:
        """Of both pieces together."""
        priorities, n = np.concatenate([first[0], second[0]]), len(first[0])
        kept = self._least(priorities)
        frames = (first[1].iloc[kept[kept < n]], second[1].iloc[kept[kept >= n] - n])
        return priorities[kept], pd.concat([_plain(f) for f in frames], ignore_index=True)

    def narrowed(self, spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return spec.names

    def _least(self, priorities: NDArray[np.uint64]) -> NDArray[np.intp]:
        if len(priorities) <= self.rows:
            return np.arange(len(priorities))
        return np.sort(np.argpartition(priorities, self.rows)[: self.rows])  # no two are equal


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as objects: those of two pieces may differ."""
    coded = [c for c in frame.columns if isinstance(frame[c].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(coded, object)) if coded else frame


def splitmix(numbers: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A random number for each row number.

    References:
        Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
    """
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64((seed * 2 + 1) % 2**64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


_RANKED = 1 << 22  # rows up to which halves are of equal size


def in_first_half(start: int, count: int, rows: int, seed: int) -> NDArray[np.bool_]:
    """Which of some neighbouring rows are in the first of two random halves of a data set.

    The same rows however the data set is cut. Up to four million rows, halves are equally large;
    beyond, their sizes differ by chance.

    Args:
        start: Number of the first of them.
        count: How many there are.
        rows: Of the data set.
        seed: Decides which.
    """
    middle = np.uint64(1 << 63)
    if rows <= _RANKED:
        every = splitmix(np.arange(rows, dtype=np.uint64), seed)
        middle = np.partition(every, rows // 2)[rows // 2]
    return splitmix(np.arange(start, start + count, dtype=np.uint64), seed) < middle


@final
@dataclass(frozen=True)
class Sample:
    """At most so many rows of a table, as a `Table`; all of them if there are no more."""

    rows: int
    seed: int

    def __call__(self, table: Summary) -> Table:
        """Draw them."""
        if len(table) <= self.rows and isinstance(table, Table):
            return table
        frame = table.total(Drawn(self.rows, self.seed))[1]
        if isinstance(table, Table):
            return table.derived(frame)
        return Table(frame, table.spec, name=table.name)
