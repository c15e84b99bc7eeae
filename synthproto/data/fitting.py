"""Codecs of columns of tables that are read in pieces."""

from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
import pandas as pd

from synthproto.data.column_codecs import (
    KNOTS,
    PER_SECOND,
    ColumnCodec,
    NumberCodec,
    Numbers,
    QuantileScaler,
    StandardScaler,
    column_codec,
    decimals_of,
    tick_of,
)
from synthproto.data.kinds import NUMERIC, Kind, numbers_of
from synthproto.data.passes import prepare
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.summary import for_each
from synthproto.data.table import Table


def codecs_of_scan(
    scan: Scan, scaler: type[StandardScaler] | type[QuantileScaler]
) -> list[ColumnCodec]:
    """Codecs of all columns, those of the same rows in one `Table`, but for the dtype of strings.

    Standard deviations differ from those of the table in their last digits.

    Args:
        scan: The real table.
        scaler: Of numbers.
    """
    numeric = scan.spec.of_kind(*NUMERIC)

    def quantiles(own: Scan) -> list[Numbers]:
        return for_each(numeric, lambda column: _quantiles(own, column))

    prepare((quantiles, lambda own: own.total(_FITTED)), scan, (scan,))
    shapes = scan.total(_FITTED)
    knots = dict(zip(numeric, quantiles(scan), strict=True))
    return [
        _number_codec(scan, c.name, shapes[c.name], knots[c.name], scaler)
        if c.name in knots
        else column_codec(shapes[c.name].rows, c.kind, scaler)
        for c in scan.spec.columns
    ]


def _quantiles(scan: Scan, column: str) -> Numbers:
    """As those of `numpy.quantile` of all numbers of a column, at equal steps from 0 to 1."""
    last = scan.moments(column).count - 1
    if last < 0:
        return np.zeros(1)
    places = last * np.linspace(0, 1, min(KNOTS, last + 1))
    below = np.floor(places).astype(np.int64)
    wanted = np.concatenate([below, np.minimum(below + 1, last)])
    low, high = np.split(scan.at(column, wanted.tolist()), 2)
    share = places - below
    # Rounded as there, from the nearer end.
    near, far = low + (high - low) * share, high - (high - low) * (1 - share)
    return np.maximum.accumulate(np.where(share < 0.5, near, far))


def _number_codec(
    scan: Scan,
    column: str,
    shape: "_Shape",
    quantiles: Numbers,
    scaler: type[StandardScaler] | type[QuantileScaler],
) -> NumberCodec:
    moments, kind = scan.moments(column), scan.spec.kind(column)
    fitted = NumberCodec.fit(shape.rows, kind, scaler)
    if not moments.count:
        return fitted
    std = float(np.sqrt(moments.squares / moments.count))
    return replace(
        fitted,
        scaler=(
            QuantileScaler.of(quantiles)
            if scaler is QuantileScaler
            else StandardScaler.of(moments.mean, std, quantiles)
        ),
        low=moments.low,
        high=moments.high,
        decimals=shape.decimals,
        tick=max(shape.tick * PER_SECOND[fitted.unit] // _NANO, 1) if kind == "datetime" else 1,
        has_missing=moments.missing > 0,
    )


@final
@dataclass(frozen=True, eq=False)
class _Shape:
    """What of a column is in no statistic: a row of each label, its dtype and resolution.

    Attributes:
        kind: Of the column.
        rows: One row of each distinct label; of keys the greatest; of numbers one of each dtype.
        decimals: As of `NumberCodec`.
        tick: As there, in nanoseconds.
    """

    kind: Kind
    rows: pd.Series
    decimals: int | None = 0
    tick: int = 0

    @classmethod
    def of(cls, values: pd.Series, kind: Kind) -> Self:
        """Of a column of one piece."""
        if kind not in NUMERIC:
            return cls(kind, _rows(values, kind))
        present = values[values.notna()]
        rows = (present if len(present) else values)[:1]
        if kind == "continuous":
            return cls(kind, rows, decimals_of(numbers_of(present, kind)), 1)
        clock = pd.DatetimeIndex(present)
        return cls(kind, rows, None, tick_of(clock) * (_NANO // PER_SECOND[clock.unit]))

    def merged(self, other: Self) -> Self:
        """Of two pieces."""
        both = (self, other)
        known = [each.rows for each in both if each.rows.notna().any()] or [self.rows]
        if self.kind not in NUMERIC:
            rows = pd.concat([each.rows for each in both], ignore_index=True)
            return type(self)(self.kind, _rows(rows, self.kind))
        found = [each.decimals for each in both if each.decimals is not None]
        decimals = max(found) if len(found) == len(both) else None
        rows = pd.concat(known, ignore_index=True)
        if len(known) > 1 and known[0].dtype == known[1].dtype:
            rows = rows[:1]
        return type(self)(self.kind, rows, decimals, min(self.tick, other.tick))


_NANO = PER_SECOND["ns"]


def _rows(values: pd.Series, kind: Kind) -> pd.Series:
    if kind in ("categorical", "boolean"):
        return values[~values.duplicated()]
    is_number = pd.api.types.is_numeric_dtype(values.dtype) and bool(values.notna().any())
    return values.iloc[[int(np.nanargmax(values.to_numpy()))]] if is_number else values[:1]


@final
@dataclass(frozen=True)
class _Fitted:
    """`_Shape` of every column."""

    def __call__(self, rows: Table) -> dict[str, _Shape]:
        return {c.name: _Shape.of(rows.frame[c.name], c.kind) for c in rows.spec.columns}

    def merged(self, first: dict[str, _Shape], second: dict[str, _Shape]) -> dict[str, _Shape]:
        return {name: shape.merged(second[name]) for name, shape in first.items()}

    def narrowed(self, spec: TableSpec) -> tuple[str, ...]:
        return spec.names


_FITTED = _Fitted()
