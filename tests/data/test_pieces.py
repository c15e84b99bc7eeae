from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from synthproto.data.merging import Profiled
from synthproto.data.pieces import Job, ParquetPiece, done, parquet_pieces, piece_name
from synthproto.data.spec import TableSpec
from synthproto.errors import ParameterError, SchemaError

FRAME = pd.DataFrame({"x": range(10), "c": ["a", "b"] * 5})
SPEC = TableSpec.infer(FRAME, continuous=["x"])


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


def test_a_piece_is_called_by_number_and_file(path: Path) -> None:
    assert piece_name(3, FRAME.copy) == "piece 3"
    assert piece_name(3, parquet_pieces(path)[0]) == f"piece 3 ({path})"
    assert piece_name(3, partial(pd.read_parquet, path)) == f"piece 3 ({path})"


def test_a_job_counts_pieces_without_rows() -> None:
    pieces = (FRAME[:0].copy, FRAME.copy, FRAME[:3].copy)
    job = Job(pieces, 1, (0, 0, 0), (Profiled(),), SPEC, "table", {}, {})
    result = done(job)
    assert result.rows == (0, 10, 3)
    assert result.values[0].moments["x"].count == 13
    assert result.values[0].labels == {"c": {"a": 7, "b": 6}}
