"""Distances of synthetic rows to real ones, and audits of them: by hand, copies and samples."""

import numpy as np
import pandas as pd
import pytest
from sdmetrics.single_table import DCROverfittingProtection

from synthproto.artifacts.privacy import DCR, NNDR, Audit, DCRShare, DCRTable, ExactMatchShare
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
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
    # Real rows are at 1/6, 1/2, 5/6 of the distribution, 3 at 5/12 and 7 at 2/3.
    pair = pair_of([0.0, 4.0, 10.0], [4.0, 3.0, 7.0], [0.5, 6.9])
    assert ExactMatchShare()(pair) == pytest.approx(1 / 3)
    assert DCR((0.0, 0.5, 1.0))(pair) == pytest.approx(
        {"quantile_0": 0.0, "median": 1 / 12, "quantile_1": 1 / 6}
    )
    by_range = DCR((0.0, 0.5, 1.0), scale="range")(pair)
    assert by_range == pytest.approx({"quantile_0": 0.0, "median": 0.1, "quantile_1": 0.3})
    # 0 / (1/3), (1/12) / (1/4), (1/6) / (1/6)
    assert NNDR((0.5,))(pair) == pytest.approx({"median": 1 / 3})
    # 4 and 3 are closer to real rows, 7 to a holdout row: odds of 2 : 1, times 2 : 3 for the sizes.
    found = DCRShare()(pair)
    assert found["share"] == pytest.approx((2 * 2) / (2 * 2 + 1 * 3))
    assert found["excess"] == pytest.approx((2 / 3 - 3 / 5) / (2 / 5))


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
    assert abs(report["privacy/dcr_share/z"]) < 3
    for tag, value in report.items():
        if tag in report.references and not tag.endswith(("/excess", "/z")):
            assert value == pytest.approx(report.references[tag], abs=0.05), tag
    assert report["privacy/dcr_share/low"] < 0.5 < report["privacy/dcr_share/high"]
    assert report.references["privacy/dcr_share/share"] == 0.5
    assert "privacy/dcr_share/low" not in report.references
    uncorrected = DCRShare(corrected=False).control(pair_of(sample(0), sample(1), sample(2)[:100]))
    assert uncorrected["share"] == 0.75


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
    share = DCRShare(ties="holdout", corrected=False, scale="range")(pair)["share"]
    assert share == pytest.approx(found["synthetic_data_percentages"]["closer_to_training"])
    assert DCRShare(corrected=False, scale="range")(pair)["share"] > share


def test_refusals() -> None:
    pair = pair_of([1.0], [1.0, 2.0])
    with pytest.raises(UndefinedScoreError, match=r"dcr_share' is undefined without a holdout"):
        DCRShare()(pair)
    with pytest.raises(UndefinedScoreError, match="has one row"):
        NNDR()(pair)
    with pytest.raises(ParameterError, match=r"DCR: `quantiles` must be in \[0, 1\]; got \(5.0,\)"):
        DCR((5.0,))
    for part in (Audit(), DCRTable()):
        with pytest.raises(UndefinedScoreError, match="three real rows; there are 2"):
            part(pair_of([0.0, 1.0], [1.0]))
    with pytest.raises(ParameterError, match="Audit: `share` must be in"):
        Audit(share=1.5)


# --- audits ----------------------------------------------------------------------------------


def test_audit_by_hand() -> None:
    # The closest holdout row, 0.5, is 0.5 / 12 away from a real one: that is the threshold.
    pair = pair_of([0.0, 4.0, 10.0], [7.0, 10.0, 4.2], [0.5, 6.0])
    found = Audit(share=0.0)(pair)
    assert found["synthetic_row"].tolist() == [1, 2]
    assert found["real_row"].tolist() == [2, 1]
    assert found["distance"].tolist() == pytest.approx([0.0, 0.2 / 18])
    assert found["exact"].tolist() == [True, False]
    assert found["nndr"].tolist() == pytest.approx([0.0, 0.2 / 5.8])
    assert found["real_gap"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert found["holdout_distance"].tolist() == pytest.approx([4 / 18, 1.8 / 18])
    assert found["threshold"].tolist() == pytest.approx([0.5 / 12, 0.5 / 12])
    assert "does not mean" in found.attrs["note"]


def test_copies_are_found_among_samples() -> None:
    real, synthetic = sample(0, 400), sample(1, 400)
    synthetic[100:110] = real[5:15]
    for pair in (pair_of(real, synthetic, sample(2, 400)), pair_of(real, synthetic)):
        found = Audit(share=0.01)(pair)
        copies = found[found["exact"]]
        assert copies["synthetic_row"].tolist() == list(range(100, 110))
        assert copies["real_row"].tolist() == list(range(5, 15))
        assert len(found) < 10 + 0.04 * 400  # about 1 % by chance


def test_nothing_too_close_is_an_empty_frame() -> None:
    found = Audit(share=0.0)(pair_of([0.0, 1.0, 2.0], [0.5, 1.5]))
    assert len(found) == 2  # as close as real rows to each other
    assert Audit(share=0.0)(pair_of([0.0, 1.0, 2.0], [50.0], [0.1])).empty


def test_table_by_hand() -> None:
    frame = DCRTable()(pair_of([0.0, 4.0, 10.0], [4.0, 3.0, 7.0], [0.0]))
    assert list(frame.index) == ["synthetic", "holdout", "real"]
    assert frame.loc["synthetic", "dcr_median"] == pytest.approx(1 / 12)
    assert frame.loc["synthetic", "exact_match_share"] == pytest.approx(1 / 3)
    assert frame.loc["holdout", "exact_match_share"] == 1.0
    assert frame.loc["real", "dcr_mean"] == pytest.approx(1 / 3)
    assert frame.loc["real", "nndr_median"] == pytest.approx(0.5)
    assert "does not mean" in frame.attrs["note"]
    assert list(DCRTable()(pair_of([0.0, 4.0, 10.0], [4.0])).index) == ["synthetic", "real"]


def test_float32_is_the_same_number() -> None:
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": rng.normal(size=200).round(1), "y": rng.normal(size=200)})
    spec = TableSpec.infer(real)
    single = real.astype(np.float32)
    noise = real * (1 + 1e-15 * rng.choice([-1, 1], real.shape))
    for near in (single, single.astype(float), single.map(float), noise):
        for first, second in ((real, near), (near, real)):
            pair = TablePair(*(Table(frame, spec) for frame in (first, second, first + 0.01)))
            assert ExactMatchShare()(pair) == 1.0
            assert DCR((1.0,))(pair) == {"quantile_1": 0.0}
            assert Audit()(pair)["exact"].all()
    moved = TablePair(Table(real, spec), Table(real * (1 + 1e-6), spec))
    assert ExactMatchShare()(moved) < 0.1


@pytest.mark.filterwarnings("ignore:.*whole numbers beyond")
def test_integers_and_times_keep_all_digits() -> None:
    big = 2**60 + np.arange(50, dtype=np.int64) * 2
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(50) * 10, "ns")
    real = pd.DataFrame({"x": big, "t": when})
    spec = TableSpec.infer(real, continuous=["x"])
    for x, t, expected in [(0, 0, 1.0), (1, 0, 0.0), (0, 5, 0.0)]:
        other = pd.DataFrame({"x": big + x, "t": when + pd.Timedelta(t, "ns")})
        nullable = other.astype({"x": "Int64"})
        for frame in (other, nullable):
            assert ExactMatchShare()(TablePair(Table(real, spec), Table(frame, spec))) == expected
