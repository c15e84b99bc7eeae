"""Stoppers are pure functions of a run's progress."""

import math
from typing import Literal

import pytest

from synthproto.contracts import EpochEvent, Progress, Stopper
from synthproto.errors import ParameterError
from synthproto.training.stoppers import (
    AllOf,
    AnyOf,
    MaxEpochs,
    MaxSteps,
    NotFinite,
    Patience,
    Target,
    TimeLimit,
    last_epoch,
    train_loss,
)


def progress(
    *losses: float | None, epoch_ended: bool = True, step: int = 0, seconds: float = 0.0
) -> Progress:
    history = [
        EpochEvent(number, number, 0.0, {} if loss is None else {"train/loss": loss})
        for number, loss in enumerate(losses, start=1)
    ]
    return Progress(len(losses), step, seconds, epoch_ended, history)


def stopped_at(stopper: Stopper, losses: list[float | None]) -> int | None:
    """The epoch after which a stopper ends a run."""
    for count in range(len(losses) + 1):
        if stopper(progress(*losses[:count])) is not None:
            return count
    return None


def test_bounds() -> None:
    assert MaxEpochs(2)(progress(1.0)) is None
    assert MaxEpochs(2)(progress(1.0, 1.0)) == "MaxEpochs: 2 of 2 epochs done"
    assert MaxEpochs(2)(progress(1.0, 1.0, epoch_ended=False)) is None
    assert MaxEpochs(0)(progress()) is not None
    assert MaxSteps(5)(progress(step=4, epoch_ended=False)) is None
    assert MaxSteps(5)(progress(step=5, epoch_ended=False)) == "MaxSteps: 5 of 5 steps done"
    assert TimeLimit(2.0)(progress(seconds=1.9)) is None
    assert "2.5 of 2" in (TimeLimit(2.0)(progress(seconds=2.5)) or "")


@pytest.mark.parametrize(
    ("losses", "mode", "end"),
    [
        ([3.0, 2.0, 2.0, 2.0], "min", 4),
        ([3.0, 2.0, 2.0, 1.0, 1.0], "min", None),
        ([1.0, 2.0, 2.0, 1.0], "max", 4),
        ([1.0, None, None, None, 1.0, None, 1.0], "min", 7),
        ([math.nan, math.nan], "min", 2),
        ([1.0, math.nan, math.nan], "min", 3),
        ([math.nan, 1.0, math.nan, 0.5], "min", None),
        ([None, None, None], "min", None),
    ],
)
def test_patience_counts_new_values_without_an_improvement(
    losses: list[float | None], mode: Literal["min", "max"], end: int | None
) -> None:
    assert stopped_at(Patience(train_loss, 2, mode=mode), losses) == end


def test_patience_with_a_relative_threshold_is_right_for_negative_scores() -> None:
    # best * (1 - threshold), as peers compute it, is -0.9: they take -0.95 for an improvement.
    assert stopped_at(Patience(train_loss, 1, relative=0.1), [-1.0, -0.95]) == 2
    assert stopped_at(Patience(train_loss, 1, relative=0.1), [-1.0, -1.05]) == 2
    assert stopped_at(Patience(train_loss, 1, relative=0.1), [-1.0, -1.2]) is None
    assert stopped_at(Patience(train_loss, 1, min_delta=0.5), [3.0, 2.6]) == 2
    assert stopped_at(Patience(train_loss, 1, mode="max", relative=0.1), [-1.0, -0.95]) == 2


def test_patience_says_what_it_waited_for() -> None:
    reason = Patience(train_loss, 2)(progress(3.0, 2.0, 2.5, 2.0))
    assert reason == "Patience: 2 new values without an improvement on 2 of epoch 2"
    assert Patience(train_loss, 1)(progress(1.0, 2.0, epoch_ended=False)) is None


def test_patience_is_known_by_its_former_name() -> None:
    assert Patience(train_loss, values=2) == Patience(train_loss, patience=2)
    with pytest.raises(ParameterError, match="patience must be at least 1; got 0"):
        Patience(train_loss)


def test_patience_reads_each_epoch_once_and_another_history_from_its_start() -> None:
    read: list[int] = []

    def monitor(event: EpochEvent) -> float:
        read.append(event.epoch)
        return -event.scores["train/loss"]

    stopper = Patience(monitor, patience=2)
    history: list[EpochEvent] = []
    for epoch in range(1, 101):
        history.append(EpochEvent(epoch, epoch, 0.0, {"train/loss": float(epoch)}))
        assert stopper(Progress(epoch, epoch, 0.0, True, history)) is None
    assert read == list(range(1, 101))
    other = [EpochEvent(epoch, epoch, 0.0, {"train/loss": 1.0}) for epoch in range(1, 4)]
    assert stopper(Progress(3, 3, 0.0, True, other)) is not None
    del history[50:]  # a run that goes on from an earlier epoch
    assert stopper(Progress(50, 50, 0.0, True, history)) is None


def test_target() -> None:
    assert stopped_at(Target(train_loss, 1.0), [3.0, None, 1.0]) == 3
    assert stopped_at(Target(train_loss, 1.0, mode="max"), [0.0, 2.0]) == 2
    assert stopped_at(Target(train_loss, 1.0), [math.nan, None]) is None


def test_not_finite_names_the_scores() -> None:
    assert NotFinite()(progress(1.0)) is None
    assert NotFinite()(progress(1.0, math.inf)) == "NotFinite: train/loss=inf in epoch 2"
    assert NotFinite()(progress()) is None


def test_any_and_all() -> None:
    some = AnyOf(MaxEpochs(3), Target(train_loss, 1.0))
    both = AllOf(MaxEpochs(3), Target(train_loss, 1.0))
    assert stopped_at(some, [2.0, 1.0, 1.0]) == 2
    assert stopped_at(both, [2.0, 1.0, 1.0]) == 3
    assert both(progress(1.0, 1.0, 1.0)) == (
        "MaxEpochs: 3 of 3 epochs done and Target: 1 reached 1.0"
    )
    assert AnyOf()(progress(1.0)) is None


def test_last_epoch_is_known_where_a_stopper_says_so() -> None:
    assert last_epoch(AnyOf(MaxEpochs(9), Patience(train_loss, 1), MaxEpochs(7))) == 7
    assert last_epoch(AnyOf(AnyOf(MaxEpochs(9)), MaxSteps(3))) == 9
    assert last_epoch(AllOf(MaxEpochs(9), MaxSteps(3))) is None
    assert last_epoch(lambda progress: None) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaxEpochs(-1),
        lambda: MaxSteps(-1),
        lambda: TimeLimit(0.0),
        lambda: TimeLimit(math.nan),
        lambda: Patience(train_loss, 0),
        lambda: Patience(train_loss, 1, min_delta=-1.0),
        lambda: Patience(train_loss, 1, relative=math.nan),
        lambda: AllOf(),
    ],
)
def test_bad_arguments_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ParameterError):
        make()
