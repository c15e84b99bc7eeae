"""`python -m synthproto compare` on columns of strings: refused, noted, or compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.cli.main import main

QUICK = ["--preset", "sdmetrics"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2020-01-01", periods=300).to_series()
    codes = np.random.default_rng(0).integers(0, 200, 300)
    frame = pd.DataFrame(
        {
            "x": np.arange(300) + 0.5,
            "day": days.dt.strftime("%Y-%m-%d").to_numpy(),
            "code": [f"c{code}" for code in codes],
            "few": [f"c{code % 100}" for code in codes],
        }
    )
    frame.to_csv("real.csv", index=False)
    frame.assign(day=days.dt.strftime("%d/%m/%Y").to_numpy()).to_csv("european.csv", index=False)
    return tmp_path


def notes(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["compare", "real.csv", "real.csv", *QUICK, "--json", *words]) == 0
    found: list[str] = json.loads(capsys.readouterr().out)["notes"]
    return [note for note in found if "count as categories" in note]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["real.csv", "european.csv"], "synthetic table 'european.csv'"),
        (["real.csv", "real.csv", "--holdout", "european.csv"], "holdout table 'european.csv'"),
        (["european.csv", "real.csv", "--datetime", "day"], "real table 'european.csv'"),
    ],
)
def test_dates_that_could_be_misread_are_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["compare", *words, *QUICK, "--out", "out"]) == 2
    assert not Path("out").exists()
    error = capsys.readouterr().err
    assert f"{said} has dates that are not ISO 8601 in column 'day' (e.g. '01/01/2020')" in error
    assert error.count("\n") == 1


def test_a_spec_decides_which_strings_are_dates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spec", "real.csv", "--out", "spec.json"]) == 0
    words = [*QUICK, "--spec", "spec.json"]
    assert main(["compare", "european.csv", "european.csv", *words]) == 2
    assert "real table 'european.csv' has dates that are not ISO" in capsys.readouterr().err


def test_scattered_categories_are_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (note,) = notes(capsys, "--out", "out")
    assert note.startswith("['code'] count as categories, but have fewer than 10 rows for each")
    assert "--identifier" in note
    assert "count as categories" in Path("out/report.html").read_text()
    assert main(["compare", "real.csv", "real.csv", *QUICK]) == 0
    assert "note: ['code'] count as categories" in capsys.readouterr().out


def test_categories_that_someone_named_are_not_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes(capsys, "--categorical", "few,code") == []
    assert main(["spec", "real.csv", "--out", "spec.json"]) == 0
    capsys.readouterr()
    assert notes(capsys, "--spec", "spec.json") == []


def test_many_rows_for_each_category_are_not_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_csv("real.csv")
    pd.concat([frame] * 10).to_csv("real.csv", index=False)
    assert notes(capsys) == []
