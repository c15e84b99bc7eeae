"""A full disk: a clear error or a run that goes on, as the user chose; never a torn file."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# A limit on the size of any file stands for the full disk: it needs no rights, and the operating
# system refuses a write in its middle in both cases.
LIMITED = """
import resource, sys, warnings
from pathlib import Path
from synthproto.errors import TrackerError
from synthproto.trackers.{module} import {name}
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
with {name}(sys.argv[1], on_error="{on_error}") as tracker:
    for step in range(1, 1001):
        tracker.log_scalars({{"train/loss": 1.0, "train/kl": 2.0}}, step)
    print("trained")
    Path(sys.argv[1], "trained").touch()
"""
CASES = [("TensorBoardTracker", "tensorboard"), ("FilesystemTracker", "filesystem")]


def run(folder: Path, name: str, module: str, on_error: str) -> subprocess.CompletedProcess[str]:
    script = LIMITED.format(name=name, module=module, on_error=on_error)
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def kept(folder: Path, module: str) -> int:
    """Steps that can be read, each whole."""
    if module == "filesystem":
        scores = pd.read_csv(folder / "scores.csv")
        assert scores.groupby("step")["value"].sum().eq(3.0).all()
        return scores["step"].nunique()
    events = EventAccumulator(str(folder), {"scalars": 0}).Reload()
    losses, divergences = events.Scalars("train/loss"), events.Scalars("train/kl")
    assert [event.step for event in losses] == [event.step for event in divergences]
    return len(losses)


@pytest.mark.parametrize(("name", "module"), CASES)
def test_a_full_disk_ends_in_one_clear_error(name: str, module: str, tmp_path: Path) -> None:
    done = run(tmp_path / "vae", name, module, "raise")
    assert done.returncode == 1
    assert f"TrackerError: {name}('{tmp_path}/vae') could not keep 'train/loss', 'train/kl'" in (
        done.stderr
    )
    assert "File too large" in done.stderr
    assert "Pass on_error='warn' to go on without." in done.stderr
    assert "trained" not in done.stdout
    assert 200 < kept(tmp_path / "vae", module) < 1000


@pytest.mark.parametrize(("name", "module"), CASES)
def test_a_full_disk_need_not_stop_training(name: str, module: str, tmp_path: Path) -> None:
    done = run(tmp_path / "vae", name, module, "warn")
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("SynthprotoWarning") == 2  # when it begins, and the sum at the end
    steps = kept(tmp_path / "vae", module)
    assert 200 < steps < 1000
    lost = re.search(r"lost (\d+) values of \d tags: 'train/loss', 'train/kl'", done.stderr)
    assert lost is not None
    assert int(lost[1]) - 2 * (1000 - steps) in (0, 1)  # TensorBoard's status has no room either


@pytest.mark.parametrize(("name", "module"), CASES)
def test_the_run_goes_on_when_there_is_room_again(name: str, module: str, tmp_path: Path) -> None:
    run(tmp_path / "vae", name, module, "raise")
    before = kept(tmp_path / "vae", module)
    goes_on = f"""
import sys
from synthproto.trackers.{module} import {name}
with {name}(sys.argv[1], resume_after={before}) as tracker:
    for step in range({before} + 1, 1001):
        tracker.log_scalars({{"train/loss": 1.0, "train/kl": 2.0}}, step)
"""
    subprocess.run([sys.executable, "-c", goes_on, str(tmp_path / "vae")], check=True)
    assert kept(tmp_path / "vae", module) == 1000
