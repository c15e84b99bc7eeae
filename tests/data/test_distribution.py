import numpy as np
import pytest

from synthproto.data.distribution import Distribution, Ranks, rounded
from synthproto.data.statistics import Moments

VALUES = np.sort(np.array([3.0, 1.0, 1.0, 2.5, 3.0, 3.0, -1.0]))


def test_numbers_are_counted_by_hand() -> None:
    known = Distribution.of(VALUES)
    assert known.values.tolist() == [-1.0, 1.0, 2.5, 3.0]
    assert known.counts.tolist() == [1, 2, 1, 3]
    assert known.upto.tolist() == [1, 3, 4, 7]
    assert known.exact
    ranks = known.ranks(np.array([0.0, 1.0, 9.0]))
    assert (ranks.below.tolist(), ranks.upto.tolist()) == ([1, 1, 7], [1, 3, 7])


def test_two_pieces_give_the_whole() -> None:
    whole = Distribution.of(VALUES)
    both = Distribution.of(VALUES[::2]).merged(Distribution.of(VALUES[1::2]))
    assert both.values.tolist() == whole.values.tolist()
    assert both.counts.tolist() == whole.counts.tolist()
    places = np.array([1.0, 2.0])
    parts = [Ranks.of(part, places) for part in (VALUES[::2], VALUES[1::2])]
    merged = parts[0].merged(parts[1])
    assert merged.upto.tolist() == Ranks.of(VALUES, places).upto.tolist()


def test_nothing_is_a_distribution_too() -> None:
    empty = Distribution.of(np.empty(0))
    assert empty.merged(Distribution.of(VALUES)).counts.sum() == len(VALUES)
    assert empty.moments(3) == Moments.of(np.full(3, np.nan))


def test_moments_are_those_of_the_rows() -> None:
    ours, rows = Distribution.of(VALUES).moments(2), Moments.of(np.append(VALUES, [np.nan] * 2))
    assert (ours.count, ours.missing, ours.low, ours.high) == (7, 2, -1.0, 3.0)
    assert ours.mean == pytest.approx(rows.mean, rel=1e-15)
    assert ours.squares == pytest.approx(rows.squares, rel=1e-15)


def test_too_many_numbers_stand_for_those_before_them() -> None:
    values = np.sort(np.random.default_rng(0).normal(size=50_000))
    known = Distribution.of(values, most=1000)
    assert not known.exact
    assert known.counts.sum() == len(values)
    assert np.isin(known.values, values).all()
    assert known.upto.tolist() == np.searchsorted(values, known.values, "right").tolist()
    assert len(known.grid(100)) == 99


def test_numbers_that_round_to_one_are_one() -> None:
    known = Distribution.of(np.array([0.11, 0.12, 0.2])).rounded(1)
    assert (known.values.tolist(), known.counts.tolist()) == ([0.1, 0.2], [2, 1])
    assert rounded(np.array([0.11]), None).tolist() == [0.11]
