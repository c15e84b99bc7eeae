"""What every tracker promises: one table of trackers, crossed with every test."""

import csv
import json
import math
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from mlflow.tracking.client import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typing_extensions import Protocol

from synthproto.contracts import RunTracker
from synthproto.errors import ParameterError, TrackerError
from synthproto.trackers.background import Background
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.memory import MemoryTracker
from synthproto.trackers.mlflow import MlflowTracker
from synthproto.trackers.tee import Tee
from synthproto.trackers.tensorboard import TensorBoardTracker

Key = tuple[str, int]
TAGS = (
    "fidelity/mean",
    "fidelity/js/age, in years",
    "train/loss",
    "fidelity/js/../../x",
    "größe/a",
)


class Run(RunTracker, Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...


@dataclass
class Kept:
    """What was read back without the tracker."""

    scores: list[tuple[str, int, float]] = field(default_factory=list)
    arrays: dict[Key, pd.DataFrame] = field(default_factory=dict)
    figures: dict[Key, bytes] = field(default_factory=dict)
    texts: dict[Key, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    status: str = ""
    error: str = ""


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        start: Opens a run in a folder.
        resume: Continues that run after a step.
        read: What the run holds, read with other software.
    """

    start: Callable[[Path], Run]
    resume: Callable[[Path, int], Run]
    read: Callable[[Path], Kept]


def table(markdown: str) -> pd.DataFrame:
    header, _, *rows = ([c.strip() for c in line[1:-1].split("|")] for line in markdown.split("\n"))
    return pd.DataFrame(
        [[float(c) for c in row[1:]] for row in rows],
        index=[row[0] for row in rows],
        columns=header[1:],
    )


def read_tensorboard(folder: Path) -> Kept:
    kept = Kept()
    events = EventAccumulator(str(folder), {"scalars": 0, "images": 0, "tensors": 0}).Reload()
    tags = events.Tags()
    for tag in tags["scalars"]:
        kept.scores += [(tag, e.step, e.value) for e in events.Scalars(tag)]
    for tag in tags["images"]:
        kept.figures |= {(tag, e.step): e.encoded_image_string for e in events.Images(tag)}
    for tag in tags["tensors"]:
        for event in events.Tensors(tag):
            text = event.tensor_proto.string_val[0]
            if tag == "run/status":
                kept.status, _, kept.error = text.decode().replace("**", "").partition(" ")
            elif tag == "run/params":
                cells = [
                    row[2:-2].split(" | ")
                    for row in text.decode().replace("\\", "").split("\n")[2:]
                ]
                kept.params = {cell[0]: cell[1] for cell in cells}
            elif tag.startswith("table/"):
                kept.arrays[tag, event.step] = table(text.decode())
            elif tag != "custom_scalars__config__":
                kept.texts[tag, event.step] = text.decode()
    return kept


def read_filesystem(folder: Path) -> Kept:
    run = json.loads((folder / "run.json").read_text())
    kept = Kept(status=run["status"], error=run["error"])
    kept.params = {name: str(value) for name, value in run["params"].items()}
    scores = pd.read_csv(folder / "scores.csv", float_precision="round_trip")
    kept.scores = list(zip(scores["tag"], scores["step"], scores["value"], strict=True))
    for row in csv.DictReader(StringIO((folder / "files.csv").read_text(), newline="")):
        key, path = (row["tag"], int(row["step"])), folder / row["path"]
        assert path.resolve().is_relative_to(folder.resolve())
        if row["kind"] == "arrays":
            kept.arrays[key] = pd.read_csv(path, index_col=0)
        elif row["kind"] == "figures":
            kept.figures[key] = path.read_bytes()
        elif row["kind"] == "texts":
            kept.texts[key] = path.read_text()
    return kept


_MEMORIES: dict[Path, MemoryTracker] = {}


def memory(folder: Path) -> MemoryTracker:
    return _MEMORIES.setdefault(folder, MemoryTracker())


def resumed_memory(folder: Path, after: int) -> MemoryTracker:
    _MEMORIES[folder].resume(after)
    return _MEMORIES[folder]


def read_memory(folder: Path) -> Kept:
    tracker = _MEMORIES[folder]

    def by_key(frame: pd.DataFrame) -> dict[Key, object]:
        return {
            (t, s): v for t, s, v in zip(frame["tag"], frame["step"], frame["value"], strict=True)
        }

    return Kept(
        scores=list(tracker.scores.itertuples(index=False, name=None)),
        arrays={k: v for k, v in by_key(tracker.arrays).items() if isinstance(v, pd.DataFrame)},
        figures={k: v for k, v in by_key(tracker.figures).items() if isinstance(v, bytes)},
        texts={k: v for k, v in by_key(tracker.texts).items() if isinstance(v, str)},
        params={name: str(value) for name, value in tracker.params.items()},
        status=tracker.status,
        error=tracker.error,
    )


def mlflow_run(folder: Path) -> Run:
    run = MlflowTracker("runs", uri=mlflow_uri(folder), artifacts=str(folder.parents[1] / "kept"))
    _MLFLOW_RUNS[folder] = run.run_id
    return run


def resumed_mlflow_run(folder: Path, after: int) -> Run:
    run_id = _MLFLOW_RUNS[folder]
    return MlflowTracker("runs", uri=mlflow_uri(folder), run_id=run_id, resume_after=after)


_MLFLOW_RUNS: dict[Path, str] = {}


def mlflow_uri(folder: Path) -> str:
    """One database for all tests of this process: making one takes seconds."""
    return f"sqlite:///{folder.parents[1] / 'mlflow.db'}"


def read_mlflow(folder: Path) -> Kept:
    client, run_id = MlflowClient(mlflow_uri(folder)), _MLFLOW_RUNS[folder]

    def files(place: str) -> list[Path]:
        infos = client.list_artifacts(run_id, place)
        return [f for i in infos for f in (files(i.path) if i.is_dir else [Path(i.path)])]

    run = client.get_run(run_id)
    tags = {k.removeprefix("tag."): v for k, v in run.data.tags.items() if k.startswith("tag.")}
    statuses = {"FINISHED": "finished", "KILLED": "interrupted", "FAILED": "failed"}
    kept = Kept(
        status=statuses.get(run.info.status, "running"), error=run.data.tags.get("error", "")
    )
    kept.params = dict(run.data.params)
    for key in run.data.metrics:
        for metric in client.get_metric_history(run_id, key):
            infinite = abs(metric.value) == sys.float_info.max  # how its database keeps infinity
            value = math.copysign(math.inf, metric.value) if infinite else metric.value
            kept.scores.append((tags.get(key, key), metric.step, value))
    for path in files(""):
        kind, key = path.parts[0], "/".join(path.parts[1:-1])
        entry = (tags.get(key, key), int(path.stem))
        file = Path(client.download_artifacts(run_id, str(path)))
        if kind == "arrays":
            kept.arrays[entry] = pd.read_csv(file, index_col=0)
        elif kind == "figures":
            kept.figures[entry] = file.read_bytes()
        elif kind == "texts":
            kept.texts[entry] = file.read_text()
    return kept


CASES = {
    "tensorboard": Case(
        TensorBoardTracker,
        lambda folder, after: TensorBoardTracker(folder, resume_after=after),
        read_tensorboard,
    ),
    "filesystem": Case(
        FilesystemTracker,
        lambda folder, after: FilesystemTracker(folder, resume_after=after),
        read_filesystem,
    ),
    "memory": Case(memory, resumed_memory, read_memory),
    "background": Case(
        lambda folder: Background(TensorBoardTracker(folder), size=2),
        lambda folder, after: Background(TensorBoardTracker(folder, resume_after=after), size=2),
        read_tensorboard,
    ),
    "tee": Case(
        lambda folder: Tee(FilesystemTracker(folder), memory(folder)),
        lambda folder, after: Tee(
            FilesystemTracker(folder, resume_after=after), resumed_memory(folder, after)
        ),
        read_filesystem,
    ),
    "background of tee": Case(
        lambda folder: Background(Tee(TensorBoardTracker(folder), memory(folder))),
        lambda folder, after: Background(
            Tee(TensorBoardTracker(folder, resume_after=after), resumed_memory(folder, after))
        ),
        read_memory,
    ),
    "mlflow": Case(mlflow_run, resumed_mlflow_run, read_mlflow),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[str(request.param)]


def frame(step: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"real": [1.5, 2.25], "synthetic": [0.5 * step, -3.0]}, index=["age", "income"]
    )


def figure(step: int) -> Figure:
    drawn = Figure(figsize=(1, 0.5), dpi=60)
    drawn.add_subplot().plot([0, step])
    return drawn


def log_epoch(run: RunTracker, step: int) -> None:
    run.log_scalars({tag: number + 1 / step for number, tag in enumerate(TAGS)}, step)
    run.log_array("table/means", frame(step), step)
    run.log_figure("fidelity/pdf", figure(step), step)
    run.log_text("notes/of the day", f"epoch *{step}*", step)


def png(step: int) -> bytes:
    file = BytesIO()
    figure(step).savefig(file, format="png")
    return file.getvalue()


def expect(kept: Kept, steps: range) -> None:
    found = {(tag, step): value for tag, step, value in kept.scores}
    assert len(kept.scores) == len(found) == len(TAGS) * len(steps)
    for number, tag in enumerate(TAGS):
        for step in steps:
            assert found[tag, step] == pytest.approx(number + 1 / step, rel=1e-7)
    assert set(kept.arrays) == {("table/means", step) for step in steps}
    for (_, step), array in kept.arrays.items():
        pd.testing.assert_frame_equal(array, frame(step), check_names=False)
    assert kept.figures == {("fidelity/pdf", step): png(step) for step in steps}
    assert kept.texts == {("notes/of the day", step): f"epoch *{step}*" for step in steps}


def test_everything_comes_back_with_its_step(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        run.log_params({"learning_rate": 0.001, "model": "vae", "layers": 3})
        for step in range(1, 6):
            log_epoch(run, step)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 6))
    assert kept.params == {"learning_rate": "0.001", "model": "vae", "layers": "3"}
    assert (kept.status, kept.error) == ("finished", "")


def test_what_was_flushed_is_there_before_the_end(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")
    log_epoch(run, 1)
    run.flush()
    expect(case.read(tmp_path / "run"), range(1, 2))
    run.close()


def test_an_exception_marks_the_run_as_failed_and_passes(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")
    log_epoch(run, 1)
    with pytest.raises(ZeroDivisionError, match="by zero"), run:
        run.log_scalars({"train/x": 1 / 0}, 2)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 2))
    assert (kept.status, kept.error) == ("failed", "ZeroDivisionError: division by zero")
    with pytest.raises(TrackerError, match="closed"):
        run.log_scalars({"train/x": 1.0}, 3)


def test_an_interruption_is_told_from_a_failure(case: Case, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), case.start(tmp_path / "run"):
        raise KeyboardInterrupt
    assert case.read(tmp_path / "run").status == "interrupted"


def test_closing_twice_is_harmless(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        log_epoch(run, 1)
        run.close()
    run.close()
    assert case.read(tmp_path / "run").status == "finished"


@pytest.mark.parametrize("crashed", [True, False], ids=["after a crash", "after the end"])
def test_a_resumed_run_has_each_step_once(case: Case, tmp_path: Path, crashed: bool) -> None:
    run = case.start(tmp_path / "run")
    run.log_params({"model": "vae"})
    for step in range(1, 8):
        log_epoch(run, step)
    if crashed:
        with pytest.raises(OSError, match="gone"), run:
            raise OSError("gone")
    run.close()
    with case.resume(tmp_path / "run", 5) as again:
        again.log_params({"model": "vae", "layers": 2})
        for step in range(6, 10):
            log_epoch(again, step)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 10))
    assert (kept.status, kept.error) == ("finished", "")
    assert kept.params == {"model": "vae", "layers": "2"}


def test_scores_that_are_not_finite_are_kept_as_such(case: Case, tmp_path: Path) -> None:
    odd = {"train/nan": float("nan"), "train/up": float("inf"), "train/down": -float("inf")}
    with case.start(tmp_path / "run") as run:
        run.log_scalars(odd, 1)
    kept = {tag: value for tag, _, value in case.read(tmp_path / "run").scores}
    assert np.isnan(kept.pop("train/nan"))
    assert kept == {"train/up": float("inf"), "train/down": -float("inf")}


def test_later_changes_do_not_reach_what_was_logged(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        scores, array = {"train/loss": 1.0}, frame(1)
        run.log_scalars(scores, 1)
        run.log_array("table/means", array, 1)
        scores["train/loss"] = 2.0
        array.iloc[:] = 0.0
    kept = case.read(tmp_path / "run")
    assert kept.scores == [("train/loss", 1, 1.0)]
    pd.testing.assert_frame_equal(kept.arrays["table/means", 1], frame(1), check_names=False)


def test_entries_without_a_tag_or_before_the_start_are_refused(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")

    def log(scores: dict[str, float]) -> None:
        run.log_scalars(scores, -1)
        run.flush()  # where the refusal of a tracker in the background is told at the latest

    with pytest.raises((ParameterError, TrackerError), match=r"empty.*must not be negative"):
        log({"": 1.0, "train/loss": 2.0})
    with pytest.raises((ParameterError, TrackerError), match="must not be negative"):
        log({"train/loss": 2.0})
    with pytest.raises(OSError, match="over"), run:
        raise OSError("over")  # a wrapper tells on closing again what was lost, as a note
    assert case.read(tmp_path / "run").scores == []


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [np.inf]], ids=str)
def test_a_histogram_of_nothing_finite_is_refused(
    case: Case, values: list[float], tmp_path: Path
) -> None:
    run = case.start(tmp_path / "run")

    def log() -> None:
        run.log_histogram("train/weights", np.array(values), 3)
        run.flush()

    with pytest.raises((ParameterError, TrackerError), match=r"'train/weights' at step 3 needs"):
        log()
    with pytest.raises(OSError, match="over"), run:
        raise OSError("over")


def test_threads_may_log_at_once(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run.log_scalars({f"train/{n % 4}": float(n)}, n), range(200)))
    kept = case.read(tmp_path / "run")
    assert sorted(kept.scores, key=lambda s: s[1]) == [
        (f"train/{n % 4}", n, float(n)) for n in range(200)
    ]


def test_is_a_context_manager(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        assert isinstance(run, AbstractContextManager)
        assert isinstance(run, RunTracker)
