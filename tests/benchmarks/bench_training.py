"""What the trainer costs over a loop written by hand.

    python tests/benchmarks/bench_training.py [--rounds 31] [--rows 30000] [--epochs 2]

One process, one thread, CPU time. Contestants train the same VAE with the same Adam on the same
batches from memory. The bounds hold for the ratios of whole runs, in turns, as they are measured:
see ``turns.py``. What a run does once (random states, the first batch's check, the result) is in
them. Step by step the two also take turns within one epoch, which tells smaller differences
apart, but each then finds the other's data in the cache: a loop is read against itself beside it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn
from turns import clock, in_turns, say
from vae_loops import (
    WIDTH,
    VAEBatch,
    VAEOutput,
    bare,
    made,
    ours,
    ours_watched,
    trainer_of,
)

from synthproto.data.batches import Batches
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer

BARE, AGAIN, PLAIN, WATCHED = (
    "bare loop, batches in memory",
    "the same again",
    "synthproto",
    "... tracker, bar, loss callback",
)

CPU_TIME = "print(time.process_time())"
IMPORTED = ("pandas", "synthproto", "synthproto.training.trainer")


def whole_runs(rows: Tensor, size: int, epochs: int, rounds: int) -> list[bool]:
    """Ratios of whole runs, held to the bounds."""
    contestants = {BARE: bare, AGAIN: bare, PLAIN: ours, WATCHED: ours_watched}
    found = in_turns(
        {name: partial(run, rows, size, epochs) for name, run in contestants.items()}, rounds
    )
    bounds = {PLAIN: 1.02, WATCHED: 1.03}
    for name, ratio in found.items():
        bound = f"   bound {bounds[name]}" if name in bounds else ""
        say(f"  {name:32}{ratio}{bound}")
    return [found[name].median <= bound for name, bound in bounds.items()]


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


def step_by_step(rows: Tensor, size: int, repeats: int) -> None:
    """Our ratios to the bare loop as medians, beside that of the bare loop to itself."""
    names: dict[str, bool | None] = {AGAIN: None, PLAIN: False, WATCHED: True}
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name, watched in names.items():
            found[name].append(overhead(rows, size, watched))
    itself = statistics.median(found[AGAIN])
    for name, values in found.items():
        ratio = statistics.median(values)
        say(f"  {name:32}{ratio:6.3f} x   over the loop to itself {ratio / itself:6.3f} x")


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
    """Rows a second of shuffled in-memory batches, beside a copy of the rows in their own order.

    The copy says what the machine's memory gives at all: a table that does not fit into the
    processor's cache cannot be gathered faster than it is read.
    """
    data = torch.randn(rows, width)
    batches = Batches(VAEBatch(data), 500)
    least, copy = float("inf"), float("inf")
    for epoch in range(repeats):
        with clock() as seconds:
            for _ in batches(epoch + 1):
                pass
            least = min(least, seconds())
        with clock() as seconds:
            data.clone()
            copy = min(copy, seconds())
    rate = rows / least / 1e6
    say(
        f"batches of {rows} x {width}: {rate:.1f} M rows/s  (bound {bound:.0f}; "
        f"a plain copy {rows / copy / 1e6:.1f})"
    )
    return rate >= bound


def import_time(repeats: int) -> bool:
    """CPU seconds of imports over that of torch, bytecode cached."""
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as cache:
        kept = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
        for _ in range(repeats + 1):  # the first round fills the cache
            for names in ("torch", *IMPORTED):
                done = subprocess.run(
                    [sys.executable, "-c", f"import time, torch, {names}; {CPU_TIME}"],
                    capture_output=True,
                    check=True,
                    env=kept | {"PYTHONPYCACHEPREFIX": cache},
                )
                least[names] = min(least.get(names, float("inf")), float(done.stdout))
    say(f"\nimport of torch: {least['torch']:.2f} s; over it")
    for names in IMPORTED:
        say(f"  {names:32}{least[names] - least['torch']:6.2f} s")
    say("  (bound 0.3 for the trainer)")
    return least[IMPORTED[-1]] - least["torch"] <= 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of the trainer over a bare loop.")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=2, help="of a turn")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = torch.randn(given.rows, WIDTH)
    held = []
    for size in (256, 500):
        say(f"\nbatch {size}, in turns of whole runs, {given.epochs} epochs each")
        held += whole_runs(rows, size, given.epochs, given.rounds)
        say(f"batch {size}, in turns step by step")
        step_by_step(rows, size, max(1, given.rounds // 8))
    held.append(one_parameter(7))
    held.append(batch_rate(30_000, 14, 15, 5))
    held.append(batch_rate(300_000, 100, 8, 5))
    held.append(import_time(3))
    say(f"\n{sum(held)} of {len(held)} bounds held")
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
