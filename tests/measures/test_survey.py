"""Surveys find what the separate searches find, which are compared with all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.errors import SchemaError
from synthproto.measures.neighbours import balls, nearest
from synthproto.measures.rows import TIE, Floats, Rows, gower
from synthproto.measures.survey import survey


def made(seed: int, count: int, shape: tuple[int, int] = (3, 2), grid: int = 1000) -> Rows:
    """Random rows; a coarse grid makes ties, some values are out of range or missing."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-1, grid + 2, (count, shape[0])) / grid
    values[rng.random(values.shape) < 0.05] = np.nan
    return Rows(values, rng.integers(0, 4, (count, shape[1])))


def every_distance(first: Rows, second: Rows) -> Floats:
    pairs = np.broadcast_arrays(np.arange(len(first))[:, None], np.arange(len(second)))
    return gower(first, second, (pairs[0], pairs[1]))


def check(queries: Rows, references: Rows, k: int, radii: tuple[Floats, Floats]) -> None:
    """Compare with the searches one by one, and with all distances."""
    values = np.random.default_rng(0).random(len(queries))
    found = survey(queries, references, k, radii, values)
    closest = nearest(queries, references, k)
    np.testing.assert_array_equal(found.closest.indices, closest.indices)
    np.testing.assert_array_equal(found.closest.distances, closest.distances)
    for some, column in zip(found.balls, radii[1].T, strict=True):
        expected = balls(queries, references, column, values)
        np.testing.assert_array_equal(some.counts, expected.counts)
        np.testing.assert_array_equal(some.lowest, expected.lowest)
    inside = every_distance(queries, references) <= radii[0][:, None] + TIE
    np.testing.assert_array_equal(found.covered, inside.any(axis=0))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 80),
    st.integers(2, 80),
    st.sampled_from([1, 2, 11, 1000]),
    st.sampled_from([(1, 0), (0, 1), (2, 3)]),
)
def test_awkward_tables(seed: int, many: int, few: int, grid: int, shape: tuple[int, int]) -> None:
    queries, references = made(seed, many, shape, grid), made(seed + 1, few, shape, grid)
    rng = np.random.default_rng(seed)
    dist = every_distance(queries, references).ravel()
    check(queries, references, 2, (rng.choice(dist, many), rng.choice(dist, (few, 2))))


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_many_blocks(shift: float) -> None:
    queries, references = made(0, 1700), made(1, 2300)
    queries = Rows(queries.continuous + shift, queries.codes)
    own = nearest(queries, queries, 5, leave_one_out=True).distances
    others = nearest(references, references, 5, leave_one_out=True).distances
    check(queries, references, 2, (own[:, 4], others[:, [0, 4]]))


def test_balls_that_are_much_larger_or_empty() -> None:
    queries, references = made(2, 500), made(3, 600)
    large, empty = np.full(500, 0.6), np.full(500, -1.0)
    check(queries, references, 1, (large, np.full((600, 1), -1.0)))
    check(queries, references, 1, (empty, np.full((600, 1), 0.6)))


def test_no_queries() -> None:
    found = survey(made(0, 0), made(1, 5), 2, (np.zeros(0), np.zeros((5, 1))), np.zeros(0))
    assert found.closest.distances.shape == (0, 2)
    assert not found.covered.any()
    assert found.balls[0].lowest.tolist() == [np.inf] * 5


def test_sides_must_agree() -> None:
    with pytest.raises(SchemaError, match="same columns"):
        survey(made(0, 5), made(0, 5, (2, 2)), 1, (np.ones(5), np.ones((5, 1))), np.ones(5))
