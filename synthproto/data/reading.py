"""From a frame's column to plain arrays: numbers with NaN for missing, or labels with codes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.kinds import Kind
from synthproto.data.objects import FrameColumn
from synthproto.unchecked import unchecked

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


@unchecked
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


@final
@unchecked
@dataclass(frozen=True, eq=False)
class Labels:
    """A column as its distinct values, which are compared as strings.

    Attributes:
        names: The distinct values that occur, missing aside, in order of appearance.
        codes: Place of each row among them, shape ``(n,)``; ``len(names)`` where missing.
        counts: Rows with each of them, and last those where it is missing, shape
            ``(len(names) + 1,)``.
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]
    counts: NDArray[np.int64]


def labels_of(column: FrameColumn, kind: Kind) -> Labels:
    """Distinct values of a column as strings, and each row's place among them.

    Equal values of different types have one label: 1, 1.0 and ``"1"``; True, and 1 in a boolean
    column.
    """
    codes, distinct = _factorised(column)
    tallies = np.bincount(codes, minlength=len(distinct))
    places: dict[str, int] = {}
    merged: list[int] = []
    for value, tally in zip(distinct, tallies.tolist(), strict=True):
        absent = not tally or _is_missing(value)
        merged.append(-1 if absent else places.setdefault(_label(value, kind), len(places)))
    names = tuple(places)
    if merged == list(range(len(distinct))):
        return Labels(names, codes, np.append(tallies, 0))
    lookup = np.array(merged, dtype=np.intp) % (len(names) + 1)  # -1 becomes the last place
    counts = np.zeros(len(names) + 1, dtype=np.int64)
    np.add.at(counts, lookup, tallies)
    return Labels(names, lookup.take(codes, mode="wrap"), counts)


@unchecked
def _factorised(column: FrameColumn) -> tuple[NDArray[np.intp], list[object]]:
    """Codes, and what they stand for, which may be missing, equal, or in no row."""
    series = column.series
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels: list[object] = series.cat.categories.tolist()
        codes = series.cat.codes.to_numpy().astype(np.intp)
        codes[codes < 0] = len(levels)
        return codes, [*levels, None]
    if column.shared is not None:
        return column.shared
    codes, uniques = pd.factorize(series, use_na_sentinel=False)
    return codes, uniques.tolist()


@unchecked
def _is_missing(value: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    # Of these types, only what is missing differs from itself.
    return isinstance(value, _WITH_NAN) and bool(value != value)


@unchecked
def _label(value: object, kind: Kind) -> str:
    if isinstance(value, str):
        return str(value)
    if kind == "boolean" or isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
