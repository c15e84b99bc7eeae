"""`python -m synthproto check`: plain words, places, exit codes, parts that are Any."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from synthproto.cli.check import run as check
from synthproto.cli.check.checker import cache_folder
from synthproto.cli.check.findings import Finding, Verdict
from synthproto.cli.check.joints import callable_of, split
from synthproto.cli.check.scripts import Script
from synthproto.cli.main import add_check, main
from tests.cli.check.runs import Run, run
from tests.typing_runs import once

pytestmark = pytest.mark.interpreter_independent

MISTAKEN = Path(__file__).parent / "mistaken.py.txt"

FITS = """
import torch
from torch import Tensor, nn
from synthproto import Batches, GradientStep, MaxEpochs, Trainer

class Line(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        return rows

model = Line()
step = GradientStep(
    model=model, loss=lambda output, batch: output.sum(), optimizer=torch.optim.SGD([torch.ones(2)])
)
Trainer(step=step, batches=Batches(torch.zeros(6, 2), size=2), stopper=MaxEpochs(1)).run()
"""

UNPROVED = FITS.replace("def forward(self, rows: Tensor) -> Tensor:", "def forward(self, rows):")

# Line, place, and how the explanation starts, for every mistake of the script.
EXPECTED = [
    (35, "", ""),
    (45, "loss of GradientStep", "loss_of reads the loss that an output carries, but VAE.f"),
    (
        49,
        "batches of Trainer",
        "batches yield Tensor, but VAE.forward takes VAEBatch (Ty",
    ),
    (
        50,
        "callbacks of Trainer",
        "watch reads Moments (TypedDict with mean: Tensor) as output",
    ),
    (
        50,
        "callbacks of Trainer",
        "there is no 'divergenc' in VAEOutput (TypedDict",
    ),
    (
        51,
        "routines of Trainer",
        "watch is a callback, told of steps. It belongs to callbacks=[...]",
    ),
    (52, "stopper of Trainer", "a number is no stopper. Say of what: MaxEpochs(100)"),
    (55, "sample of Validation", "sample is called without arguments, but vae.generate takes int."),
    (55, "real of Validation", "frame is a bare frame. Validate it first: Table(frame, spec)"),
    (55, "plan of Validation", "a list is no plan. Write TablePlan(scores=[...]"),
    (56, "scores of TablePlan", "sp.PDF() gives Picture, which is no score. It belongs to plots="),
    (56, "scores of TablePlan", "sp.MeanJSDistance is a class. Make a score of it"),
    (57, "monitor of Patience", "nobody can prove that a metric with this name exists."),
    (58, "argument 1 of LossRoutine", "a folder is no tracker. Make one: TensorBoardTracker("),
    (59, "GradientStep", "it came out as GradientStep[Any, Any]: where a type is Any, nothing is"),
    (60, "", ""),
    (62, "sample of Validation", "sample gives Tensor; a DataFrame like the real table is asked"),
    (63, "argument 1 of Every", "Every takes the number first: Every(5, losses)"),
    (63, "argument 2 of Every", ""),
]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One run each of a script that fits, one that is not proved, and one full of mistakes."""

    def make(folder: Path) -> list[str]:
        texts = {"fits": FITS, "unproved": UNPROVED, "mistaken": MISTAKEN.read_text()}
        for name, text in texts.items():
            Path(folder, f"{name}.py").write_text(text)
        wanted = (("fits",), ("unproved",), ("mistaken",), ("mistaken", "--json"))
        return [
            json.dumps(("".join((name, *words)), *run(str(folder / f"{name}.py"), *words)))
            for name, *words in wanted
        ]

    lines = map(json.loads, once(tmp_path_factory, "check", make))
    return {name: Run(*rest) for name, *rest in lines}


def test_what_fits_is_said_to_fit(runs: dict[str, Run]) -> None:
    assert runs["fits"].status == 0, runs["fits"]
    assert runs["fits"].out.startswith("Everything fits: 0 faults, 0 warnings in 1 script")


def test_what_cannot_be_proved_is_a_warning(runs: dict[str, Run]) -> None:
    status, out, _ = runs["unproved"]
    assert status == 0
    assert "not proved: GradientStep" in out
    assert "came out as GradientStep[Any, Any]" in out
    assert "What can be proved fits: 0 faults" in out


def test_every_mistake_has_its_place_and_plain_words(runs: dict[str, Run]) -> None:
    content = json.loads(runs["mistaken--json"].out)
    found = [(each["line"], each["place"], each["explanation"]) for each in content["findings"]]
    assert [each[:2] for each in found] == [each[:2] for each in EXPECTED]
    for (_, _, text), (_, _, start) in zip(found, EXPECTED, strict=True):
        assert text.startswith(start)
    assert not content["fits"]


def test_text_shows_the_line_and_mypys_own_words(runs: dict[str, Run]) -> None:
    status, out, _ = runs["mistaken"]
    assert status == 1
    block = next(block for block in out.split("\n\n") if "stopper of Trainer" in block)
    assert block.splitlines() == [
        f"{block.split(':')[0]}:52:13  does not fit: stopper of Trainer",
        "  a number is no stopper. Say of what: MaxEpochs(100)",
        "    52 |     stopper=100,",
        "       |             ^^^",
        '  mypy: Argument "stopper" to "Trainer" has incompatible type "int"; '
        'expected "Callable[[Progress], str | None]"  [arg-type]',
    ]
    assert "\x1b" not in out


def test_warnings_can_be_made_to_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Finding(
        *("a.py", None, 1, 1, 1, 1, "warning", "Trainer", "it came out as Any", "", "any", "pass")
    )
    monkeypatch.setattr(check, "verdict_on", lambda scripts: Verdict([lost]))
    script = tmp_path / "a.py"
    script.write_text("pass")
    assert main(["check", str(script)]) == 0
    assert main(["check", "--strict", str(script)]) == 1
    assert "not proved: Trainer" in capsys.readouterr().out


def test_a_missing_mypy_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["check", "a.py"]) == 2
    assert "pip install 'synthproto[check]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be used: No such file"),
        ("def f(:", "a.py:1:7 is no Python"),
        (b"\xff", "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused(
    text: str | bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "a.py"
    if text is not None:
        script.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["check", str(script)]) == 2
    assert message in capsys.readouterr().err


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().parent == tmp_path / "synthproto"


def test_revealing_keeps_lines_and_knows_places(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(
        "import synthproto as sp\n"
        "from synthproto import Trainer as T, Validation\n"
        "é = 'é'; T(step=é.x(), batches=[1],\n"
        "  stopper=lambda p: None)\n"
        "sp.Patience(monitor=Validation(plan=p).monitor(s))\n"
    )
    revealing = Script(script).revealing()
    text, places = revealing.text, revealing.parts
    assert text.splitlines()[2:] == [
        "é = 'é'; reveal_type(T(step=reveal_type(é.x()), batches=[1],",
        "  stopper=lambda p: None))",
        "reveal_type(sp.Patience(monitor=reveal_type(reveal_type(Validation("
        "plan=reveal_type(p))).monitor(s))))",
    ]
    assert {part.place for part in places.values()} == {
        "Trainer",
        "step of Trainer",
        "Patience",
        "monitor of Patience",
        "Validation",
        "plan of Validation",
    }
    for (line, column), part in places.items():
        rest = text.splitlines()[line - 1].encode()[column:].decode()
        assert rest.replace("reveal_type(", "").startswith(Script(script).source(part.node)[:8])


def test_types_as_mypy_writes_them() -> None:
    assert split("A, B[C, D], Callable[[E, F], G]") == ["A", "B[C, D]", "Callable[[E, F], G]"]
    assert callable_of("Callable[[A, B[C, D]], E | None]") == (["A", "B[C, D]"], "E | None")
    assert callable_of("def __call__(self, pair: TablePair) -> float") == (["TablePair"], "float")
    assert callable_of("Callable[[], None]") == ([], "None")
    assert callable_of("int") is None


def test_check_is_a_subcommand() -> None:
    parser = argparse.ArgumentParser()
    add_check(parser.add_subparsers())
    assert parser.parse_args(["check", "a.py", "--json"]).json


# --- what is checked, and what is refused --------------------------------------------------------

FAULT = FITS.replace("stopper=MaxEpochs(1)", "stopper=1")


def notebook(*cells: str) -> str:
    text = [{"cell_type": "markdown", "source": "# no code: stopper=1"}]
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [*text, *code], "nbformat": 4})


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One run over notebooks, scripts of one name, a package, partials and a broken neighbour."""

    def make(folder: Path) -> list[str]:
        top = folder / "many"
        imports, _, rest = FAULT.partition("model = Line()")
        files = {
            "nb.ipynb": notebook(
                f"%matplotlib inline\n!pip list\n{imports}", f"model = Line(){rest}"
            ),
            "a/train.py": FITS,
            "b/train.py": FAULT,
            "pack/__init__.py": "",
            "pack/parts.py": FITS,
            "pack/train.py": "from pack.parts import step\nfrom synthproto import Trainer\n"
            "Trainer(step=step, batches=3)\n",
            "partial.py": PARTIALS,
        }
        for name, text in files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
        return [run(str(top), "--json").out]

    (line,) = once(tmp_path_factory, "check-many", make)
    content: dict[str, Any] = json.loads(line)
    return content


PARTIALS = """
from functools import partial
import pandas as pd
from synthproto import Table, TablePlan, Validation

def draw(rows: int, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"x": range(rows)})

def untyped(rows: int = 3):
    return draw(rows)

def go(real: Table, plan: TablePlan) -> None:
    Validation(sample=partial(draw, 3), real=real, plan=plan)
    Validation(sample=partial(draw, seed=3), real=real, plan=plan)
    Validation(sample=untyped, real=real, plan=plan)
"""


def found_in(content: dict[str, Any], name: str) -> list[tuple[object, ...]]:
    return [
        (each["cell"], each["line"], each["severity"], each["place"])
        for each in content["findings"]
        if each["file"].endswith(name)
    ]


def test_a_folder_is_checked_whole(many: dict[str, Any]) -> None:
    assert len(many["scripts"]) == 7
    assert not many["fits"]


def test_notebooks_are_checked_by_cell(many: dict[str, Any]) -> None:
    assert found_in(many, "nb.ipynb") == [(2, 5, "error", "stopper of Trainer")]


def test_scripts_of_one_name_and_packages(many: dict[str, Any]) -> None:
    assert found_in(many, "a/train.py") == []
    assert [each[2:] for each in found_in(many, "b/train.py")] == [("error", "stopper of Trainer")]
    assert ("error", "batches of Trainer") in {each[2:] for each in found_in(many, "pack/train.py")}


def test_partials_that_lack_arguments_and_lost_types(many: dict[str, Any]) -> None:
    found = [(each[1], each[2]) for each in found_in(many, "partial.py")]
    assert found == [(9, "warning"), (14, "error"), (15, "warning")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.py", "x = " + "1 + " * 20_000 + "1", "an expression is too long"),
        ("a.py", "x = '\0'", "is no Python"),
        ("a.py", "# coding: nope\n", "unknown encoding"),
        ("a.ipynb", "{", "it is not JSON"),
        ("a.ipynb", "[1]", "it has no cells"),
        ("a.ipynb", notebook("x = 1", "def f(:"), "cell 2, line 1"),
        ("empty", None, "without a script"),
    ],
)
def test_a_refusal_is_one_line_and_json_if_asked_for(
    name: str, text: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    assert main(["check", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    content = json.loads(captured.out)
    assert (content["fits"], said in content["error"]) == (False, True)


def test_whatever_breaks_inside_the_check_could_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise IndexError("inside")

    monkeypatch.setattr(check, "verdict_on", broken)
    script = tmp_path / "a.py"
    script.write_text("pass")
    assert main(["check", str(script)]) == 2
    assert "IndexError: inside" in capsys.readouterr().err


def test_columns_are_counted_as_any_mypy_does(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text("from synthproto import Every\n'é日😀'; Every(n, f)\n", encoding="utf-8")
    revealing = Script(script).revealing()
    for times in (0, 1, 2):
        for (line, column), part in revealing.parts.items():
            said = revealing.reported(line, column, times)
            assert revealing.original(line, said, times) == part.node.col_offset


def test_a_copy_of_a_script_is_condemned_as_well(tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        path = tmp_path / name / "copied.py"
        path.parent.mkdir()
        path.write_text(FAULT)
        assert run(str(path)).status == 1
        path.unlink()
