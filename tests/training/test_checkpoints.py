"""Checkpoints: whole or absent, safe to read, and a resumed run is the uninterrupted one."""

import io
import json
import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
import weakref
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

from synthproto.contracts import EpochEvent, StepEvent
from synthproto.data.batches import Batches
from synthproto.errors import (
    CheckpointError,
    NonFiniteLossError,
    ParameterError,
    SynthprotoWarning,
)
from synthproto.training.callbacks import LossCallback
from synthproto.training.checkpoints import _UPGRADES, Checkpoints, read_checkpoint
from synthproto.training.models import Ema
from synthproto.training.optimization import OnPlateau, PerStep
from synthproto.training.routines import BatchScores, Every, KeepBest, LossRoutine
from synthproto.training.state import HistoryTable
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import AnyOf, MaxEpochs, MaxSteps, Patience, train_loss
from synthproto.training.trainer import Trainer

EPOCHS, BATCHES = 6, 5


class Rows(NamedTuple):
    x: Tensor


class Scored(NamedTuple):
    loss: Tensor


class Net(nn.Module):
    """Draws from every generator there is."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
        )
        self.torch_generator = torch.Generator().manual_seed(5)
        self.numpy_generator = np.random.default_rng(5)

    def forward(self, batch: Rows) -> Scored:
        noise = torch.randn_like(batch.x)
        noise += torch.randn(4, generator=self.torch_generator)
        noise += random.random() + np.random.rand() + self.numpy_generator.random()
        out = self.layers(batch.x + 0.1 * noise)
        return Scored(loss=(out - batch.x.sum(1, keepdim=True)).pow(2).mean())


class Lines:
    """A tracker that appends to a file; what is not flushed is lost with the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        weakref.finalize(self, self._file.close)

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self._file.write(json.dumps({"step": step, **values}) + "\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def tracked(path: Path) -> dict[tuple[str, int], float]:
    """Value by tag and step; the last one counts, and a line cut short does not."""
    found: dict[tuple[str, int], float] = {}
    for line in path.read_text().splitlines():
        try:
            values = json.loads(line)
        except json.JSONDecodeError:
            continue
        step = values.pop("step")
        found |= {(tag, step): value for tag, value in values.items()}
    return found


def rows() -> Rows:
    return Rows(torch.randn(40, 4, generator=torch.Generator().manual_seed(1)))


class Run:
    """A run with everything that has a state."""

    def __init__(
        self,
        folder: Path,
        *,
        epochs: int = EPOCHS,
        every_steps: int | None = None,
        pause: float = 0,
    ) -> None:
        torch.manual_seed(7)
        self.model = Net()
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-2)
        tracker = Lines(folder / "scalars.jsonl")
        self.step = GradientStep(
            model=self.model,
            loss=loss_of,
            optimizer=optimizer,
            scheduler=PerStep(OneCycleLR(optimizer, 1e-2, total_steps=EPOCHS * BATCHES)),
            clip_norm=1.0,
            accumulate=3,
            ema=Ema(self.model, 0.9),
        )
        self.checkpoints = Checkpoints(
            folder / "checkpoints", every_steps=every_steps, trackers=[tracker], best=train_loss
        )
        holdout = BatchScores(
            model=self.model, batches=[rows()], scores={"loss": loss_of}, tracker=tracker
        )
        self.best = KeepBest(self.model, holdout.monitor("loss"))
        self.trainer = Trainer(
            step=self.step,
            batches=Batches(rows(), 8),
            stopper=AnyOf(MaxEpochs(epochs), Patience(holdout.monitor("loss"), 4)),
            callbacks=[LossCallback(tracker), lambda _: time.sleep(pause)],
            routines=[LossRoutine(tracker), Every(2, holdout), self.best],
            checkpoints=self.checkpoints,
            generators=[self.model.torch_generator, self.model.numpy_generator],
            progress=False,
        )


class Ending(NamedTuple):
    weights: bytes
    best: bytes
    history: str
    tracked: dict[tuple[str, int], float]


def bits(state: Mapping[str, object]) -> bytes:
    buffer = io.BytesIO()
    pickle.dump({k: v.tolist() if isinstance(v, Tensor) else v for k, v in state.items()}, buffer)
    return buffer.getvalue()


def finished(run: Run, folder: Path, resume: bool | Path = False) -> Ending:
    result = run.trainer.run(resume=resume)
    assert result.step == EPOCHS * BATCHES
    weights = bits(run.model.state_dict())
    run.best.restore()
    return Ending(
        weights,
        bits(run.model.state_dict()),
        result.history.drop(columns="seconds").to_json(double_precision=15),
        tracked(folder / "scalars.jsonl"),
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Ending:
    folder = tmp_path_factory.mktemp("whole")
    run = Run(folder)
    ending = finished(run, folder)
    run.trainer.run()
    return ending


@pytest.mark.parametrize("steps", [1, 4, 5, 7, 9, 15, 29])
def test_a_resumed_run_is_the_uninterrupted_one(
    steps: int, tmp_path: Path, uninterrupted: Ending
) -> None:
    # 3 steps make an accumulation window, 5 an epoch: most of these cut both in the middle.
    def cut(event: StepEvent[Rows, Scored]) -> None:
        if event.step == steps + 1:
            raise SystemExit

    first = Run(tmp_path, every_steps=steps)
    first.trainer._callbacks = (*first.trainer._callbacks, cut)
    with pytest.raises(SystemExit):
        first.trainer.run()
    assert finished(Run(tmp_path), tmp_path, resume=True) == uninterrupted


def test_resume_from_the_end_does_nothing_and_more_epochs_go_on(
    tmp_path: Path, uninterrupted: Ending
) -> None:
    assert Run(tmp_path, epochs=2).trainer.run().epoch == 2
    done = Run(tmp_path, epochs=2)
    assert done.trainer.run(resume=True).step == 2 * BATCHES
    assert finished(Run(tmp_path), tmp_path, resume=True) == uninterrupted


def _train_in_child(folder: Path) -> None:
    Run(folder, every_steps=2, pause=0.002).trainer.run(resume=True)


def kill_and_resume(folder: Path, kills: int) -> Ending:
    """Train in processes that are killed at random times; then let one finish."""
    moments = random.Random(kills)
    fork = multiprocessing.get_context("fork")
    for _ in range(kills):
        child = fork.Process(target=_train_in_child, args=(folder,))
        child.start()
        time.sleep(moments.uniform(0.01, 0.12))
        child.kill()
        child.join()
        assert not any(
            path.name.startswith("checkpoint") and not path.stat().st_size
            for path in folder.glob("checkpoints/*")
        )
    return finished(Run(folder, every_steps=2), folder, resume=True)


def test_killed_and_resumed_is_the_uninterrupted_one(tmp_path: Path, uninterrupted: Ending) -> None:
    assert kill_and_resume(tmp_path, 3) == uninterrupted


@pytest.mark.slow
def test_killed_thirty_times_and_resumed_is_the_uninterrupted_one(
    tmp_path: Path, uninterrupted: Ending
) -> None:
    for round_ in range(6):
        folder = tmp_path / str(round_)
        folder.mkdir()
        assert kill_and_resume(folder, 5 + round_) == uninterrupted


def test_batches_that_draw_from_the_global_generator_resume_too(tmp_path: Path) -> None:
    loader = DataLoader(TensorDataset(rows().x), batch_size=8, shuffle=True)

    def batches(_: int) -> Iterator[Rows]:
        return (Rows(x) for (x,) in loader)

    def run(steps: int, resume: bool, folder: str) -> bytes:
        torch.manual_seed(7)
        model = Net()
        Trainer(
            step=GradientStep(
                model=model, loss=loss_of, optimizer=torch.optim.Adam(model.parameters())
            ),
            batches=batches,
            stopper=MaxSteps(steps),
            checkpoints=Checkpoints(tmp_path / folder),
            generators=[model.torch_generator, model.numpy_generator],
            progress=False,
        ).run(resume=resume)
        return bits(model.state_dict())

    whole = run(18, False, "whole")
    run(8, False, "cut")
    assert run(18, True, "cut") == whole


def test_schedulers_by_epoch_and_on_a_plateau_resume(tmp_path: Path) -> None:
    def run(epochs: int, folder: str) -> float:
        torch.manual_seed(7)
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        plateau = ReduceLROnPlateau(optimizer, patience=0, threshold=10.0, threshold_mode="abs")
        Trainer(
            step=GradientStep(
                model=model,
                loss=loss_of,
                optimizer=optimizer,
                scheduler=OnPlateau(plateau, train_loss),
            ),
            batches=[rows()],
            stopper=MaxEpochs(epochs),
            checkpoints=Checkpoints(tmp_path / folder),
            progress=False,
        ).run(resume=True)
        return float(optimizer.param_groups[0]["lr"])

    whole = run(4, "whole")
    assert whole == pytest.approx(1e-6)
    run(2, "cut")
    assert run(4, "cut") == whole


def test_latest_and_best_are_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    result = run.trainer.run()
    names = [path.name for path in run.checkpoints.paths]
    assert names == [f"checkpoint-{step:09d}.pt" for step in (20, 25, 30)]
    best = 1 + int(result.history["train/loss"].to_numpy().argmin())
    path = run.checkpoints.best
    assert path is not None
    saved = read_checkpoint(path)["run"]
    assert isinstance(saved, dict)
    assert saved["epoch"] == best
    run.checkpoints.restore(run.step)
    step = read_checkpoint(path)["step"]
    assert isinstance(step, dict)
    assert bits(run.model.state_dict()) == bits(step["model"])


def test_a_kept_copy_is_no_alias(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.trainer.run()
    epoch, value = run.best.epoch, run.best.value
    before = bits(run.best._weights)
    with torch.no_grad():
        next(run.model.parameters()).zero_()
    assert bits(run.best._weights) == before
    assert epoch > 0
    assert value < float("inf")


def test_another_runs_checkpoints_are_not_overwritten(tmp_path: Path) -> None:
    Run(tmp_path).trainer.run()
    with pytest.raises(ParameterError, match="is of an earlier run"):
        Run(tmp_path).trainer.run()


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "empty": b"",
        "cut": content[:middle],
        "flipped": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
        "text": b"not a checkpoint",
    }
    path.write_bytes(damaged[how])


@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "text"])
def test_a_damaged_file_is_refused_and_the_one_before_it_offered(
    how: str, tmp_path: Path, uninterrupted: Ending
) -> None:
    run = Run(tmp_path, epochs=3)
    run.trainer.run()
    before, last = run.checkpoints.paths[-2:]
    damage(last, how)
    again = Run(tmp_path)
    weights = bits(again.model.state_dict())
    with pytest.raises(CheckpointError, match="damaged") as refused:
        again.trainer.run(resume=True)
    assert str(last) in str(refused.value)
    assert f"The one before it is {str(before)!r}" in str(refused.value)
    assert bits(again.model.state_dict()) == weights
    assert finished(Run(tmp_path), tmp_path, resume=before) == uninterrupted


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        import os

        return (os.system, ("echo code was run; exit 1",))


def test_no_code_in_a_file_is_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "checkpoint-000000001.pt"
    torch.save({"format": "synthproto checkpoint", "version": 1, "state": Evil()}, path)
    with pytest.raises(CheckpointError, match="could run code"):
        read_checkpoint(path)
    assert capfd.readouterr().out == ""


def test_foreign_and_missing_files_and_other_versions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with pytest.raises(CheckpointError, match="does not exist"):
        read_checkpoint(path)
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="no synthproto checkpoint"):
        read_checkpoint(path)
    torch.save({"format": "synthproto checkpoint", "version": 99, "state": {}}, path)
    with pytest.raises(CheckpointError, match="has version 99; this library reads up to 2"):
        read_checkpoint(path)


def other_composition(folder: Path, width: int, ema: bool, kept: bool) -> Trainer[Rows, Scored]:
    model = Net()
    model.layers[4] = nn.Linear(8, width)
    return Trainer(
        step=GradientStep(
            model=model,
            loss=loss_of,
            optimizer=torch.optim.AdamW(model.parameters()),
            ema=Ema(model, 0.9) if ema else None,
        ),
        batches=[rows()],
        stopper=MaxEpochs(2),
        routines=[KeepBest(model, train_loss)] if kept else [],
        checkpoints=Checkpoints(folder),
        progress=False,
    )


@pytest.mark.parametrize(
    ("width", "ema", "kept", "message"),
    [
        (2, True, True, "size mismatch"),
        (1, False, True, "state has the parts"),
        (1, True, False, r"states of the parts \['KeepBest'\], needed are \[\]"),
    ],
)
def test_another_composition_is_refused_and_left_as_it_was(
    width: int, ema: bool, kept: bool, message: str, tmp_path: Path
) -> None:
    other_composition(tmp_path, 1, True, True).run()
    trainer = other_composition(tmp_path, width, ema, kept)
    before = bits(trainer._step.state_dict()["model"])  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match=message):
        trainer.run(resume=True)
    assert bits(trainer._step.state_dict()["model"]) == before  # type: ignore[arg-type]


def test_states_that_cannot_be_read_back_are_refused_when_written(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(CheckpointError, match="not tensors or plain values"):
        checkpoints.save({"frame": pd.DataFrame()}, 1)
    assert list(tmp_path.iterdir()) == []


def test_left_overs_of_a_killed_process_are_removed_by_the_next_run(tmp_path: Path) -> None:
    for step in (1, 7):
        (tmp_path / f".checkpoint-{step:09d}.pt.123-456.partial").write_bytes(b"half")
    (tmp_path / ".best.pt.123-456.partial").write_bytes(b"half")
    lock = Checkpoints(tmp_path).lock()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    with pytest.raises(ParameterError, match="another run is writing to"):
        Checkpoints(tmp_path).lock()
    lock.close()
    Checkpoints(tmp_path).lock().close()


def test_is_best_reads_only_new_values(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, best=lambda event: event.scores.get("s"), mode="max")
    history = [EpochEvent(i + 1, 1, 0.0, s) for i, s in enumerate([{"s": 1.0}, {}, {"s": 1.0}])]
    assert [checkpoints.is_best(history[:n]) for n in range(4)] == [False, True, False, False]


@pytest.mark.parametrize("name", ["every", "every_steps", "keep"])
def test_numbers_below_one_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=f"{name}=0"):
        Checkpoints(
            tmp_path,
            every=0 if name == "every" else 1,
            every_steps=0 if name == "every_steps" else None,
            keep=0 if name == "keep" else 3,
        )


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match="cannot be made"):
        Checkpoints(tmp_path / "file" / "checkpoints")


def test_a_state_of_an_older_version_is_upgraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.pt"
    torch.save({"format": "synthproto checkpoint", "version": 0, "state": {"steps": 3}}, path)
    with pytest.raises(CheckpointError, match="has version 0"):
        read_checkpoint(path)
    renamed = {0: lambda state: {"step": state["steps"]}, **_UPGRADES}
    monkeypatch.setattr("synthproto.training.checkpoints._UPGRADES", renamed)
    assert read_checkpoint(path) == {"step": 3}


def as_version_1(path: Path) -> dict[str, Any]:
    """The content of a checkpoint, with the history as version 1 had it: epoch by epoch."""
    content: dict[str, Any] = torch.load(path, weights_only=True)
    run = content["state"]["run"]
    rows = HistoryTable.read(run["history"])
    run["history"] = [(e.epoch, e.step, e.seconds, dict(e.scores)) for e in rows]
    return {**content, "version": 1}


def test_a_run_goes_on_from_a_checkpoint_of_version_1(
    tmp_path: Path, uninterrupted: Ending
) -> None:
    Run(tmp_path, epochs=3).trainer.run()
    path = Run(tmp_path).checkpoints.paths[-1]
    old = as_version_1(path)
    assert old["state"]["run"]["history"]
    torch.save(old, path)
    assert finished(Run(tmp_path), tmp_path, resume=True) == uninterrupted


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("history", [3, [(1,)], [3], [(1, 2, 3.0, "scores")], {"epoch": 3}])
def test_a_damaged_history_is_told(history: object, version: int, tmp_path: Path) -> None:
    short(tmp_path).run()
    path = Checkpoints(tmp_path).paths[-1]
    content = as_version_1(path)
    content["state"]["run"]["history"] = history
    torch.save({**content, "version": version}, path)
    with pytest.raises(CheckpointError, match="is damaged"):
        short(tmp_path).run(resume=True)


def test_ctrl_c_saves_where_the_run_stopped(tmp_path: Path, uninterrupted: Ending) -> None:
    def press(event: StepEvent[Rows, Scored]) -> None:
        if event.step == 8:
            os.kill(os.getpid(), signal.SIGINT)

    first = Run(tmp_path)
    first.trainer._callbacks = (*first.trainer._callbacks, press)
    result = first.trainer.run()
    assert (result.interrupted, result.step) == (True, 8)
    assert first.checkpoints.paths[-1].name == "checkpoint-000000008.pt"
    assert finished(Run(tmp_path), tmp_path, resume=True) == uninterrupted


def test_no_checkpoint_is_written_of_a_broken_state(tmp_path: Path) -> None:
    def poison(event: StepEvent[Rows, Scored]) -> None:
        if event.step == 7:
            with torch.no_grad():
                next(run.model.parameters()).fill_(float("nan"))

    run = Run(tmp_path)
    run.trainer._callbacks = (*run.trainer._callbacks, poison)
    with pytest.raises(NonFiniteLossError, match="epoch 2, step 8"):
        run.trainer.run()
    assert [path.name for path in run.checkpoints.paths] == ["checkpoint-000000005.pt"]


def test_a_full_disk_leaves_the_checkpoints_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1}, 1)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        checkpoints.save({"step": 2}, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000001.pt"]
    assert read_checkpoint(checkpoints.paths[0])["step"] == 1


# --- what differs from the checkpoint -------------------------------------------------------------


def short(folder: Path, size: int = 8, seed: int = 0, count: int = 40) -> Trainer[Rows, Scored]:
    torch.manual_seed(7)
    model = Net()
    return Trainer(
        step=GradientStep(model=model, loss=loss_of, optimizer=torch.optim.SGD(model.parameters())),
        batches=Batches(Rows(rows().x[:count]), size, seed),
        stopper=MaxSteps(30),
        checkpoints=Checkpoints(folder),
        generators=[model.torch_generator],
        seed=seed,
        progress=False,
    )


def test_what_the_script_does_otherwise_is_told_with_the_side_that_wins(tmp_path: Path) -> None:
    short(tmp_path).run()
    short(tmp_path).run(resume=True)  # the same says nothing
    with pytest.warns(SynthprotoWarning) as told:
        short(tmp_path, size=10, seed=3, count=32).run(resume=True)
    text = str(told[0].message)
    assert "seed is 3, was 0 (the random states of the checkpoint are used)" in text
    assert "rows is 32, was 40" in text
    assert "size is 10, was 8" in text
    assert text.endswith("(those of the script are used).")


def test_another_number_of_generators_is_refused(tmp_path: Path) -> None:
    short(tmp_path).run()
    other = short(tmp_path)
    other._saver._generators = ()
    with pytest.raises(CheckpointError, match="the states of 1 generators, needed are 0"):
        other.run(resume=True)


def test_another_optimizer_is_refused(tmp_path: Path) -> None:
    short(tmp_path).run()
    other = short(tmp_path)
    model = Net()
    other._saver._step = GradientStep(
        model=model, loss=loss_of, optimizer=torch.optim.Adam(model.parameters())
    )
    with pytest.raises(CheckpointError, match="class is 'Adam', was 'SGD'"):
        other.run(resume=True)


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    def second(event: EpochEvent) -> None:
        with pytest.raises(ParameterError, match="another run is writing to"):
            short(tmp_path).run(resume=True)

    first = short(tmp_path)
    first._routines = (second,)
    first.run()
    short(tmp_path).run(resume=True)  # it is free again


@pytest.mark.parametrize("content", ["[]", "{", '[["a", 1]]', "7"])
def test_a_damaged_beginning_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "beginning.json").write_text(content)
    if content == "[]":
        short(tmp_path).run(resume=True)
        return
    with pytest.raises(CheckpointError, match="Remove it to begin anew"):
        short(tmp_path).run(resume=True)


def test_a_compressed_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint-000000001.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.pkl", bytes(1_000_000))
    with pytest.raises(CheckpointError, match="it is compressed, which no checkpoint is"):
        read_checkpoint(path)


@pytest.mark.parametrize("lacking", ["state", "version", "format"])
def test_a_file_that_lacks_something_is_refused(lacking: str, tmp_path: Path) -> None:
    path = Checkpoints(tmp_path).save({}, 1)
    content = torch.load(path, weights_only=True)
    del content[lacking]
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r"lacks state or version|no synthproto checkpoint"):
        read_checkpoint(path)
    torch.save({"format": "synthproto checkpoint", "version": 1, "state": {"step": {}}}, path)
    with pytest.raises(CheckpointError, match=r"lacks \['parts', 'processes', 'run'\]"):
        short(tmp_path).run(resume=True)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for name in ("checkpoint-000000001.pt", "beginning.json"):
        (folder / name).symlink_to(victim)
        planted = f".{name}.{os.getpid()}-{threading.get_ident()}.partial"
        (folder / planted).symlink_to(victim)
    Checkpoints(folder).save({}, 1)
    Checkpoints(folder).save_beginning([])
    assert victim.read_text() == "mine"
