"""Each score on tables of at most five rows, against values computed by hand."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import (
    Complement,
    JSDistance,
    KSDistance,
    Mean,
    MeanJSDistance,
    ShapeDistance,
    TotalVariation,
    Within,
)
from synthproto.artifacts.pairs import (
    ContingencySimilarity,
    CorrelationDistance,
    CorrelationSimilarity,
    PairTrends,
    TrendSimilarity,
)
from synthproto.artifacts.statistics import (
    MissingRateDifference,
    StatisticDifference,
    StatisticSimilarity,
    WassersteinDistance,
)
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.presets.sdmetrics import SDMetricsTrends

NONE = float("nan")


def pair(real: dict[str, Any], synthetic: dict[str, Any], **kinds: list[str]) -> TablePair:
    frame = pd.DataFrame(real)
    spec = TableSpec.infer(
        frame,
        continuous=kinds.get("continuous", []),
        categorical=kinds.get("categorical", []),
        identifier=kinds.get("identifier", []),
    )
    return TablePair(
        Table(frame, spec, name="real table"),
        Table(pd.DataFrame(synthetic), spec, name="synthetic table"),
    )


def labels(real: str, synthetic: str) -> TablePair:
    """One categorical column ``c``; ``-`` is missing."""
    sides = [[None if c == "-" else c for c in side] for side in (real, synthetic)]
    return pair({"c": sides[0]}, {"c": sides[1]}, categorical=["c"])


def numbers(real: list[float], synthetic: list[float]) -> TablePair:
    """One continuous column ``x``."""
    return pair({"x": real}, {"x": synthetic}, continuous=["x"])


def test_js_distance() -> None:
    assert JSDistance()(labels("aabb", "aaaa")) == {"c": pytest.approx(0.5579230452841438)}
    assert JSDistance()(labels("aabb", "yyzz")) == {"c": 1.0}
    # Missing is a category; a new category keeps its mass.
    assert JSDistance()(labels("aa--", "aaaa")) == JSDistance()(labels("aabb", "aaaa"))
    assert JSDistance()(labels("aaaa", "aabb")) == JSDistance()(labels("aabb", "aaaa"))
    # Two real bins, [1, 3) and [3, 4]; missing numbers are left out.
    assert JSDistance(bins=2)(numbers([1, 2, 3, 4], [1, 1, NONE])) == {
        "x": pytest.approx(0.5579230452841438)
    }
    assert MeanJSDistance()(labels("aabb", "yyzz")) == 1.0


def test_one_outlier_does_not_hide_a_difference() -> None:
    near, far = numbers([0, 1, 2, 3], [2, 3, 2, 3]), numbers([0, 1, 2, 3], [2, 3, 2, 1e9])
    assert JSDistance(bins=4)(far)["x"] >= JSDistance(bins=4)(near)["x"] > 0.5


def test_ks_distance() -> None:
    assert KSDistance()(numbers([1, 2, 4], [3, 4, 5])) == {"x": pytest.approx(2 / 3)}
    assert KSDistance()(numbers([1, 2, NONE], [NONE, 1, 2])) == {"x": 0.0}
    assert KSDistance()(numbers([1, 2], [NONE, NONE])) == {"x": 1.0}
    assert KSDistance(decimals=0)(numbers([1, 2], [1.2, 1.8])) == {"x": 0.0}
    assert Complement(KSDistance())(numbers([1, 2], [3, 4])) == {"x": 0.0}


def test_total_variation() -> None:
    assert TotalVariation()(labels("aabb", "abcc")) == {"c": 0.5}
    assert TotalVariation()(labels("aab-", "aabb")) == {"c": 0.25}
    assert TotalVariation(missing=False)(labels("ab--", "aabb")) == {"c": 0.0}
    assert TotalVariation()(numbers([1], [2])) == {}


def test_shape_distance_is_one_or_the_other_and_its_mean() -> None:
    both = pair({"c": ["a", "a"], "x": [1.0, 2.0]}, {"c": ["a", "b"], "x": [3.0, 4.0]})
    assert ShapeDistance()(both) == {"c": 0.5, "x": 1.0}
    assert Mean(ShapeDistance())(both) == 0.75
    assert Mean(ShapeDistance()).name == "fidelity/mean_shape_distance"


def test_wasserstein_distance() -> None:
    # Each value moves by 3; the real standard deviation is sqrt(2) = 1.4142..., the range 2.
    moved = numbers([0, 2], [3, 5])
    assert WassersteinDistance()(moved) == {"x": pytest.approx(3 / 2**0.5)}
    assert WassersteinDistance("range")(moved) == {"x": 1.5}
    assert WassersteinDistance("iqr")(moved) == {"x": 3.0}
    assert WassersteinDistance()(numbers([5, 5], [6, 6])) == {"x": pytest.approx(0.2)}
    assert WassersteinDistance()(numbers([NONE], [NONE])) == {"x": 0.0}
    with pytest.raises(UndefinedScoreError, match=r"'x'.*synthetic table"):
        WassersteinDistance()(numbers([1, 2], [NONE, NONE]))


def test_missing_rate_difference() -> None:
    assert MissingRateDifference()(labels("aa--", "abc-")) == {"c": 0.25}
    assert MissingRateDifference()(numbers([1, NONE], [1, 1])) == {"x": 0.5}


def test_statistics() -> None:
    assert StatisticSimilarity("mean")(numbers([0, 10], [2, 4])) == {"x": 0.8}
    assert StatisticSimilarity("median")(numbers([0, 1, 10], [3, 3, 3])) == {"x": 0.8}
    assert StatisticSimilarity("max")(numbers([0, 10], [0, 100])) == {"x": 0.0}
    assert StatisticSimilarity()(numbers([1, 1], [1, 1])) == {"x": 1.0}
    assert StatisticSimilarity()(numbers([1, 1], [NONE, NONE])) == {"x": 0.0}
    assert StatisticDifference("mean")(numbers([0, 10], [2, 4])) == {"x": 2.0}
    with pytest.raises(UndefinedScoreError, match="'x'"):
        StatisticDifference()(numbers([0, 10], [NONE]))


def test_correlations() -> None:
    # Correlations 1 and -1 of the only pair.
    real, synthetic = {"x": [1.0, 2, 3], "y": [1.0, 2, 3]}, {"x": [1.0, 2, 3], "y": [3.0, 2, 1]}
    opposite = pair(real, synthetic)
    assert CorrelationSimilarity()(opposite) == pytest.approx(0.0)
    assert CorrelationDistance()(opposite) == pytest.approx(2.0)
    assert CorrelationDistance(metric="l2")(opposite) == pytest.approx(8**0.5)
    assert CorrelationDistance(metric="mae", diagonal=True)(opposite) == pytest.approx(1.0)
    assert CorrelationDistance(metric="cosine")(opposite) == pytest.approx(2.0)
    # A constant column has correlation 0.
    flat = pair(real, {"x": [1.0, 2, 3], "y": [2.0, 2, 2]})
    assert CorrelationSimilarity()(flat) == pytest.approx(0.5)
    with pytest.raises(UndefinedScoreError, match="needs two columns"):
        CorrelationDistance()(numbers([1], [1]))
    with pytest.raises(UndefinedScoreError, match="no pair"):
        CorrelationSimilarity()(labels("ab", "ab"))


def test_contingency_and_trends() -> None:
    real = {"c": ["a", "a", "b", "b"], "d": ["u", "u", "v", "v"]}
    synthetic = {"c": ["a", "a", "b", "b"], "d": ["u", "v", "v", "w"]}
    labelled = pair(real, synthetic)
    # Cells au 1/2 -> 1/4, bv 1/2 -> 1/4, and av, bw new: distance 1/2.
    assert ContingencySimilarity()(labelled) == pytest.approx(0.5)
    assert TrendSimilarity()(labelled) == pytest.approx(0.5)
    assert PairTrends()(labelled).index.tolist() == [("c", "d")]
    strong = PairTrends(min_association=0.9)(labelled)
    assert strong["association"].tolist() == pytest.approx([1.0])
    # Numbers are binned over the real range; outside it is apart, missing a value of its own.
    mixed = pair(
        {"c": ["a", "b", "b"], "x": [0.0, 10.0, NONE]},
        {"c": ["a", "b", "b"], "x": [-1.0, 9.5, NONE]},
    )
    assert ContingencySimilarity(rule="width")(mixed) == pytest.approx(2 / 3)
    # By quantiles, 10 has a bin to itself, which 9.5 is not in.
    assert ContingencySimilarity()(mixed) == pytest.approx(1 / 3)


def test_a_mean_of_no_columns_is_an_error_that_says_what_there_is() -> None:
    with pytest.raises(UndefinedScoreError, match="'x', 'continuous'"):
        Mean(TotalVariation())(numbers([1], [2]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: JSDistance(bins=0),
        lambda: MeanJSDistance(bins=0),
        lambda: TotalVariation(bins=-1),
        lambda: PairTrends(bins=0),
        lambda: PairTrends(min_association=1.0),
    ],
)
def test_senseless_arguments_are_refused(make: Any) -> None:
    with pytest.raises(ParameterError, match="got"):
        make()


def test_numbers_that_differ_in_their_last_digits_are_equal() -> None:
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(50, 10, 2000), 1)
    real = {"x": values, "whole": np.arange(2000.0) * 7 + 1e6}
    for same in (
        {"x": values.astype(np.float32), "whole": real["whole"].astype(np.float32)},
        {"x": values.astype(np.float32).tolist(), "whole": real["whole"]},
        {"x": values * (1 + 1e-15), "whole": real["whole"]},
    ):
        both = pair(real, same, continuous=["x", "whole"])
        assert KSDistance()(both) == {"x": 0.0, "whole": 0.0}
        assert JSDistance()(both) == {"x": 0.0, "whole": 0.0}
        assert WassersteinDistance()(both)["x"] == 0.0
    single = pair({"x": values.astype(np.float32)}, {"x": values})
    assert KSDistance()(single) == {"x": 0.0}
    # What is another number at the precision of the real column stays one.
    assert KSDistance()(pair({"x": values}, {"x": values + 0.05}))["x"] > 0.005
    table = pair(real, real).real
    assert TablePair(table, table).synthetic is table


def test_labels_that_are_numbers_are_equal_as_numbers() -> None:
    def total_variation(real: list[object], synthetic: list[object]) -> float:
        return TotalVariation()(pair({"c": real}, {"c": synthetic}, categorical=["c"]))["c"]

    assert total_variation([1, 2, 3, 3], ["1.0", "2.0", "unknown", "3.0"]) == 0.25
    assert total_variation(["1", "0", "1", "0"], [True, False, True, False]) == 0.0
    assert total_variation(["1.50", "2e3"], [1.5, 2000]) == 0.0
    assert total_variation(["08654", "1"], ["8654", "1"]) == 0.5  # a zero in front is part of it
    assert total_variation(["1", "1"], ["1", "1.0"]) == 0.0
    assert total_variation(["1", "1.0"], ["1", "1"]) == 0.5  # the real table tells them apart


def test_wasserstein_is_finite_and_has_a_unit_where_half_the_rows_are_one_value() -> None:
    tiny = pair({"x": [1e-310, 2e-310, 3e-310]}, {"x": [1.0, 2.0, 3.0]})
    assert 1e280 < WassersteinDistance()(tiny)["x"] < np.inf
    heap = [0.0] * 9 + [1e6]
    assert WassersteinDistance("iqr")(pair({"x": heap}, {"x": [0.0] * 10}))["x"] == pytest.approx(
        1e5 / np.std(heap, ddof=1)
    )


def test_a_threshold_that_is_met_exactly_is_not_exceeded_in_any_order() -> None:
    x, y = [1.0, 2.0, 2.0], [1.0, 2.0, 2.0**60]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        sides = {"x": [x[i] for i in order], "y": [y[i] for i in order]}
        both = pair(sides, sides, continuous=["x", "y"])
        with pytest.raises(UndefinedScoreError):
            SDMetricsTrends()(both)
        assert PairTrends("numeric", min_association=0.5)(both).empty


def test_three_hundred_columns_take_no_longer_than_their_pairs() -> None:
    rng = np.random.default_rng(0)
    frame = {f"c{place}": rng.normal(size=20) for place in range(250)}
    frame |= {f"d{place}": rng.integers(0, 2, 20).astype(float) for place in range(50)}
    both = pair(frame, frame)
    start = time.process_time()
    assert TrendSimilarity()(both) == 1.0
    assert time.process_time() - start < 5.0  # 15 s when each pair was looked up in a list


def test_a_lost_group_moves_the_score_within_groups_and_hardly_the_mean() -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(list("abcdefghij"), 6000, p=[0.11] * 9 + [0.01])
    frame = pd.DataFrame({"group": group, "x": rng.normal(size=6000), "y": rng.normal(size=6000)})
    spec = TableSpec.infer(frame)
    without = frame[frame["group"] != "j"]
    both = TablePair(Table(frame, spec), Table(without, spec))
    copy = TablePair(Table(frame, spec), Table(frame.copy(), spec))
    within = Mean(Within("group", ShapeDistance()))
    assert within(copy) == 0.0
    assert within(both) >= 0.1
    assert Mean(ShapeDistance())(both) < 0.005
    with pytest.raises(SchemaError, match="groups by column 'x', which is continuous"):
        Within("x", ShapeDistance())(both)
