"""Joint measures: by hand, against the papers' formulas written naively, and in known cases."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from synthproto.measures.joint import (
    Centre,
    Manifold,
    alpha_precision,
    authenticity,
    beta_recall,
    integrated,
    manifold,
    mean_kernel,
    median_bandwidth,
    mmd,
    squared_mmd,
    standardised,
    support_curve,
)
from synthproto.measures.neighbours import balls, nearest
from synthproto.measures.rows import TIE, Floats, Rows, gower


def line(*values: float) -> Rows:
    """Rows of one continuous column, taken as scaled already."""
    return Rows(np.array(values, dtype=np.float64)[:, None], np.zeros((len(values), 0), np.int64))


def mixed(seed: int, count: int, shift: float = 0.0) -> Rows:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.5 + shift, 0.15, (count, 3))
    values[rng.random((count, 3)) < 0.05] = np.nan
    return Rows(values, rng.integers(0, 3, (count, 2)))


def distances(first: Rows, second: Rows) -> Floats:
    pairs = np.broadcast_arrays(np.arange(len(first))[:, None], np.arange(len(second)))
    return gower(first, second, (pairs[0], pairs[1]))


def overlap(real: Rows, synthetic: Rows, k: int) -> Manifold:
    radii = [
        nearest(side, side, k, leave_one_out=True).distances[:, -1] for side in (real, synthetic)
    ]
    return manifold(
        balls(synthetic, real, radii[0], np.zeros(len(synthetic))),
        balls(real, synthetic, radii[1], np.zeros(len(real))).counts > 0,
        k,
    )


def test_overlap_by_hand() -> None:
    # Real balls with k = 1: 0 ± 0.1, 0.1 ± 0.1, 0.4 ± 0.3; synthetic: 0.15 ± 0.7, 0.85 ± 0.7.
    found = overlap(line(0.0, 0.1, 0.4), line(0.15, 0.85), 1)
    # 0.15 lies in the balls of 0.1 and 0.4; 0.85 in none. All real rows lie in synthetic balls.
    assert found == pytest.approx((0.5, 1.0, 1.0, 2 / 3))


@pytest.mark.parametrize("k", [1, 5])
def test_overlap_equals_the_papers_formulas(k: int) -> None:
    real, synthetic = mixed(0, 120), mixed(1, 90, 0.1)
    between = distances(synthetic, real)
    inside_real = between <= np.sort(distances(real, real), axis=1)[:, k] + TIE
    radii = np.sort(distances(synthetic, synthetic), axis=1)[:, k] + TIE
    turned = between.T
    inside_synthetic = turned <= radii
    found = overlap(real, synthetic, k)
    assert found.precision == inside_real.any(axis=1).mean()
    assert found.recall == inside_synthetic.any(axis=1).mean()
    assert found.density == pytest.approx(inside_real.sum() / (k * 90))
    assert found.coverage == inside_real.any(axis=0).mean()


def test_overlap_of_copies_and_of_disjoint_tables() -> None:
    real = mixed(0, 50)
    repeated = real.take(np.repeat(np.arange(50), 8))
    assert overlap(real, real, 5)[:2] == (1.0, 1.0)
    assert overlap(real, real, 5).coverage == 1.0
    assert overlap(repeated, repeated, 5)[:2] == (1.0, 1.0)
    assert overlap(line(0.0, 0.1, 0.2), line(0.7, 0.8, 0.9), 1) == (0.0, 0.0, 0.0, 0.0)


def test_coverage_of_an_independent_sample() -> None:
    # Naeem et al., appendix: 1 - (M - 1)...(M - k) / ((M + N - 1)...(M + N - k)), near 1 - 2^-k.
    found = overlap(mixed(2, 1500), mixed(3, 1500), 3)
    assert found.coverage == pytest.approx(1 - 2**-3, abs=0.03)
    assert found.density == pytest.approx(1.0, abs=0.06)


def test_centre_equals_one_hot_coordinates() -> None:
    real, other = mixed(4, 60), mixed(5, 40)
    other = Rows(other.continuous, other.codes + 1)  # code 3 is new, code 0 absent
    means = np.nanmean(real.continuous, axis=0)

    def coordinates(rows: Rows) -> Floats:
        missing = np.isnan(rows.continuous)
        hot = [(rows.codes[:, [j]] == np.arange(4)) / np.sqrt(2) for j in range(2)]
        return np.hstack([np.where(missing, means, rows.continuous), missing, *hot])

    expected = np.linalg.norm(coordinates(other) - coordinates(real).mean(axis=0), axis=1)
    np.testing.assert_allclose(Centre.of(real).distances(other), expected)


def test_alpha_precision_by_hand() -> None:
    levels = np.array([0.0, 0.5, 1.0])
    # Radii of the real rows: 1, 2, 3; synthetic rows within: 1 of 4, 2 of 4, 2 of 4.
    tested = np.array([1.0, 2.0, 4.0, np.inf])
    expected, curve = support_curve(levels, np.array([1.0, 2.0, 3.0]), tested)
    assert expected.tolist() == [1 / 3, 2 / 3, 1.0]
    assert curve.tolist() == [0.25, 0.5, 0.5]
    assert integrated(expected, curve) == pytest.approx(1 - (1 / 12 + 1 / 6 + 1 / 2) / 2)


def test_alpha_precision_of_copies_collapse_and_distance() -> None:
    real = np.random.default_rng(0).random(2000)
    assert alpha_precision(real, real) == 1.0
    # Where all distances tie, every ball holds all rows of both sides.
    assert alpha_precision(np.full(7, 0.3), np.full(4, 0.3)) == 1.0
    assert alpha_precision(real.round(1), real.round(1)) == 1.0
    # All in the core: P(alpha) = 1 almost everywhere; none in the support: 0 everywhere.
    assert alpha_precision(real, np.zeros(5)) == pytest.approx(0.0, abs=0.04)
    assert alpha_precision(real, np.full(5, 9.0)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_beta_recall_equals_the_papers_formula(k: int) -> None:
    real, synthetic = mixed(6, 80), mixed(7, 70, 0.05)
    radii = np.sort(distances(real, real), axis=1)[:, k]
    between = distances(real, synthetic)
    to_centre = Centre.of(synthetic).distances(synthetic)
    expected_curve, curve = [], []
    for level in np.linspace(0, 1, 30):
        support = to_centre <= np.quantile(to_centre, level) * (1 + 1e-9)
        expected_curve.append(support.mean())
        # The synthetic row of the support that is closest to each real row, if near enough.
        curve.append((between[:, support].min(axis=1) <= radii + TIE).mean())
    gaps = np.abs(np.subtract(expected_curve, curve))
    expected = 1 - gaps.sum() / np.sum(expected_curve)
    lowest = balls(synthetic, real, radii, to_centre).lowest
    assert beta_recall(lowest, to_centre) == pytest.approx(expected, abs=1e-12)


def test_beta_recall_of_copies_and_of_disjoint_tables() -> None:
    real = mixed(8, 1000)
    to_centre = Centre.of(real).distances(real)
    radii = nearest(real, real, 1, leave_one_out=True).distances[:, 0]
    copies = beta_recall(balls(real, real, radii, to_centre).lowest, to_centre)
    assert copies > 0.8
    assert beta_recall(np.full(9, np.inf), to_centre) == pytest.approx(0.0, abs=1e-12)


def test_authenticity_by_hand() -> None:
    real, synthetic = line(0.0, 0.1, 0.5), line(0.04, 0.7, 1.0)
    found = nearest(synthetic, real, 1)
    between = nearest(real, real, 1, leave_one_out=True).distances[:, 0]
    # 0.04 is closer to 0 than 0.1 is; 0.7 closer to 0.5 than 0.1 is; 1.0 is not.
    value = authenticity(found.distances[:, 0], found.indices[:, 0], between)
    assert value == pytest.approx(1 / 3)


def test_authenticity_of_copies_and_samples() -> None:
    real, sample = mixed(9, 1500), mixed(10, 1500)
    between = nearest(real, real, 1, leave_one_out=True).distances[:, 0]
    values = []
    for synthetic in (real, sample):
        found = nearest(synthetic, real, 1)
        values.append(authenticity(found.distances[:, 0], found.indices[:, 0], between))
    assert values[0] == 0.0
    assert values[1] == pytest.approx(0.5, abs=0.06)


def test_mmd_equals_scikit_learns_kernel() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 4)), rng.normal(0.5, 1, size=(50, 4))
    width = median_bandwidth(x)
    gaps = np.linalg.norm(x[:, None] - x, axis=2)[np.triu_indices(70, 1)]
    assert width == pytest.approx(np.median(gaps))
    kernels = [rbf_kernel(a, b, gamma=1 / (2 * width**2)) for a, b in ((x, x), (y, y), (x, y))]
    means = [mean_kernel(a, b, width, block=16) for a, b in ((x, x), (y, y), (x, y))]
    np.testing.assert_allclose(means, [kernel.mean() for kernel in kernels])
    expected = kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()
    assert mmd(means[0], means[1], means[2]) == pytest.approx(np.sqrt(expected))
    off = [k[~np.eye(len(k), dtype=bool)].mean() for k in kernels[:2]]
    unbiased = squared_mmd(means[0], means[1], means[2], (70, 50))
    assert unbiased == pytest.approx(off[0] + off[1] - 2 * kernels[2].mean())


def test_mmd_by_hand() -> None:
    # Rows 0 and 2, width 2: the kernel is 1 and exp(-1/2).
    real = np.array([[0.0], [2.0]])
    assert median_bandwidth(real) == 2.0
    assert mean_kernel(real, real, 2.0) == pytest.approx((1 + np.exp(-0.5)) / 2)
    assert median_bandwidth(np.zeros((4, 2))) == 1.0
    assert median_bandwidth(np.array([[0.0], [0.0], [0.0], [0.0], [3.0]])) == 3.0


def test_unbiased_mmd_is_zero_on_average() -> None:
    values = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
        means = [mean_kernel(a, b, 1.5) for a, b in ((x, x), (y, y), (x, y))]
        values.append(squared_mmd(means[0], means[1], means[2], (60, 60)))
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(50)


def test_standardised_by_the_reference() -> None:
    reference = Rows(np.array([[0.0], [2.0], [np.nan]]), np.array([[0], [1], [1]]))
    found = standardised(Rows(np.array([[np.nan], [1e300]]), np.array([[7], [0]])), reference)
    assert np.isfinite(found).all()
    assert found[0, 0] == 0.0  # missing: at the mean
    assert found[1, 0] == 1000.0
    np.testing.assert_allclose(standardised(reference, reference).mean(axis=0), 0, atol=1e-12)
