"""Cross tables of pairs of columns, and sums by category, are those of plain counts."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from synthproto.data.crosstab import CrossCounts, SumsByLevel, cross_tables, sums_by_slot
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def test_cross_tables_by_hand() -> None:
    first, second = (np.array(codes, dtype=np.int32) for codes in ([0, 1, 1, 1], [2, 0, 0, 2]))
    tables = cross_tables([first, second], [2, 3], [(0, 1)])
    assert [cells.tolist() for cells in tables.cells] == [[0] * 3, [0, 1, 1], [2, 0, 2], [1, 2, 1]]
    assert tables.dense(0, 1).tolist() == [[0, 0, 1], [2, 0, 1]]


def test_sums_by_level_by_hand() -> None:
    frame = pd.DataFrame(
        {"c": ["a", "a", "b", None], "x": [0.0, 2.0, np.nan, 4.0], "y": [1.0, 1.0, 1.0, 1.0]}
    )
    table = Table(frame, TableSpec.infer(frame, categorical=["c"], continuous=["x", "y"]))
    sums = table.get(SumsByLevel((table.levels("c"),), ("x", "y")))
    # x is centred on 2 and divided by 4, so that it is -1/2, 0, missing, 1/2.
    assert sums.sums.tolist() == [[0.5, 0.0], [-0.5, 0.0], [0.0, 0.0]]
    assert sums.present.tolist() == [[1.0, 1.0], [2.0, 2.0], [0.0, 1.0]]
    assert sums.absent.tolist() == [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    assert sums.squares.tolist() == [0.5, 0.0]
    assert sums.variable.tolist() == [0, 0, 0]


def test_cross_counts_are_those_of_pandas() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.choice(list("pqrs"), 500) for name in "abc"})
    table = Table(frame, TableSpec.infer(frame))
    levels = tuple(table.levels(name) for name in "abc")
    tables = table.get(CrossCounts(levels))
    for i, j in tables.pairs:
        theirs = pd.crosstab(frame["abc"[i]], frame["abc"[j]])
        theirs = theirs.loc[list(levels[i].labels), list(levels[j].labels)]
        np.testing.assert_array_equal(tables.dense(i, j)[1:, 1:], theirs)


def test_many_groups_of_columns_share_a_look_at_the_weights() -> None:
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 90, 400).astype(np.int32) for _ in range(40)]
    weights = rng.normal(size=(3, 400))
    sums = sums_by_slot(codes, [90] * 40, weights.__getitem__, 3)
    for own, of_column in zip(codes, sums, strict=True):
        theirs = [np.bincount(own, weights=weight, minlength=90) for weight in weights]
        np.testing.assert_allclose(of_column, np.transpose(theirs), atol=1e-12)


@given(st.integers(0, 10_000), st.lists(st.integers(1, 7), min_size=2, max_size=6))
def test_cross_tables_are_counts_and_merge(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    chunks = [[rng.integers(0, size, n).astype(np.int32) for size in sizes] for n in (9, 400)]
    whole = [np.concatenate(column) for column in zip(*chunks, strict=True)]
    pairs = [(i, j) for i in range(len(sizes)) for j in range(i + 1, len(sizes))]
    merged = cross_tables(chunks[0], sizes, pairs).merged(cross_tables(chunks[1], sizes, pairs))
    together = cross_tables(whole, sizes, pairs)
    for ours, theirs in zip(merged.cells, together.cells, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for i, j in pairs:
        counted = np.zeros((sizes[i], sizes[j]), dtype=np.int64)
        np.add.at(counted, (whole[i], whole[j]), 1)
        dense = together.dense(i, j)
        np.testing.assert_array_equal(dense, counted[: dense.shape[0], : dense.shape[1]])
        assert dense.sum() == counted.sum()


def test_cross_tables_of_too_many_cells_are_sorted_instead() -> None:
    rng = np.random.default_rng(0)
    sizes = [3000, 4, 2000]
    codes = [rng.integers(0, size, 5000).astype(np.int32) for size in sizes]
    tables = cross_tables(codes, sizes, [(0, 1), (0, 2), (1, 2)])
    assert (np.diff(tables.pair) >= 0).all()
    for i, j in tables.pairs:
        dense = tables.dense(i, j)
        np.testing.assert_array_equal(
            dense.sum(axis=0), np.bincount(codes[j], minlength=dense.shape[1])
        )


@given(st.integers(0, 10_000), st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_sums_by_slot_are_sums(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, size, 300).astype(np.int32) for size in sizes]
    weights = list(rng.normal(size=(2, 300)))
    for place, sums in enumerate(sums_by_slot(codes, sizes, weights.__getitem__, 2)):
        for column, weight in enumerate(weights):
            theirs = np.bincount(codes[place], weights=weight, minlength=sizes[place])
            np.testing.assert_allclose(sums[:, column], theirs, atol=1e-12)
    none = sums_by_slot(codes, sizes, weights.__getitem__, 0)
    assert all(sums.shape[1] == 0 for sums in none)
