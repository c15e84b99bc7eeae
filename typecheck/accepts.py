"""Compositions that must fit: training. Type checkers read them, and tests run them.

A function is a composition; ``assert_type`` pins what is inferred for it. At run time beartype
and the first-batch checks look at the same parts.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import assert_type

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, TensorDataset

from synthproto import (
    AllOf,
    AnyOf,
    Batches,
    BatchScores,
    EpochEvent,
    Every,
    GradientStep,
    LossCarrier,
    LossRoutine,
    MaxEpochs,
    MaxSteps,
    Model,
    Monitor,
    Patience,
    Progress,
    Routine,
    StepEvent,
    Stopper,
    StreamedBatches,
    Trainer,
    TrainingStep,
    Update,
    contracts,
    loss_of,
    trusted,
)
from synthproto.contracts import Callback, LossItem, Stateful
from synthproto.data.batches import LoaderBatches
from synthproto.training.callbacks import LossCallback, OutputScalars
from synthproto.training.optimization import OnPlateau, PerStep
from synthproto.training.stoppers import train_loss
from typecheck.parts import (
    ADAM,
    ROWS,
    VAE,
    VAE_BATCHES,
    VAE_MODEL,
    VAE_STEP,
    AlternatingStep,
    Counter,
    DataBatch,
    DataOutput,
    HuggingFaceOutput,
    LabelledBatch,
    NamedBatch,
    NamedOutput,
    NumberTracker,
    OfTensor,
    VAEBatch,
    VAEOutput,
    on_any_step,
    on_epoch,
    on_vae_step,
    penalty,
)


class Layered(nn.Module):
    """What the models below have in common; the library knows nothing of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)


def adam(model: nn.Module) -> Adam:
    return Adam(model.parameters())


# --- outputs of every shape ------------------------------------------------------------------------


def output_typed_dict() -> None:
    """A TypedDict that carries its loss."""
    trainer = Trainer(step=VAE_STEP, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()


def output_dataclass() -> None:
    """A frozen dataclass that carries its loss."""

    class OfData(Layered):
        def forward(self, batch: VAEBatch) -> DataOutput:
            return DataOutput(penalty(self.layer, batch["features"]))

    model = OfData()
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, DataOutput])
    trainer.run()


def output_named_tuple() -> None:
    """A NamedTuple that carries its loss."""

    class OfNamed(Layered):
        def forward(self, batch: VAEBatch) -> NamedOutput:
            loss = penalty(self.layer, batch["features"])
            return NamedOutput(loss, loss)

    model = OfNamed()
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, NamedOutput])
    trainer.run()


def output_tuple() -> None:
    """A plain tuple, with a loss beside the model."""

    class OfTuple(Layered):
        def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
            return self.layer(features), features

    model = OfTuple()
    step = GradientStep(
        model=model,
        loss=lambda output, batch: mse_loss(output[0], output[1]),
        optimizer=adam(model),
    )
    trainer = Trainer(step=step, batches=[ROWS], stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[Tensor, tuple[Tensor, Tensor]])
    trainer.run()


def output_tensor() -> None:
    """A bare tensor, with one of torch's losses: it takes output and batch."""
    model = OfTensor()
    step = GradientStep(model=model, loss=mse_loss, optimizer=adam(model))
    trainer = Trainer(step=step, batches=[ROWS], stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[Tensor, Tensor])
    trainer.run()


def output_of_hugging_face() -> None:
    """A dataclass that is also a mapping, whose loss may be missing: the loss says what then."""

    class OfHub(Layered):
        def forward(self, batch: VAEBatch) -> HuggingFaceOutput:
            return HuggingFaceOutput(loss=penalty(self.layer, batch["features"]))

    def present(output: HuggingFaceOutput, batch: object) -> Tensor:
        if output.loss is None:
            raise ValueError("labels are missing")
        return output.loss

    model = OfHub()
    step = GradientStep(model=model, loss=present, optimizer=adam(model))
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, HuggingFaceOutput])
    trainer.run()


# --- batches of every shape ------------------------------------------------------------------------


def batches_in_memory() -> None:
    """Minibatches cut from one dict of tensors."""
    batches = Batches(VAEBatch(features=ROWS), size=2)
    assert_type(batches, Batches[VAEBatch])
    trainer = Trainer(step=VAE_STEP, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()


def batches_of_pieces() -> None:
    """Minibatches of pieces that are read anew in each epoch."""
    batches = StreamedBatches([lambda: VAEBatch(features=ROWS)], [len(ROWS)], size=2)
    assert_type(batches, StreamedBatches[VAEBatch])
    trainer = Trainer(step=VAE_STEP, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()


def batches_of_named_tuples() -> None:
    """Minibatches cut from a NamedTuple."""

    class OfPair(Layered):
        def forward(self, batch: NamedBatch) -> NamedOutput:
            loss = penalty(self.layer, batch.features) + batch.labels.mean()
            return NamedOutput(loss, loss)

    model = OfPair()
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    batches = Batches(NamedBatch(ROWS, torch.zeros(6)), size=2)
    trainer = Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[NamedBatch, NamedOutput])
    trainer.run()


def batches_of_dataclasses() -> None:
    """Minibatches cut from a dataclass."""

    class OfData(Layered):
        def forward(self, batch: DataBatch) -> DataOutput:
            return DataOutput(penalty(self.layer, batch.features))

    model = OfData()
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    batches = Batches(DataBatch(ROWS), size=2)
    trainer = Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[DataBatch, DataOutput])
    trainer.run()


def batches_of_tensors() -> None:
    """Minibatches cut from a bare tensor."""
    model = OfTensor()
    step = GradientStep(model=model, loss=mse_loss, optimizer=adam(model))
    batches = Batches(ROWS, size=2)
    trainer = Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[Tensor, Tensor])
    trainer.run()


def batches_of_a_loader() -> None:
    """A torch DataLoader, with a word on what its batches are."""

    class OfList(Layered):
        def forward(self, batch: list[Tensor]) -> Tensor:
            return penalty(self.layer, batch[0])

    model = OfList()
    step = GradientStep(model=model, loss=lambda output, batch: output, optimizer=adam(model))
    batches = trusted(DataLoader(TensorDataset(ROWS), batch_size=2), list[Tensor])
    assert_type(batches, LoaderBatches[list[Tensor]])
    trainer = Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[list[Tensor], Tensor])
    trainer.run()


def batches_of_a_generator() -> None:
    """A generator function of the epoch."""

    def batches(epoch: int) -> Iterator[VAEBatch]:
        yield from VAE_BATCHES * epoch

    trainer = Trainer(step=VAE_STEP, batches=batches, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()


def batches_of_a_lambda() -> None:
    """A lambda of the epoch."""
    trainer = Trainer(
        step=VAE_STEP, batches=lambda epoch: VAE_BATCHES, stopper=MaxEpochs(1), progress=False
    )
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()


# --- forward in every spelling -----------------------------------------------------------------------


def forward_spelled_otherwise() -> None:
    """Renamed, positional-only, with optional extras: the first argument is what counts."""

    class Renamed(Layered):
        def forward(self, inputs: VAEBatch) -> Tensor:
            return penalty(self.layer, inputs["features"])

    class PositionalOnly(Layered):
        def forward(self, batch: VAEBatch, /) -> Tensor:
            return penalty(self.layer, batch["features"])

    class Optional(Layered):
        def forward(self, batch: VAEBatch, scale: float = 1.0, *, hard: bool = False) -> Tensor:
            return penalty(self.layer, batch["features"]) * scale

    for model in (Renamed(), PositionalOnly(), Optional()):
        step = GradientStep(model=model, loss=lambda output, batch: output, optimizer=adam(model))
        Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False).run()
    last = Optional()
    first = GradientStep(model=last, loss=lambda output, batch: output, optimizer=adam(last))
    assert_type(first, GradientStep[VAEBatch, Tensor])  # ty: ignore[type-assertion-failure]  # it mixes in the lambda


def model_that_is_no_module() -> None:
    """A model that is not an nn.Module: three methods are enough."""

    class Line:
        def __init__(self) -> None:
            self.slope = torch.ones(2, requires_grad=True)

        def forward(self, batch: VAEBatch) -> DataOutput:
            return DataOutput((batch["features"] * self.slope).square().mean())

        def train(self, mode: bool = True) -> None: ...

        def eval(self) -> None: ...

    model = Line()
    step = GradientStep(model=model, loss=loss_of, optimizer=SGD([model.slope]))
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[VAEBatch, DataOutput])
    trainer.run()


def model_compiled_in_place() -> None:
    """`model.compile()` keeps the model's type, unlike `torch.compile(model)`."""
    model = VAE()
    if False:  # compiling takes a C++ compiler and time
        model.compile()  # type: ignore[unreachable]
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    assert_type(step, GradientStep[VAEBatch, VAEOutput])


# --- wider inputs, narrower outputs --------------------------------------------------------------------


def batch_with_more_keys() -> None:
    """Batches that have more than the model reads."""
    batches = Batches(LabelledBatch(features=ROWS, labels=torch.zeros(6)), size=2)
    Trainer(step=VAE_STEP, batches=batches, stopper=MaxEpochs(1), progress=False).run()


def model_of_wider_batches() -> None:
    """A model that takes any mapping is one that takes a dict of tensors."""

    class OfMapping(Layered):
        def forward(self, batch: Mapping[str, Tensor]) -> VAEOutput:
            loss = penalty(self.layer, batch["features"])
            return {"loss": loss, "divergence": loss}

    model = OfMapping()
    wide: Model[dict[str, Tensor], LossCarrier] = model
    step = GradientStep(model=model, loss=loss_of, optimizer=adam(model))
    batches = [{"features": ROWS}]
    assert_type(step, GradientStep[Mapping[str, Tensor], VAEOutput])
    Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False).run()
    wide.eval()


def callback_of_wider_events() -> None:
    """A callback that needs less than the output has."""

    def loss_only(event: StepEvent[object, LossItem]) -> None:
        event.output["loss"].item()

    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        callbacks=[loss_only, on_vae_step, on_any_step],
        stopper=MaxEpochs(1),
        progress=False,
    ).run()


def contracts_by_variance() -> None:
    """Each contract takes what asks for less and gives more."""
    model: Model[LabelledBatch, LossCarrier] = VAE_MODEL
    step: TrainingStep[LabelledBatch, LossItem] = VAE_STEP
    callback: Callback[VAEBatch, VAEOutput] = on_any_step
    update: Update[object] = Update(DataOutput(ROWS.mean()), {})
    event: StepEvent[object, LossItem] = StepEvent(
        1, 1, VAE_BATCHES[0], VAEOutput(loss=ROWS.mean(), divergence=ROWS.mean()), {}
    )
    batches: contracts.Batches[VAEBatch] = [LabelledBatch(features=ROWS, labels=ROWS)]
    assert [model, step, callback, update, event, batches]


# --- losses, optimizers, schedules -----------------------------------------------------------------------


def loss_of_output_and_batch() -> None:
    """A loss of one's own, which asks for less than there is."""

    def loss(output: LossItem, batch: VAEBatch) -> Tensor:
        return output["loss"] * len(batch["features"])

    step = GradientStep(model=VAE_MODEL, loss=loss, optimizer=ADAM)
    assert_type(step, GradientStep[VAEBatch, VAEOutput])


def schedules() -> None:
    """Schedulers by epoch, by step, and by score."""
    model = VAE()
    optimizer = SGD(model.parameters(), lr=0.1)
    by_epoch = StepLR(optimizer, 5)
    by_step = PerStep(OneCycleLR(optimizer, max_lr=0.1, total_steps=10))
    by_score = OnPlateau(ReduceLROnPlateau(optimizer), train_loss)
    for scheduler in (by_epoch, by_step, by_score, None):
        GradientStep(model=model, loss=loss_of, optimizer=optimizer, scheduler=scheduler)


def everything_stateful() -> None:
    """Modules, optimizers, schedulers and steps can be saved as they are."""
    parts: list[Stateful] = [VAE_MODEL, ADAM, StepLR(SGD([ROWS.clone()]), 5), VAE_STEP]
    assert all(part.state_dict() is not None for part in parts)


def step_of_ones_own() -> None:
    """A training step of one's own: two optimizers, or none, are its own matter."""
    step = AlternatingStep()
    trainer = Trainer(step=step, batches=[ROWS], stopper=MaxEpochs(1), progress=False)
    assert_type(trainer, Trainer[Tensor, DataOutput])
    trainer.run()


def step_without_batches() -> None:
    """A step that draws its own batches: an epoch is a number of steps."""

    class Drawing(AlternatingStep):
        def update(self, batch: object, /) -> Update[DataOutput]:
            return super().update(ROWS)

    Trainer(step=Drawing(), batches=range(5), stopper=MaxEpochs(1), progress=False).run()


# --- callbacks -------------------------------------------------------------------------------------------


def callbacks_of_every_kind() -> None:
    """Functions, lambdas, bound methods, instances, partials, and the library's own."""
    seen: list[float] = []
    counter = Counter()

    def divergence(output: VAEOutput) -> Tensor:
        return output["divergence"].detach()

    def note(bag: list[float], event: StepEvent[object, LossItem]) -> None:
        bag.append(event.output["loss"].item())

    trainer = Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            on_vae_step,
            lambda event: seen.append(event.output["divergence"].item()),
            counter,
            counter.add,
            partial(note, seen),
            Every(2, on_vae_step),
            Every(1, counter),
            LossCallback(NumberTracker()),
            OutputScalars(VAE_MODEL, NumberTracker(), {"divergence": divergence}),
        ],
        progress=False,
    )
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()
    assert counter.count == 3


def list_of_callbacks() -> None:
    """A list with a declared type."""
    mine: list[Callback[VAEBatch, VAEOutput]] = [on_any_step, on_vae_step]
    Trainer(
        step=VAE_STEP, batches=VAE_BATCHES, stopper=MaxEpochs(1), callbacks=mine, progress=False
    ).run()


# --- routines, stoppers, monitors ----------------------------------------------------------------------------


def routines_of_every_kind() -> None:
    """Functions with and without scores, Every, the library's own, callbacks of any event."""

    def half(event: EpochEvent) -> dict[str, float]:
        return {"mine/half": 0.5}

    def third(event: EpochEvent) -> dict[str, float]:
        return {"mine/third": 1 / 3}

    evaluation = BatchScores(
        model=VAE_MODEL,
        batches=VAE_BATCHES,
        scores={"loss": loss_of, "rows": lambda output, batch: float(len(batch["features"]))},
    )
    assert_type(evaluation, BatchScores[VAEBatch, VAEOutput])
    routine: Routine = evaluation
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        routines=[
            on_epoch,
            half,
            lambda event: None,
            Every(5, third, first=1),
            LossRoutine(NumberTracker()),
            Every(1, evaluation),
        ],
        progress=False,
    ).run()


def stoppers_of_every_kind() -> None:
    """Library's, combined, functions, lambdas."""

    def late(progress: Progress) -> str | None:
        return "late" if progress.epoch > 5 else None

    stopper: Stopper = AnyOf(
        MaxEpochs(1),
        late,
        lambda progress: None,
        AllOf(MaxSteps(5), Patience(monitor=train_loss, patience=3)),
    )
    Trainer(step=VAE_STEP, batches=VAE_BATCHES, stopper=stopper, progress=False).run()


def monitors_of_every_kind() -> None:
    """Functions of an epoch: the library's, a lambda, one of a routine's scores."""
    evaluation = BatchScores(model=VAE_MODEL, batches=VAE_BATCHES, scores={"loss": loss_of})
    monitors: list[Monitor] = [
        train_loss,
        evaluation.monitor("loss"),
        lambda event: event.scores.get("train/loss"),
    ]
    for monitor in monitors:
        Patience(monitor=monitor, patience=3)


# --- composed in one expression ------------------------------------------------------------------------------


def composed_in_one_expression() -> None:
    """Step and batches made in place: the step still decides the types."""
    trainer = Trainer(
        step=GradientStep(model=VAE_MODEL, loss=loss_of, optimizer=ADAM),
        batches=Batches(VAEBatch(features=ROWS), size=2),
        callbacks=[lambda event: event.output["divergence"].item()],
        stopper=MaxEpochs(1),
        progress=False,
    )
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])
    trainer.run()
