"""`python -m synthproto compare`: numbers, references, ranks, exit codes, outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import Mean, ShapeDistance
from synthproto.artifacts.dependence import Similarity
from synthproto.artifacts.resampling import resampled
from synthproto.cli.main import main
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table

QUICK = ["--preset", "sdmetrics"]


def frame(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    age = generator.normal(40, 10, rows).round(1)
    sex = generator.choice(["f", "m"], rows)
    rich = np.where(age + generator.normal(0, 5, rows) > 42, "yes", "no")
    return pd.DataFrame({"age": age, "sex": sex, "rich": rich})


def report(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert main(["compare", "real.csv", *words, "--json"]) == code
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def test_numbers_are_those_of_the_library(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = report(capsys, "good.csv", "--holdout", "holdout.csv", "--target", "rich")
    spec = TableSpec.infer(frame(300, 0))
    tables = [Table(frame(n, seed), spec) for seed, n in ((0, 300), (1, 300), (2, 150))]
    pair = TablePair(*tables)
    assert pair.reference is not None
    (table,) = content["synthetic"]
    scores, noise = table["scores"], resampled(pair)
    assert scores["fidelity/similarity"] == {
        "value": Similarity()(pair),
        "reference": Similarity()(pair.reference),
        "floor": scores["fidelity/similarity"]["floor"],
        "best": 1.0,
        "direction": "higher",
        "interval": list(noise.intervals["fidelity/similarity"]),
        "noise": list(noise.noise["fidelity/similarity"]),
        "z": pytest.approx(noise.noise["fidelity/similarity"].excess(Similarity()(pair))),
        "beyond": False,
    }
    assert scores["fidelity/similarity"]["floor"] < Similarity()(pair)
    assert scores["fidelity/mean_shape_distance"]["value"] == Mean(ShapeDistance())(pair)
    assert table["similarity"] == Similarity()(pair)
    by_column, beside = ShapeDistance()(pair), ShapeDistance()(pair.reference)
    worst = max(by_column, key=lambda name: by_column[name] - beside[name])
    assert table["worst_columns"][0]["column"] == worst
    assert table["worst_columns"][0]["distance"] == by_column[worst]
    tstr = scores["utility/tstr/auroc_linear"]
    assert tstr["reference"] == scores["utility/trtr/auroc_linear"]["value"]
    assert (tstr["best"], tstr["direction"]) == (1.0, "higher")
    assert scores["privacy/dcr_share/share"]["reference"] == 0.5
    assert table["undefined"] == {}


# --- limits -----------------------------------------------------------------------------------


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.csv"], "'none.csv' cannot be used: No such file"),
        (["good.csv", "--holdout", "none.csv"], "none.csv"),
        (["good.csv", "good.csv"], "given twice"),
        (["good.csv", "--target", "Rich"], "Did you mean 'rich' for 'Rich'?"),
        (["good.csv", "--rows", "0", "--seed", "-1"], "--rows must be at least 2"),
        (["good.csv", "--spec", "none.json"], "none.json"),
        (["good.csv", "--spec", "real.csv"], "not readable as JSON"),
        (["good.csv", "--spec", "x", "--categorical", "age"], "--categorical beside --spec"),
        (["other.csv"], "synthetic table 'other.csv' lacks"),
        (["good.csv", "--out", "real.csv"], "'real.csv' is a file"),
        (["good.csv", "--out", "real.csv/deeper"], "real.csv' is a file"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    frame(20, 0).drop(columns="age").to_csv("other.csv", index=False)
    before = sorted(folder.rglob("*"))
    out = [] if "--out" in words else ["--out", "out", "--tensorboard", "runs"]
    assert main(["compare", "real.csv", *words, *QUICK, *out]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("synthproto compare: error: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_foreign_files_are_left_alone_and_own_ones_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "out"
    words = ["compare", "real.csv", "good.csv", *QUICK, "--out", "out"]
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    assert main(words) == 0
    first = (out / "report.html").read_bytes()
    assert main(words) == 0
    assert (out / "report.html").read_bytes() == first
    (out / "report.json").write_text('{"mine": true}')
    assert main(words) == 2
    assert "report.json that no comparison wrote" in capsys.readouterr().err
    assert (out / "report.json").read_text() == '{"mine": true}'
    assert (out / "notes.txt").read_text() == "mine"


# --- the rest ---------------------------------------------------------------------------------


def test_a_score_without_a_value_is_said_to_have_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_row = frame(1, 5)
    one_row.to_csv("one.csv", index=False)
    content = report(capsys, "one.csv")
    (table,) = content["synthetic"]
    assert "joint/c2st_trees" in table["undefined"]
    assert "fidelity/similarity" in table["scores"]
    limit = ["--fail-under", "joint/c2st_trees=0.5"]
    assert "has no value" in str(report(capsys, "one.csv", *limit, code=1)["failed"])


def test_a_table_longer_than_the_holdout_is_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame(160, 4).to_csv("short.csv", index=False)
    words = [*QUICK, "--holdout", "holdout.csv"]
    (note,) = report(capsys, "good.csv", "short.csv", *words)["notes"]
    assert note.startswith("['good']: longer than the holdout (150 rows).")
    assert report(capsys, "short.csv", *words)["notes"] == []


def test_what_is_left_out_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = report(capsys, "good.csv", "--preset", "tabsyn", "--target", "rich", "--rows", "50")
    notes = str(content["notes"])
    assert "needs --holdout" in notes
    assert "50 random rows" in notes


def test_tables_of_one_kind_and_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for columns in (["age"], ["sex"]):
        frame(40, 0)[columns].to_csv("a.csv", index=False)
        assert main(["compare", "a.csv", "a.csv", "--out", columns[0]]) == 0
    pd.DataFrame({"id": range(40)}).to_csv("keys.csv", index=False)
    assert main(["compare", "keys.csv", "keys.csv"]) == 0
    assert main(["compare", "keys.csv", "keys.csv", "--fail-under", "0.1"]) == 1
    assert "identifiers" in capsys.readouterr().out


def test_tensorboard_runs_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "real.csv", "good.csv", "bad.csv", *QUICK, "--tensorboard", "runs"]
    assert main(words) == 0
    assert "tensorboard --logdir runs" in capsys.readouterr().out
    assert sorted(path.name for path in Path("runs").iterdir()) == ["bad", "good"]
    assert list(Path("runs/good").glob("events.out.tfevents.*"))


def test_help_comes_without_pandas_or_torch() -> None:
    code = (
        "import sys, contextlib\nfrom synthproto.cli.main import main\n"
        "with contextlib.suppress(SystemExit): main(['compare', '--help'])\n"
        "print([name for name in ('torch', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "[TAG=]VALUE" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_tables_are_compared_without_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom synthproto.cli.main import main\n"
        "words = ['--holdout', 'holdout.csv', '--target', 'rich', '--out', 'o', '--json']\n"
        "assert main(['compare', 'real.csv', 'good.csv', *words, '--tensorboard', 'runs']) == 0\n"
        "assert main(['spec', 'real.csv']) == 0\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


def test_nothing_optional_is_needed(folder: Path) -> None:
    code = (
        "import sys\nfor name in ('sklearn', 'tqdm', 'pyarrow'): sys.modules[name] = None\n"
        "from synthproto.cli.main import main\n"
        "words = ['real.csv', 'good.csv', '--holdout', 'holdout.csv', '--target', 'rich']\n"
        "sys.exit(main(['compare', *words]) or main(['compare', *words, '--preset', 'tabsyn'])\n"
        "    or main(['compare', *words, '--preset', 'artifact-core']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "synthproto[learn]" in done.stdout
    assert "c2st" not in done.stdout


# --- what is beyond noise, models, LaTeX ---------------------------------------------------------


def test_nothing_is_drawn_that_nobody_sees(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthproto.cli.compare import run

    made: list[int] = []
    before = run._compared

    def compared(plan: Any, *rest: Any) -> Any:
        made.append(len(plan.plots))
        return before(plan, *rest)

    monkeypatch.setattr(run, "_compared", compared)
    words = ["compare", "real.csv", "good.csv", "--preset", "artifact-core"]
    assert main(words) == 0
    assert main([*words, "--out", "out"]) == 0
    assert made[0] == 0 < made[1]


def test_a_report_in_place_of_another_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", "real.csv", "good.csv", *QUICK, "--out", "out"]
    assert main(words) == 0
    assert "in place of" not in capsys.readouterr().out
    assert main(words) == 0
    assert "report.html, out/report.json (in place of" in capsys.readouterr().out
