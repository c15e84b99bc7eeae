from collections.abc import Callable

import numpy as np
import pytest

from synthproto.data.column_codecs import QuantileScaler, StandardScaler


def test_standard_scaling_is_zero_mean_and_unit_variance() -> None:
    values = np.random.default_rng(0).normal(50, 7, 1000)
    scaler = StandardScaler.fit(values)
    assert scaler.mean == pytest.approx(values.mean())
    assert scaler.std == pytest.approx(values.std())
    scaled = scaler.encode(values)
    assert scaled.std() == pytest.approx(1)
    np.testing.assert_allclose(scaler.decode(scaled), values)
    assert StandardScaler.fit(np.full(5, 3.0)).std == 1
    assert StandardScaler.fit(np.array([1e-200, 3e-200])).std == pytest.approx(1e-200)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.exponential(1, 20_000),
        lambda rng: rng.standard_cauchy(20_000),
        lambda rng: np.concatenate([rng.normal(-50, 1, 10_000), rng.normal(50, 9, 10_000)]),
    ],
)
def test_quantile_scaling_makes_any_distribution_normal(
    draw: Callable[[np.random.Generator], np.ndarray[tuple[int], np.dtype[np.float64]]],
) -> None:
    values = draw(np.random.default_rng(0))
    scores = QuantileScaler.fit(values).encode(values)
    quantiles = np.quantile(scores, [0.025, 0.16, 0.5, 0.84, 0.975])
    np.testing.assert_allclose(quantiles, [-1.96, -0.994, 0, 0.994, 1.96], atol=0.02)


def test_normal_numbers_decode_to_the_real_distribution_heaps_included() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(20_000) < 0.7, 0.0, rng.exponential(100, 20_000))
    scaler = QuantileScaler.fit(values)
    drawn = scaler.decode(rng.normal(size=20_000))
    assert (drawn == 0).mean() == pytest.approx(0.7, abs=0.01)
    np.testing.assert_allclose(
        np.quantile(drawn, [0.8, 0.9]), np.quantile(values, [0.8, 0.9]), rtol=0.08
    )
    # The heap lies at the normal quantile of its middle, 0.35.
    assert scaler.encode(np.zeros(1))[0] == pytest.approx(-0.385, abs=0.02)
    assert drawn.max() <= values.max()
