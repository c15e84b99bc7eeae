"""From a frame's column to plain arrays: numbers with NaN for missing, or labels with codes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.kinds import Kind

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
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
    if series.dtype == np.float64:
        values = series.to_numpy()
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


def labels_of(series: pd.Series, kind: Kind) -> tuple[list[str], NDArray[np.intp]]:
    """Distinct values of a column as strings, and each row's place among them.

    Equal values of different types have one label: 1, 1.0 and ``"1"``; True, and 1 in a boolean
    column.

    Returns:
        The labels that occur, in order of first appearance or of the category dtype; and codes,
        shape ``(n,)``, -1 where missing.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy().astype(np.intp)
        distinct: list[object] = series.cat.categories.tolist()
    else:
        codes, uniques = pd.factorize(series, use_na_sentinel=True)
        distinct = uniques.tolist()
    names = [_label(value, kind) for value in distinct]
    present = np.bincount(codes + 1, minlength=len(names) + 1)[1:] > 0
    places: dict[str, int] = {}
    for name, occurs in zip(names, present.tolist(), strict=True):
        if occurs:
            places.setdefault(name, len(places))
    if len(places) == len(names):
        return names, codes
    # The last entry is what a code of -1 looks up.
    merged = np.array([*(places.get(name, -1) for name in names), -1], dtype=np.intp)
    return list(places), merged[codes]


def _label(value: object, kind: Kind) -> str:
    if kind == "boolean":
        return str(bool(value)) if not isinstance(value, str) else value
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
