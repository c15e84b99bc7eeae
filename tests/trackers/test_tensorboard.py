"""What is particular to TensorBoard's files."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar.layout_pb2 import Chart, Layout

from synthproto.errors import ParameterError, SynthprotoWarning, TrackerError
from synthproto.trackers.events import layout
from synthproto.trackers.tensorboard import TensorBoardTracker


def events(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), {"scalars": 0, "histograms": 0, "tensors": 0}).Reload()


def test_the_command_shows_all_runs_and_all_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = Figure(figsize=(1, 1), dpi=20)
    programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", str(programs))
    with TensorBoardTracker(tmp_path / "my runs" / "vae") as tracker:
        assert tracker.command == f"tensorboard --logdir '{tmp_path}/my runs'"
        for step in range(12):
            tracker.log_figure("visual/pdf", figure, step)
        assert tracker.command.endswith("--samples_per_plugin images=12")


def test_the_command_works_where_the_environment_is_not_activated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        program = Path(sys.executable).parent / "tensorboard"
        assert tracker.command == f"{program} --logdir {tmp_path}"
        monkeypatch.chdir(program.parents[2])
        assert tracker.command.startswith(f"{program.relative_to(program.parents[2])} --logdir")


def test_records_of_one_step_are_one_write(tmp_path: Path) -> None:
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        before = size(tracker.folder)
        tracker.log_scalars({f"fidelity/js/{number}": 1.0 for number in range(100)}, 1)
        assert size(tracker.folder) - before < 100 * 30


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("events*"))


def test_a_histogram_keeps_count_sum_and_range(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=1000)
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        tracker.log_histogram("train/weights", values, 3)
    (event,) = events(tmp_path / "vae").Histograms("train/weights")
    kept = event.histogram_value
    assert (event.step, kept.num) == (3, 1000)
    assert (kept.min, kept.max) == (values.min(), values.max())
    assert kept.sum == pytest.approx(values.sum())
    assert kept.sum_squares == pytest.approx(np.square(values).sum())
    assert kept.bucket == np.histogram(values, bins=30)[0].tolist()


def test_hyperparameters_may_come_in_parts_and_late(tmp_path: Path) -> None:
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        tracker.log_params({"seed": 1})
        tracker.log_scalars({"train/loss": 1.0}, 1)
        tracker.log_params({"layers": 3, "seed": 2})
    assert len(list((tmp_path / "vae").glob("events.out.tfevents.*"))) == 2
    texts = events(tmp_path / "vae").Tensors("run/params")
    assert "| seed | 2 |" in texts[-1].tensor_proto.string_val[0].decode()
    assert "| layers | 3 |" in texts[-1].tensor_proto.string_val[0].decode()


def test_what_a_continued_run_logs_again_is_set_aside_not_deleted(tmp_path: Path) -> None:
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        for step in range(1, 6):
            tracker.log_scalars({"train/loss": 1.0}, step)
    whole = size(tmp_path / "vae")
    TensorBoardTracker(tmp_path / "vae", resume_after=3).close()
    (aside,) = (tmp_path / "vae").glob("*superseded*")
    (first, _) = sorted((tmp_path / "vae").glob("events.out.tfevents.*"))
    assert first.stat().st_size + aside.stat().st_size == whole


def test_a_run_may_be_continued_again_and_from_the_start(tmp_path: Path) -> None:
    for after, last in ((None, 9), (6, 8), (7, 12), (2, 4), (0, 3)):
        with TensorBoardTracker(tmp_path / "vae", resume_after=after) as tracker:
            for step in range((after or 0) + 1, last + 1):
                tracker.log_scalars({"train/loss": float(step)}, step)
        kept = events(tmp_path / "vae").Scalars("train/loss")
        assert [(e.step, e.value) for e in kept] == [(n, float(n)) for n in range(1, last + 1)]


def test_an_embedding_must_fit_its_labels(tmp_path: Path) -> None:
    labels = pd.DataFrame({"side": ["real", "synthetic"]})
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        with pytest.raises(ParameterError, match=r"vectors of shape \(3, 2\) and 2 labels"):
            tracker.log_embedding("rows", np.zeros((3, 2)), labels, 1)
        with pytest.raises(ParameterError, match="got 1 numbers that are not"):
            tracker.log_embedding("rows", np.array([[0.0, np.nan], [1.0, 2.0]]), labels, 1)
        tracker.log_embedding("rows", np.zeros((2, 3)), labels, 1)
        tracker.log_embedding("rows", np.ones((2, 3)), labels, 2)
    config = (tmp_path / "vae" / "projector_config.pbtxt").read_text()
    assert config.index('"rows, step 2"') < config.index('"rows, step 1"')


def test_a_file_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(bytes(1234))
    with TensorBoardTracker(tmp_path / "vae") as tracker:
        tracker.log_file("checkpoint", path, 4)
    (event,) = events(tmp_path / "vae").Tensors("checkpoint")
    assert event.tensor_proto.string_val[0].decode() == f"`{path}`, 1,234 bytes"


def test_a_closed_tracker_says_what_came_too_late(tmp_path: Path) -> None:
    tracker = TensorBoardTracker(tmp_path / "vae")
    tracker.close()
    with pytest.raises(
        TrackerError, match=r"TensorBoardTracker\('.*vae'\) is closed; got 'a', 'b'"
    ):
        tracker.log_scalars({"a": 1.0, "b": 2.0}, 1)


def drawn(chart: Chart) -> list[str]:
    """Tags of the lines, or of a line and the ends of its band."""
    bands = [[band.value, band.lower, band.upper] for band in chart.margin.series]
    return list(chart.multiline.tag) or [tag for band in bands for tag in band]


def charts(*tags: str) -> dict[str, list[tuple[str, list[str]]]]:
    found = Layout.FromString(layout(set(tags)))
    return {
        category.title: [(chart.title, drawn(chart)) for chart in category.chart]
        for category in found.category
    }


def test_only_what_belongs_together_shares_a_chart() -> None:
    assert charts("train/loss", "fidelity/x", "reference/fidelity/y") == {}
    assert charts("train/loss", "holdout/loss", "train/kl") == {
        "loss": [("loss", ["^holdout/loss$", "^train/loss$"])]
    }
    assert charts(
        "fidelity/x",
        "reference/fidelity/x",
        "floor/fidelity/x",
        "fidelity/js/a (b)",
        "fidelity/js/c",
        "reference/fidelity/js/a (b)",
    ) == {
        "fidelity": [("fidelity/x", ["fidelity/x", "reference/fidelity/x", "floor/fidelity/x"])],
        "fidelity/js": [
            (
                "fidelity/js/a (b)",
                ["fidelity/js/a (b)", "reference/fidelity/js/a (b)", "fidelity/js/a (b)"],
            )
        ],
    }


def test_a_score_of_many_columns_is_one_table_and_no_card(tmp_path: Path) -> None:
    scores = {f"fidelity/js/column {number}": number / 8 for number in range(5)}
    beside = {f"reference/{tag}": 0.25 for tag in scores} | {"floor/fidelity/js/column 4": 0.75}
    few = {f"joint/prdc/{name}": 0.5 for name in "abcd"} | {"reference/joint/prdc/a": 0.5}
    alone = {f"train/norm/{number}": 1.0 for number in range(9)}  # nothing that they are beside
    with TensorBoardTracker(tmp_path / "run") as tracker:
        tracker.log_scalars({**scores, "fidelity/mean": 0.5, **beside, **few, **alone}, 5)
    found = events(tmp_path / "run")
    assert set(found.Tags()["scalars"]) == {"fidelity/mean", *few, *alone}
    (table,) = found.Tensors("fidelity/js")
    lines = table.tensor_proto.string_val[0].decode().splitlines()
    assert (table.step, lines[0]) == (5, "|  | value | reference | floor |")
    assert lines[2] == "| column 0 | 0.0000 | 0.2500 |  |"
    assert lines[6] == "| column 4 | 0.5000 | 0.2500 | 0.7500 |"


@settings(max_examples=50)
@given(st.dictionaries(st.text(min_size=1), st.floats(width=32, allow_nan=False), min_size=1))
def test_any_tag_and_any_number_come_back(scores: dict[str, float]) -> None:
    with TemporaryDirectory() as folder:
        with TensorBoardTracker(Path(folder, "vae")) as tracker:
            tracker.log_scalars(scores, 1)
        found = events(Path(folder, "vae"))
        assert {tag: found.Scalars(tag)[0].value for tag in scores} == scores


def test_charts_are_rewritten_in_proportion_to_the_tags(tmp_path: Path) -> None:
    with TensorBoardTracker(tmp_path / "run") as tracker:
        for pair in range(1500):
            tracker.log_scalars({f"fidelity/pair/{pair}": 0.5}, 1)
            tracker.log_scalars({f"reference/fidelity/pair/{pair}": 0.5}, 1)
        (path,) = tracker.folder.glob("events.*")
    assert path.stat().st_size < 5_000_000  # 53 MB if each new pair rewrote them
    layout = events(tmp_path / "run").Tensors("custom_scalars__config__")[-1]
    assert b"fidelity/pair/1499" in layout.tensor_proto.string_val[0]


def test_damage_within_a_file_is_told_of(tmp_path: Path) -> None:
    with TensorBoardTracker(tmp_path / "run") as tracker:
        for step in range(1, 6):
            tracker.log_scalars({"train/loss": float(step)}, step)
    (path,) = (tmp_path / "run").glob("events.*")
    content = bytearray(path.read_bytes())
    content[150] ^= 1
    path.write_bytes(content)
    with pytest.warns(SynthprotoWarning, match="is damaged at byte"):
        TensorBoardTracker(tmp_path / "run", resume_after=5).close()
