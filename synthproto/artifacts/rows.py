"""Rows of a pair of tables as distances see them, each side encoded once.

Distances see continuous, datetime, categorical and boolean columns; identifiers and text, where
equal values mean nothing or everything, are left out. Numbers are compared by the real table's
distribution function (`scale_to_ranks`) unless a part asks for their range: a single outlier, or
a heavy tail, would press all other rows together until copies cannot be told from samples.

Without such outliers both tell noisy copies from fresh rows about alike. On 12 real tables (of
scikit-learn, statsmodels, SDMetrics and Adult; six kinds of noise) the area between the distances
of copies and those of fresh rows is 0.84 by ranks and 0.82 by ranges, higher in 34 and lower in 21
of 72 cases; that of a membership attack is 0.88 and 0.87, 33 and 22. The DCR share of tables of
which a quarter is copied is 3.2 and 3.4 standard deviations off, 28 and 44.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.pair import TablePair
from synthproto.data.statistics import Levels
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.measures.hashes import row_hashes
from synthproto.measures.rows import (
    Floats,
    Ints,
    Rows,
    precision,
    scale_to_range,
    scale_to_ranks,
    snapped,
)

Side: TypeAlias = Literal["real", "synthetic", "holdout"]
"""One of the tables of a pair."""

Scale: TypeAlias = Literal["ranks", "range"]
"""How numbers are scaled: by the real table's distribution function, or by its range as Gower did.
With ``"range"``, a far outlier makes all other rows look alike."""


def distance_columns(pair: TablePair) -> tuple[str, ...]:
    """Columns that distances see, in the order of `Rows`: numbers first."""
    return (*pair.spec.of_kind(*NUMERIC), *pair.spec.of_kind(*DISCRETE))


def check_known(part: object, names: tuple[str, ...], seen: tuple[str, ...]) -> None:
    """Refuse names that distances do not see.

    Raises:
        SchemaError: There are such names; lists them.
    """
    unknown = [name for name in names if name not in seen]
    if unknown:
        raise SchemaError(
            f"{type(part).__name__}: columns {unknown} are not in the tables, or are identifiers "
            f"or text; got tables with {list(seen)} to guess and to know."
        )


def with_holdout(pair: TablePair, asker: str) -> TablePair:
    """The real table against the holdout, for parts that are undefined without one.

    Raises:
        UndefinedScoreError: The pair has no holdout; names who asks.
    """
    if pair.between is None:
        raise UndefinedScoreError(
            f"{asker} is undefined without a holdout: real rows that the synthesizer was not "
            "trained on. Give one: TablePair(real, synthetic, holdout), Validation(holdout=...)"
        )
    return pair.between


def rows(
    pair: TablePair, side: Side, without: tuple[str, ...] = (), scale: Scale = "ranks"
) -> Rows:
    """One side of a pair, encoded so that it can be compared with the others.

    Args:
        pair: The tables.
        side: Which of them.
        without: Columns to leave out.
        scale: How numbers are scaled.

    Raises:
        SchemaError: No columns are left that distances see.
        UndefinedScoreError: The holdout was asked for, and there is none.
    """
    if side == "real":
        return real_rows(pair.real, without, scale)
    if side == "holdout":
        between = with_holdout(pair, "a comparison with the holdout")
        return rows(between, "synthetic", without, scale)
    return pair.get(_SyntheticRows(without, scale))


def real_rows(real: Table, without: tuple[str, ...] = (), scale: Scale = "ranks") -> Rows:
    """A real table, encoded in its own scale and codes; see `rows`."""
    return real.get(_RealRows(without, scale))


def exact_rows(pair: TablePair, side: Side) -> Rows:
    """One side of a pair with its numbers as they are, to be looked up and not measured.

    Numbers that equal a real one at the coarser precision of the two sides are made equal to it
    (see `snapped`). Integers beyond 2^53 and times finer than float64 resolves keep all digits,
    where both sides hold them as such.
    """
    if side == "holdout":
        return exact_rows(with_holdout(pair, "a comparison with the holdout"), "synthetic")
    table, holdout = (pair.real, None) if side == "real" else (pair.synthetic, pair.holdout)
    names, labels = _columns(table, ())
    codes = _label_codes(table, pair.real, holdout, labels)
    digits = [d for name in names if (d := _digits(table, pair, name)) is not None]
    continuous = np.empty((len(table), len(names)))
    for place, name in enumerate(names):
        continuous[:, place] = _snapped(table, pair.real, name, pair.synthetic)
    return Rows(continuous, np.column_stack([codes, *digits]) if digits else codes)


def exact_hashes(pair: TablePair, side: Side) -> NDArray[np.uint64]:
    """One number for each row of a side, equal for equal rows of any side; see `exact_rows`."""
    if side == "holdout":
        return exact_hashes(with_holdout(pair, "a comparison with the holdout"), "synthetic")
    return pair.get(_ExactHashes(side))


@final
@dataclass(frozen=True)
class _RealRows:
    without: tuple[str, ...]
    scale: Scale

    def __call__(self, real: Table) -> Rows:
        return _encoded(real, real, None, self.without, self.scale)


@final
@dataclass(frozen=True)
class _SyntheticRows:
    without: tuple[str, ...]
    scale: Scale

    def __call__(self, pair: TablePair) -> Rows:
        return _encoded(pair.synthetic, pair.real, pair.holdout, self.without, self.scale)


@final
@dataclass(frozen=True)
class _ExactHashes:
    side: Side

    def __call__(self, pair: TablePair) -> NDArray[np.uint64]:
        return row_hashes(exact_rows(pair, self.side))


def _encoded(
    table: Table, real: Table, holdout: Table | None, without: tuple[str, ...], scale: Scale
) -> Rows:
    """A table in the scale and codes of the real one.

    Categories that the real table does not have get codes of their own, the same ones in the
    synthetic table as in the holdout.
    """
    numbers, labels = _columns(table, without)
    scaled = scale_to_ranks if scale == "ranks" else scale_to_range
    continuous = np.empty((len(table), len(numbers)))
    for place, name in enumerate(numbers):
        # At the coarser precision of both tables; one column at a time takes less memory.
        known = _snapped(real, real, name, real)
        own = known if table is real else _snapped(table, real, name, table)
        continuous[:, place] = scaled(own[:, None], known[:, None])[:, 0]
    return Rows(continuous, _label_codes(table, real, holdout, labels))


def _columns(table: Table, without: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The numbers and the labels of a table that distances see."""
    numbers = [name for name in table.spec.of_kind(*NUMERIC) if name not in without]
    labels = [name for name in table.spec.of_kind(*DISCRETE) if name not in without]
    if not numbers and not labels:
        raise SchemaError(
            f"{table.name} has no columns that distances are computed from: it needs "
            f"continuous, datetime, categorical or boolean ones{' besides ' * bool(without)}"
            f"{', '.join(without)}; it has {list(table.spec.names)}"
        )
    return numbers, labels


def _label_codes(table: Table, real: Table, holdout: Table | None, labels: Sequence[str]) -> Ints:
    codes = [_codes(table, real.levels(name), holdout) for name in labels]
    return np.column_stack(codes) if codes else np.zeros((len(table), 0), np.int64)


def _snapped(table: Table, real: Table, name: str, beside: Table) -> Floats:
    """A column of a table in the values of the real one, at the precision of it and another."""
    known = real.values(name)
    return snapped(table.values(name), known, precision(known, beside.values(name)))


_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def _digits(table: Table, pair: TablePair, name: str) -> Ints | None:
    """What float64 drops of integers and times, if all tables of a pair hold them as such."""
    series = [side.frame[name] for side in _sides(pair)]
    if all(pd.api.types.is_integer_dtype(one.dtype) for one in series):
        if all(np.nanmax(np.abs(t.values(name)), initial=0) < 2**53 for t in _sides(pair)):
            return None
        whole = table.frame[name].fillna(0).to_numpy().astype(np.uint64)
    elif all(pd.api.types.is_datetime64_any_dtype(one.dtype) for one in series):
        times = pd.DatetimeIndex(table.frame[name])
        # Nanoseconds modulo 2**64: years that they do not reach wrap, alike in every table.
        whole = times.asi8.view(np.uint64) * np.uint64(_NANOSECONDS[times.unit])
    else:
        return None
    # Codes are not negative; the lowest bits are what rounding takes.
    return np.asarray(whole & np.uint64(2**32 - 1), dtype=np.int64)


def _sides(pair: TablePair) -> tuple[Table, Table]:
    return pair.real, pair.synthetic


def _codes(table: Table, levels: Levels, holdout: Table | None) -> Ints:
    codes = table.codes(levels).astype(np.int64)
    ahead = holdout.unseen(levels) if holdout is not None else ()
    own = table.unseen(levels)
    if not own or not ahead:
        return codes
    places = {label: place for place, label in enumerate(ahead)}
    for label in own:
        places.setdefault(label, len(places))
    lookup = np.arange(levels.size + 1 + len(own))
    lookup[levels.size + 1 :] = [levels.size + 1 + places[label] for label in own]
    return np.asarray(lookup[codes], dtype=np.int64)
