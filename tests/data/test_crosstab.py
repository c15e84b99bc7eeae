"""Cross tables of pairs of columns, and sums by category, are those of plain counts."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.data import crosstab
from synthproto.data.crosstab import (
    CrossCounts,
    SumsByLevel,
    cross_tables,
    sums_by_slot,
    tables_of,
)
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


@pytest.mark.parametrize("rows", [0, 1, 300, 2048, 2049, 20_000])
def test_tables_of_few_and_of_many_rows_are_plain_counts(rows: int) -> None:
    rng = np.random.default_rng(rows)
    sizes = [1, 2, 12, 700, 3, 40]
    codes = [rng.integers(0, size, rows).astype(np.int32) for size in sizes]
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 6)][::-1]
    tables = cross_tables(codes, sizes, pairs)
    cells = list(zip(*(array.tolist() for array in tables.cells), strict=True))
    plain = [
        (place, row, column, count)
        for place, (i, j) in enumerate(pairs)
        for (row, column), count in sorted(
            Counter(zip(codes[i].tolist(), codes[j].tolist(), strict=True)).items()
        )
    ]
    assert cells == plain


def test_many_pairs_come_in_parts_of_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.choice(list("pqrs"), 50) for name in "abcde"})
    table = Table(frame, TableSpec.infer(frame))
    counts = CrossCounts(tuple(table.levels(name) for name in "abcde"))
    whole = table.get(counts)
    assert [tables[0] is whole for tables in tables_of(counts, [table])] == [True]
    monkeypatch.setattr(crosstab, "_PAIRS", 3)
    computed = table.computed
    parts = [tables[0] for tables in tables_of(counts, [table])]
    assert table.computed == computed
    assert [len(part.pairs) for part in parts] == [3, 3, 3, 1]
    assert sum((part.pairs for part in parts), ()) == whole.pairs
    for place, kept in enumerate(whole.cells[1:], start=1):
        np.testing.assert_array_equal(np.concatenate([part.cells[place] for part in parts]), kept)


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
