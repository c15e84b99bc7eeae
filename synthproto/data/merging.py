"""Statistics that merge: what `Summary.total` takes, and what a `Scan` makes its passes for."""

from dataclasses import dataclass
from typing import final

import numpy as np

from synthproto.data.spec import TableSpec
from synthproto.data.statistics import CoMoments
from synthproto.data.table import Table


@final
@dataclass(frozen=True)
class CoMomentsAt:
    """`CoMoments` of columns of numbers, with a centre and a scale that all pieces share.

    Attributes:
        columns: Continuous and datetime columns.
        centre: What is subtracted from each.
        scale: What it is then divided by.
    """

    columns: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def __call__(self, rows: Table) -> CoMoments:
        """Of one piece."""
        values = [rows.values(column) for column in self.columns]
        return CoMoments.of(values, np.array(self.centre), np.array(self.scale))

    def merged(self, first: CoMoments, second: CoMoments) -> CoMoments:
        """Of both pieces together."""
        return CoMoments(
            first.centre,
            first.scale,
            first.count + second.count,
            first.sums + second.sums,
            first.squares + second.squares,
            first.products + second.products,
        )

    def narrowed(self, _spec: TableSpec) -> tuple[str, ...]:
        """The columns that it looks at."""
        return self.columns
