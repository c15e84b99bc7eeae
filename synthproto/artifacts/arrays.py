"""Arrays and small frames that set the real and the synthetic table side by side."""

from dataclasses import dataclass, field
from typing import final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.artifacts.associations import Association
from synthproto.data.levels import BinRule, Histogram
from synthproto.data.spec import Kind
from synthproto.data.statistics import Statistic
from synthproto.data.table import DISCRETE, NUMERIC, Table, TablePair
from synthproto.measures.marginal import shares
from synthproto.unchecked import unchecked

_SIDES = pd.Index(["real", "synthetic"])


@final
@dataclass(frozen=True)
class Juxtaposition:
    """One descriptive statistic of each continuous and datetime column, real beside synthetic.

    Attributes:
        statistic: Mean, std, variance, median, first or third quartile, min or max; missing
            values are left out, see `Table.statistic`. Datetimes are in seconds since 1970.
        name: Tag; by default ``"fidelity/mean_juxtaposition"`` and the like.

    Raises:
        UndefinedScoreError: A column has no values at all.
    """

    statistic: Statistic = "mean"
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"fidelity/{self.statistic}_juxtaposition")

    def __call__(self, pair: TablePair) -> pd.DataFrame:
        """Index: column names; columns ``"real"`` and ``"synthetic"``."""
        statistics = _Statistics(self.statistic)
        values = np.column_stack([t.get(statistics) for t in (pair.real, pair.synthetic)])
        index = pd.Index(pair.spec.of_kind(*NUMERIC), dtype=object, name="column")
        return pd.DataFrame(values, index=index, columns=_SIDES)


@final
@unchecked
@dataclass(frozen=True)
class _Statistics:
    """One statistic of all columns with numbers, which is kept with each table."""

    statistic: Statistic

    def __call__(self, table: Table) -> NDArray[np.float64]:
        columns = table.spec.of_kind(*NUMERIC)
        return np.array([table.statistic(c, self.statistic) for c in columns], dtype=np.float64)


@final
@dataclass(frozen=True)
class AssociationMatrices:
    """Association matrices of both tables and their difference.

    Attributes:
        association: What the matrices hold.
        name: Tag.
    """

    association: Association = field(default_factory=Association)
    name: str = "fidelity/associations"

    def __call__(self, pair: TablePair) -> dict[str, pd.DataFrame]:
        """Square frames ``"real"``, ``"synthetic"`` and ``"difference"`` (synthetic - real)."""
        real, synthetic = (t.get(self.association) for t in (pair.real, pair.synthetic))
        return {"real": real, "synthetic": synthetic, "difference": synthetic - real}


@final
@dataclass(frozen=True)
class Histograms:
    """Shares of the levels of each column, real beside synthetic.

    Attributes:
        bins: About how many bins a continuous column has.
        rule: How they are cut.
        kinds: Which columns.
        name: Tag.
    """

    bins: int = 30
    rule: BinRule = "width"
    kinds: tuple[Kind, ...] = (*NUMERIC, *DISCRETE)
    name: str = "fidelity/histograms"

    def __call__(self, pair: TablePair) -> dict[str, pd.DataFrame]:
        """By column, a frame.

        Index: ``"(missing)"``, the real levels, then what only the synthetic side has: for bins
        ``"(below)"`` and ``"(above)"``, for categories their labels. Columns ``"real"`` and
        ``"synthetic"``; each sums to 1.
        """
        columns = pair.spec.of_kind(*self.kinds)
        return {
            column: _frame(pair, pair.histogram(column, self.bins, self.rule)) for column in columns
        }


def _frame(pair: TablePair, histogram: Histogram) -> pd.DataFrame:
    levels = histogram.levels
    beyond = ("(below)", "(above)") if levels.binned else pair.synthetic.unseen(levels)
    labels = ["(missing)", *levels.labels, *beyond]
    slots = np.zeros((len(labels), 2), dtype=np.int64)
    slots[: len(histogram.real), 0] = histogram.real
    slots[: len(histogram.synthetic), 1] = histogram.synthetic
    return pd.DataFrame(
        {"real": shares(slots[:, 0]), "synthetic": shares(slots[:, 1])},
        index=pd.Index(labels, name=levels.column),
    )
