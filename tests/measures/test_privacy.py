"""Distances to real rows: by hand, and over 50 seeds memorised tables against independent ones."""

import numpy as np
import pytest
from scipy.stats import binom

from synthproto.measures.neighbours import nearest
from synthproto.measures.privacy import (
    Closest,
    Share,
    closest_of_both,
    dcr_share,
    expected_share,
    nndr,
)
from synthproto.measures.rows import Rows


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


def closest_rows(real: Rows, holdout: Rows, synthetic: Rows) -> Closest:
    found = [nearest(synthetic, side, min(2, len(side))) for side in (real, holdout)]
    return closest_of_both(synthetic, (real, holdout), (found[0], found[1]))


def shares(real: Rows, holdout: Rows, synthetic: Rows) -> Share:
    return dcr_share(closest_rows(real, holdout, synthetic))


def line(*values: float) -> Rows:
    return Rows(np.array(values)[:, None], np.zeros((len(values), 0), dtype=np.int64))


def test_nndr_by_hand() -> None:
    ratios = nndr(np.array([0.1, 0.0, 0.0]), np.array([0.4, 0.2, 0.0]))
    np.testing.assert_allclose(ratios, [0.25, 0.0, 1.0])


def test_dcr_share_by_hand() -> None:
    # 0.1 ties with two real rows and one of the holdout; 0.5 is alone with a real row, 0.8 with
    # one of the holdout, which has two of the same value.
    closest = closest_rows(line(0.1, 0.1, 0.6), line(0.1, 0.9, 0.9), line(0.1, 0.5, 0.8))
    assert closest.real == pytest.approx([2 / 3, 1, 0])
    assert closest.tied.tolist() == [3, 1, 2]
    # Loads: 1/3 thrice, 1, and 1/2 twice.
    assert closest.loads == pytest.approx((3.0, 3 / 9 + 1 + 2 / 4))
    found = dcr_share(closest)
    deviation = np.sqrt(0.25 * (3 / 9 + 1.5 - 9 / 6) * 6 / 5) / 3
    assert found.value == pytest.approx(5 / 9)
    assert found.excess == pytest.approx((5 / 9 - 1 / 2) / (1 / 2))
    assert found.z == pytest.approx((5 / 9 - 1 / 2) / deviation)
    assert found.high == pytest.approx(5 / 9 + 1.959963984540054 * deviation)
    assert dcr_share(closest, ties="holdout").value == pytest.approx(1 / 3)
    # All of three, of one, of two real: 3/6 2/5 1/4, 3/6, 3/6 2/5.
    assert expected_share(closest, ties="holdout") == pytest.approx((0.05 + 0.5 + 0.2) / 3)


@pytest.mark.parametrize(("n", "m", "grid"), [(40, 40, 0), (60, 20, 0), (30, 50, 3), (20, 30, 1)])
def test_dcr_share_has_the_mean_and_variance_of_permutations(n: int, m: int, grid: int) -> None:
    rng = np.random.default_rng(n + grid)
    pooled, synthetic = population(rng, n + m, grid), population(rng, 50, grid)
    means, holdout_ties, deviations = [], [], []
    for _ in range(300):
        order = rng.permutation(n + m)
        closest = closest_rows(pooled.take(order[:n]), pooled.take(order[n:]), synthetic)
        means.append(closest.real.mean())
        holdout_ties.append((closest.real == 1).mean())
        found = dcr_share(closest)
        deviations.append((closest.real.mean() - n / (n + m)) / found.z if found.z else 0.0)
    spread = np.std(means)
    assert np.mean(means) == pytest.approx(n / (n + m), abs=4 * spread / np.sqrt(300))
    # The same for each order of the pooled rows.
    assert np.median(deviations) == pytest.approx(spread, rel=0.15)
    parts = pooled.take(np.arange(n)), pooled.take(np.arange(n, n + m))
    closest = closest_rows(*parts, synthetic)
    expected = expected_share(closest, ties="holdout", corrected=False)
    assert np.mean(holdout_ties) == pytest.approx(expected, abs=0.02)


def test_dcr_share_corrects_for_sizes() -> None:
    rng = np.random.default_rng(0)
    real, holdout, synthetic = (population(rng, size) for size in (900, 100, 500))
    assert dcr_share(closest_rows(real, holdout, synthetic), corrected=False).value > 0.85
    assert shares(real, holdout, synthetic).value == pytest.approx(0.5, abs=0.1)
    assert shares(real, holdout, real).value == 1.0
    assert shares(real, holdout, real).excess == 1.0


@pytest.mark.parametrize(
    ("count", "holdout_rows", "grid"), [(120, 120, 0), (300, 100, 0), (120, 120, 5)]
)
def test_memorisation_is_caught_and_independence_is_not(
    count: int, holdout_rows: int, grid: int
) -> None:
    covered = caught = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        real, fresh = population(rng, count, grid), population(rng, count, grid)
        holdout = population(rng, holdout_rows, grid)
        share = shares(real, holdout, fresh)
        covered += share.low <= 0.5 <= share.high
        caught += shares(real, holdout, half_memorised(rng, real, fresh)).low > 0.5
    # A 95 % interval misses more often than this once in a thousand runs.
    assert covered >= binom.ppf(0.001, 50, 0.95)
    assert caught == 50
