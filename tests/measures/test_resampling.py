"""Two tables of counts under exchange of rows: against permutations."""

import numpy as np
import pytest
from scipy import stats

from synthproto.measures.pairs import normalised_information
from synthproto.measures.resampling import information_of_shares, noise_of_tables


@pytest.mark.parametrize(
    ("pooled", "rows", "others"),
    [
        ([50, 50], 60, 40),
        ([4] * 40, 80, 80),
        ([900, 60, 30, 5, 3, 1, 1], 500, 500),
        ([3] * 200, 450, 150),
        ([70, 20, 10], 10, 90),
    ],
)
def test_noise_is_that_of_permutations(pooled: list[int], rows: int, others: int) -> None:
    rng = np.random.default_rng(0)
    draws = rng.multivariate_hypergeometric(pooled, rows, size=4000)
    gaps = np.abs(draws / rows - (np.array(pooled) - draws) / others).sum(axis=1) / 2
    table = np.zeros(len(pooled), dtype=np.intp)
    (noise,) = noise_of_tables(table, np.array(pooled), rows, others)
    assert noise.expected == pytest.approx(gaps.mean(), rel=0.03)
    assert noise.spread == pytest.approx(max(gaps.std(), 1e-4), rel=0.15)


def test_noise_of_two_tables_by_hand() -> None:
    """One row on either side: equal with a chance of a third if two rows of four may meet."""
    first, second = noise_of_tables(np.array([0, 1, 1]), np.array([2, 1, 1]), 1, 1)
    assert first.expected == 0.0  # both rows are in the one cell
    # Always apart; cells are taken as if one did not decide the other.
    assert second.expected == pytest.approx(1 / np.sqrt(1), abs=0.01)


def test_information_is_that_of_counts() -> None:
    counts = np.array([[30, 10, 5, 1], [12, 12, 12, 12]])
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    shares = counts / counts.sum(axis=1, keepdims=True)
    found = information_of_shares(shares, rows, columns)
    for share, count in zip(found, counts, strict=True):
        table = np.zeros(4, dtype=np.intp)
        assert share == pytest.approx(normalised_information(table, rows, columns, count)[0])
    joint = stats.entropy(shares[0])
    margins = stats.entropy([40 / 46, 6 / 46]) + stats.entropy([35 / 46, 11 / 46])
    assert found[0] == pytest.approx(2 * (margins - joint) / margins)
    assert found[1] == pytest.approx(0.0, abs=1e-12)
