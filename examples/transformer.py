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
    """The words of each column: its values where they are few, otherwise ranges of them.

    Args:
        frame: The real table, without missing values.
        words: Largest number of words of a column; ranges hold about equally many cells.
    """

    def __init__(self, frame: pd.DataFrame, words: int = 100) -> None:
        self.dtypes = frame.dtypes
        self.cells = {str(name): np.sort(frame[name].to_numpy()) for name in frame.columns}
        # The value that each word begins with: a value of many cells has a word of its own.
        self.words = {}
        for name, cells in self.cells.items():
            values = np.unique(cells)
            starts = np.linspace(0, len(cells) - 1, words + 1).astype(int)[:-1]
            self.words[name] = values if len(values) <= words else np.unique(cells[starts])

    @property
    def sizes(self) -> list[int]:
        """Number of words of each column."""
        return [len(words) for words in self.words.values()]

    def encode(self, frame: pd.DataFrame) -> Tensor:
        """Number of each word within its column, shape ``(rows, columns)``."""
        found = [
            np.searchsorted(words, frame[name].to_numpy(), side="right") - 1
            for name, words in self.words.items()
        ]
        return torch.from_numpy(np.stack(found, axis=1))

    def decode(self, rows: Tensor) -> pd.DataFrame:
        """Rows of words as a frame; of a range, one of the real values in it at random."""
        columns = {}
        for index, (name, words) in enumerate(self.words.items()):
            cells, found = self.cells[name], rows[:, index].cpu().numpy()
            ends = np.append(np.searchsorted(cells, words), len(cells))
            share = torch.rand(len(found)).numpy()
            place = ends[found] + share * (ends[found + 1] - ends[found])
            columns[name] = pd.Series(cells[place.astype(int)], dtype=self.dtypes[name])
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
        mask = nn.Transformer.generate_square_subsequent_mask(length, before.device)
        state = self.layers(state + self.position[:length], mask=mask, is_causal=True)
        logits: Tensor = self.leave(state)
        return logits.masked_fill(self.get_buffer("foreign")[:length], -torch.inf)

    def generate(self, params: TransformerParams) -> pd.DataFrame:
        """Draw one column after the other."""
        first = self.get_buffer("first")
        words = first.new_zeros(params.n_records, 0)
        for _ in self.sizes:
            weights = (self._logits(words)[:, -1] / params.temperature).softmax(1)
            words = torch.cat([words, torch.multinomial(weights, 1)], dim=1)
        return self.decode(words - first)
