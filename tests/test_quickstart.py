"""The quick start as a user runs it, on few rows; and bad input before anything is written."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(EXAMPLES / "quickstart.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, 300),
            "sex": random.choice(["f", "m"], 300),
            "smoker": random.integers(0, 3, 300),
            "charges": random.lognormal(8, 1, 300).round(2),
        }
    )
    frame.loc[::9, "charges"] = np.nan
    path = tmp_path / "mine.csv"
    frame.to_csv(path, index=False)
    return path


def test_the_shipped_table(tmp_path: Path) -> None:
    done = run("--rows", "600", "--epochs", "5", "--out", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    program, words = lines[-1].split(" ", 1)
    assert words.startswith(f"--logdir {tmp_path / 'runs'}")
    assert shutil.which(program) is not None
    assert lines[0].split() == ["untrained", "trained", "floor", "reference", "z", "best"]
    assert any(line.startswith("fidelity/mean_js_distance") for line in lines)
    (folder,) = (tmp_path / "runs").iterdir()
    assert list(folder.glob("events.out.tfevents.*"))
    assert "loss" in done.stderr  # the progress bar
    written = folder / "synthetic.csv"
    assert f"synthetic table, weights of epoch 5: {written}" in lines
    assert len(pd.read_csv(written)) == 600


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_model_trains_and_generates_on_its_device(tmp_path: Path) -> None:
    done = run("--device", "cuda", "--rows", "600", "--epochs", "5", "--out", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    assert "fidelity/mean_js_distance" in done.stdout


@pytest.mark.interpreter_independent
def test_a_table_of_ones_own_comes_with_what_was_decided(csv: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(csv).assign(zip="08654")
    frame["paid"] = [f"$ {number}.50" for number in range(len(frame))]
    frame.to_csv(csv, index=False, sep=";", decimal=",", encoding="utf-16-le")
    out = tmp_path / "runs"
    how = ["--encoding", "utf-16-le", "--decimal", ",", "--missing", "-1"]
    kinds = ["--categorical", "sex,smoker"]
    done = run("--csv", csv, *how, *kinds, "--epochs", "1", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "fidelity/js_distance/smoker" in done.stdout
    assert "note: 'zip' has zeros before other digits" in done.stdout
    assert "looks like amounts of money, e.g. '$ 0.50'" in done.stdout
    assert "weights of epoch 0" in done.stdout
    (written,) = out.glob("*/synthetic.csv")
    assert list(pd.read_csv(written)) == list(frame)


@pytest.mark.interpreter_independent
def test_a_column_that_is_not_there_is_refused_before_anything_is_written(
    csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    done = run("--csv", csv, "--categorical", "sex,smokr", "--out", out)
    assert done.returncode != 0
    assert "SchemaError" in done.stderr
    assert "Did you mean 'smoker'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()
