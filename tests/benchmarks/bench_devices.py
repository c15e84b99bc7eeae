"""What the trainer costs on an accelerator, and what batches that lie there save.

    python tests/benchmarks/bench_devices.py [--device cuda] [--rounds 15] [--rows 30000]

As ``bench_training.py``, but in wall time, since a device computes while the processor goes on;
each run ends when the device is done. The script is the usual one: torch's DataLoader, batches
moved to the device one by one, ``loss.item()`` every step.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from turns import in_turns, say
from vae_loops import WIDTH, Contestant, VAEBatch, bare, made, trainer_of

from synthproto.data.batches import Batches


@contextlib.contextmanager
def wall(device: str) -> Iterator[Callable[[], float]]:
    """Seconds since the start, once the device has nothing left to do."""

    def seconds() -> float:
        torch.get_device_module(device).synchronize()
        return time.perf_counter() - begin

    begin = time.perf_counter()
    yield seconds


def script(rows: Tensor, size: int, epochs: int, *, device: str) -> float:
    """DataLoader, ``to`` and ``item``."""
    vae, optimizer = made(device)
    loader = DataLoader(TensorDataset(rows), batch_size=size, shuffle=True, pin_memory=True)
    with wall(device) as seconds:
        for _ in range(epochs):
            total = 0.0
            for (x,) in loader:
                optimizer.zero_grad()
                loss = vae(VAEBatch(x.to(device, non_blocking=True)))["loss"]
                loss.backward()
                optimizer.step()
                total += loss.item()
        return seconds()


def ours(rows: Tensor, size: int, epochs: int, *, device: str, watched: bool) -> float:
    batches = Batches(VAEBatch(rows), size, device=device)
    trainer = trainer_of(batches, watched, epochs, device)
    with wall(device) as seconds:
        trainer.run()
        return seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of the trainer on an accelerator.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=4, help="of a turn")
    given = parser.parse_args()
    if not torch.get_device_module(given.device).is_available():
        sys.exit(f"this machine has no device {given.device}")
    rows = torch.randn(given.rows, WIDTH)
    device: str = given.device
    by_hand = partial(bare, device=device, timed=partial(wall, device))
    contestants: dict[str, Contestant] = {
        "bare loop, batches there": by_hand,
        "the same again": by_hand,
        "synthproto": partial(ours, device=device, watched=False),
        "... tracker, bar, loss callback": partial(ours, device=device, watched=True),
        "DataLoader, to, item": partial(script, device=device),
    }
    for size in (256, 500):
        say(f"\n{device}, batch {size}, in turns of whole runs, {given.epochs} epochs each")
        runs = {name: partial(run, rows, size, given.epochs) for name, run in contestants.items()}
        for name, ratio in in_turns(runs, given.rounds).items():
            say(f"  {name:32}{ratio}")


if __name__ == "__main__":
    main()
