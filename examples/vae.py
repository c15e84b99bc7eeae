"""A variational autoencoder for tables, in plain PyTorch: it imports nothing of synthproto.

It learns rows that some encoder made of a table: continuous columns as one number each, categorical
ones as one-hot blocks. It fits the library because its methods have the right shape.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VAEBatch(TypedDict):
    """What the model is trained on."""

    features: Tensor
    """Encoded rows, shape ``(batch, width)``."""


class VAEOutput(TypedDict):
    """What a forward pass gives."""

    loss: Tensor
    """Negative evidence lower bound per row, in nats."""
    reconstruction: Tensor
    """Its reconstruction term."""
    divergence: Tensor
    """Its Kullback-Leibler term."""


@dataclass(frozen=True)
class VAEParams:
    """How to generate."""

    n_records: int
    temperature: float = 1.0


class VAE(nn.Module):
    """An MLP encoder and decoder around a standard normal latent space.

    Args:
        width: Numbers in an encoded row.
        one_hot: The slices of a row that are one-hot blocks; the rest is continuous.
        decode: Turns encoded rows into a frame.
        latent: Dimensions of the latent space.
        hidden: Units in each hidden layer.
    """

    def __init__(
        self,
        width: int,
        one_hot: Sequence[slice],
        decode: Callable[[Tensor], pd.DataFrame],
        latent: int = 16,
        hidden: int = 128,
    ) -> None:
        super().__init__()
        self.latent, self.one_hot, self.decode = latent, tuple(one_hot), decode
        inside = {index for block in one_hot for index in range(width)[block]}
        continuous = [index for index in range(width) if index not in inside]
        self.register_buffer("continuous", torch.tensor(continuous, dtype=torch.long))
        self.log_scale = nn.Parameter(torch.zeros(len(continuous)))
        self.encoder = nn.Sequential(
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 2 * latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, width),
        )

    def forward(self, batch: VAEBatch) -> VAEOutput:
        """Loss and its terms for one batch."""
        features = batch["features"]
        mean, log_variance = self.encoder(features).chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        reconstruction = self._negative_log_likelihood(self.decoder(latent), features)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return {
            "loss": reconstruction + divergence,
            "reconstruction": reconstruction,
            "divergence": divergence,
        }

    def _negative_log_likelihood(self, rows: Tensor, features: Tensor) -> Tensor:
        index = self.get_buffer("continuous")
        scale = self.log_scale.clamp(min=-4.0)
        error = (rows[:, index] - features[:, index]) * torch.exp(-scale)
        total = (0.5 * error**2 + scale).sum(1).mean()
        for block in self.one_hot:
            total = total + F.cross_entropy(rows[:, block], features[:, block])
        return total

    @torch.no_grad()
    def generate(self, params: VAEParams) -> pd.DataFrame:
        """Draw rows: noise around continuous means, one category of each one-hot block."""
        scale = self.log_scale.clamp(min=-4.0).exp()
        latent = torch.randn(params.n_records, self.latent, device=scale.device)
        rows = self.decoder(latent * params.temperature)
        noise = torch.randn(len(rows), len(scale), device=scale.device)
        rows[:, self.get_buffer("continuous")] += noise * scale * params.temperature
        for block in self.one_hot:
            logits = rows[:, block] / params.temperature
            drawn = torch.multinomial(logits.softmax(dim=1), 1).squeeze(1)
            rows[:, block] = F.one_hot(drawn, logits.shape[1]).to(rows.dtype)
        return self.decode(rows)
