"""Parts that must not fit: models from elsewhere. See ``rejects.py``."""

# pyright: reportUnnecessaryTypeIgnoreComment=error, reportUnusedExpression=false

import torch
from ctgan import CTGAN, TVAE
from torch import Tensor
from torch.optim import Adam

from synthproto import (
    AdaptedModel,
    ForeignFit,
    GradientStep,
    MaxEpochs,
    TableCodec,
    Trainer,
    Validation,
    as_frame,
    bind,
)
from typecheck.accepts_models import (
    ADAPTED,
    PLAN,
    SCRIPT_BATCHES,
    SCRIPT_MODEL,
    ArrayModel,
    KeywordModel,
    Mixture,
    ScriptBatch,
    experiment,
)
from typecheck.parts import FRAME, REAL, ROWS, SPEC, VAE_BATCHES, HuggingFaceOutput

SCRIPT_STEP = GradientStep(
    model=ADAPTED,
    loss=lambda output, _: output[1],
    optimizer=Adam(SCRIPT_MODEL.parameters()),
)


def foreign_batches() -> None:
    """A foreign method's batches, without an item that it reads."""
    Trainer(
        step=SCRIPT_STEP,
        batches=VAE_BATCHES,  # type: ignore[arg-type]
        stopper=MaxEpochs(1),
    )


def foreign_outputs_as_loss() -> None:
    """Outputs and loss of a foreign method, both taken for the loss."""
    GradientStep(
        model=ADAPTED,
        loss=lambda output, _: output,  # type: ignore[arg-type, return-value]
        optimizer=Adam(SCRIPT_MODEL.parameters()),
    )


def method_instead_of_module() -> None:
    """The foreign method in the place of the module that it belongs to."""
    AdaptedModel(
        forward=SCRIPT_MODEL.forward_training,
        module=SCRIPT_MODEL.forward_training,  # type: ignore[arg-type]
    )


def forward_by_names() -> None:
    """A foreign forward of two inputs, which nobody takes out of the batch."""

    def forward(inputs: Tensor, labels: Tensor) -> Tensor:
        return (inputs - labels).square().mean()

    AdaptedModel(
        forward=forward,  # type: ignore[arg-type]
        module=SCRIPT_MODEL,
    )


def loss_that_may_be_missing() -> None:
    """The loss of an output that may have none."""
    model = KeywordModel()

    def forward(batch: ScriptBatch) -> HuggingFaceOutput:
        output: HuggingFaceOutput = model(inputs=batch["features"])
        return output

    GradientStep(
        model=AdaptedModel(forward=forward, module=model),
        loss=lambda output, _: output.loss,  # type: ignore[arg-type, return-value]
        optimizer=Adam(model.parameters()),
    )


def table_and_metadata() -> None:
    """A table with its metadata, where the table alone is asked for."""
    Validation(
        sample=bind(SCRIPT_MODEL.generate_samples, 10),  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def argument_of_another_model() -> None:
    """TVAE's name of the number of rows, given to CTGAN."""
    model = CTGAN(epochs=1)
    Validation(
        sample=bind(
            model.sample,
            samples=10,  # type: ignore[call-arg]
        ),
        real=REAL,
        plan=PLAN,
    )


def number_of_rows_forgotten() -> None:
    """A package's sample, without the number of rows."""
    Validation(
        sample=TVAE(epochs=1).sample,  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def fit_without_data() -> None:
    """A package's fit, without what it is fitted on."""
    ForeignFit(
        CTGAN(epochs=1).fit,  # type: ignore[arg-type]
        updates=2,
    )


def fit_that_is_over() -> None:
    """A fit that was called, instead of a function that fits."""
    ForeignFit(
        ArrayModel().fit(FRAME.to_numpy(dtype=object)),  # type: ignore[arg-type]
        updates=2,
    )


def array_instead_of_frame() -> None:
    """A model that gives arrays, taken as it is."""
    Validation(
        sample=bind(ArrayModel().sample, 10),  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def dtypes_of_a_spec() -> None:
    """A spec, which knows kinds, where the real frame's dtypes are asked for."""
    as_frame(
        ArrayModel().sample(10),
        like=SPEC,  # type: ignore[arg-type]
    )


def tensor_as_cells() -> None:
    """A tensor in the place of an array of cells."""
    as_frame(
        ROWS,  # type: ignore[arg-type]
        like=FRAME,
    )


def array_into_the_codec() -> None:
    """All that scikit-learn's sample gives, decoded as if it were a tensor."""
    TableCodec.fit(REAL).decode(
        Mixture().sample(10),  # type: ignore[arg-type]
    )


def path_instead_of_function() -> None:
    """A path, instead of a function that reads it."""
    Validation(
        sample="synthetic.csv",  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def experiment_of_two_models() -> None:
    """One model's step with another's batches, in a generic function of one's own."""
    experiment(
        SCRIPT_STEP,
        [torch.zeros(2)],  # type: ignore[list-item]
        bind(FRAME.sample, 10),
    )


def experiment_without_frames() -> None:
    """A sampler of arrays, in a generic function of one's own."""
    experiment(
        SCRIPT_STEP,
        SCRIPT_BATCHES,
        bind(ArrayModel().sample, 10),  # type: ignore[arg-type]
    )
