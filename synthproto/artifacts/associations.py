"""Association matrices of a table: how strongly each pair of its columns depends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.crosstab import CrossCounts, SumsByLevel, tables_of
from synthproto.data.merging import CoMomentsAt
from synthproto.data.passes import grid_of, ranks_of
from synthproto.data.spec import Kind, TableSpec
from synthproto.data.statistics import CoMoments, Levels, Moments
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import UndefinedScoreError
from synthproto.measures.pairs import (
    Counts,
    Places,
    correlation_ratios,
    cramers_v,
    normalised_information,
    pearson,
    ranks,
    theils_u,
)
from synthproto.measures.products import dot

Floats = NDArray[np.float64]

Nominal: TypeAlias = Literal["cramers_v", "theils_u", "nmi"]
"""Association of two categorical columns."""

Numeric: TypeAlias = Literal["pearson", "spearman", "kendall"]
"""Association of two continuous columns."""


@final
@dataclass(frozen=True)
class Correlations:
    """Correlation matrix of columns with numbers, over the rows where both of a pair are present.

    Attributes:
        columns: Continuous and datetime columns.
        coefficient: ``"pearson"``, ``"spearman"`` (Pearson of ranks) or ``"kendall"`` (tau-b). Of
            tables that are read in pieces, ranks between 65,536 numbers are interpolated: an error
            of a rank of at most 0.0002 of the rows, and of the correlation of at most 0.005.
        missing: ``"complete"`` leaves rows out; ``"zero"`` puts 0.0 in place of a missing number.
    """

    columns: tuple[str, ...]
    coefficient: Numeric = "pearson"
    missing: Literal["complete", "zero"] = "complete"

    def __call__(self, table: Summary) -> Floats:
        """Shape ``(d, d)``, in [-1, 1]; 0 for a constant column, its diagonal included."""
        if not isinstance(table, Table):
            return self._without_rows(table)
        columns = [table.values(column) for column in self.columns]
        gappy = [table.missing(column) > 0 for column in self.columns]
        if self.missing == "zero" and any(gappy):
            columns = [np.nan_to_num(column) for column in columns]
        elif self.coefficient == "pearson":
            return _corrected(table.co_moments(self.columns), columns)
        if self.coefficient == "kendall":
            # Loads scipy.stats, half a second, for those who ask for it.
            from synthproto.measures.pairs import kendall

            return _pairwise(columns, kendall)
        if self.missing == "complete" and any(gappy):
            return _pairwise(columns, _spearman)
        return _of_complete(columns if self.coefficient == "pearson" else list(map(ranks, columns)))

    def _without_rows(self, table: Summary) -> Floats:
        gappy = any(table.missing(column) for column in self.columns)
        if self.coefficient == "spearman" and not gappy:
            return table.total(table.get(_Ranking(self.columns))).correlation()
        if self.coefficient != "pearson":
            which = " of columns with missing values" if self.coefficient == "spearman" else ""
            raise UndefinedScoreError(
                f"{self.coefficient} correlation{which} is undefined for the {table.name}, whose "
                "rows are never together: take pearson, or Sampled(...) of the score"
            )
        if self.missing == "zero" and gappy:
            return table.total(self._with_zeros(table)).correlation()
        moments = table.co_moments(self.columns)
        matrix = moments.correlation()
        imprecise = np.argwhere(np.triu(moments.imprecise(), k=1)).tolist()
        complete = [_Complete((self.columns[i], self.columns[j])) for i, j in imprecise]
        again = for_each(complete, table.get)
        for (i, j), value in zip(imprecise, again, strict=True):
            matrix[i, j] = matrix[j, i] = value
        return matrix

    def _with_zeros(self, table: Summary) -> CoMomentsAt:
        """Sums of products of numbers, those that are missing taken as 0."""
        moments = [table.moments(column) for column in self.columns]
        lows = [min(m.low, 0.0) if m.missing else m.low for m in moments]
        highs = [max(m.high, 0.0) if m.missing else m.high for m in moments]
        spans = [high - low for low, high in zip(lows, highs, strict=True)]
        means = [m.mean * m.count / max(len(table), 1) for m in moments]
        # The mean of equal values may be beside them.
        centre = [m if span > 0 else low for m, span, low in zip(means, spans, lows, strict=True)]
        scale = tuple(span if span > 0 else 1.0 for span in spans)
        return CoMomentsAt(self.columns, tuple(centre), scale, zero=True)


@final
@dataclass(frozen=True)
class _Ranking:
    """What gives the ranks of the numbers of some columns."""

    columns: tuple[str, ...]

    def __call__(self, table: Summary) -> "_RankMoments":
        grids = for_each(self.columns, lambda column: grid_of(table, column))
        counted = for_each(grids, lambda grid: ranks_of(table, grid))
        middles = [(each.below + each.upto + 1) / 2 for each in counted]
        numbers = tuple(grid.values for grid in grids)
        return _RankMoments(self.columns, numbers, tuple(middles), len(table))


@final
@dataclass(frozen=True, eq=False)
class _RankMoments:
    """`CoMoments` of ranks, those between the numbers that were counted interpolated."""

    columns: tuple[str, ...]
    numbers: tuple[Floats, ...]
    middles: tuple[Floats, ...]
    rows: int

    def __call__(self, rows: Table) -> CoMoments:
        both = zip(self.columns, self.numbers, self.middles, strict=True)
        ranked = [np.interp(rows.values(c), numbers, middles) for c, numbers, middles in both]
        centre = np.full(len(ranked), (self.rows + 1) / 2)
        return CoMoments.of(ranked, centre, np.full(len(ranked), float(self.rows)))

    def merged(self, first: CoMoments, second: CoMoments) -> CoMoments:
        return CoMomentsAt(self.columns, (), ()).merged(first, second)

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.columns


@final
@dataclass(frozen=True)
class _Complete:
    """Pearson correlation of two columns, centred on the rows where both are present."""

    columns: tuple[str, str]

    def __call__(self, table: Summary) -> float:
        first, second = table.total(_CompleteMoments(self.columns))
        centre, scale = (first.mean, second.mean), (first.span, second.span)
        return float(table.total(CoMomentsAt(self.columns, centre, scale)).correlation()[0, 1])


@final
@dataclass(frozen=True)
class _CompleteMoments:
    """`Moments` of two columns over the rows where both are present."""

    columns: tuple[str, str]

    def __call__(self, rows: Table) -> tuple[Moments, Moments]:
        first, second = (rows.values(column) for column in self.columns)
        both = ~np.isnan(first) & ~np.isnan(second)
        return Moments.of(first[both]), Moments.of(second[both])

    def merged(
        self, first: tuple[Moments, Moments], second: tuple[Moments, Moments]
    ) -> tuple[Moments, Moments]:
        return first[0].merged(second[0]), first[1].merged(second[1])

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        return self.columns


def _corrected(moments: CoMoments, columns: list[Floats]) -> Floats:
    """Pearson correlations, those of imprecise sums from the rows again."""
    matrix = moments.correlation()
    for i, j in np.argwhere(np.triu(moments.imprecise(), k=1)).tolist():
        both = ~np.isnan(columns[i]) & ~np.isnan(columns[j])
        matrix[i, j] = matrix[j, i] = pearson(columns[i][both], columns[j][both])
    return matrix


def _of_complete(columns: list[Floats]) -> Floats:
    spans = np.array([np.ptp(column) for column in columns])
    centre = np.array([column.mean() for column in columns])
    # The mean of equal values may be beside them.
    centre = np.where(spans > 0, centre, [column[0] for column in columns])
    return CoMoments.of(columns, centre, np.where(spans > 0, spans, 1.0)).correlation()


def _pairwise(columns: list[Floats], coefficient: Callable[[Floats, Floats], float]) -> Floats:
    matrix = np.zeros((len(columns),) * 2)
    present = [~np.isnan(column) for column in columns]
    for i, first in enumerate(columns):
        own = first[present[i]]
        matrix[i, i] = float(len(own) > 0 and own.min() < own.max())
        for j, second in enumerate(columns[:i]):
            both = present[i] & present[j]
            matrix[i, j] = matrix[j, i] = coefficient(first[both], second[both])
    return matrix


def _spearman(first: Floats, second: Floats) -> float:
    return pearson(ranks(first), ranks(second)) if len(first) else 0.0


@final
@dataclass(frozen=True)
class Association:
    """Association matrix of one table; ``table.get(Association())`` computes it once per table.

    Pairs of categorical columns by ``nominal``, of continuous ones by ``numeric``, mixed pairs by
    the correlation ratio, which with ``"spearman"`` is of ranks, so that no outlier hides a
    dependence. Missing is a category of categorical columns; rows where a continuous
    column is missing are left out, pair by pair. A constant column is 0 in its whole row and
    column, the diagonal included; otherwise the diagonal is 1.

    Attributes:
        nominal: ``"cramers_v"``, symmetric in [0, 1]; ``"theils_u"``, in [0, 1], how much of
            the row's column the column's one explains; or ``"nmi"``, normalised mutual
            information, symmetric in [0, 1].
        numeric: ``"pearson"``, ``"spearman"`` (of ranks) or ``"kendall"`` (tau-b), in [-1, 1].
            Ranks are of complete rows; with ``missing="zero"`` mixed pairs are of values.
        bias_correction: Of Cramér's V (Bergsma 2013).
        yates: Yates' correction of Cramér's V of 2 x 2 tables (artifact-core applies it; it
            biases V downwards).
        missing: ``"complete"`` leaves rows out; ``"zero"`` puts 0.0 in place of a missing number,
            as artifact-core does, which invents values.
        kinds: Which columns the matrix has.
    """

    nominal: Nominal = "cramers_v"
    numeric: Numeric = "pearson"
    bias_correction: bool = True
    yates: bool = False
    missing: Literal["complete", "zero"] = "complete"
    kinds: tuple[Kind, ...] = (*NUMERIC, *DISCRETE)

    def __call__(self, table: Summary) -> pd.DataFrame:
        """The matrix, row and column names in the order of the spec."""
        names = table.spec.of_kind(*self.kinds)
        numeric = tuple(name for name in names if table.spec.kind(name) in NUMERIC)
        nominal = tuple(name for name in names if name not in numeric)
        levels = tuple(table.levels(name) for name in nominal)
        at_numeric = [names.index(name) for name in numeric]
        at_nominal = [names.index(name) for name in nominal]
        correlations = Correlations(numeric, self.numeric, self.missing)
        blocks: list[Callable[[], Floats]] = [
            lambda: self._of_mixed(table, levels, numeric),
            lambda: table.get(correlations),
            lambda: self._of_nominal(table, levels),
        ]
        mixed, of_numeric, of_nominal = for_each(blocks, lambda block: block())
        matrix = np.zeros((len(names), len(names)))
        matrix[np.ix_(at_numeric, at_numeric)] = of_numeric
        matrix[np.ix_(at_nominal, at_nominal)] = of_nominal
        matrix[np.ix_(at_nominal, at_numeric)] = mixed
        matrix[np.ix_(at_numeric, at_nominal)] = mixed.T
        return pd.DataFrame(matrix, index=list(names), columns=list(names))

    def _of_nominal(self, table: Summary, levels: tuple[Levels, ...]) -> Floats:
        varied = [float(np.count_nonzero(table.counts(level)) > 1) for level in levels]
        matrix = np.diag(np.array(varied))
        if len(levels) < 2:
            return matrix
        first, second = np.triu_indices(len(levels), k=1)
        tables = tables_of(CrossCounts(levels), (table,))
        parts = [self._of_cells(*part.cells) for (part,) in tables]
        # Of the first column given the second, and the reverse.
        matrix[first, second], matrix[second, first] = np.concatenate(parts, axis=1)
        return matrix

    def _of_cells(self, pair: Places, rows: Places, columns: Places, counts: Counts) -> Floats:
        """Association of many pairs, in both directions, shape ``(2, pairs)``."""
        if self.nominal == "theils_u":
            other = theils_u(pair, columns, rows, counts)
            return np.stack([theils_u(pair, rows, columns, counts), other])
        if self.nominal == "nmi":
            return np.stack([normalised_information(pair, rows, columns, counts)] * 2)
        v = cramers_v(
            pair, rows, columns, counts, bias_correction=self.bias_correction, yates=self.yates
        )
        return np.stack([v, v])

    def _of_mixed(
        self, table: Summary, levels: tuple[Levels, ...], columns: tuple[str, ...]
    ) -> Floats:
        if not levels or not columns:
            return np.zeros((len(levels), len(columns)))
        if self.numeric == "spearman" and self.missing == "complete":
            if not isinstance(table, Table):
                raise UndefinedScoreError(
                    f"correlation ratios of ranks are undefined for the {table.name}, whose rows "
                    "are never together: take pearson, or Sampled(...) of the score"
                )
            return np.array(
                [[_ratio_of_ranks(table, level, c) for c in columns] for level in levels]
            )
        by_level = table.get(SumsByLevel(levels, columns))
        present, sums, squares = by_level.present, by_level.sums, by_level.squares
        if self.missing == "zero" and by_level.absent.any():
            filled = np.array([_scaled_zero(table.moments(column)) for column in columns])
            # Each discrete column counts every row once.
            gaps = by_level.absent[by_level.variable == 0].sum(axis=0)
            present, sums = present + by_level.absent, sums + by_level.absent * filled
            squares = squares + gaps * filled * filled
        return correlation_ratios(by_level.variable, present, sums, squares)


def _ratio_of_ranks(table: Table, levels: Levels, column: str) -> float:
    """Correlation ratio of a column's ranks: the root of Kruskal and Wallis' H / (n - 1)."""
    values = table.values(column)
    present = ~np.isnan(values)
    codes = table.codes(levels)[present]
    ranked = ranks(values[present]) if len(codes) else np.zeros(0)
    ranked -= ranked.mean() if len(ranked) else 0.0
    total = dot(ranked, ranked)
    counts, sums = np.bincount(codes), np.bincount(codes, weights=ranked)
    between = float((sums * sums / np.maximum(counts, 1)).sum())
    return min(between / total, 1.0) ** 0.5 if total > 0 else 0.0


def _scaled_zero(moments: Moments) -> float:
    """What 0.0 is on the scale of `SumsByLevel`."""
    return -moments.mean / moments.span
