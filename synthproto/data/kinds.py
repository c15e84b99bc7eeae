"""Kinds of columns: how they are inferred, and which values can be read as which kind."""

from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from pandas.api import types

from synthproto.data.objects import FrameColumn
from synthproto.unchecked import unchecked

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


@unchecked
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


@unchecked
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


@unchecked
def _is_hashable(column: FrameColumn) -> bool:
    values = column.series
    if values.dtype != object:
        return True
    if column.shared is not None:
        return all(map(types.is_hashable, column.shared[1]))
    # Looking at each value takes many times as long as asking whether all are strings.
    return types.infer_dtype(values, skipna=True) == "string" or all(map(types.is_hashable, values))
