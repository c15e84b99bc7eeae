"""What a run knows of itself, and how it is saved."""

import io
import math
from time import process_time

import numpy as np
import pytest
import torch

from synthproto.contracts import EpochEvent, StepEvent, Update
from synthproto.data.batches import Batches
from synthproto.errors import ConformanceError
from synthproto.training.routines import BatchScores, Every
from synthproto.training.state import HistoryTable, LossMeans, RunState
from synthproto.training.steps import loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from tests.training.test_trainer import Rows, Scored, net, rows, step_of

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


def test_history_has_the_mean_loss_and_gaps_where_nothing_was_due() -> None:
    losses: list[float] = []

    def keep(event: StepEvent[Rows, Scored]) -> None:
        losses.append(event.losses["loss"].item())

    model = net()
    data = Batches(rows(), 8)
    result = Trainer(
        step=step_of(model),
        batches=data,
        stopper=MaxEpochs(3),
        callbacks=[keep],
        routines=[Every(2, BatchScores(model=model, batches=data, scores={"loss": loss_of}))],
        progress=False,
    ).run()
    means = np.array(losses).reshape(3, 5).mean(1)
    assert np.allclose(result.history["train/loss"], means, rtol=1e-12)
    assert result.history["holdout/loss"].isna().tolist() == [True, False, True]


def test_means_count_only_the_steps_with_an_entry() -> None:
    class Rare:
        """A step that reports a second loss in every third step."""

        def __init__(self) -> None:
            self.count = 0

        def update(self, batch: int, /) -> Update[int]:
            self.count += 1
            often = {"often": torch.tensor(1.0)}
            return Update(batch, often | ({} if self.count % 3 else {"rare": torch.tensor(6.0)}))

        def end_epoch(self, event: EpochEvent, /) -> None: ...

        def evaluation(self) -> "Rare":
            return self

        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

        def state_dict(self) -> dict[str, object]:
            return {}

        def load_state_dict(self, state: dict[str, object], /) -> None: ...

    # What a GAN calls a batch may be nothing: a range will do.
    trainer = Trainer(step=Rare(), batches=range(7), stopper=MaxEpochs(1), progress=False)
    scores = trainer.run().history.iloc[0]
    assert (scores["train/often"], scores["train/rare"]) == (1.0, 6.0)


def test_losses_that_keep_their_graph_or_are_no_tensors_are_refused() -> None:
    class Careless:
        """Wraps a step, and reports its losses otherwise."""

        def __init__(self, loss: object) -> None:
            self.inner = step_of(net())
            self.loss = loss
            self.end_epoch, self.evaluation = self.inner.end_epoch, self.inner.evaluation
            self.state_dict = self.inner.state_dict
            self.load_state_dict = self.inner.load_state_dict

        def update(self, batch: Rows, /) -> Update[Scored]:
            self.inner.update(batch)
            return Update(self.inner.update(batch).output, {"loss": self.loss})  # type: ignore[dict-item]

    for loss, message in (
        (1.0, "got float"),
        (torch.ones(2), r"got one of shape \(2,\)"),
        (torch.ones((), requires_grad=True), "with a graph"),
    ):
        trainer = Trainer(
            step=Careless(loss), batches=[rows()], stopper=MaxEpochs(1), progress=False
        )
        with pytest.raises(ConformanceError, match=message):
            trainer.run()
