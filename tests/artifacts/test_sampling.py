"""The headline of a comparison: by hand."""

import pandas as pd
import pytest

from synthproto.artifacts.pairs import Similarity
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import UndefinedScoreError


def test_similarity_is_a_third_each_columns_pairs_and_dependence() -> None:
    real = pd.DataFrame({"a": list("xxyy"), "b": list("pqpq")})
    synthetic = pd.DataFrame({"a": list("xxyy"), "b": list("ppqq")})
    spec = TableSpec.infer(real)
    tables = TablePair(Table(real, spec), Table(synthetic, spec))
    # Columns are equal; of the four cells with a quarter each, half the mass has moved; the one
    # column decides the other now, which it did not.
    assert Similarity()(tables) == pytest.approx((1 + 0.5 + 0) / 3)
    assert Similarity()(TablePair(tables.real, tables.real)) == 1.0


def test_similarity_of_one_column_is_that_of_the_column() -> None:
    real, synthetic = pd.DataFrame({"a": list("xxyy")}), pd.DataFrame({"a": list("xyyy")})
    spec = TableSpec.infer(real)
    assert Similarity()(TablePair(Table(real, spec), Table(synthetic, spec))) == 0.75


def test_similarity_without_columns_to_compare_is_undefined() -> None:
    keys = pd.DataFrame({"id": range(5)})
    table = Table(keys, TableSpec.infer(keys))
    with pytest.raises(UndefinedScoreError, match="identifier"):
        Similarity()(TablePair(table, table))
