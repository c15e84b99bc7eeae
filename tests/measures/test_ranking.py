"""ROC curves against scikit-learn, Wilson intervals against statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc as trapezoids
from sklearn.metrics import roc_auc_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

from synthproto.measures.ranking import (
    area_influence,
    auc,
    auc_interval,
    clopper_pearson,
    roc,
    true_positives_at,
    wilson,
)


def test_by_hand() -> None:
    positives, negatives = np.array([3.0, 1.0]), np.array([2.0, 1.0])
    # Of 4 pairs: 3 > 2, 3 > 1, 1 < 2, 1 = 1.
    assert auc(positives, negatives) == 2.5 / 4
    curve = roc(positives, negatives)
    assert curve.false_positive.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert curve.true_positive.tolist() == [0.0, 0.5, 0.5, 1.0]
    assert true_positives_at(curve, 0.0, 2) == clopper_pearson(1, 2)
    assert true_positives_at(curve, 0.49, 2).value == 0.5


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 40), st.integers(1, 50))
def test_equals_scikit_learn(seed: int, many: int, few: int, distinct: int) -> None:
    rng = np.random.default_rng(seed)
    positives = rng.integers(0, distinct, many).astype(np.float64)
    negatives = rng.integers(0, distinct, few).astype(np.float64)
    labels, values = np.repeat([1, 0], [many, few]), np.concatenate([positives, negatives])
    area = auc(positives, negatives)
    assert area == pytest.approx(roc_auc_score(labels, values))
    curve = roc(positives, negatives)
    assert trapezoids(curve.false_positive, curve.true_positive) == pytest.approx(area)
    false, true, _ = roc_curve(labels, values, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive, false)
    np.testing.assert_allclose(curve.true_positive, true)


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (3, 10), (500, 1000)])
def test_wilson_equals_statsmodels(successes: int, trials: int) -> None:
    low, high = proportion_confint(successes, trials, method="wilson")
    assert wilson(successes, trials) == pytest.approx((successes / trials, low, high))


@pytest.mark.parametrize("few", [1, 2, 5, 9])
def test_the_interval_of_an_area_of_few_rows_excludes_chance_as_seldom_as_promised(
    few: int,
) -> None:
    rng = np.random.default_rng(0)
    found = [auc_interval(rng.normal(size=240), rng.normal(size=few)) for _ in range(300)]
    assert sum(area.low > 0.5 for area in found) <= 15  # 2.5 of 100, by chance up to this


def test_auc_interval_by_hand() -> None:
    # Placements of the positives among the negatives: 1, ½; of the negatives: ½, 1.
    area = auc_interval(np.array([3.0, 1.5]), np.array([2.0, 1.0]))
    half = 1.959963984540054 * np.sqrt(0.0625 / 1 + 0.0625 / 1)
    assert area.value == 0.75
    assert area.low == pytest.approx(0.75 - half)
    assert area.high == 1.0


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (3, 10), (1, 2000)])
def test_clopper_pearson_equals_statsmodels(successes: int, trials: int) -> None:
    low, high = proportion_confint(successes, trials, method="beta")
    assert clopper_pearson(successes, trials) == pytest.approx((successes / trials, low, high))


def test_influence_is_delongs_variance() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(60) < 0.4
    scores = np.round(rng.normal(size=60) + positive, 1)
    interval = auc_interval(scores[positive], scores[~positive])
    found = area_influence(scores, positive)
    n, m = positive.sum(), (~positive).sum()
    variance = np.square(found[positive]).sum() * n / (n - 1) + np.square(
        found[~positive]
    ).sum() * m / (m - 1)
    assert interval.high - interval.value == pytest.approx(1.96 * np.sqrt(variance), rel=1e-3)
    assert found.sum() == pytest.approx(0.0, abs=1e-12)
