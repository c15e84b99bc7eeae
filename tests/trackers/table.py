"""The table of trackers: how each is started, continued, and read back with other software."""

import csv
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd
from mlflow.tracking.client import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typing_extensions import Protocol

from synthproto.contracts import RunTracker
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.memory import MemoryTracker
from synthproto.trackers.mlflow import MlflowTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.trackers.wrappers import Background, Tee

Key = tuple[str, int]


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

    def start_again(self, folder: Path) -> Run:
        """Opens a second run; `read` still reads the first one."""
        first = _MLFLOW_RUNS.get(folder)
        if folder in _MEMORIES:
            _MEMORIES[folder].resume(sys.maxsize)
        run = self.start(folder)
        if first is not None:
            _MLFLOW_RUNS[folder] = first
        return run


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
    for row in csv.DictReader(StringIO((folder / "scores.csv").read_text(), newline="")):
        kept.scores.append((row["tag"], int(row["step"]), float(row["value"])))
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
