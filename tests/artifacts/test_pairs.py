"""Pairs of columns: missing values, outliers, and what references are made of."""

import numpy as np
import pandas as pd

from synthproto.artifacts.dependence import DependenceSimilarity
from synthproto.artifacts.pairs import ContingencySimilarity, TrendSimilarity
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def pair(
    real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame | None = None
) -> TablePair:
    labels = [name for name in real if real[name].dtype == object]
    spec = TableSpec.infer(real, categorical=[str(name) for name in labels])
    beside = None if holdout is None else Table(holdout, spec)
    return TablePair(Table(real, spec), Table(synthetic, spec), beside)


def mixed(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = x + rng.normal(0, 0.6, rows)
    c = np.where(x + rng.normal(0, 0.5, rows) > 0, "up", "down").astype(object)
    d = np.array(["r", "s", "t"], dtype=object)[(np.abs(y) > 1) + rng.integers(0, 2, rows)]
    z = np.where(rng.random(rows) < 0.2, np.nan, np.exp(y))
    return pd.DataFrame({"x": x, "y": y, "c": c, "d": d, "z": z})


def test_where_numbers_are_missing_takes_part() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4000))
    real = pd.DataFrame({"x": np.where(y > 0, np.nan, x), "y": y})
    x, y = rng.normal(size=(2, 4000))
    holdout = pd.DataFrame({"x": np.where(y > 0, np.nan, x), "y": y})
    at_random = pd.DataFrame({"x": np.where(rng.random(4000) < 0.5, np.nan, x), "y": y})
    same, other = (TrendSimilarity()(pair(real, side)) for side in (holdout, at_random))
    assert same > 0.95
    assert other < 0.8


def test_one_outlier_does_not_hide_that_columns_are_independent() -> None:
    real, holdout = mixed(2000, 0), mixed(2000, 1)
    real.loc[0, "x"] = 1e3
    rng = np.random.default_rng(3)
    shuffled = pd.DataFrame({name: rng.permutation(real[name].to_numpy()) for name in real})
    for score in (ContingencySimilarity(), TrendSimilarity(), DependenceSimilarity()):
        assert score(pair(real, holdout)) > score(pair(real, shuffled)) + 0.02


def test_references_are_of_the_compared_sizes() -> None:
    both = pair(mixed(500, 0), mixed(100, 1), mixed(300, 2))
    assert both.reference is not None
    assert len(both.reference.synthetic) == 100
    assert both.between is not None
    assert len(both.between.synthetic) == 300
    assert len(both.floor.synthetic) == 100
    assert len(pair(mixed(50, 0), mixed(170, 1)).floor.synthetic) == 170
