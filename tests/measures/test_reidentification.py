"""Singling out and linking: by hand, and the chances of exactly one against all draws."""

from itertools import combinations

import numpy as np
import pytest

from synthproto.measures.ranking import clopper_pearson
from synthproto.measures.reidentification import (
    LARGEST,
    Predicates,
    chance_link,
    control_share,
    linked,
    multivariate_predicates,
    repeats,
    singled_out,
    univariate_predicates,
)
from synthproto.measures.rows import Floats, Ints

# A number with one missing value, and labels.
TABLE = np.array([[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [5.0, 2.0], [np.inf, 3.0]])


def test_univariate_predicates_by_hand() -> None:
    found = univariate_predicates(TABLE, ordered=1)
    said = [(c.item(), a.item(), b.item()) for c, a, b in zip(*found, strict=True)]
    # Values that occur once (missing is one), the least and the largest number, one label.
    once = [(0, v, v) for v in (1.0, 5.0, np.inf)]
    assert said == [*once, (0, -LARGEST, 1.0), (0, 5.0, LARGEST), (1, 3.0, 3.0)]
    assert found.counts(TABLE).tolist() == [1] * 6
    other = np.array([[0.0, 3.0], [1.0, 3.0], [7.0, 1.0], [9.0, 1.0]])
    assert found.counts(other).tolist() == [1, 0, 0, 2, 2, 2]
    assert len(univariate_predicates(np.ones((4, 2)), ordered=1).low) == 0


def test_multivariate_predicates_single_rows_out() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (400, 2)).astype(np.float64)
    table: Floats = np.column_stack([rng.normal(size=(400, 2)), codes])
    table[rng.random(table.shape) < 0.05] = np.inf
    found = multivariate_predicates(table, 2, 3, 150, rng)
    assert len(found.low) == 150
    assert found.counts(table).tolist() == [1] * 150
    assert (
        len({(*c, *a, *b) for c, a, b in zip(*map(np.ndarray.tolist, found), strict=True)}) == 150
    )
    assert (found.columns[:, :1] != found.columns[:, 1:]).all()
    labels = found.columns >= 2
    assert (found.low == found.high)[labels].all()
    # Towards the end that the value is at.
    lower = (found.low == -LARGEST) & ~labels
    known = [column[np.isfinite(column)] for column in table.T]
    assert (found.high[lower] <= max(np.median(column) for column in known[:2])).all()
    assert len(multivariate_predicates(np.ones((9, 2)), 1, 2, 10, rng).low) == 0


def test_counts_by_hand() -> None:
    one = Predicates(np.array([[0, 1]]), np.array([[2.0, 2.0]]), np.array([[LARGEST, 2.0]]))
    assert one.counts(TABLE).tolist() == [2]
    assert one.few(TABLE).tolist() == [False]
    assert one.few(TABLE[:3]).tolist() == [True]


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 4), (4, 2)])
def test_the_control_is_what_any_rows_would_give(n: int, m: int) -> None:
    # Every way to choose the real table from six rows, and predicates that fit 0 to 6 of them.
    excess = []
    for chosen in combinations(range(n + m), n):
        real = np.isin(np.arange(n + m), chosen)
        fits = np.tri(n + m + 1, n + m, -1, dtype=bool)
        counts: list[Ints] = [(fits & side).sum(axis=1) for side in (real, ~real)]
        attack, control = singled_out(counts[0], counts[1], (n, m))
        excess.append(attack.value - control_share(counts[0], counts[1], (n, m)))
        assert 0 <= control.low <= control.value <= control.high <= 1
    assert np.mean(excess) == pytest.approx(0.0, abs=1e-12)


def test_the_control_of_equal_sizes_is_the_share_of_the_holdout() -> None:
    real, control = np.array([1, 1, 0, 2]), np.array([1, 0, 3, 0])
    attack, found = singled_out(real, control, (50, 50))
    assert (attack.value, found.value) == pytest.approx((0.5, 0.25))
    # Of a holdout of half the size, one fitting row stands for two.
    assert control_share(np.array([0] * 4), np.array([1, 0, 0, 0]), (100, 50)) == pytest.approx(0.5)
    # Of one of twice the size, a fitting row is among half of them every second time.
    assert control_share(np.array([0] * 4), np.array([1, 0, 0, 0]), (50, 100)) == pytest.approx(
        1 / 8
    )


def test_links_by_hand() -> None:
    first, second = np.array([[0, 1], [2, 3], [4, 5]]), np.array([[1, 7], [0, 1], [5, 4]])
    assert linked(first, second).tolist() == [True, False, True]
    assert chance_link(10, 1) == pytest.approx(0.1)
    # 1 - (3/5) (2/4)
    assert chance_link(5, 2) == pytest.approx(0.7)
    assert chance_link(3, 2) == 1.0


def test_predicates_that_single_the_same_row_out_are_one_piece_of_evidence() -> None:
    real, control = np.array([1, 1, 1, 1, 0, 2]), np.zeros(6, dtype=np.int64)
    assert repeats(np.array([7, 7, 7, 2, -1, -1]), np.full(6, -1)) == 10 / 4
    assert repeats(np.full(6, -1)) == 1.0
    once = singled_out(real, control, (50, 50))
    together = singled_out(real, control, (50, 50), 2.5)
    for first, second in zip(once, together, strict=True):
        assert first.value == pytest.approx(second.value)
        assert second.low <= first.low <= first.high < second.high
    assert together[0] == pytest.approx(clopper_pearson(4 / 2.5, 6 / 2.5))


def test_matches_are_the_first_rows() -> None:
    table = np.array([[1.0, 5.0], [2.0, 6.0], [2.0, 7.0]])
    ones, twos = np.array([[1.0], [2.0], [9.0]]), np.zeros((3, 1), dtype=np.int64)
    counts, first = Predicates(twos, ones, ones).matches(table)
    assert counts.tolist() == [1, 2, 0]
    assert first.tolist() == [0, 1, -1]
