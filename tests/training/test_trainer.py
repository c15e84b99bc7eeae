"""The trainer's order of events, its history, its ends, and that watching changes nothing."""

import gc
import hashlib
import math
import os
import random
import signal
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, assert_type

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from synthproto import AnyOf, Trainer
from synthproto.contracts import EpochEvent, Progress, StepEvent, Stopper
from synthproto.data.batches import Batches
from synthproto.errors import (
    ConformanceError,
    NonFiniteLossError,
    ParameterError,
    SynthprotoWarning,
)
from synthproto.training.callbacks import GradientNorms, LossCallback
from synthproto.training.checkpoints import Checkpoints, read_checkpoint
from synthproto.training.routines import BatchScores, Every, KeepBest, LossRoutine
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import (
    AllOf,
    MaxEpochs,
    MaxSteps,
    NotFinite,
    Patience,
    ScoreMonitor,
    Target,
    train_loss,
)


class Rows(NamedTuple):
    x: Tensor


class Scored(NamedTuple):
    loss: Tensor
    hidden: Tensor


class Net(nn.Module):
    """Dropout, batch norm and noise: everything that watching could disturb."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
        )

    def forward(self, batch: Rows) -> Scored:
        hidden = self.layers(batch.x + 0.1 * torch.randn_like(batch.x))
        return Scored(loss=(hidden - batch.x.sum(1, keepdim=True)).pow(2).mean(), hidden=hidden)


class Scalars:
    """A tracker that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, float, int]] = []

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self.kept += [(tag, value, step) for tag, value in values.items()]

    def flush(self) -> None: ...
    def close(self) -> None: ...


def net() -> Net:
    torch.manual_seed(7)
    return Net()


def rows(count: int = 40) -> Rows:
    return Rows(torch.randn(count, 4, generator=torch.Generator().manual_seed(1)))


def step_of(model: Net) -> GradientStep[Rows, Scored]:
    return GradientStep(
        model=model, loss=loss_of, optimizer=torch.optim.Adam(model.parameters(), lr=1e-2)
    )


def digest(model: nn.Module) -> str:
    state = b"".join(t.numpy().tobytes() for t in model.state_dict().values())
    return hashlib.sha256(state).hexdigest()


def trained(model: Net, stopper: Stopper = MaxEpochs(3)) -> Trainer[Rows, Scored]:  # noqa: B008
    return Trainer(step=step_of(model), batches=Batches(rows(), 8), stopper=stopper, progress=False)


def test_types_follow_from_the_step() -> None:
    assert_type(trained(net()), Trainer[Rows, Scored])


def test_events_come_in_order() -> None:
    seen: list[str] = []

    def callback(event: StepEvent[Rows, Scored]) -> None:
        seen.append(f"step {event.epoch}.{event.step} {event.batch.x.shape[0]}")
        assert event.losses["loss"].requires_grad is False

    def routine(event: EpochEvent) -> dict[str, float]:
        seen.append(f"epoch {event.epoch}.{event.step}")
        assert not torch.is_grad_enabled()
        assert not model.training
        return {"my/score": 2.0 * event.epoch}

    def later(event: EpochEvent) -> None:
        assert event.scores["my/score"] == 2.0 * event.epoch

    model = net()
    result = Trainer(
        step=step_of(model),
        batches=Batches(rows(20), 8),
        stopper=MaxEpochs(2),
        callbacks=[callback],
        routines=[routine, later],
        progress=False,
    ).run()
    assert seen == [
        *("step 1.1 8", "step 1.2 8", "step 1.3 4", "epoch 1.3"),
        *("step 2.4 8", "step 2.5 8", "step 2.6 4", "epoch 2.6"),
    ]
    assert model.training
    assert list(result.history.index) == [1, 2]
    assert list(result.history.columns) == ["step", "seconds", "train/loss", "my/score"]
    assert result.history["my/score"].tolist() == [2.0, 4.0]
    assert result.reason == "MaxEpochs: 2 of 2 epochs done"
    assert not result.interrupted
    assert "2 epochs, 6 steps" in str(result)


def test_nothing_is_trained_for_zero_epochs() -> None:
    model = net()
    before = digest(model)
    result = Trainer(
        step=step_of(model), batches=Batches(rows(), 8), stopper=MaxEpochs(0), progress=False
    ).run()
    assert (result.epoch, result.step, len(result.history)) == (0, 0, 0)
    assert digest(model) == before


def test_a_stopper_that_never_had_a_value_is_told_at_the_end() -> None:
    heard = AnyOf(Patience(train_loss, 9), Target(ScoreMonitor("a/score"), 1.0), MaxEpochs(2))
    with pytest.warns(SynthprotoWarning, match=r"Trainer: Target of .*'a/score'.* in 2 epochs"):
        trained(net(), stopper=heard).run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(net(), stopper=AnyOf(Patience(train_loss, 9), MaxEpochs(2))).run()
        trained(net(), stopper=AnyOf(Target(ScoreMonitor("x"), 1.0), MaxEpochs(0))).run()


def test_a_second_run_of_a_finished_one_does_nothing() -> None:
    model = net()
    trainer = trained(model)
    first = trainer.run()
    before = digest(model)
    second = trainer.run()
    assert digest(model) == before
    assert (second.step, second.reason) == (first.step, first.reason)


def test_a_stop_within_an_epoch_leaves_it_open_and_one_at_its_end_closes_it() -> None:
    within = Trainer(
        step=step_of(net()), batches=Batches(rows(), 8), stopper=MaxSteps(7), progress=False
    ).run()
    assert (within.epoch, within.step, len(within.history)) == (2, 7, 1)
    at_end = Trainer(
        step=step_of(net()), batches=Batches(rows(), 8), stopper=MaxSteps(10), progress=False
    ).run()
    assert (at_end.epoch, at_end.step, len(at_end.history)) == (2, 10, 2)


def test_run_goes_on_where_it_was_interrupted() -> None:
    whole, broken = net(), net()
    trained(whole).run()
    at: list[int] = []

    def press(event: StepEvent[Rows, Scored]) -> None:
        if event.step == 7 and not at:
            at.append(event.step)
            os.kill(os.getpid(), signal.SIGINT)

    trainer = Trainer(
        step=step_of(broken),
        batches=Batches(rows(), 8),
        stopper=MaxEpochs(3),
        callbacks=[press],
        progress=False,
    )
    stopped = trainer.run()
    assert (stopped.reason, stopped.interrupted, stopped.step) == ("interrupted", True, 7)
    assert str(stopped).startswith(f"{7 // 5} epochs, 7 steps")  # those that ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    done = trainer.run()
    assert (done.interrupted, done.step) == (False, 15)
    assert digest(broken) == digest(whole)


def watched(model: Net, seed: int | None = 0) -> Trainer[Rows, Scored]:
    """Everything that looks, and a routine that draws from every generator there is."""

    def draw(event: EpochEvent) -> None:
        drawn = random.random(), np.random.rand(), torch.rand(3)
        assert len(drawn) == 3
        model(rows())

    def loader(_: int) -> Iterator[Rows]:
        for (x,) in DataLoader(TensorDataset(rows().x), batch_size=7):
            yield Rows(x)

    tracker = Scalars()
    return Trainer(
        step=step_of(model),
        batches=Batches(rows(), 8),
        stopper=AnyOf(MaxEpochs(3), Patience(lambda event: event.scores["holdout/loss"], 3)),
        callbacks=[Every(2, LossCallback(tracker)), GradientNorms(model, tracker)],
        routines=[
            draw,
            LossRoutine(tracker),
            BatchScores(model=model, batches=loader, scores={"loss": loss_of}, tracker=tracker),
        ],
        seed=seed,
        progress=False,
    )


def test_watching_does_not_change_training() -> None:
    unwatched, seen = net(), net()
    trained(unwatched).run()
    watched(seen).run()
    assert digest(seen) == digest(unwatched)


def test_generators_of_the_model_s_own_are_put_back_after_routines() -> None:
    def run(watched: bool) -> str:
        model, own = net(), np.random.default_rng(3)

        def loss(output: Scored, batch: Rows) -> Tensor:
            return output.loss * (1 + own.random())

        def routine(event: EpochEvent) -> None:
            own.random(5)

        Trainer(
            step=GradientStep(
                model=model, loss=loss, optimizer=torch.optim.SGD(model.parameters(), lr=0.01)
            ),
            batches=Batches(rows(), 8),
            stopper=MaxEpochs(3),
            routines=[routine] if watched else [],
            generators=[own],
            progress=False,
        ).run()
        return digest(model)

    assert run(watched=True) == run(watched=False)


def test_modes_are_left_as_found() -> None:
    model = net()
    model.layers[1].eval()  # a frozen batch norm
    watched(model).run()
    assert model.training
    assert not model.layers[1].training


@pytest.mark.parametrize("seed", [0, 3])
def test_runs_are_reproducible_and_leave_the_global_generators_alone(seed: int) -> None:
    def run(ambient: int) -> str:
        model = net()
        trainer = Trainer(
            step=step_of(model),
            batches=Batches(rows(), 8),
            stopper=MaxEpochs(2),
            seed=seed,
            progress=False,
        )
        # Not before: run-time type checks of sequences look at an item drawn by `random`.
        random.seed(ambient)
        np.random.seed(ambient)
        torch.manual_seed(ambient)
        expected = random.Random(ambient).random(), np.random.RandomState(ambient).rand()
        trainer.run()
        assert (random.random(), np.random.rand()) == expected
        assert torch.equal(torch.rand(3), torch.rand(3, generator=_seeded(ambient)))
        return digest(model)

    assert run(1) == run(2)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_seeds_differ_and_none_takes_the_ambient_state() -> None:
    def run(seed: int | None, ambient: int) -> str:
        model = net()
        torch.manual_seed(ambient)
        watched(model, seed).run()
        return digest(model)

    assert run(0, 0) != run(1, 0)
    assert run(None, 1) != run(None, 2)
    assert run(None, 0) == run(0, 1)


def test_non_finite_loss_names_epoch_and_step_and_keeps_what_was_tracked() -> None:
    tracker = Scalars()

    def poison(event: StepEvent[Rows, Scored]) -> None:
        if event.step == 6:
            with torch.no_grad():
                next(model.parameters()).fill_(math.nan)

    model = net()
    trainer = Trainer(
        step=step_of(model),
        batches=Batches(rows(), 8),
        stopper=MaxEpochs(9),
        callbacks=[poison],
        routines=[LossRoutine(tracker)],
        progress=False,
    )
    with pytest.raises(NonFiniteLossError, match="'loss' is NaN or infinite in epoch 2, step 7"):
        trainer.run()
    assert [step for _, _, step in tracker.kept] == [1]
    assert list(trainer.history.index) == [1]


def test_non_finite_loss_can_end_the_run_cleanly() -> None:
    def infinite(output: Scored, batch: Rows) -> Tensor:
        return output.loss * math.inf

    model = net()
    result = Trainer(
        step=GradientStep(
            model=model, loss=infinite, optimizer=torch.optim.SGD(model.parameters())
        ),
        batches=Batches(rows(), 8),
        stopper=AnyOf(NotFinite(), MaxEpochs(5)),
        check_finite=False,
        progress=False,
    ).run()
    assert result.epoch == 1
    assert result.reason.startswith("NotFinite: train/loss=")


def test_context_managers_among_the_parts_are_left_after_an_exception() -> None:
    class Part:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def __enter__(self) -> None:
            self.seen.append("in")

        def __exit__(self, *error: object) -> None:
            self.seen.append("out")

        def __call__(self, event: StepEvent[Rows, Scored]) -> None:
            raise RuntimeError("from a callback")

    part = Part()
    trainer = Trainer(
        step=step_of(net()),
        batches=Batches(rows(), 8),
        stopper=MaxEpochs(1),
        callbacks=[Every(1, part)],
        progress=False,
    )
    with pytest.raises(RuntimeError, match="from a callback"):
        trainer.run()
    assert part.seen == ["in", "out"]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="seed must be at least 0"):
        Trainer(step=step_of(net()), batches=[rows()], stopper=MaxEpochs(1), seed=-1)
    empty: list[Rows] = []
    with pytest.raises(ParameterError, match="batches are empty"):
        Trainer(step=step_of(net()), batches=empty, stopper=MaxEpochs(1))

    def nothing(epoch: int) -> list[Rows]:
        return []

    trainer = Trainer(step=step_of(net()), batches=nothing, stopper=MaxEpochs(1), progress=False)
    with pytest.raises(ParameterError, match="nothing in epoch 1"):
        trainer.run()
    with pytest.raises(ParameterError, match="resume=True needs checkpoints"):
        trained(net()).run(resume=True)


# --- what cannot work is told when the trainer is made, or in plain words -------------------------


def test_every_part_of_a_list_is_looked_at() -> None:
    def due(event: EpochEvent) -> None: ...
    def two(event: EpochEvent, more: int) -> None: ...
    async def late(event: EpochEvent) -> None: ...
    def lazy(event: EpochEvent) -> Iterator[None]:
        yield

    for position in range(3):
        for part, told in (
            (
                "no function",
                r"must be Callable.*got str 'no function'\. Pass the function or object",
            ),
            (two, r"is called with 1 argument; two takes 2 arguments \(event, more\)"),
            (late, "late is asynchronous"),
            (lazy, "lazy has a yield"),
            (LossRoutine, r"is the class LossRoutine. Pass an instance"),
        ):
            parts: list[Any] = [due, due, due]
            parts[position] = part
            with pytest.raises(ConformanceError, match=rf"Trainer: routines\[{position}\].*{told}"):
                Trainer(step=step_of(net()), batches=[rows()], stopper=MaxEpochs(1), routines=parts)
            with pytest.raises(
                ConformanceError, match=rf"Trainer: callbacks\[{position}\].*{told}"
            ):
                Trainer(
                    step=step_of(net()), batches=[rows()], stopper=MaxEpochs(1), callbacks=parts
                )
    wrong: Any = 5
    with pytest.raises(ConformanceError, match=r"AnyOf: stoppers\[1\] must be Callable.*got int 5"):
        AnyOf(MaxEpochs(1), wrong)
    Trainer(  # a generator function is a fine source of batches
        step=step_of(net()), batches=lambda epoch: (rows() for _ in "ab"), stopper=MaxEpochs(1)
    )


@pytest.mark.parametrize("reason", [False, "", 0, True])
def test_a_stopper_that_gives_no_reason_is_refused(reason: Any) -> None:
    def stop(progress: Progress) -> Any:
        return reason

    for stopper in (stop, AnyOf(stop), AllOf(MaxEpochs(0), stop)):
        with pytest.raises(ConformanceError, match="must return why to stop, in words, or None"):
            trained(net(), stopper).run()


def test_where_an_epoch_has_ended_there_is_one_in_the_history() -> None:
    seen: list[tuple[int, bool, int]] = []

    def last_loss(progress: Progress) -> str | None:
        seen.append((progress.epoch, progress.epoch_ended, len(progress.history)))
        if progress.epoch_ended and progress.history[-1].epoch == 2:
            return "two are enough"
        return None

    assert trained(net(), last_loss).run().reason == "two are enough"
    assert all(history == epoch for epoch, ended, history in seen if ended)
    assert not any(ended for epoch, ended, _ in seen if epoch == 0)


def test_a_tag_that_the_epoch_has_already_is_refused() -> None:
    def again(event: EpochEvent) -> dict[str, float]:
        return {"train/loss": 0.0}

    trainer = Trainer(
        step=step_of(net()),
        batches=[rows()],
        stopper=MaxEpochs(1),
        routines=[again],
        progress=False,
    )
    with pytest.raises(ParameterError, match=r"function returned \['train/loss'\], which epoch 1"):
        trainer.run()


def test_batch_normalisation_of_one_row_comes_with_what_to_do() -> None:
    trainer = Trainer(
        step=step_of(net()), batches=Batches(rows(9), 8), stopper=MaxEpochs(1), progress=False
    )
    with pytest.raises(ValueError, match="more than 1 value per channel") as caught:
        trainer.run()
    assert "drop_last=True" in caught.value.__notes__[0]


# --- weights that are not finite ------------------------------------------------------------------


class Rooted(nn.Module):
    """Its loss is finite and its gradient is not, once the weight is exactly 0."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0]))
        self.register_buffer("mask", torch.tensor([-math.inf]))  # not finite from the start

    def forward(self, batch: Tensor) -> Scored:
        return Scored((self.weight * batch).square().sqrt().sum(), batch)


def rooted(folder: Path | None, batches: list[Tensor], **more: Any) -> Trainer[Tensor, Scored]:
    model = Rooted()
    return Trainer(
        step=GradientStep(
            model=model, loss=loss_of, optimizer=torch.optim.SGD(model.parameters(), 0.1)
        ),
        batches=lambda epoch: [batches[epoch - 1]],
        stopper=MaxEpochs(len(batches)),
        checkpoints=None if folder is None else Checkpoints(folder, keep=1, best=train_loss),
        progress=False,
        **more,
    )


def test_weights_that_are_not_finite_are_neither_saved_nor_the_end(tmp_path: Path) -> None:
    batches = [torch.ones(1), torch.zeros(1)]
    with pytest.raises(
        NonFiniteLossError, match=r"'step.model.weight'.*last finite.*-000000001.pt"
    ):
        rooted(tmp_path, batches).run()
    checkpoints = Checkpoints(tmp_path)
    assert [path.name for path in checkpoints.paths] == ["checkpoint-000000001.pt"]
    assert checkpoints.best is not None
    for path in (checkpoints.paths[0], checkpoints.best):
        step = read_checkpoint(path)["step"]
        assert isinstance(step, dict)
        assert torch.isfinite(step["model"]["weight"]).all()
    assert rooted(tmp_path, batches[:1]).run(resume=True).step == 1
    with pytest.raises(NonFiniteLossError, match="after step 1, and are not saved"):
        rooted(None, batches[1:]).run()


def test_weights_that_are_not_finite_may_be_told_only(tmp_path: Path) -> None:
    batches = [torch.ones(1), torch.zeros(1)]
    with pytest.warns(SynthprotoWarning, match="hold NaN or infinity after step 2"):
        result = rooted(tmp_path, batches, check_finite=False).run()
    assert result.epoch == 2
    assert [path.name for path in Checkpoints(tmp_path).paths] == ["checkpoint-000000001.pt"]


def test_the_best_weights_are_finite_ones() -> None:
    model = Rooted()
    best = KeepBest(model, train_loss)
    best(EpochEvent(1, 1, 0.0, {"train/loss": 2.0}))
    with torch.no_grad():
        model.weight.fill_(math.nan)
    with pytest.warns(SynthprotoWarning, match="weights of epoch 2 hold NaN"):
        best(EpochEvent(2, 2, 0.0, {"train/loss": 1.0}))
    assert best.epoch == 1


# --- shown and left behind ------------------------------------------------------------------------


def test_a_trainer_and_its_result_show_themselves_in_a_line() -> None:
    trainer = trained(net(), MaxEpochs(2))
    assert repr(trainer) == "Trainer(step=GradientStep, epoch=0, step_number=0)"
    result = trainer.run()
    assert repr(trainer) == "Trainer(step=GradientStep, epoch=2, step_number=10)"
    assert repr(result).startswith("TrainingResult(2 epochs, 10 steps, ")
    assert len(repr(result)) < 100
    shown = result._repr_html_()
    assert shown.startswith("<p>2 epochs, 10 steps")
    assert "train/loss" in shown
    assert shown.count("<tr>") == 3
    assert trainer._repr_html_() == shown.replace(str(result), repr(trainer))


@pytest.mark.interpreter_independent
def test_a_thousand_trainers_leave_nothing_behind(tmp_path: Path) -> None:
    def once(number: int) -> None:
        tracker = Scalars()
        Trainer(
            step=step_of(net()),
            batches=[rows(4)],
            stopper=AnyOf(MaxEpochs(1), Patience(train_loss, 3)),
            callbacks=[LossCallback(tracker)],
            routines=[Every(1, LossRoutine(tracker))],
            checkpoints=Checkpoints(tmp_path / str(number)) if number % 100 == 0 else None,
            progress=False,
        ).run()

    def objects(numbers: range) -> int:
        for number in numbers:
            once(number)
        gc.collect()
        return len(gc.get_objects())

    before = objects(range(1, 101))
    assert objects(range(101, 1001)) - before < 900  # fewer than one for each
