"""Rows as distances see them: scales, Gower's distance, and blocks that keep what bounds need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.errors import SchemaError
from synthproto.measures.rows import BLOCK, Rows, bit_of, gower, scale_to_range


def rows(continuous: list[list[float]], codes: list[list[int]]) -> Rows:
    return Rows(np.array(continuous, dtype=np.float64), np.array(codes, dtype=np.int64))


def test_scaling_spans_the_reference() -> None:
    reference = np.array([[2.0, 5.0, np.nan, -1e308], [4.0, 5.0, np.nan, 1e308]])
    values = np.array([[3.0, 5.0, 1.0, 0.0], [6.0, 4.0, np.nan, np.nan]])
    expected = [[0.5, 0.0, 0.0, 0.5], [2.0, 2.0, np.nan, np.nan]]
    np.testing.assert_array_equal(scale_to_range(values, reference), expected)


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
