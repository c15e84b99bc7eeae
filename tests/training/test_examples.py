"""The training examples run from their folder, on few rows, and say how to look at the run."""

import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.interpreter_independent

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["gan", "diffusion", "two_stage", "two_processes"])
def test_example_runs(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(
        sys, "argv", [f"{name}.py", "--rows=400", "--epochs=5", f"--out={tmp_path}"]
    )
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert "MaxEpochs: 5 of 5 epochs done" in said
    assert "fidelity/mean_js_distance" in said
    assert said.splitlines()[-1] == f"tensorboard --logdir {tmp_path}"
    assert list(tmp_path.rglob("events.*"))
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 120
