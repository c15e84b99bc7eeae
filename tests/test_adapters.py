"""Models from elsewhere: other names, a fit of their own, arrays; the real ctgan among them."""

import random
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypedDict, assert_type

import numpy as np
import pandas as pd
import pytest
import torch
from ctgan import CTGAN, TVAE
from numpy.typing import NDArray
from torch import Tensor, nn

from synthproto.adapters import AdaptedModel, ForeignFit, as_frame
from synthproto.artifacts.columns import MeanJSDistance
from synthproto.conformance.forward import check_forward
from synthproto.conformance.values import check_value
from synthproto.contracts import EpochEvent, TrainingStep
from synthproto.data.batches import Batches
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ConformanceError, ParameterError, SchemaError
from synthproto.plan import TablePlan
from synthproto.training.models import Ema
from synthproto.training.routines import Every
from synthproto.training.steps import GradientStep
from synthproto.training.stoppers import AnyOf, MaxEpochs, MaxSteps
from synthproto.training.trainer import Trainer
from synthproto.training.validation import Validation

ROWS = 120
BATCH = 40


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, ROWS).round()
    return pd.DataFrame(
        {"age": age, "smoker": np.where(age + rng.normal(0, 5, ROWS) > 45, "y", "n")}
    )


@pytest.fixture(scope="module")
def real(frame: pd.DataFrame) -> Table:
    return Table(frame, TableSpec.infer(frame), name="real table")


PLAN = TablePlan(scores=[MeanJSDistance()])

# --- AdaptedModel ----------------------------------------------------------------------------


class ScriptBatch(TypedDict):
    features: Tensor
    targets: Tensor


class ScriptModel(nn.Module):
    """An imperative script's model: its own names for everything, and no forward."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))

    def forward_training(self, batch: ScriptBatch) -> tuple[Tensor, Tensor]:
        outputs: Tensor = self.layer(batch["features"])
        return outputs, (outputs - batch["targets"]).square().mean()

    def generate_samples(
        self, num_samples: int, temp: float = 1.0, return_metadata: bool = False
    ) -> tuple[pd.DataFrame, dict[str, float]]:
        return pd.DataFrame({"age": np.full(num_samples, 40.0), "smoker": "y"}), {"temp": temp}


def modes(model: nn.Module) -> set[bool]:
    return {part.training for part in model.modules()}


def script_step(model: ScriptModel) -> GradientStep[ScriptBatch, tuple[Tensor, Tensor]]:
    adapted = AdaptedModel(forward=model.forward_training, module=model)
    return GradientStep(
        model=adapted,
        loss=lambda output, batch: output[1],
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
    )


SCRIPT_BATCH = ScriptBatch(features=torch.eye(6)[:, :3], targets=torch.zeros(6, 3))


def test_a_scripts_model_is_trained_and_validated_unmodified(real: Table) -> None:
    model = ScriptModel()
    validation = Validation(
        sample=lambda: model.generate_samples(num_samples=50, temp=0.8)[0], real=real, plan=PLAN
    )
    trainer = Trainer(
        step=script_step(model),
        batches=Batches(SCRIPT_BATCH, size=3),
        routines=[validation],
        stopper=MaxEpochs(3),
        progress=False,
    )
    assert_type(trainer, Trainer[ScriptBatch, tuple[Tensor, Tensor]])
    history = trainer.run().history
    assert history["train/loss"].iloc[-1] < history["train/loss"].iloc[0]
    assert 0 < history["fidelity/mean_js_distance"].iloc[-1] <= 1


def test_an_adapted_model_has_the_modes_and_the_state_of_its_module() -> None:
    model = ScriptModel()
    adapted = AdaptedModel(forward=model.forward_training, module=model)
    adapted.eval()
    assert modes(model) == {False}
    adapted.train()
    assert modes(model) == {True}
    assert list(adapted.state_dict()) == [f"module.{name}" for name in model.state_dict()]
    assert [id(p) for p in adapted.parameters()] == [id(p) for p in model.parameters()]
    Ema(adapted, 0.9).update()


def test_a_frozen_part_of_an_adapted_model_stays_in_evaluation_mode() -> None:
    model = ScriptModel()
    model.layer[1].eval()
    with script_step(model).evaluation():
        assert modes(model) == {False}
    assert [part.training for part in model.modules()] == [True, True, True, False]


def test_hooks_of_an_adapted_model_run() -> None:
    model = ScriptModel()
    adapted = AdaptedModel(forward=model.forward_training, module=model)
    seen: list[object] = []
    adapted.register_forward_hook(lambda module, args, output: seen.append(output))
    adapted(SCRIPT_BATCH)
    assert len(seen) == 1


def test_an_adapted_model_declares_what_the_foreign_method_declares() -> None:
    model = ScriptModel()
    declared = check_forward(AdaptedModel(forward=model.forward_training, module=model))
    assert declared.batch is ScriptBatch
    assert declared.output == tuple[Tensor, Tensor]
    with pytest.raises(ConformanceError, match="targets"):
        check_value({"features": torch.eye(2)}, declared.batch, part=declared.part, place="batch")


# --- ForeignFit ------------------------------------------------------------------------------


class Fitter:
    """A model with a loop of its own: noise, a buffer, a mode that sampling changes, a log."""

    def __init__(self, epochs: int = 3, fails_at: int = 0) -> None:
        self.epochs, self.fails_at = epochs, fails_at
        self.net = nn.Sequential(
            nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 1)
        )
        self.log: list[float] = []
        self.clean = False
        self.thread = 0

    def fit(self, rows: Tensor) -> None:
        self.thread = threading.get_ident()
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=0.01)
        try:
            for epoch in range(self.epochs):
                for batch in rows.tensor_split(2):
                    noise = torch.randn(1).item() + np.random.rand() + random.random()
                    loss = (self.net(batch) - noise).square().mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                if epoch + 1 == self.fails_at:
                    raise ValueError("the fit's own error")
                self.log.append(epoch)
        finally:
            self.clean = True

    def sample(self) -> pd.DataFrame:
        self.net(torch.randn(8, 2))  # moves the running means
        self.net.eval()
        np.random.rand()
        return pd.DataFrame({"age": np.random.rand(8), "smoker": ["y", "n"] * 4})

    def weights(self) -> bytes:
        state = self.net.state_dict().values()
        return b"".join(tensor.numpy().tobytes() for tensor in state)


DATA = torch.arange(20.0).reshape(10, 2)


def fitted(watch: Callable[[Fitter], None]) -> Fitter:
    torch.manual_seed(0)
    fitter = Fitter()
    watch(fitter)
    return fitter


def test_a_fit_ends_bit_identical_however_it_is_watched(real: Table) -> None:
    def watched(fitter: Fitter) -> None:
        with ForeignFit(partial(fitter.fit, DATA), updates=2) as step:
            trainer: Trainer[object, None] = Trainer(
                step=step,
                batches=range(1),
                routines=[Validation(sample=fitter.sample, real=real, plan=PLAN)],
                stopper=step.ended,
                seed=None,
                progress=False,
            )
            result = trainer.run()
        assert result.history["fidelity/mean_js_distance"].notna().tolist() == [True] * 3
        assert "ended after 6 updates" in result.reason

    alone = fitted(lambda fitter: fitter.fit(DATA))
    beside = fitted(watched)
    assert beside.weights() == alone.weights()
    assert beside.net.training
    assert beside.log == alone.log


def test_a_fit_is_held_after_all_that_follows_an_update() -> None:
    fitter = Fitter()
    kept: list[tuple[bool, int]] = []
    with ForeignFit(partial(fitter.fit, DATA), updates=2) as step:
        step.update(None)
        kept.append((step.finished, len(fitter.log)))
        step.update(None)
        kept.append((step.finished, len(fitter.log)))
        step.update(None)
        kept.append((step.finished, len(fitter.log)))
    assert kept == [(False, 1), (False, 2), (True, 3)]
    assert fitter.thread != threading.get_ident()


def test_a_fit_that_is_left_early_is_unwound_and_stays_usable() -> None:
    fitter = Fitter(epochs=10**9)
    held: list[bool] = []
    with ForeignFit(partial(fitter.fit, DATA), updates=2) as step:
        step.update(None)
        held.append(fitter.clean)
    assert [*held, fitter.clean] == [False, True]
    assert len(fitter.sample()) == 8
    step.close()
    with pytest.raises(ParameterError, match="was closed after 2 updates"):
        step.update(None)


def test_a_fit_that_has_ended_is_not_asked_again() -> None:
    with ForeignFit(partial(Fitter(epochs=1).fit, DATA), updates=5) as step:
        step.update(None)
        assert step.finished
        with pytest.raises(ParameterError, match=r"ended after 2 updates.*stopper=step\.ended"):
            step.update(None)


def test_a_run_ends_with_the_fit_also_within_an_epoch() -> None:
    with ForeignFit(partial(Fitter(epochs=3).fit, DATA), updates=2) as step:
        result = Trainer(step=step, batches=range(10), stopper=step.ended, progress=False).run()
    assert (result.step, len(result.history)) == (3, 0)
    assert "ended after 6 updates" in result.reason


def test_a_second_ctrl_c_leaves_no_fit_behind() -> None:
    """The first one ends the run after the step; the next one does not wait for it."""
    fitter, main = Fitter(epochs=10**9), threading.get_ident()

    def fit() -> None:
        signal.pthread_kill(main, signal.SIGINT)
        fitter.fit(DATA)

    step = ForeignFit(fit, updates=10**9)
    with pytest.raises(KeyboardInterrupt), step:
        step.update(None)
    assert fitter.clean


def test_an_error_of_the_fit_is_raised_where_it_is_waited_for() -> None:
    step = ForeignFit(partial(Fitter(fails_at=1).fit, DATA), updates=3)
    with pytest.raises(ValueError, match="the fit's own error") as caught:
        step.update(None)
    assert "fit" in [entry.name for entry in caught.traceback]
    with pytest.raises(ParameterError, match="closed after 2 updates"):
        step.update(None)
    step.close()


def test_no_hook_is_left_behind() -> None:
    from torch.nn.modules.module import _global_forward_pre_hooks
    from torch.optim.optimizer import _global_optimizer_pre_hooks

    before = len(_global_forward_pre_hooks), len(_global_optimizer_pre_hooks)
    with ForeignFit(partial(Fitter().fit, DATA)) as step:
        step.update(None)
        assert len(_global_optimizer_pre_hooks) == before[1] + 1
    ForeignFit(partial(Fitter().fit, DATA)).close()  # never begun
    assert (len(_global_forward_pre_hooks), len(_global_optimizer_pre_hooks)) == before


def test_other_optimizers_are_none_of_its_business() -> None:
    """A score that trains a network of its own, in the trainer's thread, holds nothing up."""
    fitter = Fitter()

    def trains(event: EpochEvent) -> None:
        net = nn.Linear(2, 2)
        optimizer = torch.optim.SGD(net.parameters())
        for _ in range(20):
            with torch.enable_grad():
                net(DATA).mean().backward()
            optimizer.step()

    with ForeignFit(partial(fitter.fit, DATA), updates=2) as step:
        Trainer(
            step=step,
            batches=range(1),
            routines=[trains],
            stopper=step.ended,
            progress=False,
        ).run()
    assert len(fitter.log) == 3


def test_two_fits_are_held_beside_each_other() -> None:
    one, two = Fitter(), Fitter()
    with (
        ForeignFit(partial(one.fit, DATA), updates=2) as first,
        ForeignFit(partial(two.fit, DATA), updates=4) as second,
    ):
        first.update(None)
        second.update(None)
        first.update(None)
    assert (len(one.log), len(two.log)) == (2, 2)


def test_a_fit_cannot_be_saved_and_says_so() -> None:
    step = ForeignFit(partial(Fitter().fit, DATA))
    with pytest.raises(ParameterError, match="without checkpoints"):
        step.state_dict()
    with pytest.raises(ParameterError, match="without checkpoints"):
        step.load_state_dict({})
    with pytest.raises(ParameterError, match="at least 1; got 0"):
        ForeignFit(partial(Fitter().fit, DATA), updates=0)


def test_a_foreign_fit_is_a_training_step() -> None:
    step: TrainingStep[object, None] = ForeignFit(partial(Fitter().fit, DATA))
    assert isinstance(step, TrainingStep)


# --- the real package ------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(sklearn|rdt|ctgan)\..*")
        yield


def small_ctgan(epochs: int = 2) -> CTGAN:
    return CTGAN(
        embedding_dim=4,
        generator_dim=(8,),
        discriminator_dim=(8,),
        batch_size=BATCH,
        pac=4,
        epochs=epochs,
    )


def small_tvae(epochs: int = 2) -> TVAE:
    return TVAE(
        embedding_dim=4,
        compress_dims=(8,),
        decompress_dims=(8,),
        batch_size=BATCH,
        epochs=epochs,
    )


@pytest.mark.parametrize("make", [small_ctgan, small_tvae])
def test_a_fitted_synthesizer_is_validated_as_it_is(
    make: Callable[[], CTGAN | TVAE], frame: pd.DataFrame, real: Table
) -> None:
    model = make()
    model.fit(frame, ["smoker"])
    validation = Validation(sample=partial(model.sample, 100), real=real, plan=PLAN)
    assert 0 <= validation.compare()["fidelity/mean_js_distance"] <= 1


@pytest.mark.parametrize(("make", "updates"), [(small_ctgan, 2), (small_tvae, 1)])
def test_a_synthesizer_is_validated_during_its_own_fit_and_unchanged_by_it(
    make: Callable[[], CTGAN | TVAE], updates: int, frame: pd.DataFrame, real: Table
) -> None:
    def sampled(watch: bool) -> pd.DataFrame:
        torch.manual_seed(5)
        np.random.seed(5)
        model = make()
        if not watch:
            model.fit(frame, ["smoker"])
        else:
            fit = partial(model.fit, frame, ["smoker"])
            with ForeignFit(fit, updates=updates) as step:
                validation = Validation(sample=partial(model.sample, 50), real=real, plan=PLAN)

                def kept(event: EpochEvent) -> dict[str, float]:
                    losses = model.loss_values
                    return {"train/kept": 0.0 if losses is None else len(losses)}

                result = Trainer(
                    step=step,
                    batches=range(ROWS // BATCH),
                    routines=[validation, kept],
                    stopper=step.ended,
                    seed=None,
                    progress=False,
                ).run()
            assert result.epoch == 2
            # The epoch's own entry in the model's record of losses is there already.
            per_epoch = 1 if updates == 2 else ROWS // BATCH
            assert result.history["train/kept"].tolist() == [per_epoch, 2 * per_epoch]
        torch.manual_seed(6)
        np.random.seed(6)
        table: pd.DataFrame = model.sample(50)
        return table

    pd.testing.assert_frame_equal(sampled(watch=True), sampled(watch=False))


def test_ctgan_is_stopped_early_and_samples(frame: pd.DataFrame, real: Table) -> None:
    model = small_ctgan(epochs=10**6)
    with ForeignFit(partial(model.fit, frame, ["smoker"]), updates=2) as step:
        result = Trainer(
            step=step,
            batches=range(ROWS // BATCH),
            routines=[Every(2, Validation(sample=partial(model.sample, 50), real=real, plan=PLAN))],
            stopper=AnyOf(step.ended, MaxSteps(4)),
            progress=False,
        ).run()
    assert result.step == 4
    assert len(model.sample(30)) == 30


# --- as_frame --------------------------------------------------------------------------------


@pytest.fixture
def wide() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "height": [1.5, 1.75, 2.0],
            "visits": [3, 4, 5],
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "smoker": [True, False, True],
            "sure": pd.array([True, None, False], dtype="boolean"),
            "sex": pd.Categorical(["f", "m", "f"]),
            "born": pd.to_datetime(["2000-01-01", "2001-02-03", "2002-03-04"]),
            "seen": pd.to_datetime(["2000-01-01"] * 3, utc=True),
            "city": ["Oslo", "Lima", "Bonn"],
        }
    )


def as_objects(frame: pd.DataFrame) -> NDArray[np.object_]:
    return frame.to_numpy(dtype=object)


def as_strings(frame: pd.DataFrame) -> NDArray[np.object_]:
    return frame.astype(str).where(frame.notna(), None).to_numpy(dtype=object)


@pytest.mark.parametrize("to_array", [as_objects, as_strings])
def test_cells_come_back_with_the_real_frames_columns_and_dtypes(
    wide: pd.DataFrame, to_array: Callable[[pd.DataFrame], NDArray[np.generic]]
) -> None:
    pd.testing.assert_frame_equal(as_frame(to_array(wide), wide), wide)


def test_floats_are_rounded_where_the_real_numbers_are_whole() -> None:
    like = pd.DataFrame({"n": [1, 2], "x": [0.5, 1.5], "b": [True, False]})
    made = as_frame(np.array([[1.6, 1.6, 1.0], [-0.4, 2.0, 0.0], [7.0, 0.1, 1.0]]), like)
    assert made["n"].tolist() == [2, 0, 7]
    assert made["x"].tolist() == [1.6, 2.0, 0.1]
    assert made["b"].tolist() == [True, False, True]
    assert made.dtypes.equals(like.dtypes)


def test_an_unseen_category_is_kept_for_scores_to_see(wide: pd.DataFrame) -> None:
    array = as_objects(wide)
    array[0, 5] = "x"
    made = as_frame(array, wide)
    assert made["sex"].tolist() == ["x", "m", "f"]
    assert made["sex"].cat.categories.tolist() == ["f", "m", "x"]


def test_all_columns_that_cannot_be_read_are_named_at_once(wide: pd.DataFrame) -> None:
    array = as_objects(wide)
    array[0, :4] = ["tall", None, 2, "perhaps"]
    array[1, 6] = "yesterday?"
    with pytest.raises(SchemaError) as caught:
        as_frame(array, wide)
    message = str(caught.value)
    assert "array has 4 faults" in message
    for name in ("height", "visits", "smoker", "born"):
        assert f"in column '{name}'" in message
    assert "'perhaps' is neither true nor false" in message


def test_dates_are_not_guessed(wide: pd.DataFrame) -> None:
    array = as_strings(wide)
    array[:, 6] = "01/02/2020"
    with pytest.raises(SchemaError, match=r"column 'born' that are no datetime64.*01/02/2020"):
        as_frame(array, wide)


@pytest.mark.parametrize("shape", [(4,), (4, 8), (4, 9, 1)])
def test_an_array_of_another_shape_is_refused(wide: pd.DataFrame, shape: tuple[int, ...]) -> None:
    with pytest.raises(SchemaError, match=r"got shape .*takes \(n, 9\), the columns \['height'"):
        as_frame(np.zeros(shape), wide)


def test_a_model_that_gives_numpy_is_validated(frame: pd.DataFrame, real: Table) -> None:
    def sample(n: int) -> NDArray[np.object_]:
        return np.column_stack([frame[name].sample(n, random_state=0) for name in frame])

    validation = Validation(sample=lambda: as_frame(sample(50), frame), real=real, plan=PLAN)
    assert validation.compare()["fidelity/mean_js_distance"] < 0.3
