"""Detection: whether a classifier can tell the tables apart, and by which columns."""

import math
from dataclasses import dataclass, field
from typing import final

import pandas as pd

from synthproto.artifacts.rows import distance_columns, rows
from synthproto.checks import check_least
from synthproto.data.pair import TablePair
from synthproto.errors import UndefinedScoreError
from synthproto.measures.classifiers import (
    Learner,
    TwoSample,
    indistinguishable,
    require_learn,
    shuffle_importances,
    two_sample_test,
)


@final
@dataclass(frozen=True)
class C2ST:
    """Classifier two-sample test: how little a classifier can tell the tables apart.

    ``1 - max(0, 2 AUC - 1)``, AUC being the mean over folds of the area under the ROC curve on
    rows that the classifier was not trained on. In [0, 1]: 1 if it cannot tell them apart, 0 if
    it always can. Categories that only one table has are a signal like any other.

    Attributes:
        learner: ``"linear"``, logistic regression; or ``"trees"``, histogram gradient-boosted
            trees, which see what columns have in common as well.
        folds: At least 2; no more are made than a table has rows.
        seed: Of folds and trees.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        UndefinedScoreError: A table has one row.

    References:
        Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
    """

    learner: Learner = "trees"
    folds: int = 5
    seed: int = 0
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        check_least(self, "folds", self.folds, 2)
        require_learn("C2ST")

    @property
    def name(self) -> str:
        """``joint/c2st_trees`` or ``joint/c2st_linear``."""
        return f"joint/c2st_{self.learner}"

    def __call__(self, pair: TablePair) -> float:
        """Train on some folds, rank the rows of the others."""
        return indistinguishable(pair.get(TwoSampleTest(self.learner, self.folds, self.seed)).auc)


@final
@dataclass(frozen=True)
class C2STAUC:
    """Area under the ROC curve of the classifier of `C2ST`, whose arguments it has.

    In [0, 1]: 0.5 if the tables cannot be told apart, 1 if always. Below 0.5 where synthetic
    rows are copies: their originals in the other folds mislead the classifier.
    """

    learner: Learner = "trees"
    folds: int = 5
    seed: int = 0
    best: float = field(default=0.5, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        check_least(self, "folds", self.folds, 2)
        require_learn("C2STAUC")

    @property
    def name(self) -> str:
        """``joint/c2st_auc_trees`` or ``joint/c2st_auc_linear``."""
        return f"joint/c2st_auc_{self.learner}"

    def __call__(self, pair: TablePair) -> float:
        """Train on some folds, rank the rows of the others."""
        return pair.get(TwoSampleTest(self.learner, self.folds, self.seed)).auc


@final
@dataclass(frozen=True)
class C2STZ:
    """How far the area of `C2STAUC` is from 0.5, in standard deviations of chance.

    Unbounded; 0 is best, and within -2 and 2 in 95 of 100 cases for two samples of one
    distribution, of whatever size: there `C2ST`, which cuts areas below 0.5, is exactly 1 in 4 of
    10 cases and 0.9 in others. Grows with the number of rows for a given area. Far below 0 where
    synthetic rows are copies. Arguments as for `C2ST`, with which it shares its classifiers.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        UndefinedScoreError: A table has one row.

    Example:
        >>> import numpy as np, pandas as pd
        >>> from synthproto import C2STZ, Table, TablePair, TableSpec
        >>> rng = np.random.default_rng(0)
        >>> real, shifted = (pd.DataFrame({"x": rng.normal(m, size=100)}) for m in (0, 1))
        >>> spec = TableSpec.infer(real)
        >>> C2STZ("linear")(TablePair(Table(real, spec), Table(shifted, spec))) > 3
        True
    """

    learner: Learner = C2ST.learner
    folds: int = C2ST.folds
    seed: int = C2ST.seed
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(-math.inf, math.inf), init=False, repr=False)

    def __post_init__(self) -> None:
        check_least(self, "folds", self.folds, 2)
        require_learn("C2STZ")

    @property
    def name(self) -> str:
        """``joint/c2st_z_trees`` or ``joint/c2st_z_linear``."""
        return f"joint/c2st_z_{self.learner}"

    def __call__(self, pair: TablePair) -> float:
        """Train on some folds, rank the rows of the others."""
        return pair.get(TwoSampleTest(self.learner, self.folds, self.seed)).z


@final
@dataclass(frozen=True)
class ColumnImportance:
    """How much each column matters to the trees of `C2ST`: what gives the synthetic rows away.

    A frame with index column names and one column, ``importance``: the area under the ROC curve
    that is lost when the column is shuffled among the test rows, largest first. At most 0.5;
    around 0, or slightly below, for columns that give nothing away. Columns that tell the same
    share their importance.

    Attributes:
        folds: As in `C2ST`.
        seed: As in `C2ST`.
        name: Tag.
    """

    folds: int = 5
    seed: int = 0
    name: str = "joint/giveaways"

    def __post_init__(self) -> None:
        check_least(self, "folds", self.folds, 2)
        require_learn("ColumnImportance")

    def __call__(self, pair: TablePair) -> pd.DataFrame:
        """Train on some folds, shuffle the columns of the others."""
        found = pair.get(TwoSampleTest("trees", self.folds, self.seed))
        sides = rows(pair, "real", (), "range"), rows(pair, "synthetic", (), "range")
        index = pd.Index(distance_columns(pair), name="column")
        importances = shuffle_importances(found, *sides, seed=self.seed)
        frame = pd.DataFrame({"importance": importances}, index=index)
        return frame.sort_values("importance", ascending=False, kind="stable")


@final
@dataclass(frozen=True)
class TwoSampleTest:
    """The classifier two-sample test that scores, arrays and plots share: ``pair.get`` it.

    Attributes:
        learner: As in `C2ST`.
        folds: As in `C2ST`.
        seed: As in `C2ST`.

    Raises:
        ParameterError: There are fewer than two folds.
        MissingExtraError: scikit-learn is not installed; raised when it is made.
    """

    learner: Learner = "trees"
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        check_least(self, "folds", self.folds, 2)
        require_learn("TwoSampleTest")

    def __call__(self, pair: TablePair) -> TwoSample:
        """Train and rank, for both tables."""
        for table in (pair.real, pair.synthetic):
            if len(table) < 2:
                raise UndefinedScoreError(
                    "a classifier two-sample test is undefined: it needs two rows of both tables; "
                    f"the {table.name} has {len(table)}"
                )
        return two_sample_test(
            rows(pair, "real", (), "range"),
            rows(pair, "synthetic", (), "range"),
            self.learner,
            folds=self.folds,
            seed=self.seed,
        )
