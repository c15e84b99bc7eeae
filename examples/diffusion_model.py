"""A diffusion model for tables in the manner of TabDDPM, in plain PyTorch.

Continuous columns are noised with Gaussians, categorical ones by replacing categories at random;
one network undoes both. Like ``vae.py`` it imports nothing of synthproto.

Kotelnikov et al., "TabDDPM: Modelling Tabular Data with Diffusion Models", ICML 2023;
Hoogeboom et al., "Argmax Flows and Multinomial Diffusion", NeurIPS 2021.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class DiffusionOutput:
    """Scalars that a forward pass gives: the loss, and the two parts that it is the sum of.

    Of continuous columns, the mean squared error of the noise; of categorical ones, the
    Kullback-Leibler divergence of the step back, in nats a column.
    """

    loss: Tensor
    gaussian: Tensor
    multinomial: Tensor


@dataclass(frozen=True)
class DiffusionParams:
    """How to generate."""

    n_records: int


class Denoiser(nn.Module):
    """Residual MLP that knows the time."""

    def __init__(self, width: int, steps: int, hidden: int, depth: int = 3) -> None:
        super().__init__()
        self.enter = nn.Linear(width, hidden)
        self.times = nn.Embedding(steps + 1, hidden)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.SiLU())
            for _ in range(depth)
        )
        self.leave = nn.Linear(hidden, width)

    def forward(self, rows: Tensor, time: Tensor) -> Tensor:
        """Noise of continuous entries, logits of categories; ``time`` has shape ``(rows,)``."""
        state: Tensor = self.enter(rows) + self.times(time)
        for layer in self.layers:
            state = state + layer(state)
        guess: Tensor = self.leave(state)
        return guess


class Diffusion(nn.Module):
    """Gaussian and multinomial diffusion with a cosine schedule.

    Args:
        width: Numbers in an encoded row.
        one_hot: The slices of a row that are one-hot blocks; the rest is continuous.
        decode: Turns encoded rows into a frame.
        steps: Number of noise levels.
        hidden: Units in each hidden layer.
    """

    def __init__(
        self,
        width: int,
        one_hot: Sequence[slice],
        decode: Callable[[Tensor], pd.DataFrame],
        steps: int = 100,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        self.width, self.one_hot, self.decode, self.steps = width, tuple(one_hot), decode, steps
        inside = {index for block in one_hot for index in range(width)[block]}
        self.continuous = [index for index in range(width) if index not in inside]
        self.denoiser = Denoiser(width, steps, hidden)
        # Share of the signal that is left at each time: 1 at 0, almost 0 at the last.
        angle = (torch.arange(steps + 1) / steps + 0.008) / 1.008 * math.pi / 2
        kept = (angle.cos() / angle[0].cos()).square().clamp(min=1e-5)
        self.register_buffer("kept", kept)

    def forward(self, rows: Tensor) -> DiffusionOutput:
        """Loss of encoded rows, shape ``(batch, width)``, each at a random time."""
        time = torch.randint(1, self.steps + 1, (len(rows),), device=rows.device)
        kept, noise = self.get_buffer("kept")[time, None], torch.randn_like(rows)
        noised = kept.sqrt() * rows + (1 - kept).sqrt() * noise
        for block in self.one_hot:
            noised[:, block] = _draw(_mixed(rows[:, block], kept))
        guess = self.denoiser(noised, time)
        gaussian = F.mse_loss(guess[:, self.continuous], noise[:, self.continuous])
        multinomial = torch.zeros_like(gaussian)
        for block in self.one_hot:
            before = self._before(noised[:, block], rows[:, block], time)
            guessed = self._before(noised[:, block], guess[:, block].softmax(1), time)
            divergence = before * (before.clamp(min=1e-9).log() - guessed.clamp(min=1e-9).log())
            multinomial = multinomial + divergence.sum(1).mean() / len(self.one_hot)
        return DiffusionOutput(gaussian + multinomial, gaussian, multinomial)

    def _before(self, noised: Tensor, clean: Tensor, time: Tensor) -> Tensor:
        """Probabilities of the categories one step earlier, given those now and the clean ones."""
        kept = self.get_buffer("kept")
        now = _mixed(noised, (kept[time] / kept[time - 1])[:, None])
        product = now * _mixed(clean, kept[time - 1, None])
        return product / product.sum(1, keepdim=True)

    def generate(self, params: DiffusionParams) -> pd.DataFrame:
        """Start from pure noise and undo it step by step."""
        rows = torch.randn(params.n_records, self.width, device=self.get_buffer("kept").device)
        for block in self.one_hot:
            rows[:, block] = _draw(torch.ones_like(rows[:, block]))
        for step in range(self.steps, 0, -1):
            rows = self._step_back(rows, step)
        return self.decode(rows)

    def _step_back(self, rows: Tensor, step: int) -> Tensor:
        time = torch.full((len(rows),), step, device=rows.device)
        guess = self.denoiser(rows, time)
        kept, kept_before = self.get_buffer("kept")[step], self.get_buffer("kept")[step - 1]
        ratio = kept / kept_before
        # The clean value that the guessed noise means, held within what standard normals reach.
        clean = ((rows - (1 - kept).sqrt() * guess) / kept.sqrt()).clamp(-5, 5)
        mean = kept_before.sqrt() * (1 - ratio) * clean + ratio.sqrt() * (1 - kept_before) * rows
        spread = ((1 - kept_before) * (1 - ratio) / (1 - kept)).sqrt()
        earlier: Tensor = mean / (1 - kept) + spread * torch.randn_like(rows)
        for block in self.one_hot:
            clean = guess[:, block].softmax(1)
            earlier[:, block] = _draw(self._before(rows[:, block], clean, time))
        return earlier


def _mixed(categories: Tensor, kept: Tensor) -> Tensor:
    """Probabilities of categories of which a share is kept, the rest drawn uniformly."""
    return kept * categories + (1 - kept) / categories.shape[1]


def _draw(weights: Tensor) -> Tensor:
    """One category a row, one-hot."""
    return F.one_hot(torch.multinomial(weights, 1)[:, 0], weights.shape[1]).to(weights.dtype)
