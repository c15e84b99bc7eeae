"""How well a model that was trained on one table predicts a column of another."""

from typing import NamedTuple

import numpy as np

from synthproto.measures.classifiers import (
    Learner,
    categorical_mask,
    classifier,
    matrix_of,
    regressor,
    threads_for,
)
from synthproto.measures.ranking import area_influence, auc
from synthproto.measures.rows import Floats, Ints, Rows


class Classified(NamedTuple):
    """Quality of predicted classes.

    Attributes:
        auroc: Area under the ROC curve, mean over the classes of the test rows, each against
            the rest; in [0, 1], 0.5 for a guess.
        macro_f1: F1 score of the most likely class, mean over the classes of the test rows; in
            [0, 1].
    """

    auroc: float
    macro_f1: float


class Regressed(NamedTuple):
    """Quality of predicted numbers.

    Attributes:
        r2: Coefficient of determination; 1 is best, 0 for the mean of the test rows, unbounded
            below.
        rmse: Root mean squared error, in the unit of the target; 0 is best.
    """

    r2: float
    rmse: float


def classify(
    train: Rows,
    classes: Ints,
    test: Rows,
    learner: Learner,
    number: int,
    seed: int,
    rounds: int = 100,
) -> Floats:
    """Probability of each class for the test rows, by a model trained on the others.

    Args:
        train: At least one row.
        classes: Class of each of them, from 0 below `number`. Classes that do not occur get no
            probability; if only one occurs, it is all that is predicted.
        test: Rows to predict.
        learner: ``"linear"`` or ``"trees"``.
        number: Number of classes.
        seed: Of the model.
        rounds: Rounds of boosting of the trees.

    Returns:
        Shape ``(n_test, number)``.
    """
    chances = np.zeros((len(test), number))
    present = np.unique(classes)
    if len(present) == 1:
        chances[:, present] = 1.0
        return chances
    model = classifier(learner, categorical_mask(train), len(train), seed, rounds)
    with threads_for(len(train)):
        model.fit(matrix_of(train, train, learner), np.searchsorted(present, classes))
        chances[:, present] = model.predict_proba(matrix_of(test, train, learner))
    return chances


def regress(
    train: Rows, target: Floats, test: Rows, learner: Learner, seed: int, rounds: int = 100
) -> Floats:
    """Predicted target of the test rows, by a model trained on the others.

    Args:
        train: At least one row.
        target: Target of each of them, finite. A constant is predicted as it is.
        test: Rows to predict.
        learner: ``"linear"`` or ``"trees"``.
        seed: Of the model.
        rounds: Rounds of boosting of the trees.
    """
    centre, scale = float(target.mean()), float(target.std())
    if scale == 0:
        return np.full(len(test), centre)
    model = regressor(learner, categorical_mask(train), len(train), seed, rounds)
    with threads_for(len(train)):
        model.fit(matrix_of(train, train, learner), (target - centre) / scale)
        predicted = model.predict(matrix_of(test, train, learner))
    return np.asarray(predicted * scale + centre, dtype=np.float64)


def classified(chances: Floats, classes: Ints) -> Classified:
    """Quality of predicted classes.

    Args:
        chances: Of `classify`, shape ``(n, classes)``.
        classes: True class of each row; at least two occur.
    """
    predicted = chances.argmax(axis=1)
    areas, f1 = [], []
    for number in np.unique(classes).tolist():
        true, named = classes == number, predicted == number
        areas.append(auc(chances[true, number], chances[~true, number]))
        f1.append(2 * (true & named).sum() / (true.sum() + named.sum()))
    return Classified(float(np.mean(areas)), float(np.mean(f1)))


def regressed(predicted: Floats, target: Floats) -> Regressed:
    """Quality of predicted numbers; the target takes at least two values."""
    error = float(np.square(predicted - target).mean())
    return Regressed(1 - error / float(target.var()), float(np.sqrt(error)))


def classified_influence(chances: Floats, classes: Ints) -> dict[str, Floats]:
    """How much each test row moves the measures of `classified`, by name, shape ``(n,)``.

    The sum of their squares is the variance of a measure over samples of test rows; that of the
    squares of differences is the variance of the difference of two models on the same rows. For
    areas under ROC curves this is DeLong's, but for factors of (n - 1) / n.

    Args:
        chances: As in `classified`.
        classes: As in `classified`.

    References:
        DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
        Receiver Operating Characteristic Curves", Biometrics 44, 1988; Efron, "Nonparametric
        Estimates of Standard Error", Biometrika 68, 1981.
    """
    predicted = chances.argmax(axis=1)
    areas, f1 = np.zeros((2, len(classes)))
    present = np.unique(classes).tolist()
    for number in present:
        true, named = classes == number, predicted == number
        areas += area_influence(chances[:, number], true)
        rows = int(true.sum() + named.sum())
        f1 += (2.0 * (true & named) - 2 * (true & named).sum() / rows * (1.0 * true + named)) / rows
    return {"auroc": areas / len(present), "macro_f1": f1 / len(present)}


def regressed_influence(predicted: Floats, target: Floats) -> dict[str, Floats]:
    """How much each test row moves the measures of `regressed`; see `classified_influence`."""
    errors, spread = np.square(predicted - target), np.square(target - target.mean())
    error, variance = errors.mean(), spread.mean()
    r2 = (error / variance * (spread - variance) - (errors - error)) / variance / len(target)
    root = np.sqrt(error)
    rmse = (errors - error) / (2 * root * len(target)) if root > 0 else np.zeros(len(target))
    return {"r2": r2, "rmse": rmse}
