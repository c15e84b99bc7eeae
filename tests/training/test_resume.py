"""What trackers hold of a run that was cut and went on is what the uninterrupted one tracked."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from synthproto.contracts import EpochEvent, RunTracker, ScalarTracker, StepEvent
from synthproto.data.batches import Batches
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.trackers.wrappers import Background, Tee
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


def run(
    tracker: ScalarTracker,
    checkpoints: Checkpoints,
    cut: int,
    epochs_tracked: int,
    resume: bool | Path = True,
) -> None:
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
    ).run(resume=resume)


Opened = FilesystemTracker | TensorBoardTracker
trackers = pytest.mark.parametrize(
    ("kind", "read"),
    [(FilesystemTracker, read_filesystem), (TensorBoardTracker, read_tensorboard)],
)


@pytest.mark.parametrize("told", ["by run()", "by saved_at"])
@pytest.mark.parametrize("epochs_tracked", [1, 3])
@pytest.mark.parametrize(
    ("every_steps", "cuts"), [(3, [5]), (3, [2, 9]), (None, [9]), (None, [3, 13, 14]), (5, [16])]
)
@trackers
def test_a_cut_run_tracks_each_value_once(
    kind: type[Opened],
    read: Callable[[Path], Kept],
    every_steps: int | None,
    cuts: list[int],
    epochs_tracked: int,
    told: str,
    tmp_path: Path,
) -> None:
    def begun(name: str, stop: int) -> Kept:
        folder = tmp_path / name
        checkpoints = Checkpoints(folder / "checkpoints", every_steps=every_steps)
        moment = checkpoints.saved_at if told == "by saved_at" else None
        tracker = kind(folder, resume_after=moment)
        tracker.log_params({"width": 3})
        tracker.log_text("run/note", "a text", 0)
        try:
            run(tracker, checkpoints, stop, epochs_tracked)
        finally:
            tracker.close()
        assert tracker.folder == folder
        assert [path.name for path in tmp_path.glob(f"{name}*")] == [name]
        return read(folder)

    expected = begun("whole", 0)
    assert expected.texts["run/note", 0] == "a text"
    for cut in cuts:
        with pytest.raises(SystemExit):
            begun("cut", cut)
    found = begun("cut", 0)
    assert found.scores == expected.scores
    assert found.params == expected.params == {"width": "3"}
    assert found.texts == expected.texts


@trackers
@pytest.mark.parametrize("wrap", [lambda t: t, Background, Tee], ids=["bare", "background", "tee"])
def test_an_older_checkpoint_is_a_moment_too(
    kind: type[Opened],
    read: Callable[[Path], Kept],
    wrap: Callable[[Opened], RunTracker],
    tmp_path: Path,
) -> None:
    def begun(resume: bool | Path, note: str) -> None:
        tracker = wrap(kind(tmp_path / "run"))
        tracker.log_text("notes", note, 0)
        run(tracker, Checkpoints(tmp_path / "checkpoints", keep=9), 0, 1, resume)
        tracker.close()

    begun(True, "first")
    whole = read(tmp_path / "run")
    begun(tmp_path / "checkpoints" / f"checkpoint-{BATCHES * 2:09d}.pt", "second")
    again = read(tmp_path / "run")
    assert again.scores == whole.scores
    assert [step for tag, step, _ in again.scores if tag == "train/loss"] == [1, 2, 3, 4, 5]
    assert again.texts["notes", 0] == "second"
    assert [path.name for path in tmp_path.glob("run*")] == ["run"]


@trackers
def test_a_run_that_ended_before_its_first_checkpoint_begins_anew_in_its_folder(
    kind: type[Opened], read: Callable[[Path], Kept], tmp_path: Path
) -> None:
    for cut in (1, 3, 0):
        tracker = kind(tmp_path / "run")
        with suppress(SystemExit):
            run(tracker, Checkpoints(tmp_path / "checkpoints"), cut, 1)
        tracker.close()
    scores = read(tmp_path / "run").scores
    assert len(scores) == len({score[:2] for score in scores}) == EPOCHS * (BATCHES + 1)
    assert [path.name for path in tmp_path.glob("run*")] == ["run"]


@trackers
def test_a_run_of_its_own_is_left_alone(
    kind: type[Opened], read: Callable[[Path], Kept], tmp_path: Path
) -> None:
    with kind(tmp_path / "run") as other:
        other.log_scalars({"train/loss": 9.0}, 99)
    for cut in (9, 0):
        tracker = kind(tmp_path / "run")
        with suppress(SystemExit):
            run(tracker, Checkpoints(tmp_path / "checkpoints"), cut, 1)
        tracker.close()
        assert tracker.folder == tmp_path / "run-2"
    assert read(tmp_path / "run").scores == [("train/loss", 99, 9.0)]
    assert len(read(tmp_path / "run-2").scores) == EPOCHS * (BATCHES + 1)


def test_a_second_run_after_an_error_in_a_routine_tracks_nothing_twice() -> None:
    class Counting:
        def __init__(self) -> None:
            self.seen: list[tuple[int, float]] = []

        def log_scalars(self, values: Mapping[str, float], step: int) -> None:
            self.seen += [(step, value) for value in values.values()]

        def flush(self) -> None: ...
        def close(self) -> None: ...

    tracker, tries = Counting(), iter([True, False, True, False, False])

    def fails(event: EpochEvent) -> dict[str, float]:
        if next(tries):
            raise OSError("out of reach")
        return {"late/value": float(event.epoch)}

    net = Net()
    trainer = Trainer(
        step=GradientStep(model=net, loss=loss_of, optimizer=torch.optim.SGD(net.parameters())),
        batches=[Rows(torch.ones(2, 3))] * 2,
        routines=[LossRoutine(tracker), fails],
        stopper=MaxEpochs(3),
        progress=False,
    )
    for _ in range(2):
        with pytest.raises(OSError, match="out of reach"):
            trainer.run()
    result = trainer.run()
    assert [step for step, _ in tracker.seen] == [1, 2, 3]
    assert result.history["late/value"].tolist() == [1.0, 2.0, 3.0]
    assert result.step == 6


def test_without_a_checkpoint_the_moment_is_before_all_time(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").saved_at.timestamp() == 0


def test_a_checkpoint_of_before_moments_were_kept_has_its_files(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save({"step": 1}, 1)
    content = torch.load(path, weights_only=True)
    del content["state"]["saved"]
    torch.save(content, path)
    assert checkpoints.saved_at.timestamp() == pytest.approx(path.stat().st_mtime, abs=1e-3)
