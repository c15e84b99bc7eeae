"""The row of papers: of copies, samples and noise; as Markdown and as LaTeX."""

import numpy as np
import pandas as pd
import pytest
from sdmetrics.reports.single_table.quality_report import QualityReport
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan
from synthproto.presets.default import tabsyn_plan
from synthproto.presets.tabsyn import PaperRow, PaperTable, PublishedRow


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
        r"a\textbar{}b & 50.00 $\pm$ 0.00 & 2.00 $\pm$ 0.00 & 50.00 $\pm$ 0.00 \\",
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


# --- the published scripts, written here from what they do, with their libraries ----------------


def published(
    real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame
) -> dict[str, float]:
    """Numbers before labels, the target (a label) last; as the scripts for quality and DCR do."""
    numbers, labels = ["x", "y"], ["other", "group"]
    encoder = OneHotEncoder(sparse_output=False).fit(real[labels].astype(str))

    def whole(side: pd.DataFrame, span: np.ndarray) -> np.ndarray:
        one_hot = np.asarray(encoder.transform(side[labels].astype(str)))
        return np.hstack([side[numbers].to_numpy() / span, one_hot])

    ones = np.ones(2)
    scaler = MinMaxScaler().fit(whole(real, ones)[:, :-1])
    x, s = (scaler.transform(whole(side, ones)[:, :-1]) for side in (real, synthetic))
    alphas = np.linspace(0, 1, 30)
    radii = np.quantile(np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=1)), alphas)
    from_centre = np.sqrt(((s - x.mean(axis=0)) ** 2).sum(axis=1))
    within = np.sqrt(((x[:, None] - x) ** 2).sum(axis=2))
    np.fill_diagonal(within, np.inf)
    across = np.sqrt(((x[:, None] - s) ** 2).sum(axis=2))
    nearest = s[across.argmin(axis=1)]
    reach = np.sqrt(((nearest - s.mean(axis=0)) ** 2).sum(axis=1))
    curves = [
        [np.mean(from_centre <= radius) for radius in radii],
        [
            np.mean((across.min(axis=1) <= within.min(axis=1)) & (reach <= radius))
            for radius in np.quantile(reach, alphas)
        ],
    ]
    alpha, beta = (1 - np.abs(alphas - curve).sum() / alphas.sum() for curve in curves)

    span = (real[numbers].max() - real[numbers].min()).to_numpy()
    real_rows, synthetic_rows, other_rows = (whole(f, span) for f in (real, synthetic, holdout))
    closest = [
        np.abs(synthetic_rows[:, None] - side).sum(axis=2).min(axis=1)
        for side in (real_rows, other_rows)
    ]
    share = float(np.mean(closest[0] < closest[1]))
    return {"alpha_precision": alpha, "beta_recall": beta, "dcr_share": share}


def mixed(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return frame(seed).assign(other=np.array(["p", "q", "r"])[rng.integers(0, 3, 300)])


MIXED = TableSpec.infer(mixed(0), categorical=["group", "other"])


@pytest.mark.parametrize("changed", ["sample", "shifted", "copies"])
def test_numbers_are_those_of_the_published_scripts(changed: str) -> None:
    real, holdout, synthetic = mixed(0), mixed(1), mixed(2)
    if changed == "shifted":  # beyond the real range
        synthetic[["x", "y"]] += [1.5, -3.0]
    if changed == "copies":
        synthetic = pd.concat([real[:150], synthetic[:150]], ignore_index=True)
    pair = TablePair(*(Table(side, MIXED) for side in (real, synthetic, holdout)))
    found = PublishedRow("group")(pair)
    for name, value in published(real, synthetic, holdout).items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    theirs = QualityReport()
    theirs.real_correlation_threshold = theirs.real_association_threshold = 0.0
    kinds = {n: {"sdtype": "numerical" if n in "xy" else "categorical"} for n in real.columns}
    theirs.generate(real, synthetic, {"columns": kinds}, verbose=False)
    shape, trend = theirs.get_properties()["Score"]
    assert found["shape_error"] == pytest.approx(1 - shape, abs=1e-9)
    assert found["trend_error"] == pytest.approx(1 - trend, abs=1e-9)


def test_the_longer_table_is_cut_to_the_shorter_one() -> None:
    long = pd.concat([mixed(2), mixed(3)], ignore_index=True)
    found = PublishedRow("group")(TablePair(Table(mixed(0), MIXED), Table(long, MIXED)))
    assert "dcr_share" not in found
    assert 0.8 < found["alpha_precision"] <= 1
    assert found == PublishedRow("group")(TablePair(Table(mixed(0), MIXED), Table(long, MIXED)))


def test_the_preset_prints_theirs_and_ours() -> None:
    pair = TablePair(*(Table(mixed(seed), MIXED) for seed in range(3)))
    report = tabsyn_plan(holdout=True, target="group").run(pair)
    both = {"paper/published/trend_error", "fidelity/trend_similarity"}
    assert both | {"joint/c2st_trees", "joint/c2st_linear"} <= set(report)
    assert report.references["paper/published/dcr_share"] == 0.5


def test_a_notebook_shows_the_table_and_what_it_does_not_say() -> None:
    shown = ROWS._repr_html_()
    assert shown.count("<tr>") == 1 + len(ROWS.rows)
    assert "private" in shown
