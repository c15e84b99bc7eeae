"""Projections: one space for both tables, right by the textbook, deterministic."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from sklearn.decomposition import PCA

from synthproto.artifacts.plots.curves import FlaggedRows
from synthproto.artifacts.plots.projections import (
    Cloud,
    PCAJuxtaposition,
    Projection,
    TruncatedSVDJuxtaposition,
    TSNEJuxtaposition,
    limits,
)
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError


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


def test_pca_is_that_of_the_standardised_table() -> None:
    frame = numbers()
    fit = table(frame).get(Projection("pca", 20_000, 0))
    scaled = ((frame - frame.mean()) / frame.std()).to_numpy()
    expected = PCA(2).fit(scaled)
    mine = fit.plane(table(frame), np.arange(len(frame)))
    np.testing.assert_allclose(np.abs(mine), np.abs(expected.transform(scaled)), atol=1e-8)
    np.testing.assert_allclose(fit.explained, expected.explained_variance_ratio_, atol=1e-10)


def test_truncated_svd_is_that_of_the_table_scaled_to_its_range() -> None:
    frame = numbers()
    fit = table(frame).get(Projection("truncated_svd", 20_000, 0))
    scaled = ((frame - frame.min()) / (frame.max() - frame.min())).to_numpy()
    _, values, vectors = np.linalg.svd(scaled, full_matrices=False)
    np.testing.assert_allclose(np.abs(fit.axes), np.abs(vectors[:2].T), atol=1e-8)
    shares = values**2 / (values**2).sum()
    np.testing.assert_allclose(fit.explained, shares[:2], atol=1e-10)


def test_both_tables_are_in_the_real_tables_space() -> None:
    real = table(mixed())
    fit = real.get(Projection("pca", 20_000, 0))
    same = fit.plane(table(mixed()), np.arange(200))
    np.testing.assert_allclose(same, fit.plane(real, np.arange(200)))
    moved = mixed()
    moved["a"] += 100
    shift = fit.plane(table(moved), np.arange(200)) - same
    np.testing.assert_allclose(shift, np.tile(shift[0], (200, 1)), atol=1e-8)


@pytest.mark.parametrize("plot", [PCAJuxtaposition(points=50), TruncatedSVDJuxtaposition()])
def test_fit_and_real_points_are_kept_with_the_real_table(
    plot: PCAJuxtaposition | TruncatedSVDJuxtaposition,
) -> None:
    real = table(mixed())
    first = plot(TablePair(real, table(mixed(seed=1))))
    computed = real.computed
    second = plot(TablePair(real, table(mixed(seed=2))))
    assert real.computed == computed
    assert first != second
    assert first == plot(TablePair(real, table(mixed(seed=1))))
    assert (first.width, first.height) == (350, 210)


def test_many_real_rows_are_drawn_as_their_density() -> None:
    for rows, dense in ((200, False), (2000, True)):
        pair = TablePair(table(mixed(rows)), table(mixed(300, seed=1)))
        (axes,) = PCAJuxtaposition()(pair).figure().axes
        kinds = {type(artist) for artist in axes.collections}
        assert (PolyCollection in kinds) == dense


def test_flagged_rows_are_rings_that_hide_nothing_and_a_remark_says_their_share() -> None:
    real, fresh = mixed(800), mixed(800, seed=2)
    half = pd.concat([real.iloc[:400], fresh.iloc[400:]], ignore_index=True)
    pair = TablePair(table(real), table(half), table(mixed(800, seed=3)))
    picture = FlaggedRows()(pair)
    (panel,) = picture.panels
    assert isinstance(panel, Cloud)
    assert panel.flagged is not None
    assert len(panel.flagged) >= 400
    (axes,) = picture.figure().axes
    rings = axes.lines[-1]
    assert rings.get_markerfacecolor() == "none"
    assert axes.texts[-1].get_text().startswith("flagged 5")


def test_tsne_is_deterministic_and_honours_its_arguments() -> None:
    pair = TablePair(table(mixed(40)), table(mixed(30, seed=1)))
    plot = TSNEJuxtaposition(iterations=250)
    first = plot(pair)
    again = TablePair(table(mixed(40)), table(mixed(30, seed=1)))
    assert first == plot(again)
    assert first != TSNEJuxtaposition(iterations=250, perplexity=5.0)(again)
    assert first != TSNEJuxtaposition(iterations=400)(again)
    assert first != TSNEJuxtaposition(iterations=250, points=20)(again)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_tsne_of_few_and_equal_rows(rows: int) -> None:
    few = pd.DataFrame({"x": np.zeros(rows), "y": ["a"] * rows})
    plot = TSNEJuxtaposition(iterations=250, perplexity=500.0)
    spec = TableSpec.infer(few, continuous=["x"], categorical=["y"])
    assert plot(TablePair(Table(few, spec), Table(few, spec))).width == 350


def test_limits_hold_most_points_and_have_width() -> None:
    values = np.r_[np.random.default_rng(0).normal(size=1000), 1e6]
    low, high = limits(values)
    assert low < -2
    assert 2 < high < 20
    low, high = limits(np.zeros(3))
    assert low < 0 < high


def test_arguments_out_of_range_are_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"`points` must.*`fitted` must.*`scale` must"):
        PCAJuxtaposition(points=0, fitted=0, scale=0.0)
    with pytest.raises(ParameterError, match="perplexity"):
        TSNEJuxtaposition(perplexity=0.0)
    with pytest.raises(ParameterError, match="iterations"):
        TSNEJuxtaposition(iterations=10)
