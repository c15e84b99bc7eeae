"""Findings as text and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from synthproto.cli.check.findings import Finding, Verdict
from synthproto.cli.check.scripts import Script
from synthproto.cli.check.show import as_json, as_text, refusal_as_json
from tests.cli.check.runs import Run

pytestmark = pytest.mark.interpreter_independent


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


def finding(severity: Any, cell: int | None = None) -> Finding:
    return Finding(
        "a.py", cell, 2, 5, 2, 9, severity, "stopper of Trainer", "no", "", "", "x = y\x1b"
    )


@pytest.mark.parametrize(
    ("findings", "fits", "said"),
    [
        ([], True, "Everything fits: 0 faults, 0 warnings in 1 script (1.5 s)\n"),
        ([finding("warning")], True, "What can be proved fits: 0 faults, 1 warning in"),
        ([finding("error"), finding("error")], False, "Does not fit: 2 faults, 0 warnings"),
    ],
)
def test_the_last_line_says_the_verdict(
    findings: list[Finding], fits: bool, said: str, tmp_path: Path
) -> None:
    text = as_text(scripts(tmp_path), Verdict(findings), fits, 1.5, colored=False)
    assert text.split("\n\n")[-1].startswith(said)
    assert "\x1b" not in text
    assert "\x1b[1m" in as_text(scripts(tmp_path), Verdict([finding("error")]), fits, 1.5, True)


def scripts(folder: Path) -> list[Script]:
    path = folder / "a.py"
    path.write_text("")
    return [Script(path)]


def test_cells_of_notebooks_are_named() -> None:
    text = as_text([], Verdict([finding("error", cell=3)]), False, 0.0, colored=False)
    assert text.startswith("a.py, cell 3, line 2:5  does not fit: stopper of Trainer\n  no\n")


def test_errors_of_other_files_are_one_line() -> None:
    text = as_text([], Verdict([], {"other.py": 3}), True, 0.0, colored=False)
    assert (
        "Left out: 3 errors of mypy in 1 other file that the scripts import, e.g. other.py" in text
    )


def test_json_has_the_findings_or_why_there_are_none(tmp_path: Path) -> None:
    content = json.loads(as_json(scripts(tmp_path), Verdict([finding("error")]), False, 1.234))
    assert (content["fits"], content["seconds"], len(content["findings"])) == (False, 1.23, 1)
    assert content["findings"][0]["place"] == "stopper of Trainer"
    assert json.loads(refusal_as_json("no mypy"))["error"] == "no mypy"
