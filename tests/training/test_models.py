"""Models as they are called, averaged, wrapped and switched between modes."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from synthproto.errors import ParameterError
from synthproto.training.models import Ema
from synthproto.training.steps import GradientStep, loss_of
from tests.training.test_steps import Net, Rows, batch, in_training, net, same, sgd, state_of


def test_evaluation_has_the_average_and_leaves_the_weights() -> None:
    model = net()
    step = GradientStep(
        model=model, loss=loss_of, optimizer=sgd(model), ema=Ema(model, 0.5, ramp=False)
    )
    expected = [p.detach().clone() for p in model.parameters()]
    for seed in range(3):
        step.update(batch(seed))
        expected = [
            e.lerp(p.detach(), 0.5) for e, p in zip(expected, model.parameters(), strict=True)
        ]
    own = copy.deepcopy(model)
    with step.evaluation():
        assert not in_training(model)
        assert all(torch.equal(e, p) for e, p in zip(expected, model.parameters(), strict=True))
    assert in_training(model)
    assert same(model, own)
    with pytest.raises(RuntimeError, match="inside"), step.evaluation():
        raise RuntimeError("inside")
    assert same(model, own)


def test_a_rising_decay_forgets_the_first_weights() -> None:
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(100.0)
        ema = Ema(model, 0.9999)
        model.weight.fill_(1.0)
    for _ in range(50):
        ema.update()
    with ema.swapped_in():
        assert model.weight.item() < 1.01
    for decay in (0.0, 1.0):
        with pytest.raises(ParameterError, match="between 0 and 1"):
            Ema(model, decay)


def test_an_average_follows_a_model_that_is_cast_or_moved_afterwards() -> None:
    model = net()
    ema = Ema(model, 0.5, ramp=False)
    first = [p.detach().double() for p in model.parameters()]
    model.double()  # like .to(device): gives each parameter other storage
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), ema=ema)
    step.update(Rows(batch().x.double()))
    expected = [e.lerp(p.detach(), 0.5) for e, p in zip(first, model.parameters(), strict=True)]
    with step.evaluation():
        assert all(torch.equal(e, p) for e, p in zip(expected, model.parameters(), strict=True))
    assert all(p.requires_grad for p in model.parameters())


def test_a_model_compiled_in_place_is_called_compiled_and_keeps_its_keys() -> None:
    model, calls = net(), []

    def backend(graph: torch.fx.GraphModule, _: list[Tensor]) -> Callable[..., object]:
        calls.append(graph)
        return graph.forward

    model.compile(backend=backend)
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model))
    step.update(batch())
    assert calls
    assert set(state_of(step, "model")) == set(net().state_dict())
    whole: Net = torch.compile(net(), backend=backend)  # type: ignore[assignment]  # a callable
    wrapped = GradientStep(model=whole, loss=loss_of, optimizer=sgd(whole))
    assert set(state_of(wrapped, "model")) == set(net().state_dict())


def test_a_sharded_model_is_refused_when_the_step_is_made() -> None:
    class FSDPModule(nn.Module):
        """By its name, what torch's fully_shard makes of a module."""

    class Sharded(Net, FSDPModule):
        pass

    model = Sharded()
    with pytest.raises(ParameterError, match=r"GradientStep: model is sharded over processes"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model))


def test_an_average_of_another_model_is_refused() -> None:
    model = net()
    with pytest.raises(ParameterError, match=r"GradientStep: model and ema: .*Ema\(model, decay\)"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), ema=Ema(net(), 0.9))
