"""What a run is made of: its trackers, and what differs from a saved one."""

import io
from collections.abc import Callable
from functools import partial

import pytest
import torch

from synthproto.contracts import EpochEvent
from synthproto.data.batches import Batches
from synthproto.trackers.memory import MemoryTracker
from synthproto.training.composition import described, differences, plain_values, trackers_of
from synthproto.training.routines import Every, LossRoutine

KEPT = MemoryTracker()


def by_name(event: EpochEvent) -> None:
    KEPT.log_scalars({"x": 1.0}, event.epoch)


def given(tracker: MemoryTracker, event: EpochEvent) -> None:
    tracker.log_scalars({"x": 1.0}, event.epoch)


class Holder:
    def __init__(self, held: object) -> None:
        self.held = held

    def watch(self, event: EpochEvent) -> None: ...


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held: object) -> None:
        self.held = held


def closing_over(tracker: MemoryTracker) -> Callable[[EpochEvent], None]:
    return lambda event: tracker.log_scalars({"x": 1.0}, event.epoch)


@pytest.mark.parametrize(
    "part",
    [
        KEPT,
        by_name,
        closing_over(KEPT),
        partial(given, KEPT),
        partial(given, tracker=KEPT),
        Holder(KEPT),
        Holder(KEPT).watch,
        Slotted(KEPT),
        Holder([KEPT, 3]),
        Holder({"one": KEPT}),
        LossRoutine(KEPT),
        Every(5, LossRoutine(KEPT)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_the_tracker_of_a_part_is_found_wherever_the_part_holds_it(part: object) -> None:
    assert trackers_of([part]) == [KEPT]


def test_a_tracker_is_found_once_and_other_things_are_none() -> None:
    file = io.StringIO()  # it has flush and close too
    assert trackers_of([LossRoutine(KEPT), KEPT, Holder(file), file, 3, None, print]) == [KEPT]


def test_a_part_is_described_by_its_class_and_plain_arguments() -> None:
    found = described(Batches(torch.zeros(10, 2), 4, seed=3))
    assert found["class"] == "Batches"
    assert found["batches"] == 3
    assert (found["size"], found["seed"]) == (4, 3)
    assert described([1, 2]) == {"class": "list", "batches": 2}
    assert described(by_name) == {"class": "by_name"}


def test_differences_name_both_sides_and_leave_out_what_one_side_lacks() -> None:
    saved = {"size": 50, "betas": (0.9, 0.999), "gone": 1, "seed": 0}
    now = {"size": 100, "betas": [0.9, 0.999], "new": 2, "seed": 0}
    assert differences(now, saved) == ["size is 100, was 50"]
    assert differences(saved, saved) == []


def test_plain_values_are_numbers_texts_and_tuples_of_them() -> None:
    values = {"lr": 0.1, "betas": (0.9, 0.999), "params": [1], "f": print, "t": (print,), "b": True}
    assert plain_values(values) == {"lr": 0.1, "betas": (0.9, 0.999), "b": True}
