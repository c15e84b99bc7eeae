"""From a frame's column to plain arrays: numbers with NaN for missing, or labels with codes."""

from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.kinds import Kind
from synthproto.data.objects import shared_objects

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_WITH_NAN = (float, np.floating, np.datetime64, np.timedelta64, Decimal)
LARGEST = 1e150
"""Largest magnitude that a table may hold: beyond it, squares are no longer finite."""


def numbers_of(series: pd.Series, kind: Kind) -> NDArray[np.float64]:
    """Values of a continuous or datetime column.

    Args:
        series: Any numeric dtype, or datetimes of any unit and time zone.
        kind: ``"continuous"`` or ``"datetime"``.

    Returns:
        Shape ``(n,)``; datetimes as seconds since 1970 in UTC (dates without a zone are read as
        UTC); NaN where missing. May share memory with the frame; read only.
    """
    if kind == "datetime":
        return _seconds(series)
    if isinstance(series.dtype, np.dtype):
        values = series.to_numpy().astype(np.float64, copy=False)
    else:
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values.view()
    values.flags.writeable = False
    return values


def _seconds(series: pd.Series) -> NDArray[np.float64]:
    index = pd.DatetimeIndex(series)
    ticks: NDArray[np.int64] = index.asi8
    seconds = ticks / _PER_SECOND[index.unit]
    seconds[index.isna()] = np.nan
    seconds.flags.writeable = False
    return seconds


def too_large(column: str, values: NDArray[np.float64]) -> str | None:
    """Which fault a column of numbers has, if any: infinite values, or beyond `LARGEST`."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.dot(values, values)):
            return None
    beyond = np.abs(values) > LARGEST
    if not beyond.any():
        return None
    return (
        f"has {int(beyond.sum())} infinite or too large values in column {column!r}, e.g. "
        f"{float(values[beyond][0])}; it takes magnitudes up to {LARGEST:g}. Clip them, or "
        "make them missing"
    )


def labels_of(series: pd.Series, kind: Kind) -> tuple[list[str], NDArray[np.intp]]:
    """Distinct values of a column as strings, and each row's place among them.

    Equal values of different types have one label: 1, 1.0 and ``"1"``; True, and 1 in a boolean
    column.

    Returns:
        The labels that occur, and codes, shape ``(n,)``, -1 where missing.
    """
    codes, distinct = _factorised(series)
    places: dict[str, int] = {}
    merged = [
        -1 if _is_missing(value) else places.setdefault(_label(value, kind), len(places))
        for value in distinct
    ]
    if merged == list(range(len(distinct))):
        return list(places), codes
    # The last entry is what a code of -1 looks up.
    return list(places), np.array([*merged, -1], dtype=np.intp)[codes]


def _factorised(series: pd.Series) -> tuple[NDArray[np.intp], list[object]]:
    """Codes, -1 where missing, and what they stand for, which may be missing or equal as well."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy().astype(np.intp)
        levels: list[object] = series.cat.categories.tolist()
        occurs = np.bincount(codes + 1, minlength=len(levels) + 1)[1:] > 0
        return codes, [level if used else None for level, used in zip(levels, occurs, strict=True)]
    shared = shared_objects(series)
    if shared is not None:
        return shared
    codes, uniques = pd.factorize(series, use_na_sentinel=True)
    return codes, uniques.tolist()


def _is_missing(value: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    # Of these types, only what is missing differs from itself.
    return isinstance(value, _WITH_NAN) and bool(value != value)


def _label(value: object, kind: Kind) -> str:
    if kind == "boolean":
        return str(bool(value)) if not isinstance(value, str) else value
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
