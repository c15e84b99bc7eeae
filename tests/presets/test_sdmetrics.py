"""Our presets against the libraries whose numbers they give."""

import sys
import warnings
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.associations import Association
from synthproto.artifacts.columns import Complement, KSDistance, TotalVariation
from synthproto.artifacts.pairs import CorrelationDistance, PairTrends
from synthproto.artifacts.statistics import MissingRateDifference, StatisticSimilarity
from synthproto.artifacts.validity import CategoryCoverage, KeyUniqueness, RangeCoverage
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.plan import TablePlan
from synthproto.presets.artifact_core import (
    ArtifactCoreJSDistance,
    artifact_core,
    experiment_script,
)
from synthproto.presets.sdmetrics import sdmetrics_diagnostic, sdmetrics_quality

needs_artifact_core = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="artifact-core needs Python < 3.14"
)

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

WITHOUT_DATES = REAL.drop(columns="when"), SYNTHETIC.drop(columns="when")


def core_names(real: pd.DataFrame) -> tuple[list[str], list[str]]:
    spec = TableSpec.infer(real)
    return list(spec.of_kind("continuous")), list(spec.of_kind("categorical", "boolean"))


@needs_artifact_core
def test_js_distance_of_artifact_core() -> None:
    from artifact_core._libs.artifacts.table_comparison.js.calculator import JSDistanceCalculator

    real, synthetic = WITHOUT_DATES
    continuous, categorical = core_names(real)
    theirs = JSDistanceCalculator.compute_dict_js(
        df_real=real,
        df_synthetic=synthetic,
        cts_features=continuous,
        cat_features=categorical,
        cat_unique_map={c: list(real[c].dropna().astype(str).unique()) for c in categorical},
        n_bins_cts_histogram=100,
        categorical_only=False,
    )
    scores, _ = artifact_core()
    report = TablePlan(scores=scores).run(pair(*WITHOUT_DATES))
    close(ArtifactCoreJSDistance()(pair(*WITHOUT_DATES)), {c: float(v) for c, v in theirs.items()})
    mean = report["fidelity/mean_artifact_core_js_distance"]
    assert mean == pytest.approx(float(np.mean(list(theirs.values()))), abs=1e-9)


@needs_artifact_core
@pytest.mark.parametrize("nominal", ["cramers_v", "theils_u"])
@pytest.mark.parametrize("numeric", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("metric", ["rmse", "l2", "mae", "cosine"])
def test_correlation_distance_of_artifact_core(nominal: Any, numeric: Any, metric: Any) -> None:
    from artifact_core._libs.artifacts.table_comparison.correlations.calculator import (
        CategoricalAssociationType,
        ContinuousAssociationType,
        CorrelationCalculator,
    )
    from artifact_core._libs.tools.calculators.vector_distance_calculator import (
        VectorDistanceMetric,
    )

    real, synthetic = WITHOUT_DATES
    name = "COSINE_SIMILARITY" if metric == "cosine" else metric.upper()
    categorical = core_names(real)[1]
    objects = dict.fromkeys(categorical, object)  # what it was written for: pandas 3 has strings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = CorrelationCalculator.compute_correlation_distance(
            categorical_correlation_type=CategoricalAssociationType[nominal.upper()],
            continuous_correlation_type=ContinuousAssociationType[numeric.upper()],
            distance_metric=VectorDistanceMetric[name],
            dataset_real=real.astype(objects),
            dataset_synthetic=synthetic.astype(objects),
            cat_features=categorical,
        )
    association = Association(nominal, numeric, yates=True, missing="zero")
    ours = CorrelationDistance(association, metric, diagonal=True)(pair(*WITHOUT_DATES))
    expected = 1 - theirs if metric == "cosine" else theirs
    assert ours == pytest.approx(float(expected), abs=1e-9)


@needs_artifact_core
def test_juxtapositions_of_artifact_core() -> None:
    from artifact_core._libs.tools.calculators.descriptive_stats_calculator import (
        DescriptiveStatistic,
        DescriptiveStatsCalculator,
    )

    names = {"first_quartile": "Q1", "third_quartile": "Q3"}
    _, juxtapositions = artifact_core()
    assert len(juxtapositions) == 8
    for juxtaposition in juxtapositions:
        ours = juxtaposition(pair(*WITHOUT_DATES))
        statistic = names.get(juxtaposition.statistic, juxtaposition.statistic.upper())
        for column in core_names(WITHOUT_DATES[0])[0]:
            for side, table in zip(("real", "synthetic"), WITHOUT_DATES, strict=True):
                theirs = DescriptiveStatsCalculator.compute_stat(
                    sr_cts_data=table[column], stat=DescriptiveStatistic[statistic]
                )
                assert ours.loc[column, side] == pytest.approx(float(theirs), rel=1e-12)


# --- the experiment script ----------------------------------------------------------------------


def test_experiment_script() -> None:
    real, synthetic = frame(0, missing=False), frame(1, shift=0.4, missing=False)
    real, synthetic = (table.drop(columns="when") for table in (real, synthetic))
    numeric = ["x", "age", "y", "tail"]
    report = TablePlan(scores=experiment_script()).run(pair(real, synthetic))
    divergences = []
    for column in numeric:
        both = np.concatenate([real[column], synthetic[column]])
        edges = np.histogram_bin_edges(both, 20)
        p, q = (np.histogram(t[column], edges)[0] / ROWS + 1e-8 for t in (real, synthetic))
        m = (p + q) / 2
        divergences.append(0.5 * (p * np.log(p / m)).sum() + 0.5 * (q * np.log(q / m)).sum())
        tag = f"fidelity/script_js_divergence/{column}"
        assert report[tag] == pytest.approx(divergences[-1], abs=1e-9)
        gap = abs(real[column].mean() - synthetic[column].mean())
        assert report[f"fidelity/mean_difference/{column}"] == pytest.approx(gap, abs=1e-9)
    mean = report["fidelity/mean_script_js_divergence"]
    assert mean == pytest.approx(float(np.mean(divergences)), abs=1e-9)
    gaps = real[numeric].corr() - synthetic[numeric].corr()
    frobenius = float(np.linalg.norm(gaps.to_numpy()))
    assert report["fidelity/script_correlation_distance"] == pytest.approx(frobenius, abs=1e-9)
