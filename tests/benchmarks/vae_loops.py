"""One small VAE, trained by a bare loop and by synthproto: what the training benchmarks compare."""

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, TypedDict

import torch
from torch import Tensor, nn
from turns import clock

from synthproto.data.batches import Batches
from synthproto.progress import ProgressBar
from synthproto.training.callbacks import LossCallback
from synthproto.training.routines import Every, LossRoutine
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer

WIDTH = 14


class VAEBatch(NamedTuple):
    x: Tensor


class VAEOutput(TypedDict):
    loss: Tensor


class VAE(nn.Module):
    def __init__(self, hidden: int = 64, latent: int = 8) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(WIDTH, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, WIDTH))

    def forward(self, batch: VAEBatch) -> VAEOutput:
        mean, log_variance = self.encoder(batch.x).chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        error = (self.decoder(latent) - batch.x).square().sum(1)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return VAEOutput(loss=(error + divergence).mean())


Timer = Callable[[], AbstractContextManager[Callable[[], float]]]
"""Measures the seconds since it was entered."""

Contestant = Callable[[Tensor, int, int], float]
"""Trains on rows, in batches of a size, for some epochs; returns CPU seconds."""


def made(device: str = "cpu") -> tuple[VAE, torch.optim.Optimizer]:
    torch.manual_seed(0)
    vae = VAE().to(device)
    return vae, torch.optim.Adam(vae.parameters(), lr=1e-3)


def bare(
    rows: Tensor, size: int, epochs: int, *, device: str = "cpu", timed: Timer = clock
) -> float:
    """A loop written by hand: batches from memory, as ours has them, and the mean loss."""
    vae, optimizer = made(device)
    batches = Batches(VAEBatch(rows), size, device=device)
    with timed() as seconds:
        for epoch in range(1, epochs + 1):
            total, count = torch.zeros((), device=device), 0
            for batch in batches(epoch):
                optimizer.zero_grad()
                loss = vae(batch)["loss"]
                loss.backward()
                optimizer.step()
                total += loss.detach()
                count += 1
            (total / count).item()
        return seconds()


class Kept:
    """A tracker in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, int], float] = {}

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self.values |= {(tag, step): value for tag, value in values.items()}

    def flush(self) -> None: ...
    def close(self) -> None: ...


def trainer_of(
    batches: Callable[[int], Iterable[VAEBatch]], watched: bool, epochs: int, device: str = "cpu"
) -> Trainer[VAEBatch, VAEOutput]:
    vae, optimizer = made(device)
    tracker = Kept()
    return Trainer(
        step=GradientStep(model=vae, loss=loss_of, optimizer=optimizer),
        batches=batches,
        stopper=MaxEpochs(epochs),
        callbacks=[Every(10, LossCallback(tracker))] if watched else [],
        routines=[LossRoutine(tracker)] if watched else [],
        progress=ProgressBar(file=io.StringIO()) if watched else False,
    )


def ours(rows: Tensor, size: int, epochs: int) -> float:
    return seconds_of(trainer_of(Batches(VAEBatch(rows), size), False, epochs))


def ours_watched(rows: Tensor, size: int, epochs: int) -> float:
    """With a tracker, a progress bar and a loss callback every ten steps."""
    return seconds_of(trainer_of(Batches(VAEBatch(rows), size), True, epochs))


def seconds_of(trainer: Trainer[VAEBatch, VAEOutput]) -> float:
    with clock() as seconds:
        trainer.run()
        return seconds()
