"""What comes in through the face is checked at run time, and refused in words of public names."""

import inspect
import pickle
import random
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast, get_origin

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import synthproto
from synthproto import (
    AnyOf,
    Background,
    Batches,
    Checkpoints,
    ConformanceError,
    Every,
    GradientStep,
    JSDistance,
    LossRoutine,
    MaxEpochs,
    Mean,
    MeanJSDistance,
    MemoryTracker,
    Table,
    TableCodec,
    TablePair,
    TablePlan,
    TableSpec,
    Tee,
    TensorBoardTracker,
    Trainer,
    Validation,
    default_plan,
    trusted,
)
from synthproto.guard import checked_arguments

# A checker refuses these calls; the run has to.
FRAME: Any = pd.DataFrame({"age": [1.0, 2.0, 3.0], "sex": ["f", "m", "f"]})
SPEC = TableSpec.infer(FRAME)
REAL = Table(FRAME, SPEC)
LOADER: Any = DataLoader(TensorDataset(torch.zeros(2)))
FIVE: Any = 5
NAME: Any = "age"


class Doubling(nn.Module):
    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return 2 * batch


MODEL = Doubling()
OPTIMIZER = torch.optim.SGD([nn.Parameter(torch.zeros(1))])
STEP: Any = GradientStep(model=MODEL, loss=lambda output, batch: output.sum(), optimizer=OPTIMIZER)
ROUTINE: Any = LossRoutine(MemoryTracker())
SCORE: Any = MeanJSDistance()
PLAN = TablePlan(scores=[SCORE])
FRAME_MEND = r"got DataFrame\. Make a table of it: Table\(frame, TableSpec\.infer\(frame\)\)"

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a word for a frame": (
        lambda: Table(NAME, SPEC),
        r"^Table: frame must be DataFrame \| ArrowStream \| ToPandas; got str 'age'\. "
        r"To read a file: Table\.read\(path\)\.",
    ),
    "a class for a spec": (
        lambda: Table(FRAME, cast("Any", TableSpec)),
        r"^Table: spec must be TableSpec; got the class TableSpec\. Pass an instance: TableSpec\(",
    ),
    "a frame for a table": (
        lambda: Validation(sample=lambda: FRAME, real=FRAME, plan=PLAN),
        f"^Validation: real must be Table; {FRAME_MEND}",
    ),
    "a frame for a pair's table": (
        lambda: TablePair(REAL, FRAME),
        f"^Pair: syn.*{FRAME_MEND}",
    ),
    "a frame for a codec": (lambda: TableCodec.fit(FRAME), f"^TableCodec.fit: real .*{FRAME_MEND}"),
    "a frame for a pair": (
        lambda: MeanJSDistance()(FRAME),
        r"^MeanJSDistance: pair must be Pair\[",
    ),
    "a frame for samples": (
        lambda: Validation(sample=FRAME, real=REAL, plan=PLAN),
        r"^Validation: sample must be Callable\[\[\], DataFrame \| ArrowStream \| ToPandas\]; "
        r"got DataFrame\. Pass the function that draws it: sampler\(model, params\)\.$",
    ),
    "a table for a spec": (
        lambda: default_plan(cast("Any", REAL)),
        "^default_plan: spec must be TableSpec; got Table",
    ),
    "one score without a list": (
        lambda: TablePlan(scores=SCORE),
        r"^Plan: scores must be Sequence\[.*; got MeanJSDistance\. Put it into a list: \[\.\.\.\]",
    ),
    "a name among scores": (
        lambda: TablePlan(scores=[SCORE, NAME]),
        r"^Plan: scores\[1\] must be Callable\[.*\]; got str 'age'\. Pass the function or object",
    ),
    "a number for a score": (lambda: Mean(FIVE), "^Mean: of must be .*; got int 5"),
    "one routine without a list": (
        lambda: Trainer(step=STEP, batches=[torch.ones(1)], stopper=MaxEpochs(1), routines=ROUTINE),
        r"^Trainer: routines .*; got LossRoutine\. Put it into a list: \[\.\.\.\]",
    ),
    "a number for a stopper": (
        lambda: Trainer(step=STEP, batches=[torch.ones(1)], stopper=FIVE),
        r"^Trainer: stopper must be Callable\[\[Progress\], str \| None\]; got int 5\. "
        r"To stop after so many epochs: MaxEpochs\(5\)\.",
    ),
    "a loader for batches": (
        lambda: Trainer(step=STEP, batches=LOADER, stopper=MaxEpochs(1)),
        r"^Trainer: batches .*; got DataLoader\. Say what its batches are: trusted\(loader, MyB",
    ),
    "a model for a step": (
        lambda: Trainer(step=cast("Any", MODEL), batches=[torch.ones(1)], stopper=MaxEpochs(1)),
        "^Trainer: step must be TrainingStep",
    ),
    "a number of stoppers": (
        lambda: AnyOf(MaxEpochs(1), FIVE),
        r"^AnyOf: stoppers\[1\] must be Callable\[\[Progress\], str \| None\]; got int 5\. To stop",
    ),
    "a word for a number": (lambda: MaxEpochs(NAME), "^MaxEpochs: epochs must be int; got str"),
    "a word for a loss": (
        lambda: GradientStep(model=MODEL, loss=NAME, optimizer=OPTIMIZER),
        r"^GradientStep: loss must be Callable.*Pass the function or object itself, not its name",
    ),
    "an optimizer's class": (
        lambda: GradientStep(
            model=MODEL, loss=lambda o, b: o, optimizer=cast("Any", torch.optim.SGD)
        ),
        r"^GradientStep: optimizer must be Optimizer; got the class SGD\. Pass an instance: SGD\(",
    ),
    "a word for a size": (lambda: Batches(torch.ones(3), NAME), "^Batches: size must be int"),
    "a list for a loader": (
        lambda: trusted(cast("Any", [1]), int),
        r"^trusted: loader must be DataLoader\[object\]; got list of int",
    ),
    "a class for a step": (
        lambda: Trainer(
            step=cast("Any", GradientStep), batches=[torch.ones(1)], stopper=MaxEpochs(1)
        ),
        r"^Trainer: step must be TrainingStep\[Batch, Output\]; got the class Grad",
    ),
    "a class for a tracker": (
        lambda: Background(cast("Any", MemoryTracker)),
        r"^Background: tracker must be RunTracker; got the class MemoryTracker\. Pass an instance",
    ),
    "a word for batches": (
        lambda: Trainer(step=STEP, batches=NAME, stopper=MaxEpochs(1)),
        "^Trainer: batches are a text, 'age'",
    ),
    "a score for a monitor": (
        lambda: Checkpoints("runs", best=SCORE),
        r"^Checkpoints: best is the score MeanJSDistance, which reads tables, not epochs\. Pass "
        r"validation\.monitor\(MeanJSDistance\(\.\.\.\)\)\.",
    ),
    "a class every few epochs": (
        lambda: Every(2, cast("Any", LossRoutine)),
        r"^Every: part is the class LossRoutine\. Pass an instance: LossRoutine\(\.\.\.\)\.",
    ),
    "a number for a folder": (lambda: Checkpoints(FIVE), r"^Checkpoints: folder must be str \| Pa"),
    "a number for a log": (lambda: TensorBoardTracker(FIVE), "^TensorBoardTracker: folder must be"),
    "a number for a tracker": (
        lambda: Tee(FIVE),
        r"^Tee: trackers\[0\] must be RunTracker; got int 5\. It lacks close, flush, log_array, ",
    ),
    "a fraction of steps": (
        lambda: Every(cast("Any", 0.5), ROUTINE),
        r"^Every: every must be int; got float 0\.5",
    ),
    "a step of a report": (
        lambda: PLAN.run(TablePair(REAL, REAL)).track(MemoryTracker(), NAME),
        r"^Report\.track: step must be int; got str 'age'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_argument_is_refused_in_public_words(name: str) -> None:
    call, text = REFUSED[name]
    with pytest.raises(ConformanceError, match=text) as caught:
        call()
    assert not re.search(r"(?<![\w_])_[a-z]|beartype|violates|synthproto\.", str(caught.value))


def guarded() -> dict[str, FunctionType]:
    """Every function that the public names check, by what a user calls it."""
    found = {}
    for name in dir(synthproto):
        value = getattr(synthproto, name)
        owner: object = get_origin(value) or value
        members = vars(owner) if isinstance(owner, type) else {name: owner}
        for member_name, member in members.items():
            function = getattr(member, "__func__", member)
            if isinstance(function, FunctionType) and function.__globals__["__name__"] == GUARD:
                found[f"{name}.{member_name}"] = function
    return found


GUARD = "synthproto.guard"
GUARDED = guarded()


def test_public_constructors_and_functions_are_guarded() -> None:
    expected = {"Trainer.__init__", "Table.__init__", "split.split", "MeanJSDistance.__call__"}
    assert expected <= GUARDED.keys()
    assert len(GUARDED) > 150


def test_what_runs_at_each_step_is_not() -> None:
    parts = ("GradientStep.update", "MaxEpochs.__call__", "Every.__call__", "loss_of.loss_of")
    assert not GUARDED.keys() & set(parts)


@pytest.mark.parametrize("name", GUARDED)
def test_every_hint_can_be_checked(name: str) -> None:
    inner: Any = GUARDED[name]
    assert callable(checked_arguments(inner.__wrapped__))


def test_checks_leave_the_random_generator_alone() -> None:
    random.seed(0)
    before = random.getstate()
    for _ in range(20):
        TablePlan(scores=[SCORE, JSDistance()])
    assert random.getstate() == before


def test_a_guarded_function_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(synthproto.split)) is synthproto.split
    assert pickle.loads(pickle.dumps(MeanJSDistance)) is MeanJSDistance


def test_signatures_are_those_of_the_source() -> None:
    assert "holdout" in inspect.signature(synthproto.split).parameters
    assert "stopper" in inspect.signature(Trainer).parameters
