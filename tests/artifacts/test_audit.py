"""Audits: copied rows are found, with the record that they were copied from."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.privacy import Audit, DCRTable
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import ParameterError, UndefinedScoreError


def pair_of(*columns: list[float]) -> TablePair:
    spec = TableSpec.infer(pd.DataFrame({"x": [0.5]}), continuous=["x"])
    real, synthetic, *holdout = (Table(pd.DataFrame({"x": values}), spec) for values in columns)
    return TablePair(real, synthetic, *holdout)


def sample(seed: int, count: int = 400) -> list[float]:
    values: list[float] = np.random.default_rng(seed).uniform(size=count).tolist()
    return values


def test_audit_by_hand() -> None:
    # Range 10. The closest holdout row is 0.05 away from a real one: that is the threshold.
    pair = pair_of([0.0, 4.0, 10.0], [7.0, 10.0, 4.2], [0.5, 6.0])
    found = Audit(share=0.0)(pair)
    assert found["synthetic_row"].tolist() == [1, 2]
    assert found["real_row"].tolist() == [2, 1]
    assert found["distance"].tolist() == pytest.approx([0.0, 0.02])
    assert found["exact"].tolist() == [True, False]
    assert found["nndr"].tolist() == pytest.approx([0.0, 0.2 / 4.2])
    assert found["real_gap"].tolist() == pytest.approx([0.6, 0.4])
    assert found["holdout_distance"].tolist() == pytest.approx([0.4, 0.18])
    assert found["threshold"].tolist() == pytest.approx([0.05, 0.05])
    assert "does not mean" in found.attrs["note"]


def test_copies_are_found_among_samples() -> None:
    real, synthetic = sample(0), sample(1)
    synthetic[100:110] = real[5:15]
    for pair in (pair_of(real, synthetic, sample(2)), pair_of(real, synthetic)):
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
    assert frame.loc["synthetic", "dcr_median"] == pytest.approx(0.1)
    assert frame.loc["synthetic", "exact_match_share"] == pytest.approx(1 / 3)
    assert frame.loc["holdout", "exact_match_share"] == 1.0
    assert frame.loc["real", "dcr_mean"] == pytest.approx((0.4 + 0.4 + 0.6) / 3)
    assert frame.loc["real", "nndr_median"] == pytest.approx(0.6)
    assert "does not mean" in frame.attrs["note"]
    assert list(DCRTable()(pair_of([0.0, 4.0, 10.0], [4.0])).index) == ["synthetic", "real"]


def test_refusals() -> None:
    for part in (Audit(), DCRTable()):
        with pytest.raises(UndefinedScoreError, match="three real rows; there are 2"):
            part(pair_of([0.0, 1.0], [1.0]))
    with pytest.raises(ParameterError, match="Audit: `share` must be in"):
        Audit(share=1.5)
