"""Faults of the outer world: one table of trackers, crossed with every fault.

Whatever happens, a call raises nothing but a `TrackerError`, what was lost is counted, what was
kept is whole, and the run goes on when the fault is over.
"""

import os
import re
import resource
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Literal

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from mlflow.tracking.client import MlflowClient

from synthproto.errors import SynthprotoWarning, TrackerError
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.memory import MemoryTracker
from synthproto.trackers.mlflow import MlflowTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.trackers.wrappers import Background, Tee
from tests.trackers.table import Kept, Run, read_filesystem, read_tensorboard

OnError = Literal["raise", "warn"]
Scores = dict[tuple[str, int], float]
KINDS = 7  # of entries, of which one call each is made


# --- trackers -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of MLflow, which takes seconds to make."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowTracker("runs", uri=f"sqlite:///{path}", artifacts=str(path.parent / "none")).close()
    return path


def mlflow_tracker(folder: Path, on_error: OnError, empty: Path) -> MlflowTracker:
    folder.mkdir()
    shutil.copy(empty, folder / "runs.db")
    uri = f"sqlite:///{folder / 'runs.db'}"
    return MlflowTracker("mine", uri=uri, artifacts=str(folder / "kept"), on_error=on_error)


def mlflow_scores(tracker: MlflowTracker, folder: Path) -> Scores:
    client = MlflowClient(f"sqlite:///{folder / 'runs.db'}")
    metrics = client.get_run(tracker.run_id).data.metrics
    found = [m for key in metrics for m in client.get_metric_history(tracker.run_id, key)]
    return {(metric.key, metric.step): metric.value for metric in found}


@dataclass
class Made:
    """A tracker that loses, as it is or wrapped, and what reads its scores afterwards."""

    run: Run
    scores: Callable[[], Scores]
    beside: MemoryTracker | None = None


LOSING = ("tensorboard", "filesystem", "mlflow")
WRAPPED = ("bare", "tee", "background", "background of tee")
TABLE = [("memory", "bare"), *((kind, wrapped) for kind in LOSING for wrapped in WRAPPED)]


def made(kind: str, wrapped: str, folder: Path, on_error: OnError, empty: Path) -> Made:
    inner: TensorBoardTracker | FilesystemTracker | MlflowTracker | MemoryTracker
    scores: Callable[[], Scores]
    if kind == "mlflow":
        inner = server = mlflow_tracker(folder, on_error, empty)
        scores = partial(mlflow_scores, server, folder)
    elif kind == "memory":
        inner = memory = MemoryTracker()
        scores = partial(scores_of, memory)
    elif kind == "tensorboard":
        inner = TensorBoardTracker(folder, on_error=on_error)
        scores = partial(scores_in, folder, read_tensorboard)
    else:
        inner = FilesystemTracker(folder, on_error=on_error)
        scores = partial(scores_in, folder, read_filesystem)
    beside = MemoryTracker()
    match wrapped:
        case "tee":
            return Made(Tee(inner, beside), scores, beside)
        case "background":
            return Made(Background(inner), scores)
        case "background of tee":
            return Made(Background(Tee(inner, beside)), scores, beside)
        case _:
            return Made(inner, scores)


def scores_in(folder: Path, read: Callable[[Path], Kept]) -> Scores:
    return {(tag, step): value for tag, step, value in read(folder).scores}


def scores_of(tracker: MemoryTracker) -> Scores:
    rows = tracker.scores.itertuples(index=False, name=None)
    return {(tag, step): value for tag, step, value in rows}


# --- faults ---------------------------------------------------------------------------------------


@contextmanager
def full_disk(_: Path) -> Iterator[None]:
    """No file takes another byte, as if by a limit on its size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder is somebody else's, and so are the files in it."""
    owned = [folder, *folder.rglob("*")] if folder.exists() else []
    before = [path.stat().st_mode for path in owned]
    for path in reversed(owned):
        path.chmod(0o500 if path.is_dir() else 0o400)
    is_root = os.getuid() == 0
    if is_root:
        os.seteuid(65534)  # whom rights apply to
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for path, mode in zip(owned, before, strict=True):
            path.chmod(mode)


@contextmanager
def vanished(folder: Path) -> Iterator[None]:
    """The folder is deleted, and does not come back."""
    shutil.rmtree(folder, ignore_errors=True)
    yield


FAULTS: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "full disk": full_disk,
    "read-only folder": read_only,
    "vanished folder": vanished,
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users may look into, which pytest's own are not."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


# --- the table ------------------------------------------------------------------------------------


def log_all(run: Run, step: int, file: Path) -> list[str]:
    """One entry of each kind; what was told by errors, each of which is a `TrackerError`."""
    figure = Figure(figsize=(1, 0.5), dpi=60)
    calls: list[Callable[[], object]] = [
        lambda: run.log_scalars({"train/a": 1.0 * step, "train/b": 2.0 * step}, step),
        lambda: run.log_array("table/x", pd.DataFrame({"x": [1.0]}, index=["a"]), step),
        lambda: run.log_figure("plot/x", figure, step),
        lambda: run.log_histogram("weights/x", np.array([1.0, 2.0]), step),
        lambda: run.log_text(f"run/note{step}", "text", step),
        lambda: run.log_file("file/x", file, step),
        lambda: run.log_params({f"width{step}": step}),
    ]
    assert len(calls) == KINDS
    told = []
    for call in [*calls, run.flush]:
        try:
            call()
        except TrackerError as error:
            told.append(str(error))
    return told


def count_of(messages: list[str]) -> int:
    """Values that the last message says were lost."""
    counts = [re.search(r"lost (\d+) (values|entries)", message) for message in messages]
    return max((int(found[1]) for found in counts if found is not None), default=0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users and limits")
@pytest.mark.parametrize("on_error", ["raise", "warn"])
@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize(("kind", "wrapped"), TABLE)
def test_a_fault_costs_what_it_hits_and_is_told(
    kind: str, wrapped: str, fault: str, on_error: OnError, place: Path, database: Path
) -> None:
    file, folder = place / "file.txt", place / "run"
    file.write_text("content")
    one = made(kind, wrapped, folder, on_error, database)
    told: list[str] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert log_all(one.run, 1, file) == []
        with FAULTS[fault](folder):
            told += log_all(one.run, 2, file)
            with suppress(TrackerError):
                one.run.flush()
        if fault != "vanished folder":
            assert log_all(one.run, 3, file) == []
        try:
            one.run.close()
        except TrackerError as error:
            told.append(str(error))
    told += [str(w.message) for w in warned if issubclass(w.category, SynthprotoWarning)]
    assert [w.message for w in warned if not issubclass(w.category, SynthprotoWarning)] == []
    steps = [step for step in (1, 2, 3) if step != 3 or fault != "vanished folder"]
    logged = {(f"train/{x}", s): n * s for s in steps for x, n in (("a", 1.0), ("b", 2.0))}
    if one.beside is not None:
        assert scores_of(one.beside) == logged  # the other tracker has everything
    if kind == "memory":
        assert (one.scores(), told) == (logged, [])
    elif fault == "vanished folder":
        assert count_of(told) >= 2, told
    else:
        kept = one.scores()
        assert kept.items() <= logged.items()
        assert {key for key in logged if key[1] != 2} <= kept.keys()
        assert ("train/a", 2) in kept or count_of(told) >= 2, told


class Breaking:
    """A drawing that breaks where it is drawn: on the thread of a tracker in the background."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def savefig(self, file: IO[bytes], /, *, format: str) -> None:  # noqa: A002
        raise self.error


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x"), MemoryError("x"), SystemExit("x"), KeyboardInterrupt("x")]
)
@pytest.mark.parametrize("wrapped", ["background", "background of tee"])
@pytest.mark.parametrize("kind", ["memory", *LOSING])
def test_an_error_in_the_worker_costs_one_entry(
    kind: str, wrapped: str, error: BaseException, tmp_path: Path, database: Path
) -> None:
    one = made(kind, wrapped, tmp_path / "run", "raise", database)
    one.run.log_scalars({"train/a": 1.0}, 1)
    one.run.flush()
    one.run.log_figure("plot/x", Breaking(error), 2)
    with pytest.raises(TrackerError, match=r"lost 1 entries so far: 'plot/x'.*x"):
        one.run.flush()
    one.run.log_scalars({"train/a": 2.0}, 2)
    with pytest.raises(TrackerError, match="lost 1 entries so far: 'plot/x'"):
        one.run.close()
    assert one.scores() == {("train/a", 1): 1.0, ("train/a", 2): 2.0}
    if one.beside is not None:
        assert scores_of(one.beside) == one.scores()
        assert one.beside.status == "finished"
