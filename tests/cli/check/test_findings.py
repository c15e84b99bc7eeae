"""What is found in scripts, and where: verdicts, warnings, right scripts."""

from typing import Any

import pytest

from synthproto.cli.check.findings import Finding, without_echoes
from tests.cli.check.corpus import joints

pytestmark = pytest.mark.interpreter_independent


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


def test_every_mistake_has_its_place_and_plain_words(joined: list[dict[str, Any]]) -> None:
    found = [
        (each["line"], each["place"], each["explanation"])
        for each in joined
        if each["file"].endswith("mistaken.py")
    ]
    assert [each[:2] for each in found] == [each[:2] for each in EXPECTED]
    for (_, _, text), (_, _, start) in zip(found, EXPECTED, strict=True):
        assert text.startswith(start)


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


RIGHT = joints("right")


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_script_is_condemned(name: str, judged: dict[str, list[tuple[int, str]]]) -> None:
    assert [each for each in judged.get(f"right_{name}", []) if each[1].startswith("!")] == []


# --- of two errors, that which explains the other ------------------------------------------------


def error(columns: tuple[int, int], place: str, explanation: str, code: str) -> Finding:
    return Finding(
        "a.py", None, 1, columns[0], 1, columns[1], "error", place, explanation, "", code, ""
    )


CALL = error((5, 30), "routines of Trainer", "it returns object", "arg-type")
INNER = error((12, 20), "argument 1 of Every", "the number comes first", "arg-type")
RETURN = error((12, 20), "routines of Trainer", "", "return-value")
BESIDE = error((40, 50), "stopper of Trainer", "a number is no stopper", "arg-type")
UNKNOWN = error((1, 60), "Trainer", "no such argument", "call-arg")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([CALL, INNER, BESIDE], [INNER, BESIDE]),
        ([RETURN, CALL], [CALL]),
        ([UNKNOWN, BESIDE, INNER], [UNKNOWN, BESIDE, INNER]),
        ([BESIDE, BESIDE], [BESIDE]),
        ([RETURN], [RETURN]),
    ],
)
def test_an_error_that_only_follows_is_left_out(given: list[Finding], kept: list[Finding]) -> None:
    assert without_echoes(given) == kept
