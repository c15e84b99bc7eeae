"""Frames of other libraries, by every type that their columns have."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthproto.data.frames import ArrowStream, Frame, as_pandas
from synthproto.data.kinds import Kind
from synthproto.data.spec import TableSpec
from synthproto.data.split import split
from synthproto.data.table import Table
from synthproto.errors import SchemaError

MOMENT = dt.datetime(2020, 2, 29, 10, 30, 0, 250_000)
STAMP = MOMENT.replace(tzinfo=dt.UTC).timestamp()
LONG = 2**53 + 1
KEY = uuid.UUID(int=7)


def polars(dtype: "pl.DataType | type[pl.DataType]", *cells: object) -> pl.DataFrame:
    return pl.DataFrame({"x": pl.Series([*cells, None, cells[0]], dtype=dtype)})


def arrow(dtype: pa.DataType, *cells: object) -> pa.Table:
    return pa.table({"x": pa.array([*cells, None, cells[0]], type=dtype)})


def duck(*cells: str) -> ArrowStream:
    rows = ", ".join(f"({cell})" for cell in (*cells, "NULL", cells[0]))
    relation = duckdb.sql(f"SELECT * FROM (VALUES {rows}) AS t(x)")
    assert relation is not None
    return relation


NUMBERS: list[tuple[str, Frame, float]] = [
    *((str(t), polars(t, 3), 3.0) for t in (pl.Int8, pl.Int16, pl.Int32, pl.Int64)),
    *((str(t), polars(t, 3), 3.0) for t in (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)),
    *((str(t), polars(t, 1.5), 1.5) for t in (pl.Float32, pl.Float64)),
    ("pl.Decimal", polars(pl.Decimal(10, 2), Decimal("1.50")), 1.5),
    ("pl.Time", polars(pl.Time, dt.time(0, 1, 30)), 90.0),
    *(
        (f"pl.Duration {u}", polars(pl.Duration(u), dt.timedelta(seconds=90)), 90.0)
        for u in ("ms", "us", "ns")
    ),
    ("halffloat", arrow(pa.float16(), np.float16(1.5)), 1.5),
    ("decimal128", arrow(pa.decimal128(38, 3), Decimal("1.500")), 1.5),
    ("decimal256", arrow(pa.decimal256(50, 3), Decimal("1.500")), 1.5),
    ("time32", arrow(pa.time32("s"), dt.time(0, 1, 30)), 90.0),
    ("duration", arrow(pa.duration("s"), dt.timedelta(seconds=90)), 90.0),
    *((f"duckdb {t}", duck(f"3::{t}"), 3.0) for t in ("TINYINT", "UBIGINT", "HUGEINT", "DOUBLE")),
    ("duckdb DECIMAL", duck("1.5::DECIMAL(10, 2)"), 1.5),
    ("duckdb TIME", duck("TIME '00:01:30'"), 90.0),
]
DATES: list[tuple[str, Frame, float]] = [
    *((f"pl.Datetime {u}", polars(pl.Datetime(u), MOMENT), STAMP) for u in ("ms", "us", "ns")),
    ("pl.Datetime tz", polars(pl.Datetime("us", "Europe/Berlin"), MOMENT), STAMP),
    ("pl.Date", polars(pl.Date, dt.date(1, 1, 1)), -62135596800.0),
    ("date32", arrow(pa.date32(), dt.date(9999, 12, 31)), 253402214400.0),
    ("date64", arrow(pa.date64(), dt.date(1, 1, 1)), -62135596800.0),
    ("timestamp[s]", arrow(pa.timestamp("s"), dt.datetime(1, 1, 1)), -62135596800.0),
    ("timestamp tz", arrow(pa.timestamp("ns", "UTC"), MOMENT), STAMP),
    ("duckdb TIMESTAMP", duck("TIMESTAMP '2020-02-29 10:30:00.25'"), STAMP),
    ("duckdb TIMESTAMPTZ", duck("TIMESTAMPTZ '2020-02-29 10:30:00.25+00'"), STAMP),
    ("duckdb DATE", duck("DATE '0001-01-01'"), -62135596800.0),
]
LABELS: list[tuple[str, Frame, Kind, str]] = [
    ("pl.String", polars(pl.String, "a"), "categorical", "a"),
    ("pl.Categorical", polars(pl.Categorical(), "a"), "categorical", "a"),
    ("pl.Enum", polars(pl.Enum(["b", "a"]), "a"), "categorical", "a"),
    ("pl.Boolean", polars(pl.Boolean, True), "boolean", "True"),
    ("pl.Binary", polars(pl.Binary, b"a"), "categorical", "a"),
    ("large_string", arrow(pa.large_string(), "a"), "categorical", "a"),
    ("string_view", arrow(pa.string_view(), "a"), "categorical", "a"),
    ("dictionary", arrow(pa.dictionary(pa.uint8(), pa.large_string()), "a"), "categorical", "a"),
    ("binary", arrow(pa.binary(), b"\xff\x01"), "categorical", "ff01"),
    ("fixed binary", arrow(pa.binary(1), b"a"), "categorical", "a"),
    ("uuid", arrow(pa.uuid(), KEY.bytes), "categorical", str(KEY)),
    ("duckdb ENUM", duck("'a'::ENUM('b', 'a')"), "categorical", "a"),
    ("duckdb UUID", duck(f"'{KEY}'::UUID"), "categorical", str(KEY)),
    ("duckdb BOOLEAN", duck("true"), "boolean", "True"),
]
NESTED: list[tuple[str, Frame]] = [
    ("list", polars(pl.List(pl.Int64), [1, 2])),
    ("fixed list", polars(pl.Array(pl.Int64, 2), [1, 2])),
    ("struct", polars(pl.Struct({"a": pl.Int64}), {"a": 1})),
    ("map", arrow(pa.map_(pa.string(), pa.int64()), [("a", 1)])),
    ("interval", duck("INTERVAL 1 MONTH")),
]


def test_the_types_are_those_that_were_counted() -> None:
    assert len(NUMBERS) + len(DATES) + len(LABELS) + len(NESTED) >= 47


@pytest.mark.parametrize(("_", "frame", "number"), NUMBERS + DATES, ids=lambda own: str(own)[:24])
def test_numbers_and_dates_are_exact(_: str, frame: Frame, number: float) -> None:
    kind: Kind = "datetime" if any(frame is each for _, each, _ in DATES) else "continuous"
    spec = TableSpec.infer(frame)
    assert spec.kind("x") == kind
    np.testing.assert_array_equal(Table(frame, spec).values("x"), [number, np.nan, number])


@pytest.mark.parametrize(("_", "frame", "kind", "label"), LABELS, ids=lambda own: str(own)[:24])
def test_labels(_: str, frame: Frame, kind: Kind, label: str) -> None:
    spec = TableSpec.infer(frame)
    assert spec.kind("x") == kind
    table = Table(frame, spec)
    assert (table.levels("x").labels, table.missing("x")) == ((label,), 1)


@pytest.mark.parametrize(("_", "frame"), NESTED, ids=lambda own: str(own)[:24])
def test_values_with_parts_get_one_clear_error(_: str, frame: Frame) -> None:
    for made in (TableSpec.infer, as_pandas):
        with pytest.raises(
            SchemaError, match=r"has columns whose values have parts: 'x' of .*; take"
        ):
            made(frame)


def test_columns_without_any_value_and_names_twice() -> None:
    assert as_pandas(pl.DataFrame({"x": [None, None]}))["x"].isna().all()
    with pytest.raises(SchemaError, match=r"duplicate columns: \['a'\]"):
        as_pandas(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]))


@pytest.mark.parametrize(
    "make",
    [
        lambda cells: pl.DataFrame({"x": cells}),
        lambda cells: pa.table({"x": cells}),
        lambda cells: duckdb.from_arrow(pa.table({"x": cells})),
    ],
)
def test_long_whole_numbers_stay_exact(make: Callable[[list[int | None]], Frame]) -> None:
    both: list[list[int | None]] = [[LONG, LONG + 2], [LONG, None]]
    for cells in both:
        assert as_pandas(make(cells))["x"].dropna().tolist() == [c for c in cells if c is not None]


class Homemade:
    """A frame that knows its way to pandas, like those of Spark and Modin."""

    def to_pandas(self) -> pd.DataFrame:
        return pd.DataFrame({"x": [1.5, 2.5, 3.5]})


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": [1.5, 2.5, 3.5]}),
        pa.table({"x": [1.5, 2.5, 3.5]}),
        duckdb.sql("SELECT unnest([1.5, 2.5, 3.5])::DOUBLE AS x"),
        Homemade(),
        pd.DataFrame({"x": [1.5, 2.5, 3.5]}),
    ],
    ids=["polars", "pyarrow", "duckdb", "to_pandas", "pandas"],
)
def test_one_door_wherever_a_frame_is_taken(frame: Frame) -> None:
    spec = TableSpec.infer(frame)
    spec.check(frame)
    assert Table(frame, spec).values("x").tolist() == [1.5, 2.5, 3.5]
    kept, held = split(frame, 0.34)
    assert sorted([*kept["x"], *held["x"]]) == [1.5, 2.5, 3.5]


def test_a_pandas_frame_is_taken_as_it_is() -> None:
    frame = pd.DataFrame({"x": [1.5]})
    assert as_pandas(frame) is frame


def test_numbers_without_gaps_share_their_memory() -> None:
    table = pa.table({"x": np.arange(1000.0)})
    address = table.column("x").chunk(0).buffers()[1].address
    assert as_pandas(table)["x"].to_numpy().__array_interface__["data"][0] == address
