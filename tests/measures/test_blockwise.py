"""Balls around rows: who lies in which, against all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.errors import SchemaError
from synthproto.measures import blockwise
from synthproto.measures.neighbours import covered, nearest, nested_balls
from synthproto.measures.rows import TIE, Floats, Rows, gower


def made(seed: int, count: int, shape: tuple[int, int] = (3, 2), grid: int = 1000) -> Rows:
    """Random rows; a coarse grid makes ties, some values are out of range or missing."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-1, grid + 2, (count, shape[0])) / grid
    values[rng.random(values.shape) < 0.05] = np.nan
    return Rows(values, rng.integers(0, 4, (count, shape[1])))


def every_distance(first: Rows, second: Rows) -> Floats:
    pairs = np.broadcast_arrays(np.arange(len(first))[:, None], np.arange(len(second)))
    return gower(first, second, (pairs[0], pairs[1]))


def check(points: Rows, centres: Rows, radii: Floats) -> None:
    """Compare balls with all distances."""
    values = np.random.default_rng(0).random(len(points))
    dist = every_distance(points, centres)
    found = nested_balls(points, centres, radii, values)
    assert len(found) == radii.shape[1]
    for some, column in zip(found, radii.T, strict=True):
        inside = dist <= column + TIE
        np.testing.assert_array_equal(some.counts, inside.sum(axis=1))
        lowest = np.where(inside, values[:, None], np.inf).min(axis=0)
        np.testing.assert_array_equal(some.lowest, lowest)
        np.testing.assert_array_equal(some.nearest >= 0, inside.any(axis=0))
        balls = np.flatnonzero(some.nearest >= 0)
        least = dist[:, balls].min(axis=0, initial=np.inf)
        np.testing.assert_allclose(dist[some.nearest[balls], balls], least, atol=TIE)
        np.testing.assert_array_equal(covered(points, centres, column), inside.any(axis=1))
        # What is said to be likely only spares looking: right, wrong or unknown.
        said = np.random.default_rng(0).integers(-1, len(centres), len(points))
        with_hint = covered(points, centres, column, said)
        np.testing.assert_array_equal(with_hint, inside.any(axis=1))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 80),
    st.integers(2, 80),
    st.sampled_from([1, 2, 11, 1000]),
    st.sampled_from([(1, 0), (0, 1), (2, 3)]),
)
def test_awkward_tables(seed: int, many: int, few: int, grid: int, shape: tuple[int, int]) -> None:
    points, centres = made(seed, many, shape, grid), made(seed + 1, few, shape, grid)
    dist = every_distance(points, centres).ravel()
    check(points, centres, np.random.default_rng(seed).choice(dist, (few, 2)))


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_many_blocks(shift: float) -> None:
    points, centres = made(0, 1700), made(1, 2300)
    points = Rows(points.continuous + shift, points.codes)
    own = nearest(centres, centres, 5, leave_one_out=True).distances
    check(points, centres, own[:, [0, 4]])


def test_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables whose bounds do not fit into memory at once are searched part by part."""
    points, centres = made(4, 900), made(5, 700)
    whole = nearest(points, centres, 3)
    own = nearest(centres, centres, 4, leave_one_out=True)
    monkeypatch.setattr(blockwise, "BOUNDS", 100 * len(centres.blocks.starts))
    monkeypatch.setattr(blockwise, "WIDE", 16)
    monkeypatch.setattr(blockwise, "FIRST", 8)
    np.testing.assert_array_equal(nearest(points, centres, 3).indices, whole.indices)
    again = nearest(centres, centres, 4, leave_one_out=True)
    np.testing.assert_array_equal(again.indices, own.indices)
    check(points, centres, own.distances[:, [0, 3]])


def test_balls_that_are_much_larger_or_empty() -> None:
    check(made(2, 500), made(3, 600), np.column_stack([np.full(600, 0.6), np.full(600, -1.0)]))


def test_no_points_and_no_centres() -> None:
    some, none = made(1, 5), made(0, 0)
    assert (
        nested_balls(none, some, np.zeros((5, 1)), np.zeros(0))[0].lowest.tolist() == [np.inf] * 5
    )
    assert covered(none, some, np.zeros(5)).tolist() == []
    assert not covered(some, none, np.zeros(0)).any()


def test_sides_must_agree() -> None:
    with pytest.raises(SchemaError, match="same columns"):
        covered(made(0, 5), made(0, 5, (2, 2)), np.ones(5))
