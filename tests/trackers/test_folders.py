"""One run a folder: never mixed, never written by two."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from synthproto.errors import ParameterError, TrackerError
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.tensorboard import TensorBoardTracker

Start = Callable[..., TensorBoardTracker | FilesystemTracker]

both = pytest.mark.parametrize("start", [TensorBoardTracker, FilesystemTracker])


@both
def test_a_folder_with_a_run_is_left_alone(start: Start, tmp_path: Path) -> None:
    for name in ("vae", "vae-2", "vae-3"):
        with start(tmp_path / "vae") as tracker:
            tracker.log_scalars({"train/loss": 1.0}, 1)
            assert tracker.folder == tmp_path / name


@both
def test_a_line_says_where_a_second_run_is(
    start: Start, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vae"
    with start(folder) as first:
        first.log_scalars({"train/loss": 1.0}, 1)
        mark = first.mark()
    assert capfd.readouterr().err == ""
    with start(folder) as second:
        assert (
            capfd.readouterr().err
            == f"'{folder}' holds a run already: this one is in '{folder}-2'\n"
        )
        second.rewind(mark)
        assert capfd.readouterr().err == f"the run in '{folder}' goes on\n"


def test_no_console_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    for name in ("vae", "vae-2"):
        with FilesystemTracker(tmp_path / "vae") as tracker:
            assert tracker.folder == tmp_path / name


@both
def test_runs_that_start_at_once_have_folders_of_their_own(start: Start, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        trackers = list(pool.map(lambda _: start(tmp_path / "vae"), range(8)))
    assert len({tracker.folder for tracker in trackers}) == 8
    for tracker in trackers:
        tracker.close()


@both
def test_a_folder_may_hold_other_things(start: Start, tmp_path: Path) -> None:
    (tmp_path / "vae" / "checkpoints").mkdir(parents=True)
    with start(tmp_path / "vae") as tracker:
        assert tracker.folder == tmp_path / "vae"


def test_two_kinds_of_trackers_share_a_folder(tmp_path: Path) -> None:
    for name in ("vae", "vae-2"):
        with (
            TensorBoardTracker(tmp_path / "vae") as one,
            FilesystemTracker(tmp_path / "vae") as two,
        ):
            assert one.folder == two.folder == tmp_path / name


@both
def test_only_a_run_can_be_continued(start: Start, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"holds no .*Leave resume_after out"):
        start(tmp_path / "vae", resume_after=3)
    assert not (tmp_path / "vae").exists()


@both
def test_a_run_under_way_cannot_be_continued(start: Start, tmp_path: Path) -> None:
    with start(tmp_path / "vae") as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
        with pytest.raises(TrackerError, match="still being written; one process writes one run"):
            start(tmp_path / "vae", resume_after=1)
    start(tmp_path / "vae", resume_after=1).close()


@both
def test_a_folder_that_cannot_be_made_is_refused_at_once(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackerError, match=r"must be writable; got NotADirectoryError.*another"):
        start(tmp_path / "file" / "vae")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


KILLED = """
import os, signal, sys
from synthproto.trackers.{module} import {name}
tracker = {name}(sys.argv[1])
tracker.log_params({{"seed": 1}})
for step in range(1, 301):
    tracker.log_scalars({{"train/loss": 1 / step, "train/kl": float(step)}}, step)
    tracker.log_text("notes", "x" * 500, step)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("start", "module"), [(TensorBoardTracker, "tensorboard"), (FilesystemTracker, "filesystem")]
)
def test_a_killed_process_loses_nothing_and_its_run_goes_on(
    start: Start, module: str, tmp_path: Path
) -> None:
    script = KILLED.format(module=module, name=start.__name__)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "vae")], check=False)
    assert done.returncode == -9

    def losses() -> list[tuple[int, float]]:
        if module == "tensorboard":
            events = EventAccumulator(str(tmp_path / "vae"), {"scalars": 0}).Reload()
            return [(event.step, event.value) for event in events.Scalars("train/loss")]
        scores = pd.read_csv(tmp_path / "vae" / "scores.csv")
        scores = scores[scores["tag"] == "train/loss"]
        return list(zip(scores["step"], scores["value"], strict=True))

    steps, values = zip(*losses(), strict=True)
    assert steps == tuple(range(1, 301))
    assert values == pytest.approx([1 / step for step in steps])
    with start(tmp_path / "vae", resume_after=290) as tracker:
        tracker.log_scalars({"train/loss": 9.0}, 291)
    assert losses()[-2:] == [(290, pytest.approx(1 / 290)), (291, 9.0)]
    assert len(losses()) == 291


@pytest.mark.parametrize("module", ["memory", "filesystem", "tensorboard"])
def test_a_tracker_loads_no_more_than_it_needs(module: str) -> None:
    heavy = {"torch", "matplotlib", "scipy", "mlflow", "tensorboard.backend"}
    heavy |= {"tensorboard"} if module != "tensorboard" else set()
    script = f"import sys, synthproto.trackers.{module}\nprint(*({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
