"""Rows as points of a space: weights, and samples."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.plots.space import Space, sampled
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def numbers(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 5)) @ np.random.default_rng(9).normal(size=(5, 5))
    return pd.DataFrame(values * [1, 10, 1e4, 1e-3, 5], columns=list("abcde"))


def mixed(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return numbers(rows, seed).assign(
        city=rng.choice(["x", "y", "z"], rows), yes=rng.random(rows) < 0.2
    )


def table(frame: pd.DataFrame) -> Table:
    return Table(frame, TableSpec.infer(frame))


def test_indicators_weigh_as_much_as_a_number() -> None:
    real = table(mixed(5000))
    points = Space.fit(real, "mean").points(real, np.arange(5000))
    assert points.shape[1] == Space.fit(real, "mean").width
    np.testing.assert_allclose(points[:, :5].var(axis=0), 1, atol=1e-3)
    assert points[:, 5:10].var(axis=0).sum() == pytest.approx(1, abs=1e-3)
    assert points[:, 10:].var(axis=0).sum() == pytest.approx(1, abs=1e-3)


def test_sample_is_seeded_ordered_and_without_repeats() -> None:
    real = table(mixed(300))
    rows = sampled(real, 100, 0)
    np.testing.assert_array_equal(rows, sampled(real, 100, 0))
    assert (np.diff(rows) > 0).all()
    assert not np.array_equal(rows, sampled(real, 100, 1))
    np.testing.assert_array_equal(sampled(real, 1000, 0), np.arange(300))
