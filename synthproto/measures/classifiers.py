"""Classifiers and regressors on mixed rows: two-sample tests, and models trained on either table.

Needs scikit-learn, the extra ``learn``; it is imported when a model is first fitted.
"""

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from typing_extensions import Protocol, runtime_checkable

from synthproto.errors import MissingExtraError
from synthproto.measures.hashes import random_order
from synthproto.measures.ranking import auc, null_variance
from synthproto.measures.rows import FAR, Floats, Ints, Rows

Learner: TypeAlias = Literal["linear", "trees"]
"""Logistic or ridge regression on one-hot columns, or histogram gradient-boosted trees."""

Matrix: TypeAlias = Floats | sparse.csr_matrix
"""What a learner is given, one row a record."""

CATEGORIES = 250
"""Categories of a column that learners tell apart, the most frequent ones; the rest are one."""

BINS = 254
"""Bins of a continuous column for trees: they have 255, of which one is for missing values."""

EDGE = 10.0
"""Standardised values are clipped to this for linear learners: one outlier must not rule."""


@runtime_checkable
class Classifier(Protocol):
    """What is used of scikit-learn's classifiers."""

    def fit(self, x: Matrix, y: Ints, /) -> object:
        """Train."""
        ...

    def predict_proba(self, x: Matrix, /) -> Floats:
        """Probability of each class, shape ``(n, classes)``."""
        ...


@runtime_checkable
class Regressor(Protocol):
    """What is used of scikit-learn's regressors."""

    def fit(self, x: Matrix, y: Floats, /) -> object:
        """Train."""
        ...

    def predict(self, x: Matrix, /) -> Floats:
        """Expected target, shape ``(n,)``."""
        ...


def require_learn(part: str) -> None:
    """Refuse a part that needs scikit-learn where it is not installed.

    Raises:
        MissingExtraError: scikit-learn cannot be imported; names the part and the extra.
    """
    if find_spec("sklearn") is None:
        raise MissingExtraError(
            f"{part} needs scikit-learn, which is not installed. Install the extra `learn`: "
            "pip install 'synthproto[learn]'."
        )


# --- matrices ---------------------------------------------------------------------------------


def joined(first: Rows, second: Rows) -> Rows:
    """Rows of both, the first ones first."""
    return Rows(
        np.concatenate([first.continuous, second.continuous]),
        np.concatenate([first.codes, second.codes]),
    )


def matrix_of(rows: Rows, reference: Rows, learner: Learner) -> Matrix:
    """Rows as a learner takes them.

    For trees, values by the middles of bins (missing ones below all others) and each category's
    rank by frequency. For linear learners, values standardised (missing ones at the mean, with a
    column that says so) and one column for each category. Everything is fitted on the reference;
    categories that it does not have, and those beyond the most frequent `CATEGORIES`, are one.
    """
    ranks = [_ranks(own, base) for own, base in zip(rows.codes.T, reference.codes.T, strict=True)]
    if learner == "trees":
        pairs = zip(rows.continuous.T, reference.continuous.T, strict=True)
        columns = [*(_binned(own, base) for own, base in pairs), *ranks]
        return np.column_stack(columns).astype(np.float64)
    parts = [sparse.csr_matrix(_standardised(rows.continuous, reference.continuous))]
    parts += [_one_hot(rank) for rank in ranks]
    return sparse.csr_matrix(sparse.hstack(parts, format="csr"))


def _binned(values: Floats, reference: Floats) -> Floats:
    """Each value as the middle of its bin, of which there are at most `BINS`; missing far below.

    Trees of scikit-learn bin too, but in every fold again, and with classes to be weighed alike in
    a loop over bins that takes most of the time. Nor do they take a column without known values.
    """
    missing = np.isnan(values)
    known = np.sort(np.clip(reference[~np.isnan(reference)], -FAR, FAR))
    if not len(known):
        return np.where(missing, -2 * FAR, 0.0)
    cuts = np.flatnonzero(np.diff(known) > 0)
    if len(cuts) >= BINS:
        cuts = _cuts(known)
    edges = (known[cuts] + known[cuts + 1]) / 2
    middles = (known[np.append(0, cuts + 1)] + known[np.append(cuts, len(known) - 1)]) / 2
    bins = np.searchsorted(edges, np.clip(np.where(missing, 0.0, values), -FAR, FAR))
    return np.where(missing, -2 * FAR, middles[bins])


def _cuts(ascending: Floats) -> Ints:
    """After which values bins of about equally many rows end: at the widest gaps nearby.

    So that tables that do not overlap have a cut between them. A value of very many rows has a
    bin of its own.
    """
    gaps = np.diff(ascending)
    ends = np.arange(BINS) * len(gaps) // (BINS - 1)
    widest = np.array([a + gaps[a:b].argmax() for a, b in pairwise(ends.tolist())])
    heaps, often = np.unique(ascending[widest[gaps[widest] == 0]], return_counts=True)
    after = np.searchsorted(ascending, heaps, side="right") - 1
    # No more cuts than were within heaps, where there is no gap.
    before = np.searchsorted(ascending, heaps[often > 1]) - 1
    cuts = np.unique(np.concatenate([widest[gaps[widest] > 0], before, after]))
    return np.asarray(cuts[(cuts >= 0) & (cuts < len(gaps))], dtype=np.int64)


def _ranks(codes: Ints, reference: Ints) -> Ints:
    """Rank of each code by frequency in the reference, at most `CATEGORIES`."""
    present, counts = np.unique(reference, return_counts=True)
    by_rank = present[np.argsort(-counts, kind="stable")][:CATEGORIES]
    order = np.argsort(by_rank)
    if not len(order):
        return np.full(len(codes), CATEGORIES)
    places = np.searchsorted(by_rank[order], codes).clip(max=len(order) - 1)
    found = order[places]
    return np.asarray(np.where(by_rank[found] == codes, found, CATEGORIES), dtype=np.int64)


def _one_hot(ranks: Ints) -> sparse.csr_matrix:
    ones, starts = np.ones(len(ranks)), np.arange(len(ranks) + 1)
    return sparse.csr_matrix((ones, ranks, starts), shape=(len(ranks), CATEGORIES + 1))


def _standardised(values: Floats, reference: Floats) -> Floats:
    values, reference = (np.clip(side, -FAR, FAR) for side in (values, reference))
    known = np.isfinite(reference)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, reference, 0.0).sum(axis=0) / counts
    spread = np.square(np.where(known, reference - means, 0.0)).sum(axis=0) / counts
    scales = np.where(spread > 0, np.sqrt(spread), 1.0)
    missing = np.isnan(values)
    scaled = np.clip((np.where(missing, means, values) - means) / scales, -EDGE, EDGE)
    return np.concatenate([scaled, missing], axis=1, dtype=np.float64)


# --- learners ---------------------------------------------------------------------------------


def classifier(
    learner: Learner, categorical: NDArray[np.bool_], rows: int, seed: int, rounds: int = 100
) -> Classifier:
    """A classifier that weighs its classes alike.

    Args:
        learner: Which one.
        categorical: Which columns of the matrix for trees hold ranks of categories.
        rows: How many it will be trained on.
        seed: Of the columns that trees leave out at a split.
        rounds: Rounds of boosting of the trees; one tree per class each.
    """
    require_learn("A classifier")
    if learner == "linear":
        options: dict[str, object] = {"max_iter": 300, "tol": 1e-3, "class_weight": "balanced"}
        model = _made("linear_model", "LogisticRegression", options)
    else:
        trees = _tree_options(categorical, rows, seed, rounds)
        options = {**trees, "class_weight": "balanced"}
        model = _made("ensemble", "HistGradientBoostingClassifier", options)
    if not isinstance(model, Classifier):
        raise TypeError(f"scikit-learn's {type(model).__name__} is no classifier")
    return model


def regressor(
    learner: Learner, categorical: NDArray[np.bool_], rows: int, seed: int, rounds: int = 100
) -> Regressor:
    """A regressor for the mean of a target; arguments as for `classifier`."""
    require_learn("A regressor")
    if learner == "linear":
        model = _made("linear_model", "Ridge", {})
    else:
        options = _tree_options(categorical, rows, seed, rounds)
        model = _made("ensemble", "HistGradientBoostingRegressor", options)
    if not isinstance(model, Regressor):
        raise TypeError(f"scikit-learn's {type(model).__name__} is no regressor")
    return model


def _tree_options(
    categorical: NDArray[np.bool_], rows: int, seed: int, rounds: int
) -> dict[str, object]:
    return {
        # Leaves of 20 rows, scikit-learn's least, leave 100 rows hardly a split: tables of 75 rows
        # had an area of 0.86 where XGBoost has 0.97.
        "min_samples_leaf": min(20, max(2, rows // 40)),
        "categorical_features": categorical,
        "early_stopping": False,
        "max_features": 0.8,
        "max_iter": rounds,
        "random_state": seed,
    }


_MANY_ROWS = 50_000


def threads_for(rows: int) -> AbstractContextManager[object]:
    """One thread while trees are trained on few rows.

    Below 50,000 rows more threads hardly help, and on a busy machine they wait for each other:
    a comparison took 417 s with all threads where one thread takes 26 s.

    Args:
        rows: How many rows a model is trained on.
    """
    if rows >= _MANY_ROWS:
        return nullcontext()
    limits: object = import_module("threadpoolctl").threadpool_limits(1)
    if not isinstance(limits, AbstractContextManager):
        raise TypeError("threadpoolctl's limits are no context manager")
    return limits


def _made(module: str, name: str, options: dict[str, object]) -> object:
    """A model of scikit-learn, whose own annotations are narrower than what it takes."""
    return getattr(import_module(f"sklearn.{module}"), name)(**options)


def categorical_mask(rows: Rows) -> NDArray[np.bool_]:
    """Which columns of the matrix for trees are categories."""
    return np.asarray(np.arange(rows.width) >= rows.continuous.shape[1])


# --- two-sample test --------------------------------------------------------------------------


class TwoSample(NamedTuple):
    """What a classifier that tells synthetic from real rows found, on rows it was not trained on.

    Attributes:
        areas: Area under the ROC curve in each fold; 0.5 if it cannot tell.
        real: Score of each real row, higher for what looks synthetic.
        synthetic: Score of each synthetic row.
        fold: The fold in which each row was tested, real rows first.
        models: What was trained on all rows but those of each fold.
    """

    areas: Floats
    real: Floats
    synthetic: Floats
    fold: Ints
    models: tuple[Classifier, ...]

    @property
    def auc(self) -> float:
        """Mean of the folds' areas."""
        return float(self.areas.mean())

    @property
    def z(self) -> float:
        """The area's distance from 0.5 in standard deviations of a permutation of the labels.

        Given what a classifier was trained on, the labels of the rows of its fold are exchangeable
        if the tables are samples of one distribution: then the area of the fold has the exact
        variance of the Mann-Whitney statistic, ties included. Folds are not independent: where two
        of them differ in the same way by chance, the classifier of each does well on the other.
        Every pair of folds is compared twice, and the variance of the mean is twice that of
        independent folds. The spread of the folds' areas does not show it.
        """
        scores = np.concatenate([self.real, self.synthetic])
        synthetic = np.arange(len(scores)) >= len(self.real)
        tested = [self.fold == number for number in range(len(self.areas))]
        variance = sum(null_variance(scores[test], synthetic[test]) for test in tested)
        folds = len(self.areas)
        return (self.auc - 0.5) * folds / (2 * variance) ** 0.5 if variance > 0 else 0.0


def two_sample_test(
    real: Rows,
    synthetic: Rows,
    learner: Learner,
    *,
    folds: int = 5,
    seed: int = 0,
) -> TwoSample:
    """Classifier two-sample test (C2ST): can a classifier tell the tables apart?

    Folds hold equal shares of both tables. Categories that one table does not have are a signal
    like any other.

    Args:
        real: At least two rows.
        synthetic: At least two rows.
        learner: ``"linear"`` or ``"trees"``.
        folds: At least 2; no more are made than the shorter table has rows.
        seed: Of folds and trees.

    References:
        Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
    """
    both = joined(real, synthetic)
    matrix, mask = matrix_of(both, both, learner), categorical_mask(both)
    synthetic_row = np.arange(len(both)) >= len(real)
    folds = min(folds, len(real), len(synthetic))
    # Of their own for each side, or else copies would be in the folds of their originals.
    orders = [random_order(side, seed, place) for place, side in enumerate((real, synthetic))]
    order = np.concatenate([orders[0], len(real) + orders[1]])
    fold = np.empty(len(both), dtype=np.int64)
    fold[order] = np.concatenate([np.arange(len(one)) % folds for one in orders])
    scores, areas = np.zeros(len(both)), np.zeros(folds)
    models = []
    for number in range(folds):
        test, rest = order[fold[order] == number], order[fold[order] != number]
        model = classifier(learner, mask, len(rest), seed)
        with threads_for(len(rest)):
            model.fit(matrix[rest], synthetic_row[rest].astype(np.int64))
            scores[test] = model.predict_proba(matrix[test])[:, 1]
        areas[number] = _area(scores[test], synthetic_row[test])
        models.append(model)
    return TwoSample(areas, scores[: len(real)], scores[len(real) :], fold, tuple(models))


def shuffle_importances(found: TwoSample, real: Rows, synthetic: Rows, *, seed: int = 0) -> Floats:
    """How much of the area is lost when a column is shuffled among the rows of each fold.

    Args:
        found: What `two_sample_test` found with trees on these rows.
        real: As given to it.
        synthetic: As given to it.
        seed: Of the shuffles.

    Returns:
        One number per column, continuous ones first: the mean over the folds.
    """
    rng = np.random.default_rng(seed)
    both = joined(real, synthetic)
    matrix = np.asarray(matrix_of(both, both, "trees"))
    synthetic_row = np.arange(len(both)) >= len(real)
    losses = np.zeros((len(found.models), both.width))
    for number, (model, area) in enumerate(zip(found.models, found.areas, strict=True)):
        test = np.flatnonzero(found.fold == number)
        with threads_for(len(test)):
            without = _areas_without(model, matrix[test], synthetic_row[test], rng)
        losses[number] = area - without
    return np.asarray(losses.mean(axis=0))


def indistinguishable(area: float) -> float:
    """An AUC as a similarity: ``1 - max(0, 2 AUC - 1)``, 1 if the classifier cannot tell."""
    return 1 - max(0.0, 2 * area - 1)


def _area(scores: Floats, synthetic: NDArray[np.bool_]) -> float:
    return auc(scores[synthetic], scores[~synthetic])


def _areas_without(
    model: Classifier, matrix: Floats, synthetic: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Area under the curve with each column shuffled in turn."""
    areas = np.zeros(matrix.shape[1])
    for column in range(matrix.shape[1]):
        shuffled = matrix.copy()
        shuffled[:, column] = rng.permutation(matrix[:, column])
        areas[column] = _area(model.predict_proba(shuffled)[:, 1], synthetic)
    return areas
