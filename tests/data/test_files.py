"""Files of any shape become tables, or one clear line."""

import argparse
import bz2
import contextlib
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.cli.main import KINDS, add_reading
from synthproto.cli.spec import file_format, named_columns
from synthproto.data import files, kinds
from synthproto.data.cells import Cells
from synthproto.data.files import FileFormat
from synthproto.data.spec import Column, TableSpec
from synthproto.data.table import Table
from synthproto.errors import MissingExtraError, ParameterError, SchemaError

FRAME = pd.DataFrame({"n": [1.5, 2.5, 3.5], "name": ["Ann", "Zoë", "a,b"]})


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_reading(parser)
    return parser.parse_args(words)


def rows(
    path: Path, separator: str = "", encoding: str = "utf-8", decimal: str = "."
) -> pd.DataFrame:
    return Cells(path, FileFormat(separator, encoding, decimal)).frame.convert_dtypes()


def same(path: Path, encoding: str = "utf-8", decimal: str = ".") -> None:
    read = rows(path, encoding=encoding, decimal=decimal)
    pd.testing.assert_frame_equal(read, FRAME.convert_dtypes())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, sep=separator, index=False)
    same(path)


def test_a_separator_in_a_quoted_name_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a;b;c;d",e\n1,2\n')
    assert list(rows(path).columns) == ["a;b;c;d", "e"]


def test_a_single_column_needs_no_separator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("age\n1\n2\n")
    assert rows(path)["age"].tolist() == [1, 2]


@pytest.mark.parametrize(("given", "written"), [(";", ","), (",", ";"), (";", "\t"), (",", "|")])
def test_a_wrong_separator_is_refused(tmp_path: Path, given: str, written: str) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, sep=written, index=False)
    with pytest.raises(
        SchemaError, match=r"^file '.*t\.csv' has one column with the separ"
    ) as caught:
        rows(path, separator=given)
    assert f"Is it {written!r}? Leave --separator out" in str(caught.value)
    assert len(rows(path, separator=written).columns) == 2


def test_a_single_column_may_have_any_separator(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for header in ("age", '"age, in years"', '"age,\nin years"', '"age ""a,b"", in years"'):
        path.write_text(f"{header}\n1\n2\n")
        assert len(rows(path, separator=";").columns) == 1
    path.write_text('"age,\nin years";sex\n1;2\n')
    assert len(rows(path, separator=";").columns) == 2


def test_a_byte_order_mark_is_not_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, encoding="utf-8-sig")
    assert list(rows(path).columns) == ["n", "name"]


def test_other_encodings_and_decimal_marks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, sep=";", decimal=",", encoding="latin-1")
    same(path, encoding="latin-1", decimal=",")
    with pytest.raises(SchemaError, match=r"not utf-8: it has the byte 0xeb.*--encoding cp1252"):
        rows(path)


def test_what_excel_writes_needs_no_option(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = FRAME.to_csv(index=False, sep="\t", lineterminator="\r\n")
    path.write_bytes(text.encode("utf-16"))  # "Unicode text"
    same(path)
    for mark in (";", "\t", "|"):
        text = FRAME.to_csv(index=False, sep=mark, lineterminator="\r\n")
        path.write_bytes(f"sep={mark}\r\n{text}".encode("utf-8-sig"))
        same(path)
    assert list(Cells(path, FileFormat("|")).frame) == ["n", "name"]


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-8-sig", "mac-roman"]
)
def test_every_text_encoding_is_read_where_it_is_said(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, encoding=encoding)
    same(path, encoding=encoding)


@pytest.mark.parametrize(
    ("content", "encoding"), [(b"a\xff,b\n1,2\n", "utf-16"), (b"a,b\n1,\xff\n", "ascii")]
)
def test_bytes_of_another_encoding_are_refused(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"t\.csv'"):
        rows(path, encoding=encoding)


@pytest.mark.parametrize(
    "encoding",
    ["hex", "rot13", "undefined", "klingon", "zip", "idna", "", "base64", "unicode_escape"],
)
def test_what_encodes_no_text_is_refused(encoding: str) -> None:
    with pytest.raises(ParameterError, match=r"--encoding is not a text encoding"):
        FileFormat(encoding=encoding)


def test_options_that_make_no_sense() -> None:
    for words in (["--separator", "ab"], ["--decimal", ""], ["--decimal", "1"]):
        with pytest.raises(ParameterError, match=words[0]):
            file_format(options(*words))
    with pytest.raises(ParameterError, match="--decimal are the same"):
        file_format(options("--separator", ",", "--decimal", ","))
    with pytest.raises(ParameterError, match=r"--separator.*--encoding"):
        file_format(options("--separator", "ab", "--encoding", "klingon"))
    assert file_format(options("--separator", r"\t")).separator == "\t"
    assert file_format(options("--missing", "NA", "--missing", "?")).missing == ("NA", "?")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "no rows below its header"),
        ("a,b,a\n1,2,3\n", r"duplicate columns: \['a'\]"),
        ("a,b\n1,2\n3,4,5\n", "line 3, saw 3"),
        ("a,b\n1,2,3\n4,5,6\n", "more fields in its rows than names in its header$"),
        ("Report of May\n\na,b\n1,2\n", "line, 'Report of May', was taken for the header; remove"),
        ("# by a tool\na,b\n1,2\n", "line, '# by a tool', was taken for the header; remove"),
        ('a,b\n1,"2\n3,4\n', "not a whole CSV table"),
        ("a,b\n1,2\n\0\0\0\0", "holds zero bytes, the first as byte 9"),
        (f"{'a' * 200_000},b\n1,2\n", "not a whole CSV table: field larger"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content)
    with pytest.raises(SchemaError, match=said) as caught:
        rows(path)
    assert "odd.csv" in str(caught.value)


def test_bytes_folders_and_pipes_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(bytes(range(256)))
    os.mkfifo(tmp_path / "pipe.csv")
    for given in (path, tmp_path, tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(SchemaError):
            rows(given)


def test_what_a_shell_hands_over_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"age\n1\n2\n")
    os.close(writing)
    assert rows(Path(f"/dev/fd/{reading}"))["age"].tolist() == [1, 2]
    os.close(reading)


# --- packed -----------------------------------------------------------------------------------


def zipped(content: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("t.csv",):
            archive.writestr(name, content)
    return file.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.txt", "t"])
def test_packed_files_are_told_by_their_content(tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACKERS[suffix](FRAME.to_csv(index=False).encode()))
    same(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_damaged_packed_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.csv.{suffix}"
    whole = PACKERS[suffix](FRAME.to_csv(index=False).encode() * 50)
    for damaged in (whole[:-12], whole[: len(whole) // 2], whole[:20] + b"\x07" * 20 + whole[40:]):
        path.write_bytes(damaged)
        with pytest.raises(SchemaError, match=rf"'.*t\.csv\.{suffix}' is (no|not a) whole"):
            rows(path)


def archive(*hidden: str) -> bytes:
    """A zip file of a folder with the table, and of files beside it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data/t.csv", FRAME.to_csv(index=False))
        for name in hidden:
            file.writestr(name, "junk")
    return packed.getvalue()


def test_what_systems_add_to_an_archive_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    path.write_bytes(archive("__MACOSX/data/._t.csv", "data/.DS_Store", ".hidden"))
    same(path)
    path.write_bytes(archive("data/u.csv"))
    with pytest.raises(SchemaError, match="zip archive of 2 files"):
        rows(path)


@pytest.mark.parametrize(
    ("offset", "value", "told"),
    [(6, 1, "encrypted, password"), (6, 0x40, "encryption"), (8, 19, "compression method")],
)
def test_an_archive_that_cannot_be_opened_is_refused(
    offset: int, value: int, told: str, tmp_path: Path
) -> None:
    content = bytearray(archive())
    for start, shift in ((0, 0), (content.index(b"PK\x01\x02"), 2)):  # said twice in a zip file
        content[start + offset + shift] = value
    path = tmp_path / "t.zip"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=f"cannot be unpacked: .*{told}"):
        rows(path)


def test_an_archive_whose_method_some_pythons_know_is_refused(tmp_path: Path) -> None:
    """Zstandard: from Python 3.14 on it is unpacked, and what is not packed by it is damaged."""
    content = bytearray(archive())
    for start in (8, content.index(b"PK\x01\x02") + 10):
        content[start] = 93
    path = tmp_path / "t.zip"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"is no whole zip file|cannot be unpacked"):
        rows(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_what_would_fill_the_memory_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"t.csv.{suffix}"
    path.write_bytes(PACKERS[suffix](b"a,b\n" + b"0,0\n" * 200_000))
    assert len(rows(path)) == 200_000
    monkeypatch.setattr(files, "_UNPACKED", 1000)
    monkeypatch.setattr(files, "_RATIO", 2)
    with pytest.raises(SchemaError, match="as no table does; if it is one, unpack it first"):
        rows(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"a": 1}]', "is JSON"),
        (b'{"a": [1]}', "is JSON"),
        (gzip.compress(gzip.compress(b"a\n1\n")), "packed by gzip, twice"),
        (b"\x28\xb5\x2f\xfd\x04", "packed by zstandard"),
        (zipped(b"a\n1\n", "a.csv", "b.csv"), "a zip archive of 2 files"),
        (zipped(b"a\n1\n", "[Content_Types].xml", "xl/workbook.xml"), "a workbook; export"),
        (zipped(b"a\n1\n", "mimetype", "content.xml"), "a workbook; export"),
    ],
    ids=range(7),  # packed bytes hold the time
)
def test_what_is_no_csv_is_told_by_its_beginning(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=said):
        rows(path)


def test_tar_archives_are_refused_packed_or_not(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv")
    for mode, name in (("w", "t.tar"), ("w:gz", "t.csv.gz")):
        with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]  # a mode of two
            archive.add(tmp_path / "t.csv", "t.csv")
        with pytest.raises(SchemaError, match="is a tar archive; unpack it first"):
            rows(tmp_path / name)


# --- mutated ----------------------------------------------------------------------------------

INSERTED = (
    b'"',
    b"\r",
    b"\n",
    b",",
    b";",
    b"\t",
    b"\0",
    b"1e999",
    b"nan",
    b"9" * 20,
    b"\xef\xbb\xbf",
)
DATES = (b"2020-13-45", b"0001-01-01", b"9999-12-31T23:59:59-12:00", b"now")


def whole_files() -> list[bytes]:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": generator.normal(size=40).round(3),
            "c": generator.choice(["a", "NA", "é"], 40),
            "zip": generator.choice(["01", "02", "3"], 40),
            "day": pd.date_range("2020-01-01", periods=40).strftime("%Y-%m-%d"),
            "id": [f"k{i}" for i in range(40)],
        }
    )
    text, parquet = frame.to_csv(index=False).encode(), io.BytesIO()
    frame.to_parquet(parquet)
    return [text, text, parquet.getvalue(), *(pack(text) for pack in PACKERS.values())]


def mutated(whole: bytes, generator: np.random.Generator) -> bytes:
    content = bytearray(whole)
    for _ in range(int(generator.integers(1, 6))):
        place = int(generator.integers(len(content) + 1))
        piece = [*INSERTED, *DATES, generator.bytes(5)][generator.integers(len(INSERTED) + 5)]
        match generator.integers(5):
            case 0:
                content[place : place + 1] = generator.bytes(1)
            case 1:
                del content[place : place + int(generator.integers(40))]
            case 2:
                content[place:place] = piece
            case 3:
                content += content[place : place + 200]
            case _:
                del content[max(place, 20) :]
    return bytes(content)


def holds(folder: Path, files: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    whole = whole_files()
    spec = TableSpec.read(written(folder / "t", whole[0]))
    read = 0
    for number in range(files):
        path = written(folder / "t", mutated(whole[number % len(whole)], generator))
        for given in (None, spec):
            with contextlib.suppress(SchemaError):  # anything else is a fault
                table = Table.read(path, given)
                read += len(table) > 0
    assert 0 < read < 2 * files


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_mutated_files_are_tables_or_one_clear_error(tmp_path: Path) -> None:
    holds(tmp_path, 300, seed=0)


@pytest.mark.slow
def test_thousands_of_mutated_files_are_tables_or_one_clear_error(tmp_path: Path) -> None:
    holds(tmp_path, 3000, seed=1)


# --- parquet ----------------------------------------------------------------------------------


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    FRAME.to_parquet(path)
    same(path)
    path.rename(tmp_path / "t.csv")
    same(tmp_path / "t.csv")
    path.write_text("hello")
    with pytest.raises(SchemaError, match="is not a parquet table"):
        rows(path)
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"synthproto\[parquet\]"):
        rows(tmp_path / "t.csv")


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.arange(1000), "b": ["x", "y"] * 500}).to_parquet(path)
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole)
        for place in generator.integers(4, len(whole), 3):
            content[place] = int(generator.integers(256))
        path.write_bytes(bytes(content) if generator.random() < 0.7 else whole[: len(whole) // 2])
        with contextlib.suppress(SchemaError):  # anything else is a fault
            Table.read(path)


def test_parquet_with_a_named_index_keeps_it(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    FRAME.set_index(pd.Index([7, 9, 8], name="person")).to_parquet(path)
    assert rows(path)["person"].tolist() == [7, 9, 8]
    FRAME.set_index(pd.Index([7, 9, 8])).to_parquet(path)
    assert list(rows(path).columns) == ["n", "name"]
    for numbers in (pd.RangeIndex(3, name="person"), pd.RangeIndex(9, 3, -2, name="person")):
        FRAME.set_index(numbers).to_parquet(path)  # a note in the file, and no column
        assert rows(path)["person"].tolist() == list(numbers)
        FRAME.set_index(numbers).to_csv(path.with_suffix(".csv"))
        assert rows(path.with_suffix(".csv"))["person"].tolist() == list(numbers)


def test_parquet_with_strange_metadata_and_names(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    table = pa.table({"a": [1, 2], "b": [b"x", None]})
    ranges = [
        b'{"index_columns": [{"kind": "range", "name": %s, "start": %s, "stop": 2, "step": %s}]}'
        % s
        for s in ((b"null", b"0", b"1"), (b'"c"', b"0", b"0"), (b'"c"', b'"x"', b"1"))
    ]
    ranges.append(ranges[0].replace(b"null", b'"c"').replace(b'"stop": 2', b'"stop": 9e9'))
    ranges.append(ranges[0].replace(b"null", b'"a"'))
    for metadata in (b"{}", b"[1", b'{"index_columns": ["zzz"]}', b'{"columns": 3}', *ranges):
        pq.write_table(table.replace_schema_metadata({b"pandas": metadata}), path)
        assert rows(path)["b"].tolist() == ["x", pd.NA]
        assert list(rows(path).columns) == ["a", "b"]
    FRAME.set_axis(pd.MultiIndex.from_tuples([("a", "b"), ("c", "d")]), axis=1).to_parquet(path)
    assert len(rows(path).columns) == 2
    FRAME.rename(columns={"n": "0"}).to_parquet(path)
    pq.write_table(pa.Table.from_arrays([[1], [2]], ["a", "a"]), path)
    with pytest.raises(SchemaError, match=r"duplicate columns: \['a'\]"):
        rows(path)
    pq.write_table(pa.table({"a": [[1], [2]]}), path)
    with pytest.raises(SchemaError, match=r"values have parts: 'a' of list<.*take them apart"):
        rows(path)


# --- headers ----------------------------------------------------------------------------------


def test_row_numbers_without_a_name_are_no_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    FRAME.sample(frac=1, random_state=0).sort_index(ascending=False).to_csv(path)
    assert list(rows(path).columns) == ["n", "name"]
    path.write_text(",b\n1,2\n1,3\n")  # not unique, so not an index
    assert list(rows(path).columns) == ["Unnamed: 0", "b"]


def test_the_kinds_are_those_of_the_library() -> None:
    assert KINDS == kinds.KINDS


def test_names_of_columns_may_hold_commas() -> None:
    given = options("--categorical", "a,b", "--categorical", "c,d", "--text", "e")
    named = named_columns(["a,b", "c", "d", "e"], given)
    assert (named["categorical"], named["text"]) == (["a,b", "c", "d"], ["e"])


def test_a_spec_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text("[" * 100_000)
    with pytest.raises(SchemaError, match="not readable as JSON"):
        TableSpec.load(path)


def test_columns_without_values_fit_any_kind(tmp_path: Path) -> None:
    spec = TableSpec(tuple(Column(kind, kind) for kind in kinds.KINDS))
    path = tmp_path / "t.csv"
    path.write_text(",".join(["row", *spec.names]) + "\n" + "1,,,,,,\n2,,,,,,\n")
    for frame in (rows(path)[list(spec.names)], pd.DataFrame(np.nan, [0, 1], list(spec.names))):
        table = Table(frame, spec)
        assert [table.missing(name) for name in spec.names] == [2] * len(spec.names)
