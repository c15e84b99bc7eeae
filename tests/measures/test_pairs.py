"""Pairwise measures against values computed by hand, and against dython and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.stats import pearsonr, rankdata
from scipy.stats.contingency import association

from synthproto.measures.pairs import (
    contingency_distances,
    correlation_ratios,
    cramers_v,
    kendall,
    pearson,
    ranks,
    theils_u,
)

Cells = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]


def cells(*tables: list[list[int]] | NDArray[np.int64]) -> Cells:
    """Occupied cells of dense tables."""
    parts = []
    for place, dense in enumerate(map(np.asarray, tables)):
        rows, columns = np.nonzero(dense)
        parts.append((np.full(len(rows), place), rows, columns, dense[rows, columns]))
    table, rows, columns, counts = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return table, rows, columns, counts


INDEPENDENT = [[1, 1], [2, 2]]
FUNCTION = [[2, 0], [0, 3]]
MIXED = [[2, 1], [0, 2]]
dense_tables = hnp.arrays(
    np.int64, st.tuples(st.integers(2, 4), st.integers(2, 4)), elements=st.integers(0, 9)
).filter(lambda table: (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all())


def test_cramers_v_by_hand() -> None:
    # [[2, 1], [0, 2]]: chi2 = 5 (2*2 - 1*0)^2 / (3*2*2*3) = 80/36; V = sqrt(chi2 / 5) = 2/3.
    plain = cramers_v(*cells(INDEPENDENT, FUNCTION, MIXED), bias_correction=False)
    assert plain == pytest.approx([0.0, 1.0, 2 / 3])
    # phi2 = 4/9 - 1/4; both sizes 2 - 1/4; V = sqrt((7/36) / (3/4)).
    assert cramers_v(*cells(MIXED)) == pytest.approx([(7 / 27) ** 0.5])
    # Yates: |ad - bc| - n/2 = 4 - 2.5; chi2 = 5 * 1.5^2 / 36.
    yates = cramers_v(*cells(MIXED), bias_correction=False, yates=True)
    assert yates == pytest.approx([(5 * 2.25 / 36 / 5) ** 0.5])


def test_cramers_v_of_constant_columns_is_zero() -> None:
    assert cramers_v(*cells([[2, 3]], [[2], [3]], [[4]])).tolist() == [0.0, 0.0, 0.0]


@given(dense_tables)
def test_cramers_v_is_scipys(table: NDArray[np.int64]) -> None:
    theirs = association(table, method="cramer", correction=False)
    ours = cramers_v(*cells(FUNCTION, table), bias_correction=False)
    assert ours[1] == pytest.approx(float(theirs), abs=1e-9)


def test_theils_u_by_hand() -> None:
    # Rows 3 : 2, and given the column: certain for 2 rows, 1 : 2 for 3.
    entropy = -(0.6 * np.log(0.6) + 0.4 * np.log(0.4))
    given_column = -0.6 * (np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3)
    found = theils_u(*cells(INDEPENDENT, FUNCTION, MIXED, [[2, 3]]))
    assert found == pytest.approx([0.0, 1.0, 1 - given_column / entropy, 0.0])


def test_correlation_ratio_by_hand() -> None:
    # Groups (-2, 0) and (1, 1), mean 0: SSB = 2 * 1 + 2 * 1 = 4, SST = 6.
    present, sums = np.array([[2.0], [2.0]]), np.array([[-2.0], [2.0]])
    one = correlation_ratios(np.array([0, 0]), present, sums, np.array([6.0]))
    assert one[0] == pytest.approx([(4 / 6) ** 0.5])
    nothing = correlation_ratios(np.array([0, 0]), np.zeros((2, 1)), np.zeros((2, 1)), np.zeros(1))
    assert nothing.tolist() == [[0.0]]


def test_correlation_ratios_of_several_categorical_columns() -> None:
    # The second column has all four values in one category: nothing is explained.
    present, sums = np.array([[2.0], [2.0], [4.0]]), np.array([[-2.0], [2.0], [0.0]])
    both = correlation_ratios(np.array([0, 0, 1]), present, sums, np.array([6.0]))
    assert both.tolist() == [[pytest.approx((4 / 6) ** 0.5)], [0.0]]


def test_contingency_distance_by_hand() -> None:
    real, synthetic = [[2, 0], [0, 2]], [[1, 0, 0], [1, 1, 1]]
    # Shares (2/4, 0, 0, 2/4) and (1/4, 0, 1/4, 1/4), a fourth beyond: (1/4 + 1/4 + 1/4 + 1/4) / 2.
    shapes = (np.array([2]), np.array([2]))
    assert contingency_distances(cells(real), cells(synthetic), shapes) == pytest.approx([0.5])
    assert contingency_distances(cells(real), cells(real), shapes).tolist() == [0.0]
    far = contingency_distances(cells(real), cells([[0, 0, 4], [0, 0, 0]]), shapes)
    assert far.tolist() == [1.0]


@given(dense_tables, dense_tables)
def test_contingency_distance_is_half_the_sum_of_gaps(
    real: NDArray[np.int64], synthetic: NDArray[np.int64]
) -> None:
    shape = np.maximum(real.shape, synthetic.shape)
    padded = [np.zeros(shape) for _ in range(2)]
    padded[0][: real.shape[0], : real.shape[1]] = real / real.sum()
    padded[1][: synthetic.shape[0], : synthetic.shape[1]] = synthetic / synthetic.sum()
    shapes = (np.array([real.shape[0]]), np.array([real.shape[1]]))
    ours = contingency_distances(cells(real), cells(synthetic), shapes)
    assert ours[0] == pytest.approx(np.abs(padded[0] - padded[1]).sum() / 2)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_ranks_are_scipys(values: list[int]) -> None:
    np.testing.assert_array_equal(ranks(np.array(values, dtype=float)), rankdata(values))


def test_pearson_and_kendall_by_hand() -> None:
    first, second = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    assert pearson(first, second) == pytest.approx(0.5)
    assert kendall(first, second) == pytest.approx(1 / 3)
    constant = np.ones(3)
    assert pearson(first, constant) == kendall(constant, first) == 0.0
    assert pearson(np.empty(0), np.empty(0)) == kendall(np.empty(0), np.empty(0)) == 0.0


@given(st.integers(0, 1000), st.sampled_from([1e-300, 1.0, 1e140]))
def test_pearson_is_scipys_at_any_scale(seed: int, scale: float) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, 6))
    theirs = pearsonr(first, second).statistic
    assert pearson(first * scale, second) == pytest.approx(float(theirs), abs=1e-9)
