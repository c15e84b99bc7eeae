"""Rows of tables as distances see them, and searches that are made once."""

import numpy as np
import pandas as pd
import pytest
from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr

from synthproto.artifacts.searches import rows, search
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.measures.neighbours import Neighbours, nearest
from synthproto.measures.rows import Rows

SPEC = TableSpec.infer(
    pd.DataFrame({"x": [0.5, 1.5], "when": pd.to_datetime(["2020", "2021"]), "c": ["a", "b"]}),
    categorical=["c"],
)


def frame(seed: int, count: int, labels: str = "abc") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "x": rng.normal(size=count),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, count), "D"),
            "c": rng.choice(list(labels), count).astype(object),
        }
    )
    for name in made:
        made.loc[rng.random(count) < 0.1, name] = None
    return made


def pair_of(*frames: pd.DataFrame) -> TablePair:
    real, synthetic, *holdout = (Table(made, SPEC, name="a table") for made in frames)
    return TablePair(real, synthetic, *holdout)


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
    found = search(pair_of(first, second), "synthetic", "real", 1).distances[:, 0]
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


def test_searches_of_real_rows_outlive_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(queries: Rows, references: Rows, k: int, leave_one_out: bool) -> Neighbours:
        made.append(1)
        return nearest(queries, references, k, leave_one_out=leave_one_out)

    monkeypatch.setattr("synthproto.artifacts.searches.nearest", counted)
    real, holdout = Table(frame(0, 40), SPEC), Table(frame(1, 30), SPEC)
    for seed in (2, 3):
        pair = TablePair(real, Table(frame(seed, 35), SPEC), holdout)
        for _ in range(2):
            search(pair, "real", "real", 5)
            search(pair, "holdout", "real", 2)
            search(pair, "synthetic", "real", 2)
    assert len(made) == 4  # one each of real and holdout, one of each synthetic table


def test_fewer_rows_than_neighbours() -> None:
    pair = pair_of(frame(0, 2), frame(1, 1))
    assert search(pair, "synthetic", "real", 5).distances.shape == (1, 2)
    assert search(pair, "real", "real", 5).distances.shape == (2, 1)


def test_refusals() -> None:
    pair = pair_of(frame(0, 5), frame(1, 5))
    with pytest.raises(UndefinedScoreError, match="without a holdout"):
        search(pair, "synthetic", "holdout", 1)
    with pytest.raises(SchemaError, match=r"no columns that distances .* besides x, when, c"):
        rows(pair, "real", ("x", "when", "c"))
