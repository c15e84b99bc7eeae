"""Arrays and small frames that set the real and the synthetic table side by side."""

from dataclasses import dataclass
from typing import final

import pandas as pd

from synthproto.data.statistics import Statistic
from synthproto.data.table import NUMERIC, TablePair


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
        columns = pair.spec.of_kind(*NUMERIC)
        return pd.DataFrame(
            {
                side: [table.statistic(column, self.statistic) for column in columns]
                for side, table in (("real", pair.real), ("synthetic", pair.synthetic))
            },
            index=pd.Index(columns, name="column"),
            dtype="float64",
        )
