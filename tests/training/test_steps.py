"""One gradient step is what one would write by hand; a GAN's too."""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypedDict, assert_type

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau, StepLR

from synthproto.contracts import EpochEvent, Update
from synthproto.errors import ConformanceError, ParameterError, SynthprotoWarning
from synthproto.training.models import Ema
from synthproto.training.optimization import OnPlateau, PerStep
from synthproto.training.steps import AdversarialStep, GradientStep, loss_of
from synthproto.training.stoppers import train_loss

DEVICES = [
    "cpu",
    *(["cuda"] if torch.cuda.is_available() else []),
    *(["mps"] if torch.backends.mps.is_available() else []),
]


class Rows(NamedTuple):
    x: Tensor


class Fit(TypedDict):
    loss: Tensor
    out: Tensor


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.last = nn.Linear(4, 1)

    def forward(self, batch: Rows) -> Fit:
        out = self.last(self.first(batch.x).relu())
        return Fit(loss=(out - 1).pow(2).mean(), out=out)


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def batch(seed: int = 0) -> Rows:
    return Rows(torch.randn(6, 3, generator=torch.Generator().manual_seed(seed)))


def sgd(model: nn.Module, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def event(epoch: int = 1, **scores: float) -> EpochEvent:
    return EpochEvent(epoch, epoch, 0.0, {f"train/{name}": v for name, v in scores.items()})


def in_training(model: object) -> bool:
    """A function, because a checker believes that an attribute stays what it was."""
    return bool(getattr(model, "training"))  # noqa: B009


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("device", DEVICES)
def test_update_is_what_one_writes_by_hand(device: str) -> None:
    ours, bare = net().to(device), net().to(device)
    step = GradientStep(model=ours, loss=loss_of, optimizer=sgd(ours))
    assert_type(step, GradientStep[Rows, Fit])
    optimizer = sgd(bare)
    for seed in range(3):
        rows = Rows(batch(seed).x.to(device))
        update = step.update(rows)
        optimizer.zero_grad()
        loss = bare(rows)["loss"]
        loss.backward()
        optimizer.step()
        assert_type(update, Update[Fit])
        assert torch.equal(update.losses["loss"], loss)
        assert not update.losses["loss"].requires_grad
    assert same(ours, bare)


def test_loss_may_be_a_function_of_output_and_batch() -> None:
    model = net()

    def loss(output: Fit, rows: Rows) -> Tensor:
        return (output["out"] - rows.x[:, :1]).abs().mean()

    step = GradientStep(
        model=model,
        loss=loss,
        optimizer=sgd(model),
        reported={"mse": lambda output, rows: output["loss"]},
    )
    update = step.update(batch())
    assert set(update.losses) == {"loss", "mse"}
    assert torch.equal(update.losses["loss"], loss(update.output, batch()).detach())


def test_loss_of_reads_items_and_attributes() -> None:
    class Attribute(NamedTuple):
        loss: Tensor

    one = torch.ones(())
    assert loss_of(Attribute(one), None) is one
    assert loss_of(Fit(loss=one, out=one), None) is one


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


def test_gradients_of_others_before_a_step_do_not_count_and_its_own_stay_after_it() -> None:
    ours, bare = net(), net()
    step = GradientStep(model=ours, loss=loss_of, optimizer=sgd(ours))
    clean = GradientStep(model=bare, loss=loss_of, optimizer=sgd(bare))
    for seed in range(2):
        (100 * ours(batch(9))["loss"]).backward()  # a leak of another part
        step.update(batch(seed))
        clean.update(batch(seed))
        assert ours.last.weight.grad is not None
    assert same(ours, bare)


def test_clipping_bounds_the_norm_and_reports_the_one_before() -> None:
    model = net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), clip_norm=1e-3)
    losses = step.update(batch()).losses
    grads = [p.grad.norm() for p in model.parameters() if p.grad is not None]
    assert torch.stack(grads).norm().item() == pytest.approx(1e-3, rel=1e-3)
    assert losses["gradient_norm"].item() > 1e-3


def test_after_is_called_after_each_update() -> None:
    model = net()

    def clamp() -> None:
        with torch.no_grad():
            model.last.bias.clamp_(min=5.0)

    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), accumulate=2, after=clamp)
    step.update(batch())
    assert model.last.bias.item() < 5
    step.update(batch())
    assert model.last.bias.item() == 5


def test_injected_backward_replaces_the_loss_s_own() -> None:
    model, seen = net(), []

    def backward(loss: Tensor) -> None:
        seen.append(loss)
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch

    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), backward=backward)
    step.update(batch())
    assert len(seen) == 1


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


def test_autocast_runs_in_bfloat16_and_keeps_the_weights_in_float32() -> None:
    model = net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), autocast=torch.bfloat16)
    assert step.update(batch()).output["out"].dtype == torch.bfloat16
    assert model.last.weight.dtype == torch.float32
    with pytest.raises(ParameterError, match=r"must be torch\.bfloat16 or None"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), autocast=torch.float16)


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
    wrapped = GradientStep(model=whole, loss=loss_of, optimizer=sgd(model))
    assert set(state_of(wrapped, "model")) == set(net().state_dict())


def state_of(step: GradientStep[Rows, Fit], part: str) -> dict[str, object]:
    state = step.state_dict()[part]
    assert isinstance(state, dict)
    return state


def rate(optimizer: torch.optim.Optimizer) -> float:
    return float(optimizer.param_groups[0]["lr"])


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
    model, other = net(), net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(other))
    with pytest.raises(ConformanceError, match=r"optimizer updates 4 parameters.*another model"):
        step.update(batch())
    assert same(other, net())
    with pytest.raises(ParameterError, match="generator_optimizer updates no parameter of the gen"):
        gan(critic_updates=1, updated=other)


def test_an_adversary_may_have_frozen_parameters() -> None:
    generator, _, step = gan(critic_updates=1)
    frozen = next(generator.parameters())
    frozen.requires_grad_(False)
    before = frozen.clone()
    step.update(batch())
    step.update(batch())
    assert torch.equal(frozen, before)


def test_loss_of_an_output_without_a_loss() -> None:
    with pytest.raises(ConformanceError, match=r"loss_of needs .* got dict with \['mean'\]"):
        loss_of({"mean": torch.ones(1)}, batch())  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ConformanceError, match="got Tensor"):
        loss_of(torch.ones(1), batch())  # type: ignore[arg-type]  # on purpose


def test_first_batch_and_output_are_checked() -> None:
    class Lying(Net):
        def forward(self, batch: Rows) -> Fit:
            loss: Tensor = super().forward(batch)["loss"]
            return Fit(loss=loss)  # type: ignore[typeddict-item, no-any-return]

    lying = Lying()
    with pytest.raises(ConformanceError, match=r"output of Lying\.forward"):
        GradientStep(model=lying, loss=loss_of, optimizer=sgd(lying)).update(batch())
    model = net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model))
    with pytest.raises(ConformanceError, match=r"batch of Net\.forward"):
        step.update(batch().x)  # type: ignore[arg-type]


class Stateless:
    """A model that is no module."""

    def __init__(self) -> None:
        self.weight = torch.ones(1, requires_grad=True)
        self.training = True

    def forward(self, batch: Rows) -> Fit:
        out = batch.x * self.weight
        return Fit(loss=out.mean(), out=out)

    def train(self, mode: bool = True) -> None:
        self.training = mode

    def eval(self) -> None:
        self.training = False


def test_a_model_that_is_no_module_trains_but_cannot_be_saved() -> None:
    model = Stateless()
    step = GradientStep(model=model, loss=loss_of, optimizer=torch.optim.SGD([model.weight]))
    step.update(batch())
    assert model.weight.item() != 1.0
    with step.evaluation():
        assert not in_training(model)
    assert in_training(model)
    with pytest.raises(ParameterError, match="Stateless has no state_dict"):
        step.state_dict()


# --- two networks -------------------------------------------------------------------------------


class Fake(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, batch: Rows) -> Rows:
        return Rows(self.layer(torch.ones(len(batch.x), 2)))


def gan(
    critic_updates: int, ema: bool = False, updated: nn.Module | None = None
) -> tuple[Fake, nn.Linear, AdversarialStep[Rows, Rows]]:
    torch.manual_seed(0)
    generator, critic = Fake(), nn.Linear(3, 1)
    step = AdversarialStep(
        generator=generator,
        critic=critic,
        generator_loss=lambda fake, _: -critic(fake.x).mean(),
        critic_loss=lambda fake, real: critic(fake.x).mean() - critic(real.x).mean(),
        generator_optimizer=sgd(updated or generator),
        critic_optimizer=sgd(critic),
        critic_updates=critic_updates,
        critic_clip_norm=0.5,
        ema=Ema(generator, 0.5) if ema else None,
    )
    assert_type(step, AdversarialStep[Rows, Rows])
    return generator, critic, step


def test_adversaries_take_turns() -> None:
    generator, critic, step = gan(critic_updates=3)
    for count in range(1, 7):
        before, critic_before = copy.deepcopy(generator), copy.deepcopy(critic)
        losses = step.update(batch()).losses
        assert not same(critic, critic_before)
        assert same(generator, before) == (count % 3 != 0)
        assert set(losses) == ({"critic", "generator"} if count % 3 == 0 else {"critic"})


def test_an_adversary_s_loss_leaves_no_gradients_in_the_other() -> None:
    generator, critic, step = gan(critic_updates=1)
    step.update(batch())
    own = [p.grad for p in critic.parameters()]
    fake, real = generator(batch()), batch()
    assert all(grad is not None for grad in own)
    norm = torch.stack([grad.norm() for grad in own if grad is not None]).norm()
    assert norm.item() <= 0.5 + 1e-6  # only the critic's clipped ones
    assert fake.x.shape == real.x.shape


def test_a_gan_goes_on_from_its_state() -> None:
    def trained(steps: Iterator[int], step: AdversarialStep[Rows, Rows]) -> None:
        for seed in steps:
            step.update(batch(seed))

    generator, _, step = gan(critic_updates=2, ema=True)
    trained(iter(range(3)), step)
    state = copy.deepcopy(dict(step.state_dict()))
    trained(iter(range(3, 8)), step)
    again, _, resumed = gan(critic_updates=2, ema=True)
    resumed.load_state_dict(state)
    trained(iter(range(3, 8)), resumed)
    assert same(again, generator)
    with step.evaluation(), resumed.evaluation():
        assert same(again, generator)
        assert not generator.training
    with pytest.raises(ParameterError, match="not of an AdversarialStep"):
        resumed.load_state_dict({})
    with pytest.raises(ParameterError, match="critic_updates must be at least 1"):
        gan(critic_updates=0)


# --- what belongs together -----------------------------------------------------------------------


def test_a_scheduler_of_another_optimizer_is_refused() -> None:
    model = net()
    other = sgd(model)
    for scheduler in (StepLR(other, 1), PerStep(StepLR(other, 1))):
        with pytest.raises(ParameterError, match="GradientStep: scheduler is of another optimizer"):
            GradientStep(model=model, loss=loss_of, optimizer=sgd(model), scheduler=scheduler)
    plateau = OnPlateau(ReduceLROnPlateau(other), lambda event: 1.0)
    with pytest.raises(ParameterError, match="scheduler is of another optimizer"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), scheduler=plateau)


def test_an_average_of_another_model_is_refused() -> None:
    model = net()
    with pytest.raises(ParameterError, match=r"GradientStep: model and ema: .*Ema\(model, decay\)"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), ema=Ema(net(), 0.9))


def test_each_half_of_a_gan_has_its_own_optimizer_and_network() -> None:
    fake, critic, other = Fake(), nn.Linear(3, 1), nn.Linear(3, 1)

    def step(of_generator: torch.optim.Optimizer, of_critic: torch.optim.Optimizer) -> None:
        AdversarialStep(
            generator=fake,
            critic=critic,
            generator_loss=lambda made, _: made.x.mean(),
            critic_loss=lambda made, _: critic(made.x).mean(),
            generator_optimizer=of_generator,
            critic_optimizer=of_critic,
        )

    both = torch.optim.SGD([*fake.parameters(), *critic.parameters()], 0.1)
    with pytest.raises(ParameterError, match="update the same parameters"):
        step(both, both)
    with pytest.raises(ParameterError, match="critic_optimizer updates no parameter of the critic"):
        step(sgd(fake), sgd(other))
    step(sgd(fake), sgd(critic))


def test_a_sharded_model_is_refused_when_the_step_is_made() -> None:
    class FSDPModule(nn.Module):
        """By its name, what torch's fully_shard makes of a module."""

    class Sharded(Net, FSDPModule):
        pass

    model = Sharded()
    with pytest.raises(ParameterError, match=r"GradientStep: model is sharded over processes"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model))


def test_parts_that_cannot_be_called_as_they_will_be_are_refused_when_made() -> None:
    model = net()

    async def late(output: Fit, batch: Rows) -> Tensor:
        return output["loss"]

    def lazy(output: Fit, batch: Rows) -> Iterator[Tensor]:
        yield output["loss"]

    for loss, told in (
        (late, "late is asynchronous"),
        (lazy, "lazy has a yield"),
        (lambda output: output, r"called with 2 arguments; <lambda> takes 1 argument \(output\)"),
        (Net, "is the class Net. Pass an instance"),
        (5, r"must be Callable\[\[Output, Batch\], Tensor\]; got int 5\.$"),
    ):
        wrong: Any = loss
        with pytest.raises(ConformanceError, match=f"GradientStep: loss.*{told}"):
            GradientStep(model=model, loss=wrong, optimizer=sgd(model))
    after: Any = lambda step: None  # noqa: E731
    with pytest.raises(ConformanceError, match="after is called with 0 arguments"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), after=after)


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


def test_a_gan_s_turn_comes_again_after_an_error() -> None:
    fails = iter([False, True, False])

    def generator_loss(made: Rows, _: Rows) -> Tensor:
        if next(fails):
            raise RuntimeError("out of memory")
        return made.x.mean()

    fake, critic = Fake(), nn.Linear(3, 1)
    step = AdversarialStep(
        generator=fake,
        critic=critic,
        generator_loss=generator_loss,
        critic_loss=lambda made, _: critic(made.x).mean(),
        generator_optimizer=sgd(fake),
        critic_optimizer=sgd(critic),
        critic_updates=2,
    )
    found: list[bool | None] = []
    for _ in range(5):
        try:
            found.append("generator" in step.update(batch()).losses)
        except RuntimeError:
            found.append(None)
    assert found == [False, True, False, None, True]
