"""Contestants in turns: the method by which the training benchmarks compare CPU times.

Each round runs every contestant once, beginning with another one each time, so that none always
follows the same other. Within a round each contestant's CPU time is divided by the first one's;
what is printed are the medians of these ratios over the rounds, with their quartiles, as they
were measured: nothing is subtracted or divided out. A second contestant that does the same as
the first says how far apart two equal programs are read on this machine.
"""

import contextlib
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple


class Ratio(NamedTuple):
    """Quartiles of a contestant's ratio to the first one."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:6.3f} x   quartiles {self.low:.3f} to {self.high:.3f}"


@contextlib.contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """CPU seconds since the start."""
    begin = time.process_time()
    yield lambda: time.process_time() - begin


def in_turns(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Ratio]:
    """Ratios of what each run returns, CPU seconds, to what the first one returns."""
    names = list(runs)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        spent = {}
        for name in names[first:] + names[:first]:
            gc.collect()
            spent[name] = runs[name]()
        for name, seconds in spent.items():
            found[name].append(seconds / spent[names[0]])
    return {name: Ratio(*_quartiles(ratios)) for name, ratios in found.items()}


def _quartiles(values: list[float]) -> list[float]:
    return statistics.quantiles(values, n=4) if len(values) > 1 else values * 3


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
