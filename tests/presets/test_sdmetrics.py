"""Our presets against the libraries whose numbers they give."""

import warnings
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import Complement, KSDistance, TotalVariation
from synthproto.artifacts.pairs import PairTrends
from synthproto.artifacts.statistics import MissingRateDifference, StatisticSimilarity
from synthproto.artifacts.validity import CategoryCoverage, KeyUniqueness, RangeCoverage
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.plan import TablePlan
from synthproto.presets.sdmetrics import sdmetrics_diagnostic, sdmetrics_quality

ROWS = 400


def frame(seed: int, shift: float = 0.0, missing: bool = True) -> pd.DataFrame:
    """Correlated columns of all kinds, with ties, a heavy tail, and missing values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=ROWS) + shift
    columns: dict[str, Any] = {
        "x": x,
        "age": rng.integers(17, 60, ROWS),
        "y": 0.9 * x + rng.normal(size=ROWS) * 0.3,
        "tail": np.exp(rng.normal(size=ROWS) * 2).round(1),
        "c": rng.choice(list("abcd"), ROWS, p=[0.5, 0.3, 0.15, 0.05]),
        "d": np.where(x > 0.3, "hi", rng.choice(["lo", "mid"], ROWS)),
        "b": rng.random(ROWS) < 0.3 + 0.2 * shift,
        "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**6, ROWS), "s"),
    }
    table = pd.DataFrame(columns)
    if missing:
        table.loc[::7, "x"] = np.nan
        table.loc[::5, "c"] = None
        table.loc[::11, "when"] = pd.NaT
    return table


REAL, SYNTHETIC = frame(0), frame(1, shift=0.4)
SYNTHETIC.loc[::20, "d"] = "new"
SYNTHETIC.loc[3, "tail"] = 5000.0
SPEC = TableSpec.infer(REAL)


def pair(real: pd.DataFrame = REAL, synthetic: pd.DataFrame = SYNTHETIC) -> TablePair:
    spec = TableSpec.infer(real)
    return TablePair(Table(real, spec), Table(synthetic, spec))


def close(ours: Mapping[str, float], theirs: Mapping[str, float], tolerance: float = 1e-9) -> None:
    assert ours.keys() == theirs.keys()
    for column, value in theirs.items():
        assert ours[column] == pytest.approx(value, abs=tolerance), column


# --- SDMetrics ------------------------------------------------------------------------------


def metadata() -> dict[str, Any]:
    sdtypes = {"continuous": "numerical", "datetime": "datetime"}
    columns = {c.name: {"sdtype": sdtypes.get(c.kind, "categorical")} for c in SPEC.columns}
    return {"columns": columns}


def properties(report: Any, real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report.generate(real.copy(), synthetic.copy(), metadata(), verbose=False)
        table = report.get_properties().set_index("Property")["Score"]
    return {str(name): float(value) for name, value in table.items()}


@pytest.mark.parametrize("thresholds", [(0.5, 0.3), (0.0, 0.0), (0.05, 0.6)])
def test_quality_report(thresholds: tuple[float, float]) -> None:
    from sdmetrics.reports.single_table.quality_report import QualityReport

    report = QualityReport()
    report.real_correlation_threshold, report.real_association_threshold = thresholds
    theirs = properties(report, REAL, SYNTHETIC)
    ours = TablePlan(scores=sdmetrics_quality(*thresholds)).run(pair())
    close(
        ours,
        {
            # SDMetrics adds 1e-6 rows to categories that are new.
            "fidelity/sdmetrics_column_shapes": theirs["Column Shapes"],
            "fidelity/sdmetrics_column_pair_trends": theirs["Column Pair Trends"],
        },
        1e-8,
    )


def test_quality_report_leaves_out_constant_numeric_columns() -> None:
    from sdmetrics.reports.single_table.quality_report import QualityReport

    report = QualityReport()
    report.real_correlation_threshold, report.real_association_threshold = 0.0, 0.0
    synthetic = SYNTHETIC.assign(age=40)
    theirs = properties(report, REAL, synthetic)
    ours = TablePlan(scores=sdmetrics_quality(0.0, 0.0)).run(pair(synthetic=synthetic))
    assert ours["fidelity/sdmetrics_column_pair_trends"] == pytest.approx(
        theirs["Column Pair Trends"], abs=1e-9
    )


def test_diagnostic_report() -> None:
    from sdmetrics.reports.single_table.diagnostic_report import DiagnosticReport

    synthetic = SYNTHETIC.assign(age=SYNTHETIC["age"].astype(float) * 1.1)
    synthetic.loc[5, "d"] = None
    theirs = properties(DiagnosticReport(), REAL, synthetic)
    ours = TablePlan(scores=sdmetrics_diagnostic()).run(pair(synthetic=synthetic))
    close(
        ours,
        {
            "validity/sdmetrics_data_validity": theirs["Data Validity"],
            "validity/sdmetrics_data_structure": theirs["Data Structure"],
        },
    )


def test_single_columns() -> None:
    from sdmetrics import single_column

    ks, tv = Complement(KSDistance(decimals=14))(pair()), TotalVariation(missing=False)(pair())
    missing, coverage = MissingRateDifference()(pair()), RangeCoverage()(pair())
    categories = CategoryCoverage(missing=False)(pair())
    for column in SPEC.names:
        real, synthetic = REAL[column], SYNTHETIC[column]
        theirs = single_column.MissingValueSimilarity.compute(real, synthetic)
        assert 1 - missing[column] == pytest.approx(theirs, abs=1e-12)
        if column in ks:
            theirs = single_column.KSComplement.compute(real, synthetic)
            assert ks[column] == pytest.approx(theirs, abs=1e-12)
            theirs = single_column.RangeCoverage.compute(real, synthetic)
            assert coverage[column] == pytest.approx(theirs, abs=1e-12)
        else:
            theirs = single_column.TVComplement.compute(real, synthetic)
            assert 1 - tv[column] == pytest.approx(theirs, abs=1e-6)
            theirs = single_column.CategoryCoverage.compute(real, synthetic)
            assert categories[column] == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("statistic", ["mean", "median", "std"])
def test_statistic_similarity(statistic: Any) -> None:
    from sdmetrics.single_column import StatisticSimilarity as Theirs

    for column, value in StatisticSimilarity(statistic)(pair()).items():
        if column != "when":  # there in whole nanoseconds, here in seconds
            theirs = Theirs.compute(REAL[column], SYNTHETIC[column], statistic)
            assert value == pytest.approx(theirs, abs=1e-12)


def test_key_uniqueness() -> None:
    from sdmetrics.single_column import KeyUniqueness as Theirs

    keys = pd.DataFrame({"id": ["a", "b", "b", None, "c", "c"]})
    table = Table(keys, TableSpec.infer(keys, identifier=["id"]))
    theirs = Theirs.compute(keys["id"], keys["id"])
    assert KeyUniqueness()(TablePair(table, table)) == {"id": pytest.approx(theirs)}


def test_pairs_one_by_one() -> None:
    from sdmetrics import column_pairs

    inside = frame(1)
    for column in ("x", "age", "y", "tail"):  # SDMetrics puts what is outside in the last bin
        inside[column] = inside[column].clip(REAL[column].min(), REAL[column].max())
    inside["when"] = inside["when"].clip(REAL["when"].min(), REAL["when"].max())
    trends = PairTrends(rule="width", missing=False)(pair(synthetic=inside))["similarity"]
    spearman = PairTrends("numeric", "spearman", missing=False)(pair(synthetic=inside))[
        "similarity"
    ]
    numeric = {"x", "age", "y", "tail"}
    for columns in map(list, combinations(SPEC.names, 2)):
        first, second = columns
        value = trends[first, second]
        if "when" in columns:
            continue
        real, synthetic = REAL[columns], inside[columns]
        if numeric.issuperset(columns):
            theirs = column_pairs.CorrelationSimilarity.compute(real, synthetic)
            ranked = column_pairs.CorrelationSimilarity.compute(real, synthetic, "Spearman")
            assert spearman[first, second] == pytest.approx(ranked, abs=1e-9)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = column_pairs.ContingencySimilarity.compute(
                    real.copy(), synthetic.copy(), sorted(numeric.intersection(columns))
                )
        # Rows with a missing number are in the last bin there, and a slot of their own here.
        tolerance = 1e-9 if "x" not in columns or numeric.issuperset(columns) else 0.05
        assert value == pytest.approx(theirs, abs=tolerance), columns


# --- artifact-core --------------------------------------------------------------------------


# --- the experiment script ----------------------------------------------------------------------
