"""Columns of numbers that fast ways go wrong on, for tests against plain ones."""

import numpy as np
from numpy.typing import NDArray

_RNG = np.random.default_rng(5)

AWKWARD: dict[str, NDArray[np.float64]] = {
    "empty": np.empty(0),
    "one": np.array([0.1]),
    "all missing": np.full(3, np.nan),
    "gaps": np.where(_RNG.random(40) < 0.3, np.nan, _RNG.normal(size=40)),
    "constant": np.full(7, 0.1),
    "zeros of both signs": np.array([0.0, -0.0, 0.0, -0.0, 1.0, -1.0]),
    "a heap": np.concatenate([np.zeros(30), _RNG.exponential(size=9)]),
    "booleans": _RNG.integers(0, 2, 20).astype(np.float64),
    "integers": _RNG.integers(-50, 2000, 60).astype(np.float64),
    "integers far apart": np.array([0.0, 3.0, 2.0**31, -(2.0**31), 2.0**52]),
    "integers beyond 2**53": np.arange(2**53, 2**53 + 40, 2).astype(np.float64),
    "codes from 1 with gaps": np.append(_RNG.integers(1, 9, 30), np.nan).astype(np.float64),
    "tenths": _RNG.integers(-30, 90, 60) / 10,
    "float32": _RNG.normal(size=50).astype(np.float32).astype(np.float64),
    "nearly equal": np.nextafter(0.3, [0.0, 1.0, 0.3]),
    "far from 0": (10**15 + _RNG.integers(0, 9, 30)).astype(np.float64),
    "huge and tiny": np.array([1e149, -1e149, 1e-300, -5e-324, 2.5]),
    "normal": _RNG.normal(size=100),
}
"""By what is awkward about them; NaN is missing, and no value is infinite."""
