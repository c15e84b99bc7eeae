"""Runs of `check` that several tests look at: each is made once."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.check import corpus
from tests.cli.check.runs import FAULT, FITS, UNPROVED, Run, notebook, run
from tests.typing_runs import once

MISTAKEN = Path(corpus.HERE, "mistaken.py.txt")


@pytest.fixture(scope="session")
def joined(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Findings of one run over all joints, and over a script full of mistakes."""

    def make(folder: Path) -> list[str]:
        place = folder / "joints"
        place.mkdir()
        (place / "kit.py").write_text(Path(corpus.HERE, "kit.py").read_text())
        (place / "mistaken.py").write_text(MISTAKEN.read_text())
        for room in corpus.ROOMS:
            for name, body in corpus.joints(room).items():
                (place / f"{room}_{name}.py").write_text(corpus.script(body), encoding="utf-8")
        return [run("--json", str(place)).out]

    (line,) = once(tmp_path_factory, "joints", make)
    findings: list[dict[str, Any]] = json.loads(line)["findings"]
    return findings


@pytest.fixture(scope="session")
def judged(joined: list[dict[str, Any]]) -> dict[str, list[tuple[int, str]]]:
    """What `check` says of each joint, by ``room_name``: line, and verdict with explanation."""
    found: dict[str, list[tuple[int, str]]] = {}
    for each in joined:
        mark = "!" if each["severity"] == "error" else "?"
        said = f"{mark} {each['place']}: {each['explanation'] or '-'}"
        found.setdefault(Path(each["file"]).stem, []).append((each["line"], said))
    return found


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One run each of a script that fits, one that is not proved, and one full of mistakes."""

    def make(folder: Path) -> list[str]:
        texts = {"fits": FITS, "unproved": UNPROVED, "mistaken": MISTAKEN.read_text()}
        for name, text in texts.items():
            Path(folder, f"{name}.py").write_text(text)
        return [json.dumps((name, *run(str(folder / f"{name}.py")))) for name in texts]

    lines = map(json.loads, once(tmp_path_factory, "check", make))
    return {name: Run(*rest) for name, *rest in lines}


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
