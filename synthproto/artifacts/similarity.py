"""One number for two tables: columns and pairs of columns, in halves."""

from dataclasses import dataclass
from typing import ClassVar, final

from synthproto.artifacts.scores import Mean, ShapeDistance
from synthproto.artifacts.trends import TrendSimilarity
from synthproto.data.table import DISCRETE, NUMERIC, TablePair
from synthproto.errors import UndefinedScoreError


@final
@dataclass(frozen=True)
class Similarity:
    """Mean of the similarity of columns and that of pairs of columns.

    In [0, 1], 1 is best: half ``1 -`` the mean `ShapeDistance`, half `TrendSimilarity` over all
    pairs; the first alone for tables of a single column. Made to rank synthetic tables and to
    hold a limit with. It does not see what three columns have in common, nor copied rows: a copy
    of the real table has a perfect 1.

    SDMetrics' overall quality score is the same mean of its own two properties, which leave weak
    pairs and missing values out.

    Raises:
        UndefinedScoreError: There is no column to compare: all are identifiers or text.
    """

    name: str = "fidelity/similarity"
    best: ClassVar[float] = 1.0

    def __call__(self, pair: TablePair) -> float:
        """Compare columns, then pairs."""
        compared = pair.spec.of_kind(*NUMERIC, *DISCRETE)
        if not compared:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: all columns are identifiers or text, which "
                f"are not compared; got {[(c.name, c.kind) for c in pair.spec.columns][:12]}"
            )
        columns = 1.0 - Mean(ShapeDistance())(pair)
        return columns if len(compared) == 1 else (columns + TrendSimilarity()(pair)) / 2
