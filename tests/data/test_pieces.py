from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from synthproto.data.file_pieces import parquet_pieces
from synthproto.data.merging import Profiled
from synthproto.data.pieces import HalfPiece, Job, done, piece_name
from synthproto.data.spec import TableSpec

FRAME = pd.DataFrame({"x": range(10), "c": ["a", "b"] * 5})
SPEC = TableSpec.infer(FRAME, continuous=["x"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "part.parquet"
    FRAME.to_parquet(file, row_group_size=4)
    return file


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


def test_halves_of_a_piece_are_all_of_its_rows(path: Path) -> None:
    piece = parquet_pieces(path)[1]
    halves = [HalfPiece(piece, 4, 10, 0, is_first) for is_first in (True, False)]
    rows = pd.concat([half.select(["x"])() for half in halves])
    assert sorted(rows["x"]) == [4, 5, 6, 7]
    assert list(rows.columns) == ["x"]
    assert piece_name(2, halves[0]) == f"piece 2 ({path})"
