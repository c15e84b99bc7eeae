"""An autoregressive transformer for tables, in plain PyTorch: each column given those before it.

A row is a sentence with one word a column; `Vocabulary` turns a frame into words and back. Like
``vae.py`` it imports nothing of synthproto.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Vocabulary:
    """The words of each column: its values where they are few, otherwise ranges of equal count.

    Args:
        frame: The real table, without missing values.
        words: Largest number of words of a column.
    """

    def __init__(self, frame: pd.DataFrame, words: int = 100) -> None:
        self.dtypes = frame.dtypes
        self.values = {str(name): np.unique(frame[name].to_numpy()) for name in frame.columns}
        self.edges = {
            name: np.unique(np.quantile(frame[name].to_numpy(), np.linspace(0, 1, words + 1)))
            for name, values in self.values.items()
            if len(values) > words and values.dtype.kind in "iuf"
        }

    @property
    def sizes(self) -> list[int]:
        """Number of words of each column."""
        return [
            len(self.edges[name]) - 1 if name in self.edges else len(values)
            for name, values in self.values.items()
        ]

    def encode(self, frame: pd.DataFrame) -> Tensor:
        """Number of each word within its column, shape ``(rows, columns)``."""
        columns = []
        for name, values in self.values.items():
            cells, edges = frame[name].to_numpy(), self.edges.get(name)
            found = np.searchsorted(values if edges is None else edges[1:-1], cells)
            columns.append(torch.from_numpy(found))
        return torch.stack(columns, dim=1)

    def decode(self, words: Tensor) -> pd.DataFrame:
        """Rows of words; of a range, a value within it at random."""
        columns: dict[str, pd.Series] = {}
        for index, (name, values) in enumerate(self.values.items()):
            found, edges = words[:, index].numpy(), self.edges.get(name)
            if edges is None:
                cells = values[found]
            else:
                share = torch.rand(len(found)).numpy()
                cells = edges[found] + share * (edges[found + 1] - edges[found])
            if self.dtypes[name].kind in "iu":
                cells = np.round(cells)
            columns[name] = pd.Series(cells).astype(self.dtypes[name])
        return pd.DataFrame(columns)


class TransformerOutput(NamedTuple):
    """What a forward pass gives."""

    loss: Tensor
    """Negative log-likelihood of a row, in nats."""
    logits: Tensor
    """Of every word at every column, shape ``(batch, columns, words)``."""


@dataclass(frozen=True)
class TransformerParams:
    """How to generate."""

    n_records: int
    temperature: float = 1.0


class Transformer(nn.Module):
    """A decoder-only transformer over the columns of a row.

    Args:
        sizes: Number of words of each column.
        decode: Turns rows of words into a frame.
        width: Numbers that stand for a word.
        depth: Number of layers.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        decode: Callable[[Tensor], pd.DataFrame],
        width: int = 64,
        depth: int = 2,
    ) -> None:
        super().__init__()
        self.sizes, self.decode = tuple(sizes), decode
        first = torch.tensor([0, *sizes]).cumsum(0)
        self.register_buffer("first", first[:-1])  # where each column's words begin
        word = torch.arange(int(first[-1]))
        self.register_buffer("foreign", (word < first[:-1, None]) | (word >= first[1:, None]))
        self.embedding = nn.Embedding(int(first[-1]) + 1, width)  # the last word begins a row
        self.position = nn.Parameter(0.02 * torch.randn(len(sizes), width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.leave = nn.Linear(width, int(first[-1]))

    def forward(self, words: Tensor) -> TransformerOutput:
        """Likelihood of rows of words, shape ``(batch, columns)``."""
        words = words + self.get_buffer("first")
        logits = self._logits(words[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), words.flatten()) * words.shape[1]
        return TransformerOutput(loss, logits)

    def _logits(self, before: Tensor) -> Tensor:
        """Logits of each column up to the one after ``before``, other columns' words excluded."""
        state = self.embedding(F.pad(before, (1, 0), value=self.embedding.num_embeddings - 1))
        length = state.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        state = self.layers(state + self.position[:length], mask=mask, is_causal=True)
        logits: Tensor = self.leave(state)
        return logits.masked_fill(self.get_buffer("foreign")[:length], -torch.inf)

    def generate(self, params: TransformerParams) -> pd.DataFrame:
        """Draw one column after the other."""
        words = torch.zeros(params.n_records, 0, dtype=torch.long)
        for _ in self.sizes:
            weights = (self._logits(words)[:, -1] / params.temperature).softmax(1)
            words = torch.cat([words, torch.multinomial(weights, 1)], dim=1)
        return self.decode(words - self.get_buffer("first"))
