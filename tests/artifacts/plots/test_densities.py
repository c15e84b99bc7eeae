"""Plots of columns: the values behind them, their axes, and what stays between epochs."""

from typing import TypeAlias

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from synthproto.artifacts.plots.alignment import Alignment
from synthproto.artifacts.plots.densities import (
    CDF,
    PDF,
    CDFByColumn,
    CDFLayout,
    CountedColumn,
    CurveColumn,
    PDFByColumn,
    PDFLayout,
    bars,
    plot_edges,
    plot_range,
    value_axis,
)
from synthproto.artifacts.plots.heatmaps import CorrelationHeatmapJuxtaposition, CorrelationHeatmaps
from synthproto.artifacts.plots.panels import Bars, Distribution, Histogram, ValueAxis
from synthproto.contracts import Drawing
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError

REAL_BLUE = [169, 203, 232]


def vermilion(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the synthetic ink is, faint edges of lines left out."""
    return pixels[..., 0].astype(int) - pixels[..., 2] > 110


def frame(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, rows),
            "income": rng.lognormal(10, 1, rows),
            "city": rng.choice(["Rome", "Oslo", "Lima"], rows, p=[0.6, 0.3, 0.1]),
            "seen": pd.Timestamp("2021-05-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "member": rng.random(rows) < 0.3,
        }
    )


SPEC = TableSpec.infer(frame(), continuous=["age"])


def table(values: pd.DataFrame) -> Table:
    return Table(values, SPEC)


@pytest.fixture
def real() -> Table:
    return table(frame())


Single: TypeAlias = PDF | CDF | Alignment | CorrelationHeatmapJuxtaposition
ALL: list[Single] = [
    PDF(),
    CDF(),
    Alignment(),
    Alignment("mean"),
    CorrelationHeatmapJuxtaposition(),
]


@pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot.name)
def test_a_later_epoch_does_no_work_on_the_real_side(real: Table, plot: Single) -> None:
    first = plot(TablePair(real, table(frame(seed=1))))
    computed = real.computed
    second = plot(TablePair(real, table(frame(seed=2))))
    assert real.computed == computed
    assert first != second
    assert isinstance(first, Drawing)
    # The picture of an earlier epoch is not drawn over, and can be drawn again.
    assert first == plot(TablePair(real, table(frame(seed=1))))


@pytest.mark.parametrize("plot", ALL, ids=lambda plot: plot.name)
def test_kept_backgrounds_do_not_show_earlier_epochs(plot: Single) -> None:
    kept, fresh = table(frame()), table(frame())
    wild = frame(seed=1)
    wild["age"] *= 7
    plot(TablePair(kept, table(wild)))
    synthetic = table(frame(seed=2))
    assert plot(TablePair(kept, synthetic)) == plot(TablePair(fresh, synthetic))


@pytest.mark.parametrize("plot", [PDF(), CDF()], ids=lambda plot: plot.name)
def test_axes_do_not_move_with_the_synthetic_table(real: Table, plot: PDF | CDF) -> None:
    wild = frame(seed=1)
    wild["age"], wild["income"], wild["city"] = 1000, -5.0, "Atlantis"
    pictures = [plot(TablePair(real, table(f))).pixels for f in (frame(seed=2), wild)]
    assert pictures[0].shape == pictures[1].shape
    # Below its axis, a panel has only the names of ticks: they are the same.
    height = pictures[0].shape[0]
    for row in range(round((height - 30) / 210)):
        upper = 30 + 210 * (row + 1)
        first, second = (picture[upper - 34 : upper - 4] for picture in pictures)
        np.testing.assert_array_equal(first, second)


def test_shares_behind_the_pdf(real: Table) -> None:
    wild = frame(seed=1)
    wild["income"] = wild["income"].where(wild["income"] < 60_000, 1e9)
    wild.loc[:29, "income"] = np.nan
    wild.loc[:59, "city"] = "Atlantis"
    synthetic = table(wild)
    columns = {c.name: c for c, _ in real.get(PDFLayout(40, 8, 100))}

    income = columns["income"].shares(synthetic)
    present = wild["income"].dropna()
    edges = plot_edges(np.sort(real.values("income")), 40, value_axis(real, "income"))
    assert income.missing == pytest.approx(0.1)
    assert income.above == pytest.approx((present > edges[-1]).mean())
    assert income.below == pytest.approx((present < edges[0]).mean())
    np.testing.assert_allclose(income.inside, np.histogram(present, edges)[0] / len(present))
    assert income.inside.sum() + income.above + income.below == pytest.approx(1)

    city = columns["city"].shares(synthetic)
    expected = [(wild["city"] == name).mean() for name in ("Rome", "Oslo", "Lima")]
    np.testing.assert_allclose(city.inside, expected)
    assert city.unseen == pytest.approx(0.2)


def test_shares_behind_the_cdf(real: Table) -> None:
    column, panel = next(own for own in real.get(CDFLayout(100)) if own[0].name == "age")
    assert isinstance(column, CurveColumn)
    assert isinstance(panel, Distribution)
    # Dvoretzky, Kiefer, Wolfowitz for 300 rows at 95 %: sqrt(ln(40) / 600).
    assert panel.band == pytest.approx(0.07841, abs=1e-6)
    shares = column.shares(real)
    ages = frame()["age"].to_numpy()
    for place, share in zip(column.places[::40], shares.inside[::40], strict=True):
        assert share == pytest.approx((ages <= place).mean())
    assert shares.inside[0] == 0.0
    assert shares.inside[-1] == 1.0


def test_equal_tables_are_drawn_alike_and_others_in_vermilion(real: Table) -> None:
    picture = PDF()(TablePair(real, table(frame())))
    flat = picture.pixels.reshape(-1, 3)
    blue = (flat == REAL_BLUE).all(axis=1).sum()
    assert blue > 5000
    assert vermilion(flat).sum() > 500
    empty = frame()
    empty["income"] = np.nan
    cards = PDFByColumn()(TablePair(real, table(empty)))
    assert not vermilion(cards["income"].pixels[40:]).any()


def test_mass_outside_the_real_range_is_shown(real: Table) -> None:
    far = frame()
    far["age"] = -1e6
    card = PDFByColumn()(TablePair(real, table(far)))["age"].pixels
    orange = vermilion(card[42:172])
    columns = np.flatnonzero(orange.any(axis=0))
    assert columns.min() >= 46
    assert columns.max() <= 60
    assert orange.sum() > 100


def test_cards_are_the_panels_of_the_grid_at_the_size_of_tensorboard(real: Table) -> None:
    pair = TablePair(real, table(frame(seed=1)))
    cards = PDFByColumn()(pair)
    assert list(cards) == list(SPEC.names)
    assert {(card.width, card.height) for card in cards.values()} == {(350, 210)}
    grid = PDF()(pair).pixels
    # Below its title, where the legend is, a card is what the grid shows.
    np.testing.assert_array_equal(cards["age"].pixels[40:], grid[30 + 40 : 30 + 210, :350])
    assert list(CDFByColumn()(pair)) == ["age", "income", "seen"]
    assert cards["age"].alt == "density of age, real and synthetic"


def test_a_value_can_be_read_and_is_a_snapshot(real: Table) -> None:
    synthetic = table(frame(seed=1))
    card = PDFByColumn()(TablePair(real, synthetic))["age"]
    (panel,) = card.panels
    assert isinstance(panel, Histogram)
    assert panel.synthetic is not None
    assert panel.real.inside.sum() == pytest.approx(1)
    before = panel.synthetic.inside.copy()
    PDFByColumn()(TablePair(real, table(frame(seed=2))))
    np.testing.assert_array_equal(panel.synthetic.inside, before)
    assert "array" not in repr(panel)
    assert len(repr(panel)) < 500


def test_a_holdout_is_drawn(real: Table) -> None:
    synthetic, holdout = table(frame(seed=1)), table(frame(seed=2))
    for plot in ALL:
        with_holdout = plot(TablePair(real, synthetic, holdout))
        assert with_holdout != plot(TablePair(real, synthetic))
    assert len(CorrelationHeatmaps()(TablePair(real, synthetic, holdout))) == 4


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_pictures_grow_with_the_scale(real: Table, scale: float) -> None:
    pair = TablePair(real, table(frame(seed=1)))
    assert abs(PDF(scale=scale)(pair).width - PDF()(pair).width * scale) < 1
    card = PDFByColumn(scale=scale)(pair)["age"]
    assert (card.width, card.height) == (round(350 * scale), round(210 * scale))


def test_arguments_out_of_range_are_refused_at_once() -> None:
    with pytest.raises(
        ParameterError, match=r"PDF: `bins` must.*`columns` must.*`categories` must.*`scale` must"
    ):
        PDF(bins=0, categories=9, columns=0, scale=9.0)
    with pytest.raises(ParameterError, match="scale"):
        CDF(scale=0.0)
    with pytest.raises(ParameterError, match="scale"):
        CorrelationHeatmaps(scale=100.0)
    with pytest.raises(ParameterError, match="distinct"):
        Alignment(("mean", "mean"))
    with pytest.raises(ParameterError, match="distinct"):
        Alignment(())


def test_very_wide_tables_are_drawn_in_part() -> None:
    wide = pd.DataFrame(np.zeros((3, 12)), columns=[f"x{i}" for i in range(12)])
    spec = TableSpec.infer(wide, continuous=[f"x{i}" for i in range(12)])
    pair = TablePair(Table(wide, spec), Table(wide, spec))
    assert list(PDFByColumn(columns=5)(pair)) == [f"x{i}" for i in range(5)]
    assert PDF(columns=5)(pair).height < PDF()(pair).height
    assert list(CDFByColumn(columns=1)(pair)) == ["x0"]


def test_tags_are_distinct_and_sort_behind_the_scores() -> None:
    names = [part.name for part in ALL]
    names += [PDFByColumn().name, CDFByColumn().name, CorrelationHeatmaps().name]
    assert len(set(names)) == len(names)
    assert min(names) > "validity"
    assert Alignment("first_quartile").name == "visual/alignment_first_quartile"
    assert PDF(name="visual/pdf_fine", bins=200).name == "visual/pdf_fine"


# --- ranges, bins, rows ------------------------------------------------------------------------


def test_range_stops_before_far_outliers_and_never_has_width_zero() -> None:
    values = np.sort(np.r_[np.random.default_rng(0).normal(size=1000), 1e9])
    low, high = plot_range(values)
    assert -5 < low < -2
    assert 2 < high < 40
    assert plot_range(np.arange(100.0)) == (0.0, 99.0)
    for constant in (0.0, -7.0, 1e140):
        low, high = plot_range(np.full(9, constant))
        assert low < constant < high
    assert plot_range(np.empty(0)) == (0.0, 1.0)


@pytest.mark.parametrize("width", [3, 40, 1000])
def test_bins_hold_equally_many_whole_numbers(width: int) -> None:
    edges = plot_edges(
        np.sort(np.random.default_rng(0).integers(0, width, 5000)).astype(np.float64),
        40,
        ValueAxis(0.0, width - 1.0),
    )
    sizes = np.diff(edges)
    assert len(sizes) <= 40
    assert (sizes == sizes[0]).all()
    assert (edges % 1 == 0.5).all()


def numbers(values: list[float]) -> Table:
    frame = pd.DataFrame({"x": values})
    return Table(frame, TableSpec.infer(frame, continuous=["x"]))


def test_crowded_columns_have_logarithmic_axes() -> None:
    rng = np.random.default_rng(0)
    even = [rng.normal(size=2000), rng.exponential(size=2000), np.r_[rng.normal(size=2000), 1e9]]
    assert all(not value_axis(numbers(values.tolist()), "x").linear_width for values in even)
    assert not value_axis(numbers([0.0] * 99 + [1.0]), "x").linear_width
    assert not value_axis(numbers([5.0] * 9), "x").linear_width
    assert not value_axis(numbers([0.0] * 9), "x").linear_width
    skewed = np.exp(2.5 * rng.normal(size=2000))
    mostly_zero = np.where(rng.random(2000) < 0.9, 0.0, np.exp(rng.normal(8, 1, 2000)))
    for values in (skewed, -skewed, mostly_zero, np.floor(skewed)):
        real = numbers(values.tolist())
        column, _ = real.get(PDFLayout(40, 8, 100))[0]
        shares = column.shares(real)
        assert value_axis(real, "x").linear_width
        assert shares.below == shares.above == 0.0  # both ends are within the bins
        assert shares.inside.sum() == pytest.approx(1.0)
        assert np.count_nonzero(shares.inside > 0.001) > 8


def test_bins_of_whole_numbers_on_a_logarithmic_axis_have_their_edges_between_them() -> None:
    values = np.floor(np.exp(2 * np.random.default_rng(0).normal(size=2000)))
    edges = plot_edges(np.sort(values), 40, value_axis(numbers(values.tolist()), "x"))
    assert (edges % 1 == 0.5).all()
    assert edges[0] < values.min()
    assert edges[-1] > values.max()


def test_rows_of_a_categorical_panel() -> None:
    labels = [f"c{i}" for i in range(30) for _ in range(30 - i)]
    values = pd.DataFrame({"c": [*labels, None, None]})
    real = Table(values, TableSpec.infer(values, categorical=["c"]))
    column, panel = real.get(PDFLayout(40, 8, 100))[0]
    assert isinstance(column, CountedColumn)
    assert isinstance(panel, Bars)
    assert panel.labels == (*(f"c{i}" for i in range(7)), "other (23)", "missing")
    assert bars(column, panel.real, 3).labels == ("c0", "c1", "c2", "other (27)", "missing")


def test_a_spike_is_cut_so_that_the_rest_can_be_seen() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(3000) < 0.9, 0.0, rng.uniform(0, 100, 3000))
    real = numbers(values.tolist())
    (panel,) = PDF()(TablePair(real, real)).panels
    assert isinstance(panel, Histogram)
    others = np.sort(panel.real.inside)[-2]
    assert panel.top < 0.1
    assert others / panel.top > 0.2
    # An ordinary column, and one with two values, are not cut.
    for ordinary in (rng.normal(size=3000), (rng.random(3000) < 0.7).astype(float)):
        whole = numbers(ordinary.tolist())
        (panel,) = PDF()(TablePair(whole, whole)).panels
        assert isinstance(panel, Histogram)
        assert panel.top >= panel.real.inside.max()


def test_the_share_of_a_bar_that_is_cut_is_written_beside_it() -> None:
    labels = [f"c{i}" for i in range(300)]
    values = pd.DataFrame({"c": labels})
    real = Table(values, TableSpec.infer(values, categorical=["c"]))
    figure = PDF()(TablePair(real, real)).figure()
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == ["97%", "97%"]
    assert all(text.get_position()[0] > 0 for text in figure.axes[0].texts)


def test_axes_say_what_they_measure(real: Table) -> None:
    pair = TablePair(real, table(frame(seed=1)))
    shown = {
        name: (picture.figure().axes[0].get_xlabel(), picture.figure().axes[0].get_ylabel())
        for name, picture in PDFByColumn()(pair).items()
    }
    assert shown["age"] == ("value", "share of rows")
    assert shown["city"] == ("share of rows", "")
    assert shown["seen"][0].startswith("date")
    (axes,) = CDFByColumn()(pair)["age"].figure().axes
    assert axes.get_ylabel() == "share of rows ≤ value"
