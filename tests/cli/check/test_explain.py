"""What `check` says of 100 scripts and more, right and wrong, made from the type suite.

Every case of the suite becomes a script of its own; every fourth has letters beyond ASCII before
its parts, every fourth other names for the library's, every fourth cloned code full of errors
beside it. All are checked in one run.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.check.runs import Run, run
from tests.typing_runs import ROOT, once

SUITE = ROOT / "typecheck"
_IGNORE = re.compile(r"  # (type: ignore|pyright: ignore)\[[^\]]*\]")
_CALL = re.compile(r"^(    )((?:Trainer|GradientStep|Validation|TablePlan|Patience|Every|AnyOf)\()")
CLONED = (
    "import os\n\n\ndef helper(x):\n    y: int = 'text'\n    return os.nothing(y) + undefined\n"
)
WRONG, RIGHT = ("rejects", "rejects_models", "rejects_tables"), ("accepts", "accepts_models")


def scripts(name: str) -> Iterator[tuple[str, str]]:
    """A script for each case of a file of the suite, by name."""
    text = _IGNORE.sub("", (SUITE / f"{name}.py").read_text(encoding="utf-8"))
    lines = text.splitlines()
    functions = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
    ]
    spans = [(node.lineno - 1, node.end_lineno or node.lineno) for node in functions]
    for node, own in zip(functions, spans, strict=True):
        others = [span for span in spans if span != own]
        kept = [
            line
            for number, line in enumerate(lines)
            if not any(first <= number < end for first, end in others)
        ]
        yield f"{name}_{node.name}", "\n".join(kept) + "\n"


def varied(text: str, number: int) -> str:
    """The script as another user would write it."""
    lines = text.splitlines()
    if number % 4 == 1:
        lines = [_CALL.sub(r'\1"é日本😀"; \2', line) for line in lines]
    elif number % 4 == 2:
        lines = [*(re.sub(r"\bTrainer\(", "Training(", line) for line in lines)]
        place = next(n for n, line in enumerate(lines) if line.startswith("from typecheck.parts"))
        lines.insert(place, "from synthproto import Trainer as Training")
    elif number % 4 == 3:
        place = next(n for n, line in enumerate(lines) if line.startswith("from typecheck.parts"))
        lines.insert(place, "import cloned")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """Findings by script, of one run over all."""

    def make(folder: Path) -> list[str]:
        place = folder / "corpus"
        place.mkdir()
        (place / "cloned.py").write_text(CLONED)
        names = []
        for name in (*WRONG, *RIGHT):
            for number, (script, text) in enumerate(scripts(name)):
                (place / f"{script}.py").write_text(varied(text, number), encoding="utf-8")
                names.append(str(place / f"{script}.py"))
        done: Run = run("--json", *names, search=ROOT)
        content = json.loads(done.out)
        found: dict[str, list[dict[str, object]]] = {Path(name).stem: [] for name in names}
        for each in content["findings"]:
            found[Path(each["file"]).stem].append(each)
        found["elsewhere"] = [{"files": list(content["elsewhere"])}]
        return [json.dumps(found)]

    (line,) = once(tmp_path_factory, "words", make)
    loaded: dict[str, list[dict[str, object]]] = json.loads(line)
    return loaded


def faults(findings: list[dict[str, object]]) -> list[dict[str, object]]:
    return [each for each in findings if each["severity"] == "error"]


def test_there_are_enough(said: dict[str, list[dict[str, object]]]) -> None:
    assert sum(name.startswith("rejects") for name in said) >= 100
    assert sum(name.startswith("accepts") for name in said) >= 30


def test_no_right_script_is_condemned(said: dict[str, list[dict[str, object]]]) -> None:
    condemned = {
        name: [(each["line"], each["mypy"]) for each in faults(found)]
        for name, found in said.items()
        if name.startswith("accepts") and faults(found)
    }
    assert condemned == {}


def test_wrong_scripts_are_found_wrong(said: dict[str, list[dict[str, object]]]) -> None:
    missed = [n for n, found in said.items() if n.startswith("rejects") and not faults(found)]
    assert missed == []


def test_most_faults_are_explained(said: dict[str, list[dict[str, object]]]) -> None:
    wrong = {name: faults(found) for name, found in said.items() if name.startswith("rejects")}
    explained = [n for n, found in wrong.items() if any(each["explanation"] for each in found)]
    assert len(explained) >= 0.9 * len(wrong), sorted(set(wrong) - set(explained))


def test_errors_of_cloned_code_are_no_verdict(said: dict[str, list[dict[str, object]]]) -> None:
    (elsewhere,) = said["elsewhere"]
    assert "cloned.py" in str(elsewhere["files"])
