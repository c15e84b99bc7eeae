"""What the trainer costs over a loop written by hand, and what its peers cost.

    python tests/benchmarks/bench_training.py [--repeats 5] [--rows 30000]

One process, one thread, CPU time; the contestants take turns. All train the same VAE with the
same Adam; the bare loop sums its losses and takes its batches from memory as ours does. Peers
that are not installed are left out with a line.
"""

import argparse
import contextlib
import importlib.util
import io
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from synthproto.data.batches import Batches
from synthproto.training.callbacks import LossCallback
from synthproto.training.progress import ProgressBar
from synthproto.training.routines import LossRoutine
from synthproto.training.schedule import Every
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


Contestant = Callable[[Tensor, int], float]
"""Trains one epoch on rows in batches of a size; returns CPU seconds."""


def made() -> tuple[VAE, torch.optim.Optimizer]:
    torch.manual_seed(0)
    vae = VAE()
    return vae, torch.optim.Adam(vae.parameters(), lr=1e-3)


@contextlib.contextmanager
def clock() -> Iterator[Callable[[], float]]:
    begin = time.process_time()
    yield lambda: time.process_time() - begin


def bare(rows: Tensor, size: int) -> float:
    vae, optimizer = made()
    batches = Batches(VAEBatch(rows), size)
    with clock() as seconds:
        total, count = torch.zeros(()), 0
        for batch in batches(1):
            optimizer.zero_grad()
            loss = vae(batch)["loss"]
            loss.backward()
            optimizer.step()
            total += loss.detach()
            count += 1
        (total / count).item()
        return seconds()


def bare_with_loader(rows: Tensor, size: int) -> float:
    vae, optimizer = made()
    loader = DataLoader(TensorDataset(rows), batch_size=size, shuffle=True)
    with clock() as seconds:
        total = torch.zeros(())
        for (x,) in loader:
            optimizer.zero_grad()
            loss = vae(VAEBatch(x))["loss"]
            loss.backward()
            optimizer.step()
            total += loss.detach()
        total.item()
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
    batches: Callable[[int], Iterable[VAEBatch]], watched: bool, epochs: int = 1
) -> Trainer[VAEBatch, VAEOutput]:
    vae, optimizer = made()
    tracker = Kept()
    return Trainer(
        step=GradientStep(model=vae, loss=loss_of, optimizer=optimizer),
        batches=batches,
        stopper=MaxEpochs(epochs),
        callbacks=[Every(10, LossCallback(tracker))] if watched else [],
        routines=[LossRoutine(tracker)] if watched else [],
        progress=ProgressBar(file=io.StringIO()) if watched else False,
    )


def ours(rows: Tensor, size: int) -> float:
    return seconds_of(trainer_of(Batches(VAEBatch(rows), size), watched=False))


def ours_watched(rows: Tensor, size: int) -> float:
    return seconds_of(trainer_of(Batches(VAEBatch(rows), size), watched=True))


def seconds_of(trainer: Trainer[VAEBatch, VAEOutput]) -> float:
    with clock() as seconds:
        trainer.run()
        return seconds()


def lightning(rows: Tensor, size: int) -> float:
    lt: Any = importlib.import_module("lightning")
    base: Any = lt.LightningModule

    class Module(base):  # type: ignore[misc]  # untyped: it may not be installed
        def __init__(self) -> None:
            super().__init__()
            self.vae, self.optimizer = made()

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            loss: Tensor = self.vae(VAEBatch(batch[0]))["loss"]
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return self.optimizer

    trainer = lt.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loader = DataLoader(TensorDataset(rows), batch_size=size, shuffle=True)
    with clock() as seconds:
        trainer.fit(Module(), loader)
        return seconds()


def ignite(rows: Tensor, size: int) -> float:
    engine: Any = importlib.import_module("ignite.engine")
    vae, optimizer = made()

    def update(_: Any, batch: VAEBatch) -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = vae(batch)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
        optimizer.step()
        return loss.detach()

    batches = Batches(VAEBatch(rows), size)
    with clock() as seconds:
        engine.Engine(update).run(batches(1), max_epochs=1, epoch_length=len(batches))
        return seconds()


def skorch(rows: Tensor, size: int) -> float:
    base: Any = importlib.import_module("skorch").NeuralNet

    class Net(base):  # type: ignore[misc]  # untyped: it may not be installed
        def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> Tensor:
            loss: Tensor = y_pred["loss"]
            return loss

    class Module(VAE):
        def forward(self, x: Tensor) -> VAEOutput:  # type: ignore[override]
            return super().forward(VAEBatch(x))

    net = Net(
        Module,
        criterion=nn.MSELoss,
        optimizer=torch.optim.Adam,
        max_epochs=1,
        batch_size=size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    with clock() as seconds:
        net.fit(rows, rows)
        return seconds()


def accelerate(rows: Tensor, size: int) -> float:
    vae, optimizer = made()
    accelerator: Any = importlib.import_module("accelerate").Accelerator(cpu=True)
    loader = DataLoader(TensorDataset(rows), batch_size=size, shuffle=True)
    model, optimizer, loader = accelerator.prepare(vae, optimizer, loader)
    with clock() as seconds:
        for (x,) in loader:
            optimizer.zero_grad()
            loss = model(VAEBatch(x))["loss"]
            accelerator.backward(loss)
            optimizer.step()
        return seconds()


PEERS: dict[str, tuple[str, Contestant]] = {
    "Lightning, silent": ("lightning", lightning),
    "ignite Engine on our batches": ("ignite", ignite),
    "skorch": ("skorch", skorch),
    "Accelerate": ("accelerate", accelerate),
}


def contestants() -> dict[str, Contestant]:
    found: dict[str, Contestant] = {"bare loop, batches in memory": bare}
    found |= {"synthproto": ours, "bare loop, torch's DataLoader": bare_with_loader}
    for name, (package, run) in PEERS.items():
        if importlib.util.find_spec(package) is None:
            say(f"(left out: {name}, {package} is not installed)")
        else:
            found[name] = run
    return found


def side_by_side(runs: dict[str, Contestant], rows: Tensor, size: int, repeats: int) -> None:
    """Whole epochs in turns: rough, for what differs a lot."""
    least = dict.fromkeys(runs, float("inf"))
    for _ in range(repeats):
        for name, run in runs.items():
            least[name] = min(least[name], run(rows, size))
    base = least["bare loop, batches in memory"]
    for name, seconds in least.items():
        say(f"  {name:32}{seconds / base:6.2f} x")


def bare_steps(rows: Tensor, size: int) -> Iterator[None]:
    """The bare loop, a step a call; the last call reads the mean loss."""
    vae, optimizer = made()
    while True:
        total, count = torch.zeros(()), 0
        for batch in Batches(VAEBatch(rows), size)(1):
            optimizer.zero_grad()
            loss = vae(batch)["loss"]
            loss.backward()
            optimizer.step()
            total += loss.detach()
            count += 1
            yield
        (total / count).item()
        yield


def overhead(rows: Tensor, size: int, watched: bool | None, epochs: int = 8) -> float:
    """Ratio of a run to a bare loop, with which it takes turns step by step.

    On a busy machine two equal loops differ by a tenth when whole epochs are compared; step by
    step both meet the same. ``watched=None`` compares the bare loop with itself.
    """
    other, spent = bare_steps(rows, size), 0.0

    def turns(epoch: int) -> Iterator[VAEBatch]:
        nonlocal spent
        for batch in Batches(VAEBatch(rows), size)(epoch):
            yield batch
            begin = time.process_time()
            next(other)
            spent += time.process_time() - begin
        next(other)

    vae, optimizer = made()
    with clock() as seconds:
        if watched is None:
            for epoch in range(epochs):
                total = torch.zeros(())
                for batch in turns(epoch):
                    optimizer.zero_grad()
                    loss = vae(batch)["loss"]
                    loss.backward()
                    optimizer.step()
                    total += loss.detach()
                total.item()
        else:
            trainer_of(turns, watched, epochs).run()
        return (seconds() - spent) / spent


def ratios(rows: Tensor, size: int, repeats: int) -> list[bool]:
    """Our ratios to the bare loop, as medians, over that of the bare loop to itself."""
    found: dict[bool | None, list[float]] = {None: [], False: [], True: []}
    for _ in range(repeats):
        for watched, values in found.items():
            values.append(overhead(rows, size, watched))
    itself, plain, seen = (statistics.median(values) for values in found.values())
    say(f"  a bare loop to itself           {itself:6.3f} x")
    say(f"  synthproto                      {plain / itself:6.3f} x  (bound 1.02)")
    say(f"  ... tracker, bar, loss callback {seen / itself:6.3f} x  (bound 1.03)")
    return [plain / itself <= 1.02, seen / itself <= 1.03]


class One(nn.Module):
    """One parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, batch: VAEBatch) -> VAEOutput:
        return VAEOutput(loss=self.weight * batch.x)


def one_parameter(repeats: int, steps: int = 3000) -> bool:
    """Microseconds a step over a bare loop, where a step is almost nothing."""
    batches = [VAEBatch(torch.tensor(1e-3))] * steps
    least = [float("inf")] * 2
    for _ in range(repeats):
        model = One()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
        with clock() as seconds:
            total = torch.zeros(())
            for batch in batches:
                optimizer.zero_grad()
                loss = model(batch)["loss"]
                loss.backward()
                optimizer.step()
                total += loss.detach()
            least[0] = min(least[0], seconds())
        trainer = Trainer(
            step=GradientStep(model=model, loss=loss_of, optimizer=optimizer),
            batches=batches,
            stopper=MaxEpochs(1),
            progress=False,
        )
        with clock() as seconds:
            trainer.run()
            least[1] = min(least[1], seconds())
    extra = (least[1] - least[0]) / steps * 1e6
    say(f"\none parameter: {extra:.1f} µs a step over the bare loop  (bound 12)")
    return extra <= 12


def batch_rate(rows: int, width: int, bound: float, repeats: int) -> bool:
    """Rows a second of shuffled in-memory batches."""
    batches = Batches(VAEBatch(torch.randn(rows, width)), 500)
    least = float("inf")
    for epoch in range(repeats):
        with clock() as seconds:
            for _ in batches(epoch + 1):
                pass
            least = min(least, seconds())
    rate = rows / least / 1e6
    say(f"batches of {rows} x {width}: {rate:.0f} M rows/s  (bound {bound:.0f})")
    return rate >= bound


def import_time(repeats: int) -> bool:
    """CPU seconds of importing the trainer over those of importing torch, bytecode cached."""
    code = "import time, {}; print(time.process_time())"
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as cache:
        kept = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
        for _ in range(repeats + 1):  # the first round fills the cache
            for names in ("torch", "torch, pandas", "torch, synthproto.training.trainer"):
                done = subprocess.run(
                    [sys.executable, "-c", code.format(names)],
                    capture_output=True,
                    check=True,
                    env=kept | {"PYTHONPYCACHEPREFIX": cache},
                )
                least[names] = min(least.get(names, float("inf")), float(done.stdout))
    pandas, extra = (seconds - least["torch"] for seconds in list(least.values())[1:])
    say(
        f"import of synthproto.training.trainer: {extra:.2f} s over torch, "
        f"{pandas:.2f} s of it pandas  (bound 0.3)"
    )
    return extra <= 0.3


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of the trainer and its peers.")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--rows", type=int, default=30_000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    rows = torch.randn(given.rows, WIDTH)
    held = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        runs = contestants()
        for size in (256, 500):
            say(f"\nbatch {size}, in turns step by step")
            held += ratios(rows, size, given.repeats)
            say(f"batch {size}, in turns epoch by epoch")
            side_by_side(runs, rows, size, given.repeats)
        held.append(one_parameter(given.repeats))
        held.append(batch_rate(30_000, 14, 15, 5))
        held.append(batch_rate(300_000, 100, 8, 5))
        held.append(import_time(3))
    say(f"\n{sum(held)} of {len(held)} bounds held")
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
