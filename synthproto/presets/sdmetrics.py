"""The numbers of SDMetrics' single-table reports, by its definitions.

`sdmetrics_quality` and `sdmetrics_diagnostic` give scores for a plan. The classes here compute
what no argument of our own scores reproduces, because it rests on choices that we think wrong; each
docstring says which. Checked against SDMetrics 0.32.0.
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.associations import Correlations
from synthproto.artifacts.columns import ByColumn, Complement, Mean, ShapeDistance
from synthproto.artifacts.validity import BoundaryAdherence, CategoryAdherence
from synthproto.data.crosstab import CrossCounts, CrossTables
from synthproto.data.pair import SummaryPair
from synthproto.data.statistics import Levels, histogram_edges, interval_labels
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC
from synthproto.errors import UndefinedScoreError
from synthproto.measures.pairs import Floats, above, contingency_distances, cramers_v


@final
@dataclass(frozen=True)
class _OwnBins:
    """Levels of ``numpy.digitize`` over a table's own range: ten bins, and one of the maximum."""

    column: str

    def __call__(self, table: Summary) -> Levels:
        moments = table.moments(self.column)
        low, high = (moments.low, moments.high) if moments.count else (0.0, 1.0)
        edges = histogram_edges(low, high, 10)
        edges = np.append(edges, max(high, float(edges[-1])))
        return Levels(self.column, interval_labels(edges), edges)


@final
@dataclass(frozen=True)
class _OwnTables:
    """Cross tables of the pairs that are not both numeric, numeric columns in their own bins."""

    real: Summary

    def __call__(self, table: Summary) -> CrossTables:
        names = table.spec.of_kind(*NUMERIC, *DISCRETE)
        numeric = {*table.spec.of_kind(*NUMERIC)}
        levels = for_each(
            names, lambda n: table.get(_OwnBins(n)) if n in numeric else self.real.levels(n)
        )
        numbers = {place for place, name in enumerate(names) if name in numeric}
        pairs = combinations(range(len(names)), 2)
        wanted = tuple(p for p in pairs if not numbers.issuperset(p))
        found = table.total(CrossCounts(tuple(levels), wanted))
        gappy = np.array([name in numeric and table.missing(name) > 0 for name in names])
        return _missing_as_largest(found, gappy) if wanted and gappy.any() else found


def _missing_as_largest(tables: CrossTables, gappy: NDArray[np.bool_]) -> CrossTables:
    """The same cells, those of missing values of some columns added to those of the maximum."""
    first, second = np.array(tables.pairs).T
    pair, rows, columns, counts = tables.cells
    rows = np.where((rows == 0) & gappy[first[pair]], 11, rows)
    columns = np.where((columns == 0) & gappy[second[pair]], 11, columns)
    nothing = np.zeros(0, dtype=np.intp)
    empty = CrossTables(tables.pairs, nothing, nothing, nothing, nothing)
    return CrossTables(tables.pairs, pair, rows, columns, counts).merged(empty)


@final
@dataclass(frozen=True)
class SDMetricsTrends:
    """SDMetrics' Column Pair Trends: mean similarity of the pairs that are strong enough.

    In [0, 1], 1 is best. Numbers in mixed pairs are binned on each side by itself, so that x and
    1000 x are the same; missing counts as the largest bin; pairs of a constant numeric column are
    left out, however wrong they are; so are weak pairs, by default.

    Attributes:
        min_correlation: Real absolute correlation above which a pair of numeric columns counts.
        min_association: Real Cramér's V above which another pair counts. With 0 and 0, every pair
            counts, as before SDMetrics 0.27.
        name: Tag.

    Raises:
        UndefinedScoreError: No pair counts.
    """

    min_correlation: float = 0.5
    min_association: float = 0.3
    name: str = "fidelity/sdmetrics_column_pair_trends"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Mean similarity."""
        numeric, others = for_each((self._numeric, self._others), lambda part: part(pair))
        scores = [*numeric, *others]
        if not scores:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: no pair of columns is above its thresholds"
            )
        return float(np.mean(scores))

    def _numeric(self, pair: SummaryPair) -> list[float]:
        correlations = Correlations(pair.spec.of_kind(*NUMERIC))
        sides = (pair.real, pair.synthetic)
        real, synthetic = for_each(sides, lambda side: side.get(correlations))
        first, second = np.triu_indices(len(real), k=1)
        varied = (np.diagonal(real) > 0) & (np.diagonal(synthetic) > 0)
        ours, theirs = real[first, second], synthetic[first, second]
        counted = varied[first] & varied[second]
        if self.min_correlation > 0:
            counted &= above(np.abs(ours), self.min_correlation)
        similarity: list[float] = (1 - np.abs(ours - theirs) / 2)[counted].tolist()
        return similarity

    def _others(self, pair: SummaryPair) -> list[float]:
        names, numeric = pair.spec.of_kind(*NUMERIC, *DISCRETE), pair.spec.of_kind(*NUMERIC)
        sizes = [12 if name in numeric else pair.real.levels(name).size + 1 for name in names]
        own, sides = _OwnTables(pair.real), (pair.real, pair.synthetic)
        real, synthetic = for_each(sides, lambda side: side.get(own))
        if not real.pairs:
            return []
        first, second = np.array(real.pairs).T
        shapes = np.array(sizes)[first], np.array(sizes)[second]
        similarity = 1 - contingency_distances(real.cells, synthetic.cells, shapes)
        if self.min_association > 0:
            similarity = similarity[above(pair.real.get(_own_strengths), self.min_association)]
        kept: list[float] = similarity.tolist()
        return kept


def _own_strengths(real: Summary) -> Floats:
    return cramers_v(*real.get(_OwnTables(real)).cells, bias_correction=False)


@final
@dataclass(frozen=True)
class SDMetricsValidity:
    """SDMetrics' Data Validity by column: adherence to the real range or categories, unique keys.

    In [0, 1], 1 is best.

    Attributes:
        keys: Columns that are primary or alternate keys; other identifiers have no score.
        name: Tag.
    """

    keys: tuple[str, ...] = ()
    name: str = "validity/sdmetrics_data_validity"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Score by column, in the order of the spec."""
        rows = len(pair.synthetic)
        parts: tuple[ByColumn, ...] = (BoundaryAdherence(), CategoryAdherence())
        boundaries, categories = for_each(parts, pair.get)
        found = {
            **boundaries,
            **categories,
            **{key: pair.synthetic.distinct(key) / rows for key in self.keys},
        }
        return {column: found[column] for column in pair.spec.names if column in found}


@final
@dataclass(frozen=True)
class SDMetricsStructure:
    """SDMetrics' TableStructure: equal columns of all, by name and dtype, wrong ones twice.

    In [0, 1], 1 is best.
    """

    name: str = "validity/sdmetrics_data_structure"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Size of the intersection of columns with dtypes by that of the union."""
        real, synthetic = (
            set(zip(table.spec.names, table.dtypes, strict=True))
            for table in (pair.real, pair.synthetic)
        )
        return len(real & synthetic) / len(real | synthetic)


def sdmetrics_quality(
    min_correlation: float = 0.5, min_association: float = 0.3
) -> tuple[Mean, SDMetricsTrends]:
    """The two properties of SDMetrics' QualityReport, whose score is their mean.

    Differs where SDMetrics leaves a column out without saying so: a column of which one side has
    no values has the worst score here. Contingency is counted over all rows (above 50,000 rows,
    SDMetrics samples without a seed).
    """
    shapes = Complement(ShapeDistance(missing=False, decimals=14))
    return (
        Mean(shapes, "fidelity/sdmetrics_column_shapes"),
        SDMetricsTrends(min_correlation, min_association),
    )


def sdmetrics_diagnostic(keys: tuple[str, ...] = ()) -> tuple[Mean, SDMetricsStructure]:
    """The two properties of SDMetrics' DiagnosticReport, whose score is their mean."""
    validity = Mean(SDMetricsValidity(keys), "validity/sdmetrics_data_validity")
    return validity, SDMetricsStructure()
