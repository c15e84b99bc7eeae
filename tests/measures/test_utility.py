"""Predictions: by hand, against scikit-learn's measures, and with classes that do not occur."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, mean_squared_error, r2_score, roc_auc_score

from synthproto.measures.classifiers import Learner
from synthproto.measures.rows import Rows
from synthproto.measures.utility import classified, classify, regress, regressed


def plane(seed: int, count: int) -> Rows:
    rng = np.random.default_rng(seed)
    return Rows(rng.random((count, 2)), rng.integers(0, 3, (count, 1)))


def test_classified_by_hand() -> None:
    chances = np.array([[0.8, 0.2], [0.6, 0.4], [0.4, 0.6], [0.7, 0.3]])
    found = classified(chances, np.array([0, 0, 1, 1]))
    # Class 1 ranks 0.6, 0.3 against 0.2, 0.4: three of four pairs. F1: 4/5 and 2/3.
    assert found == pytest.approx((0.75, (4 / 5 + 2 / 3) / 2))


def test_classified_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(4), 300)
    classes = rng.integers(0, 4, 300)
    found = classified(chances, classes)
    assert found.auroc == pytest.approx(roc_auc_score(classes, chances, multi_class="ovr"))
    assert found.macro_f1 == pytest.approx(f1_score(classes, chances.argmax(1), average="macro"))
    two = classified(chances[:, :2], classes % 2)
    assert two.macro_f1 == pytest.approx(
        f1_score(classes % 2, chances[:, :2].argmax(1), average="macro")
    )


def test_regressed_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    target, predicted = rng.normal(size=50), rng.normal(size=50)
    found = regressed(predicted, target)
    assert found.r2 == pytest.approx(r2_score(target, predicted))
    assert found.rmse == pytest.approx(np.sqrt(mean_squared_error(target, predicted)))
    assert regressed(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx((0.5, 0.5**0.5))


@pytest.mark.parametrize("learner", ["linear", "trees"])
def test_what_can_be_learnt_is_learnt(learner: Learner) -> None:
    train, test = plane(0, 600), plane(1, 300)
    classes = [np.where(rows.codes[:, 0] == 2, 5, 1) for rows in (train, test)]
    chances = classify(train, classes[0], test, learner, 6, 0)
    assert classified(chances, classes[1]) == pytest.approx((1.0, 1.0))
    assert chances[:, [0, 2, 3, 4]].max() == 0.0
    targets = [1e6 + 1e3 * rows.continuous[:, 0] for rows in (train, test)]
    assert regressed(regress(train, targets[0], test, learner, 0), targets[1]).r2 > 0.98


@pytest.mark.parametrize("learner", ["linear", "trees"])
def test_constant_targets(learner: Learner) -> None:
    train, test = plane(0, 30), plane(1, 20)
    assert classify(train, np.full(30, 2), test, learner, 3, 0)[:, 2].tolist() == [1.0] * 20
    assert regress(train, np.full(30, 7.0), test, learner, 0).tolist() == [7.0] * 20
