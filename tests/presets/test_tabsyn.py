"""The row of papers: of copies, samples and noise; as Markdown and as LaTeX."""

import numpy as np
import pandas as pd
import pytest

from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan
from synthproto.presets.tabsyn import PaperRow, PaperTable


def frame(seed: int, count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    made = pd.DataFrame({"x": x, "y": x + rng.normal(0, 0.5, count)})
    return made.assign(group=np.where(x + rng.normal(0, 0.3, count) > 0, "up", "down"))


SPEC = TableSpec.infer(frame(0), categorical=["group"])
NAMES = ["shape_error", "trend_error", "alpha_precision", "beta_recall", "c2st"]


def table(seed: int) -> Table:
    return Table(frame(seed), SPEC)


def test_row_of_a_sample_is_near_that_of_the_holdout() -> None:
    pair = TablePair(table(0), table(1), table(2))
    row = PaperRow("group")
    found, reference = row(pair), row.reference(pair)
    assert list(found) == list(reference) == [*NAMES, "tstr_auroc", "dcr_share"]
    assert found == pytest.approx(reference, abs=0.12)
    assert TablePlan(scores=[row]).run(pair)["paper/row/c2st"] == found["c2st"]
    assert list(PaperRow("y")(pair)) == [*NAMES, "tstr_rmse", "dcr_share"]


def test_row_of_copies() -> None:
    found = PaperRow("group")(TablePair(table(0), table(0), table(2)))
    assert found["shape_error"] == found["trend_error"] == 0.0
    assert found["dcr_share"] > 0.9


def test_table_of_two_synthesizers() -> None:
    found = PaperTable.of(
        table(0), table(1), {"good": [table(2), table(3)], "50%_bad": [table(4)]}, "group"
    )
    assert list(found.rows) == ["holdout (reference)", "good", "50%_bad"]
    shapes = [row["shape_error"] for row in found.rows["good"]]
    frame = found.to_frame()
    assert frame.loc["good", ("shape_error", "mean")] == pytest.approx(np.mean(shapes))
    assert frame.loc["good", ("shape_error", "std")] == pytest.approx(np.std(shapes, ddof=1))


ROWS = PaperTable(
    {
        "a|b": [{"c2st": 0.5, "tstr_rmse": 2.0, "dcr_share": 0.5}] * 2,
        "50%_c": [{"c2st": 1.0, "tstr_rmse": 3.14159, "dcr_share": 0.25}],
    }
)


def test_markdown() -> None:
    assert ROWS.to_markdown().splitlines() == [
        "|  | C2ST (%) ↑ | TSTR RMSE ↓ | DCR share (%) → 50 |",
        "| --- | ---: | ---: | ---: |",
        r"| a\|b | 50.00 ± 0.00 | 2.00 ± 0.00 | 50.00 ± 0.00 |",
        r"| 50%\_c | 100.00 | 3.14 | 25.00 |",
        "",
        "Distances to the closest record are an alarm for memorisation: passing them does not "
        "mean that a table is private (arXiv 2505.01524).",
    ]


def test_latex() -> None:
    assert ROWS.to_latex().splitlines() == [
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r" & C2ST (\%) $\uparrow$ & TSTR RMSE $\downarrow$ & DCR share (\%) $\to$ 50 \\",
        r"\midrule",
        r"a|b & 50.00 $\pm$ 0.00 & 2.00 $\pm$ 0.00 & 50.00 $\pm$ 0.00 \\",
        r"50\%\_c & 100.00 & 3.14 & 25.00 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_refusals() -> None:
    with pytest.raises(UndefinedScoreError, match="'paper/row' is undefined without a holdout"):
        PaperRow("group")(TablePair(table(0), table(1)))
    wrong: list[dict[str, list[dict[str, float]]]] = [
        {},
        {"a": []},
        {"a": [{"x": 1.0}], "b": [{"y": 1.0}]},
    ]
    for rows in wrong:
        with pytest.raises(ParameterError, match="at least one row a synthesizer"):
            PaperTable(rows)
