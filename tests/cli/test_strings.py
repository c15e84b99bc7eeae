"""What strings in files stand for: one reading, or none at all."""

import argparse
import datetime
from collections.abc import Sequence

import pandas as pd
import pytest

from synthproto.cli.main import add_reading
from synthproto.data.files import fitted, inferred_spec, with_dates
from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_reading(parser)
    return parser.parse_args(words)


def spec_of(**kinds: Kind) -> TableSpec:
    return TableSpec(tuple(Column(name, kind) for name, kind in kinds.items()))


def objects(cells: Sequence[object]) -> pd.Series:
    return pd.DataFrame([[cell] for cell in cells], dtype=object)[0]


# --- dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        ["01/02/2020", "02/02/2020"],
        ["2020-01-31", "01/02/2020"],
        ["31.01.2020"],
        ["Jan 5, 2020"],
        ["2020-01-31", "now"],
        ["today"],
        ["soon"],
        ["2020-01-31", 5],
        [[1], [2]],
    ],
)
def test_dates_are_never_guessed(cells: Sequence[object]) -> None:
    frame = pd.DataFrame({"day": objects(cells)})
    assert with_dates(frame, ["day"]).equals(frame)
    said = "^synthetic table has dates that are not ISO 8601 in column 'day'.*write them as 2020-01"
    with pytest.raises(SchemaError, match=said):
        fitted(frame, spec_of(day="datetime"), "synthetic table")
    with pytest.raises(SchemaError, match=said):
        inferred_spec(frame, options("--datetime", "day"), "synthetic table")


def test_all_columns_of_other_dates_are_named_with_a_cell_that_is_at_fault() -> None:
    frame = pd.DataFrame({"a": ["2020-01-31", "31.01.2020"], "b": ["1/2/2020"] * 2, "c": ["x"] * 2})
    with pytest.raises(SchemaError) as caught:
        fitted(frame, spec_of(a="datetime", b="datetime", c="text"), "table")
    assert "columns 'a' (e.g. '31.01.2020'), 'b' (e.g. '1/2/2020');" in str(caught.value)
    assert "'c'" not in str(caught.value)


def test_very_many_columns_are_not_all_named() -> None:
    kinds: dict[str, Kind] = {f"c{i}": "datetime" for i in range(15)}
    with pytest.raises(SchemaError, match=r"'c11' \(e\.g\. 'x'\), \.\.\. 3 more; write"):
        fitted(pd.DataFrame({name: ["x"] for name in kinds}), spec_of(**kinds), "table")


@pytest.mark.parametrize("cell", ["2020-02-30", "9999-12-31", datetime.date(9999, 12, 31)])
def test_dates_that_cannot_be_are_called_so(cell: object) -> None:
    frame = pd.DataFrame({"day": ["2020-01-31", cell]})
    with pytest.raises(SchemaError, match="has dates of no calendar, or not of the years"):
        fitted(frame, spec_of(day="datetime"), "table")


@pytest.mark.parametrize("dtype", ["object", "string"])
def test_iso_dates_are_read_whatever_holds_them(dtype: str) -> None:
    frame = pd.DataFrame({"day": pd.Series(["2020-02-01", None, "2020-02-01 00:00Z"], dtype=dtype)})
    spec = inferred_spec(frame, options(), "table")
    assert spec.kind("day") == "datetime"
    first, missing, last = Table(fitted(frame, spec, "table"), spec).values("day")
    assert first == last == pd.Timestamp("2020-02-01").timestamp()
    assert missing != missing


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "decimal", "said"),
    [
        (["1,5", "2", None], ".", r"the decimal mark ',' in column 'x' \(e\.g\. '1,5'\).*say so"),
        (["-0,125", "+3,250"], ".", "the decimal mark ','"),
        (["1,5e-05", "12,"], ".", "the decimal mark ','"),
        (["1.5", "2"], ",", r"the decimal mark '\.'.*--decimal \."),
        (["1,234", "15"], ".", "',' as decimal mark or between thousands .* leave it out"),
        (["1,234,567", "1"], ".", ".* between thousands"),
    ],
)
def test_numbers_with_another_mark_are_refused(
    cells: Sequence[object], decimal: str, said: str
) -> None:
    frame = pd.DataFrame({"x": objects(cells)})
    with pytest.raises(SchemaError, match=f"^real table has numbers with {said}.*--categorical"):
        inferred_spec(frame, options("--decimal", decimal), "real table")
    for kind in ("categorical", "text", "identifier"):
        given = options("--decimal", decimal, f"--{kind}", "x")
        assert inferred_spec(frame, given, "real table").kind("x") == kind
    with pytest.raises(
        SchemaError, match=f"^table has numbers with .* write '{decimal}', or if all"
    ):
        fitted(frame, spec_of(x="continuous"), "table", decimal)
    fitted(frame, spec_of(x="categorical"), "table", decimal)


@pytest.mark.parametrize(
    "cells", [["1", "2"], ["1,5", "x"], ["1,2,3", "1"], ["a,b"], [",", "1"], ["01,234,5"], [None]]
)
def test_other_strings_are_no_numbers(cells: Sequence[object]) -> None:
    frame = pd.DataFrame({"x": objects(cells)})
    assert inferred_spec(frame, options(), "table").kind("x") == "categorical"


def test_dates_and_numbers_are_refused_at_once() -> None:
    frame = pd.DataFrame({"x": ["1,5", "2,5"], "y": ["0,5", "1"], "day": ["1/2/2020", "1/3/2020"]})
    with pytest.raises(SchemaError, match=r"(?s)2 faults.*'day'.*'x' \(e\.g\. '1,5'\), 'y'"):
        inferred_spec(frame, options("--datetime", "day"), "table")
