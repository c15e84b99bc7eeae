"""A table as one float tensor, and back."""

import builtins
import warnings
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from synthproto.checks import listed, refuse
from synthproto.data.column_codecs import (
    ColumnCodec,
    KeyCodec,
    LevelCodec,
    NumberCodec,
    QuantileScaler,
    StandardScaler,
    column_codec,
)
from synthproto.data.fitting import codecs_of_scan
from synthproto.data.kinds import Kind
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError, SynthprotoWarning

Scaling: TypeAlias = Literal["quantile", "standard"]
LevelForm: TypeAlias = Literal["one-hot", "index"]

WIDE = 2000
"""One-hot columns of a table beyond which fitting a codec warns."""
_SHOWN = 5  # columns named in that warning
_ROWS = 4096  # that are written together
_SCALERS: dict[Scaling, type[QuantileScaler] | type[StandardScaler]] = {
    "quantile": QuantileScaler,
    "standard": StandardScaler,
}


@final
@dataclass(frozen=True)
class Block:
    """Neighbouring columns of an encoded tensor that belong together: what a loss term is about.

    Attributes:
        column: Name of the table's column. A continuous or datetime column with missing values
            has two blocks: its number, and the two levels present and missing.
        kind: Kind of the table's column.
        form: ``"number"``: one scaled number; ``"one-hot"``: one 0 or 1 for each level;
            ``"index"``: one number, the code of the level.
        start: First column of the tensor.
        stop: One beyond the last column of the tensor.
        levels: Number of levels; 0 for numbers.
    """

    column: str
    kind: Kind
    form: Literal["number", "one-hot", "index"]
    start: int
    stop: int
    levels: int

    @property
    def slice(self) -> builtins.slice:  # from Python 3.14 on, `slice` here means this property
        """The block's columns: ``encoded[:, block.slice]``."""
        return slice(self.start, self.stop)


@final
class TableCodec:
    """Encodes tables as float tensors and decodes tensors as tables; made by `fit`.

    Numbers and datetimes are scaled, categories and booleans are one-hot or codes, a missing
    value is a level of its own. Everything is fitted on the real table: encoding a table with
    values that need what was not there (a new category, missing values in a column that had
    none) is refused.

    Decoding turns any finite tensor into a frame with the real frame's columns, order and dtypes.
    What was encoded comes back: categories, booleans and missing values exactly; numbers within
    float32's precision (1e-5 of the column's range at worst, mostly 1e-7), rounded to the
    decimals (datetimes: to days, hours, ...) that the real column has, so that dates, and whole
    numbers and prices over ranges of up to 50,000 steps, come back exactly, most others too.

    Identifiers and text are not encoded: a key or a text is not drawn from a distribution that a
    number could stand for. Decoding makes fresh keys (``<column>-1``, or numbers from the
    greatest real one on) and missing texts, so that no real one is ever handed out.

    A codec can be pickled; fitting again on the same table gives the same codec.

    Example:
        >>> import pandas as pd
        >>> from synthproto import Table, TableCodec, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 45.0, 60.0], "sex": ["f", "m", "f"]})
        >>> table = Table(frame, TableSpec.infer(frame))
        >>> codec = TableCodec.fit(table)
        >>> features = codec.encode(table)
        >>> features.shape, codec.decode(features).equals(frame)
        (torch.Size([3, 3]), True)
    """

    def __init__(
        self, spec: TableSpec, columns: tuple[ColumnCodec, ...], categorical: LevelForm
    ) -> None:
        self._spec = spec
        self._columns = columns
        self._blocks = _blocks_of(columns, categorical)

    def __repr__(self) -> str:
        return f"TableCodec({len(self._columns)} columns <-> {self.width} numbers per row)"

    @classmethod
    def fit(
        cls,
        real: Table | Scan,
        *,
        scaling: Scaling = "quantile",
        categorical: LevelForm = "one-hot",
    ) -> Self:
        """Codec of a real table.

        Args:
            real: What scales, ranges and levels are taken from; a `Scan` gives those of all its
                rows, strings as its pieces have them.
            scaling: Of continuous and datetime columns. ``"quantile"`` makes them normal,
                whatever their distribution (`QuantileScaler`); ``"standard"`` makes them zero
                mean, unit variance (`StandardScaler`).
            categorical: Form of levels. ``"one-hot"`` for losses and decoders on logits;
                ``"index"`` for models with embeddings. Codes are in the order of the category
                dtype, or of the sorted values; missing is last.

        Raises:
            SchemaError: No column can be encoded: all are identifiers or text.

        Warns:
            SynthprotoWarning: One-hot levels need more than `WIDE` columns.
        """
        spec, scaler = real.spec, _SCALERS[scaling]
        columns = (
            codecs_of_scan(real, scaler)
            if isinstance(real, Scan)
            else [column_codec(real.frame[c.name], c.kind, scaler) for c in spec.columns]
        )
        if all(isinstance(column, KeyCodec) for column in columns):
            raise SchemaError(
                f"{real.name} has no column to encode; it has only identifiers and text: "
                f"{listed(spec.names)}"
            )
        codec = cls(spec, tuple(columns), categorical)
        codec._warn_of_width(real.name)
        return codec

    def _warn_of_width(self, name: str) -> None:
        one_hot = {b.column: b.levels for b in self._blocks if b.form == "one-hot"}
        total = sum(one_hot.values())
        if total > WIDE:
            widest = sorted(one_hot.items(), key=lambda own: -own[1])
            shown = ", ".join(f"{column!r} {levels:,}" for column, levels in widest[:_SHOWN])
            warnings.warn(
                f"{name} needs {total:,} one-hot columns, the most for {shown}; name columns of "
                "very many levels identifier or text in the spec, or fit with categorical='index'",
                SynthprotoWarning,
                stacklevel=3,
            )

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns of all tables that can be encoded."""
        return self._spec

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The tensor's columns, block after block without gaps."""
        return self._blocks

    @property
    def width(self) -> int:
        """Number of columns of an encoded tensor."""
        return self._blocks[-1].stop

    def encode(self, table: Table) -> Tensor:
        """Encoded rows of a table.

        Returns:
            Shape ``(n, width)``, float32, on the CPU, finite.

        Raises:
            SchemaError: The table's spec differs, or it has values or missing values that the
                fitted table has not; names all columns at fault.
        """
        if table.spec != self._spec:
            raise SchemaError(
                f"{table.name} has another spec than the codec's; got {listed(table.spec.columns)},"
                f" fitted on {listed(self._spec.columns)}"
            )
        encoded = np.zeros((len(table), self.width), dtype=np.float32)
        faults = []
        values: list[tuple[Block, NDArray[np.generic]]] = []
        for column, blocks in self._parts():
            try:
                values += zip(blocks, _encoded(column, table.frame[column.name]), strict=False)
            except SchemaError as error:
                faults.append(str(error))
        refuse(table.name, faults)
        # A few rows at a time, that all of their columns are written while they are in the cache.
        for start in range(0, len(table), _ROWS):
            rows = slice(start, start + _ROWS)
            for block, column_values in values:
                _write(column_values[rows], encoded[rows], block)
        return torch.from_numpy(encoded)

    def decode(self, encoded: Tensor, *, clip: bool = True) -> pd.DataFrame:
        """The table of encoded rows, such as a model gives.

        Args:
            encoded: Shape ``(n, width)``, any floating dtype and device. Of a one-hot block the
                greatest entry decides, so that logits do as well as probabilities; a code is
                rounded to the nearest level.
            clip: Keep numbers and datetimes within the real column's range, which quantile
                scaling does in any case.

        Returns:
            Columns, order and dtypes of the real frame; rows numbered from 0.

        Raises:
            SchemaError: Another shape, or numbers that are not finite; names the columns.
        """
        if encoded.ndim != 2 or encoded.shape[1] != self.width:
            raise SchemaError(
                f"encoded tensor does not fit the codec; got shape {tuple(encoded.shape)}. "
                f"It takes (n, {self.width})"
            )
        values = encoded.detach().to("cpu", torch.float32)
        refuse("encoded tensor", _not_finite(values, self._blocks))
        series = [_read(column, values, blocks, clip) for column, blocks in self._parts()]
        return pd.concat(series, axis=1, keys=self._spec.names)

    def _parts(self) -> list[tuple[ColumnCodec, list[Block]]]:
        """The columns, each with its blocks."""
        by_column: dict[str, list[Block]] = {column.name: [] for column in self._columns}
        for block in self._blocks:
            by_column[block.column].append(block)
        return [(column, by_column[column.name]) for column in self._columns]


def _blocks_of(columns: tuple[ColumnCodec, ...], form: LevelForm) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for column in columns:
        if isinstance(column, KeyCodec):
            continue
        start = blocks[-1].stop if blocks else 0
        levels = len(column.levels) if isinstance(column, LevelCodec) else 2
        if isinstance(column, NumberCodec):
            blocks.append(Block(column.name, column.kind, "number", start, start + 1, 0))
            start += 1
            if not column.has_missing:
                continue
        width = levels if form == "one-hot" else 1
        blocks.append(Block(column.name, column.kind, form, start, start + width, levels))
    return tuple(blocks)


def _encoded(column: ColumnCodec, values: pd.Series) -> tuple[NDArray[np.generic], ...]:
    """Numbers or codes of one column, for each of its blocks."""
    if isinstance(column, LevelCodec):
        return (column.encode(values),)
    if isinstance(column, NumberCodec):
        numbers, missing = column.encode(values)
        return numbers, missing.astype(np.int64)
    return ()


def _write(values: NDArray[np.generic], encoded: NDArray[np.float32], block: Block) -> None:
    """Write numbers or codes of some rows into their block."""
    if block.form == "one-hot":
        encoded[np.arange(len(values)), block.start + values.astype(np.int64)] = 1
    else:
        encoded[:, block.start] = values


def _read(column: ColumnCodec, encoded: Tensor, blocks: list[Block], clip: bool) -> pd.Series:
    """Decode one column from its blocks."""
    if isinstance(column, KeyCodec):
        return column.decode(len(encoded))
    if isinstance(column, LevelCodec):
        return column.decode(_read_levels(encoded, blocks[0]))
    numbers = encoded[:, blocks[0].start].numpy().astype(np.float64)
    if not column.has_missing:
        return column.decode(numbers, np.zeros(len(numbers), dtype=np.bool_), clip)
    return column.decode(numbers, _read_levels(encoded, blocks[1]) == 1, clip)


def _read_levels(encoded: Tensor, block: Block) -> NDArray[np.int64]:
    if block.form == "one-hot":
        return encoded[:, block.slice].argmax(dim=1).numpy()
    return encoded[:, block.start].round().clamp(0, block.levels - 1).long().numpy()


def _not_finite(encoded: Tensor, blocks: tuple[Block, ...]) -> list[str]:
    """Columns that cannot be decoded; an infinite logit can."""
    if torch.isfinite(encoded.sum()):
        return []
    return [
        f"has {'NaN' if bool(part.isnan().any()) else 'infinite'} values for column "
        f"{block.column!r}; it takes finite numbers"
        for block in blocks
        if bool((part := encoded[:, block.slice]).isnan().any())
        or (block.form != "one-hot" and bool(part.isinf().any()))
    ]
