"""What rows hold as a number, and orders that follow from it alone."""

import numpy as np

from synthproto.measures.hashes import random_order, row_hashes
from synthproto.measures.rows import Rows


def made(seed: int, count: int) -> Rows:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (count, 2)).astype(np.float64)
    values[rng.random(count) < 0.1, 0] = np.nan
    return Rows(values, rng.integers(0, 4, (count, 3)))


def test_hashes_tell_rows_apart() -> None:
    rows = made(0, 5000)
    whole = np.hstack([np.nan_to_num(rows.continuous, nan=-1.0), rows.codes])
    assert len(np.unique(row_hashes(rows))) == len(np.unique(whole, axis=0))
    swapped = Rows(np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros((2, 0), dtype=np.int64))
    assert len(np.unique(row_hashes(swapped))) == 2


def test_an_order_follows_from_what_rows_hold() -> None:
    rows = made(0, 400)
    mixed = rows.take(np.random.default_rng(1).permutation(400))
    orders = [random_order(side, 3, 5) for side in (rows, mixed)]
    assert sorted(orders[0].tolist()) == list(range(400))
    first, second = (side.take(order) for side, order in zip((rows, mixed), orders, strict=True))
    np.testing.assert_array_equal(first.continuous, second.continuous)
    np.testing.assert_array_equal(first.codes, second.codes)


def test_orders_of_other_seeds_are_others_and_have_no_drift() -> None:
    rows = made(0, 400)
    places = np.argsort([random_order(rows, *seeds) for seeds in ((0,), (1,), (0, 0), (0, 1))])
    correlations = np.corrcoef(places)
    assert np.abs(correlations - np.eye(4)).max() < 0.2
    assert np.abs(np.corrcoef(places, np.arange(400))[-1, :-1]).max() < 0.2


def test_equal_rows_are_drawn_apart_from_each_other() -> None:
    equal = Rows(np.repeat([0.0, 1.0], 500)[:, None], np.zeros((1000, 0), dtype=np.int64))
    halves = [equal.continuous[random_order(equal, seed)[:500]].mean() for seed in range(20)]
    assert 0.4 < min(halves) < max(halves) < 0.6
    assert len(set(halves)) > 5


def test_equal_rows_have_equal_numbers_by_hand() -> None:
    real = Rows(np.array([[0.0], [np.nan], [1.0]]), np.array([[0], [1], [1]]))
    rows = Rows(np.array([[-0.0], [np.nan], [np.nan], [1.0]]), np.array([[0], [1], [0], [0]]))
    found = np.isin(row_hashes(rows), row_hashes(real))
    assert found.tolist() == [True, True, False, False]
