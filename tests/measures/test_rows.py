"""Rows as distances see them: scales, Gower's distance, and blocks that keep what bounds need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.errors import SchemaError
from synthproto.measures.rows import (
    BLOCK,
    SAME_SINGLE,
    Digits,
    Floats,
    Rows,
    bit_of,
    gower,
    precision,
    scale_to_range,
    scale_to_ranks,
    snapped,
)
from tests.awkward_columns import AWKWARD


def rows(continuous: list[list[float]], codes: list[list[int]]) -> Rows:
    return Rows(np.array(continuous, dtype=np.float64), np.array(codes, dtype=np.int64))


def test_scaling_spans_the_reference() -> None:
    reference = np.array([[2.0, 5.0, np.nan, -1e308], [4.0, 5.0, np.nan, 1e308]])
    values = np.array([[3.0, 5.0, 1.0, 0.0], [6.0, 4.0, np.nan, np.nan]])
    expected = [[0.5, 0.0, 0.0, 0.5], [2.0, 2.0, np.nan, np.nan]]
    np.testing.assert_array_equal(scale_to_range(values, reference), expected)


def test_ranks_by_hand() -> None:
    # Shares below, ties half: 1/10, 4/10, 7/10, 9/10; linear between, by the range beyond.
    reference = np.array([[1.0], [2.0], [2.0], [4.0], [11.0]])
    values = np.array([[1.0], [2.0], [3.0], [4.0], [11.0], [21.0], [-4.0], [np.nan]])
    expected = [0.1, 0.4, 0.55, 0.7, 0.9, 1.9, -0.4, np.nan]
    np.testing.assert_allclose(scale_to_ranks(values, reference)[:, 0], expected)
    constant, nothing = np.full((3, 1), 5.0), np.full((3, 1), np.nan)
    assert scale_to_ranks(np.array([[5.0], [4.0]]), constant)[:, 0].tolist() == [0.0, 2.0]
    assert scale_to_ranks(np.array([[5.0], [4.0]]), nothing)[:, 0].tolist() == [0.0, 0.0]


def test_ranks_are_the_distribution_function_and_take_no_notice_of_outliers() -> None:
    values = np.exp(5 * np.random.default_rng(0).normal(size=(5000, 1)))
    ranks = scale_to_ranks(values, values)[:, 0]
    order = np.argsort(np.argsort(values[:, 0]))
    np.testing.assert_allclose(ranks, (order + 0.5) / 5000, atol=0.01)
    outlier = np.append(values, [[1e140]], axis=0)
    np.testing.assert_allclose(scale_to_ranks(values, outlier)[:, 0], ranks, atol=0.01)


@given(st.integers(0, 10**6), st.integers(1, 200), st.sampled_from([1e-310, 1.0, 1e149]))
def test_ranks_are_finite_and_keep_the_order(seed: int, count: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.integers(-3, 4, (count, 1)) * rng.random((count, 1)) * size
    values = np.sort(np.concatenate([reference, 3 * rng.normal(size=(50, 1)) * size]), axis=0)
    ranks = scale_to_ranks(values, reference)[:, 0]
    assert np.isfinite(ranks).all()
    if len(np.unique(reference)) > 1:
        assert (np.diff(ranks) >= -1e-12).all()


def same(values: list[float], real: list[float]) -> list[float]:
    first, second = np.array(values), np.array(real)
    found: list[float] = snapped(first, second, precision(first, second)).tolist()
    return found


def test_snapping_by_hand() -> None:
    real = [0.1, 0.2, 100.3, np.nan]
    single: list[float] = np.array([0.1, 0.2, 100.3, 0.3], dtype=np.float32).astype(float).tolist()
    assert same(single, real) == [0.1, 0.2, 100.3, single[3]]
    assert same([0.1 + 2e-17, 0.1000001, 0.3], real) == [0.1, 0.1000001, 0.3]
    assert np.isnan(same([np.nan, 0.5], real)[0])
    # Neither side is float32: a thousand units in the last place are another number.
    assert same([0.1 * (1 + 2e-13), np.pi], real) == [0.1 * (1 + 2e-13), np.pi]
    # Real values that equal each other are one.
    assert same([0.30000000000000004, 0.7], [0.3, 0.30000000000000004]) == [0.3, 0.7]
    assert precision(np.array([1.0, 2.0**60]), np.array([3.0, np.nan])) == 0.0


def test_many_values_snap_as_few_do() -> None:
    rng = np.random.default_rng(0)
    known = np.unique(rng.normal(size=5000))
    values = rng.choice(known, 20_000).astype(np.float32).astype(float)
    values[::7] = rng.normal(size=len(values[::7]))
    values[::50] = np.nan
    at_once = [snapped(part, known, SAME_SINGLE) for part in np.array_split(values, 40)]
    found = snapped(values, known, SAME_SINGLE)
    np.testing.assert_array_equal(found, np.concatenate(at_once))
    assert np.isin(found, known).mean() > 0.8


@pytest.mark.parametrize("values", AWKWARD.values(), ids=list(AWKWARD))
def test_digits_of_awkward_columns(values: Floats) -> None:
    present = values[~np.isnan(values)]
    with np.errstate(over="ignore", under="ignore"):
        single = bool((present == present.astype(np.float32)).all())
    assert Digits.of(values) == (bool((present == np.rint(present)).all()), single)


def test_gower_by_hand() -> None:
    first = rows([[0.0, np.nan], [np.nan, 5.0]], [[1], [2]])
    second = rows([[0.25, np.nan], [0.5, 0.0]], [[1], [3]])
    places = np.array([0, 1]), np.array([0, 1])
    # (0.25 + 0 + 0) / 3; (missing and known: 1, + at most 1 + 1) / 3
    np.testing.assert_allclose(gower(first, second, places), [0.25 / 3, 1.0])


@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(0, 3), st.integers(1, 3))
def test_blocks_hold_every_row_within_their_bounds(seed: int, count: int, p: int, q: int) -> None:
    rng = np.random.default_rng(seed)
    table = Rows(rng.integers(0, 3, (count, p)) / 2, rng.integers(0, 200, (count, q)) ** 2)
    blocks = table.blocks
    assert sorted(blocks.order.tolist()) == list(range(count))
    assert (blocks.starts[0], blocks.starts[-1]) == (0, count)
    sizes = np.diff(blocks.starts)
    assert 0 < sizes.min() <= sizes.max() <= BLOCK
    owner = np.repeat(np.arange(len(sizes)), sizes)
    assert (blocks.continuous >= blocks.low[:, owner]).all()
    assert (blocks.continuous <= blocks.high[:, owner]).all()
    assert (bit_of(blocks.codes) & blocks.bits[:, owner]).all()
    np.testing.assert_array_equal(blocks.codes, table.codes[blocks.order].T)


def test_refusals() -> None:
    with pytest.raises(SchemaError, match="at least one column"):
        rows([[]], [[]])
    with pytest.raises(SchemaError, match="as many rows as each other"):
        rows([[1.0]], [[1], [2]])
    with pytest.raises(SchemaError, match="not be negative"):
        rows([[1.0]], [[-1]])
    with pytest.raises(SchemaError, match=r"two dimensions; got \(1,\) and \(1, 1\)"):
        Rows(np.zeros(1), np.zeros((1, 1), dtype=np.int64))
