"""Neighbour searches: exact against every pair computed in float64, and as Gower defines them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.errors import ParameterError, SchemaError
from synthproto.measures.neighbours import balls, nearest
from synthproto.measures.rows import TIE, Floats, Rows, gower


def rows(continuous: list[list[float]], codes: list[list[int]]) -> Rows:
    return Rows(np.array(continuous, dtype=np.float64), np.array(codes, dtype=np.int64))


def every_distance(queries: Rows, references: Rows) -> Floats:
    """Gower's definition, one value after the other."""
    total = np.zeros((len(queries), len(references)))
    for i in range(len(queries)):
        for j in range(len(references)):
            for a, b in zip(queries.continuous[i], references.continuous[j], strict=True):
                if np.isnan(a) or np.isnan(b):
                    total[i, j] += np.isnan(a) != np.isnan(b)
                else:
                    total[i, j] += min(abs(a - b), 1)
            total[i, j] += (queries.codes[i] != references.codes[j]).sum()
    return total / queries.width


def made(seed: int, count: int, grid: int, p: int, q: int, missing: float = 0.1) -> Rows:
    """Random rows with ties (values on a grid), values out of range and missing values."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-1, grid + 2, (count, p)) / grid
    values[rng.random((count, p)) < missing] = np.nan
    return Rows(values, rng.integers(0, 4, (count, q)))


def test_by_hand() -> None:
    real = rows([[0.0, 0.0], [1.0, 0.5], [np.nan, 1.0]], [[0], [1], [1]])
    synthetic = rows([[0.5, 0.0], [np.nan, 1.0]], [[0], [1]])
    found = nearest(synthetic, real, 3)
    # (0.5 + 0 + 0)/3; (0.5 + 0.5 + 1)/3; (missing: 1, + 1 + 1)/3
    np.testing.assert_allclose(found.distances[0], [0.5 / 3, 2 / 3, 1.0])
    assert found.indices[0].tolist() == [0, 1, 2]
    # (0 + 0 + 0)/3; (missing: 1, + 0.5 + 0)/3; (1 + 1 + 1)/3
    np.testing.assert_allclose(found.distances[1], [0.0, 0.5, 1.0])
    assert found.indices[1].tolist() == [2, 1, 0]


def test_a_gap_counts_at_most_one() -> None:
    far = nearest(rows([[7.0]], [[]]), rows([[0.0]], [[]]), 1)
    assert far.distances.item() == 1.0


@pytest.mark.parametrize("shape", [(3, 2), (0, 3), (4, 0), (1, 1)])
@pytest.mark.parametrize("leave_one_out", [False, True])
def test_equals_every_distance(shape: tuple[int, int], leave_one_out: bool) -> None:
    references = made(1, 150, 7, *shape)
    queries = references if leave_one_out else made(2, 90, 7, *shape)
    dist = every_distance(queries, references)
    if leave_one_out:
        np.fill_diagonal(dist, np.inf)
    found = nearest(queries, references, 4, leave_one_out=leave_one_out)
    np.testing.assert_allclose(found.distances, np.sort(dist, axis=1)[:, :4], atol=1e-7)
    taken = np.take_along_axis(dist, found.indices, axis=1)
    np.testing.assert_allclose(found.distances, taken, atol=1e-12)


def test_equals_every_distance_over_many_blocks() -> None:
    rng = np.random.default_rng(0)
    references, queries = (
        Rows(rng.normal(0.5, 0.2, (3000, 3)), rng.integers(0, 300, (3000, 2)) ** 2)
        for _ in range(2)
    )
    total = np.zeros((3000, 3000))
    for a, b in zip(queries.continuous.T, references.continuous.T, strict=True):
        total += np.minimum(np.abs(a[:, None] - b), 1)
    for c, d in zip(queries.codes.T, references.codes.T, strict=True):
        total += c[:, None] != d
    found = nearest(queries, references, 5)
    np.testing.assert_allclose(found.distances, np.sort(total, axis=1)[:, :5] / 5, atol=1e-7)


def test_among_equal_distances_the_lower_number_comes_first() -> None:
    references = rows([[]] * 500, [[i % 2] for i in range(500)])
    found = nearest(rows([[]] * 3, [[1], [0], [9]]), references, 4)
    assert found.indices.tolist() == [[1, 3, 5, 7], [0, 2, 4, 6], [0, 1, 2, 3]]


def test_a_row_may_find_its_copy_but_not_itself() -> None:
    table = rows([[0.0], [0.0], [1.0]], [[], [], []])
    found = nearest(table, table, 1, leave_one_out=True)
    assert found.distances.ravel().tolist() == [0.0, 0.0, 1.0]
    assert found.indices.ravel().tolist()[:2] == [1, 0]


def test_row_order_does_not_matter() -> None:
    references, queries = made(3, 400, 5, 3, 3), made(4, 300, 5, 3, 3)
    shuffled = np.random.default_rng(0).permutation(400)
    straight = nearest(queries, references, 3)
    mixed = nearest(queries, references.take(shuffled), 3)
    np.testing.assert_allclose(straight.distances, mixed.distances, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 80),
    st.integers(1, 80),
    st.sampled_from([1, 2, 11, 1000]),
    st.sampled_from([(1, 0), (0, 1), (2, 3)]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_awkward_tables(
    seed: int, many: int, few: int, grid: int, shape: tuple[int, int], missing: float
) -> None:
    references = made(seed, many, grid, *shape, missing)
    queries = made(seed + 1, few, grid, *shape, missing)
    dist = every_distance(queries, references)
    k = min(3, many)
    found = nearest(queries, references, k)
    np.testing.assert_allclose(found.distances, np.sort(dist, axis=1)[:, :k], atol=1e-7)
    radii = np.random.default_rng(seed).choice(dist.ravel(), many)
    values = np.arange(float(few))
    inside = dist <= radii + TIE
    summed = balls(queries, references, radii, values)
    np.testing.assert_array_equal(summed.counts, inside.sum(axis=1))
    lowest = np.where(inside, values[:, None], np.inf).min(axis=0)
    np.testing.assert_array_equal(summed.lowest, lowest)


def test_balls_over_many_blocks() -> None:
    rng = np.random.default_rng(5)
    centres = Rows(rng.random((2000, 4)), rng.integers(0, 3, (2000, 2)))
    points = Rows(rng.random((1500, 4)), rng.integers(0, 3, (1500, 2)))
    radii = nearest(centres, centres, 5, leave_one_out=True).distances[:, -1]
    pairs = np.broadcast_arrays(np.arange(1500)[:, None], np.arange(2000))
    inside = gower(points, centres, (pairs[0], pairs[1])) <= radii + TIE
    values = rng.random(1500)
    summed = balls(points, centres, radii, values)
    np.testing.assert_array_equal(summed.counts, inside.sum(axis=1))
    lowest = np.where(inside, values[:, None], np.inf).min(axis=0)
    np.testing.assert_array_equal(summed.lowest, lowest)


def test_no_points_and_no_balls() -> None:
    some, none = made(0, 5, 3, 1, 1), made(0, 0, 3, 1, 1)
    assert balls(none, some, np.zeros(5), np.zeros(0)).lowest.tolist() == [np.inf] * 5
    assert balls(some, none, np.zeros(0), np.zeros(5)).counts.tolist() == [0] * 5
    assert nearest(none, some, 2).distances.shape == (0, 2)


def test_refusals() -> None:
    table = made(0, 3, 3, 1, 1)
    with pytest.raises(ParameterError, match=r"`k` must be between 1 and the 2 rows .*; got 3"):
        nearest(table, table, 3, leave_one_out=True)
    with pytest.raises(ParameterError, match="got 0"):
        nearest(table, table, 0)
    with pytest.raises(SchemaError, match=r"same columns; got .*\(1, 1\) and \(2, 1\)"):
        nearest(table, made(0, 3, 3, 2, 1), 1)


def test_a_ceiling_keeps_what_is_below_it() -> None:
    references, queries = made(6, 900, 50, 4, 2), made(7, 300, 50, 4, 2)
    exact = nearest(queries, references, 2)
    ceiling = np.random.default_rng(0).permutation(exact.distances[:, 0])
    found = nearest(queries, references, 2, ceiling=ceiling)
    below = exact.distances <= ceiling[:, None]
    np.testing.assert_array_equal(found.indices[below], exact.indices[below])
    assert (found.distances >= exact.distances - TIE).all()
    pairs = np.broadcast_to(np.arange(300)[:, None], found.indices.shape), found.indices
    np.testing.assert_array_equal(found.distances, gower(queries, references, pairs))


def test_a_ceiling_below_all_distances_gives_any_other_rows() -> None:
    table = made(8, 300, 50, 3, 2)
    found = nearest(table, table, 3, leave_one_out=True, ceiling=np.full(300, -1.0))
    assert all(len({*line, own}) == 4 for own, line in enumerate(found.indices.tolist()))
    few = nearest(table, table.take(np.arange(3)), 3, ceiling=np.full(300, -1.0))
    assert np.sort(few.indices, axis=1).tolist() == [[0, 1, 2]] * 300
