"""Marginal measures against values computed by hand, and against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp
from scipy.stats import wasserstein_distance as scipy_wasserstein

from synthproto.measures.columns import (
    js_distance,
    js_divergence,
    ks_distance,
    range_coverage,
    shares,
    similarity_in_range,
    total_variation,
    wasserstein_distance,
)


def array(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


NONE = array(0.0, 0.0)
samples = st.lists(st.integers(-20, 20), min_size=1, max_size=60).map(
    lambda values: np.sort(np.array(values, dtype=np.float64))
)


def test_shares() -> None:
    assert shares(np.array([1, 3, 0])).tolist() == [0.25, 0.75, 0.0]
    assert shares(np.array([0, 0])).tolist() == [0.0, 0.0]


def test_js_of_half_overlap_by_hand() -> None:
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4):
    # JS = (1 log2 4/3 + 1/2 log2 2/3 + 1/2 log2 2) / 2 = 0.311278...
    assert js_divergence(array(1, 0), array(0.5, 0.5)) == pytest.approx(0.3112781244591328)
    assert js_distance(array(1, 0), array(0.5, 0.5)) == pytest.approx(0.5579230452841438)


def test_js_of_equal_disjoint_and_empty_sides() -> None:
    assert js_distance(array(0.3, 0.7), array(0.3, 0.7)) == 0.0
    assert js_distance(array(1, 0), array(0, 1)) == 1.0
    assert js_distance(array(1, 0), array(0, 1), base=np.e) == pytest.approx(np.log(2) ** 0.5)
    assert js_distance(array(1, 0), NONE) == 1.0
    assert js_distance(NONE, NONE) == 0.0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=20))
def test_js_is_scipys(counts: list[tuple[int, int]]) -> None:
    real, synthetic = (shares(np.array(side)) for side in zip(*counts, strict=True))
    if real.any() and synthetic.any():
        theirs = float(jensenshannon(real, synthetic, base=2))
        assert js_distance(real, synthetic) == pytest.approx(theirs, abs=1e-7)


def test_total_variation_by_hand() -> None:
    assert total_variation(array(0.5, 0.5, 0), array(0.25, 0.5, 0.25)) == 0.25
    assert total_variation(array(1, 0), array(0, 1)) == 1.0
    assert total_variation(array(1, 0), NONE) == 1.0
    assert total_variation(NONE, NONE) == 0.0


def test_ks_by_hand() -> None:
    # F_real is 2/3 at 2, F_synthetic is 0 there.
    assert ks_distance(array(1, 2, 4), array(3, 4, 5)) == pytest.approx(2 / 3)
    assert ks_distance(array(1, 2), array(3)) == 1.0
    assert ks_distance(array(1, 2), array(1, 2)) == 0.0
    assert ks_distance(array(), array(1)) == 1.0
    assert ks_distance(array(), array()) == 0.0


@settings(max_examples=300)
@given(samples, samples)
def test_ks_is_scipys(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> None:
    theirs = ks_2samp(real, synthetic, method="asymp").statistic
    assert ks_distance(real, synthetic) == pytest.approx(float(theirs), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ks_of_long_columns_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    real = np.sort(rng.normal(size=20_000))
    for synthetic in (rng.normal(size=9_000) * 1.01, rng.choice(real, 15_000), real + 1e-9):
        synthetic = np.sort(synthetic)
        theirs = ks_2samp(real, synthetic, method="asymp").statistic
        assert ks_distance(real, synthetic) == pytest.approx(float(theirs), abs=1e-12)


def test_wasserstein_by_hand() -> None:
    assert wasserstein_distance(array(0, 1), array(2, 3)) == 2.0
    # Mass 1/2 moves from 0 to 1, then nothing is left to do.
    assert wasserstein_distance(array(0, 1), array(1)) == 0.5


@given(samples, samples)
def test_wasserstein_is_scipys(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> None:
    theirs = scipy_wasserstein(real, synthetic)
    assert wasserstein_distance(real, synthetic) == pytest.approx(theirs, abs=1e-12)


def test_range_coverage_by_hand() -> None:
    assert range_coverage((0, 10), (2, 7)) == 0.5
    assert range_coverage((0, 10), (-5, 50)) == 1.0
    assert range_coverage((0, 10), (20, 30)) == 0.0
    assert range_coverage((3, 3), (1, 5)) == 1.0
    assert range_coverage((3, 3), (4, 5)) == 0.0


def test_similarity_in_range_by_hand() -> None:
    assert similarity_in_range(2, 4, 0, 10) == 0.8
    assert similarity_in_range(2, 40, 0, 10) == 0.0
    assert similarity_in_range(2, 2, 2, 2) == 1.0
    assert similarity_in_range(2, 3, 2, 2) == 0.0
