"""Scores: numbers that say how far a synthetic table is from the real one."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.associations import Association
from synthproto.data.levels import BinRule
from synthproto.data.spec import Kind
from synthproto.data.table import DISCRETE, NUMERIC, TablePair
from synthproto.errors import UndefinedScoreError
from synthproto.measures.marginal import js_distance, shares

MatrixDistance: TypeAlias = Literal["rmse", "l2", "mae"]
"""How the differences of two association matrices become one number."""


@final
@dataclass(frozen=True)
class JSDistance:
    """Jensen-Shannon distance of each column, base 2.

    In [0, 1], 0 is best. Categories by their shares, missing being a category and categories of
    one side only counting in full; numbers by bins of the real column, missing left out, values
    outside the real range counting as never seen. 1 if only one side has values.

    Differs from artifact-core, which bins both tables together (one outlier hides everything),
    drops categories that are new, and uses base e.

    Attributes:
        bins: About how many bins a continuous column has.
        rule: ``"quantile"``: bins of equal share of the real rows; ``"width"``: of equal width,
            coarse where the real column has outliers.
        kinds: Which columns to compare.
        name: Tag.
    """

    bins: int = 20
    rule: BinRule = "quantile"
    kinds: tuple[Kind, ...] = (*NUMERIC, *DISCRETE)
    name: str = "fidelity/js_distance"
    best: ClassVar[float] = 0.0

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Distance by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*self.kinds)}

    def _of(self, pair: TablePair, column: str) -> float:
        histogram = pair.histogram(column, self.bins, self.rule)
        first = 1 if histogram.levels.binned else 0  # missing is no value of a continuous column
        return js_distance(shares(histogram.real[first:]), shares(histogram.synthetic[first:]))


@final
@dataclass(frozen=True)
class MeanJSDistance:
    """Mean over the columns of `JSDistance`, with its parameters.

    In [0, 1], 0 is best.

    Raises:
        UndefinedScoreError: There are no columns of these kinds.
    """

    bins: int = 20
    rule: BinRule = "quantile"
    kinds: tuple[Kind, ...] = (*NUMERIC, *DISCRETE)
    name: str = "fidelity/mean_js_distance"
    best: ClassVar[float] = 0.0

    def __call__(self, pair: TablePair) -> float:
        """Mean distance."""
        by_column = pair.get(JSDistance(self.bins, self.rule, self.kinds))
        if not by_column:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: the tables have no columns of the kinds "
                f"{list(self.kinds)}"
            )
        return float(np.mean(list(by_column.values())))


@final
@dataclass(frozen=True)
class CorrelationDistance:
    """Distance between the association matrices of the real and the synthetic table.

    In [0, 2] for ``"rmse"`` and ``"mae"``, unbounded for ``"l2"``; 0 is best. Computed from the
    pairs of different columns; artifact-core divides by the diagonal as well, which is always
    equal, so that its value is smaller by the root of (d - 1) / d.

    Attributes:
        association: What the matrices hold.
        metric: ``"rmse"``, root mean square; ``"l2"``, root of the sum of squares (the Frobenius
            norm); ``"mae"``, mean absolute difference.
        diagonal: Whether the diagonal counts as a set of pairs.
        name: Tag.

    Raises:
        UndefinedScoreError: There are fewer than two columns.
    """

    association: Association = field(default_factory=Association)
    metric: MatrixDistance = "rmse"
    diagonal: bool = False
    name: str = "fidelity/correlation_distance"
    best: ClassVar[float] = 0.0

    def __call__(self, pair: TablePair) -> float:
        """Distance of the two matrices."""
        real = pair.real.get(self.association).to_numpy()
        gaps = real - pair.synthetic.get(self.association).to_numpy()
        if not self.diagonal:
            gaps = gaps[~np.eye(len(gaps), dtype=bool)]
        if not gaps.size:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: it needs two columns of the kinds "
                f"{list(self.association.kinds)}; the tables have {len(real)}"
            )
        return _size(gaps, self.metric)


def _size(gaps: NDArray[np.float64], metric: MatrixDistance) -> float:
    if metric == "mae":
        return float(np.abs(gaps).mean())
    squares = float((gaps * gaps).sum())
    return float(np.sqrt(squares if metric == "l2" else squares / gaps.size))
