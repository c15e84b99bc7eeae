"""What every tracker promises: one table of trackers, crossed with every test."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from synthproto.contracts import ParamValue, ResumableTracker, RunTracker
from synthproto.errors import ParameterError, SynthprotoWarning, TrackerError
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.training.routines import LossRoutine
from synthproto.training.steps import GradientStep
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from tests.trackers.table import CASES, Case, Kept, Run, read_memory

TAGS = (
    "fidelity/mean",
    "fidelity/js/age, in years",
    "train/loss",
    "fidelity/js/../../x",
    "größe/a",
)


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[str(request.param)]


def frame(step: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"real": [1.5, 2.25], "synthetic": [0.5 * step, -3.0]}, index=["age", "income"]
    )


def figure(step: int) -> Figure:
    drawn = Figure(figsize=(1, 0.5), dpi=60)
    drawn.add_subplot().plot([0, step])
    return drawn


def log_epoch(run: RunTracker, step: int) -> None:
    run.log_scalars({tag: number + 1 / step for number, tag in enumerate(TAGS)}, step)
    run.log_array("table/means", frame(step), step)
    run.log_figure("fidelity/pdf", figure(step), step)
    run.log_text("notes/of the day", f"epoch *{step}*", step)


def png(step: int) -> bytes:
    file = BytesIO()
    figure(step).savefig(file, format="png")
    return file.getvalue()


def expect(kept: Kept, steps: range) -> None:
    found = {(tag, step): value for tag, step, value in kept.scores}
    assert len(kept.scores) == len(found) == len(TAGS) * len(steps)
    for number, tag in enumerate(TAGS):
        for step in steps:
            assert found[tag, step] == pytest.approx(number + 1 / step, rel=1e-7)
    assert set(kept.arrays) == {("table/means", step) for step in steps}
    for (_, step), array in kept.arrays.items():
        pd.testing.assert_frame_equal(array, frame(step), check_names=False)
    assert kept.figures == {("fidelity/pdf", step): png(step) for step in steps}
    assert kept.texts == {("notes/of the day", step): f"epoch *{step}*" for step in steps}


def test_everything_comes_back_with_its_step(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        run.log_params({"learning_rate": 0.001, "model": "vae", "layers": 3})
        for step in range(1, 6):
            log_epoch(run, step)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 6))
    assert kept.params == {"learning_rate": "0.001", "model": "vae", "layers": "3"}
    assert (kept.status, kept.error) == ("finished", "")


def test_what_was_flushed_is_there_before_the_end(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")
    log_epoch(run, 1)
    run.flush()
    expect(case.read(tmp_path / "run"), range(1, 2))
    run.close()


def test_an_exception_marks_the_run_as_failed_and_passes(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")
    log_epoch(run, 1)
    with pytest.raises(ZeroDivisionError, match="by zero"), run:
        run.log_scalars({"train/x": 1 / 0}, 2)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 2))
    assert (kept.status, kept.error) == ("failed", "ZeroDivisionError: division by zero")
    with pytest.raises(TrackerError, match="closed"):
        run.log_scalars({"train/x": 1.0}, 3)


def test_an_interruption_is_told_from_a_failure(case: Case, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), case.start(tmp_path / "run"):
        raise KeyboardInterrupt
    assert case.read(tmp_path / "run").status == "interrupted"


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_is_told_by_the_run_itself(
    case: Case, number: signal.Signals, raises: bool, tmp_path: Path
) -> None:
    model = torch.nn.Linear(1, 1)

    def trainer_of(run: Run) -> Trainer[torch.Tensor, torch.Tensor]:
        return Trainer(
            step=GradientStep(
                model=model,
                loss=lambda output, _: output.square().mean(),
                optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            ),
            batches=[torch.ones(2, 1)] * 3,
            stopper=MaxEpochs(2),
            callbacks=[lambda event: os.kill(os.getpid(), number)],
            routines=[LossRoutine(run)],
            progress=False,
        )

    with suppress(KeyboardInterrupt), case.start(tmp_path / "run") as run:
        result = trainer_of(run).run()
        assert result.step == 1
        run.log_scalars({"train/x": 1.0}, 1)  # the run's end is still the script's to tell
        if result.interrupted and raises:
            raise KeyboardInterrupt
    kept = case.read(tmp_path / "run")
    assert kept.status == "interrupted"
    told = "SIGTERM" if number == signal.SIGTERM else "KeyboardInterrupt"
    assert kept.error == ("KeyboardInterrupt" if raises else told)
    assert kept.scores == [("train/x", 1, 1.0)]


def test_a_run_goes_back_to_a_mark(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")
    assert isinstance(run, ResumableTracker)
    run.log_params({"model": "vae"})
    run.log_text("run/plan", "one score", 0)
    for step in range(1, 4):
        log_epoch(run, step)
    mark = dict(run.mark())
    assert json.loads(json.dumps(mark)) == mark  # plain values
    for step in range(4, 6):
        log_epoch(run, step)
    with pytest.raises(OSError, match="gone"), run:
        raise OSError("gone")
    again = case.start_again(tmp_path / "run")
    assert isinstance(again, ResumableTracker)
    again.log_params({"layers": 2})
    again.log_text("run/plan", "one score", 0)
    again.log_text("run/more", "two scores", 0)
    for _ in range(2):  # two parts may hold the same tracker, bare and in a Tee
        again.rewind(mark)
    for step in range(4, 7):
        log_epoch(again, step)
    again.close()
    kept = case.read(tmp_path / "run")
    assert kept.texts.pop(("run/plan", 0)) == "one score"
    # In memory the second run is the same object, for which all of this came after the mark.
    assert kept.texts.pop(("run/more", 0), "") == ("" if case.read is read_memory else "two scores")
    expect(kept, range(1, 7))
    assert (kept.status, kept.error) == ("finished", "")
    assert kept.params == {"model": "vae", "layers": "2"}
    assert [path.name for path in tmp_path.glob("run*")] in (["run"], [])


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        *((TensorBoardTracker, "size", size) for size in (-5, 10**9, "x")),
        *((FilesystemTracker, "scores", size) for size in (-5, 3, 10**9, "x")),
        (TensorBoardTracker, "file", "../victim.txt"),
        (TensorBoardTracker, "folder", "../.."),
        (FilesystemTracker, "folder", "../.."),
    ],
)
def test_a_mark_that_does_not_fit_ends_in_one_clear_error(
    kind: type[TensorBoardTracker | FilesystemTracker], key: str, value: object, tmp_path: Path
) -> None:
    (tmp_path / "victim.txt").write_text("mine")
    first = kind(tmp_path / "run")
    log_epoch(first, 1)
    mark = {**first.mark(), key: value}
    first.close()
    with pytest.raises(TrackerError, match="must be writable and whole; got"):  # noqa: SIM117
        with kind(tmp_path / "run") as again:
            again.rewind(mark)
    assert (tmp_path / "victim.txt").read_text() == "mine"


def test_closing_twice_is_harmless(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        log_epoch(run, 1)
        run.close()
    run.close()
    assert case.read(tmp_path / "run").status == "finished"


@pytest.mark.parametrize("crashed", [True, False], ids=["after a crash", "after the end"])
def test_a_resumed_run_has_each_step_once(case: Case, tmp_path: Path, crashed: bool) -> None:
    run = case.start(tmp_path / "run")
    run.log_params({"model": "vae"})
    for step in range(1, 8):
        log_epoch(run, step)
    if crashed:
        with pytest.raises(OSError, match="gone"), run:
            raise OSError("gone")
    run.close()
    with case.resume(tmp_path / "run", 5) as again:
        again.log_params({"model": "vae", "layers": 2})
        for step in range(6, 10):
            log_epoch(again, step)
    kept = case.read(tmp_path / "run")
    expect(kept, range(1, 10))
    assert (kept.status, kept.error) == ("finished", "")
    assert kept.params == {"model": "vae", "layers": "2"}


def test_a_resumed_run_keeps_its_hyperparameters(case: Case, tmp_path: Path) -> None:
    params: dict[str, ParamValue] = {"model": "vae", "layers": 3, "rate": 0.5, "ema": True}
    with case.start(tmp_path / "run") as run:
        run.log_params(params)
        run.log_scalars({"train/loss": 1.0}, 1)
    with case.resume(tmp_path / "run", 1) as again:
        again.log_params({"depth": 2})
    kept = case.read(tmp_path / "run")
    assert kept.params == {name: str(value) for name, value in {**params, "depth": 2}.items()}
    assert kept.status == "finished"


def test_scores_that_are_not_finite_are_kept_as_such(case: Case, tmp_path: Path) -> None:
    odd = {"train/nan": float("nan"), "train/up": float("inf"), "train/down": -float("inf")}
    with case.start(tmp_path / "run") as run:
        run.log_scalars(odd, 1)
    kept = {tag: value for tag, _, value in case.read(tmp_path / "run").scores}
    assert np.isnan(kept.pop("train/nan"))
    assert kept == {"train/up": float("inf"), "train/down": -float("inf")}


def test_later_changes_do_not_reach_what_was_logged(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        scores, array = {"train/loss": 1.0}, frame(1)
        run.log_scalars(scores, 1)
        run.log_array("table/means", array, 1)
        scores["train/loss"] = 2.0
        array.iloc[:] = 0.0
    kept = case.read(tmp_path / "run")
    assert kept.scores == [("train/loss", 1, 1.0)]
    pd.testing.assert_frame_equal(kept.arrays["table/means", 1], frame(1), check_names=False)


def test_entries_without_a_tag_or_before_the_start_are_refused(case: Case, tmp_path: Path) -> None:
    run = case.start(tmp_path / "run")

    def log(scores: dict[str, float]) -> None:
        run.log_scalars(scores, -1)
        run.flush()  # where the refusal of a tracker in the background is told at the latest

    with pytest.raises((ParameterError, TrackerError), match=r"empty.*must not be negative"):
        log({"": 1.0, "train/loss": 2.0})
    with pytest.raises((ParameterError, TrackerError), match="must not be negative"):
        log({"train/loss": 2.0})
    with pytest.raises(OSError, match="over"), run:
        raise OSError("over")  # a wrapper tells on closing again what was lost, as a note
    assert case.read(tmp_path / "run").scores == []


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [np.inf]], ids=str)
def test_a_histogram_of_nothing_finite_is_refused(
    case: Case, values: list[float], tmp_path: Path
) -> None:
    run = case.start(tmp_path / "run")

    def log() -> None:
        run.log_histogram("train/weights", np.array(values), 3)
        run.flush()

    with pytest.raises((ParameterError, TrackerError), match=r"'train/weights' at step 3 needs"):
        log()
    with pytest.raises(OSError, match="over"), run:
        raise OSError("over")


def test_threads_may_log_at_once(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run.log_scalars({f"train/{n % 4}": float(n)}, n), range(200)))
    kept = case.read(tmp_path / "run")
    assert sorted(kept.scores, key=lambda s: s[1]) == [
        (f"train/{n % 4}", n, float(n)) for n in range(200)
    ]


def test_is_a_context_manager(case: Case, tmp_path: Path) -> None:
    with case.start(tmp_path / "run") as run:
        assert isinstance(run, AbstractContextManager)
        assert isinstance(run, RunTracker)


# --- what a tracker cannot keep -------------------------------------------------------------------


def test_an_odd_entry_takes_no_other_with_it(case: Case, tmp_path: Path) -> None:
    """Long names, letters that are none, values that bins cannot part: each is kept, or alone."""
    long = "fidelity/" + "/".join(f"column {n:03d} " + "x" * 40 for n in range(12))
    with case.start(tmp_path / "run") as run:
        run.log_scalars({"train/loss": 1.0, long: 2.0, "lone/\udc80": 3.0}, 1)
        run.log_text("run/\udc80", "a \udc80 b", 1)
        run.log_params({"width": 3, "name\udc80": "value \udc80"})
        for step, values in enumerate(
            ([0.3, 0.1 + 0.2], [1e300, -1e300], [1.0] * 5, [1.7e308, -1.7e308], [5e-324, 0.0]), 1
        ):
            run.log_histogram("train/weights", np.array(values), step)
        run.log_scalars({"train/loss": 0.5}, 2)
    kept = case.read(tmp_path / "run")
    assert kept.status == "finished"
    assert [(s, v) for tag, s, v in kept.scores if tag == "train/loss"] == [(1, 1.0), (2, 0.5)]
    assert {2.0, 3.0} < {value for _, _, value in kept.scores}
    assert kept.params["width"] == "3"


@pytest.mark.parametrize("on_error", ["raise", "warn"])
@pytest.mark.parametrize("kind", [TensorBoardTracker, FilesystemTracker])
def test_a_folder_that_vanishes_is_noticed(
    kind: type[TensorBoardTracker | FilesystemTracker],
    on_error: Literal["raise", "warn"],
    tmp_path: Path,
) -> None:
    tracker = kind(tmp_path / "run", on_error=on_error)
    log_epoch(tracker, 1)
    shutil.rmtree(tmp_path / "run")
    if on_error == "raise":
        with pytest.raises(TrackerError, match=r"could not keep 'train/loss' of step 2.*deleted"):
            tracker.log_scalars({"train/loss": 1.0}, 2)
        with pytest.raises(TrackerError, match="lost"):
            tracker.close()
        return
    with pytest.warns(SynthprotoWarning, match=r"could not keep 'train/loss' of step 2.*deleted"):
        tracker.log_scalars({"train/loss": 1.0}, 2)
    tracker.log_text("notes", "text", 2)
    with pytest.warns(SynthprotoWarning, match=r"lost \d values of \d tags: 'train/loss', 'notes'"):
        tracker.close()


READ_ONLY = """
import os, sys
from synthproto.errors import TrackerError
from synthproto.trackers.{module} import {name}
tracker = {name}(sys.argv[1] + "/run")
os.chmod(sys.argv[1] + "/run", 0o500)
os.chmod(sys.argv[1], 0o500)
if os.getuid() == 0:
    os.seteuid(65534)
try:
    {name}(sys.argv[1] + "/other")
except TrackerError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
@pytest.mark.parametrize("kind", [TensorBoardTracker, FilesystemTracker])
def test_a_folder_that_may_not_be_written_is_refused_at_once(
    kind: type[TensorBoardTracker | FilesystemTracker], tmp_path: Path
) -> None:
    module = kind.__module__.rpartition(".")[2]
    script = READ_ONLY.format(module=module, name=kind.__name__)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    tmp_path.chmod(0o700)
    assert "must be writable; got PermissionError" in done.stdout
