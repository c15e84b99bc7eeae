"""Statistics of a table's columns taken together, for ``table.get``."""

from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.data.crosstab import CrossTables, cross_tables, sums_by_slot
from synthproto.data.levels import Levels
from synthproto.data.table import Table


@final
@dataclass(frozen=True)
class CrossCounts:
    """Cross tables of pairs of columns, all at once: ``table.get(CrossCounts(levels))``.

    Attributes:
        levels: Of the columns, as any table has them (``table.levels``).
        pairs: Which pairs, by places in ``levels``, first < second; by default all.
    """

    levels: tuple[Levels, ...]
    pairs: tuple[tuple[int, int], ...] | None = None

    def __call__(self, table: Table) -> CrossTables:
        """How many rows have each combination of slots."""
        codes = [table.codes(levels) for levels in self.levels]
        sizes = [len(table.counts(levels)) for levels in self.levels]
        pairs = combinations(range(len(codes)), 2) if self.pairs is None else self.pairs
        return cross_tables(codes, sizes, pairs)


@final
@dataclass(frozen=True, eq=False)
class LevelSums:
    """Numeric columns summed by the slots of discrete ones, whose slots stand one after another.

    Attributes:
        squares: Sum of squares of each numeric column, shape ``(columns,)``.
        variable: Place of the discrete column that a slot belongs to, shape ``(slots,)``.
        present: Numbers present in each slot, shape ``(slots, columns)``.
        absent: Numbers missing there.
        sums: Sums of the present ones.
    """

    squares: NDArray[np.float64]
    variable: NDArray[np.intp]
    present: NDArray[np.float64]
    absent: NDArray[np.float64]
    sums: NDArray[np.float64]


@final
@dataclass(frozen=True)
class SumsByLevel:
    """`LevelSums` of pairs of a discrete and a numeric column, all at once.

    Attributes:
        levels: Of the discrete columns, at least one.
        columns: The numeric columns, at least one, taken as `Table.scaled`.
    """

    levels: tuple[Levels, ...]
    columns: tuple[str, ...]

    def __call__(self, table: Table) -> LevelSums:
        """Counts and sums."""
        codes = [table.codes(levels) for levels in self.levels]
        counts = [table.counts(levels) for levels in self.levels]
        sizes = [len(count) for count in counts]
        scaled = [table.scaled(column) for column in self.columns]
        gappy = [place for place, column in enumerate(self.columns) if table.missing(column)]
        gaps = [np.isnan(table.values(self.columns[place])) * 1.0 for place in gappy]
        rows = np.concatenate(counts)[:, None].astype(np.float64)
        absent: NDArray[np.float64] = np.zeros((len(rows), len(scaled)))
        if gappy:
            absent[:, gappy] = np.concatenate(sums_by_slot(codes, sizes, gaps))
        return LevelSums(
            squares=np.array([np.dot(column, column) for column in scaled]),
            variable=np.repeat(np.arange(len(sizes)), sizes),
            present=rows - absent,
            absent=absent,
            sums=np.concatenate(sums_by_slot(codes, sizes, scaled)),
        )
