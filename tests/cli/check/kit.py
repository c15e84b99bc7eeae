"""What the joints of the corpus import: a small project, as a user would write it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim import Adam

from synthproto import (
    EpochEvent,
    GradientStep,
    MeanJSDistance,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    Update,
    loss_of,
)


class RowBatch(TypedDict):
    rows: Tensor


class LabelBatch(RowBatch):
    labels: Tensor


class AEOutput(TypedDict):
    loss: Tensor
    code: Tensor


class RichOutput(AEOutput):
    attention: Tensor


class PairBatch(NamedTuple):
    rows: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Scored:
    loss: Tensor


@dataclass(frozen=True)
class Params:
    n_records: int
    temperature: float = 1.0


FRAME = pd.DataFrame(
    {
        "age": np.arange(40.0),
        "income": np.arange(40) * 100,
        "sex": ["f", "m"] * 20,
        "smoker": ["no", "no", "yes", "no"] * 10,
    }
)
SPEC = TableSpec.infer(FRAME)
REAL = Table(FRAME, SPEC)
CODEC = TableCodec.fit(REAL)
ROWS = CODEC.encode(REAL)


class AE(nn.Module):
    def __init__(self, width: int = CODEC.width) -> None:
        super().__init__()
        self.width = width
        self.net = nn.Linear(width, width)

    def forward(self, batch: RowBatch) -> AEOutput:
        code: Tensor = self.net(batch["rows"])
        return {"loss": (code - batch["rows"]).square().mean(), "code": code}

    def generate(self, params: Params) -> pd.DataFrame:
        rows: Tensor = self.net(torch.randn(params.n_records, self.width))
        return CODEC.decode(rows * params.temperature)

    def draw(self, n: int, seed: int) -> pd.DataFrame:
        torch.manual_seed(seed)
        return self.generate(Params(n))


class Noise(nn.Module):
    """A GAN's generator."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(4, CODEC.width)

    def forward(self, batch: RowBatch) -> Tensor:
        fake: Tensor = self.net(torch.randn(len(batch["rows"]), 4))
        return fake


class Judge(nn.Module):
    """A GAN's critic."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(CODEC.width, 1)

    def forward(self, rows: Tensor) -> Tensor:
        score: Tensor = self.net(rows)
        return score

    def fool(self, fake: Tensor, batch: RowBatch) -> Tensor:
        return -self.forward(fake).mean()

    def judge(self, fake: Tensor, batch: RowBatch) -> Tensor:
        return self.forward(fake).mean() - self.forward(batch["rows"]).mean()


class OwnStep:
    """My own training step."""

    def __init__(self, model: AE) -> None:
        self.model = model
        self.adam = Adam(model.parameters())

    def update(self, batch: RowBatch, /) -> Update[AEOutput]:
        output = self.model.forward(batch)
        self.adam.zero_grad()
        torch.autograd.backward(output["loss"])
        self.adam.step()
        return Update(output, {"loss": output["loss"].detach()})

    def end_epoch(self, event: EpochEvent, /) -> None: ...

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        self.model.eval()
        yield
        self.model.train()

    def state_dict(self) -> dict[str, object]:
        return dict(self.model.state_dict())

    def load_state_dict(self, state: dict[str, object], /) -> None: ...


class Printer:
    """A tracker of numbers."""

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        assert step >= 0
        assert values

    def flush(self) -> None: ...

    def close(self) -> None: ...


MODEL = AE()
ADAM = Adam(MODEL.parameters())
STEP = GradientStep(model=MODEL, loss=loss_of, optimizer=ADAM)
BATCHES = [RowBatch(rows=ROWS)]
PLAN = TablePlan(scores=[MeanJSDistance()])
