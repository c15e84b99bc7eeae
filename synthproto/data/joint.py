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
    """Numeric columns summed by the slots of discrete ones.

    Attributes:
        squares: Sum of squares of each numeric column, shape ``(columns,)``.
        present: Numbers present in each slot, for each discrete column ``(slots, columns)``.
        sums: Their sums, in the same shapes.
    """

    squares: NDArray[np.float64]
    present: tuple[NDArray[np.float64], ...]
    sums: tuple[NDArray[np.float64], ...]


@final
@dataclass(frozen=True)
class SumsByLevel:
    """`LevelSums` of pairs of a discrete and a numeric column, all at once.

    Attributes:
        levels: Of the discrete columns.
        columns: The numeric columns, taken as `Table.scaled`.
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
        absent = [np.isnan(table.values(self.columns[place])) * 1.0 for place in gappy]
        present = [
            np.repeat(count[:, None].astype(np.float64), len(scaled), axis=1) for count in counts
        ]
        for kept, gaps in zip(present, sums_by_slot(codes, sizes, absent), strict=True):
            kept[:, gappy] -= gaps
        return LevelSums(
            np.array([np.dot(column, column) for column in scaled]),
            tuple(present),
            tuple(sums_by_slot(codes, sizes, scaled)),
        )
