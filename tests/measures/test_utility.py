"""Predictions: by hand, against scikit-learn's measures, and with classes that do not occur."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, mean_squared_error, r2_score, roc_auc_score

from synthproto.measures.classifiers import Learner
from synthproto.measures.rows import Rows
from synthproto.measures.utility import (
    classified,
    classified_influence,
    classify,
    regress,
    regressed,
    regressed_influence,
)


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


def test_influence_is_what_a_row_that_counts_more_does() -> None:
    """Against numerical derivatives: measures of rows of which one is there a thousand times."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 40)
    chances = rng.dirichlet(np.ones(3), 40) + 0.3 * np.eye(3)[classes]
    predicted, target = rng.normal(size=(2, 40))
    found = classified_influence(chances, classes) | regressed_influence(predicted, target)
    often = 1000
    for row in (0, 7, 31):
        rows = np.concatenate([np.tile(np.arange(40), often), [row]])
        more = classified(chances[rows], classes[rows])._asdict()
        more |= regressed(predicted[rows], target[rows])._asdict()
        once = classified(chances, classes)._asdict() | regressed(predicted, target)._asdict()
        for name, value in once.items():
            slope = (more[name] - value) * often
            assert found[name][row] == pytest.approx(slope, rel=2e-3, abs=1e-6), name


def test_the_difference_of_two_models_varies_as_influence_says() -> None:
    rng = np.random.default_rng(0)
    gaps, spreads = [], []
    for _ in range(300):
        classes = rng.integers(0, 2, 200)
        common = rng.normal(size=200) + classes
        areas, influence = [], []
        for noise in (0.5, 0.8):
            score = common + noise * rng.normal(size=200)
            chances = np.stack([-score, score], axis=1)
            areas.append(classified(chances, classes).auroc)
            influence.append(classified_influence(chances, classes)["auroc"])
        gaps.append(areas[0] - areas[1])
        spreads.append(np.linalg.norm(influence[0] - influence[1]))
    assert np.mean(spreads) == pytest.approx(np.std(gaps), rel=0.1)
    covered = np.abs(np.array(gaps) - np.mean(gaps)) < 1.96 * np.array(spreads)
    assert 0.92 <= covered.mean() <= 0.98
