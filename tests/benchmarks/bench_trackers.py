"""Trackers: what an entry costs the training thread, beside the usual event writers.

Run: ``python tests/benchmarks/bench_trackers.py [--rounds 7]``

Each round takes every writer in turn. Times are CPU time of the calling thread unless a column
says wall; the medians of the rounds are printed with ratios. The usual writers hand their records
to a thread of their own, which competes for the interpreter's lock: the column "process" has the
CPU time of all threads until the writer was closed.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

from synthproto.artifacts.plots.densities import PDFByColumn
from synthproto.contracts import Drawing, RunTracker
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.drawing.picture import Picture
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.memory import MemoryTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.trackers.wrappers import Background

STEPS = 200
SCORES = {f"fidelity/js_distance/column {number}": number / 30 for number in range(30)}
FIGURES = 20


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@dataclass(frozen=True)
class Cost:
    """Seconds of one task: CPU of the caller, wall time of the caller, CPU of all threads."""

    caller: float
    wall: float
    process: float


@contextmanager
def timed(costs: list[Cost]) -> Iterator[None]:
    start = time.thread_time(), time.perf_counter(), time.process_time()
    yield
    end = time.thread_time(), time.perf_counter(), time.process_time()
    costs.append(Cost(*(after - before for before, after in zip(start, end, strict=True))))


@dataclass(frozen=True)
class Drawn:
    """A picture that is already drawn: what is left is the tracker's own cost."""

    content: bytes

    def savefig(self, file: IO[bytes], /, *, format: str) -> None:  # noqa: A002  matplotlib's name
        file.write(self.content)


def drawing(seed: int) -> Figure:
    """A plot of 325 x 196 pixels with one panel, to be drawn by the tracker."""
    figure = Figure(figsize=(3.25, 1.96), dpi=100)
    axes = figure.add_axes((0.1, 0.15, 0.85, 0.75))
    axes.stairs(*np.histogram(np.random.default_rng(seed).normal(size=1000), bins=40))
    return figure


def normal(seed: int) -> Table:
    frame = pd.DataFrame({"x": np.random.default_rng(seed).normal(size=1000)})
    return Table(frame, TableSpec.infer(frame))


REAL = normal(0)


def sheet(seed: int) -> Picture:
    """About the same plot as this library's plots give it, the real side kept."""
    return PDFByColumn()(TablePair(REAL, normal(seed)))["x"]


def noise_png() -> Drawn:
    """A PNG of about 74 kB, the size of a figure of many panels."""
    pixels = np.random.default_rng(0).integers(0, 256, (156, 156, 3), np.uint8)
    Image.fromarray(pixels).save(file := BytesIO(), format="png")
    return Drawn(file.getvalue())


Task = Callable[[Path], list[Cost]]


def ours(make: Callable[[Path], RunTracker], log: Callable[[RunTracker, int], object]) -> Task:
    def run(folder: Path) -> list[Cost]:
        costs: list[Cost] = []
        tracker = make(folder)
        with timed(costs):
            for step in range(STEPS):
                log(tracker, step)
        with timed(costs):
            tracker.close()
        return costs

    return run


def events(make: Callable[[int], list[Event]]) -> Task:
    def run(folder: Path) -> list[Cost]:
        costs: list[Cost] = []
        writer = EventFileWriter(str(folder))
        with timed(costs):
            for step in range(STEPS):
                for event in make(step):
                    writer.add_event(event)
        with timed(costs):
            writer.close()
        return costs

    return run


def torch_scalars(folder: Path) -> list[Cost]:
    costs: list[Cost] = []
    writer = SummaryWriter(str(folder))
    with timed(costs):
        for step in range(STEPS):
            for tag, value in SCORES.items():
                writer.add_scalar(tag, value, step)
    with timed(costs):
        writer.close()
    return costs


def one_event(step: int) -> list[Event]:
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in SCORES.items()]
    return [Event(wall_time=time.time(), step=step, summary=Summary(value=values))]


def image_event(step: int, picture: Drawn) -> list[Event]:
    image = Summary.Image(width=156, height=156, encoded_image_string=picture.content)
    value = Summary.Value(tag="visual/pdf", image=image)
    return [Event(wall_time=time.time(), step=step, summary=Summary(value=[value]))]


def log_scores(tracker: RunTracker, step: int) -> None:
    tracker.log_scalars(SCORES, step)


def compare(title: str, tasks: dict[str, Task], rounds: int, unit: float, name: str) -> None:
    """Run the tasks in turns and print a table; the first one is what the others are held to."""
    kept: dict[str, list[list[Cost]]] = {task: [] for task in tasks}
    for _ in range(rounds):
        for task, run in tasks.items():
            with TemporaryDirectory() as folder:
                kept[task].append(run(Path(folder, "run")))
    rows = {}
    for task, costs in kept.items():
        logging, closing = ([cost[i] for cost in costs] for i in (0, 1))
        rows[task] = {
            "caller": statistics.median(cost.caller for cost in logging) / STEPS / unit,
            "wall": statistics.median(cost.wall for cost in logging) / STEPS / unit,
            "process": statistics.median(
                a.process + b.process for a, b in zip(logging, closing, strict=True)
            )
            / STEPS
            / unit,
        }
    table = pd.DataFrame(rows).T
    table["ratio"] = table["process"] / table["process"].iloc[0]
    say(f"\n{title}, {name}\n{table.round(2).to_string()}")


def train() -> None:
    """Stands for the training that goes on meanwhile: numpy's share of it frees the lock."""
    weights = np.random.default_rng(0).normal(size=(300, 300))
    for _ in range(40):
        weights = np.tanh(weights @ weights / 300)


def epochs(
    make: Callable[[Path], RunTracker], draw: Callable[[int], Drawing], folder: Path
) -> tuple[float, float, float]:
    """What an epoch takes of the training thread, in milliseconds.

    Returns:
        CPU and wall time of the tracking calls, wall time of the training after them.
    """
    tracker, tracking, training = make(folder), list[Cost](), list[Cost]()
    for epoch in range(FIGURES):
        figures = [draw(seed) for seed in range(3)]
        with timed(tracking):
            tracker.log_scalars(SCORES, epoch)
            for number, figure in enumerate(figures):
                tracker.log_figure(f"visual/{number}", figure, epoch)
        with timed(training):
            train()
        tracker.flush()
    tracker.close()
    return (
        1000 * statistics.median(cost.caller for cost in tracking),
        1000 * statistics.median(cost.wall for cost in tracking),
        1000 * statistics.median(cost.wall for cost in training),
    )


def import_seconds(code: str, before: str = "import numpy, pandas") -> float:
    """CPU seconds of an import in a fresh interpreter, after what a training script has anyway."""
    script = f"{before}\nimport time\nstart = time.process_time()\n{code}\n"
    script += "print(time.process_time() - start)"
    runs = [
        float(
            subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
        )
        for _ in range(3)
    ]
    return min(runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    picture = noise_png()

    compare(
        "30 scalars of a step",
        {
            "TensorBoardTracker": ours(TensorBoardTracker, log_scores),
            "EventFileWriter, one event": events(one_event),
            "SummaryWriter of torch": torch_scalars,
            "FilesystemTracker": ours(FilesystemTracker, log_scores),
            "MemoryTracker": ours(lambda _: MemoryTracker(), log_scores),
            "Background(TensorBoardTracker)": ours(
                lambda folder: Background(TensorBoardTracker(folder)), log_scores
            ),
        },
        rounds,
        1e-6,
        "microseconds",
    )
    compare(
        "one scalar",
        {
            "TensorBoardTracker": ours(
                TensorBoardTracker, lambda tracker, n: tracker.log_scalars({"train/loss": 1.0}, n)
            ),
            "EventFileWriter": events(
                lambda n: [
                    Event(
                        step=n,
                        summary=Summary(value=[Summary.Value(tag="train/loss", simple_value=1.0)]),
                    )
                ]
            ),
        },
        rounds,
        1e-6,
        "microseconds",
    )
    compare(
        f"a PNG of {len(picture.content) // 1000} kB",
        {
            "TensorBoardTracker": ours(
                TensorBoardTracker, lambda tracker, n: tracker.log_figure("visual/pdf", picture, n)
            ),
            "EventFileWriter": events(lambda n: image_event(n, picture)),
            "FilesystemTracker": ours(
                FilesystemTracker, lambda tracker, n: tracker.log_figure("visual/pdf", picture, n)
            ),
        },
        rounds,
        1e-3,
        "milliseconds",
    )

    makers: dict[str, Callable[[Path], RunTracker]] = {
        "MemoryTracker": lambda _: MemoryTracker(),
        "TensorBoardTracker": TensorBoardTracker,
        "Background(TensorBoardTracker)": lambda folder: Background(TensorBoardTracker(folder)),
    }
    drawings: dict[str, Callable[[int], Drawing]] = {"Picture": sheet, "matplotlib": drawing}
    for kind, draw in drawings.items():
        say(f"\nepoch of 30 scores and 3 figures ({kind}), milliseconds of the training thread")
        for name, make in makers.items():
            with TemporaryDirectory() as place:
                cpu, wall, after = epochs(make, draw, Path(place, "run"))
            say(f"{name:32s} CPU {cpu:6.2f}  wall {wall:6.2f}  training after it {after:6.1f}")

    say("\nimports, CPU seconds after numpy and pandas")
    for module in ("memory", "filesystem", "tensorboard"):
        code = f"import synthproto.trackers.{module}"
        seconds = import_seconds(code, "import synthproto, pandas")
        say(f"synthproto.trackers.{module:12s} {seconds:.2f}")
    torch_first = "import numpy, pandas, torch"
    code = "from torch.utils.tensorboard import SummaryWriter"
    say(f"SummaryWriter, torch loaded      {import_seconds(code, torch_first):.2f}")
    code = "from tensorboard.summary.writer.event_file_writer import EventFileWriter"
    say(f"EventFileWriter                  {import_seconds(code):.2f}")


if __name__ == "__main__":
    main()
