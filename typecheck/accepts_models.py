"""Compositions that must fit: models from elsewhere, as they are. See ``accepts.py``."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict, assert_type

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN, TVAE
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from synthproto import (
    AdaptedModel,
    Batch,
    Batches,
    ForeignFit,
    GradientStep,
    MaxEpochs,
    MeanJSDistance,
    Model,
    Output,
    TableCodec,
    TablePlan,
    Trainer,
    TrainingStep,
    Validation,
    as_frame,
    bind,
)
from typecheck.parts import FRAME, REAL, ROWS, HuggingFaceOutput

PLAN = TablePlan(scores=[MeanJSDistance()])


class ScriptBatch(TypedDict):
    features: Tensor
    targets: Tensor


class ScriptModel(nn.Module):
    """An imperative script's model."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward_training(self, batch: ScriptBatch) -> tuple[Tensor, Tensor]:
        outputs: Tensor = self.layer(batch["features"])
        return outputs, (outputs - batch["targets"]).square().mean()

    def generate_samples(
        self, num_samples: int, temp: float = 1.0, return_metadata: bool = False
    ) -> tuple[pd.DataFrame, dict[str, float]]:
        return FRAME.sample(num_samples, replace=True), {"temp": temp}


class KeywordModel(nn.Module):
    """Takes its arguments by name; its output may lack a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, inputs: Tensor, labels: Tensor | None = None) -> HuggingFaceOutput:
        logits: Tensor = self.layer(inputs)
        loss = None if labels is None else (logits - labels).square().mean()
        return HuggingFaceOutput(loss=loss, logits=logits)


class ArrayModel:
    """Speaks numpy."""

    def fit(self, cells: NDArray[np.object_]) -> "ArrayModel":
        self.cells = cells
        return self

    def sample(self, n: int) -> NDArray[np.object_]:
        return self.cells[np.arange(n) % len(self.cells)]


class Drawn(NamedTuple):
    rows: NDArray[np.float64]
    components: NDArray[np.int64]


class Mixture:
    """In the manner of scikit-learn: `sample` gives rows, and what they came from."""

    def fit(self, rows: NDArray[np.float32]) -> "Mixture":
        self.width = rows.shape[1]
        return self

    def sample(self, n_samples: int = 1) -> Drawn:
        return Drawn(np.zeros((n_samples, self.width)), np.zeros(n_samples, dtype=np.int64))


SCRIPT_MODEL = ScriptModel()
SCRIPT_BATCHES = [ScriptBatch(features=ROWS, targets=ROWS)]
ADAPTED = AdaptedModel(forward=SCRIPT_MODEL.forward_training, module=SCRIPT_MODEL)


def model_of_a_script() -> None:
    """Other names for everything, a loss beside the outputs, metadata beside the table."""
    step = GradientStep(
        model=ADAPTED,
        loss=lambda output, _: output[1],
        optimizer=Adam(SCRIPT_MODEL.parameters()),
    )
    validation = Validation(
        sample=lambda: SCRIPT_MODEL.generate_samples(num_samples=10, temp=0.8)[0],
        real=REAL,
        plan=PLAN,
    )
    trainer = Trainer(
        step=step,
        batches=SCRIPT_BATCHES,
        routines=[validation],
        stopper=MaxEpochs(1),
        progress=False,
    )
    assert_type(step, GradientStep[ScriptBatch, tuple[Tensor, Tensor]])  # ty: ignore[type-assertion-failure]  # it mixes in the lambda
    assert_type(trainer, Trainer[ScriptBatch, tuple[Tensor, Tensor]])
    trainer.run()


def adapted_model_is_a_model() -> None:
    """What an adapter makes fits wherever a model is asked for."""
    model: Model[ScriptBatch, tuple[Tensor, Tensor]] = ADAPTED
    model.eval()


def arguments_by_name() -> None:
    """A function takes the batch apart, and says what to do where there is no loss."""
    model = KeywordModel()

    def forward(batch: ScriptBatch) -> Tensor:
        output: HuggingFaceOutput = model(inputs=batch["features"], labels=batch["targets"])
        if output.loss is None:
            raise ValueError("no labels")
        return output.loss

    step = GradientStep(
        model=AdaptedModel(forward=forward, module=model),
        loss=lambda loss, _: loss,
        optimizer=Adam(model.parameters()),
    )
    assert_type(step, GradientStep[ScriptBatch, Tensor])  # ty: ignore[type-assertion-failure]  # it mixes in the lambda
    Trainer(step=step, batches=SCRIPT_BATCHES, stopper=MaxEpochs(1), progress=False).run()


def fit_of_a_package() -> None:
    """CTGAN's own training loop as a step, its batches its own affair."""
    model = CTGAN(epochs=1, batch_size=20, pac=1, enable_gpu=False)
    with ForeignFit(bind(model.fit, FRAME, ["sex"]), updates=2) as step:
        trainer: Trainer[object, None] = Trainer(
            step=step,
            batches=range(1),
            routines=[Validation(sample=bind(model.sample, 10), real=REAL, plan=PLAN)],
            stopper=step.ended,
            progress=False,
        )
        trainer.run()


def other_name_of_n() -> None:
    """TVAE's `sample` names its argument otherwise: it is given by position."""
    model = TVAE(epochs=1, batch_size=20, enable_gpu=False)
    model.fit(FRAME, ["sex"])
    Validation(sample=bind(model.sample, 10), real=REAL, plan=PLAN).compare()


def arrays_of_cells() -> None:
    """A model that takes and gives arrays of cells."""
    model = ArrayModel().fit(FRAME.to_numpy(dtype=object))
    Validation(
        sample=lambda: as_frame(model.sample(10), like=FRAME), real=REAL, plan=PLAN
    ).compare()


def arrays_of_codes() -> None:
    """A model in the manner of scikit-learn, between encoding and decoding."""
    codec = TableCodec.fit(REAL)
    model = Mixture().fit(codec.encode(REAL).numpy())
    Validation(
        sample=lambda: codec.decode(torch.from_numpy(model.sample(10).rows)), real=REAL, plan=PLAN
    ).compare()


def table_on_disk() -> None:
    """A file that somebody else made, and any function of n."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.csv"
        FRAME.to_csv(path, index=False)
        Validation(sample=lambda: pd.read_csv(path), real=REAL, plan=PLAN).compare()
    sample = bind(FRAME.sample, 10, replace=True)
    Validation(sample=sample, real=REAL, plan=PLAN).compare()


def experiment(
    step: TrainingStep[Batch, Output],
    batches: Sequence[Batch] | Callable[[int], Iterable[Batch]],
    sample: Callable[[], pd.DataFrame],
) -> Trainer[Batch, Output]:
    validation = Validation(sample=sample, real=REAL, plan=PLAN)
    return Trainer(step=step, batches=batches, routines=[validation], stopper=MaxEpochs(1))


def experiment_of_any_family() -> None:
    """One function for steps of any type, itself checked where it is used."""
    step = GradientStep(
        model=ADAPTED,
        loss=lambda output, _: output[1],
        optimizer=Adam(SCRIPT_MODEL.parameters()),
    )
    sample = bind(FRAME.sample, 10)
    trainer = experiment(step, SCRIPT_BATCHES, sample)
    assert_type(trainer, Trainer[ScriptBatch, tuple[Tensor, Tensor]])
    assert_type(
        experiment(step, Batches(SCRIPT_BATCHES[0], size=2), sample),
        Trainer[ScriptBatch, tuple[Tensor, Tensor]],
    )
