"""Kinds of columns: how they are inferred, and which values can be read as which kind."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal, TypeAlias, final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

SharedObjects: TypeAlias = tuple[NDArray[np.intp], list[object]]
"""Each row's place among distinct objects, shape ``(n,)``; and these, in order of appearance."""

# Rows that tell whether the objects of a column are shared.
_SAMPLE = 100
# Places of the bits of an address that are its slot in a hash table. The lowest are always 0; of
# more than so many distinct objects, two would have a slot in common wherever the bits are.
_SHIFTS, _SLOTS, _MOST = (4, 5, 6), 1 << 12, 100


@final
@dataclass(frozen=True, eq=False)
class FrameColumn:
    """One column of a frame, with what checking it and counting it have in common.

    Attributes:
        series: The column.
    """

    series: pd.Series

    @cached_property
    def shared(self) -> SharedObjects | None:
        """Each row's place among the distinct objects of the column, by identity.

        Comparing addresses, and then the few distinct objects by value, takes a tenth of the time
        of comparing all objects by value.

        Returns:
            ``None`` if the column is not of dtype object, or its rows do not share their objects.
        """
        if self.series.dtype != np.dtype(object):
            return None
        objects = np.ascontiguousarray(self.series.to_numpy())
        # The array stays alive, and so do its objects, while their addresses are looked at.
        addresses = np.ndarray(objects.shape, np.intp, buffer=objects)
        if len(set(addresses[:_SAMPLE].tolist())) > _SAMPLE // 2:
            return None
        places, rows = _places(addresses)
        return places, objects[rows].tolist()


def _places(addresses: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Place of each address among the distinct ones, and the first row of each of these.

    By a hash table without collisions, in half the time of one that allows for them.
    """
    backwards = np.arange(len(addresses), 0, -1)
    for shift in _SHIFTS:
        slots = (addresses >> shift) & (_SLOTS - 1)
        after = np.zeros(_SLOTS, dtype=np.intp)  # one more than the first row; 0 without any
        after[slots[::-1].copy()] = backwards  # what is written last is kept
        rows = np.sort(after[after > 0]) - 1
        if len(rows) > _MOST:
            break
        places_of_slots = np.empty_like(after)
        places_of_slots[slots[rows]] = np.arange(len(rows))
        # All places are in range; having that checked costs more than looking up.
        places = places_of_slots.take(slots, mode="wrap")
        if (addresses[rows].take(places, mode="wrap") == addresses).all():
            return places, rows
    places, distinct = pd.factorize(addresses)
    rows = np.empty(len(distinct), dtype=np.intp)
    rows[places[::-1].copy()] = backwards - 1
    return places, rows


Kind: TypeAlias = Literal["continuous", "categorical", "datetime", "boolean", "identifier", "text"]
"""How the values of a column are to be understood."""

KINDS: tuple[Kind, ...] = get_args(Kind)

# Strings count as identifiers or text only when hardly any repeats, in a table long enough to say.
_DISTINCT_SHARE, _DISTINCT_ROWS = 0.95, 20
_KEY_WORDS = frozenset({"id", "uuid", "guid", "key", "index", "unnamed: 0"})


def inferred_kind(values: pd.Series) -> Kind:
    """Kind of a column by the rules of `TableSpec.infer`."""
    if _is_boolean(values):
        return "boolean"
    if types.is_datetime64_any_dtype(values.dtype):
        return "datetime"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "categorical"
    if _is_numeric(values):
        return _kind_of_numbers(values)
    return _kind_of_strings(values)


def _kind_of_numbers(values: pd.Series) -> Kind:
    present = values.dropna()
    distinct = pd.unique(present)
    if len(distinct) == 2 and set(distinct.tolist()) in ({0, 1}, {1, 2}):
        return "categorical"
    last_word = str(values.name).casefold().replace("-", "_").replace(" id", "_id").split("_")[-1]
    is_key = last_word in _KEY_WORDS and len(distinct) == len(values) > 1
    return "identifier" if is_key and types.is_integer_dtype(values.dtype) else "continuous"


def _kind_of_strings(values: pd.Series) -> Kind:
    present = values.dropna()
    try:
        distinct = present.nunique()
    except TypeError:  # unhashable values: the check of the finished spec names the column
        return "categorical"
    if len(present) < _DISTINCT_ROWS or distinct < _DISTINCT_SHARE * len(present):
        return "categorical"
    return "text" if present.astype(str).str.count(" ").mean() > 1 else "identifier"


def _is_boolean(values: pd.Series) -> bool:
    if types.is_bool_dtype(values.dtype) and not isinstance(values.dtype, pd.CategoricalDtype):
        return True
    return values.dtype == np.dtype(object) and types.infer_dtype(values, skipna=True) == "boolean"


def _is_numeric(values: pd.Series) -> bool:
    dtype = values.dtype
    return (
        types.is_numeric_dtype(dtype)
        and not types.is_bool_dtype(dtype)
        and not types.is_complex_dtype(dtype)
    )


def uninferable(values: pd.Series) -> str | None:
    """Why no kind can be inferred: a dtype whose meaning would be lost without anyone noticing."""
    dtype = values.dtype
    if _is_boolean(values) or _is_numeric(values) or types.is_datetime64_any_dtype(dtype):
        return None
    if dtype == np.dtype(object):
        inside = types.infer_dtype(values, skipna=True)
        if inside in ("string", "mixed", "mixed-integer", "empty", "bytes"):
            return None
    elif isinstance(dtype, pd.CategoricalDtype) or types.is_string_dtype(dtype):
        return None
    else:
        inside = str(dtype)
    return (
        f"has {inside} values of dtype {dtype} in column {values.name!r}, of which no kind can be "
        "inferred; convert them to a number, datetime64 or string, or name a kind"
    )


def misread(column: FrameColumn, kind: Kind) -> str | None:
    """Why the values cannot be read as the kind, if so."""
    if _reads_as(column, kind):
        return None
    values = column.series
    wanted = {
        "continuous": "numbers",
        "datetime": "datetime64",
        "boolean": "True and False, or 0 and 1",
        "text": "strings",
        "categorical": "hashable values",
        "identifier": "hashable values",
    }[kind]
    present = values.dropna()
    if kind == "boolean":  # zeros and ones among other numbers are no example of what is wrong
        present = present[~present.isin([0, 1])]
    example = next(iter(present.head(1).tolist()), None)
    return (
        f"has {values.dtype} in the {kind} column {values.name!r}, e.g. {example!r}; "
        f"it takes {wanted}"
    )


def _reads_as(column: FrameColumn, kind: Kind) -> bool:
    values = column.series
    if kind == "continuous":
        return _is_numeric(values)
    if kind == "datetime":
        return types.is_datetime64_any_dtype(values.dtype)
    if kind == "boolean":
        zeros_and_ones = _is_numeric(values) and bool(values.dropna().isin([0, 1]).all())
        return _is_boolean(values) or zeros_and_ones or _has_no_values(values)
    if kind == "text":
        return _is_text(values) or _has_no_values(values)
    return _is_hashable(column)


def _is_text(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return types.is_string_dtype(values.cat.categories)
    if values.dtype == np.dtype(object):
        return types.infer_dtype(values, skipna=True) == "string"
    return types.is_string_dtype(values.dtype)


def _has_no_values(values: pd.Series) -> bool:
    return values.dtype == np.dtype(object) and bool(values.isna().all())


def _is_hashable(column: FrameColumn) -> bool:
    values = column.series
    if values.dtype != object:
        return True
    if column.shared is not None:
        return all(map(types.is_hashable, column.shared[1]))
    # Looking at each value takes many times as long as asking whether all are strings.
    return types.infer_dtype(values, skipna=True) == "string" or all(map(types.is_hashable, values))


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


@final
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


def _is_missing(value: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    # Of these types, only what is missing differs from itself.
    return isinstance(value, _WITH_NAN) and bool(value != value)


def _label(value: object, kind: Kind) -> str:
    if isinstance(value, str):
        return str(value)
    if kind == "boolean" or isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
