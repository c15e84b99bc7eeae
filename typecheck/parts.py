"""The parts that the type suite puts together: small, honest, and of every shape."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, NamedTuple, NotRequired, TypedDict

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from synthproto import EpochEvent, GradientStep, StepEvent, Table, TableSpec, Update, loss_of
from synthproto.conformance.hints import floating, matrix
from synthproto.contracts import Array, Drawing

# --- batches ---------------------------------------------------------------------------------


class VAEBatch(TypedDict):
    features: Annotated[Tensor, floating, matrix]


class LabelledBatch(VAEBatch):
    """Has all that a `VAEBatch` has, and more."""

    labels: Tensor
    weights: NotRequired[Tensor]


class OtherBatch(TypedDict):
    rows: Tensor


class NamedBatch(NamedTuple):
    features: Tensor
    labels: Tensor


@dataclass(frozen=True)
class DataBatch:
    features: Tensor


# --- outputs ---------------------------------------------------------------------------------


class VAEOutput(TypedDict):
    loss: Tensor
    divergence: Tensor


class SilentOutput(TypedDict):
    """Carries no loss."""

    divergence: Tensor


class MeanOutput(TypedDict):
    """Has a field that a `VAEOutput` lacks."""

    loss: Tensor
    mean: Tensor


class NamedOutput(NamedTuple):
    loss: Tensor
    divergence: Tensor


@dataclass(frozen=True)
class DataOutput:
    loss: Tensor


@dataclass
class HuggingFaceOutput(OrderedDict[str, object]):
    """Of the shape of transformers' ModelOutput."""

    loss: Tensor | None = None
    logits: Tensor | None = None

    def __post_init__(self) -> None:
        self.update({field.name: getattr(self, field.name) for field in fields(self)})


# --- models ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class VAEParams:
    n_records: int
    temperature: float = 1.0


@dataclass(frozen=True)
class OtherParams:
    rows: int


def penalty(layer: nn.Linear, features: Tensor) -> Tensor:
    loss: Tensor = layer(features).square().mean()
    return loss


class VAE(nn.Module):
    """What most cases train."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, batch: VAEBatch) -> VAEOutput:
        loss = penalty(self.layer, batch["features"])
        return {"loss": loss, "divergence": loss}

    def generate(self, params: VAEParams) -> pd.DataFrame:
        return FRAME.sample(params.n_records, replace=True, random_state=0)


class OfTensor(nn.Module):
    """Takes a tensor, gives a tensor; its loss is somebody else's matter."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, features: Tensor) -> Tensor:
        rows: Tensor = self.layer(features)
        return rows


class Silent(nn.Module):
    """Gives an output without a loss."""

    def forward(self, batch: VAEBatch) -> SilentOutput:
        return {"divergence": batch["features"].mean()}


class TwoInputs(nn.Module):
    def forward(self, features: Tensor, labels: Tensor) -> VAEOutput:
        return {"loss": features.mean(), "divergence": labels.mean()}


class Untyped(nn.Module):
    """Says nothing about what it takes and gives."""

    def forward(self, batch):  # type: ignore[no-untyped-def]  # what strict mypy says of it
        return {"loss": batch["features"].mean()}


# --- callbacks, routines, steps ------------------------------------------------------------------


def on_any_step(event: StepEvent[object, object]) -> None:
    """Fits every training."""


def on_vae_step(event: StepEvent[VAEBatch, VAEOutput]) -> None:
    event.output["divergence"].item()


def on_mean_step(event: StepEvent[object, MeanOutput]) -> None:
    event.output["mean"].item()


def on_other_batch(event: StepEvent[OtherBatch, object]) -> None:
    event.batch["rows"].sum()


def on_epoch(event: EpochEvent) -> None:
    """A routine."""


class Counter:
    """A callback with a memory."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: StepEvent[object, object]) -> None:
        self.count += 1

    def add(self, event: StepEvent[object, object]) -> None:
        self.count += 1


class AlternatingStep:
    """A training step of one's own, as an adversarial model needs."""

    def __init__(self) -> None:
        self.weight = nn.Parameter(torch.ones(2))

    def update(self, batch: Tensor, /) -> Update[DataOutput]:
        loss = (batch * self.weight).square().mean()
        return Update(DataOutput(loss), {"loss": loss.detach(), "critic": loss.detach()})

    def end_epoch(self, event: EpochEvent, /) -> None: ...

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        yield

    def state_dict(self) -> dict[str, object]:
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, object], /) -> None:
        self.weight.data.copy_(torch.as_tensor(state["weight"]))


# --- trackers ----------------------------------------------------------------------------------


class NumberTracker:
    """Keeps numbers and nothing else."""

    def log_scalars(self, values: Mapping[str, float], step: int) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class ReportKeeper(NumberTracker):
    """Keeps all that a report has."""

    def log_array(self, tag: str, array: Array, step: int) -> None: ...

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None: ...


class OneByOne:
    """Keeps numbers in another way."""

    def log_scalar(self, tag: str, value: float, step: int) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


# --- comparison ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Images:
    """Resources of another world than tables."""

    real: NDArray[np.float64]
    synthetic: NDArray[np.float64]


def brightness(images: Images) -> float:
    return float(images.synthetic.mean() - images.real.mean())


FRAME = pd.DataFrame({"age": np.arange(20.0), "sex": ["female", "male"] * 10})
SPEC = TableSpec.infer(FRAME)
REAL = Table(FRAME, SPEC, name="real table")
ROWS = torch.zeros(6, 2)
FOLDER = Path("runs")

# --- what cases share ----------------------------------------------------------------------------

VAE_MODEL = VAE()
ADAM = Adam(VAE_MODEL.parameters())
VAE_STEP = GradientStep(model=VAE_MODEL, loss=loss_of, optimizer=ADAM)
VAE_BATCHES = [VAEBatch(features=ROWS)]
