"""The same run on every device of the machine; what a device must not be asked each step."""

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from synthproto.data.batches import Batches
from synthproto.training.checkpoints import Checkpoints
from synthproto.training.models import Ema
from synthproto.training.processes import Processes
from synthproto.training.routines import BatchScores
from synthproto.training.state import LossMeans, TrainingResult
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs, MaxSteps
from synthproto.training.trainer import Trainer

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
NO_MPS = pytest.mark.skipif(not torch.backends.mps.is_available(), reason="there is no MPS device")
DEVICES = ["cpu", pytest.param("cuda", marks=NO_CUDA), pytest.param("mps", marks=NO_MPS)]


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor


class Noisy(nn.Module):
    """Draws on its device in each step, so that the device's random state counts."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 4))

    def forward(self, batch: Rows) -> Fit:
        noise = 0.1 * torch.randn_like(batch.x)
        return Fit(loss=(self.net(batch.x + noise) - batch.x).square().mean())


class Run:
    """Everything that lies on a device: batches, gradients, averages, losses, random states."""

    def __init__(self, device: str, folder: Path, steps: int | None = None) -> None:
        torch.manual_seed(0)
        self.model = Noisy()
        ema = Ema(self.model, 0.9)  # before the model moves, as many scripts have it
        self.model.to(device)
        rows = torch.randn(40, 4, generator=torch.Generator().manual_seed(1))
        batches = Batches(Rows(rows), 8, device=device)
        self.trainer = Trainer(
            step=GradientStep(
                model=self.model,
                loss=loss_of,
                optimizer=torch.optim.Adam(self.model.parameters()),
                clip_norm=1.0,
                accumulate=2,
                ema=ema,
                autocast=None if device == "mps" else torch.bfloat16,
            ),
            batches=batches,
            routines=[
                BatchScores(
                    model=self.model,
                    batches=batches,
                    scores={"loss": lambda output, _: output.loss},
                )
            ],
            stopper=MaxEpochs(3) if steps is None else MaxSteps(steps),
            checkpoints=Checkpoints(folder),
            progress=False,
        )

    def weights(self) -> list[Tensor]:
        return [p.detach().cpu() for p in self.model.parameters()]


def scores(result: TrainingResult) -> list[dict[str, float]]:
    return [dict(event.scores) for event in result.epochs]


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_resumed_within_an_epoch_is_the_uninterrupted_one(
    device: str, tmp_path: Path
) -> None:
    whole = Run(device, tmp_path / "whole")
    expected = scores(whole.trainer.run())
    assert {p.device.type for p in whole.model.parameters()} == {device}
    Run(device, tmp_path / "halves", steps=7).trainer.run()
    rest = Run(device, tmp_path / "halves")
    result = rest.trainer.run(resume=True)
    assert scores(result) == expected
    assert all(map(torch.equal, rest.weights(), whole.weights()))


@pytest.mark.parametrize("device", DEVICES)
def test_losses_are_summed_where_they_are(device: str) -> None:
    means = LossMeans()
    for value in (1.0, 2.0, 6.0):
        assert means.add({"loss": torch.tensor(value, device=device)}) is None
    again = LossMeans()
    again.load_state_dict({"sums": {"loss": torch.tensor(9.0)}, "counts": {"loss": 3}})
    again.add({"loss": torch.tensor(1.0, device=device)})
    assert again.of_processes(Processes()) == ({"loss": 2.5}, None)


def test_a_device_is_not_waited_for_and_saved_sums_stay_as_they_are() -> None:
    # A tensor on "meta" has no value: reading one, as float(loss) does, raises.
    means = LossMeans()
    loss = {"loss": torch.zeros((), device="meta")}
    for _ in range(20):
        means.add(loss)
    saved = means.state_dict()["sums"]
    assert isinstance(saved, dict)
    version = saved["loss"]._version
    for _ in range(20):
        means.add(loss)
    assert saved["loss"]._version == version
    for _ in range(9):
        means.add(loss)
    with pytest.raises(RuntimeError, match="meta"):  # the fiftieth looks
        means.add(loss)
