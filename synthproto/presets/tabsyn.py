"""The row that papers print for a synthesizer, and the table of several of them.

Since TabSyn (Zhang et al., "Mixed-Type Tabular Data Synthesis with Score-based Diffusion in Latent
Space", ICLR 2024): shape error, trend error, alpha-precision, beta-recall, C2ST, TSTR, DCR share,
mean and standard deviation over samplings.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, final

import numpy as np
import pandas as pd

from synthproto.artifacts.columns import ShapeDistance
from synthproto.artifacts.detection import C2ST
from synthproto.artifacts.joint import AlphaPrecision, BetaRecall
from synthproto.artifacts.pairs import TrendSimilarity
from synthproto.artifacts.privacy import DCRShare
from synthproto.artifacts.rows import rows as rows_of
from synthproto.artifacts.rows import with_holdout
from synthproto.artifacts.utility import TRTR, TSTR
from synthproto.data.table import NUMERIC, Table, TablePair
from synthproto.errors import ParameterError
from synthproto.formatting import latex_table, markdown_table
from synthproto.measures.classifiers import require_learn
from synthproto.measures.privacy import CAVEAT


class _Column(NamedTuple):
    """How a number of the row is printed."""

    heading: str
    best: str  # an arrow, or the best value
    factor: float  # 100 for shares


_COLUMNS: Final = MappingProxyType(
    {
        "shape_error": _Column("Shape error (%)", "↓", 100),
        "trend_error": _Column("Trend error (%)", "↓", 100),
        "alpha_precision": _Column("\N{GREEK SMALL LETTER ALPHA}-precision (%)", "↑", 100),
        "beta_recall": _Column("β-recall (%)", "↑", 100),
        "c2st": _Column("C2ST (%)", "↑", 100),
        "tstr_auroc": _Column("TSTR AUROC (%)", "↑", 100),
        "tstr_rmse": _Column("TSTR RMSE", "↓", 1),
        "dcr_share": _Column("DCR share (%)", "→ 50", 100),
    }
)


@final
@dataclass(frozen=True)
class PaperRow:
    """The seven numbers of the usual comparison, by name; a score like any other.

    - ``shape_error``: mean over columns of KS distance or total variation; [0, 1], 0 is best;
    - ``trend_error``: one minus the mean similarity of pairs of columns; [0, 1], 0 is best;
    - ``alpha_precision``, ``beta_recall``: [0, 1], 1 is best;
    - ``c2st``: of logistic regression; [0, 1], 1 is best;
    - ``tstr_auroc`` of a discrete target, [0, 1], 1 is best; or ``tstr_rmse`` of a numeric one,
      in its unit, 0 is best: boosted trees trained on synthetic rows, tested on the holdout;
    - ``dcr_share``: synthetic rows closer to the real table than to the holdout; 0.5 is best.

    The definitions are those of this library's parts, which differ from common code where that
    is wrong (see `BetaRecall`, `DCRShare`); numbers from other code are near, not equal.

    Attributes:
        target: Column to predict.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        UndefinedScoreError: There is no holdout, or a part is undefined.
    """

    target: str
    name: str = "paper/row"

    def __post_init__(self) -> None:
        require_learn("PaperRow")

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of each number."""
        ends = {"↑": 1.0, "↓": 0.0, "→ 50": 0.5}
        return {name: ends[column.best] for name, column in _COLUMNS.items()}

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each number."""
        return {name: (0.0, math.inf if name == "tstr_rmse" else 1.0) for name in _COLUMNS}

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Compute the row."""
        with_holdout(pair, f"{self.name!r}")
        predicted = TSTR(self.target, ("trees",), seeds=1)(pair)
        return {
            **_fidelity(pair),
            **_printed(pair, self.target, predicted),
            "dcr_share": DCRShare()(pair)["share"],
        }

    def control(self, pair: TablePair) -> dict[str, float]:
        """What real rows reach: the row of the holdout in place of the synthetic table.

        TSTR is TRTR there, and the DCR share is what is expected, 0.5.
        """
        between = with_holdout(pair, f"{self.name!r}")
        predicted = TRTR(self.target, ("trees",), seeds=1)(pair)
        return {
            **_fidelity(between),
            **_printed(pair, self.target, predicted),
            "dcr_share": 0.5,
        }

    def reference(self, pair: TablePair) -> dict[str, float]:
        """The former name of `control`, which will go."""
        return self.control(pair)


@final
@dataclass(frozen=True)
class PaperTable:
    """Rows of several synthesizers, mean and standard deviation over samplings.

    Attributes:
        rows: For each synthesizer its rows, one per sampling, as of `PaperRow`.
    """

    rows: Mapping[str, Sequence[Mapping[str, float]]]

    def __post_init__(self) -> None:
        columns = {tuple(row) for rows in self.rows.values() for row in rows}
        empty = [name for name, rows in self.rows.items() if not rows]
        if len(columns) != 1 or empty or not columns.copy().pop():
            raise ParameterError(
                "PaperTable needs at least one row a synthesizer, all with the same columns; got "
                f"columns {sorted(columns)}, and no rows of {empty}."
            )

    @classmethod
    def of(
        cls, real: Table, holdout: Table, samples: Mapping[str, Sequence[Table]], target: str
    ) -> "PaperTable":
        """Compute the rows of several synthesizers, after that of the holdout itself.

        Args:
            real: The table that all of them were trained on.
            holdout: Real rows that none of them was trained on.
            samples: For each synthesizer its synthetic tables, one per sampling.
            target: Column to predict.
        """
        row = PaperRow(target)
        reference = row.control(TablePair(real, holdout, holdout))
        computed = {
            name: [row(TablePair(real, table, holdout)) for table in tables]
            for name, tables in samples.items()
        }
        return cls({"holdout (reference)": [reference], **computed})

    def to_frame(self) -> pd.DataFrame:
        """Index: synthesizers. Columns: each number with ``mean`` and ``std`` (ddof 1).

        The standard deviation of a single sampling is NaN.
        """
        frames = {name: pd.DataFrame(list(rows)) for name, rows in self.rows.items()}
        found = {
            name: pd.concat({"mean": frame.mean(), "std": frame.std(ddof=1)})
            for name, frame in frames.items()
        }
        frame = pd.DataFrame(found).T
        columns = list(next(iter(frames.values())).columns)
        frame = frame[[(part, column) for column in columns for part in ("mean", "std")]]
        return frame.swaplevel(axis=1).rename_axis("synthesizer")

    def to_markdown(self) -> str:
        """A Markdown table, mean ± standard deviation, and what it does not say below it."""
        return f"{markdown_table(self._cells())}\n\n{CAVEAT}\n"

    def to_latex(self) -> str:
        """A LaTeX table for the package booktabs."""
        return latex_table(self._cells())

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _cells(self) -> list[list[str]]:
        names = list(next(iter(self.rows.values()))[0])
        known = [_COLUMNS.get(name, _Column(name, "", 1)) for name in names]
        head = ["", *(f"{column.heading} {column.best}".strip() for column in known)]
        return [head] + [
            [
                name,
                *(
                    _spread([row[key] * column.factor for row in rows])
                    for key, column in zip(names, known, strict=True)
                ),
            ]
            for name, rows in self.rows.items()
        ]


def _fidelity(pair: TablePair) -> dict[str, float]:
    rows_of(pair, "real")  # refuses tables without comparable columns
    return {
        "shape_error": float(np.mean(list(pair.get(ShapeDistance()).values()))),
        "trend_error": 1 - TrendSimilarity()(pair),
        "alpha_precision": AlphaPrecision()(pair),
        "beta_recall": BetaRecall()(pair),
        "c2st": C2ST("linear")(pair),
    }


def _printed(pair: TablePair, target: str, predicted: Mapping[str, float]) -> dict[str, float]:
    """The one measure of a prediction that the row shows."""
    measure = "rmse" if pair.spec.kind(target) in NUMERIC else "auroc"
    return {f"tstr_{measure}": predicted[f"{measure}_trees"]}


def _spread(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.2f}"
