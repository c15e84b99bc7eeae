"""Parts that must not fit: training. Each error stands on the guilty argument, and nowhere else.

A function is a mistake; its docstring says it in plain words. The ignored error codes must be
needed (mypy's ``warn_unused_ignores``, pyright's ``reportUnnecessaryTypeIgnoreComment``), so that
a joint that becomes loose turns the suite red. ``messages.txt`` holds what mypy says.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error, reportUnusedExpression=false

from collections.abc import Iterator
from typing import assert_type

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter

from synthproto import (
    Activations,
    AnyOf,
    Batches,
    BatchScores,
    EpochEvent,
    Every,
    GradientStep,
    LossCarrier,
    LossRoutine,
    MaxEpochs,
    MemoryTracker,
    Model,
    OutputScalars,
    Patience,
    Progress,
    StepEvent,
    StreamedBatches,
    Trainer,
    loss_of,
    trusted,
)
from typecheck.parts import (
    ADAM,
    ROWS,
    VAE,
    VAE_BATCHES,
    VAE_MODEL,
    VAE_STEP,
    AlternatingStep,
    Counter,
    DataOutput,
    HuggingFaceOutput,
    NumberTracker,
    OfTensor,
    OneByOne,
    OtherBatch,
    Silent,
    SilentOutput,
    TwoInputs,
    Untyped,
    VAEBatch,
    VAEOutput,
    on_any_step,
    on_epoch,
    on_mean_step,
    on_other_batch,
    on_vae_step,
)

LOADER = DataLoader(TensorDataset(ROWS))

# --- batches against the step --------------------------------------------------------------------


def wrong_batch() -> None:
    """A list of tensors, and a model that takes a dict."""
    Trainer(
        step=VAE_STEP,
        batches=[ROWS],  # type: ignore[list-item]
        stopper=MaxEpochs(1),
    )


def wrong_batches() -> None:
    """Minibatches of a tensor, and a model that takes a dict."""
    Trainer(
        step=VAE_STEP,
        batches=Batches(ROWS, size=2),  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def other_keys() -> None:
    """Minibatches with other keys than the model reads."""
    Trainer(
        step=VAE_STEP,
        batches=Batches(OtherBatch(rows=ROWS), size=2),  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def misspelt_key() -> None:
    """A misspelt key of a batch."""
    Trainer(
        step=VAE_STEP,
        batches=[{"featurs": ROWS}],  # type: ignore[typeddict-item]
        stopper=MaxEpochs(1),
    )


def bare_loader() -> None:
    """A DataLoader, whose batches have no known type."""
    Trainer(
        step=VAE_STEP,
        batches=LOADER,  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def pieces_of_other_batches() -> None:
    """Streamed minibatches with other keys than the model reads."""
    streamed = StreamedBatches([lambda: OtherBatch(rows=ROWS)], [2], size=2)
    Trainer(
        step=VAE_STEP,
        batches=streamed,  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def loader_of_other_batches() -> None:
    """A DataLoader that is trusted to give something else."""
    Trainer(
        step=VAE_STEP,
        batches=trusted(LOADER, list[Tensor]),  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def batches_for_one_epoch() -> None:
    """An iterator, which is used up after one epoch."""
    Trainer(
        step=VAE_STEP,
        batches=iter(VAE_BATCHES),  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def batches_without_epoch() -> None:
    """A function of batches that takes no epoch."""

    def batches() -> Iterator[VAEBatch]:
        yield from VAE_BATCHES

    Trainer(
        step=VAE_STEP,
        batches=batches,  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def data_instead_of_batches() -> None:
    """The whole data, not cut into batches."""
    Trainer(
        step=VAE_STEP,
        batches=VAEBatch(features=ROWS),  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def size_in_words() -> None:
    """A batch size that is no number."""
    Batches(
        ROWS,
        size="500",  # type: ignore[arg-type]
    )


# --- model, loss, optimizer ----------------------------------------------------------------------


def output_without_loss() -> None:
    """A model whose output carries no loss, and no other loss is given."""
    GradientStep(
        model=Silent(),
        loss=loss_of,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def tensor_without_loss() -> None:
    """A model that gives a bare tensor, and no other loss is given."""
    GradientStep(
        model=OfTensor(),
        loss=loss_of,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def loss_that_may_be_missing() -> None:
    """An output whose loss may be None."""

    class Optional(VAE):
        def forward(self, batch: VAEBatch) -> HuggingFaceOutput:  # type: ignore[override]
            return HuggingFaceOutput()

    GradientStep(
        model=Optional(),
        loss=loss_of,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def loss_of_other_output() -> None:
    """A loss of an output that the model does not give."""

    def loss(output: SilentOutput, batch: object) -> Tensor:
        return output["divergence"]

    def other(output: DataOutput, batch: object) -> Tensor:
        return output.loss

    GradientStep(model=VAE_MODEL, loss=loss, optimizer=ADAM)  # a VAEOutput has a divergence
    GradientStep(
        model=VAE_MODEL,
        loss=other,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def loss_of_other_batch() -> None:
    """A loss that reads another batch than the model takes."""

    def loss(output: VAEOutput, batch: OtherBatch) -> Tensor:
        return batch["rows"].mean()

    step = GradientStep(
        model=VAE_MODEL,
        loss=loss,  # type: ignore[arg-type]
        optimizer=ADAM,
    )
    Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1))


def loss_of_unknown_field() -> None:
    """A loss that reads a field which the output lacks."""
    GradientStep(
        model=VAE_MODEL,
        loss=lambda output, batch: output["mean"],  # type: ignore[typeddict-item]
        optimizer=ADAM,
    )


def loss_of_the_output_alone() -> None:
    """A loss that takes the output, but not the batch."""

    def loss(output: VAEOutput) -> Tensor:
        return output["loss"]

    GradientStep(
        model=VAE_MODEL,
        loss=loss,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def loss_of_torch() -> None:
    """A loss of torch on an output and a batch that are no tensors."""
    GradientStep(
        model=VAE_MODEL,
        loss=mse_loss,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def loss_as_number() -> None:
    """A loss that is a float, which has no gradient."""

    def loss(output: VAEOutput, batch: VAEBatch) -> float:
        return output["loss"].item()

    GradientStep(
        model=VAE_MODEL,
        loss=loss,  # type: ignore[arg-type]
        optimizer=ADAM,
    )


def two_inputs() -> None:
    """A forward with two inputs."""
    GradientStep(
        model=TwoInputs(),  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def no_input() -> None:
    """A forward without an input."""

    class NoInput(nn.Module):
        def forward(self) -> VAEOutput:
            return {"loss": ROWS.mean(), "divergence": ROWS.mean()}

    GradientStep(
        model=NoInput(),  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def keyword_input() -> None:
    """A forward whose input is keyword-only."""

    class KeywordInput(nn.Module):
        def forward(self, *, batch: VAEBatch) -> VAEOutput:
            return {"loss": ROWS.mean(), "divergence": ROWS.mean()}

    GradientStep(
        model=KeywordInput(),  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def model_without_modes() -> None:
    """A model that is no Module and cannot be put into evaluation mode."""

    class Modeless:
        def forward(self, batch: VAEBatch) -> VAEOutput:
            return {"loss": ROWS.mean(), "divergence": ROWS.mean()}

    GradientStep(
        model=Modeless(),  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def function_as_model() -> None:
    """A function instead of a model."""
    GradientStep(
        model=loss_of,  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def class_as_model() -> None:
    """The model's class instead of a model."""
    GradientStep(
        model=VAE,  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )


def parameters_as_optimizer() -> None:
    """Parameters instead of an optimizer."""
    GradientStep(
        model=VAE_MODEL,
        loss=loss_of,
        optimizer=VAE_MODEL.parameters(),  # type: ignore[arg-type]
    )


def scheduler_as_optimizer() -> None:
    """A scheduler instead of an optimizer."""
    GradientStep(
        model=VAE_MODEL,
        loss=loss_of,
        optimizer=StepLR(ADAM, 5),  # type: ignore[arg-type]
    )


def rate_as_scheduler() -> None:
    """A learning rate instead of a scheduler."""
    GradientStep(
        model=VAE_MODEL,
        loss=loss_of,
        optimizer=ADAM,
        scheduler=1e-3,  # type: ignore[arg-type]
    )


def model_of_other_batch() -> None:
    """A model given where one of another batch is asked for."""

    def train(model: Model[VAEBatch, LossCarrier]) -> None: ...

    train(VAE_MODEL)
    train(
        OfTensor(),  # type: ignore[arg-type]
    )
    train(
        Silent(),  # type: ignore[arg-type]
    )


# --- steps ---------------------------------------------------------------------------------------


def model_as_step() -> None:
    """The model itself instead of a training step."""
    Trainer(
        step=VAE_MODEL,  # type: ignore[arg-type]
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
    )


def step_without_update() -> None:
    """A step of one's own that reports the bare output."""

    class BareStep(AlternatingStep):
        def update(self, batch: Tensor, /) -> DataOutput:  # type: ignore[override]
            return DataOutput(batch.mean())

    Trainer(
        step=BareStep(),  # type: ignore[arg-type]
        batches=[ROWS],
        stopper=MaxEpochs(1),
    )


def batches_of_other_step() -> None:
    """Batches that a step of one's own does not take."""
    Trainer(
        step=AlternatingStep(),
        batches=VAE_BATCHES,  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


# --- callbacks -----------------------------------------------------------------------------------


def callback_of_missing_field() -> None:
    """A callback that needs a field which the output lacks."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            on_vae_step,
            on_mean_step,  # type: ignore[list-item]
        ],
    )


def lambda_of_missing_field() -> None:
    """A lambda that reads a field which the output lacks."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            lambda event: event.output["mean"].item(),  # type: ignore[typeddict-item]
        ],
    )


def scalar_of_missing_field() -> None:
    """A logged number that reads a field which the model's output lacks."""
    OutputScalars(
        VAE_MODEL,
        NumberTracker(),
        {"mean": lambda output: output["mean"]},  # type: ignore[typeddict-item]
    )


def scalars_as_callback_of_another_model() -> None:
    """Numbers of another model's output, as a callback."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            OutputScalars(OfTensor(), NumberTracker(), {"mean": lambda output: output.mean()}),  # type: ignore[list-item]
        ],
    )


def names_of_modules_as_one() -> None:
    """One name of a module where several are asked for."""
    Activations(
        VAE_MODEL,
        "layer",  # type: ignore[arg-type]
        MemoryTracker(),
    )


def callback_of_other_batch() -> None:
    """A callback that needs another batch."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            on_any_step,
            on_other_batch,  # type: ignore[list-item]
        ],
    )


def callback_in_every() -> None:
    """A callback that does not fit, inside of Every."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            Every(5, on_mean_step),  # type: ignore[list-item]
        ],
    )


def list_of_wrong_callbacks() -> None:
    """A list of callbacks that belong to another training."""
    mine = [on_mean_step, on_mean_step]
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=mine,  # type: ignore[arg-type]
    )


def routine_among_callbacks() -> None:
    """A routine, which wants an epoch, among the callbacks."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            LossRoutine(NumberTracker()),  # type: ignore[list-item]
        ],
    )


def lone_callback() -> None:
    """A callback without a list around it."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=on_any_step,  # type: ignore[arg-type]
    )


def callback_without_event() -> None:
    """A callback that takes nothing."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            lambda: None,  # type: ignore[list-item, misc]
        ],
    )


def class_as_callback() -> None:
    """The class of a callback instead of a callback."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        callbacks=[
            Counter,  # type: ignore[list-item]
        ],
    )


# --- routines ------------------------------------------------------------------------------------


def callback_among_routines() -> None:
    """A callback, which wants a step, among the routines."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        routines=[
            on_epoch,
            on_any_step,  # type: ignore[list-item]
        ],
    )


def callback_in_every_among_routines() -> None:
    """A callback inside of Every, among the routines."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        routines=[
            Every(5, on_any_step),  # type: ignore[list-item]
        ],
    )


def routine_of_a_bare_number() -> None:
    """A routine that returns a number without a tag."""

    def accuracy(event: EpochEvent) -> float:
        return 0.5

    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        routines=[
            accuracy,  # type: ignore[list-item]
        ],
    )


def routine_of_words() -> None:
    """A routine whose scores are no numbers."""

    def verdict(event: EpochEvent) -> dict[str, str]:
        return {"verdict": "good"}

    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs(1),
        routines=[
            verdict,  # type: ignore[list-item]
        ],
    )


def loader_of_wrong_batches() -> None:
    """Evaluation batches that the model does not take."""
    BatchScores(
        model=VAE_MODEL,
        batches=[ROWS],  # type: ignore[list-item]
        scores={"loss": loss_of},
    )


def score_of_other_output() -> None:
    """An evaluation score of an output that the model does not give."""

    def score(output: DataOutput, batch: object) -> Tensor:
        return output.loss

    BatchScores(
        model=VAE_MODEL,
        batches=VAE_BATCHES,
        scores={
            "loss": loss_of,
            "other": score,  # type: ignore[dict-item]
        },
    )


def scores_without_names() -> None:
    """Evaluation scores in a list, without names."""
    BatchScores(
        model=VAE_MODEL,
        batches=VAE_BATCHES,
        scores=[loss_of],  # type: ignore[arg-type]
    )


# --- stoppers and monitors -----------------------------------------------------------------------


def number_as_stopper() -> None:
    """A number of epochs instead of a stopper."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=100,  # type: ignore[arg-type]
    )


def class_as_stopper() -> None:
    """The class of a stopper instead of a stopper."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=MaxEpochs,  # type: ignore[arg-type]
    )


def stopper_without_reason() -> None:
    """A stopper that says yes or no, but not why."""

    def late(progress: Progress) -> bool:
        return progress.epoch > 5

    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=late,  # type: ignore[arg-type]
    )


def routine_as_stopper() -> None:
    """A routine instead of a stopper."""
    Trainer(
        step=VAE_STEP,
        batches=VAE_BATCHES,
        stopper=AnyOf(
            MaxEpochs(5),
            on_epoch,  # type: ignore[arg-type]
        ),
    )


def monitor_by_name() -> None:
    """A metric to monitor by its name, which nobody can prove to exist."""
    Patience(
        monitor="holdout/loss",  # type: ignore[arg-type]
        patience=3,
    )


def monitor_of_words() -> None:
    """A monitor that gives no number."""

    def verdict(event: EpochEvent) -> str:
        return "good"

    Patience(
        monitor=verdict,  # type: ignore[arg-type]
        patience=3,
    )


def monitor_of_steps() -> None:
    """A monitor of steps, where epochs are monitored."""

    def last(event: StepEvent[object, object]) -> float:
        return 0.0

    Patience(
        monitor=last,  # type: ignore[arg-type]
        patience=3,
    )


def unknown_mode() -> None:
    """A direction that does not exist."""
    Patience(
        monitor=lambda event: event.seconds,
        patience=3,
        mode="lower",  # type: ignore[arg-type]
    )


# --- trackers of losses --------------------------------------------------------------------------


def writer_as_tracker() -> None:
    """Torch's SummaryWriter, which has other methods, instead of a tracker."""
    LossRoutine(
        SummaryWriter(),  # type: ignore[arg-type]
    )


def tracker_one_by_one() -> None:
    """A tracker with a method of another name."""
    LossRoutine(
        OneByOne(),  # type: ignore[arg-type]
    )


def folder_as_tracker() -> None:
    """A folder instead of a tracker."""
    LossRoutine(
        "runs/vae",  # type: ignore[arg-type]
    )


# --- where a type checker alone would stay silent: the assertion at the end of a script is not ----


def untyped_forward() -> None:
    """A forward without annotations."""
    step = GradientStep(model=Untyped(), loss=lambda output, batch: output["loss"], optimizer=ADAM)
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1))
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])  # type: ignore[assert-type]


def untyped_container() -> None:
    """An nn.Sequential, whose forward has no annotations."""
    model = nn.Sequential(nn.Linear(2, 2))
    step = GradientStep(model=model, loss=lambda output, batch: output, optimizer=ADAM)
    trainer = Trainer(step=step, batches=[ROWS], stopper=MaxEpochs(1))
    assert_type(trainer, Trainer[Tensor, Tensor])  # type: ignore[assert-type]


def model_known_as_module(model: nn.Module) -> None:
    """A variable of type nn.Module: what its forward takes is forgotten."""
    step = GradientStep(model=model, loss=loss_of, optimizer=ADAM)
    trainer = Trainer(step=step, batches=VAE_BATCHES, stopper=MaxEpochs(1))
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])  # type: ignore[assert-type]


def compiled_model() -> None:
    """What torch.compile returns, which has forgotten its forward; `model.compile()` keeps it."""
    GradientStep(
        model=torch.compile(VAE_MODEL),  # type: ignore[arg-type]
        loss=loss_of,
        optimizer=ADAM,
    )
