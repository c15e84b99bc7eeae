"""Models as one finds them, none of which knows of synthproto: ``foreign.py`` joins them unchanged.

A model from an imperative script, one with the habits of Hugging Face's transformers, one that
speaks numpy.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F


class ScriptBatch(TypedDict):
    """What the script's loader yields."""

    features: Tensor
    targets: Tensor


class ScriptModel(nn.Module):
    """A small autoencoder from an imperative script: its own names, a loss beside the outputs."""

    def __init__(self, width: int, decode: Callable[[Tensor], pd.DataFrame]) -> None:
        super().__init__()
        self.decode = decode
        self.encoder = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 16))
        self.decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, width))

    def forward_training(self, batch: ScriptBatch) -> tuple[Tensor, Tensor]:
        """Outputs and loss."""
        mean, log_std = self.encoder(batch["features"]).chunk(2, dim=1)
        outputs: Tensor = self.decoder(mean + log_std.exp() * torch.randn_like(mean))
        divergence = 0.5 * (mean**2 + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean()
        return outputs, F.mse_loss(outputs, batch["targets"]) + 0.02 * divergence

    def generate_samples(
        self, num_samples: int, temp: float = 1.0, return_metadata: bool = False
    ) -> tuple[pd.DataFrame, dict[str, float] | None]:
        """A table, and what it was made with."""
        outputs = self.decoder(temp * torch.randn(num_samples, 8))
        return self.decode(outputs), {"temp": temp} if return_metadata else None


@dataclass
class CausalOutput(OrderedDict[str, object]):
    """A mapping and a dataclass at once, like transformers' ``ModelOutput``."""

    loss: Tensor | None = None
    logits: Tensor | None = None

    def __post_init__(self) -> None:
        self.update({field.name: getattr(self, field.name) for field in fields(self)})


class RowLanguageModel(nn.Module):
    """A recurrent language model of rows: arguments by name, a loss only where there are labels."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.embedding = nn.Embedding(max(sizes) + 1, 32)
        self.memory = nn.GRU(32, 64, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(64, size) for size in sizes)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> CausalOutput:
        """Logits of the column after the given ones; with labels, the loss of them all."""
        state, _ = self.memory(self.embedding(F.pad(input_ids + 1, (1, 0))))
        if labels is None:
            return CausalOutput(logits=self.heads[state.shape[1] - 1](state[:, -1]))
        losses = [
            F.cross_entropy(head(state[:, place]), labels[:, place])
            for place, head in enumerate(self.heads)
        ]
        return CausalOutput(loss=torch.stack(losses).sum())

    def generate(self, num_return_sequences: int) -> Tensor:
        """Rows of words, shape ``(num_return_sequences, columns)``."""
        words = torch.zeros(num_return_sequences, 0, dtype=torch.long)
        for _ in self.sizes:
            logits = self(input_ids=words).logits
            words = torch.cat([words, torch.multinomial(logits.softmax(1), 1)], dim=1)
        return words


class Bootstrap:
    """Fits on an array and samples an array: real rows with half their cells from other rows."""

    def fit(self, cells: NDArray[np.object_]) -> "Bootstrap":
        """Keep the cells."""
        self.cells = cells
        return self

    def sample(self, n: int) -> NDArray[np.object_]:
        """Rows of cells."""
        first, second = np.random.randint(len(self.cells), size=(2, n))
        swapped = np.random.rand(n, self.cells.shape[1]) < 0.5
        rows: NDArray[np.object_] = np.where(swapped, self.cells[second], self.cells[first])
        return rows
