"""Callbacks and schedules: what is logged, when, and that hooks are gone afterwards."""

import io
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import StepLR

from synthproto.contracts import EpochEvent, StepEvent
from synthproto.errors import ParameterError
from synthproto.progress import ProgressBar
from synthproto.training.callbacks import (
    Activations,
    GradientHistograms,
    GradientNorms,
    LearningRate,
    LossCallback,
    OutputScalars,
    ParameterHistograms,
    Throughput,
)
from synthproto.training.routines import Every
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs, MaxSteps
from synthproto.training.trainer import Trainer


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor
    size: Tensor


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.relu = nn.ReLU()
        self.last = nn.Linear(4, 1)
        with torch.no_grad():
            self.hidden.weight[0].zero_()
            self.hidden.bias[0] = -1.0  # a unit that is dead

    def forward(self, batch: Rows) -> Fit:
        out = self.last(self.relu(self.hidden(batch.x)))
        return Fit(loss=(out - 1).pow(2).mean(), size=out.abs().mean())


class Kept:
    def __init__(self) -> None:
        self.scalars: dict[str, list[tuple[int, float]]] = {}
        self.histograms: dict[str, NDArray[np.float64]] = {}

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        for tag, value in values.items():
            self.scalars.setdefault(tag, []).append((step, value))

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        self.histograms[tag] = values

    def flush(self) -> None: ...
    def close(self) -> None: ...


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def batches() -> list[Rows]:
    generator = torch.Generator().manual_seed(0)
    return [Rows(torch.randn(8, 2, generator=generator)) for _ in range(4)]


def step_of(model: Net, lr: float = 0.1) -> GradientStep[Rows, Fit]:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return GradientStep(
        model=model, loss=loss_of, optimizer=optimizer, scheduler=StepLR(optimizer, 1, 0.5)
    )


def test_everything_is_logged_at_its_step() -> None:
    model, kept = net(), Kept()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses: list[float] = []

    def note(event: StepEvent[Rows, Fit]) -> None:
        losses.append(event.losses["loss"].item())

    Trainer(
        step=GradientStep(model=model, loss=loss_of, optimizer=optimizer),
        batches=batches(),
        stopper=MaxEpochs(2),
        callbacks=[
            note,
            Every(3, LossCallback(kept)),
            Every(4, OutputScalars(model, kept, {"size": lambda output: output.size})),
            Every(8, GradientNorms(model, kept)),
            Every(8, GradientHistograms(model, kept)),
            LearningRate(optimizer, kept),
            Every(2, Throughput(kept)),
        ],
        routines=[Every(2, ParameterHistograms(model, kept)), Throughput(kept, unit="epochs")],
        progress=False,
    ).run()
    assert kept.scalars["step/loss"] == [(3, losses[2]), (6, losses[5])]
    assert [step for step, _ in kept.scalars["step/size"]] == [4, 8]
    assert [value for _, value in kept.scalars["learning_rate"]] == [0.1] * 8
    assert [step for step, _ in kept.scalars["throughput/steps_per_second"]] == [4, 6, 8]
    assert [step for step, _ in kept.scalars["throughput/epochs_per_second"]] == [2]
    norms = {n: p.grad.norm().item() for n, p in model.named_parameters() if p.grad is not None}
    for name, norm in norms.items():
        assert kept.scalars[f"gradient_norm/{name}"][0] == pytest.approx((8, norm))
    assert kept.scalars["gradient_norm/all"][0][1] == pytest.approx(math.hypot(*norms.values()))
    assert set(kept.histograms) == {
        f"{kind}/{name}" for kind in ("gradient", "parameter") for name in norms
    }
    assert kept.histograms["parameter/last.bias"].tolist() == [model.last.bias.item()]


def test_histograms_leave_out_what_is_not_finite() -> None:
    model, kept = net(), Kept()
    with torch.no_grad():
        model.last.weight[0, 0] = math.nan
    ParameterHistograms(model, kept)(EpochEvent(1, 1, 0.0, {}))
    assert len(kept.histograms["parameter/last.weight"]) == 3
    GradientNorms(model, kept)(EpochEvent(1, 1, 0.0, {}))
    assert not kept.scalars  # there are no gradients yet


def test_several_rates_are_told_apart() -> None:
    model, kept = net(), Kept()
    groups = [{"params": [model.last.bias], "lr": 0.1}, {"params": [model.last.weight], "lr": 0.2}]
    LearningRate(torch.optim.SGD(groups), kept)(EpochEvent(3, 9, 0.0, {}))
    assert kept.scalars == {"learning_rate/0": [(3, 0.1)], "learning_rate/1": [(3, 0.2)]}


def test_activations_are_those_of_training_and_dead_units_are_found() -> None:
    model, kept = net(), Kept()

    def evaluate(_: EpochEvent) -> None:
        model(Rows(torch.zeros(3, 2)))

    Trainer(
        step=step_of(model, lr=1e-9),
        batches=batches(),
        stopper=MaxEpochs(2),
        callbacks=[Every(4, Activations(model, ["relu"], kept))],
        routines=[evaluate],
        progress=False,
    ).run()
    assert kept.scalars["dead_units/relu"] == [(4, 0.25), (8, 0.25)]
    assert len(kept.histograms["activation/relu"]) == 8 * 4
    assert not model.relu._forward_hooks


def test_hooks_are_removed_after_an_exception() -> None:
    model, kept = net(), Kept()

    def fail(_: StepEvent[Rows, Fit]) -> None:
        assert model.relu._forward_hooks
        raise RuntimeError("from a callback")

    trainer = Trainer(
        step=step_of(model),
        batches=batches(),
        stopper=MaxEpochs(1),
        callbacks=[Activations(model, ["relu"], kept), fail],
        progress=False,
    )
    with pytest.raises(RuntimeError, match="from a callback"):
        trainer.run()
    assert not model.relu._forward_hooks


def test_unknown_modules_and_empty_lists_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"no modules \['rleu'\] in Net; it has \['hidden'"):
        Activations(net(), ["rleu"], Kept())
    with pytest.raises(ParameterError, match="at least one function"):
        OutputScalars(net(), Kept(), {})


# --- the bar ------------------------------------------------------------------------------------


@pytest.mark.parametrize("installed", [True, False])
def test_the_bar_shows_loss_scores_and_time(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    def scores(event: EpochEvent) -> dict[str, float]:
        return {
            "fidelity/js/age": 1.0,
            "fidelity/js": 0.25,
            "fidelity/tv": 0.5,
            "holdout/loss": 2.0,
        }

    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    Trainer(
        step=step_of(net()),
        batches=batches(),
        stopper=MaxEpochs(3),
        routines=[Every(2, scores)],
        progress=ProgressBar(scores=3, file=out),
    ).run()
    shown = out.getvalue()
    assert "epoch 3/3" in shown
    # Two are called loss; columns come after headlines, and find no room.
    assert "train/loss=" in shown
    assert " js=0.25 tv=0.5 holdout/loss=2" in shown
    assert "age" not in shown
    assert ("100%" in shown) == installed


def test_a_run_without_a_known_end_has_a_bar_too() -> None:
    out = io.StringIO()
    bar = ProgressBar(file=out)
    Trainer(step=step_of(net()), batches=batches(), stopper=MaxSteps(6), progress=bar).run()
    assert "epoch 1 " in out.getvalue()  # the second has not ended
    bar.open(10, 4)
    bar.step(1, 2, math.inf)
    assert "epoch 1/10   5%" in out.getvalue()
    bar.close(1)
