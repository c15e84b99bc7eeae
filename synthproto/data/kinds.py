"""Kinds of columns: how they are inferred, which values fit them, and how values are read.

A new kind is added in two files: here, where every function that depends on the kind ends in
`assert_never`, and in `synthproto.data.column_codecs`.
"""

import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias, assert_never, final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from synthproto.checks import listed, refuse
from synthproto.data.frames import FrameColumn
from synthproto.errors import SynthprotoWarning

Kind: TypeAlias = Literal["continuous", "categorical", "datetime", "boolean", "identifier", "text"]
"""How the values of a column are to be understood."""

KINDS: tuple[Kind, ...] = get_args(Kind)

NUMERIC: tuple[Literal["continuous"], Literal["datetime"]] = ("continuous", "datetime")
"""Kinds that are compared as numbers; datetimes as seconds since 1970."""

DISCRETE: tuple[Literal["categorical"], Literal["boolean"]] = ("categorical", "boolean")
"""Kinds that are compared as categories. Identifiers and text are neither."""

EXACT = 2**53
"""Up to here every whole number has a float of its own."""

# --- inference ------------------------------------------------------------------------------------

# Strings count as identifiers or text only when hardly any repeats, in a table long enough to say.
_DISTINCT_SHARE, _DISTINCT_ROWS = 0.95, 20
# Strings of so many words are text where so many of them differ, or half of all.
_WORDS, _MANY_TEXTS = 5, 1000
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
    distinct = pd.unique(_computable(present))
    if len(distinct) == 2 and set(distinct.tolist()) in ({0, 1}, {1, 2}):
        return "categorical"
    if not types.is_integer_dtype(values.dtype):
        return "continuous"
    if collapses(values):  # hashes and long keys: no float tells them apart
        few = len(distinct) < _DISTINCT_SHARE * len(present)
        return "categorical" if few else "identifier"
    last_word = str(values.name).casefold().replace("-", "_").replace(" id", "_id").split("_")[-1]
    is_key = last_word in _KEY_WORDS and len(distinct) == len(values) > 1
    return "identifier" if is_key else "continuous"


def _kind_of_strings(values: pd.Series) -> Kind:
    present = values.dropna()
    try:
        return kind_of_strings(present.unique().tolist(), len(present))
    except TypeError:  # unhashable values: the check of the finished spec names the column
        return "categorical"


def kind_of_strings(distinct: Sequence[object], present: int) -> Kind:
    """Kind of a column of strings and mixed objects.

    Args:
        distinct: Its distinct values.
        present: How many rows are not missing.
    """
    if present < _DISTINCT_ROWS:
        return "categorical"
    if len(distinct) >= _DISTINCT_SHARE * present:
        return "text" if _words(distinct) > 2 else "identifier"
    is_long = len(distinct) > min(_MANY_TEXTS, present / 2) and _words(distinct) >= _WORDS
    return "text" if is_long else "categorical"


def _words(distinct: Sequence[object]) -> float:
    """Words of a value, on average."""
    return 1 + sum(str(value).count(" ") for value in distinct) / len(distinct)


def collapses(values: pd.Series) -> bool:
    """Whether floats cannot tell some of the column's whole numbers, or instants, apart."""
    if types.is_datetime64_any_dtype(values.dtype):
        clock = pd.DatetimeIndex(values.dropna())
        if clock.unit != "ns" or not (clock.asi8 % 1000).any():
            return False
        return len(np.unique(_seconds(values.dropna()))) < len(np.unique(clock.asi8))
    if not types.is_integer_dtype(values.dtype) or not values.notna().any():
        return False
    extremes = int(values.min()), int(values.max())
    if max(map(abs, extremes)) <= EXACT:
        return False
    distinct = pd.unique(values.dropna()).tolist()
    return len(set(map(float, distinct))) < len(distinct)


def warn_of_collapse(table: str, columns: Iterable[pd.Series]) -> None:
    """Say which columns of numbers or datetimes `collapses`."""
    if lost := [str(column.name) for column in columns if collapses(column)]:
        warnings.warn(
            f"{table} has whole numbers beyond 2**53, or instants less than a microsecond apart, "
            f"that are equal as floats, in columns {listed(lost)}: scores cannot tell them apart; "
            "name the columns identifier or categorical, or subtract a constant from them in every "
            "table",
            SynthprotoWarning,
            stacklevel=4,
        )


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


def _computable(values: pd.Series) -> pd.Series:
    """Arrow computes nothing of its half floats, and sparse columns have few methods."""
    if str(values.dtype) == "halffloat[pyarrow]":
        return values.astype("float[pyarrow]")
    if isinstance(values.dtype, pd.SparseDtype):
        return values.astype(values.dtype.subtype)
    return values


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


# --- which values fit -----------------------------------------------------------------------------

_TAKES: dict[Kind, str] = {
    "continuous": "numbers",
    "datetime": "datetime64",
    "boolean": "True and False, or 0 and 1",
    "text": "strings",
    "categorical": "hashable values",
    "identifier": "hashable values",
}


def misread(column: FrameColumn, kind: Kind) -> str | None:
    """Why the values cannot be read as the kind, if so; a column without values fits any kind."""
    values = column.series
    if _reads_as(column, kind) or values.isna().all():
        return None
    present = values.dropna()
    example = next(iter(present[~_fitting(present, kind)].head(1).tolist()), None)
    return (
        f"has {values.dtype} in the {kind} column {values.name!r}, e.g. {example!r}; "
        f"it takes {_TAKES[kind]}"
    )


def _fitting(present: pd.Series, kind: Kind) -> NDArray[np.bool_]:
    """Which present values are no example of what is wrong with a column."""
    if kind == "boolean":
        good = [value in (0, 1) if types.is_hashable(value) else False for value in present]
    elif kind == "continuous" and may_hold_strings(present):
        good = [not isinstance(value, str) or _is_number(value) for value in present]
        good = good if not all(good) else [False] * len(good)
    else:
        good = [False] * len(present)
    return np.array(good, dtype=np.bool_)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def may_hold_strings(values: pd.Series) -> bool:
    """Whether the column is of objects or strings."""
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


def _reads_as(column: FrameColumn, kind: Kind) -> bool:
    values = column.series
    match kind:
        case "continuous":
            return _is_numeric(values)
        case "datetime":
            return types.is_datetime64_any_dtype(values.dtype)
        case "boolean":
            if isinstance(values.dtype, pd.CategoricalDtype):  # as some models give labels
                values = pd.Series(values.cat.categories)
            zeros_and_ones = _is_numeric(values) and bool(values.dropna().isin([0, 1]).all())
            return _is_boolean(values) or zeros_and_ones
        case "text":
            return _is_text(values)
        case "categorical" | "identifier":
            return _is_hashable(column)
        case _:
            assert_never(kind)


def _is_text(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return types.is_string_dtype(values.cat.categories)
    if values.dtype == np.dtype(object):
        return types.infer_dtype(values, skipna=True) == "string"
    return types.is_string_dtype(values.dtype)


def _is_hashable(column: FrameColumn) -> bool:
    values = column.series
    if values.dtype != object:
        return True
    if column.shared is not None:
        return all(map(types.is_hashable, column.shared[1]))
    # Looking at each value takes many times as long as asking whether all are strings.
    return types.infer_dtype(values, skipna=True) == "string" or all(map(types.is_hashable, values))


# --- values as numbers ----------------------------------------------------------------------------

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
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
    if not _is_numeric(series):  # only a column without any value gets here
        values = np.full(len(series), np.nan)
    elif isinstance(series.dtype, np.dtype):
        values = series.to_numpy().astype(np.float64, copy=False)
    else:
        values = _computable(series).to_numpy(dtype=np.float64, na_value=np.nan)
    values = values.view()
    values.flags.writeable = False
    return values


def _seconds(series: pd.Series) -> NDArray[np.float64]:
    index = pd.DatetimeIndex(series)
    ticks: NDArray[np.int64] = index.asi8
    whole, rest = np.divmod(ticks, _PER_SECOND[index.unit])
    seconds = whole + rest / _PER_SECOND[index.unit]  # the same in any unit, to the last bit
    seconds[index.isna()] = np.nan
    seconds.flags.writeable = False
    return seconds


def too_large(column: str, values: NDArray[np.float64], low: float, high: float) -> str | None:
    """Which fault a column of numbers has, if any: infinite values, or beyond `LARGEST`.

    Args:
        column: Its name.
        values: Its values, NaN where missing.
        low: The smallest one; infinite if there are none.
        high: The largest one; minus infinite if there are none.
    """
    if max(-low, high) <= LARGEST:
        return None
    beyond = np.abs(values) > LARGEST
    return (
        f"has {int(beyond.sum())} infinite or too large values in column {column!r}, e.g. "
        f"{float(values[beyond][0])}; it takes magnitudes up to {LARGEST:g}. Clip them, or "
        "make them missing"
    )


# --- values as labels -----------------------------------------------------------------------------

# Whole numbers as python writes floats: 2.0, 1e+16.
_WHOLE = re.compile(r"-?(0|[1-9]\d*)\.0|-?[1-9](\.\d+)?e\+\d+")


@final
@dataclass(frozen=True, eq=False)
class Labels:
    """A column as its distinct values, which are compared as strings.

    Attributes:
        names: The distinct values that occur, missing aside, in order of appearance: text as it
            is written, whole numbers without decimals.
        codes: Place of each row among them, shape ``(n,)``; ``len(names)`` where missing.
        counts: Rows with each of them, and last those where it is missing, shape
            ``(len(names) + 1,)``.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int32]
    counts: NDArray[np.int64]


def labels_of(column: FrameColumn, kind: Kind) -> Labels:
    """Distinct values of a column as strings, and each row's place among them.

    Equal values of different types have one label: 1, 1.0 and ``"1"``; True, and 1 in a boolean
    column. Text is as it is written: ``"1"`` and ``"1.0"``, which may be versions, are two labels.
    Tables that write the same numbers in two ways meet in `Levels.slots_of`.
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
        return Labels(names, codes.astype(np.int32), np.append(tallies, 0))
    lookup = np.array(merged, dtype=np.int32) % (len(names) + 1)  # -1 becomes the last place
    counts = np.zeros(len(names) + 1, dtype=np.int64)
    np.add.at(counts, lookup, tallies)
    return Labels(names, lookup.take(codes, mode="wrap"), counts)


def aligned(labels: Labels, names: tuple[str, ...], subject: str) -> Labels:
    """The same rows, with the places of other names, which hold all that occur and more.

    Raises:
        SchemaError: They do not hold all.
    """
    places = {name: place for place, name in enumerate(names)}
    new = [name for name in labels.names if name not in places]
    if new:
        refuse(subject, [f"has values that it had not when it was read before: {listed(new)}"])
    lookup = np.array([*(places[name] for name in labels.names), len(names)], dtype=np.int32)
    counts = np.zeros(len(names) + 1, dtype=np.int64)
    counts[lookup] = labels.counts
    return Labels(names, lookup.take(labels.codes, mode="wrap"), counts)


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
    codes, uniques = pd.factorize(_computable(series), use_na_sentinel=False)
    if series.dtype in (np.float32, np.float16):  # as numpy writes them: 0.1
        return codes, [float(str(value)) for value in np.asarray(uniques)]
    return codes, uniques.tolist()


def _is_missing(value: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    # Of these types, only what is missing differs from itself.
    return isinstance(value, _WITH_NAN) and bool(value != value)


def _label(value: object, kind: Kind) -> str:
    if isinstance(value, str):
        return str(value)  # of a class of its own: numpy's strings, an enum's
    if kind == "boolean" or isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def shown_labels(names: Sequence[str]) -> list[str]:
    """Labels as they are shown: ``"1"`` for ``"1.0"``, unless there is ``"1"`` as well."""
    plain = [_plain(name) if _WHOLE.fullmatch(name) else name for name in names]
    if plain == list(names):
        return plain
    often = Counter(plain)
    return [short if often[short] == 1 else name for short, name in zip(plain, names, strict=True)]


def _plain(text: str) -> str:
    """A whole number without decimals, as `_label` gives for the number."""
    number = float(text)
    return str(int(number)) if math.isfinite(number) and number.is_integer() else text
