"""Pieces of files: row groups of parquet, and stretches of CSV that end with a line."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from typing import final

import pandas as pd

from synthproto.checks import listed
from synthproto.data.cells import Cells
from synthproto.data.files import PARQUET, ROW_NUMBERS, FileFormat, is_packed
from synthproto.data.frames import of_arrow
from synthproto.data.kinds import Kind
from synthproto.data.spec import TableSpec
from synthproto.errors import MissingExtraError, ParameterError, SchemaError


@final
@dataclass(frozen=True)
class ParquetPiece:
    """One row group of a parquet file; strings as categories, without decoding them.

    Attributes:
        path: The file.
        group: Number of the row group.
        rows: How many rows it has.
        columns: Which columns to read; by default all.
        spec: By whose kinds strings are read, as `Table.read` reads them; by default as they are.
        written: Which strings are missing values, if there is a spec.
    """

    path: str
    group: int
    rows: int
    columns: tuple[str, ...] | None = None
    spec: TableSpec | None = None
    written: FileFormat = field(default_factory=FileFormat)

    def __call__(self) -> pd.DataFrame:
        """Read it.

        Raises:
            SchemaError: It is damaged, lacks columns, or has some whose values have parts.
        """
        if self.spec is None:
            return self._read(None)
        labels = {*self.spec.of_kind("categorical")} if not self.written.missing else set()
        frame = self._read(labels)
        kinds: dict[str, Kind] = {
            name: kind for name, kind in self.spec.kinds.items() if name not in labels
        }
        return Cells(Path(self.path), self.written, kinds, frame).typed(kinds, f"{self.path}")

    def cells(self) -> Cells:
        """Its rows, before the kinds of their columns are known."""
        return Cells(Path(self.path), self.written, None, self._read(set()))

    def _read(self, coded: Collection[str] | None) -> pd.DataFrame:
        """Strings of some columns as categories, by default of all."""
        with reading_parquet(self.path):
            import pyarrow as pa  # an optional extra
            import pyarrow.parquet as pq

            schema = pq.read_schema(self.path)
            lacking = [name for name in self.columns or () if name not in schema.names]
            if lacking:
                raise SchemaError(
                    f"{self.path} lacks columns {listed(lacking)}; it has {listed(schema.names)}"
                )
            strings = (pa.types.is_string, pa.types.is_large_string)
            texts = [f.name for f in schema if any(is_string(f.type) for is_string in strings)]
            as_codes = [name for name in texts if coded is None or name in coded]
            kept = [name for name in schema.names if not ROW_NUMBERS.fullmatch(name)]
            with pq.ParquetFile(self.path, read_dictionary=as_codes) as file:
                names = kept if self.columns is None else list(self.columns)
                table = file.read_row_group(self.group, columns=names, use_threads=False)
            return of_arrow(table, f"row group {self.group + 1} of {self.path}")

    def select(self, columns: Sequence[str]) -> "ParquetPiece":
        """The same rows with these columns only."""
        return replace(self, columns=tuple(columns))


@contextmanager
def reading_parquet(path: str) -> Iterator[None]:
    """Inside: what pyarrow says of a file that is no whole parquet table names the file.

    Raises:
        SchemaError: It is damaged.
    """
    try:
        yield
    except (SchemaError, FileNotFoundError, PermissionError):
        raise
    # pyarrow's own errors are of these classes.
    except (ValueError, OSError, NotImplementedError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise SchemaError(f"{path} is not a parquet table that can be read: {reason}") from error


def parquet_pieces(*paths: str | PathLike[str]) -> list[ParquetPiece]:
    """All row groups of parquet files, as the pieces of a `Scan`.

    Args:
        paths: The files, in order.

    Raises:
        ParameterError: There are none.
        MissingExtraError: pyarrow is not installed.
        SchemaError: A file is damaged, or no parquet table.
        OSError: A file cannot be opened.

    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import pandas as pd
    >>> from synthproto import Scan, TableSpec, parquet_pieces
    >>> frame, path = pd.DataFrame({"age": range(100)}), Path(mkdtemp()) / "part-0.parquet"
    >>> frame.to_parquet(path, row_group_size=30)
    >>> len(parquet_pieces(path)), len(Scan(parquet_pieces(path), TableSpec.infer(frame)))
    (4, 100)
    """
    if not paths:
        raise ParameterError("parquet_pieces takes one path at least: *glob('real/*.parquet')")
    if find_spec("pyarrow") is None:
        raise MissingExtraError(
            "parquet is read by pyarrow, which is not installed: pip install 'synthproto[parquet]'"
        )
    import pyarrow.parquet as pq  # an optional extra

    found: list[ParquetPiece] = []
    for path in [fspath(each) for each in paths]:
        with reading_parquet(path):
            footer = pq.read_metadata(path)
        groups = range(footer.num_row_groups)
        found += [ParquetPiece(path, g, footer.row_group(g).num_rows) for g in groups]
    return found


@final
@dataclass(frozen=True)
class CsvPiece:
    """Some rows of a CSV file, read as `Table.read` reads them.

    Attributes:
        path: The file.
        spans: Where its header line and the rows begin and end; none of a packed file, which is
            read as a whole.
        spec: Names and kinds of its columns.
        written: How its cells are written.
    """

    path: str
    spans: tuple[tuple[int, int], ...]
    spec: TableSpec | None
    written: FileFormat

    def __call__(self) -> pd.DataFrame:
        """Read them.

        Raises:
            SchemaError: They are no table, or cells do not fit the kinds of their columns.
        """
        kinds = {} if self.spec is None else self.spec.kinds
        return Cells(Path(self.path), self.written, kinds, self._text()).typed(kinds, self.path)

    def cells(self) -> Cells:
        """Its rows, before the kinds of their columns are known."""
        return Cells(Path(self.path), self.written, None, self._text())

    def _text(self) -> bytes | None:
        if not self.spans:
            return None
        parts = []
        with Path(self.path).open("rb") as file:
            for start, end in self.spans:
                file.seek(start)
                parts.append(file.read(end - start))
        return b"".join(parts)


_CSV_BYTES = 1 << 25
"""About how much text a piece of a CSV file has."""


def file_pieces(
    path: Path, spec: TableSpec | None, written: FileFormat
) -> list[ParquetPiece] | list[CsvPiece]:
    """Pieces of a CSV or parquet file, whose cells are read as `Table.read` reads them.

    Args:
        path: The file.
        spec: Names and kinds of its columns, if they are known.
        written: How its cells are written.

    Returns:
        None of a file without rows.

    Raises:
        SchemaError: A file is damaged.
        MissingExtraError: It is parquet, and pyarrow is not installed.
        OSError: It cannot be opened.
    """
    with path.open("rb") as file:
        beginning = file.read(8)
    if beginning.startswith(PARQUET):
        return [replace(p, spec=spec, written=written) for p in parquet_pieces(path) if p.rows]
    # A line can be told by its bytes in most encodings, but not in UTF-16.
    is_cut = not is_packed(beginning) and '"\n'.encode(written.encoding) == b'"\n'
    spans = _spans(path) if is_cut else [()]
    return [CsvPiece(str(path), each, spec, written) for each in spans]


def _spans(path: Path) -> list[tuple[tuple[int, int], ...]]:
    """Where the header and rows of each piece of a CSV file are; lines end outside of quotes."""
    found: list[tuple[tuple[int, int], ...]] = []
    header: tuple[int, int] | None = None
    start = place = quotes = 0
    with path.open("rb") as file:
        while block := file.read(_CSV_BYTES):
            if header is None and (end := _line_end(block, quotes, first=True)):
                start = place + end
                header = (0, start)
            last = _line_end(block, quotes, first=False)
            if header is not None and last and place + last > start:
                found.append((header, (start, place + last)))
                start = place + last
            quotes += block.count(b'"')
            place += len(block)
    if header is None:  # a single line, or none
        return [()] if place == 0 else []
    return [*found, (header, (start, place))] if place > start else found


def _line_end(block: bytes, quotes: int, *, first: bool) -> int:
    """Behind the first or last line end outside of quotes; 0 if there is none.

    Args:
        block: Some text.
        quotes: How many quotes come before it.
        first: Which of the line ends.
    """
    find = block.find if first else block.rfind
    before = quotes if first else quotes + block.count(b'"')
    seen = 0 if first else len(block)
    at = find(b"\n")
    while at >= 0:
        before += block.count(b'"', seen, at) if first else -block.count(b'"', at, seen)
        if before % 2 == 0:
            return at + 1
        seen, at = at, (block.find(b"\n", at + 1) if first else block.rfind(b"\n", 0, at))
    return 0
