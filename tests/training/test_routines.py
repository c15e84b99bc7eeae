"""Routines: when they are due, what they score, which weights they keep."""

import math
from pathlib import Path
from typing import assert_type

import pytest
import torch

from synthproto.contracts import EpochEvent
from synthproto.errors import ParameterError
from synthproto.training.routines import BatchScores, Every, KeepBest, unwrapped
from synthproto.training.steps import loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from tests.training.test_callbacks import batches, net, step_of
from tests.training.test_validation import Fit, Kept, Normal, Rows, trainer


def test_loader_routine_weights_batches_by_their_rows() -> None:
    model, kept = Normal(), Kept()
    batches = [Rows(torch.zeros(6)), Rows(torch.ones(2))]
    routine = BatchScores(
        model=model,
        batches=batches,
        scores={"loss": loss_of, "rows": lambda output, batch: float(len(batch.x))},
        name="test",
        tracker=kept,
    )
    assert_type(routine, BatchScores[Rows, Fit])
    scores = routine(EpochEvent(3, 9, 0.0, {}))
    assert scores == {"test/loss": 0.25, "test/rows": 5.0}
    assert kept.scalars == [(3, scores)]
    assert model.training
    assert routine.evaluate() == scores
    assert routine.monitor("loss")(EpochEvent(3, 9, 0.0, scores)) == 0.25
    with pytest.raises(ParameterError, match=r"has no score 'lss'; it has \['loss', 'rows'\]"):
        routine.monitor("lss")
    with pytest.raises(ParameterError, match="scores are empty"):
        BatchScores(model=model, batches=batches, scores={})
    with pytest.raises(ParameterError, match="batches gave nothing"):
        BatchScores(model=model, batches=lambda _: [], scores={"loss": loss_of}).evaluate()


def test_best_weights_survive_a_resume(tmp_path: Path) -> None:
    model = Normal()
    best = KeepBest(model, lambda event: event.scores.get("train/loss"))
    trainer(model, [best]).run()
    again = KeepBest(Normal(), lambda event: None)
    again.load_state_dict(best.state_dict())
    assert (again.epoch, again.value) == (best.epoch, best.value)
    assert not math.isnan(again.value)


def test_every_decides_once_what_is_due() -> None:
    seen: list[int] = []

    def part(event: EpochEvent) -> dict[str, float]:
        seen.append(event.epoch)
        return {"seen": 1.0}

    def due(every: Every[EpochEvent, dict[str, float]]) -> list[int]:
        seen.clear()
        given = [every(EpochEvent(number, 0, 0.0, {})) for number in range(1, 12)]
        assert [number for number, value in enumerate(given, 1) if value is not None] == seen
        return list(seen)

    assert due(Every(5, part)) == [5, 10]
    assert due(Every(5, part, first=1)) == [1, 6, 11]
    assert due(Every(5, part, first=7)) == [7]
    assert unwrapped(Every(2, Every(3, part))) is part
    for every, first in ((0, None), (1, 0)):
        with pytest.raises(ParameterError, match="at least 1"):
            Every(every, part, first=first)


def test_a_mean_over_every_k_epochs_is_not_a_thing() -> None:
    # A routine that is due every third epoch gets that epoch's mean loss, not that of three.
    means: list[float] = []

    def keep(event: EpochEvent) -> None:
        means.append(event.scores["train/loss"])

    result = Trainer(
        step=step_of(net()),
        batches=batches(),
        stopper=MaxEpochs(6),
        routines=[Every(3, keep)],
        progress=False,
    ).run()
    assert means == result.history["train/loss"].to_numpy()[[2, 5]].tolist()
