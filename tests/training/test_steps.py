"""One gradient step is what one would write by hand; a GAN's too."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple, TypedDict, assert_type

import pytest
import torch
from torch import Tensor, nn

from synthproto import GradientStep
from synthproto.contracts import EpochEvent, Update
from synthproto.errors import ConformanceError, ParameterError
from synthproto.training.models import Ema
from synthproto.training.steps import AdversarialStep, loss_of

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


def test_autocast_runs_in_bfloat16_and_keeps_the_weights_in_float32() -> None:
    model = net()
    step = GradientStep(model=model, loss=loss_of, optimizer=sgd(model), autocast=torch.bfloat16)
    assert step.update(batch()).output["out"].dtype == torch.bfloat16
    assert model.last.weight.dtype == torch.float32
    with pytest.raises(ParameterError, match=r"must be torch\.bfloat16 or None"):
        GradientStep(model=model, loss=loss_of, optimizer=sgd(model), autocast=torch.float16)


def state_of(step: GradientStep[Rows, Fit], part: str) -> dict[str, object]:
    state = step.state_dict()[part]
    assert isinstance(state, dict)
    return state


def rate(optimizer: torch.optim.Optimizer) -> float:
    return float(optimizer.param_groups[0]["lr"])


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
