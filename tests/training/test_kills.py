"""Killed at any moment and resumed, a run ends as if nothing had happened.

Weights, history and tracked values, each once. Children are forked and killed at random times.
"""

import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

from synthproto.contracts import TrainingStep
from synthproto.data.batches import Batches, trusted
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.trackers.wrappers import Background, Tee
from synthproto.training.callbacks import LossCallback
from synthproto.training.checkpoints import Checkpoints
from synthproto.training.models import Ema
from synthproto.training.optimization import OnPlateau
from synthproto.training.routines import LossRoutine
from synthproto.training.steps import AdversarialStep, GradientStep
from synthproto.training.stoppers import MaxEpochs, ScoreMonitor
from synthproto.training.trainer import Trainer
from tests.trackers.table import read_filesystem, read_tensorboard

EPOCHS, ROWS, SIZE = 5, 40, 8
DATA = torch.randn(ROWS, 3, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Linear(4, 3))

    def forward(self, batch: Tensor) -> Tensor:
        out: Tensor = self.layer(batch + 0.1 * torch.randn_like(batch))
        return out


def square(output: Tensor, batch: Tensor) -> Tensor:
    return (output - batch).square().mean()


def plain(net: Net) -> GradientStep[Tensor, Tensor]:
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    return GradientStep(model=net, loss=square, optimizer=optimizer)


def averaged(net: Net) -> GradientStep[Tensor, Tensor]:
    return GradientStep(
        model=net,
        loss=square,
        optimizer=torch.optim.AdamW(net.parameters(), lr=1e-2),
        accumulate=3,
        clip_norm=1.0,
        ema=Ema(net, 0.9),
    )


def adversarial(net: Net) -> AdversarialStep[Tensor, Tensor]:
    critic = nn.Linear(3, 1)
    return AdversarialStep(
        generator=net,
        critic=critic,
        generator_loss=lambda fake, _: -critic(fake).mean(),
        critic_loss=lambda fake, real: critic(fake).mean() - critic(real).mean(),
        generator_optimizer=torch.optim.Adam(net.parameters(), 1e-2),
        critic_optimizer=torch.optim.Adam(critic.parameters(), 1e-2),
        critic_updates=2,
    )


def plateau(net: Net) -> GradientStep[Tensor, Tensor]:
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-1)
    scheduler = ReduceLROnPlateau(optimizer, patience=0, threshold=1.0, threshold_mode="abs")
    return GradientStep(
        model=net,
        loss=square,
        optimizer=optimizer,
        scheduler=OnPlateau(scheduler, ScoreMonitor("train/loss")),
    )


STEPS: dict[str, Callable[[Net], TrainingStep[Tensor, Tensor]]] = {
    "plain": plain,
    "averaged": averaged,
    "adversarial": adversarial,
    "plateau": plateau,
    "loader": plain,
}


def first_of(batch: list[Tensor]) -> Tensor:
    return batch[0]


def train(variant: str, folder: Path, pause: float = 0.0) -> "Ending":
    """Train to the end, from wherever the last attempt was left."""
    torch.manual_seed(7)
    net = Net()
    step = STEPS[variant](net)
    loader = DataLoader(TensorDataset(DATA), batch_size=SIZE, shuffle=True, drop_last=True)
    lists = trusted(loader, list[Tensor], seed=3)
    with ExitStack() as stack:
        one, two = TensorBoardTracker(folder / "run"), FilesystemTracker(folder / "run")
        tracker = stack.enter_context(Background(Tee(one, two)))
        tracker.log_params({"variant": variant})
        tracker.log_text("run/variant", variant, 0)
        result = Trainer(
            step=step,
            batches=Batches(DATA, SIZE)
            if variant != "loader"
            else lambda epoch: map(first_of, lists(epoch)),
            callbacks=[LossCallback(tracker), lambda _: time.sleep(pause)],
            routines=[LossRoutine(tracker)],
            stopper=MaxEpochs(EPOCHS),
            checkpoints=Checkpoints(folder / "checkpoints", every_steps=3),
            progress=False,
        ).run(resume=True)
    return Ending(
        [weight.tolist() for weight in net.state_dict().values()],
        result.history.drop(columns="seconds").to_json(double_precision=15),
        read_filesystem(two.folder).scores,
        read_tensorboard(one.folder).scores,
    )


class Ending(NamedTuple):
    weights: list[list[object]]
    history: str
    filesystem: list[tuple[str, int, float]]
    tensorboard: list[tuple[str, int, float]]


def killed(variant: str, folder: Path, kills: int, seed: int) -> Ending:
    moments, fork = random.Random(seed), multiprocessing.get_context("fork")
    folder.mkdir()
    for _ in range(kills):
        child = fork.Process(target=train, args=(variant, folder, 0.004))
        child.start()
        time.sleep(moments.uniform(0.02, 0.25))
        child.kill()
        child.join()
    return train(variant, folder)


def same(found: Ending, expected: Ending) -> None:
    assert found[:2] == expected[:2]
    assert sorted(found.filesystem) == sorted(expected.filesystem)
    assert sorted(found.tensorboard) == sorted(expected.tensorboard)


@pytest.mark.parametrize("variant", STEPS)
def test_killed_once_and_resumed(variant: str, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    expected = train(variant, tmp_path / "whole")
    assert len(expected.filesystem) == len({entry[:2] for entry in expected.filesystem})
    same(killed(variant, tmp_path / "cut", 1, len(variant)), expected)


@pytest.mark.slow
@pytest.mark.parametrize("variant", STEPS)
def test_killed_twenty_times_and_resumed(variant: str, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    expected = train(variant, tmp_path / "whole")
    for seed in range(5):
        same(killed(variant, tmp_path / f"cut{seed}", 4, seed), expected)
