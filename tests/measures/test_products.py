"""Products in pieces: those of numpy, and no product that is shared between threads."""

import numpy as np
import pytest

from synthproto.measures.products import dot, products, weighted_sums

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("d", "e", "n"), [(1, 1, 1), (3, 2, 7), (20, 20, 9_001), (200, 150, 40)])
def test_products_are_those_of_numpy(d: int, e: int, n: int) -> None:
    first, second = RNG.normal(size=(d, n)), RNG.normal(size=(e, n))
    assert products(first, second) == pytest.approx(first @ second.T, rel=1e-12, abs=1e-10)
    own = products(first, first)
    assert np.array_equal(own, own.T)  # correlations stay symmetric to the last bit


def test_products_by_hand() -> None:
    assert products(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0, 2.0]])).tolist() == [[7.0]]
    assert products(np.zeros((0, 5)), np.zeros((2, 5))).shape == (0, 2)
    assert products(np.zeros((2, 0)), np.zeros((2, 0))).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("shape", [(1, 1, 1), (400, 200, 3), (400, 200, 60), (5, 300, 1000)])
def test_weighted_sums_are_those_of_numpy(shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    weights = RNG.integers(0, 5, size=(m, k)).astype(np.float32)
    values = RNG.integers(0, 50, size=(k, n)).astype(np.float32)
    found = weighted_sums(weights, values)
    assert found.dtype == np.float32
    assert np.array_equal(found, weights @ values)  # of whole numbers: exact


def test_dot_products_of_long_arrays() -> None:
    first, second = RNG.normal(size=(2, 20_001))
    assert dot(first, second) == pytest.approx(float(first @ second), rel=1e-12)
    assert dot(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == 25.0
    assert dot(np.empty(0), np.empty(0)) == 0.0
