"""Kinds of columns: how they are inferred, and how values are read as numbers and labels."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError, SynthprotoWarning
from tests.data.test_spec import DAYS, N, kind_of
from tests.data.test_table import FRAME, spec


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("boolean", [True, False] * 20),
        ("boolean", pd.array([True, None] * 20, dtype="boolean")),
        ("boolean", pd.array([True, None] * 20, dtype="bool[pyarrow]")),
        ("boolean", pd.Series([True, None] * 20, dtype=object)),
        ("datetime", DAYS),
        ("datetime", DAYS.tz_localize("Europe/Berlin")),
        ("datetime", DAYS.as_unit("s")),
        ("datetime", DAYS.astype("timestamp[us][pyarrow]")),
        ("datetime", [pd.NaT] * N),
        ("continuous", np.arange(N)),
        ("continuous", np.linspace(0, 1, N, dtype=np.float32)),
        ("continuous", [1.5, np.nan] * 20),
        ("continuous", [np.nan] * N),
        ("continuous", [7] * N),
        ("continuous", [0, 1, 2, 3] * 10),
        ("continuous", pd.array([3, None] * 20, dtype="Int64")),
        ("continuous", pd.array([3, 4] * 20, dtype="uint8[pyarrow]")),
        ("continuous", [0, 100] * 20),
        ("continuous", [0.5, 1.0] * 20),
        ("categorical", [0, 1] * 20),
        ("categorical", [1, 2] * 20),
        ("categorical", [0.0, 1.0, np.nan, 0.0] * 10),
        ("categorical", ["a", "b"] * 20),
        ("categorical", pd.array(["a", None] * 20, dtype="string")),
        ("categorical", pd.array(["a", None] * 20, dtype="string[pyarrow]")),
        ("categorical", pd.Categorical([f"k{i}" for i in range(N)])),
        ("categorical", pd.Categorical(["a", "b"] * 20, categories=["a", "b", "unused"])),
        ("categorical", [1, "a", 2.5, None] * 10),
        ("categorical", [None] * N),
        ("categorical", [f"k{i}" for i in range(N // 2)] * 2),
        ("categorical", [b"a", b"b"] * 20),
        ("identifier", [f"k{i}" for i in range(N)]),
        ("identifier", [f"Jane Doe{i}" for i in range(N)]),
        ("text", [f"review number {i}, rather long" for i in range(N)]),
        ("text", [f"one of many {i}" for i in range(N - 1)] + [None]),
    ],
)
def test_kinds_are_inferred_from_values(kind: Kind, values: object) -> None:
    assert kind_of(values) == kind


def test_short_tables_have_categories_rather_than_keys() -> None:
    assert kind_of([f"k{i}" for i in range(19)]) == "categorical"
    assert kind_of([f"k{i}" for i in range(20)]) == "identifier"


@pytest.mark.parametrize("name", ["id", "user_id", "User ID", "Unnamed: 0", "row-index", "UUID"])
def test_whole_unique_numbers_with_the_name_of_a_key_are_identifiers(name: str) -> None:
    assert kind_of(np.arange(N), name) == "identifier"
    assert kind_of([3, 3, *range(4, 42)], name) == "continuous"
    assert kind_of(np.arange(N) / 2, name) == "continuous"


@pytest.mark.parametrize("name", ["paid", "Madrid", "monkey", "x"])
def test_other_names_do_not_make_an_identifier(name: str) -> None:
    assert kind_of(np.arange(N), name) == "continuous"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (pd.to_timedelta(np.arange(N), unit="s"), "timedelta"),
        (pd.period_range("2020", periods=N), "period"),
        ([date(2020, 1, 1)] * N, "date values of dtype object"),
        ([Decimal("1.5")] * N, "decimal values of dtype object"),
        (pd.Series([1, 2, None] * 10, dtype=object), "integer values of dtype object"),
        (np.ones(N) * 1j, "complex"),
    ],
)
def test_what_has_no_kind_is_refused_rather_than_guessed(values: object, told: str) -> None:
    frame = pd.DataFrame({"x": values, "y": 1.5})
    with pytest.raises(SchemaError, match=rf"frame has {told}.* column 'x'.*name a kind"):
        TableSpec.infer(frame)
    assert TableSpec.infer(frame, categorical=["x"]).kind("x") == "categorical"


def test_datetimes_with_zones_are_read_in_utc() -> None:
    frame = pd.DataFrame({"t": pd.to_datetime(["2020-01-01 01:00+01:00", ""])})
    zoned, plain = (
        Table(f, TableSpec.infer(f)).values("t")
        for f in (frame, pd.DataFrame({"t": pd.to_datetime(["2020-01-01", ""])}))
    )
    np.testing.assert_array_equal(zoned, plain)


def test_equal_labels_of_different_types_are_one_category() -> None:
    real = Table(pd.DataFrame({"c": pd.Series([1, 2, 2], dtype=object)}), spec("c"))
    synthetic = Table(pd.DataFrame({"c": pd.Series([1.0, "2", None], dtype=object)}), spec("c"))
    assert synthetic.counts(real.levels("c")).tolist() == [1, 1, 1]
    assert synthetic.unseen(real.levels("c")) == ()


def test_booleans_are_categories_whatever_their_dtype() -> None:
    real = Table(FRAME[["f"]], spec("f", kind="boolean"))
    synthetic = Table(pd.DataFrame({"f": [1, 0, 0, 0]}), real.spec)
    assert real.levels("f").labels == ("True", "False")
    assert synthetic.counts(real.levels("f")).tolist() == [0, 1, 3]
    labels = pd.Series([True, False, None, False], dtype="category")
    assert Table(pd.DataFrame({"f": labels}), real.spec).counts(real.levels("f")).tolist() == [
        1,
        1,
        2,
    ]
    words = pd.DataFrame({"f": ["yes", "no"]}, dtype="category")
    assert "takes True and False" in real.spec.faults(words)[0]


def test_unused_levels_of_a_category_dtype_are_no_categories() -> None:
    column = pd.Categorical(["a", "a", None], categories=["unused", "a"])
    table = Table(pd.DataFrame({"c": column}), spec("c"))
    assert table.levels("c").labels == ("a",)
    assert table.counts(table.levels("c")).tolist() == [1, 2]


def test_infinite_and_enormous_values_are_refused_with_their_columns() -> None:
    frame = pd.DataFrame({"x": [1.0, np.inf], "y": [1e200, 0.0], "z": [1e149, -1e149]})
    with pytest.raises(SchemaError) as caught:
        Table(frame, TableSpec.infer(frame), name="synthetic table")
    message = str(caught.value)
    assert message.startswith("synthetic table has 2 faults")
    assert "'x'" in message
    assert "'y'" in message
    assert "'z'" not in message


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("continuous", 2**53 + 1 + 2 * np.arange(50)),
        ("continuous", pd.array([2**60 + i for i in range(50)], dtype="UInt64")),
        ("datetime", pd.to_datetime(1_600_000_000 * 10**9 + 5 * np.arange(50))),
    ],
)
def test_what_floats_cannot_tell_apart_is_said(kind: Kind, values: object, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": values})
    spec = TableSpec((Column("x", kind),))
    with pytest.warns(
        SynthprotoWarning, match=r"equal as floats, in columns \['x'\]: scores cannot"
    ):
        Table(frame, spec, name="synthetic table")
    frame.to_parquet(tmp_path / "t.parquet")
    assert "equal as floats" in Table.read(tmp_path / "t.parquet", spec).notes[0]
    labels = TableSpec((Column("x", "categorical"),))
    assert Table(frame, labels).distinct("x") == 50
    assert TableSpec.infer(frame).kind("x") == ("identifier" if kind == "continuous" else kind)
