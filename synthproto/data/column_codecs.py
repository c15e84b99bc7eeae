"""How one column becomes numbers, and how they become the column again."""

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Self, TypeAlias, assert_never, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types
from pandas.api.extensions import ExtensionDtype
from scipy.special import ndtr, ndtri

from synthproto.checks import listed
from synthproto.data.kinds import Kind, numbers_of
from synthproto.errors import SchemaError

Numbers: TypeAlias = NDArray[np.float64]

KNOTS = 1000
"""Quantiles that a `QuantileScaler` keeps of a column."""
_SINGLE = 2e-7  # a little more than float32 may be off, relative to the number


@final
@dataclass(frozen=True, eq=False)
class StandardScaler:
    """Zero mean and unit variance: ``z = (x - mean) / std``.

    A value that many rows have (a column of mostly zeros) comes back exactly, although float32
    puts its scaled number beside it.

    Attributes:
        mean: Mean of the fitted values; 0 without values.
        std: Their population standard deviation; 1 for constants.
        heaps: Values that fill more than one of `KNOTS` quantiles, ascending.
    """

    mean: float
    std: float
    heaps: Numbers = field(default_factory=lambda: np.empty(0))

    @classmethod
    def fit(cls, values: Numbers) -> Self:
        """Scaler of present values, shape ``(n,)``."""
        if not len(values):
            return cls(0.0, 1.0)
        mean = float(values.mean())
        largest = float(np.abs(values - mean).max())
        # Divided by the largest first: squares of tiny deviations would vanish.
        std = largest * float(np.sqrt(np.mean(((values - mean) / largest) ** 2))) if largest else 0
        return cls.of(mean, std, _quantiles(values, KNOTS))

    @classmethod
    def of(cls, mean: float, std: float, quantiles: Numbers) -> Self:
        """Scaler of a column with this mean, standard deviation and `KNOTS` quantiles."""
        distinct, repeats = np.unique(quantiles, return_counts=True)
        return cls(mean, std or 1.0, distinct[repeats > 1])

    def encode(self, values: Numbers) -> Numbers:
        """Scaled values."""
        return (values - self.mean) / self.std

    def decode(self, scaled: Numbers) -> Numbers:
        """Values in the column's unit."""
        values = scaled * self.std + self.mean
        if not len(self.heaps):
            return values
        above = np.minimum(np.searchsorted(self.heaps, values), len(self.heaps) - 1)
        for heap in (self.heaps[above], self.heaps[np.maximum(above - 1, 0)]):
            near = np.abs(values - heap) <= _SINGLE * np.abs(heap - self.mean)
            values = np.where(near, heap, values)
        return values


@final
@dataclass(frozen=True, eq=False)
class QuantileScaler:
    """Normal scores: the value at quantile p becomes the standard normal's quantile p.

    The map is linear between the quantiles that are kept, hence invertible. A value that fills
    several of them (a column of mostly zeros) is encoded as the middle of its stretch, and all of
    the stretch decodes to it: normal numbers decode to the column's distribution, its heaps
    included. Nothing decodes to beyond the extremes.

    Attributes:
        scores: Standard normal quantiles, ascending, shape ``(k,)``.
        values: Quantiles of the column at the same shares, not descending, shape ``(k,)``.
        heaps: Values that fill more than one quantile, ascending.
        middles: The score of each heap.
    """

    scores: Numbers
    values: Numbers
    heaps: Numbers
    middles: Numbers

    @classmethod
    def fit(cls, values: Numbers, knots: int = KNOTS) -> Self:
        """Scaler of present values, shape ``(n,)``."""
        return cls.of(_quantiles(values, knots))

    @classmethod
    def of(cls, quantiles: Numbers) -> Self:
        """Scaler of a column with these quantiles at equal steps from 0 to 1."""
        count = len(quantiles)
        # Shares (k + 1/2) / K: the extremes have finite scores (3.3 for 1000 knots).
        shares = (np.arange(count) + 0.5) / count
        scores = ndtri(shares)
        distinct, first, repeats = np.unique(quantiles, return_index=True, return_counts=True)
        last = first + repeats - 1
        middles = ndtri((ndtr(scores[first]) + ndtr(scores[last])) / 2)
        return cls(scores, quantiles, distinct[repeats > 1], middles[repeats > 1])

    def encode(self, values: Numbers) -> Numbers:
        """Scores of values; of those beyond the extremes, the extremes' scores."""
        scores = np.interp(values, self.values, self.scores)
        if not len(self.heaps):
            return scores
        place = np.minimum(np.searchsorted(self.heaps, values), len(self.heaps) - 1)
        return np.where(self.heaps[place] == values, self.middles[place], scores)

    def decode(self, scaled: Numbers) -> Numbers:
        """Values in the column's unit."""
        return np.interp(scaled, self.scores, self.values)


def _quantiles(values: Numbers, knots: int) -> Numbers:
    """At most so many quantiles of present values, not descending; zero without values."""
    if not len(values):
        return np.zeros(1)
    quantiles = np.quantile(values, np.linspace(0, 1, min(knots, len(values))))
    return np.maximum.accumulate(quantiles)  # rounding can make them descend


Dtype: TypeAlias = np.dtype[np.generic] | ExtensionDtype
Codes: TypeAlias = NDArray[np.int64]

_MOST_DECIMALS = 6
_LARGEST_TICK = 9.2e18  # a little less than the greatest int64
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@final
@dataclass(frozen=True, eq=False)
class LevelCodec:
    """A categorical or boolean column: rows are codes of its distinct values.

    Attributes:
        name: Name of the column.
        kind: ``"categorical"`` or ``"boolean"``.
        levels: One row of the real column for each code, in its own dtype: the distinct values
            in order (of the category dtype, of the values where they have one), missing last.
        codes: Code by value, missing values aside.
        missing: Code of missing values; ``None`` where the real column has none.
    """

    name: str
    kind: Kind
    levels: pd.Series
    codes: dict[object, int]
    missing: int | None

    @classmethod
    def fit(cls, values: pd.Series, kind: Kind) -> Self:
        """Levels of a real column."""
        row_codes, distinct = _factorised(values)
        order = _order(values, distinct)
        first = np.unique(row_codes, return_index=True)
        row_of = dict(zip(first[0].tolist(), first[1].tolist(), strict=True))
        rows = [row_of[place] for place in order]
        if -1 in row_of:
            rows.append(row_of[-1])
        return cls(
            name=str(values.name),
            kind=kind,
            levels=values.iloc[rows],
            codes={distinct[place]: code for code, place in enumerate(order)},
            missing=len(order) if -1 in row_of else None,
        )

    def encode(self, values: pd.Series) -> Codes:
        """Code of each row, shape ``(n,)``.

        Raises:
            SchemaError: Values, or missing values, that the real column does not have.
        """
        row_codes, distinct = _factorised(values)
        unseen = [value for value in distinct if value not in self.codes]
        if unseen:
            raise SchemaError(
                f"has values in column {self.name!r} that the fitted table has not: "
                f"{listed(unseen)}; fit the codec on a table that has them"
            )
        if self.missing is None and bool((row_codes < 0).any()):
            raise SchemaError(_unexpected_missing(self.name))
        # The last entry is what the code -1 of missing values looks up.
        lookup = [*(self.codes[value] for value in distinct), self.missing or 0]
        return np.array(lookup, dtype=np.int64)[row_codes]

    def decode(self, codes: Codes) -> pd.Series:
        """The column of these codes, dtype of the real one."""
        return self.levels.take(codes).reset_index(drop=True)


@final
@dataclass(frozen=True, eq=False)
class NumberCodec:
    """A continuous or datetime column: one scaled number per row.

    Attributes:
        name: Name of the column.
        kind: ``"continuous"`` or ``"datetime"``.
        dtype: Dtype of the real column.
        scaler: Between the column's unit (seconds for datetimes) and scaled numbers.
        low: Least real value; 0 without values.
        high: Greatest real value; 0 without values.
        has_values: Whether the real column has any value; if not, it decodes to missing values.
        decimals: Decimal places that all real numbers have at most: 0 for whole numbers, 2 for
            cents; ``None`` for more than 6, and for datetimes.
        tick: What all real datetimes are multiples of, in units of the dtype: a day for dates.
        unit: Unit of the real datetimes: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
        zone: Time zone of the real datetimes.
        has_missing: Whether the real column has missing values.
    """

    name: str
    kind: Kind
    dtype: Dtype
    scaler: StandardScaler | QuantileScaler
    low: float
    high: float
    has_values: bool
    decimals: int | None
    tick: int
    unit: str
    zone: tzinfo | None
    has_missing: bool

    @classmethod
    def fit(
        cls, values: pd.Series, kind: Kind, scaler: type[StandardScaler] | type[QuantileScaler]
    ) -> Self:
        """Scale, range and resolution of a real column."""
        numbers = numbers_of(values, kind)
        present = numbers[~np.isnan(numbers)]
        clock = pd.DatetimeIndex(values if kind == "datetime" else [])
        untimed = kind == "datetime" and not types.is_datetime64_any_dtype(values.dtype)
        return cls(
            name=str(values.name),
            kind=kind,
            dtype=clock.dtype if untimed else values.dtype,  # a column without any value
            scaler=scaler.fit(present),
            low=float(present.min()) if len(present) else 0.0,
            high=float(present.max()) if len(present) else 0.0,
            has_values=len(present) > 0,
            decimals=None if kind == "datetime" else decimals_of(present),
            tick=tick_of(clock) if kind == "datetime" else 1,
            unit=clock.unit,
            zone=clock.tz,
            has_missing=len(present) < len(numbers),
        )

    def encode(self, values: pd.Series) -> tuple[Numbers, NDArray[np.bool_]]:
        """Scaled number of each row, 0 where missing; and which are missing.

        Raises:
            SchemaError: Missing values that the real column does not have.
        """
        numbers = numbers_of(values, self.kind)
        missing = np.isnan(numbers)
        if not missing.any():
            return self.scaler.encode(numbers), missing
        if not self.has_missing:
            raise SchemaError(_unexpected_missing(self.name))
        return np.where(missing, 0.0, self.scaler.encode(numbers)), missing

    def decode(self, scaled: Numbers, missing: NDArray[np.bool_], clip: bool) -> pd.Series:
        """The column of these numbers, dtype and resolution of the real one."""
        numbers = self.scaler.decode(scaled)
        missing = missing if self.has_values else np.ones_like(missing)
        if clip:
            numbers = np.clip(numbers, self.low, self.high)
        if self.decimals is not None:
            numbers = np.round(numbers, self.decimals)
        if self.kind == "datetime":
            return self._datetimes(numbers, missing)
        if types.is_integer_dtype(self.dtype):
            return self._integers(numbers, missing)
        column = pd.Series(np.where(missing, np.nan, numbers))
        if str(self.dtype) == "halffloat[pyarrow]":  # which Arrow makes of half floats only
            return column.astype(np.float16).astype(self.dtype)
        return column.astype(self.dtype)

    def _integers(self, numbers: Numbers, missing: NDArray[np.bool_]) -> pd.Series:
        dense = self.dtype.subtype if isinstance(self.dtype, pd.SparseDtype) else self.dtype
        limits = np.iinfo(str(getattr(dense, "numpy_dtype", dense)))
        # As a float the greatest int64 is 2**63, one too many.
        high = np.nextafter(float(limits.max), 0) if limits.bits == 64 else float(limits.max)
        whole = np.clip(np.rint(numbers), float(limits.min), high).astype(limits.dtype)
        if not missing.any():
            return pd.Series(whole).astype(self.dtype)
        return pd.Series(whole).astype(self.dtype).mask(missing)

    def _datetimes(self, seconds: Numbers, missing: NDArray[np.bool_]) -> pd.Series:
        steps = np.rint(seconds * (PER_SECOND[self.unit] / self.tick)) * self.tick
        ticks = np.clip(steps, -_LARGEST_TICK, _LARGEST_TICK).astype(np.int64)
        ticks[missing] = np.iinfo(np.int64).min  # numpy's NaT
        stamps = pd.DatetimeIndex(ticks.view(f"datetime64[{self.unit}]"))
        if self.zone is not None:
            stamps = stamps.tz_localize("UTC").tz_convert(self.zone)
        return pd.Series(stamps).astype(self.dtype)


@final
@dataclass(frozen=True, eq=False)
class KeyCodec:
    """An identifier or text column: not encoded, since a key or a text is no statistic.

    Attributes:
        name: Name of the column.
        kind: ``"identifier"`` or ``"text"``.
        empty: The real column without its rows.
        start: First fresh number of a numeric identifier; ``None`` if it is not numeric.
    """

    name: str
    kind: Kind
    empty: pd.Series
    start: int | None

    @classmethod
    def fit(cls, values: pd.Series, kind: Kind) -> Self:
        """What is needed to make fresh keys."""
        is_number = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
        start = int(values.max()) + 1 if is_number and bool(values.notna().any()) else None
        return cls(str(values.name), kind, values.iloc[:0], start)

    def decode(self, rows: int) -> pd.Series:
        """Fresh keys for an identifier, missing values for text; dtype of the real column.

        Keys count on from the greatest real number, or are ``<column>-1``, ``<column>-2``, ...
        Identifiers that are neither numbers nor strings come out missing.

        Raises:
            SchemaError: The dtype has no room for so many fresh numbers.
        """
        dtype = self.empty.dtype
        if self.kind == "identifier" and self.start is not None:
            keys = pd.Series(np.arange(self.start, self.start + rows))
            fresh = keys.astype(dtype)
            if not bool((fresh == keys).all()):
                raise SchemaError(
                    f"identifier column {self.name!r} of dtype {dtype} has no room for {rows} "
                    f"keys from {self.start}; widen its dtype"
                )
            return fresh
        if self.kind == "identifier" and (
            types.is_object_dtype(dtype) or types.is_string_dtype(dtype)
        ):
            return pd.Series([f"{self.name}-{i}" for i in range(1, rows + 1)], dtype=dtype)
        return self.empty.reset_index(drop=True).reindex(range(rows))


ColumnCodec: TypeAlias = LevelCodec | NumberCodec | KeyCodec


def column_codec(
    values: pd.Series, kind: Kind, scaler: type[StandardScaler] | type[QuantileScaler]
) -> ColumnCodec:
    """Codec of a real column."""
    match kind:
        case "continuous" | "datetime":
            return NumberCodec.fit(values, kind, scaler)
        case "categorical" | "boolean":
            return LevelCodec.fit(values, kind)
        case "identifier" | "text":
            return KeyCodec.fit(values, kind)
        case _:
            assert_never(kind)


# --- what a column is made of ------------------------------------------------------------------


def _factorised(values: pd.Series) -> tuple[Codes, list[object]]:
    """Place of each row among the distinct values, -1 where missing; and these."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        places = values.cat.codes.to_numpy().astype(np.int64)
        used = np.flatnonzero(np.bincount(places + 1)[1:])
        numbers = np.full(len(values.cat.categories) + 1, -1)  # the last one is of missing values
        numbers[used] = np.arange(len(used))
        return numbers[places], values.cat.categories[used].tolist()
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    return codes.astype(np.int64), distinct.tolist()


def _order(values: pd.Series, distinct: list[object]) -> list[int]:
    """Places of the distinct values in the order that codes are to have."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        position = {value: i for i, value in enumerate(values.cat.categories)}
        return sorted(range(len(distinct)), key=lambda place: position[distinct[place]])
    places = range(len(distinct))
    try:
        # The place makes no difference: values are distinct. Not every object can be compared.
        return [place for _, place in sorted(zip(distinct, places, strict=True))]
    except TypeError:
        names = [(type(value).__name__, str(value)) for value in distinct]
        return sorted(places, key=names.__getitem__)


def decimals_of(present: Numbers) -> int | None:
    """Decimal places that all numbers have at most; ``None`` for more than 6."""
    for decimals in range(_MOST_DECIMALS + 1):
        if np.array_equal(np.round(present, decimals), present):
            return decimals
    return None


def tick_of(clock: pd.DatetimeIndex) -> int:
    """What all datetimes are multiples of, in units of their dtype."""
    clock = clock.dropna()
    second = PER_SECOND[clock.unit]
    coarse = [86_400 * second, 3_600 * second, 60 * second, second]
    fine = [second // 1_000, second // 1_000_000]
    for tick in [*coarse, *fine]:
        if tick and not (clock.asi8 % tick).any():
            return tick
    return 1


def _unexpected_missing(name: str) -> str:
    return (
        f"has missing values in column {name!r}, which the fitted table has not; "
        "fit the codec on a table that has some"
    )
