"""The numbers of artifact-core and of the experiment script that started this library.

`artifact_core` and `experiment_script` give the parts of a plan. The classes here compute what no
argument of our own scores reproduces, because it rests on choices that we think wrong; each
docstring says which. Checked against artifact-core 0.2.1.
"""

import math
from dataclasses import dataclass, field
from typing import TypeAlias, final, get_args

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.associations import Association
from synthproto.artifacts.columns import Mean
from synthproto.artifacts.pairs import CorrelationDistance
from synthproto.artifacts.statistics import Juxtaposition, StatisticDifference
from synthproto.data.distribution import Places
from synthproto.data.pair import SummaryPair, TablePair
from synthproto.data.passes import ranks_of
from synthproto.data.statistics import Statistic, histogram_edges
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.columns import Floats, js_distance, shares, stacked


@final
@dataclass(frozen=True)
class ArtifactCoreJSDistance:
    """Jensen-Shannon distance by column as artifact-core has it: base e, at most 0.8326.

    Bins are cut over both tables, so that one synthetic outlier lowers the distance; categories
    that are new are dropped and the rest is scaled up. 0 is best.

    Attributes:
        bins: Bins of equal width.
        categorical_only: Whether continuous columns are left out.
        name: Tag.
    """

    bins: int = 100
    categorical_only: bool = False
    name: str = "fidelity/artifact_core_js_distance"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(
        default=(0.0, math.sqrt(math.log(2.0))), init=False, repr=False
    )

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Distance by column: categorical ones first, as there."""
        kinds = () if self.categorical_only else NUMERIC
        columns = (*pair.spec.of_kind(*DISCRETE), *pair.spec.of_kind(*kinds))
        counts = for_each(columns, lambda column: self._counts(pair, column))
        real, synthetic = (shares(stacked([held[side] for held in counts])) for side in (0, 1))
        distances = js_distance(real, synthetic, float(np.e))
        return dict(zip(columns, distances.tolist(), strict=True))

    def _counts(
        self, pair: SummaryPair, column: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows in each level of the real and of the synthetic column."""
        if pair.spec.kind(column) in DISCRETE:
            levels = pair.real.levels(column)
            known = slice(1, levels.size + 1)
            return pair.real.counts(levels)[known], pair.synthetic.counts(levels)[known]
        places = pair.get(_Cut(column, self.bins))
        sides: tuple[Summary, Summary] = (pair.real, pair.synthetic)
        real, synthetic = for_each(sides, lambda side: _right_closed(side, places))
        return real, synthetic


@final
@dataclass(frozen=True)
class _Cut:
    """Edges of bins over both tables; the same object for a pair, so that it is looked up once."""

    column: str
    bins: int

    def __call__(self, pair: SummaryPair) -> Places:
        return Places(self.column, _cut_edges(*_range(pair, self.column), self.bins))


def _range(pair: SummaryPair, column: str) -> tuple[float, float]:
    """Smallest and largest value of both tables."""
    sides: tuple[Summary, Summary] = (pair.real, pair.synthetic)
    moments = for_each(sides, lambda side: side.moments(column))
    low, high = min(m.low for m in moments), max(m.high for m in moments)
    return (low, high) if low <= high else (0.0, 0.0)


def _cut_edges(low: float, high: float, bins: int) -> Floats:
    """Edges of ``pandas.cut(..., bins, include_lowest=True)``."""
    if low == high:
        margin = 0.001 * abs(low) if low else 0.001
        return np.linspace(low - margin, high + margin, bins + 1)
    edges = np.linspace(low, high, bins + 1)
    edges[0] -= 0.001 * (high - low)
    return edges


def _right_closed(table: Summary, edges: Places) -> NDArray[np.int64]:
    ranks = ranks_of(table, edges)
    upto = np.append(ranks.below[:1], ranks.upto[1:])
    return upto[1:] - upto[:-1]


@final
@dataclass(frozen=True)
class ScriptJSDivergence:
    """Jensen-Shannon divergence of the experiment script that started this library, base e.

    By continuous column; 20 bins of equal width over both tables, and 1e-8 added to each share,
    which then sum to a little more than 1. At least 0, 0 is best, about 0.69 is disjoint.

    Raises:
        UndefinedScoreError: A column has no values on one side.
    """

    bins: int = 20
    smoothing: float = 1e-8
    name: str = "fidelity/script_js_divergence"
    best: float = field(default=0.0, init=False, repr=False)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value: ln 2, and a little more by what is added to each share."""
        return 0.0, math.log(2.0) * (1.0 + self.bins * self.smoothing)

    def __post_init__(self) -> None:
        if self.bins < 1 or self.smoothing <= 0:
            raise ParameterError(
                f"{self.name!r} takes bins of at least 1 and a positive smoothing; got "
                f"bins={self.bins}, smoothing={self.smoothing}"
            )

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Divergence by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*NUMERIC)}

    def _of(self, pair: TablePair, column: str) -> float:
        edges = histogram_edges(*_range(pair, column), self.bins)
        sides = []
        for table in (pair.real, pair.synthetic):
            ascending = table.ascending(column)
            if not len(ascending):
                raise UndefinedScoreError(
                    f"score {self.name!r} of column {column!r} is undefined: all its values are "
                    f"missing in the {table.name}"
                )
            sides.append(shares(np.histogram(ascending, edges)[0]) + self.smoothing)
        middle = (sides[0] + sides[1]) / 2
        return float(max(sum((side * np.log(side / middle)).sum() for side in sides) / 2, 0.0))


ArtifactCoreScores: TypeAlias = tuple[Mean[Summary], ArtifactCoreJSDistance, CorrelationDistance]


def artifact_core(bins: int = 100) -> tuple[ArtifactCoreScores, tuple[Juxtaposition, ...]]:
    """Scores and arrays of artifact-core's table comparison.

    Returns:
        Mean JS distance, JS distances, correlation distance; and the eight juxtapositions.
    """
    distances = ArtifactCoreJSDistance(bins)
    correlation = CorrelationDistance(
        Association(yates=True, missing="zero"),
        diagonal=True,
        name="fidelity/artifact_core_correlation_distance",
    )
    juxtapositions = tuple(Juxtaposition(statistic) for statistic in get_args(Statistic))
    return (Mean(distances), distances, correlation), juxtapositions


def experiment_script() -> tuple[
    Mean[Table], ScriptJSDivergence, CorrelationDistance, StatisticDifference
]:
    """The numbers of the experiment script that started this library.

    Returns:
        Mean JS divergence and that of each column, the Frobenius norm of the difference of the
        Pearson matrices, and the differences of the means.
    """
    divergence = ScriptJSDivergence()
    correlation = CorrelationDistance(
        Association(kinds=NUMERIC), "l2", name="fidelity/script_correlation_distance"
    )
    return Mean(divergence), divergence, correlation, StatisticDifference("mean")
