"""Fidelity of pairs of columns: whether they depend on each other as in the real table."""

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.artifacts.associations import Association, Correlations
from synthproto.data.crosstab import CrossCounts, tables_of
from synthproto.data.pair import SummaryPair
from synthproto.data.statistics import BinRule
from synthproto.data.summary import for_each
from synthproto.data.table import DISCRETE, NUMERIC
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.pairs import (
    above,
    contingency_distances,
    cramers_v,
    dense_shares,
)

MatrixDistance: TypeAlias = Literal["rmse", "l2", "mae", "cosine"]
"""How two association matrices become one number."""

Coefficient: TypeAlias = Literal["pearson", "spearman", "kendall"]
"""Correlation of two columns of numbers."""

Pairs: TypeAlias = Literal["numeric", "contingency", "all"]


@final
@dataclass(frozen=True)
class CorrelationDistance:
    """Distance between the association matrices of the real and the synthetic table.

    In [0, 2] for ``"rmse"``, ``"mae"`` and ``"cosine"``, unbounded for ``"l2"``; 0 is best.
    Computed from the pairs of different columns; artifact-core counts the diagonal as well, which
    is always equal, so that its value is smaller by the root of (d - 1) / d.

    Attributes:
        association: What the matrices hold.
        metric: ``"rmse"``, root mean square; ``"l2"``, root of the sum of squares (the Frobenius
            norm); ``"mae"``, mean absolute difference; ``"cosine"``, one minus the cosine of the
            angle between the matrices.
        diagonal: Whether the diagonal counts too.
        name: Tag.

    Raises:
        UndefinedScoreError: There are fewer than two columns.
    """

    association: Association = field(default_factory=Association)
    metric: MatrixDistance = "rmse"
    diagonal: bool = False
    name: str = "fidelity/correlation_distance"
    best: float = field(default=0.0, init=False, repr=False)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value."""
        return 0.0, math.inf if self.metric == "l2" else 2.0

    def __call__(self, pair: SummaryPair) -> float:
        """Distance of the two matrices."""
        sides = (pair.real, pair.synthetic)
        real, synthetic = for_each(sides, lambda side: side.get(self.association).to_numpy())
        counted = (
            np.ones(real.shape, dtype=bool) if self.diagonal else ~np.eye(len(real), dtype=bool)
        )
        if not counted.any():
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: it needs two columns of the kinds "
                f"{list(self.association.kinds)}; the tables have {len(real)}"
            )
        return _matrix_distance(real[counted], synthetic[counted], self.metric)


def _matrix_distance(
    real: NDArray[np.float64], synthetic: NDArray[np.float64], metric: MatrixDistance
) -> float:
    gaps = real - synthetic
    if metric == "mae":
        return float(np.abs(gaps).mean())
    if metric == "cosine":
        norms = float(np.sqrt(np.dot(real, real) * np.dot(synthetic, synthetic)))
        if norms == 0:
            return float(real.any() or synthetic.any())
        return (
            float(min(max(1.0 - np.dot(real, synthetic) / norms, 0.0), 2.0)) if gaps.any() else 0.0
        )
    squares = float(np.dot(gaps, gaps))
    return float(np.sqrt(squares if metric == "l2" else squares / gaps.size))


@final
@dataclass(frozen=True)
class PairTrends:
    """Similarity of each pair of columns, as a frame.

    In [0, 1], 1 is best. Pairs of continuous columns by their correlations, 1 - |r_real -
    r_synthetic| / 2, or less where they are not missing in the same places; other pairs by their
    cross tables of shares, 1 - ½ Σ |P_real - P_synthetic|, numbers in bins of the real column,
    values outside its range apart, missing a value of its own.

    SDMetrics' Column Pair Trends bins each side of mixed pairs by itself (a column times 1000
    scores 1), and since 0.27 averages only strong pairs; see `synthproto.presets.sdmetrics`.

    Attributes:
        pairs: ``"numeric"``: pairs of continuous columns, by correlation; ``"contingency"``: all
            pairs, by cross tables; ``"all"``: all pairs, each in its way.
        coefficient: Correlation of continuous pairs, over rows where both are present; 0 for a
            constant column.
        bins: Bins of a continuous column in cross tables.
        rule: How they are cut: ``"quantile"``, of equal share of the real rows, or ``"width"``,
            which one outlier makes coarse.
        min_association: Pairs whose real association is not above it are left out: absolute
            correlation, or Cramér's V without bias correction. 0 leaves none out.
        missing: Whether a pair of numbers is less alike where they are not missing in the same
            places; without, its correlation over complete rows is all that counts.
        name: Tag.
    """

    pairs: Pairs = "all"
    coefficient: Coefficient = "pearson"
    bins: int = 10
    rule: BinRule = "quantile"
    min_association: float = 0.0
    missing: bool = True
    name: str = "fidelity/pair_trends"

    def __post_init__(self) -> None:
        if self.bins < 1 or not 0 <= self.min_association < 1:
            raise ParameterError(
                f"{self.name!r} takes bins of at least 1 and min_association in [0, 1); got "
                f"bins={self.bins}, min_association={self.min_association}"
            )

    def __call__(self, pair: SummaryPair) -> pd.DataFrame:
        """Index: the two columns; columns ``similarity`` and ``association`` (of the real table).

        ``association`` is the correlation, or Cramér's V; V is computed only if
        ``min_association`` is above 0, and otherwise not a column.
        """
        found = pair.get(
            _Similarities(self.pairs, self.coefficient, self.bins, self.rule, self.missing)
        )
        strong = self.min_association > 0
        if strong:
            association = pair.get(
                _Associations(self.pairs, self.coefficient, self.bins, self.rule)
            )
            kept = [p for p in found if above(abs(association[p]), self.min_association)]
        else:
            association, kept = {}, list(found)
        index = pd.MultiIndex.from_tuples(kept, names=["first", "second"]) if kept else None
        columns = {"similarity": [found[p] for p in kept]}
        if strong:
            columns["association"] = [association[p] for p in kept]
        return pd.DataFrame(columns, index=index, dtype="float64")


@final
@dataclass(frozen=True)
class CorrelationSimilarity:
    """Mean over pairs of continuous columns of 1 - |r_real - r_synthetic| / 2.

    In [0, 1], 1 is best; see `PairTrends`.

    Attributes:
        coefficient: Which correlation.
        min_association: Only pairs with a real absolute correlation above it count.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no such pair.
    """

    coefficient: Coefficient = PairTrends.coefficient
    min_association: float = PairTrends.min_association
    name: str = "fidelity/correlation_similarity"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Mean similarity."""
        least = self.min_association
        trends = PairTrends("numeric", self.coefficient, min_association=least, missing=False)
        return _mean(trends, pair, self.name)


@final
@dataclass(frozen=True)
class ContingencySimilarity:
    """Mean over all pairs of columns of 1 - ½ Σ |P_real - P_synthetic| over their cross tables.

    In [0, 1], 1 is best; see `PairTrends`. SDMetrics samples 50,000 rows without a seed in its
    report and counts values outside the real range as the nearest bin.

    Attributes:
        bins: Bins of a continuous column.
        rule: How they are cut; see `PairTrends`.
        min_association: Only pairs with a real Cramér's V above it count.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no such pair.
    """

    bins: int = PairTrends.bins
    rule: BinRule = PairTrends.rule
    min_association: float = PairTrends.min_association
    name: str = "fidelity/contingency_similarity"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Mean similarity."""
        trends = PairTrends(
            "contingency", bins=self.bins, rule=self.rule, min_association=self.min_association
        )
        return _mean(trends, pair, self.name)


@final
@dataclass(frozen=True)
class TrendSimilarity:
    """Mean similarity over all pairs of columns, each in its way; see `PairTrends`.

    In [0, 1], 1 is best. One minus it is the "trend error" of the literature (TabSyn, ICLR 2024).

    Attributes:
        coefficient: Correlation of continuous pairs.
        bins: Bins of a continuous column in mixed pairs.
        rule: How they are cut; see `PairTrends`.
        min_association: Only pairs with a stronger real association count.
        missing: Whether it counts where pairs of numbers are missing.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no such pair.
    """

    coefficient: Coefficient = PairTrends.coefficient
    bins: int = PairTrends.bins
    rule: BinRule = PairTrends.rule
    min_association: float = PairTrends.min_association
    missing: bool = PairTrends.missing
    name: str = "fidelity/trend_similarity"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Mean similarity."""
        trends = PairTrends(
            "all", self.coefficient, self.bins, self.rule, self.min_association, self.missing
        )
        return _mean(trends, pair, self.name)


def _mean(trends: PairTrends, pair: SummaryPair, name: str) -> float:
    similarity = trends(pair)["similarity"]
    if not len(similarity):
        raise UndefinedScoreError(
            f"score {name!r} is undefined: no pair of columns has the kinds that it compares and "
            f"an association above {trends.min_association}"
        )
    return float(similarity.mean())


@final
@dataclass(frozen=True)
class _Layout:
    """Which pairs are compared how."""

    numeric: tuple[str, ...]
    correlated: tuple[tuple[str, str], ...]
    crossed: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pair: SummaryPair, pairs: Pairs) -> "_Layout":
        names = pair.spec.of_kind(*NUMERIC, *DISCRETE)
        numeric = pair.spec.of_kind(*NUMERIC)
        every = tuple(combinations(names, 2))
        if pairs == "contingency":
            return cls(numeric, (), every)
        numbers = set(numeric)
        both = tuple(p for p in every if numbers.issuperset(p))
        others = tuple(p for p in every if not numbers.issuperset(p))
        return cls(numeric, both, others if pairs == "all" else ())


@final
@dataclass(frozen=True)
class _Similarities:
    pairs: Pairs
    coefficient: Coefficient
    bins: int
    rule: BinRule
    missing: bool

    def __call__(self, pair: SummaryPair) -> dict[tuple[str, str], float]:
        layout = _Layout.of(pair, self.pairs)
        ways = (self._correlated, self._where_missing, self._crossed)
        found, where, crossed = for_each(ways, lambda way: way(pair, layout))
        found |= {gappy: min(found[gappy], alike) for gappy, alike in where.items()} | crossed
        names = pair.spec.of_kind(*NUMERIC, *DISCRETE)
        return {p: found[p] for p in combinations(names, 2) if p in found}

    def _correlated(self, pair: SummaryPair, layout: _Layout) -> dict[tuple[str, str], float]:
        if not layout.correlated:
            return {}
        statistic = Correlations(layout.numeric, self.coefficient)
        sides = (pair.real, pair.synthetic)
        real, synthetic = for_each(sides, lambda side: side.get(statistic))
        gaps = np.abs(real - synthetic)
        at = {name: place for place, name in enumerate(layout.numeric)}
        return {p: 1 - float(gaps[at[p[0]], at[p[1]]]) / 2 for p in layout.correlated}

    def _where_missing(self, pair: SummaryPair, layout: _Layout) -> dict[tuple[str, str], float]:
        """How alike numbers are in where they are missing, of pairs in which some are.

        Total variation of the cells of their cross tables in which a value is missing, all others
        counted as one.
        """
        sides = (pair.real, pair.synthetic)
        gappy = {c for c in layout.numeric if any(side.missing(c) for side in sides)}
        chosen = tuple(names for names in layout.correlated if gappy.intersection(names))
        if not chosen or not self.missing:
            return {}
        counts = cross_counts(pair, self.bins, self.rule, chosen)
        size = max(levels.size for levels in counts.levels) + 3  # missing, below and above
        alike: list[float] = []
        for tables in tables_of(counts, sides):
            real, synthetic = (
                dense_shares(*side.cells, tables=len(side.pairs), most=size) for side in tables
            )
            gaps = np.abs(real - synthetic)
            gaps[:, 1:, 1:] = 0.0
            within = np.abs((real - synthetic)[:, 1:, 1:].sum(axis=(1, 2)))
            alike += (1 - (gaps.sum(axis=(1, 2)) + within) / 2).tolist()
        return dict(zip(chosen, alike, strict=True))

    def _crossed(self, pair: SummaryPair, layout: _Layout) -> dict[tuple[str, str], float]:
        if not layout.crossed:
            return {}
        counts = cross_counts(pair, self.bins, self.rule, layout.crossed)
        sizes = np.array([levels.size + 1 for levels in counts.levels])
        alike: list[float] = []
        for real, synthetic in tables_of(counts, (pair.real, pair.synthetic)):
            first, second = np.array(real.pairs).T
            shapes = sizes[first], sizes[second]
            alike += (1 - contingency_distances(real.cells, synthetic.cells, shapes)).tolist()
        return dict(zip(layout.crossed, alike, strict=True))


@final
@dataclass(frozen=True)
class _Associations:
    pairs: Pairs
    coefficient: Coefficient
    bins: int
    rule: BinRule

    def __call__(self, pair: SummaryPair) -> dict[tuple[str, str], float]:
        layout = _Layout.of(pair, self.pairs)
        found: dict[tuple[str, str], float] = {}
        if layout.correlated:
            matrix = pair.real.get(Correlations(layout.numeric, self.coefficient))
            at = {name: place for place, name in enumerate(layout.numeric)}
            found |= {p: float(matrix[at[p[0]], at[p[1]]]) for p in layout.correlated}
        if layout.crossed:
            counts = cross_counts(pair, self.bins, self.rule, layout.crossed)
            tables = tables_of(counts, (pair.real,))
            v = [cramers_v(*part.cells, bias_correction=False) for (part,) in tables]
            found |= dict(zip(layout.crossed, np.concatenate(v).tolist(), strict=True))
        return found


def cross_counts(
    pair: SummaryPair, bins: int, rule: BinRule, wanted: tuple[tuple[str, str], ...]
) -> CrossCounts:
    """Cross tables of pairs of columns, in the real table's levels."""
    names = pair.spec.of_kind(*NUMERIC, *DISCRETE)
    levels = tuple(for_each(names, lambda name: pair.real.levels(name, bins, rule)))
    at = {name: place for place, name in enumerate(names)}
    return CrossCounts(levels, tuple((at[a], at[b]) for a, b in wanted))
