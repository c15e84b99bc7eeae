"""What a comparison concludes: alarms, ranks, and what is beyond noise."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import Mean, ShapeDistance
from synthproto.artifacts.dependence import Similarity
from synthproto.artifacts.privacy import ExactMatchShare
from synthproto.cli.compare.comparer import Comparer, alarms_of
from synthproto.cli.main import main
from synthproto.data.pair import TablePair
from synthproto.data.spec import Column, TableSpec
from synthproto.data.table import Table
from synthproto.measures.columns import BEYOND
from synthproto.plan import TablePlan
from synthproto.report import Report
from tests.cli.compare.test_run import QUICK, frame, report


def test_copies_raise_one_alarm(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = report(capsys, "real.csv", "--holdout", "holdout.csv")
    (alarm,) = content["synthetic"][0]["alarms"]
    assert "closer to the real table than to the holdout" in alarm
    assert "value for value" in alarm
    assert "memorised rows" in alarm
    assert sum(alarm in note for note in content["notes"]) == 1


def test_rows_that_many_people_share_are_no_alarm() -> None:
    spec = TableSpec((Column("sex", "categorical"), Column("region", "categorical")))

    def table(seed: int) -> Table:
        rng = np.random.default_rng(seed)
        columns = {"sex": rng.choice(["m", "f"], 300), "region": rng.choice(list("abc"), 300)}
        return Table(pd.DataFrame(columns), spec)

    plan = TablePlan(scores=[Similarity(), ExactMatchShare()])
    for holdout in (None, table(2)):
        assert Comparer(plan, table(0), holdout).compare("fresh", table(1)).alarms == []
    # Of 240 rows, 7 where 1 is expected are chance.
    report = Report({"privacy/exact_match_share": 0.03})
    assert alarms_of(report, 240, 0.0042, 240) == []
    assert alarms_of(report, 24_000, 0.0042, 24_000)
    assert alarms_of(Report({"privacy/exact_match_share": 0.1}), 240, 0.0042, 240)


def test_a_broken_pair_is_not_hidden_by_noisy_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("real", "holdout", "broken")):
        generator = np.random.default_rng(seed)
        x = generator.normal(size=1500)
        y = x + generator.normal(scale=0.14, size=1500)
        codes = {f"c{n}": generator.integers(300, size=1500).astype(str) for n in range(7)}
        y = generator.permutation(y) if name == "broken" else y
        pd.DataFrame({"x": x, "y": y, **{n: "k" + c for n, c in codes.items()}}).to_csv(
            f"{name}.csv", index=False
        )
    words = ["compare", "real.csv", "broken.csv", "--holdout", "holdout.csv", *QUICK]
    assert main([*words, "--out", "out", "--rows", "50"]) == 0
    assert "x | y" in capsys.readouterr().out
    assert "x | y" in Path("out/report.html").read_text()
    (table,) = json.loads(Path("out/report.json").read_text())["synthetic"]
    assert table["worst_pairs"][0]["columns"] == ["x", "y"]
    assert table["worst_pairs"][0]["excess"] > 5
    assert max(pair["excess"] for pair in table["worst_pairs"][1:]) < BEYOND


@pytest.mark.parametrize("rows", [100, 1000])
def test_real_rows_are_beyond_no_noise(rows: int) -> None:
    """Of columns of a perfect sampler, fewer than 2 in 100 are marked."""
    spec = TableSpec.infer(frame(100, 0))
    marked, seen = 0, 0
    for seed in range(40):
        real, holdout, fresh = (Table(frame(rows, 3 * seed + n), spec) for n in range(3))
        comparer = Comparer(TablePlan(scores=[Similarity()]), real, holdout)
        found = comparer.compare("fresh", fresh)
        marked += sum(column.is_beyond for column in found.columns)
        marked += sum(pair.is_beyond for pair in found.pairs)
        seen += len(found.columns) + len(found.pairs)
    assert marked <= 0.02 * seen
    assert seen == 240


def test_a_table_that_memorises_wins_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["good.csv", "real.csv", "--holdout", "holdout.csv", "--rows", "100", "--out", "out"]
    content = report(capsys, *words)
    assert [table["name"] for table in content["synthetic"]] == ["good", "real"]
    assert content["synthetic"][1]["alarms"]
    page = Path("out/report.html").read_text()
    assert 'class="n top" data-label="real"' not in page
    assert page.index("Memorised rows?") < page.index('class="families')
    assert main(["compare", "real.csv", *words[:6]]) == 0
    shown = capsys.readouterr().out
    assert shown.index("alarm: real: ") < shown.index("fidelity/similarity")


def test_of_wide_tables_some_columns_are_compared_with_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tables = {}
    for seed, name in enumerate(("real", "holdout", "synthetic")):
        x = np.random.default_rng(seed).normal(size=(80, 9)) + np.arange(9) * (seed == 2)
        tables[name] = pd.DataFrame(x.round(3), columns=[f"c{n}" for n in range(9)])
        tables[name].to_csv(f"{name}.csv", index=False)
    words = ["compare", "real.csv", "synthetic.csv", "--holdout", "holdout.csv", "--json"]
    assert main([*words, "--most-columns", "4", "--target", "c7", "--rows", "50"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert "attacks are of 4 of 9 columns, drawn at random" in str(content["notes"])
    (table,) = content["synthetic"]
    assert {each["column"] for each in table["worst_columns"]} == set(tables["real"])
    chosen = {name for pair in table["worst_pairs"] for name in pair["columns"]}
    assert len(table["worst_pairs"]) == 6
    assert len(chosen) == 4
    assert "c7" in chosen
    kept = [name for name in tables["real"] if name in chosen]
    spec, few = (TableSpec.infer(tables["real"][names]) for names in (list(tables["real"]), kept))
    real, synthetic = (tables[name] for name in ("real", "synthetic"))
    whole = TablePair(Table(real, spec), Table(synthetic, spec))
    part = TablePair(Table(real[kept], few), Table(synthetic[kept], few))
    values = {tag: score["value"] for tag, score in table["scores"].items()}
    assert values["fidelity/mean_shape_distance"] == Mean(ShapeDistance())(whole)
    assert values["fidelity/similarity"] == Similarity()(part)
    assert "utility/tstr/r2_trees" in values
    assert main([*words, "--most-columns", "1"]) == 2
    assert "--most-columns must be at least 2; got 1" in capsys.readouterr().err
