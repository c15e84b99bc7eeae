"""Awkward tables: every plot draws them, without a warning, at the same size as any other."""

import io
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.artifacts.plots.alignment import Alignment
from synthproto.artifacts.plots.densities import CDF, PDF, CDFByColumn, PDFByColumn, PDFLayout
from synthproto.artifacts.plots.heatmaps import CorrelationHeatmapJuxtaposition, CorrelationHeatmaps
from synthproto.artifacts.plots.projections import PCAJuxtaposition, TruncatedSVDJuxtaposition
from synthproto.contracts import Plot
from synthproto.data.pair import TablePair
from synthproto.data.spec import Column, TableSpec
from synthproto.data.table import Table
from synthproto.drawing.picture import Picture
from tests.cases import cases

PLOTS: list[Plot[TablePair]] = [
    PDF(),
    PDFByColumn(),
    CDF(),
    CDFByColumn(),
    Alignment(),
    Alignment("median"),
    CorrelationHeatmapJuxtaposition(),
    CorrelationHeatmaps(),
    PCAJuxtaposition(),
    TruncatedSVDJuxtaposition(),
]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30) | (
    st.sampled_from(["$x^2$", "a_b", "<script>", "a/b", "x" * 200, "日本", "\n", " ", r"\frac{1}"])
)
MAGNITUDES = st.sampled_from([1e-150, 1e-9, 1.0, 1e6, 1e16, 1e149])


@st.composite
def numbers(draw: st.DrawFn, rows: int) -> pd.Series:
    size = draw(MAGNITUDES)
    values = draw(
        st.lists(
            st.floats(-1, 1) | st.sampled_from([0.0, 1.0, -1.0]) | st.just(np.nan),
            min_size=rows,
            max_size=rows,
        )
    )
    scaled = np.array(values) * size + draw(st.sampled_from([0.0, 0.0, size * 1e3, 1e9]))
    clipped = np.clip(scaled, -1e150, 1e150)
    return pd.Series(np.round(clipped) if draw(st.booleans()) else clipped)


@st.composite
def labels(draw: st.DrawFn, rows: int) -> pd.Series:
    some = draw(st.lists(NAMES | st.none() | st.integers(), min_size=1, max_size=20))
    places = draw(st.lists(st.integers(0, len(some) - 1), min_size=rows, max_size=rows))
    return pd.Series([some[place] for place in places], dtype=object)


@st.composite
def moments(draw: st.DrawFn, rows: int) -> pd.Series:
    seconds = st.integers(-6 * 10**9, 6 * 10**9) | st.none()
    drawn = draw(st.lists(seconds, min_size=rows, max_size=rows))
    index = pd.DatetimeIndex(
        np.array([np.datetime64("NaT", "s") if s is None else np.datetime64(s, "s") for s in drawn])
    )
    zone = draw(st.sampled_from([None, "UTC", "Asia/Kathmandu"]))
    return pd.Series(index.tz_localize(zone) if zone else index)


@st.composite
def flags(draw: st.DrawFn, rows: int) -> pd.Series:
    drawn = draw(st.lists(st.booleans() | st.none(), min_size=rows, max_size=rows))
    return pd.Series(drawn, dtype="boolean")


@st.composite
def pairs(draw: st.DrawFn) -> TablePair:
    """Tables of a few rows and columns of any kinds, with a holdout or without."""
    makers = {"continuous": numbers, "categorical": labels, "datetime": moments, "boolean": flags}
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    kinds = [draw(st.sampled_from(sorted(makers))) for _ in names]
    spec = TableSpec(tuple(Column(n, k) for n, k in zip(names, kinds, strict=True)))  # type: ignore[arg-type]  # kinds are kinds

    def table() -> Table:
        rows = draw(st.integers(1, 12))
        columns = {n: draw(makers[k](rows)) for n, k in zip(names, kinds, strict=True)}
        return Table(pd.DataFrame(columns), spec)

    return TablePair(table(), table(), table() if draw(st.booleans()) else None)


def drawn(plot: Plot[TablePair], pair: TablePair) -> list[Picture]:
    """The pictures of a plot; any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = plot(pair)
        pictures = list(value.values()) if isinstance(value, Mapping) else [value]
        assert all(isinstance(picture, Picture) for picture in pictures)
        found = [picture for picture in pictures if isinstance(picture, Picture)]
        assert all(picture.png() for picture in found)
    return found


@settings(max_examples=cases(100))
@given(pairs(), st.sampled_from(PLOTS))
def test_every_plot_draws_every_pair(pair: TablePair, plot: Plot[TablePair]) -> None:
    pictures = drawn(plot, pair)
    itself = plot(TablePair(pair.real, pair.real, pair.holdout))
    others = list(itself.values()) if isinstance(itself, Mapping) else [itself]
    assert [picture.alt for picture in pictures] == [
        other.alt for other in others if isinstance(other, Picture)
    ]
    for picture, other in zip(pictures, others, strict=True):
        assert isinstance(other, Picture)
        assert picture.pixels.shape == (other.height, other.width, 3)


@settings(max_examples=cases(100))
@given(pairs())
def test_no_share_of_rows_is_lost(pair: TablePair) -> None:
    layout = pair.real.get(PDFLayout(40, 8, 100))
    for table in (pair.real, pair.synthetic):
        for column, _ in layout:
            shares = column.shares(table)
            total = shares.inside.sum() + shares.below + shares.above + shares.unseen
            discrete = pair.spec.kind(column.name) in ("categorical", "boolean")
            expected = 1 - shares.missing if discrete else float(shares.missing < 1)
            assert total == pytest.approx(expected, abs=1e-9)


@settings(max_examples=10)
@given(pairs(), st.sampled_from(PLOTS))
def test_every_picture_can_be_a_vector_file(pair: TablePair, plot: Plot[TablePair]) -> None:
    for picture in drawn(plot, pair)[:1]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for kind in ("svg", "pdf"):
                picture.savefig(io.BytesIO(), format=kind)


def frame_pair(real: pd.DataFrame, synthetic: pd.DataFrame, spec: TableSpec) -> TablePair:
    return TablePair(Table(real, spec), Table(synthetic, spec))


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_tables_of_any_width(columns: int) -> None:
    rng = np.random.default_rng(0)
    names = [f"column {i}" for i in range(columns)]
    real, synthetic = (pd.DataFrame(rng.normal(size=(50, columns)), columns=names) for _ in "ab")
    pair = frame_pair(real, synthetic, TableSpec.infer(real))
    for plot in PLOTS:
        assert drawn(plot, pair)


def test_only_categories_only_identifiers_and_ten_thousand_categories() -> None:
    many = pd.DataFrame({"c": [f"name {i}" for i in range(10_000)]})
    few = many.iloc[:10].assign(c="new")
    names = TableSpec.infer(many, categorical=["c"])
    keys = TableSpec.infer(many, identifier=["c"])
    for plot in PLOTS:
        drawn(plot, frame_pair(many, few, names))
        drawn(plot, frame_pair(many, few, keys))
    assert len(drawn(PDFByColumn(), frame_pair(many, few, names))) == 1
    assert drawn(PDFByColumn(), frame_pair(many, few, keys)) == []


def test_nothing_in_common() -> None:
    real = pd.DataFrame({"x": [1.0, 2.0, 3.0], "none": [np.nan] * 3, "c": ["a", "b", "b"]})
    synthetic = pd.DataFrame({"x": [np.nan] * 2, "none": [1e150, -1e150], "c": [None, "z"]})
    spec = TableSpec.infer(real, continuous=["x", "none"], categorical=["c"])
    for plot in PLOTS:
        assert drawn(plot, frame_pair(real, synthetic, spec))
