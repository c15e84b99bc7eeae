"""Association matrices of a table: how strongly each pair of its columns depends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.spec import Kind
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.measures.pairwise import correlation_ratio, cramers_v, theils_u

Nominal: TypeAlias = Literal["cramers_v", "theils_u"]
"""Association of two categorical columns."""

Numeric: TypeAlias = Literal["pearson", "spearman", "kendall"]
"""Association of two continuous columns."""


@final
@dataclass(frozen=True)
class Association:
    """Association matrix of one table; ``table.get(Association())`` computes it once a table.

    Pairs of categorical columns by ``nominal``, of continuous ones by ``numeric``, mixed pairs by
    the correlation ratio. Missing is a category of categorical columns; rows where a continuous
    column is missing are left out, pair by pair. A constant column is 0 in its whole row and
    column, the diagonal included; otherwise the diagonal is 1.

    Attributes:
        nominal: ``"cramers_v"``, symmetric in [0, 1], or ``"theils_u"``, in [0, 1], how much of
            the row's column the column's one explains.
        numeric: ``"pearson"``, ``"spearman"`` (of ranks) or ``"kendall"`` (tau-b), in [-1, 1].
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

    def __call__(self, table: Table) -> pd.DataFrame:
        """The matrix, row and column names in the order of the spec."""
        columns = table.spec.of_kind(*self.kinds)
        numeric = [name for name in columns if table.spec.kind(name) in NUMERIC]
        nominal = [name for name in columns if name not in numeric]
        matrix = pd.DataFrame(np.zeros((len(columns),) * 2), index=columns, columns=columns)
        matrix.loc[numeric, numeric] = self._of_numeric(table, numeric)
        matrix.loc[nominal, nominal] = self._of_nominal(table, nominal)
        mixed = self._of_mixed(table, nominal, numeric)
        matrix.loc[nominal, numeric] = mixed
        matrix.loc[numeric, nominal] = mixed.T
        return matrix

    def _of_numeric(self, table: Table, columns: Sequence[str]) -> NDArray[np.float64]:
        return table.co_moments(tuple(columns)).correlation()

    def _of_nominal(self, table: Table, columns: Sequence[str]) -> NDArray[np.float64]:
        levels = [table.levels(name) for name in columns]
        matrix = np.zeros((len(levels), len(levels)))
        for i, first in enumerate(levels):
            matrix[i, i] = float(np.count_nonzero(table.counts(first)) > 1)
            for j, second in enumerate(levels[:i]):
                counts = table.pair_counts(first, second)
                matrix[i, j], matrix[j, i] = self._nominal_pair(counts)
        return matrix

    def _nominal_pair(self, counts: NDArray[np.int64]) -> tuple[float, float]:
        if self.nominal == "theils_u":
            return theils_u(counts), theils_u(counts.T)
        v = cramers_v(counts, bias_correction=self.bias_correction, yates=self.yates)
        return v, v

    def _of_mixed(
        self, table: Table, nominal: Sequence[str], numeric: Sequence[str]
    ) -> NDArray[np.float64]:
        matrix = np.zeros((len(nominal), len(numeric)))
        for j, column in enumerate(numeric):
            moments = table.moments(column)
            span = moments.high - moments.low if moments.count else 0.0
            if span == 0:
                continue
            scaled = (table.values(column) - moments.mean) / span
            present = ~np.isnan(scaled)
            scaled[~present] = 0.0
            squares = float(np.dot(scaled, scaled))
            for i, name in enumerate(nominal):
                codes = table.codes(table.levels(name))
                count = np.bincount(codes, weights=present)
                sums = np.bincount(codes, weights=scaled)
                matrix[i, j] = correlation_ratio(count, sums, squares)
        return matrix
