"""Rows as points: what is refused, and what the files hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from synthproto.errors import ParameterError
from synthproto.trackers.projector import write_embedding

POINTS = np.arange(12.0).reshape(4, 3)
SIDES = pd.DataFrame({"side": ["real", "real", "made\tup", "made\nup"]})


def test_steps_stay_beside_each_other_newest_first(tmp_path: Path) -> None:
    for step in (5, 10):
        write_embedding(tmp_path, "rows/all", POINTS, SIDES, step)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert config.index("rows/all, step 10") < config.index("rows/all, step 5")
    written = (tmp_path / "projector/rows/all/00000010/vectors.tsv").read_text()
    assert written.splitlines() == ["0\t1\t2", "3\t4\t5", "6\t7\t8", "9\t10\t11"]


def test_a_label_is_one_cell_whatever_is_in_it(tmp_path: Path) -> None:
    write_embedding(tmp_path, "rows", POINTS, SIDES.assign(age=1), 1)
    labels = (tmp_path / "projector/rows/00000001/labels.tsv").read_text()
    assert labels.splitlines() == ["side\tage", "real\t1", "real\t1", "made up\t1", "made up\t1"]


def test_points_are_coloured_from_the_beginning(tmp_path: Path) -> None:
    labels = pd.DataFrame({"id": [*"abcdefghijk"], "side": ["real"] * 6 + ["synthetic"] * 5})
    write_embedding(tmp_path, "rows", np.arange(33.0).reshape(11, 3), labels, 1)
    place = "projector/rows/00000001/dots.png"
    assert f'image_path: "{place}"' in (tmp_path / "projector_config.pbtxt").read_text()
    sheet = (imread(tmp_path / place) * 255).round().astype(int)  # four dots of 16 pixels a row
    assert sheet.shape == (64, 64, 4)
    centres = sheet[8::16, 8::16].reshape(16, 4).tolist()
    assert centres[:6] == [[0x1F, 0x6A, 0xA5, 255]] * 6
    assert centres[6:11] == [[0xC9, 0x4F, 0x00, 255]] * 5
    assert centres[11:] == [[0, 0, 0, 0]] * 5
    assert sheet[0, 0].tolist() == [0, 0, 0, 0]


def test_points_without_a_label_of_few_values_have_no_colour(tmp_path: Path) -> None:
    many = pd.DataFrame({"id": range(12), "same": 1})
    write_embedding(tmp_path, "rows", np.arange(36.0).reshape(12, 3), many, 1)
    assert "sprite" not in (tmp_path / "projector_config.pbtxt").read_text()


@pytest.mark.parametrize("points", [POINTS[:3], POINTS[0], POINTS[:0], np.full((4, 3), np.inf)])
def test_what_is_no_cloud_of_points_is_refused(points: NDArray[np.float64], tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="embedding 'rows' needs"):
        write_embedding(tmp_path, "rows", points, SIDES, 1)
