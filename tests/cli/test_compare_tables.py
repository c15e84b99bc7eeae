"""Files of any shape become tables, or one clear line."""

import argparse
import datetime
import gzip
from pathlib import Path

import pandas as pd
import pytest

from synthproto.cli.main import KINDS, add_reading
from synthproto.data import files as tables
from synthproto.data import frames as kinds
from synthproto.data.files import Reader, fitted, inferred_spec, reader_of
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import MissingExtraError, ParameterError, SchemaError, SynthprotoError

FRAME = pd.DataFrame({"n": [1.5, 2.5, 3.5], "name": ["Ann", "Zoë", "a,b"]})


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_reading(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, sep=separator, index=False)
    pd.testing.assert_frame_equal(Reader().read(path), FRAME)


def test_a_separator_in_a_quoted_name_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a;b;c;d",e\n1,2\n')
    assert list(Reader().read(path).columns) == ["a;b;c;d", "e"]


def test_a_single_column_needs_no_separator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("age\n1\n2\n")
    assert Reader().read(path)["age"].tolist() == [1, 2]


@pytest.mark.parametrize(("given", "written"), [(";", ","), (",", ";"), (";", "\t"), (",", "|")])
def test_a_wrong_separator_is_refused(tmp_path: Path, given: str, written: str) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, sep=written, index=False)
    with pytest.raises(
        SchemaError, match=r"^file '.*t\.csv' has one column with the separ"
    ) as caught:
        Reader(given).read(path)
    assert f"Is it {written!r}? Leave --separator out" in str(caught.value)
    assert len(Reader(written).read(path).columns) == 2


def test_a_single_column_may_have_any_separator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for header in ("age", '"age, in years"', '"age,\nin years"', '"age ""a,b"", in years"'):
        path.write_text(f"{header}\n1\n2\n")
        assert len(Reader(";").read(path).columns) == 1
    path.write_text('"age,\nin years";sex\n1;2\n')
    assert len(Reader(";").read(path).columns) == 2


def test_a_byte_order_mark_is_not_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, encoding="utf-8-sig")
    assert list(Reader().read(path).columns) == ["n", "name"]


def test_other_encodings_and_decimal_marks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, sep=";", decimal=",", encoding="latin-1")
    reader = reader_of(options("--encoding", "latin-1", "--decimal", ","))
    pd.testing.assert_frame_equal(reader.read(path), FRAME)
    with pytest.raises(SchemaError, match=r"not utf-8: it has the byte 0xeb.*--encoding latin-1"):
        Reader().read(path)


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    FRAME.to_parquet(path)
    pd.testing.assert_frame_equal(Reader().read(path), FRAME)
    path.write_text("hello")
    with pytest.raises(SchemaError, match="not a parquet table"):
        Reader().read(path)
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"synthproto\[parquet\]"):
        Reader().read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "no rows below its header"),
        ("a,b,a\n1,2,3\n", r"duplicate columns: \['a'\]"),
        ("a,b\n1,2\n3,4,5\n", "line 3, saw 3"),
        ("a,b\n1,2,3\n4,5,6\n", "more fields in its rows than names"),
        ('a,b\n1,"2\n3,4\n', "not a whole CSV table"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content)
    with pytest.raises(SchemaError, match=said) as caught:
        Reader().read(path)
    assert "odd.csv" in str(caught.value)


def test_bytes_and_folders_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(bytes(range(256)))
    for given in (path, tmp_path):
        with pytest.raises(SynthprotoError):
            Reader().read(given)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1\x15\x04", "is parquet; name it .parquet"),
        (b"PK\x03\x04\x14\x00", "is a workbook"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "name it .csv.gz"),
        ("a,b\n1,2\n".encode("utf-16"), "--encoding utf-16"),
        (b'[{"a": 1}]', "is JSON"),
        (b'{"a": [1]}', "is JSON"),
    ],
)
def test_what_is_no_csv_is_told_by_its_beginning(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=said):
        Reader().read(path)


def test_utf_16_is_read_where_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, encoding="utf-16")
    pd.testing.assert_frame_equal(Reader(encoding="utf-16").read(path), FRAME)


def test_packed_files(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    FRAME.to_csv(path, index=False)
    pd.testing.assert_frame_equal(Reader().read(path), FRAME)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(SchemaError, match=r"'.*t\.csv\.gz' is no whole gzip file"):
        Reader().read(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SchemaError, match="is no whole gzip file"):
        Reader().read(path)


def test_row_numbers_without_a_name_are_no_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.sample(frac=1, random_state=0).sort_index(ascending=False).to_csv(path)
    assert list(Reader().read(path).columns) == ["n", "name"]
    path.write_text(",b\n1,2\n1,3\n")  # not unique, so not an index
    assert list(Reader().read(path).columns) == ["Unnamed: 0", "b"]


def test_options_that_make_no_sense() -> None:
    for words in (["--separator", "ab"], ["--decimal", ""], ["--encoding", "klingon"]):
        with pytest.raises(ParameterError, match=words[0]):
            reader_of(options(*words))
    assert reader_of(options("--separator", r"\t")).separator == "\t"


def test_the_kinds_are_those_of_the_library() -> None:
    assert KINDS == kinds.KINDS


# --- specs ------------------------------------------------------------------------------------


def test_named_kinds_and_iso_dates() -> None:
    frame = pd.DataFrame(
        {
            "a,b": [1, 2, 3],
            "c": [4, 5, 6],
            "d": [7, 8, 9],
            "day": ["2024-01-31", None, "2024-02-01T10:00:00Z"],
            "text": ["2024-01-31", "x", "y"],
            "late": ["2024-01-31 10:00", "2024-02-01 10:00", "2024-02-02 10:00"],
            "kept": ["2024-01-31", "2024-01-31", "2024-02-01"],
        }
    )
    given = options(
        *("--categorical", "a,b", "--categorical", "c,d", "--datetime", "late"),
        *("--identifier", "kept"),
    )
    spec = inferred_spec(frame, given, "table 'x'")
    assert spec.of_kind("categorical") == ("a,b", "c", "d", "text")
    assert spec.of_kind("datetime") == ("day", "late")
    assert spec.kind("kept") == "identifier"
    Table(fitted(frame, spec, "table"), spec)


def test_dates_of_parquet_and_columns_named_like_arguments() -> None:
    days = [datetime.date(2024, 1, 31), None, datetime.date(2024, 2, 1)]
    frame = pd.DataFrame({"self": days, "frame": ["2024-01-31"] * 3})
    spec = inferred_spec(frame, options(), "table 'x'")
    assert spec.of_kind("datetime") == ("self", "frame")
    table = Table(fitted(frame, spec, "table"), spec)
    assert table.values("self")[0] == table.values("frame")[0]
    assert frame["frame"].tolist() == ["2024-01-31"] * 3


def test_an_error_names_the_file_and_the_column() -> None:
    with pytest.raises(SchemaError, match=r"^table 'x' lacks 1 of 1 named columns: \['Sex'\]"):
        inferred_spec(pd.DataFrame({"sex": ["f"]}), options("--categorical", "Sex"), "table 'x'")


def test_columns_without_values_fit_any_kind(tmp_path: Path) -> None:
    kinds_of = {"n": "continuous", "d": "datetime", "t": "text", "c": "categorical", "b": "boolean"}
    real = pd.DataFrame(
        {
            "n": [1.5, 2.5],
            "d": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "t": ["a b c", "d e f"],
            "c": ["x", "y"],
            "b": [True, False],
        }
    )
    spec = TableSpec.infer(real, text=["t"])
    assert {column.name: column.kind for column in spec.columns} == kinds_of
    path = tmp_path / "t.csv"
    path.write_text("n,d,t,c,b,\n,,,,,1\n,,,,,2\n")
    Table(fitted(Reader().read(path)[list(real)], spec, "table"), spec)
