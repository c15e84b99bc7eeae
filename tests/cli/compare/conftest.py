"""A folder with tables to compare."""

from pathlib import Path

import pytest

from tests.cli.compare.test_run import frame


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    frame(300, 0).to_csv("real.csv", index=False)
    frame(300, 1).to_csv("good.csv", index=False)
    frame(150, 2).to_csv("holdout.csv", index=False)
    bad = frame(300, 3)
    bad["age"] = bad["age"] + 20
    bad["rich"] = "yes"
    bad.to_csv("bad.csv", index=False)
    return tmp_path
