"""The row that papers print for a synthesizer, and the table of several of them.

Since TabSyn (Zhang et al., "Mixed-Type Tabular Data Synthesis with Score-based Diffusion in Latent
Space", ICLR 2024): shape error, trend error, alpha-precision, beta-recall, C2ST, TSTR, DCR share,
mean and standard deviation over samplings.
"""

import html
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
from synthproto.artifacts.rows import Side, with_holdout
from synthproto.artifacts.rows import rows as rows_of
from synthproto.artifacts.utility import TRTR, TSTR
from synthproto.data.pair import TablePair
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.formatting import html_table, latex_table, markdown_table
from synthproto.measures.classifiers import require_learn
from synthproto.measures.hashes import random_order
from synthproto.measures.privacy import CAVEAT
from synthproto.measures.rows import Floats
from synthproto.presets.sdmetrics import SDMetricsTrends


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
    is wrong (see `BetaRecall`, `DCRShare`); for the numbers that the published scripts print see
    `PublishedRow`.

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
class PublishedRow:
    """The numbers that the scripts published with TabSyn print, by their definitions.

    Lay these beside a paper's. They differ from this library's own (`PaperRow`) where we think
    the scripts wrong, or merely other:

    - ``shape_error``: as ours, but that missing labels are left out; [0, 1], 0 is best;
    - ``trend_error``: each side of a pair is cut into bins of its own, so that x and 1000 x are
      the same (SDMetrics before 0.27); [0, 1], 0 is best;
    - ``alpha_precision``, ``beta_recall``: the authors' code on min-max scaled columns and one-hot
      categories, whose differences weigh √2, the last one-hot column left out. It takes tables of
      one length: the longer one is cut to the shorter; [0, 1], 1 is best;
    - ``c2st``: logistic regression, 3 folds; theirs are drawn anew each time, so that this number
      is near, not equal; [0, 1], 1 is best;
    - ``dcr_share``, with a holdout: share of synthetic rows strictly closer to the real table than
      to the holdout, in ranges and one-hot categories, whose differences weigh 2. 0.5 is expected
      only of tables of one length, and less where rows tie.

    Numbers that are missing, which the scripts do not take, are put at the real mean.

    Attributes:
        target: Column that a model would predict; it stands last there, which decides which
            one-hot column is left out. The last column without one.
        seed: Of the cut and the folds.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        UndefinedScoreError: A table has one row, or no pair of columns counts.

    References:
        Zhang et al., "Mixed-Type Tabular Data Synthesis with Score-based Diffusion in Latent
        Space", ICLR 2024; their scripts for density, quality, detection and DCR. Alaa et al.,
        "How Faithful is your Synthetic Data?", ICML 2022.
    """

    target: str = ""
    seed: int = 0
    name: str = "paper/published"

    def __post_init__(self) -> None:
        require_learn("PublishedRow")

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of each number."""
        ends = {"↑": 1.0, "↓": 0.0, "→ 50": 0.5}
        return {name: ends[_COLUMNS[name].best] for name in _PUBLISHED}

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each number."""
        return dict.fromkeys(_PUBLISHED, (0.0, 1.0)) | {"alpha_precision": (-1.0, 1.0)}

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Compute the numbers."""
        rows_of(pair, "real")  # refuses tables without comparable columns
        shapes = ShapeDistance(missing=False)
        found = {
            "shape_error": float(np.mean(list(pair.get(shapes).values()))),
            "trend_error": 1 - SDMetricsTrends(0.0, 0.0, self.name)(pair),
            **self._support(pair),
            "c2st": C2ST("linear", folds=3, seed=self.seed)(pair),
        }
        if pair.between is not None:
            found["dcr_share"] = self._closer(pair, pair.between.synthetic)
        return found

    def control(self, pair: TablePair) -> dict[str, float]:
        """What rows reach that are as near to both tables, of tables of one length."""
        return {} if pair.holdout is None else {"dcr_share": 0.5}

    def _support(self, pair: TablePair) -> dict[str, float]:
        sides = [
            # The library of their script takes the last column for a target, and drops it.
            _one_hot(pair, table, self.target)[:, :-1]
            for table in (pair.real, pair.synthetic)
        ]
        size = min(map(len, sides))
        if size < 2:
            raise UndefinedScoreError(f"score {self.name!r} is undefined: a table has one row")
        real, synthetic = (
            side
            if len(side) == size
            else side[np.sort(random_order(rows_of(pair, name), self.seed)[:size])]
            for name, side in zip(_SIDES, sides, strict=True)
        )
        low, span = real.min(axis=0), np.ptp(real, axis=0)
        span[span == 0] = 1.0
        alpha, beta = _published_support(*((side - low) / span for side in (real, synthetic)))
        return {"alpha_precision": alpha, "beta_recall": beta}

    def _closer(self, pair: TablePair, holdout: Table) -> float:
        numbers = len(pair.spec.of_kind(*NUMERIC))
        real, synthetic, other = (
            _one_hot(pair, table, "") for table in (pair.real, pair.synthetic, holdout)
        )
        span = np.ptp(real[:, :numbers], axis=0)
        span[span == 0] = 1.0
        for side in (real, synthetic, other):
            side[:, :numbers] /= span
        to_real, to_other = (_closest(synthetic, side, numbers) for side in (real, other))
        return float((to_real < to_other).mean())


_PUBLISHED: Final = (
    "shape_error",
    "trend_error",
    "alpha_precision",
    "beta_recall",
    "c2st",
    "dcr_share",
)
_SIDES: Final[tuple[Side, Side]] = ("real", "synthetic")
_STEPS: Final = 30
_BLOCK: Final = 512


def _one_hot(pair: TablePair, table: Table, target: str) -> Floats:
    """Numbers, then a column for each real category, a target last of its kind."""
    numbers = sorted(pair.spec.of_kind(*NUMERIC), key=lambda name: name == target)
    labels = sorted(pair.spec.of_kind(*DISCRETE), key=lambda name: name == target)
    columns = [
        np.where(np.isnan(values := table.values(name)), pair.real.moments(name).mean, values)
        for name in numbers
    ]
    for name in labels:
        levels = pair.real.levels(name)
        codes = table.codes(levels)
        slots = [levels.slots[label] for label in sorted(levels.labels)]
        if pair.real.missing(name):
            slots.append(0)
        columns += [(codes == slot).astype(np.float64) for slot in slots]
    return np.column_stack(columns)


def _published_support(real: Floats, synthetic: Floats) -> tuple[float, float]:
    """Alpha-precision and beta-recall of the authors' code, of rows of one number."""
    from sklearn.neighbors import NearestNeighbors  # half a second, for this score alone

    centre, other = real.mean(axis=0), synthetic.mean(axis=0)
    levels = np.linspace(0, 1, _STEPS)
    radii = np.quantile(np.linalg.norm(real - centre, axis=1), levels)
    inside = np.linalg.norm(synthetic - centre, axis=1)[:, None] <= radii
    within = NearestNeighbors(n_neighbors=2).fit(real).kneighbors(real)[0][:, 1]
    distance, place = NearestNeighbors(n_neighbors=1).fit(synthetic).kneighbors(real)
    reach = np.linalg.norm(synthetic[place[:, 0]] - other, axis=1)
    covered = (distance[:, 0] <= within)[:, None] & (reach[:, None] <= np.quantile(reach, levels))
    alpha, beta = (
        1 - float(np.abs(levels - side.mean(axis=0)).sum() / levels.sum())
        for side in (inside, covered)
    )
    return alpha, beta


def _closest(queries: Floats, references: Floats, numbers: int) -> Floats:
    """City-block distance of each row to the closest reference, numbers and one-hot apart."""
    from scipy.spatial.distance import cdist

    hot = references[:, numbers:].astype(np.float32)
    ones = hot.sum(axis=1)
    found = np.empty(len(queries))
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        own = block[:, numbers:].astype(np.float32)
        # |a - b| of zeros and ones is a + b - 2 a b; small whole numbers are exact.
        apart = (own.sum(axis=1)[:, None] + ones - 2 * own @ hot.T).astype(np.float64)
        if numbers:
            apart += cdist(block[:, :numbers], references[:, :numbers], "cityblock")
        found[start : start + _BLOCK] = apart.min(axis=1)
    return found


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

    def _repr_html_(self) -> str:
        return f"{html_table(self._cells())}<p>{html.escape(CAVEAT)}</p>"

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
