"""The presets that give the numbers of artifact-core, and of the script that started it."""

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.associations import Association
from synthproto.artifacts.pairs import CorrelationDistance
from synthproto.data.spec import TableSpec
from synthproto.plan import TablePlan
from synthproto.presets.artifact_core import (
    ArtifactCoreJSDistance,
    artifact_core,
    experiment_script,
)
from tests.presets.test_sdmetrics import REAL, ROWS, SYNTHETIC, close, frame, pair

needs_artifact_core = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="artifact-core needs Python < 3.14"
)
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
