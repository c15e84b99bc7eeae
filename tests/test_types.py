"""The type suite: one run of mypy over everything, pyright, messages, mutants, real objects."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, cast

import pytest
import torch

from synthproto import (
    ConformanceError,
    GradientStep,
    MaxEpochs,
    SynthprotoWarning,
    Trainer,
    loss_of,
)
from tests.typing_runs import CACHE, ROOT, alone, once
from typecheck.blame import CALL, LATER, MISSED, listed
from typecheck.checkers import CHECKERS
from typecheck.golden import GOLDEN, REJECTS, cases, messages, without_ignores
from typecheck.parts import ADAM, VAE_MODEL, Untyped, VAEBatch

pytestmark = pytest.mark.interpreter_independent

ACCEPTS = [path.with_name(path.name.replace("rejects", "accepts")) for path in REJECTS]
CHECKED = ["synthproto", "examples", "tests", "typecheck"]
_ERROR = re.compile(r"(?P<path>[^:]+\.pyi?):(?P<line>\d+): error: (?P<text>.*)")


def mypy(*words: str, cwd: Path = ROOT) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--hide-error-context", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        # Where python's own path names the checked folder, mypy takes it for installed packages,
        # of which it tells no errors.
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What mypy says of everything, and of the rejecting files without their ignores."""

    def make(folder: Path) -> list[str]:
        bare = folder / "bare"
        bare.mkdir()
        return mypy("--cache-dir", str(CACHE), *CHECKED, *map(str, without_ignores(bare)))

    return once(tmp_path_factory, "mypy", make)


@pytest.mark.timeout(1200)  # without a cache, on a busy machine
def test_mypy_finds_nothing(said: list[str]) -> None:
    assert [line for line in said if ": error:" in line and "bare_" not in line] == []


def test_messages_are_those_that_were_read(said: list[str]) -> None:
    copies = [path.with_name(f"bare_{path.name}") for path in REJECTS]
    lines = [line for line in said if "bare_" in line]
    sources = {copy.name: path for copy, path in zip(copies, REJECTS, strict=True)}
    found = messages(sources, lines)
    golden = GOLDEN.read_text()
    pinned = re.search(r"^mypy==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    if pinned is None or pinned[1] != version("mypy"):
        # Other versions word it otherwise; the kinds of errors and their places are the same.
        found, golden = (
            re.sub(r"(error|note):.*?(\[[\w-]+\])?$", r"\2", text, flags=re.M)
            for text in (found, golden)
        )
    assert found == golden, "read what changed, then: python typecheck/golden.py"


def test_no_message_blames_nobody() -> None:
    text = GOLDEN.read_text()
    assert "Cannot infer value of type" not in text
    assert "outside of any case" not in text


def test_every_mistake_is_blamed_on_a_line_of_its_own() -> None:
    blocks = GOLDEN.read_text().split("\n\n")
    assert len(blocks) == sum(len(list(cases(path))) for path in REJECTS) >= 60
    assert [block for block in blocks if "error:" not in block] == []


def pyright(*words: str) -> subprocess.CompletedProcess[str]:
    # It reads the packages of whichever python comes first on the PATH; --verifytypes knows no
    # other way to be told.
    programs = str(Path(sys.executable).parent)
    return subprocess.run(
        [sys.executable, "-m", "pyright", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PATH": os.pathsep.join((programs, os.environ.get("PATH", "")))},
    )


# A peer that the tests compare with, which needs Python < 3.14.
ABSENT = "" if find_spec("artifact_core") else "artifact_core."


@pytest.mark.timeout(1200)
def test_pyright_finds_nothing() -> None:
    done = pyright()
    assert re.search(r"^\d+ errors?, ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    found = [
        line
        for line in done.stdout.splitlines()
        if " - error: " in line and not (ABSENT and f'Import "{ABSENT}' in line)
    ]
    assert found == []


@pytest.mark.timeout(1200)
def test_every_public_type_is_known() -> None:
    done = pyright("--verifytypes", "synthproto", "--ignoreexternal")
    assert "Type completeness score: 100%" in done.stdout, done.stdout


# --- real objects --------------------------------------------------------------------------------

COMPOSITIONS = [(path.stem, case.name) for path in ACCEPTS for case in cases(path)]


@pytest.mark.parametrize(("module", "name"), COMPOSITIONS, ids=[name for _, name in COMPOSITIONS])
def test_what_is_accepted_runs(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    getattr(importlib.import_module(f"typecheck.{module}"), name)()


# --- mutants -------------------------------------------------------------------------------------


class Mutant(NamedTuple):
    """A joint made loose or wrong: the suite has to notice."""

    name: str
    path: str
    old: str
    new: str


CONTRACTS = "synthproto/contracts.py"
TRACKING = "synthproto/contracts.py"
STEPS = "synthproto/training/steps.py"
TRAINER = "synthproto/training/trainer.py"
VALIDATION = "synthproto/training/validation.py"
MUTANTS = [
    Mutant(
        "callbacks_take_anything",
        CONTRACTS,
        "Callback: TypeAlias = Callable[[StepEvent[Batch, Output]], object]",
        "Callback: TypeAlias = Callable[..., object]",
    ),
    Mutant(
        "loss_takes_anything",
        STEPS,
        "        loss: Callable[[Output, Batch], Tensor],\n",
        "        loss: Callable[..., Tensor],\n",
    ),
    Mutant(
        "report_trackers_need_not_draw",
        TRACKING,
        "class ReportTracker(ScalarTracker, ArrayTracker, FigureTracker, Protocol):",
        "class ReportTracker(ScalarTracker, ArrayTracker, Protocol):",
    ),
    Mutant(
        "batches_may_be_any_iterable",
        CONTRACTS,
        "Batches: TypeAlias = Sequence[Batch] | Callable",
        "Batches: TypeAlias = Iterable[Batch] | Callable",
    ),
    Mutant(
        "outputs_are_invariant",
        CONTRACTS,
        'Output_co = TypeVar("Output_co", covariant=True, default=object)',
        'Output_co = TypeVar("Output_co", default=object)',
    ),
    Mutant(
        "batches_of_a_model_are_covariant",
        CONTRACTS,
        'Batch_contra = TypeVar("Batch_contra", contravariant=True, default=Never)',
        'Batch_contra = TypeVar("Batch_contra", covariant=True, default=object)',
    ),
    Mutant(
        "steps_forget_the_output",
        TRAINER,
        "step: TrainingStep[Batch, Output],",
        "step: TrainingStep[Batch, object],",
    ),
    Mutant(
        "stoppers_need_no_reason",
        CONTRACTS,
        "Stopper: TypeAlias = Callable[[Progress], str | None]",
        "Stopper: TypeAlias = Callable[[Progress], object]",
    ),
    Mutant(
        "routines_return_anything",
        CONTRACTS,
        "Routine: TypeAlias = Callable[[EpochEvent], Mapping[str, float] | None]",
        "Routine: TypeAlias = Callable[[EpochEvent], object]",
    ),
    Mutant(
        "monitors_take_anything",
        CONTRACTS,
        "Monitor: TypeAlias = Callable[[EpochEvent], float | None]",
        "Monitor: TypeAlias = Callable[..., float | None]",
    ),
    Mutant(
        "scores_give_anything",
        TRACKING,
        "Score: TypeAlias = Callable[[Resources], float | Mapping[str, float]]",
        "Score: TypeAlias = Callable[[Resources], object]",
    ),
    Mutant(
        "plots_give_anything",
        TRACKING,
        "Plot: TypeAlias = Callable[[Resources], Drawing | Mapping[str, Drawing]]",
        "Plot: TypeAlias = Callable[[Resources], object]",
    ),
    Mutant(
        "losses_are_carried_by_anything",
        CONTRACTS,
        "LossCarrier: TypeAlias = LossAttribute | LossItem",
        "LossCarrier: TypeAlias = object",
    ),
    Mutant(
        "trackers_need_not_close",
        TRACKING,
        '    def close(self) -> object:\n        """Flush, release, and raise if anything was '
        'lost. A second call does nothing."""\n        ...\n',
        "",
    ),
    Mutant(
        "models_need_no_modes",
        CONTRACTS,
        '    def train(self, mode: bool = ..., /) -> object:\n        """Switch to training mode, '
        'or to evaluation mode with ``False``."""\n        ...\n\n    def eval(self) -> object:\n'
        '        """Switch to evaluation mode."""\n        ...\n',
        "",
    ),
    Mutant(
        "samples_take_anything",
        VALIDATION,
        "sample: Callable[[], Frame],",
        "sample: Callable[..., Frame],",
    ),
    Mutant(
        "any_score_can_be_monitored",
        VALIDATION,
        "def monitor(self, score: Callable[[TablePair], float]) -> Monitor:",
        "def monitor(self, score: object) -> Monitor:",
    ),
    Mutant(
        "a_tracker_loses_a_method",
        "synthproto/trackers/memory.py",
        "    def log_text(",
        "    def _log_text(",
    ),
    Mutant(
        "every_takes_any_part",
        "synthproto/training/routines.py",
        "part: Callable[[Event_contra], Value_co],",
        "part: Callable[..., Value_co],",
    ),
    Mutant(
        "the_face_forgets_a_type",
        "synthproto/__init__.pyi",
        "from synthproto.training.trainer import Trainer as Trainer",
        "from typing import Any\n\nTrainer: Any",
    ),
]


@pytest.fixture(scope="session")
def laboratory(said: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the suite checks, with what mypy knows already."""
    assert said is not None
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen") else base) / "laboratory"
    with alone(base.parent, "laboratory"):
        if not folder.exists():
            folder.mkdir()
            for name in ("synthproto", "typecheck", "stubs", "examples"):
                shutil.copytree(ROOT / name, folder / name)
            shutil.copy2(ROOT / "pyproject.toml", folder)
            shutil.copytree(CACHE, folder / ".mypy_cache", ignore=shutil.ignore_patterns("check"))
    return folder


@pytest.fixture
def bench(laboratory: Path, tmp_path: Path) -> Iterator[Path]:
    """The laboratory for one mutant at a time."""
    with alone(laboratory, "bench"):
        yield laboratory


def errors(folder: Path) -> set[tuple[str, str]]:
    """What mypy finds in the suite and the package, wherever a mutant has shifted it."""
    found = map(_ERROR.match, mypy("typecheck", cwd=folder))
    return {(each["path"], each["text"]) for each in found if each is not None}


def surviving(mutant: Mutant, folder: Path) -> bool:
    """Whether a mutant leaves the suite as green as it was."""
    target = folder / mutant.path
    text = target.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.name}: {mutant.path} no longer says this"
    target.write_text(text.replace(mutant.old, mutant.new))
    try:
        return not errors(folder)
    finally:
        target.write_text(text)


@pytest.mark.timeout(1200)
def test_the_suite_is_green_without_mutants(bench: Path) -> None:
    assert errors(bench) == set()


@pytest.mark.parametrize("mutant", MUTANTS[:3], ids=lambda mutant: mutant.name)
def test_a_mutant_turns_the_suite_red(mutant: Mutant, bench: Path) -> None:
    assert not surviving(mutant, bench)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mutant", MUTANTS[3:], ids=lambda mutant: mutant.name)
def test_each_mutant_turns_the_suite_red(mutant: Mutant, bench: Path) -> None:
    assert not surviving(mutant, bench)


# --- the oldest mypy that is promised ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_oldest_mypy_agrees(tmp_path: Path) -> None:
    promised = re.search(r'"mypy>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert promised is not None
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", f"mypy~={promised[1]}.0"], check=True)
    done = subprocess.run(
        [
            python,
            "-m",
            "mypy",
            "--python-executable",
            sys.executable,
            "--cache-dir",
            str(tmp_path / "cache"),
            # What it says inside of the package, no user sees.
            "--follow-imports=silent",
            "typecheck",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- what the README promises --------------------------------------------------------------------


def untyped() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GradientStep(model=Untyped(), loss=lambda output, batch: output["loss"], optimizer=ADAM)


def trained_on(batch: object) -> None:
    batches = cast("list[VAEBatch]", [batch])  # what a checker would refuse
    step = GradientStep(model=VAE_MODEL, loss=loss_of, optimizer=ADAM)
    Trainer(step=step, batches=batches, stopper=MaxEpochs(1), progress=False).run()


AT_RUN_TIME: dict[str, Callable[[], None]] = {
    "A forward without annotations, and no assertion": untyped,
    "A batch that lacks a key": lambda: trained_on({}),
    "A batch of another dtype than `Annotated[Tensor, floating, matrix]`": lambda: trained_on(
        {"features": torch.zeros(6, 2, dtype=torch.long)}
    ),
}


def promises(columns: int) -> Iterator[list[str]]:
    """Rows of the README's two tables of mistakes: that of so many columns."""
    text = (ROOT / "README.md").read_text()
    section = text.split("## What the checker proves", 1)[1].split("\n## ", 1)[0]
    for line in section.splitlines():
        cells = line.strip("| ").split(" | ")
        if line.startswith("| ") and len(cells) == columns and cells[0] != "mistake":
            yield cells


def test_the_readme_promises_what_the_suite_holds() -> None:
    # What mypy adds in notes belongs to the error before it.
    golden = re.sub(r"\n\s*note:\s*", " ", GOLDEN.read_text())
    blocks = {block.split("\n")[0].split(": ", 1)[1]: block for block in golden.split("\n\n")}
    rows = list(promises(2 + len(CHECKERS)))
    assert len(rows) >= 10
    for mistake, seen, *marks in rows:
        assert f"{mistake}." in blocks, f"the suite has no case {mistake!r}"
        block = blocks[f"{mistake}."]
        assert seen.strip("`") in block, f"{mistake!r}: mypy does not say {seen}"
        name = block.split(": ", 1)[0]
        for checker, mark in zip(CHECKERS, marks, strict=True):
            assert name not in listed(MISSED, checker.name) | listed(LATER, checker.name)
            assert mark == ("call" if name in listed(CALL, checker.name) else "arg"), name


def test_the_readme_promises_what_happens_at_run_time() -> None:
    rows = list(promises(3))
    assert {mistake for mistake, _, _ in rows} == set(AT_RUN_TIME)
    for mistake, seen, _ in rows:
        text = re.escape(seen.strip("`"))
        with pytest.raises((ConformanceError, SynthprotoWarning), match=text):
            AT_RUN_TIME[mistake]()
