"""Background and Tee: nothing is dropped, nothing waits, every loss is told."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pytest

from synthproto.contracts import RunTracker
from synthproto.errors import ParameterError, TrackerError
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.memory import MemoryTracker
from synthproto.trackers.wrappers import Background, Tee


class Slow:
    """A drawing that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def savefig(self, file: IO[bytes], /, *, format: str) -> None:  # noqa: A002
        time.sleep(self.seconds)
        file.write(b"drawn")


class Held:
    """A drawing that is not done before it may be."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def savefig(self, file: IO[bytes], /, *, format: str) -> None:  # noqa: A002
        assert self.released.wait(60), "who logged it waits for it"
        file.write(b"drawn")


class Broken:
    """A drawing that cannot be drawn."""

    def savefig(self, file: IO[bytes], /, *, format: str) -> None:  # noqa: A002
        raise ValueError("no ink")


class Scalars:
    """The least a user may bring: scalars, and neither plots nor a with-block."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, float, int]] = []
        self.closed = 0
        self.fails = False

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        if self.fails:
            raise ConnectionError("gone")
        self.kept += [(tag, value, step) for tag, value in values.items()]

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed += 1


def test_five_hundred_of_five_hundred_at_shutdown() -> None:
    memory, plot = MemoryTracker(), Held()
    with Background(memory, size=501) as tracker:
        tracker.log_figure("visual/slow", plot, 0)
        for step in range(500):
            tracker.log_scalars({"train/loss": float(step)}, step)
        assert len(memory.scores) == 0  # all of them wait behind the plot
        plot.released.set()
    assert memory.scores["value"].tolist() == [float(step) for step in range(500)]
    assert memory.status == "finished"


def test_a_program_that_forgets_to_close_loses_nothing(tmp_path: Path) -> None:
    script = f"""
from synthproto.trackers.wrappers import Background
from synthproto.trackers.filesystem import FilesystemTracker
tracker = Background(FilesystemTracker({str(tmp_path / "vae")!r}))
for step in range(500):
    tracker.log_scalars({{"train/loss": float(step)}}, step)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert len(pd.read_csv(tmp_path / "vae" / "scores.csv")) == 500


def test_a_call_does_not_wait_for_the_plot_before_it() -> None:
    plot = Held()
    with Background(MemoryTracker()) as tracker:
        tracker.log_figure("visual/slow", plot, 0)
        tracker.log_scalars({"train/loss": 1.0}, 0)
        plot.released.set()


def test_a_full_queue_makes_the_caller_wait_and_keeps_the_order() -> None:
    memory = MemoryTracker()
    with Background(memory, size=1) as tracker:
        start = time.perf_counter()
        for step in range(4):
            tracker.log_figure("visual/slow", Slow(0.1), step)
        assert time.perf_counter() - start > 0.15
    assert memory.figures["step"].tolist() == [0, 1, 2, 3]


def test_an_error_is_raised_by_the_next_call_and_on_closing_with_what_was_lost() -> None:
    memory = MemoryTracker()
    tracker = Background(memory)
    tracker.log_figure("visual/pdf", Broken(), 3)
    with pytest.raises(TrackerError, match=r"lost 1 entries so far: 'visual/pdf'.*no ink"):
        tracker.flush()
    tracker.log_scalars({"train/loss": 1.0}, 4)  # told once, then it goes on
    with pytest.raises(TrackerError, match=r"lost 1 entries so far: 'visual/pdf'.*no ink") as told:
        tracker.close()
    assert isinstance(told.value.__cause__, ValueError)
    assert memory.scores["value"].tolist() == [1.0]
    assert memory.status == "finished"
    tracker.close()


def test_the_call_that_tells_of_a_loss_is_not_lost_itself() -> None:
    memory = MemoryTracker()
    tracker = Background(memory)
    tracker.log_figure("visual/pdf", Broken(), 3)
    told = 0
    for step in range(50):
        try:
            tracker.log_scalars({"train/loss": 1.0}, step)
        except TrackerError:
            told += 1
        time.sleep(0.001)
    assert told == 1
    with pytest.raises(TrackerError, match="lost 1 entries"):
        tracker.close()
    assert len(memory.scores) == 50


def test_a_loss_does_not_hide_the_error_that_ended_the_run() -> None:
    memory = MemoryTracker()
    tracker = Background(memory)
    tracker.log_figure("visual/pdf", Broken(), 3)
    with pytest.raises(ZeroDivisionError) as error, tracker:
        _ = 1 / 0
    assert "lost 1 entries so far: 'visual/pdf'" in error.value.__notes__[0]
    assert (memory.status, memory.error) == ("failed", "ZeroDivisionError: division by zero")


def test_the_thread_ends_with_the_run() -> None:
    before = threading.active_count()
    with Background(MemoryTracker()) as tracker:
        assert threading.active_count() == before + 1
        tracker.log_scalars({"train/loss": 1.0}, 1)
    assert threading.active_count() == before


def test_a_file_may_change_as_soon_as_it_was_logged(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    memory = MemoryTracker()
    with Background(memory) as tracker:
        path.write_bytes(b"one")
        tracker.log_file("model", path, 1)
        path.unlink()
    assert memory.files["value"].tolist() == [b"one"]


def test_arrays_are_those_of_the_call() -> None:
    memory = MemoryTracker()
    values = np.ones(3)
    with Background(memory) as tracker:
        tracker.log_figure("visual/slow", Slow(0.05), 0)
        tracker.log_histogram("train/weights", values, 1)
        tracker.log_params({"seed": 1})
        values[:] = 0.0
    assert memory.histograms["value"][0].tolist() == [1.0, 1.0, 1.0]
    assert memory.params == {"seed": 1}


def test_a_queue_has_room() -> None:
    with pytest.raises(ParameterError, match="size must be at least 1; got 0"):
        Background(MemoryTracker(), size=0)


def test_each_tracker_gets_its_kinds_and_is_closed_once(tmp_path: Path) -> None:
    memory, partial = MemoryTracker(), Scalars()
    with Tee(memory, FilesystemTracker(tmp_path / "vae"), scalars=[partial, partial]) as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
        tracker.log_histogram("train/weights", np.ones(3), 1)
        tracker.flush()
    assert partial.kept == [("train/loss", 1.0, 1)] * 2
    assert partial.closed == 1
    assert len(memory.histograms) == 1
    assert (tmp_path / "vae" / "histograms" / "train" / "weights" / "00000001.npz").exists()


def test_one_failing_tracker_does_not_cost_the_others_anything() -> None:
    memory, broken, other = MemoryTracker(), Scalars(), Scalars()
    broken.fails = True
    tracker = Tee(scalars=[broken, memory, other])
    with pytest.raises(ConnectionError, match="gone"):
        tracker.log_scalars({"train/loss": 1.0}, 1)
    other.fails = True
    with pytest.raises(TrackerError, match="2 of 3 trackers failed: gone; gone"):
        tracker.log_scalars({"train/loss": 2.0}, 2)
    assert memory.scores["value"].tolist() == [1.0, 2.0]
    tracker.close()
    assert (broken.closed, memory.status) == (1, "finished")


def test_a_tracker_of_scalars_only_goes_to_the_background() -> None:
    partial = Scalars()
    with Background(Tee(scalars=[partial])) as tracker:
        assert isinstance(tracker, RunTracker)
        tracker.log_scalars({"train/loss": 1.0}, 1)
    assert partial.kept == [("train/loss", 1.0, 1)]
    assert partial.closed == 1


def test_a_tee_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="Tee needs a tracker; got none"):
        Tee()
