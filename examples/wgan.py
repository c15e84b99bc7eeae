"""A Wasserstein GAN with gradient penalty for tables, in plain PyTorch.

Like ``vae.py`` it imports nothing of synthproto: continuous columns are one number each, roughly
standard normal; categorical ones are one-hot blocks, which the generator draws by Gumbel-softmax.

Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017. As in PacGAN and CTGAN the
critic judges several rows at once, which keeps the generator from collapsing to few of them.
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
    """Says how real a pack of rows looks; the difference of its means is a distance.

    Args:
        width: Numbers in an encoded row.
        pack: Rows that it judges together; the number of rows in a batch is a multiple of it.
        hidden: Units in each hidden layer.
    """

    def __init__(self, width: int, pack: int = 8, hidden: int = 256) -> None:
        super().__init__()
        self.pack = pack
        self.layers = nn.Sequential(
            nn.Linear(pack * width, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, rows: Tensor) -> Tensor:
        """One judgement a pack, shape ``(rows / pack, 1)``; higher is more real."""
        judged: Tensor = self.layers(rows.reshape(len(rows) // self.pack, -1))
        return judged

    def gradient_penalty(self, real: Tensor, synthetic: Tensor) -> Tensor:
        """Mean squared excess over 1 of the gradient's norm, between real and synthetic packs."""
        packs = len(real) // self.pack
        share = torch.rand(packs, 1, 1).expand(-1, self.pack, 1).reshape(-1, 1)
        between = (share * real + (1 - share) * synthetic).requires_grad_()
        (gradient,) = torch.autograd.grad(self(between).sum(), between, create_graph=True)
        penalty: Tensor = (gradient.reshape(packs, -1).norm(dim=1) - 1).square().mean()
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

    def forward(self, noise: Tensor) -> Tensor:
        """Rows for noise of shape ``(rows, noise)``; one-hot blocks are soft, but nearly hard."""
        rows: Tensor = self.layers(noise)
        parts, end = [], 0
        for block in sorted(self.one_hot, key=lambda block: block.start):
            parts += [rows[:, end : block.start], F.gumbel_softmax(rows[:, block], tau=0.2)]
            end = block.stop
        return torch.cat([*parts, rows[:, end:]], dim=1)

    def draw(self, n_records: int) -> Tensor:
        """Encoded rows from fresh noise."""
        drawn: Tensor = self(torch.randn(n_records, self.noise))
        return drawn

    def generate(self, params: WGANParams) -> pd.DataFrame:
        """Draw rows; of each one-hot block the largest entry counts."""
        rows = self.draw(params.n_records)
        for block in self.one_hot:
            drawn = rows[:, block]
            rows[:, block] = F.one_hot(drawn.argmax(1), drawn.shape[1]).to(rows.dtype)
        return self.decode(rows)


def critic_loss(critic: Critic, generator: Generator, real: Tensor, weight: float = 10.0) -> Tensor:
    """What the critic minimises: how little it tells real from synthetic, and its penalty."""
    real = real[: len(real) // critic.pack * critic.pack]
    with torch.no_grad():
        synthetic = generator.draw(len(real))
    distance: Tensor = critic(real).mean() - critic(synthetic).mean()
    return weight * critic.gradient_penalty(real, synthetic) - distance


def generator_loss(critic: Critic, generator: Generator, real: Tensor) -> Tensor:
    """What the generator minimises: how synthetic its rows look to the critic."""
    judged: Tensor = critic(generator.draw(len(real) // critic.pack * critic.pack))
    return -judged.mean()
