"""`python -m synthproto check`: exit codes, and what it refuses to run."""

import argparse
import importlib.util
from pathlib import Path

import pytest

from synthproto.cli.check import run as check
from synthproto.cli.check.findings import Finding, Verdict
from synthproto.cli.main import add_check, main
from tests.cli.check.runs import FAULT, Run, run

pytestmark = pytest.mark.interpreter_independent


def test_what_fits_is_said_to_fit(runs: dict[str, Run]) -> None:
    assert runs["fits"].status == 0, runs["fits"]
    assert runs["fits"].out.startswith("Everything fits: 0 faults, 0 warnings in 1 script")


def test_what_cannot_be_proved_is_a_warning(runs: dict[str, Run]) -> None:
    status, out, _ = runs["unproved"]
    assert status == 0
    assert "not proved: GradientStep" in out
    assert "came out as GradientStep[Any, Any]" in out
    assert "What can be proved fits: 0 faults" in out


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


def test_check_is_a_subcommand() -> None:
    parser = argparse.ArgumentParser()
    add_check(parser.add_subparsers())
    assert parser.parse_args(["check", "a.py", "--json"]).json


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


def test_a_copy_of_a_script_is_condemned_as_well(tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        path = tmp_path / name / "copied.py"
        path.parent.mkdir()
        path.write_text(FAULT)
        assert run(str(path)).status == 1
        path.unlink()
