"""What the run-time proof costs: once when a step is made, once on the first batch, then nothing.

    python tests/benchmarks/bench_conformance.py [--repeats 200] [--steps 5000]

One process, one thread, CPU time. The same module is trained with its annotations and without any
(nothing is checked then), the two taking turns step by step after the first batch.
"""

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypedDict

import torch
from torch import Tensor, nn

from synthproto.conformance.forward import check_forward
from synthproto.conformance.hints import floating, matrix, same_length
from synthproto.conformance.values import check_value
from synthproto.training.steps import GradientStep


class Batch(TypedDict):
    features: Annotated[Tensor, floating, matrix, same_length]
    weights: Annotated[Tensor, floating, same_length]


class Output(TypedDict):
    loss: Tensor
    rows: Annotated[Tensor, floating, matrix]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(8, 8)

    def passed(self, batch: Batch) -> Output:
        rows = self.layer(batch["features"])
        return {"loss": (rows.square().sum(1) * batch["weights"]).mean(), "rows": rows}


class Proved(Net):
    def forward(self, batch: Batch) -> Output:
        return self.passed(batch)


class Bare(Net):
    def forward(self, batch: Any) -> Any:
        return self.passed(batch)


def loss(output: Any, batch: object) -> Tensor:
    value: Tensor = output["loss"]
    return value


def step_of(model: Proved | Bare) -> Callable[[Batch], object]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing can be proved of the bare one
        return GradientStep(
            model=model, loss=loss, optimizer=torch.optim.SGD(model.parameters(), lr=1e-3)
        ).update


def microseconds(action: Callable[[], object]) -> float:
    begin = time.process_time_ns()
    action()
    return (time.process_time_ns() - begin) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of run-time conformance.")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--steps", type=int, default=5000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    batch: Batch = {"features": torch.randn(64, 8), "weights": torch.ones(64)}
    model = Proved()
    output = model.forward(batch)

    def once(action: Callable[[], object]) -> float:
        return statistics.median(microseconds(action) for _ in range(given.repeats))

    made = once(lambda: check_forward(model))
    taken = once(lambda: check_value(batch, Batch, part="forward", place="batch"))
    gave = once(lambda: check_value(output, Output, part="forward", place="output"))
    sys.stdout.write(f"when a step is made: {made:.0f} µs\n")
    sys.stdout.write(f"first batch: {taken:.0f} µs; first output: {gave:.0f} µs\n")

    proved, bare = step_of(model), step_of(Bare())
    for update in (proved, bare):
        update(batch)
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(given.steps):
        # Whoever comes second finds warmer caches, so they change places.
        for place in (turn % 2, 1 - turn % 2):
            times[place].append(microseconds(partial((proved, bare)[place], batch)))
    first, second = (statistics.median(each) for each in times)
    sys.stdout.write(
        f"a later step: {first:.1f} µs, never checked {second:.1f} µs: {first / second:.3f} x\n"
    )


if __name__ == "__main__":
    main()
