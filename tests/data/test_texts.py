"""What strings in files stand for: one reading, or none at all."""

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table
from synthproto.data.texts import MARKS, Text, as_booleans, as_dates, as_numbers, form_of
from synthproto.errors import SchemaError


def spec_of(**kinds: Kind) -> TableSpec:
    return TableSpec(tuple(Column(name, kind) for name, kind in kinds.items()))


def text(*cells: object) -> Text:
    return Text.of(pd.Series([*cells], dtype=object, name="x"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


def written(path: Path, **columns: Sequence[object]) -> Path:
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "+2", "-3"], [1, 2, -3]),
        (["1.5", "NA", ".5", "2.", None], [1.5, np.nan, 0.5, 2.0, np.nan]),
        (["1e3", "?", " 7 "], [1000.0, np.nan, 7.0]),
        (["inf", "-Infinity"], [np.inf, -np.inf]),
        (["0.1", "0.30000000000000004"], [0.1, 0.30000000000000004]),
        (["007"], [7]),
    ],
)
def test_numbers(cells: Sequence[object], numbers: Sequence[float]) -> None:
    read = as_numbers(text(*cells), MARKS, ".")
    assert read is not None
    np.testing.assert_array_equal(read.to_numpy(), numbers)


@pytest.mark.parametrize("cell", ["1_000", "x", "1,5", "٣", "0x10", "1 2", "", "1e", "--1", True])
def test_what_is_no_number(cell: object) -> None:
    assert as_numbers(text("1", cell), MARKS, ".") is None


def test_other_decimal_marks() -> None:
    read = as_numbers(text("1,5", "2"), MARKS, ",")
    assert read is not None
    assert read.tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("cells", "decimal", "said"),
    [
        (["1,5", "2", None], ".", r"the decimal mark ',' in column 'x' \(e\.g\. '1,5'\).*say so"),
        (["-0,125", "+3,250"], ".", "the decimal mark ','"),
        (["1,5e-05", "12,"], ".", "the decimal mark ','"),
        (["1.234,50", "12,5"], ".", "the decimal mark ','"),
        (["1.5", "2"], ",", r"the decimal mark '\.'.*--decimal \."),
        (["1,234", "15"], ".", "',' as decimal mark or between thousands .* leave it out"),
        (["1,234", "12,5"], ".", "the decimal mark ','"),
    ],
)
def test_numbers_with_another_mark_are_refused(
    path: Path, cells: Sequence[object], decimal: str, said: str
) -> None:
    written(path, x=cells, y=["a"] * len(cells))
    with pytest.raises(SchemaError, match=rf"^file .* has numbers with {said}.*--categorical"):
        TableSpec.read(path, decimal=decimal)
    assert TableSpec.read(path, decimal=decimal, categorical=["x"]).kind("x") == "categorical"
    assert TableSpec.read(path, decimal=decimal, identifier=["x"]).kind("x") == "identifier"
    advice = rf"^table has numbers with {said[:12]}.* write '{decimal}', or if all"
    with pytest.raises(SchemaError, match=advice):
        Table.read(path, spec_of(x="continuous", y="text"), decimal=decimal)


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers"),
    [
        (["1,234.50", "7", "12,000"], ".", [1234.5, 7, 12_000]),
        (["1,234,567", "1,234", "-2"], ".", [1_234_567, 1234, -2]),
        (["1.234,5", " 12 ", "?"], ",", [1234.5, 12, np.nan]),
        (["1 234,5", "12"], ",", [1234.5, 12]),
        (["12\u202f345.6", "1"], ".", [12_345.6, 1]),
        (["1'234.5"], ".", [1234.5]),
    ],
)
def test_marks_between_thousands(
    path: Path, cells: Sequence[str], decimal: str, numbers: Sequence[float]
) -> None:
    written(path, x=cells, y=["a"] * len(cells))
    table = Table.read(path, decimal=decimal)
    np.testing.assert_array_equal(table.values("x"), numbers)
    assert "'x' has marks between thousands, e.g. " in table.notes[-1]
    assert TableSpec.read(path, decimal=decimal, categorical=["x"]).kind("x") == "categorical"
    labels = Table.read(path, spec_of(x="categorical", y="text"), decimal=decimal)
    assert labels.notes == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["555 123 456", "555 987 654"],  # telephones
        ["1,234.5", "1 234.5"],
        ["0,123,456", "1,234,567"],
        ["1,23,456", "1,234,567.8"],
    ],
)
def test_keys_with_marks_are_no_numbers(path: Path, cells: Sequence[str]) -> None:
    assert TableSpec.read(written(path, x=cells)).kind("x") == "categorical"


@pytest.mark.parametrize(
    "cells", [["1,5", "x"], ["1,2,3", "1"], ["a,b", "c"], [",", "1"], ["01,234,5", "x"]]
)
def test_other_strings_are_no_numbers(path: Path, cells: Sequence[object]) -> None:
    assert TableSpec.read(written(path, x=cells)).kind("x") == "categorical"


def test_a_bad_cell_of_a_number_column_is_named(path: Path) -> None:
    written(path, x=["1.5", "?", "2.5", "NA", "abc"])
    with pytest.raises(SchemaError, match=r"continuous column 'x', e\.g\. 'abc'; it takes numbers"):
        Table.read(path, spec_of(x="continuous"))


# --- booleans ---------------------------------------------------------------------------------


def test_booleans() -> None:
    for cells in (["True", "false", "TRUE"], ["1", "0", "1.0"]):
        read = as_booleans(text(*cells), MARKS)
        assert read is not None
        assert read.tolist() == [True, False, True]
    some = as_booleans(text("true", "NA", None), MARKS)
    assert some is not None
    assert some.tolist() == [True, None, None]
    assert as_booleans(text("1", "0"), MARKS, words_only=True) is None
    assert as_booleans(text("yes", "no"), MARKS) is None


# --- dates ------------------------------------------------------------------------------------


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
    ],
)
def test_dates_are_never_guessed(path: Path, cells: Sequence[str]) -> None:
    assert as_dates(text(*cells), MARKS) is None
    written(path, day=cells)
    assert TableSpec.read(path).kind("day") == "categorical"
    said = " has dates that are not ISO 8601 in column 'day'.*write them as 2020-01"
    with pytest.raises(SchemaError, match=rf"^synthetic table{said}"):
        Table.read(path, spec_of(day="datetime"), name="synthetic table")
    with pytest.raises(SchemaError, match=rf"^file .*{said}"):
        TableSpec.read(path, datetime=["day"])


def test_all_columns_of_other_dates_are_named_with_a_cell_that_is_at_fault(path: Path) -> None:
    written(path, a=["2020-01-31", "31.01.2020"], b=["1/2/2020"] * 2, c=["x"] * 2)
    with pytest.raises(SchemaError) as caught:
        Table.read(path, spec_of(a="datetime", b="datetime", c="text"))
    assert "columns 'a' (e.g. '31.01.2020'), 'b' (e.g. '1/2/2020');" in str(caught.value)
    assert "'c'" not in str(caught.value)


def test_very_many_columns_are_not_all_named(path: Path) -> None:
    kinds: dict[str, Kind] = {f"c{i}": "datetime" for i in range(15)}
    written(path, **{name: ["x"] for name in kinds})
    with pytest.raises(SchemaError, match=r"'c11' \(e\.g\. 'x'\), \.\.\. 3 more; write"):
        Table.read(path, spec_of(**kinds))


def test_dates_that_cannot_be_are_called_so(path: Path) -> None:
    with pytest.raises(SchemaError, match=r"has dates of no calendar in .*2020-02-30"):
        Table.read(written(path, day=["2020-01-31", "2020-02-30"]), spec_of(day="datetime"))


@pytest.mark.parametrize("cell", ["9999-12-31", "0001-01-01", "1500-02-28 10:00:00"])
def test_years_1_to_9999_are_dates_in_every_version_of_pandas(path: Path, cell: str) -> None:
    table = Table.read(written(path, day=["2020-01-31", cell, None]))
    assert table.spec.kind("day") == "datetime"
    wanted = datetime.datetime.fromisoformat(cell).replace(tzinfo=datetime.UTC).timestamp()
    assert table.values("day")[1] == wanted


@pytest.mark.parametrize("dtype", ["object", "string"])
def test_iso_dates_are_read_whatever_holds_them(dtype: str) -> None:
    values = pd.Series(["2020-02-01", None, "2020-02-01 00:00Z", "?"], dtype=dtype)
    read = as_dates(Text.of(values), MARKS)
    assert read is not None
    assert read[0] == read[2] == pd.Timestamp("2020-02-01", tz="UTC")
    assert read.isna().tolist() == [False, True, False, True]


def test_dates_without_a_zone_have_none() -> None:
    read = as_dates(text("2020-02-01", "2020-02-02 10:00"), MARKS)
    assert read is not None
    assert read.dt.tz is None


def test_dates_and_numbers_are_refused_at_once(path: Path) -> None:
    written(path, x=["1,5", "2,5"], y=["0,5", "1"], day=["1/2/2020", "1/3/2020"])
    with pytest.raises(SchemaError, match=r"(?s)2 faults.*'day'.*'x' \(e\.g\. '1,5'\), 'y'"):
        Table.read(path, spec_of(x="continuous", y="continuous", day="datetime"))


# --- what strings look like -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("27 Dec 2020 10:11:12", "dates that are not ISO"),
        ("27.12.2020", "dates that are not ISO"),
        ("12/27/20", "dates that are not ISO"),
        ("12.345%", "percentages"),
        ("€5012.33", "amounts of money"),
        ("€ 457.25", "amounts of money"),
        ("1 200,50 €", "amounts of money"),
        ("CHF 3'000", "amounts of money"),
        ("61.2034 kg", "numbers with a unit"),
        ("555 123 456", "numbers with marks between thousands"),
        ("08:30", "times of day or durations"),
        ("11:05:30 pm", "times of day or durations"),
        ("2012-05", "dates that are not ISO"),
        ("(1,200.50)", "amounts, negative ones in brackets"),
    ],
)
def test_forms_of_numbers_and_dates_are_recognised(cell: str, said: str) -> None:
    assert form_of(text(cell)).startswith(f"looks like {said}")
    assert re.search(rf"e\.g\. {re.escape(repr(cell))}; (write|leave)", form_of(text(cell)))


def test_plain_numbers_take_the_form_of_the_others_unless_that_is_a_unit() -> None:
    assert "negative ones in brackets, e.g. '(3.5)'" in form_of(text("12", "(3.5)", "7.25"))
    assert form_of(text("12", "(3.5)", "n.a.")) == ""
    assert form_of(text("12", "12a", "7")) == ""  # house numbers
    assert form_of(text("12", "13")) == ""
    assert form_of(text(*[f"{n}.5" for n in range(1000, 1100)], "<5")) == ""


@pytest.mark.parametrize(
    "cell", ["Ann", "a1", "10 Downing Street, London", "", "x-ray", "2020-01-31x y"]
)
def test_other_strings_have_no_form(cell: str) -> None:
    assert form_of(text(cell)) == ""
