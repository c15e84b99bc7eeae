"""Distances of synthetic rows to real ones: by hand, copies, samples, and never NaN."""

import numpy as np
import pandas as pd
import pytest
from sdmetrics.single_table import DCROverfittingProtection

from synthproto.artifacts.privacy import DCR, NNDR, DCRShare, ExactMatchShare
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan


def pair_of(*columns: list[float]) -> TablePair:
    spec = TableSpec.infer(pd.DataFrame({"x": [0.5]}), continuous=["x"])
    real, synthetic, *holdout = (Table(pd.DataFrame({"x": values}), spec) for values in columns)
    return TablePair(real, synthetic, *holdout)


def sample(seed: int, count: int = 300) -> list[float]:
    values: list[float] = np.random.default_rng(seed).normal(size=count).tolist()
    return values


def test_by_hand() -> None:
    # The real range is 10; distances to the closest row 0, 0.1, 0.3, then to the second.
    pair = pair_of([0.0, 4.0, 10.0], [4.0, 3.0, 7.0], [0.5, 6.9])
    assert ExactMatchShare()(pair) == pytest.approx(1 / 3)
    assert DCR((0.0, 0.5, 1.0))(pair) == pytest.approx(
        {"quantile_0": 0.0, "median": 0.1, "quantile_1": 0.3}
    )
    # 0 / 0.4, 0.1 / 0.3, 0.3 / 0.3
    assert NNDR((0.5,))(pair) == pytest.approx({"median": 1 / 3})
    # 0 < 0.29, 0.1 < 0.25, 0.3 > 0.01; real rows count 2 * 2/5 and holdout rows 2 * 3/5.
    assert DCRShare()(pair)["share"] == pytest.approx(1.6 / 2.8)


def test_copies_and_disjoint_tables() -> None:
    copies, apart = (pair_of(sample(0), other, sample(1)) for other in (sample(0), [99.0] * 300))
    assert ExactMatchShare()(copies) == 1.0
    assert set(DCR()(copies).values()) == set(NNDR()(copies).values()) == {0.0}
    assert DCRShare()(copies)["low"] > 0.9
    assert ExactMatchShare()(apart) == 0.0
    assert set(DCR()(apart).values()) == set(NNDR()(apart).values()) == {1.0}
    assert DCRShare()(apart)["share"] == 0.5


def test_an_independent_sample_is_like_the_holdout() -> None:
    report = TablePlan(scores=[ExactMatchShare(), DCR(), NNDR(), DCRShare()]).run(
        pair_of(sample(0), sample(1), sample(2))
    )
    for tag, value in report.items():
        if tag in report.references:
            assert value == pytest.approx(report.references[tag], abs=0.05), tag
    assert report["privacy/dcr_share/low"] < 0.5 < report["privacy/dcr_share/high"]
    assert report.references["privacy/dcr_share/share"] == 0.5
    assert "privacy/dcr_share/low" not in report.references
    uncorrected = DCRShare(corrected=False).control(pair_of(sample(0), sample(1), sample(2)))
    assert uncorrected == {}


def test_ties_and_sizes_as_sdmetrics_counts_them() -> None:
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"x": rng.integers(0, 30, count) / 1.0, "y": rng.choice(["a", "b"], count)})
        for count in (80, 60, 50)
    ]
    spec = TableSpec.infer(frames[0], continuous=["x"])
    pair = TablePair(*(Table(frame, spec) for frame in frames))
    metadata = {
        "tables": {"t": {"columns": {"x": {"sdtype": "numerical"}, "y": {"sdtype": "categorical"}}}}
    }
    found = DCROverfittingProtection.compute_breakdown(
        frames[0], frames[1], frames[2], metadata, "t"
    )
    share = DCRShare(ties="holdout", corrected=False)(pair)["share"]
    assert share == pytest.approx(found["synthetic_data_percentages"]["closer_to_training"])
    assert DCRShare(corrected=False)(pair)["share"] > share


def test_refusals() -> None:
    pair = pair_of([1.0], [1.0, 2.0])
    with pytest.raises(UndefinedScoreError, match=r"dcr_share' is undefined without a holdout"):
        DCRShare()(pair)
    with pytest.raises(UndefinedScoreError, match="has one row"):
        NNDR()(pair)
    with pytest.raises(ParameterError, match=r"DCR: `quantiles` must be in \[0, 1\]; got \(5.0,\)"):
        DCR((5.0,))
