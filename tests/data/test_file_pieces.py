from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.data import file_pieces as module
from synthproto.data.file_pieces import CsvPiece, ParquetPiece, file_pieces, parquet_pieces
from synthproto.data.files import FileFormat
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError

FRAME = pd.DataFrame({"x": range(10), "c": ["a", "b"] * 5})
WRITTEN = FileFormat()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "part.parquet"
    FRAME.to_parquet(file, row_group_size=4)
    return file


def test_row_groups_are_pieces(path: Path) -> None:
    pieces = parquet_pieces(path, str(path))
    assert [piece.rows for piece in pieces] == [4, 4, 2] * 2
    assert pieces[1]()["x"].tolist() == [4, 5, 6, 7]
    assert isinstance(pieces[0]()["c"].dtype, pd.CategoricalDtype)
    assert list(pieces[2].select(["c"])().columns) == ["c"]


def test_columns_that_a_file_lacks_are_named(path: Path) -> None:
    piece = ParquetPiece(str(path), 0, 4, ("x", "z"))
    with pytest.raises(SchemaError, match=r"part\.parquet lacks columns \['z'\]; it has"):
        piece()
    with pytest.raises(ParameterError, match="one path at least"):
        parquet_pieces()


def test_a_damaged_file_is_named(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(SchemaError, match=r"part\.parquet is not a parquet table that can be read"):
        parquet_pieces(path)
    with pytest.raises(FileNotFoundError):
        parquet_pieces(tmp_path / "none.parquet")
    path.write_bytes(content)
    (piece, *_) = parquet_pieces(path)
    path.write_bytes(content.replace(content[4:40], b"x" * 36))
    with pytest.raises(SchemaError, match=r"part\.parquet is not a parquet table that can be read"):
        piece()


TEXTS = pd.DataFrame(
    {
        "n": np.arange(200) / 4,
        "zip": [f"{n:05d}" for n in range(200)],
        "t": ['a "quoted"\nline', "b,c", "", "NA"] * 50,
        "day": pd.date_range("2024-01-01", periods=200).astype(str),
        "c": ["x", "y"] * 100,
    }
)


@pytest.mark.parametrize("name", ["part.csv", "part.csv.gz", "part.parquet"])
def test_pieces_are_read_as_tables_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(module, "_CSV_BYTES", 700)
    path = tmp_path / name
    if path.suffix == ".parquet":
        TEXTS.to_parquet(path, row_group_size=30)
    else:
        TEXTS.to_csv(path, index=False)
    whole = Table.read(path)
    pieces = file_pieces(path, whole.spec, WRITTEN)
    assert len(pieces) > 6 or name.endswith(".gz")
    joined = pd.concat([piece().astype({"c": object, "t": object}) for piece in pieces])
    expected = whole.frame.astype({"c": object, "t": object})
    pd.testing.assert_frame_equal(joined.reset_index(drop=True), expected, check_dtype=False)
    assert TableSpec.read(path).kinds == whole.spec.kinds
    assert "day" in pieces[0].cells().frame.columns


def test_pieces_of_text_end_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CSV_BYTES", 7)
    path = tmp_path / "part.csv"
    text = '"a\n1",b\r\n1,"x\ny"\r\n22,"""\n"""\r\n3,z'
    path.write_text(text, newline="")
    pieces = file_pieces(path, None, WRITTEN)
    read = [piece() for piece in pieces]
    assert [len(frame) for frame in read] == [1, 1, 1]
    assert pd.concat(read)["a\n1"].tolist() == [1, 22, 3]
    assert pd.concat(read)["b"].tolist() == ["x\ny", '"\n"', "z"]


def test_files_without_rows_have_no_pieces(tmp_path: Path) -> None:
    path = tmp_path / "part.csv"
    for text in ("a,b\n", "a,b"):
        path.write_text(text)
        assert file_pieces(path, None, WRITTEN) == []
    path.write_text("")
    (piece,) = file_pieces(path, None, WRITTEN)
    assert isinstance(piece, CsvPiece)
    with pytest.raises(SchemaError, match=r"part\.csv' is empty"):
        piece()
    FRAME[:0].to_parquet(path)
    assert file_pieces(path, None, WRITTEN) == []
    path.write_bytes("a,b\n1,2\n3,4\n".encode("utf-16"))
    (whole,) = file_pieces(path, None, FileFormat(encoding="utf-16"))
    assert len(whole()) == 2
