"""Runs in memory, as notebooks and tests use them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.errors import TrackerError
from synthproto.trackers.memory import MemoryTracker


def test_the_history_has_a_row_a_step_and_a_column_a_tag() -> None:
    with MemoryTracker() as tracker:
        for step in (1, 2, 3):
            tracker.log_scalars({"train/loss": 1 / step}, step)
        tracker.log_scalars({"fidelity/js": 0.5}, 3)
    expected = pd.DataFrame(
        {"fidelity/js": [np.nan, np.nan, 0.5], "train/loss": [1.0, 0.5, 1 / 3]}, index=[1, 2, 3]
    )
    pd.testing.assert_frame_equal(tracker.history, expected, check_names=False)


def test_an_entry_that_is_logged_again_replaces_the_earlier_one() -> None:
    with MemoryTracker() as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
        tracker.log_scalars({"train/loss": 2.0}, 1)
    assert tracker.scores.to_dict("records") == [{"tag": "train/loss", "step": 1, "value": 2.0}]


def test_every_kind_is_a_frame_of_the_same_columns(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights")
    tracker = MemoryTracker()
    kinds = ("scores", "arrays", "figures", "histograms", "texts", "files")
    for kind in kinds:
        assert list(getattr(tracker, kind).columns) == ["tag", "step", "value"]
    tracker.log_file("model", path, 1)
    tracker.log_histogram("train/weights", np.arange(2.0), 1)
    assert tracker.files["value"].tolist() == [b"weights"]
    assert tracker.histograms["value"][0].tolist() == [0.0, 1.0]
    assert tracker.history.empty


def test_the_first_end_counts() -> None:
    tracker = MemoryTracker()
    with pytest.raises(ValueError, match="bad"), tracker:
        raise ValueError("bad")
    tracker.close()
    assert (tracker.status, tracker.error) == ("failed", "ValueError: bad")
    with pytest.raises(TrackerError, match="closed; got 'train/loss'"):
        tracker.log_scalars({"train/loss": 1.0}, 1)
