"""What trackers hold of a run that was cut and went on is what the uninterrupted one tracked."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from synthproto.contracts import ScalarTracker, StepEvent
from synthproto.data.batches import Batches
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.training.callbacks import LossCallback
from synthproto.training.checkpoints import Checkpoints
from synthproto.training.routines import Every, LossRoutine
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from tests.trackers.table import Kept, read_filesystem, read_tensorboard

EPOCHS, BATCHES = 5, 4


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, batch: Rows) -> Fit:
        return Fit(loss=(self.layer(batch.x) - 1).square().mean())


def run(tracker: ScalarTracker, checkpoints: Checkpoints, cut: int, epochs_tracked: int) -> None:
    """Train; be cut off after some steps, as by ``kill``."""
    torch.manual_seed(0)
    net = Net()

    def stop(event: StepEvent[Rows, Fit]) -> None:
        if event.step == cut:
            raise SystemExit

    Trainer(
        step=GradientStep(
            model=net, loss=loss_of, optimizer=torch.optim.SGD(net.parameters(), 0.1)
        ),
        batches=Batches(Rows(torch.randn(8 * BATCHES, 3)), 8),
        callbacks=[LossCallback(tracker), stop],
        routines=[Every(epochs_tracked, LossRoutine(tracker))],
        checkpoints=checkpoints,
        stopper=MaxEpochs(EPOCHS),
        progress=False,
    ).run(resume=True)


def filesystem(folder: Path, after: datetime) -> FilesystemTracker:
    return FilesystemTracker(folder, resume_after=after)


def tensorboard(folder: Path, after: datetime) -> TensorBoardTracker:
    return TensorBoardTracker(folder, resume_after=after)


@pytest.mark.parametrize("epochs_tracked", [1, 3])
@pytest.mark.parametrize(
    ("every_steps", "cuts"), [(3, [5]), (3, [2, 9]), (None, [9]), (None, [3, 13, 14]), (5, [16])]
)
@pytest.mark.parametrize(
    ("opened", "read"), [(filesystem, read_filesystem), (tensorboard, read_tensorboard)]
)
def test_a_cut_run_tracks_each_value_once(
    opened: Callable[[Path, datetime], FilesystemTracker | TensorBoardTracker],
    read: Callable[[Path], Kept],
    every_steps: int | None,
    cuts: list[int],
    epochs_tracked: int,
    tmp_path: Path,
) -> None:
    def begun(name: str, stop: int) -> list[tuple[str, int, float]]:
        folder = tmp_path / name
        checkpoints = Checkpoints(folder / "checkpoints", every_steps=every_steps)
        tracker = opened(folder, checkpoints.saved_at)
        assert tracker.folder == folder
        try:
            run(tracker, checkpoints, stop, epochs_tracked)
        finally:
            tracker.close()
        return read(folder).scores

    expected = begun("whole", 0)
    for cut in cuts:
        with pytest.raises(SystemExit):
            begun("cut", cut)
    assert begun("cut", 0) == expected


def test_without_a_checkpoint_the_moment_is_before_all_time(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").saved_at.timestamp() == 0


def test_a_checkpoint_of_before_moments_were_kept_has_its_files(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save({"step": 1}, 1)
    content = torch.load(path, weights_only=True)
    del content["state"]["saved"]
    torch.save(content, path)
    assert checkpoints.saved_at.timestamp() == pytest.approx(path.stat().st_mtime, abs=1e-3)
