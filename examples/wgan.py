"""A Wasserstein GAN with gradient penalty for tables, in plain PyTorch.

Like ``vae.py`` it imports nothing of synthproto: continuous columns are one number each, roughly
standard normal; categorical ones are one-hot blocks, which the generator draws by Gumbel-softmax.

Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class WGANParams:
    """How to generate."""

    n_records: int


class Critic(nn.Module):
    """Says how real a row looks; how far its means of real and synthetic rows are apart is learnt.

    Args:
        width: Numbers in an encoded row.
        hidden: Units in each hidden layer.
        penalty: Weight of the gradient penalty.
    """

    def __init__(self, width: int, hidden: int = 256, penalty: float = 10.0) -> None:
        super().__init__()
        self.penalty = penalty
        self.layers = nn.Sequential(
            nn.Linear(width, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, rows: Tensor) -> Tensor:
        """One judgement a row, shape ``(rows, 1)``; higher is more real."""
        judged: Tensor = self.layers(rows)
        return judged

    def critic_loss(self, synthetic: Tensor, real: Tensor) -> Tensor:
        """What the critic minimises: how little it tells the two apart, and its penalty."""
        distance: Tensor = self(real).mean() - self(synthetic).mean()
        return self.penalty * self._gradient_penalty(synthetic, real) - distance

    def generator_loss(self, synthetic: Tensor, real: Tensor) -> Tensor:  # noqa: ARG002
        """What the generator minimises: how synthetic its rows look; the real ones play no part."""
        judged: Tensor = self(synthetic)
        return -judged.mean()

    def _gradient_penalty(self, synthetic: Tensor, real: Tensor) -> Tensor:
        """Mean squared deviation from 1 of the gradient's norm, between real and synthetic rows."""
        share = torch.rand(len(real), 1, device=real.device)
        between = (share * real + (1 - share) * synthetic).requires_grad_()
        (gradient,) = torch.autograd.grad(self(between).sum(), between, create_graph=True)
        penalty: Tensor = (gradient.norm(dim=1) - 1).square().mean()
        return penalty


class Generator(nn.Module):
    """Turns noise into rows.

    Args:
        width: Numbers in an encoded row.
        one_hot: The slices of a row that are one-hot blocks; the rest is continuous.
        decode: Turns encoded rows into a frame.
        noise: Dimensions of the noise.
        hidden: Units in each hidden layer.
    """

    def __init__(
        self,
        width: int,
        one_hot: Sequence[slice],
        decode: Callable[[Tensor], pd.DataFrame],
        noise: int = 64,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        self.noise, self.one_hot, self.decode = noise, tuple(one_hot), decode
        self.layers = nn.Sequential(
            nn.Linear(noise, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, width),
        )

    def forward(self, real: Tensor) -> Tensor:
        """As many synthetic rows as there are real ones in the batch."""
        return self._draw(len(real))

    def _draw(self, count: int) -> Tensor:
        """Rows from fresh noise; their one-hot blocks are soft, but nearly hard."""
        device = next(self.parameters()).device
        rows: Tensor = self.layers(torch.randn(count, self.noise, device=device))
        parts, end = [], 0
        for block in sorted(self.one_hot, key=lambda block: block.start):
            parts += [rows[:, end : block.start], F.gumbel_softmax(rows[:, block], tau=0.2)]
            end = block.stop
        return torch.cat([*parts, rows[:, end:]], dim=1)

    def generate(self, params: WGANParams) -> pd.DataFrame:
        """Draw rows; of each one-hot block the largest entry counts."""
        rows = self._draw(params.n_records)
        for block in self.one_hot:
            drawn = rows[:, block].argmax(1)
            rows[:, block] = F.one_hot(drawn, block.stop - block.start).to(rows.dtype)
        return self.decode(rows)
