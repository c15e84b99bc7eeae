"""Attacks on members and attributes: by hand, and over 50 seeds where they leak and do not."""

import numpy as np
import pytest
from scipy.stats import binom

from synthproto.measures.attacks import (
    Threshold,
    best_guess,
    excess_risk,
    likeliest_test,
    log_ratio,
    membership_scores,
    most_common,
    right,
)
from synthproto.measures.neighbours import nearest
from synthproto.measures.ranking import Interval, auc, auc_interval, clopper_pearson
from synthproto.measures.rows import Floats, Rows


def population(rng: np.random.Generator, count: int, grid: int = 0) -> Rows:
    values = rng.random((count, 3))
    if grid:
        values = rng.integers(0, grid + 1, (count, 3)) / grid
    return Rows(values, rng.integers(0, 3, (count, 1)))


def half_memorised(rng: np.random.Generator, real: Rows, fresh: Rows) -> Rows:
    """Half of the rows are real ones, a little moved."""
    count = len(fresh) // 2
    values, codes = fresh.continuous.copy(), fresh.codes.copy()
    taken = rng.integers(0, len(real), count)
    values[:count] = real.continuous[taken] + rng.normal(0, 0.002, values[:count].shape)
    codes[:count] = real.codes[taken]
    return Rows(values, codes)


def test_membership_is_found_where_it_leaks() -> None:
    covered, leaking = 0, []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        real, fresh, own, others = (population(rng, 120) for _ in range(4))
        for synthetic in (fresh, half_memorised(rng, real, fresh)):
            members, rest = (
                membership_scores(closest(side, own), closest(side, synthetic))
                for side in (real, others)
            )
            if synthetic is fresh:
                area = auc_interval(members, rest)
                covered += area.low <= 0.5 <= area.high
            else:
                leaking.append(auc(members, rest))
    assert covered >= binom.ppf(0.001, 50, 0.95)
    # 60 draws with replacement name 1 - exp(-1/2) = 39 % of 120 rows; the rest rank at random.
    assert np.mean(leaking) == pytest.approx(0.5 + 0.39 / 2, abs=0.04)
    assert min(leaking) > 0.5


def closest(rows: Rows, references: Rows) -> Floats:
    return nearest(rows, references, 1).distances[:, 0]


def test_membership_scores_are_finite() -> None:
    scores = membership_scores(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    assert scores[0] == 0.0
    assert scores[1] == -scores[2]
    assert np.isfinite(scores).all()


def test_guesses_by_hand() -> None:
    truth = np.array([0.1, 0.5, np.nan, np.nan])
    guesses = np.array([0.12, 0.6, np.nan, 0.5])
    assert right(truth, guesses, 0.05).tolist() == [True, False, True, False]
    assert most_common(np.array([2.0, 1.0, 1.0, 2.0])) == 1.0
    assert np.isnan(most_common(np.array([np.nan, np.nan, 1.0])))
    # 0.3 to 0.4 holds three values; their middle is within 0.05 of all.
    assert best_guess(np.array([0.0, 0.3, 0.35, 0.4, 0.9]), 0.05) == pytest.approx(0.35)
    assert np.isnan(best_guess(np.array([np.nan, np.nan, 0.1]), 0.05))


def test_excess_risk_by_hand() -> None:
    risk = excess_risk(Interval(0.7, 0.6, 0.8), Interval(0.4, 0.4, 0.4))
    assert risk == pytest.approx((0.5, 0.5 - 0.1 / 0.6, 0.5 + 0.1 / 0.6))
    assert excess_risk(Interval(0.3, 0.2, 0.4), Interval(0.5, 0.4, 0.6)).value == 0.0
    assert excess_risk(Interval(1.0, 0.9, 1.0), Interval(1.0, 0.9, 1.0)) == (0.0, 0.0, 0.0)


def test_a_ratio_of_rates_by_hand() -> None:
    members, others = np.array([5.0, 4.0, 3.0, 0.0]), np.array([2.0, 1.0, 3.0])
    # Three of four members and one of three others are at least 3.
    low, high = clopper_pearson(3, 4).low, clopper_pearson(1, 3).high
    assert log_ratio(members, others, Threshold(3.0, False)) == pytest.approx(np.log(low / high))
    # Turned: two of three others and one of four members are below 3.
    low, high = clopper_pearson(2, 3).low, clopper_pearson(1, 4).high
    assert log_ratio(members, others, Threshold(3.0, True)) == pytest.approx(np.log(low / high))
    assert log_ratio(members, others, Threshold(9.0, False)) == -np.inf


def test_the_likeliest_test_separates_what_can_be_separated() -> None:
    rng = np.random.default_rng(0)
    test = likeliest_test(rng.normal(4, 1, 500), rng.normal(0, 1, 500))
    assert 1 < test.score < 3
    # Members that are never far: what is far is no member.
    assert likeliest_test(rng.uniform(1, 2, 500), rng.uniform(0, 2, 500)).turned
