"""One optimizer with its schedule, clipping and accumulation."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau, StepLR

from synthproto.errors import ConformanceError, ParameterError, SynthprotoWarning
from synthproto.training.optimization import OnPlateau, PerStep
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import train_loss
from tests.training.test_steps import Fit, Rows, batch, event, gan, net, rate, same, sgd


def test_accumulated_gradients_are_one_update_of_their_mean() -> None:
    ours, bare = net(), net()
    step = GradientStep(model=ours, loss=loss_of, optimizer=sgd(ours), accumulate=3)
    optimizer = sgd(bare)
    for _ in range(2):
        for seed in range(3):
            before = copy.deepcopy(ours)
            step.update(batch(seed))
            assert same(ours, before) == (seed < 2)
        optimizer.zero_grad()
        for seed in range(3):
            (bare(batch(seed))["loss"] / 3).backward()
        optimizer.step()
    assert same(ours, bare)


def test_clipping_bounds_the_norm_and_reports_the_one_before() -> None:
    model = net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), clip_norm=1e-3)
    losses = step.update(batch()).losses
    grads = [p.grad.norm() for p in model.parameters() if p.grad is not None]
    assert torch.stack(grads).norm().item() == pytest.approx(1e-3, rel=1e-3)
    assert losses["gradient_norm"].item() > 1e-3


def test_injected_backward_replaces_the_loss_s_own() -> None:
    model, seen = net(), []

    def backward(loss: Tensor) -> None:
        seen.append(loss)
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch

    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), backward=backward)
    step.update(batch())
    assert len(seen) == 1


def test_schedulers_by_epoch_by_step_and_on_a_plateau() -> None:
    model = net()
    by_epoch = sgd(model, 1.0)
    step = GradientStep(
        model=model, loss=loss_of, optimizer=by_epoch, scheduler=StepLR(by_epoch, 1, 0.1)
    )
    step.update(batch())
    assert rate(by_epoch) == 1.0
    step.end_epoch(event())
    assert rate(by_epoch) == pytest.approx(0.1)

    by_step = sgd(model, 1.0)
    step = GradientStep(
        model=model,
        loss=loss_of,
        optimizer=by_step,
        scheduler=PerStep(ExponentialLR(by_step, 0.5)),
        accumulate=2,
    )
    for _ in range(4):
        step.update(batch())
    step.end_epoch(event())
    assert rate(by_step) == 0.25

    plateau = sgd(model, 1.0)
    scheduler = OnPlateau(ReduceLROnPlateau(plateau, factor=0.5, patience=0), train_loss)
    step = GradientStep(model=model, loss=loss_of, optimizer=plateau, scheduler=scheduler)
    for epoch, scores in enumerate([{"loss": 1.0}, {}, {}, {"loss": 2.0}], start=1):
        step.end_epoch(event(epoch, **scores))
    assert rate(plateau) == 0.5  # epochs without a value do not count
    with pytest.raises(ParameterError, match="OnPlateau"):
        GradientStep(
            model=model,
            loss=loss_of,
            optimizer=plateau,
            scheduler=ReduceLROnPlateau(plateau),
        )


@pytest.mark.parametrize(("accumulate", "clip_norm"), [(0, None), (1, 0.0), (1, math.nan)])
def test_numbers_out_of_range_are_refused(accumulate: int, clip_norm: float | None) -> None:
    model = net()
    with pytest.raises(ParameterError, match="must be"):
        GradientStep(
            model=model,
            loss=loss_of,
            optimizer=sgd(model),
            accumulate=accumulate,
            clip_norm=clip_norm,
        )


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda output, batch: batch.x.sum(1), r"GradientStep: loss must return one number.*mean"),
        (lambda output, batch: output["loss"].detach(), "depends on no parameter"),
        (lambda output, batch: (output["loss"], 1), "must return a tensor.*got tuple"),
    ],
)
def test_a_loss_that_cannot_be_minimised_is_refused(
    loss: Callable[[Fit, Rows], Tensor], message: str
) -> None:
    model = net()
    step = GradientStep(model=model, loss=loss, optimizer=sgd(model))
    with pytest.raises(ConformanceError, match=message):
        step.update(batch())


def test_an_optimizer_of_another_model_is_refused_before_it_updates_anything() -> None:
    other = net()
    with pytest.raises(ParameterError, match="GradientStep: optimizer updates no parameter"):
        GradientStep(model=net(), loss=loss_of, optimizer=sgd(other))

    class NoModule:
        """A model whose parameters nobody can ask for: found by its first loss."""

        def __init__(self) -> None:
            self._net = net()

        def forward(self, rows: Rows) -> Fit:
            fit: Fit = self._net(rows)
            return fit

        def train(self, mode: bool = True) -> None: ...

        def eval(self) -> None: ...

    step = GradientStep(model=NoModule(), loss=loss_of, optimizer=sgd(other))
    with pytest.raises(ConformanceError, match=r"optimizer updates 4 parameters.*another model"):
        step.update(batch())
    assert same(other, net())
    with pytest.raises(ParameterError, match="generator_optimizer updates no parameter of the gen"):
        gan(critic_updates=1, updated=other)


def test_a_scheduler_of_another_optimizer_is_refused() -> None:
    model = net()
    other = sgd(model)
    for scheduler in (StepLR(other, 1), PerStep(StepLR(other, 1))):
        with pytest.raises(ParameterError, match="GradientStep: scheduler is of another optimizer"):
            GradientStep(model=model, loss=loss_of, optimizer=sgd(model), scheduler=scheduler)
    plateau = OnPlateau(ReduceLROnPlateau(other), lambda event: 1.0)
    with pytest.raises(ParameterError, match="scheduler is of another optimizer"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), scheduler=plateau)


def test_a_window_that_no_epoch_fills_is_told_once() -> None:
    model = net()
    before = copy.deepcopy(model)
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), accumulate=10)
    for _ in range(3):
        step.update(batch())
    with pytest.warns(SynthprotoWarning, match="accumulate=10 steps are one update, and epoch 1 "):
        step.end_epoch(event(1))
    step.end_epoch(event(2))
    assert same(model, before)


def test_a_state_of_another_optimizer_or_schedule_is_refused_and_numbers_that_differ_are_told() -> (
    None
):
    def made(
        kind: type[torch.optim.Optimizer] = torch.optim.Adam,
        lr: float = 0.1,
        gamma: float | None = None,
        accumulate: int = 1,
    ) -> GradientStep[Rows, Fit]:
        model = net()
        optimizer = kind(model.parameters(), lr=lr)  # type: ignore[call-arg]  # every kind has one
        return GradientStep(
            model=model,
            loss=loss_of,
            optimizer=optimizer,
            scheduler=None if gamma is None else ExponentialLR(optimizer, gamma),
            accumulate=accumulate,
        )

    def saved(step: GradientStep[Rows, Fit]) -> dict[str, object]:
        step.update(batch())
        return copy.deepcopy(step.state_dict())

    state = saved(made())
    with pytest.raises(ParameterError, match="class is 'SGD', was 'Adam'"):
        made(torch.optim.SGD).load_state_dict(state)
    with pytest.raises(ParameterError, match="scheduler is 'ExponentialLR', was None"):
        made(gamma=0.5).load_state_dict(state)
    again = made(lr=0.2, accumulate=3)
    with pytest.warns(SynthprotoWarning, match="lr is 0.2, was 0.1 .*saved is used.*late is 3"):
        again.load_state_dict(state)
    assert rate(again._optimization._optimizer) == 0.1
    with pytest.warns(SynthprotoWarning, match="gamma is 0.25, was 0.5"):
        made(gamma=0.25).load_state_dict(saved(made(gamma=0.5)))
    made().load_state_dict(state)  # the same says nothing
