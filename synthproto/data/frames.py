"""Frames of any library, and what is known of a column of objects before its kind is."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import Protocol, runtime_checkable

from synthproto.checks import listed, refuse, repeated
from synthproto.errors import MissingExtraError, SchemaError

if TYPE_CHECKING:
    import pyarrow as pa


@runtime_checkable
class ArrowStream(Protocol):
    """A table of a library that speaks Arrow's PyCapsule interface: polars, pyarrow, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table's columns, as a capsule."""
        ...


@runtime_checkable
class ToPandas(Protocol):
    """A table that turns itself into a pandas frame: Spark, Dask, Modin, cuDF."""

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas frame."""
        ...


Frame: TypeAlias = pd.DataFrame | ArrowStream | ToPandas
"""A table of any library; where one is taken, `as_pandas` reads it."""


def as_pandas(frame: Frame) -> pd.DataFrame:
    """A pandas frame of any library's frame.

    Args:
        frame: A pandas frame; anything with ``__arrow_c_stream__`` (polars, pyarrow, DuckDB); or
            anything with ``to_pandas()``.

    Returns:
        A pandas frame as it is, others converted; numbers without gaps share their memory where
        they can. Decimals are numbers; dates are datetimes; times of day and durations are
        seconds; bytes are text. Whole numbers beyond 2**53 and dates from year 1 on stay exact.

    Raises:
        SchemaError: Columns whose values have parts (lists, structs, maps), or duplicate names.
        MissingExtraError: It is an Arrow table, and pyarrow is not installed.

    >>> import pandas as pd
    >>> from synthproto import as_pandas
    >>> as_pandas(pd.DataFrame({"age": [31, 45]})).shape
    (2, 1)
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    if not isinstance(frame, ArrowStream):
        return frame.to_pandas()
    if find_spec("pyarrow") is None:
        raise MissingExtraError(
            f"a {type(frame).__module__}.{type(frame).__name__} is read through pyarrow, which is "
            "not installed: pip install 'synthproto[parquet]'"
        )
    import pyarrow as pa  # an optional extra

    try:
        return of_arrow(pa.table(frame), "frame")
    except pa.ArrowInvalid as error:
        raise SchemaError(f"frame cannot be read: {error}") from error


# --- arrow ----------------------------------------------------------------------------------------


def of_arrow(table: "pa.Table", subject: str) -> pd.DataFrame:
    """A pandas frame of an Arrow table; see `as_pandas`.

    Args:
        table: The table; what pandas noted in its schema is ignored.
        subject: What errors call it.

    Raises:
        SchemaError: Columns whose values have parts, or duplicate names.
    """
    from pyarrow import types  # an optional extra

    names = table.schema.names
    nested = [
        f"{field.name!r} of {field.type}"
        for field in table.schema
        if types.is_nested(field.type) or types.is_interval(field.type)
    ]
    twice = repeated(names)
    faults = []
    if twice:
        faults.append(f"has duplicate columns: {listed(twice)}")
    if nested:
        faults.append(
            f"has columns whose values have parts: {', '.join(nested)}; take them apart, or leave "
            "them out"
        )
    refuse(subject, faults)
    columns = {name: _series(table.column(place)) for place, name in enumerate(names)}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)), copy=False)


def _series(column: "pa.ChunkedArray") -> pd.Series:
    from pyarrow import types

    kind, gaps = column.type, column.null_count > 0
    if types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        # The stubs of pyarrow that pyright has lack this function.
        decoded = pc.run_end_decode(column)  # pyright: ignore[reportAttributeAccessIssue]
        column, kind = decoded, kind.value_type
    if hasattr(kind, "storage_type"):
        return _extension(column)
    if types.is_date(kind) or types.is_dictionary(kind):
        column = column.cast(_storable(kind))
    elif types.is_decimal(kind):
        column = _decimals(column)
    elif types.is_time(kind) or types.is_duration(kind):
        return _spans(column, kind.unit)
    elif _is_binary(kind):
        return _texts(column)
    elif str(kind) == "string_view":
        column = column.cast(_storable(kind))
    elif gaps and types.is_boolean(kind):
        return pd.Series(column.to_pandas(types_mapper=lambda _: pd.BooleanDtype()))
    elif gaps and types.is_integer(kind):
        name = str(kind).replace("int", "Int").replace("uI", "UI")
        return pd.Series(column.to_pandas(types_mapper=lambda _: pd.api.types.pandas_dtype(name)))
    series: pd.Series = column.to_pandas()
    return series


def _storable(kind: "pa.DataType") -> "pa.DataType":
    """The nearest type that pandas can hold: no unsigned codes, no views, no dates without time."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(kind):
        return pa.dictionary(pa.int32(), _storable(kind.value_type), kind.ordered)
    if types.is_date(kind):
        return pa.timestamp("s" if types.is_date32(kind) else "ms")
    return pa.large_string() if str(kind) == "string_view" else kind


def _extension(column: "pa.ChunkedArray") -> pd.Series:
    """A column of a type that some library defined, read by what it is stored as."""
    import pyarrow as pa

    kind = column.type
    if kind.extension_name == "pandas.period":
        return pd.Series(pd.PeriodIndex(column.to_pandas()).to_timestamp())
    if kind.extension_name == "pandas.interval":
        values = pd.Series(column.to_pandas())
        return values.astype(str).where(values.notna(), None)
    stored = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
    if kind.extension_name == "arrow.uuid":
        return pd.Series([v and str(uuid.UUID(bytes=v)) for v in stored.to_pylist()], dtype=object)
    return _series(stored)


def _decimals(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Whole numbers where all are whole and small enough, else floats."""
    import pyarrow as pa

    if column.type.scale <= 0 and not column.null_count:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return column.cast(pa.float64())


def _spans(column: "pa.ChunkedArray", unit: str) -> pd.Series:
    """Durations, and times of day since midnight, in seconds."""
    import pyarrow as pa

    ticks = (
        column.cast(pa.int32()).cast(pa.int64())
        if column.type.bit_width == 32
        else (column.cast(pa.int64()))
    )
    return pd.Series(ticks.to_pandas()) / {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]


def _is_binary(kind: "pa.DataType") -> bool:
    from pyarrow import types

    plain = types.is_binary(kind) or types.is_large_binary(kind) or str(kind) == "binary_view"
    return bool(plain or types.is_fixed_size_binary(kind))


def _texts(column: "pa.ChunkedArray") -> pd.Series:
    """Bytes as the text that they are in UTF-8; if one is not, all as hexadecimal digits."""
    cells = column.to_pylist()
    try:
        texts = [cell if cell is None else cell.decode() for cell in cells]
    except UnicodeDecodeError:
        texts = [cell if cell is None else cell.hex() for cell in cells]
    return pd.Series(texts, dtype=object)


# --- columns of objects ---------------------------------------------------------------------------

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
