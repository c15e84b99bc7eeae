"""Two tables of counts under exchange of rows: against permutations."""

import numpy as np
import pytest
from scipy import stats

from synthproto.measures.pairs import normalised_information
from synthproto.measures.resampling import RowGroups, information_of_shares, noise_of_tables


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


@pytest.mark.parametrize(("rows", "others"), [(7, 7), (50, 3), (3, 50), (1000, 250)])
def test_draws_of_groups_keep_the_sizes_of_both_tables(rows: int, others: int) -> None:
    groups = RowGroups.of(rows, others, draws=20, seed=0)
    sizes = [len(group) for group in groups.group]
    assert sizes == [min(rows, 20 * others), min(others, 20 * rows)]
    everything = np.zeros(sum(sizes), dtype=np.int64)
    real, synthetic = groups.counts(everything, 1)
    assert np.array_equal(real[:20] + synthetic[:20], np.full((20, 1), sum(sizes)))  # exchanged
    for side, drawn in zip(sizes, (real[20:], synthetic[20:]), strict=True):
        assert drawn.mean() == pytest.approx(side, rel=0.05)  # drawn anew


@pytest.mark.parametrize("slots", [3, 2_001])
def test_counts_of_draws_are_those_of_their_groups(slots: int) -> None:
    rng = np.random.default_rng(0)
    groups = RowGroups.of(300, 200, draws=5, seed=1)
    codes = rng.integers(-1, slots, 500)
    found = groups.counts(codes, slots)
    group = np.concatenate(groups.group)
    for side, weights in zip(found, groups.weights, strict=True):
        each_row = weights[:, group]
        by_hand = [[row[codes == slot].sum() for slot in range(slots)] for row in each_row]
        assert np.array_equal(side, by_hand)
    real, synthetic = groups.sums(np.bincount(group, weights=codes).astype(np.float64)[:, None])
    assert real[0, 0] == pytest.approx((groups.weights[0][0, group] * codes).sum())
    assert synthetic[0, 0] == pytest.approx((groups.weights[1][0, group] * codes).sum())
