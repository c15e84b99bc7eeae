"""Rows of tables as distances see them."""

import numpy as np
import pandas as pd
from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

from synthproto.artifacts.searches import search
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from tests.artifacts.test_searches import frame, pair_of


def test_distances_equal_sdmetrics() -> None:
    first, second = frame(0, 150), frame(1, 90, "abcd")
    metadata = {
        "columns": {
            "x": {"sdtype": "numerical"},
            "when": {"sdtype": "datetime"},
            "c": {"sdtype": "categorical"},
        }
    }
    expected = calculate_dcr(second, first, metadata)
    pair = pair_of(first, second)
    found = search(pair, "synthetic", "real", 1, (), "range").distances[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_categories_that_the_real_table_lacks_agree_between_the_other_two() -> None:
    real = pd.DataFrame({"c": ["a", "b"]})
    synthetic = pd.DataFrame({"c": ["z", "y", "a"]})
    holdout = pd.DataFrame({"c": ["y", "w", "z"]})
    spec = TableSpec.infer(real, categorical=["c"])
    pair = TablePair(*(Table(made, spec) for made in (real, synthetic, holdout)))
    assert search(pair, "synthetic", "holdout", 1).distances.ravel().tolist() == [0.0, 0.0, 1.0]
    assert search(pair, "synthetic", "synthetic", 1).distances.ravel().tolist() == [1.0] * 3
    assert search(pair, "holdout", "real", 1).distances.ravel().tolist() == [1.0] * 3
