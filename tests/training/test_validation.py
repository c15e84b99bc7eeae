"""Validations and other routines: compared, logged, seeded, and refused where they do not fit."""

import gc
import json
import re
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from synthproto.artifacts.columns import JSDistance
from synthproto.contracts import Array, Drawing, EpochEvent
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import (
    ConformanceError,
    ParameterError,
    SchemaError,
    SynthprotoWarning,
    UndefinedScoreError,
)
from synthproto.plan import TablePlan
from synthproto.report import Report
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.training.models import Ema
from synthproto.training.routines import Every, KeepBest
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import AnyOf, MaxEpochs, Patience, Target
from synthproto.training.trainer import Trainer
from synthproto.training.validation import Validation


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor


class Params(NamedTuple):
    n_records: int


class Normal(nn.Module):
    """Learns the mean of a column, and generates normal rows around it."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(()))
        self.generated = 0

    def forward(self, batch: Rows) -> Fit:
        return Fit(loss=(batch.x - self.mean).pow(2).mean())

    def generate(self, params: Params) -> pd.DataFrame:
        self.generated += 1
        assert not self.training
        assert not torch.is_grad_enabled()
        return pd.DataFrame({"x": (torch.randn(params.n_records) + self.mean).numpy()})


class MeanGap:
    name = "fidelity/mean_gap"

    def __call__(self, pair: TablePair) -> float:
        return abs(float(pair.real.frame["x"].mean() - pair.synthetic.frame["x"].mean()))


@dataclass(frozen=True)
class Moments:
    name: str = "fidelity/moments"

    def __call__(self, pair: TablePair) -> dict[str, float]:
        return {"mean": float(pair.synthetic.frame["x"].mean())}


def frame_of(pair: TablePair) -> pd.DataFrame:
    return pair.synthetic.frame.describe()


class Kept:
    def __init__(self) -> None:
        self.scalars: list[tuple[int, dict[str, float]]] = []
        self.arrays: list[tuple[int, str]] = []

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self.scalars.append((step, dict(values)))

    def log_array(self, tag: str, array: Array, step: int) -> None:
        self.arrays.append((step, tag))

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


def table(name: str = "real table", seed: int = 0) -> Table:
    frame = pd.DataFrame({"x": np.random.default_rng(seed).normal(5.0, 1.0, 200)})
    return Table(frame, TableSpec.infer(frame), name=name)


GAP = MeanGap()


def validation(model: Normal, tracker: Kept | None = None, **more: str) -> Validation:
    return Validation(
        sample=partial(model.generate, Params(100)),
        real=table(),
        plan=TablePlan(scores=[GAP, Moments()], arrays=[frame_of]),
        tracker=tracker,
        name=more.get("name", ""),
    )


def trainer(
    model: Normal,
    routines: list[Callable[[EpochEvent], Mapping[str, float] | None]],
    epochs: int = 4,
) -> Trainer[Rows, Fit]:
    return Trainer(
        step=GradientStep(
            model=model,
            loss=loss_of,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            ema=Ema(model, 0.5),
        ),
        batches=[Rows(torch.full((4,), 5.0)), Rows(torch.full((3,), 4.0))],
        stopper=MaxEpochs(epochs),
        routines=routines,
        progress=False,
    )


def test_reports_are_logged_kept_and_improve() -> None:
    model, kept = Normal(), Kept()
    result = trainer(model, [Every(2, validation(model, kept))], epochs=6).run()
    assert [step for step, _ in kept.scalars] == [2, 4, 6]
    assert kept.arrays == [(2, "frame_of"), (4, "frame_of"), (6, "frame_of")]
    gaps = result.history["fidelity/mean_gap"].dropna()
    assert list(gaps.index) == [2, 4, 6]
    assert gaps.is_monotonic_decreasing
    assert isinstance(result.report, Report)
    assert result.report["fidelity/mean_gap"] == gaps.to_numpy()[-1]
    assert "fidelity/moments/mean" in result.history


def test_nothing_is_generated_when_nothing_is_due() -> None:
    model = Normal()
    trainer(model, [Every(3, validation(model))], epochs=8).run()
    assert model.generated == 2


def test_weights_are_the_same_with_and_without() -> None:
    def weights(validated: bool) -> bytes:
        model = Normal()
        trainer(model, [validation(model)] if validated else []).run()
        return model.mean.detach().numpy().tobytes()

    assert weights(True) == weights(False)


def test_generation_has_its_own_seed() -> None:
    model = Normal().eval()
    with torch.no_grad():
        fixed = validation(model)
        assert dict(fixed.compare(1)) == dict(fixed.compare(2))
        by_epoch = Validation(
            sample=partial(model.generate, Params(100)),
            real=table(),
            plan=TablePlan(scores=[GAP]),
            seed=lambda epoch: 100 + epoch,
        )
        assert dict(by_epoch.compare(1)) != dict(by_epoch.compare(2))
        before = torch.get_rng_state()
        by_epoch.compare(1)
    assert torch.equal(torch.get_rng_state(), before)


def told_data(folder: Path, real: Table, holdout: Table | None = None) -> str:
    """What a run's own file says about its data."""
    with FilesystemTracker(folder) as tracker:
        validation = Validation(
            sample=lambda: real.frame,
            real=real,
            holdout=holdout,
            plan=TablePlan(scores=[JSDistance()]),
            tracker=tracker,
        )
        for epoch in (1, 2):
            validation(EpochEvent(epoch, epoch, 0.0, {}))
    texts = json.loads((tracker.folder / "run.json").read_text())["texts"]
    assert isinstance(texts["data"], str)
    assert (tracker.folder / "files.csv").read_text().count(",run/data,") == 1
    return texts["data"]


def test_a_run_says_of_which_data_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, np.nan], "n": [3, 4, 0], "c": ["b", "a", "b"]})
    spec = TableSpec.infer(frame)
    real = Table(frame, spec, name="real table")
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    text = told_data(tmp_path / "run", real)
    assert re.fullmatch(r"real table: 3 rows x 3 columns, sha256 [0-9a-f]{64}", text)
    same = [
        *(
            Table.read(tmp_path / f"t.{form}", spec, name="real table")
            for form in ("csv", "parquet")
        ),
        Table(frame.astype({"n": float, "c": "category"}), spec, name="real table"),
        Table(frame.assign(n=[3.0, 4.0, -0.0]), spec, name="real table"),
    ]
    assert {told_data(tmp_path / "run", table) for table in same} == {text}
    others = [frame.assign(x=[1.0, 2.0, 0.0]), frame.assign(c=["b", "a", "a"]), frame.iloc[::-1]]
    told = {told_data(tmp_path / "run", Table(other, spec, name="real table")) for other in others}
    assert len(told | {text}) == 4
    both = told_data(tmp_path / "run", real, Table(others[0], spec, name="holdout table"))
    assert both.splitlines()[0] == text
    assert both.splitlines()[1].startswith("holdout table: 3 rows x 3 columns, sha256 ")


def test_several_validations_are_told_apart_by_name() -> None:
    model, kept = Normal(), Kept()
    result = trainer(
        model, [validation(model, kept, name="train"), validation(model, kept, name="test")]
    ).run()
    assert {"train/fidelity/mean_gap", "test/fidelity/mean_gap"} <= set(result.history)
    assert kept.arrays[:2] == [(1, "train/frame_of"), (1, "test/frame_of")]


def test_a_holdout_gives_references() -> None:
    model = Normal()
    with_holdout = Validation(
        sample=partial(model.generate, Params(100)),
        real=table(),
        plan=TablePlan(scores=[GAP]),
        holdout=table("holdout table", seed=1),
    )
    result = trainer(model, [with_holdout]).run()
    assert result.report is not None
    assert result.report.references["fidelity/mean_gap"] > 0


def test_monitors_read_scores_of_the_plan_only() -> None:
    model = Normal()
    named = validation(model, name="test")
    assert named.monitor(GAP)(EpochEvent(1, 1, 0.0, {"test/fidelity/mean_gap": 0.5})) == 0.5
    assert named.monitor(GAP)(EpochEvent(1, 1, 0.0, {})) is None

    def other(pair: TablePair) -> float:
        return 0.0

    with pytest.raises(ParameterError, match=r"'other' is not in the plan.*fidelity/mean_gap"):
        named.monitor(other)
    assert "test/fidelity/mean_gap" in repr(named.monitor(GAP))


def test_a_score_of_many_numbers_is_no_monitor() -> None:
    def each(pair: TablePair) -> dict[str, float]:
        return {"a": 0.5, "b": 0.5}

    frame = pd.DataFrame({"x": [0.0, 1.5]})
    real = Table(frame, TableSpec.infer(frame))
    many = Validation(sample=lambda: frame, real=real, plan=TablePlan(scores=[each]))
    many.monitor(each)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ParameterError, match=r"'each' is 2 numbers: \['each/a', 'each/b'\]"):
        many(EpochEvent(5, 9, 0.0, {}))


def test_stoppers_and_best_weights_follow_a_score() -> None:
    model = Normal()
    check = validation(model)
    best = KeepBest(model, check.monitor(GAP))
    run = trainer(model, [Every(2, check), best], epochs=30)
    run._stopper = AnyOf(Target(check.monitor(GAP), 0.7), MaxEpochs(30))
    result = run.run()
    assert result.reason.startswith("Target")
    assert result.epoch % 2 == 0
    assert best.epoch == result.epoch
    kept = best._weights["mean"]
    assert isinstance(kept, Tensor)
    best.restore()
    # Evaluation saw the averaged weights, so these are what is kept.
    assert torch.equal(model.mean.detach(), kept)
    with pytest.raises(ParameterError, match="no epoch had a value"):
        KeepBest(model, check.monitor(GAP)).restore()
    patience = Patience(check.monitor(GAP), 1)
    assert patience.patience == 1


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (
            pd.DataFrame({"y": [1.0]}),
            SchemaError,
            r"(?s)sample, at epoch 1: synthetic table.*'x'",
        ),
        (pd.DataFrame({"x": ["a"]}), SchemaError, "sample, at epoch 1: synthetic table"),
        (pd.DataFrame({"x": []}), SchemaError, "sample, at epoch 1: synthetic table"),
        (np.zeros((3, 1)), ConformanceError, "must return a DataFrame; got a ndarray"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_logged(
    frame: pd.DataFrame, error: type[Exception], message: str
) -> None:
    kept, model = Kept(), Normal()
    bad = Validation(sample=lambda: frame, real=table(), plan=TablePlan(scores=[GAP]), tracker=kept)
    with pytest.raises(error, match=message):
        trainer(model, [bad]).run()
    assert kept.scalars == []
    assert model.training


def test_a_score_without_a_value_does_not_end_the_training() -> None:
    def sometimes(pair: TablePair) -> float:
        if len(made) == 2:
            raise UndefinedScoreError("all of a column is missing")
        return 0.5

    model, made = Normal(), list[pd.DataFrame]()

    def sample() -> pd.DataFrame:
        made.append(model.generate(Params(50)))
        return made[-1]

    checked = Validation(
        sample=sample,
        real=table(),
        plan=TablePlan(scores=[sometimes, GAP]),
    )
    with pytest.warns(SynthprotoWarning, match="at epoch 2: sometimes has no value and is"):
        result = trainer(model, [checked], epochs=3).run()
    assert result.history["sometimes"].notna().tolist() == [True, False, True]
    assert result.history[GAP.name].notna().all()


def test_two_hundred_validations_leave_nothing_behind() -> None:
    model = Normal()
    model.eval()
    checked = validation(model)

    def objects(epochs: range) -> int:
        for epoch in epochs:
            checked(EpochEvent(epoch, epoch, 0.0, {}))
        gc.collect()
        # pandas keeps weak references to a frame's blocks, and prunes them from time to time.
        return sum(type(each) is not weakref.ref for each in gc.get_objects())

    before = objects(range(1, 11))
    assert objects(range(11, 211)) - before < 200  # fewer than one for each
