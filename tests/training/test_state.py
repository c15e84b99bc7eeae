"""What a run knows of itself, and how it is saved."""

import io
import math
from time import process_time

import pytest
import torch

from synthproto.contracts import EpochEvent
from synthproto.training.state import HistoryTable, LossMeans, RunState

HISTORY = [
    EpochEvent(1, 5, 0.1, {"train/loss": 1 / 3, "b": 2.0}),
    EpochEvent(2, 10, 0.2, {}),
    EpochEvent(4, 20, 0.30000000000000004, {"b": math.inf, "a": -0.0, "train/loss": 1e-300}),
]


def plain(history: list[EpochEvent]) -> list[object]:
    return [(e.epoch, e.step, e.seconds, list(e.scores.items())) for e in history]


@pytest.mark.parametrize("first", [0, 1, 3])
def test_a_history_is_the_same_after_it_was_saved_by_column(first: int) -> None:
    table = HistoryTable()
    table.columns(HISTORY[:first])  # an earlier checkpoint
    file = io.BytesIO()
    torch.save(table.columns(HISTORY), file)
    file.seek(0)
    assert plain(HistoryTable.read(torch.load(file, weights_only=True))) == plain(HISTORY)


def test_a_saved_history_does_not_grow_with_the_run() -> None:
    table = HistoryTable()
    early = table.columns(HISTORY[:1])
    table.columns(HISTORY)
    assert plain(HistoryTable.read(early)) == plain(HISTORY[:1])


def test_a_history_goes_on_after_it_was_read() -> None:
    state = RunState(LossMeans(), history=HISTORY[:2])
    other = RunState(LossMeans(), history=[EpochEvent(9, 9, 9.0, {"z": 1.0})])
    other.shared_state(0.0)
    other.load_shared_state(state.shared_state(1.0))
    other.history.append(HISTORY[2])
    state.load_shared_state(other.shared_state(2.0))
    assert plain(state.history) == plain(HISTORY)


def test_saving_a_long_history_again_costs_next_to_nothing() -> None:
    scores = [f"family/score/{i}" for i in range(20)]
    history = [EpochEvent(n, n, 1.0, dict.fromkeys(scores, float(n))) for n in range(5_000)]
    table = HistoryTable()
    began = process_time()
    table.columns(history)
    first, began = process_time() - began, process_time()
    for _ in range(10):
        table.columns(history)
    assert (process_time() - began) / 10 < first / 5
