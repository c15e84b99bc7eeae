"""Statistics of two chunks merge into those of the whole."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from synthproto.data.statistics import (
    CoMoments,
    Moments,
    bin_codes,
    bin_counts,
    edges_passed,
    fitted_edges,
    quantile,
)
from tests.awkward_columns import AWKWARD

Floats = NDArray[np.float64]

numbers = st.one_of(
    st.just(float("nan")), st.integers(-5, 5).map(float), st.floats(-1e9, 1e9, allow_nan=False)
)
columns = st.lists(numbers, max_size=12).map(lambda values: np.array(values, dtype=np.float64))


@given(columns, columns)
def test_moments_merge(first: Floats, second: Floats) -> None:
    merged = Moments.of(first).merged(Moments.of(second))
    whole = Moments.of(np.concatenate([first, second]))
    assert (merged.count, merged.missing) == (whole.count, whole.missing)
    assert (merged.low, merged.high) == (whole.low, whole.high)
    scale = max(abs(whole.low), abs(whole.high), 1.0) if whole.count else 1.0
    assert merged.mean == pytest.approx(whole.mean, abs=1e-12 * scale)
    assert merged.squares == pytest.approx(whole.squares, rel=1e-9, abs=1e-9 * scale**2 * 1e-6)


def test_moments_by_hand() -> None:
    moments = Moments.of(np.array([1.0, np.nan, 3.0]))
    assert (moments.count, moments.missing, moments.mean, moments.squares) == (2, 1, 2.0, 2.0)
    assert (moments.low, moments.high, moments.span, moments.variance) == (1.0, 3.0, 2.0, 2.0)


def test_moments_of_equal_values_have_no_spread() -> None:
    moments = Moments.of(np.full(7, 0.1))
    assert (moments.mean, moments.squares, moments.std) == (0.1, 0.0, 0.0)


def test_a_large_offset_costs_no_precision() -> None:
    assert Moments.of(1e15 + np.array([0.0, 1.0, 2.0])).variance == 1.0


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30))
def test_co_moments_merge(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    chunks = [rng.normal(size=(3, size)) * [[1.0], [1e6], [1e-6]] + 3 for size in (n, m)]
    for chunk in chunks:
        chunk[rng.random(chunk.shape) < 0.2] = np.nan
    parts = [
        CoMoments.of(list(chunk), centre=rng.normal(size=3), scale=rng.random(3) + 0.5)
        for chunk in chunks
    ]
    whole = CoMoments.of(list(np.concatenate(chunks, axis=1)), parts[0].centre, parts[0].scale)
    merged = parts[0].merged(parts[1])
    np.testing.assert_array_equal(merged.count, whole.count)
    for name in ("sums", "squares", "products"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-7)


def test_correlation_is_pandas_over_complete_pairs() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20_000, 4)), columns=list("abcd"))
    frame["d"] = 5.0
    frame.loc[::3, "a"] = np.nan
    frame.loc[::4, "b"] = np.nan
    ours = CoMoments.of(
        [frame[name].to_numpy() for name in frame],
        frame.mean().to_numpy(),
        np.array([1.0, 2.0, 1.0, 1.0]),
    ).correlation()
    np.testing.assert_allclose(ours, frame.corr().fillna(0.0), atol=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], share: float) -> None:
    ascending = np.sort(np.array(values))
    theirs = float(np.quantile(ascending, share))
    assert quantile(ascending, share) == pytest.approx(theirs, rel=1e-12, abs=1e-9)


@given(columns, columns, columns.filter(len), st.integers(1, 8))
def test_histograms_merge_and_hold_every_row(
    first: Floats, second: Floats, fitted: Floats, bins: int
) -> None:
    for rule in ("width", "quantile"):
        present = np.sort(fitted[~np.isnan(fitted)])
        edges = fitted_edges(present, bins, "width" if rule == "width" else "quantile")
        counts = [
            np.bincount(bin_codes(values, edges), minlength=len(edges) + 3)
            for values in (first, second, np.concatenate([first, second]))
        ]
        np.testing.assert_array_equal(counts[0] + counts[1], counts[2])
        assert counts[2].sum() == len(first) + len(second)


@pytest.mark.parametrize("values", AWKWARD.values(), ids=list(AWKWARD))
@pytest.mark.parametrize("repeats", [1, 700])
def test_moments_in_blocks_are_plain_ones(values: Floats, repeats: int) -> None:
    column = np.tile(values, repeats)
    moments, present = Moments.of(column), column[~np.isnan(column)]
    assert (moments.count, moments.missing) == (len(present), np.isnan(column).sum())
    assert moments.low == present.min(initial=np.inf)
    assert moments.high == present.max(initial=-np.inf)
    if len(present):
        heights = present - present.min()
        mean = min(heights.sum() / len(present), heights.max())
        plain = present.min() + mean, np.dot(heights - mean, heights - mean)
        exact = 0.0 if len(present) <= 8192 else 1e-13  # one block is bit for bit the same
        assert (moments.mean, moments.squares) == pytest.approx(plain, rel=exact, abs=0.0)


@pytest.mark.parametrize("values", AWKWARD.values(), ids=list(AWKWARD))
def test_edges_are_passed_as_a_search_finds_them(values: Floats) -> None:
    column = np.tile(values, 700)
    for count in (3, 60):
        edges = np.unique(
            np.append(column[~np.isnan(column)][: count // 2], np.arange(1.0 * count))
        )
        theirs = np.where(np.isnan(column), 0, np.searchsorted(edges, column, side="right"))
        np.testing.assert_array_equal(edges_passed(column, edges), theirs)


@pytest.mark.parametrize("values", AWKWARD.values(), ids=list(AWKWARD))
def test_bin_codes_and_counts_are_plain_ones(values: Floats) -> None:
    column, present = np.tile(values, 700), np.sort(values[~np.isnan(values)])
    for fitted in (present, present[1:-1], present[:2], present / 3):
        edges = fitted_edges(fitted, 7, "quantile")
        codes = bin_codes(column, edges).tolist()
        size = max(len(edges) - 1, 0)
        counts = bin_counts(present, len(values) - len(present), edges)
        np.testing.assert_array_equal(counts, np.bincount(codes[: len(values)], minlength=size + 1))
        for value, code in zip(values.tolist(), codes, strict=False):
            if np.isnan(value):
                assert code == 0
            elif not size or value > edges[-1]:
                assert code == size + 2
            elif value < edges[0]:
                assert code == size + 1
            else:
                assert code == 1 + sum(value >= edge for edge in edges[1:-1].tolist())
        assert codes == codes[: len(values)] * 700
