"""Pieces of a data set that is read one after another, and what reads several of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from os import PathLike, fspath
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, TypeAlias, final

import pandas as pd
from typing_extensions import Protocol, TypeVar, runtime_checkable

from synthproto.checks import listed
from synthproto.data.distribution import Floats
from synthproto.data.frames import Frame, as_pandas, of_arrow
from synthproto.data.spec import TableSpec
from synthproto.data.summary import Merging
from synthproto.data.table import Table, piece_of
from synthproto.errors import MissingExtraError, ParameterError, SchemaError

Given = TypeVar("Given")
Result = TypeVar("Result")

Piece: TypeAlias = Callable[[], Frame | Table]
"""Reads some of the rows. A `functools.partial` of a module's function travels to processes."""


@runtime_checkable
class Selective(Protocol):
    """A piece that can be read without the columns that a pass does not look at."""

    def select(self, columns: Sequence[str], /) -> Piece:
        """The same rows with these columns only."""
        ...


if TYPE_CHECKING:

    class Map(Protocol):
        """What applies a function to items, in order: the builtin `map`, or an executor's."""

        def __call__(
            self, function: Callable[[Given], Result], items: Iterable[Given], /
        ) -> Iterable[Result]:
            """Results in the order of the items."""
            ...

else:  # the builtin is a class, of which isinstance says that it is no such function
    Map = Callable[..., Iterable]


@final
@dataclass(frozen=True)
class Job:
    """Some neighbouring pieces, and what is to be known of their rows together.

    Attributes:
        pieces: What reads them.
        number: Of the first one, counted from 1.
        starts: Number of the first row of each; 0 as long as it is not known.
        statistics: What to compute.
        spec: Of the data set.
        name: What errors call the data set.
        labels: All labels of its discrete columns; none as long as they are not known.
        known: See `Table.snapped`.
    """

    pieces: tuple[Piece, ...]
    number: int
    starts: tuple[int, ...]
    statistics: tuple[Merging[Any], ...]
    spec: TableSpec
    name: str
    labels: Mapping[str, tuple[str, ...]]
    known: Mapping[str, tuple[Floats, float]]


@final
@dataclass(frozen=True)
class Done:
    """Rows of each piece of a job, and its statistics; none if it has no rows."""

    rows: tuple[int, ...]
    values: list[Any]


def mapped(engine: Map, jobs: Sequence[Job], name: str) -> Iterator[Done]:
    """What an engine gives for jobs, in order.

    Raises:
        ParameterError: A piece cannot be sent to another process.
        SchemaError: A process ended while it read.
    """
    try:
        yield from engine(done, jobs)
    except (PicklingError, AttributeError, TypeError) as error:
        words = ("pickle", "serializ", "local object")  # Python 3.13 says the last
        if not any(word in str(error).lower() for word in words):
            raise
        raise ParameterError(
            f"a piece of the {name} cannot be sent to another process: {error}. Take a function of "
            "a module, functools.partial(read, path), not a lambda or a function within another"
        ) from error
    except RuntimeError as error:
        if "Broken" not in type(error).__name__:
            raise
        raise SchemaError(
            f"a process that read the {name} ended abruptly, perhaps for lack of memory: take "
            "smaller pieces, or fewer processes; and put what starts processes under "
            "if __name__ == '__main__'"
        ) from error


def done(job: Job) -> Done:
    """Read the pieces of a job one after the other."""
    names = {name for statistic in job.statistics for name in statistic.narrowed(job.spec)}
    spec = TableSpec(tuple(column for column in job.spec.columns if column.name in names))
    rows: list[int] = []
    values: list[Any] = []
    for place, piece in enumerate(job.pieces):
        table = _read(job, spec, place, piece)
        rows.append(0 if table is None else len(table))
        if table is not None:
            own = [statistic(table) for statistic in job.statistics]
            both = zip(job.statistics, values, own, strict=False)
            values = [s.merged(a, b) for s, a, b in both] if values else own
    return Done(tuple(rows), values)


def _read(job: Job, spec: TableSpec, place: int, piece: Piece) -> Table | None:
    """One piece, if it has rows, with the columns that are looked at."""
    name = f"{piece_name(job.number + place, piece)} of the {job.name}"
    # A checker takes a function type, which a piece is declared as, to have no methods.
    part: object = piece
    reader = part.select(spec.names) if isinstance(part, Selective) else piece
    try:
        given = reader()
    except Exception as error:
        error.add_note(f"This was raised by {name}.")
        raise
    frame = given.frame if isinstance(given, Table) else as_pandas(given)
    if len(spec.columns) < len(job.spec.columns) and set(spec.names) < set(frame.columns):
        frame = frame[list(spec.names)]
    if not len(frame):
        return None
    table = piece_of(frame, spec, name, job.starts[place], job.labels)
    known = {column: near for column, near in job.known.items() if column in spec.names}
    return table.snapped(known) if known else table


def piece_name(number: int, piece: Piece) -> str:
    """What errors call a piece: its number, and the file that it reads, if that can be told."""
    part: object = piece
    given = part.args if isinstance(part, partial) else (getattr(part, "path", None),)
    paths = [fspath(one) for one in given if isinstance(one, str | PathLike)]
    return f"piece {number} ({paths[0]})" if paths else f"piece {number}"


@final
@dataclass(frozen=True)
class ParquetPiece:
    """One row group of a parquet file; strings as categories, without decoding them.

    Attributes:
        path: The file.
        group: Number of the row group.
        rows: How many rows it has.
        columns: Which columns to read; by default all.
    """

    path: str
    group: int
    rows: int
    columns: tuple[str, ...] | None = None

    def __call__(self) -> pd.DataFrame:
        """Read it.

        Raises:
            SchemaError: It lacks columns, or has some whose values have parts.
        """
        import pyarrow as pa  # an optional extra
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.path)
        lacking = [name for name in self.columns or () if name not in schema.names]
        if lacking:
            raise SchemaError(
                f"{self.path} lacks columns {listed(lacking)}; it has {listed(schema.names)}"
            )
        strings = (pa.types.is_string, pa.types.is_large_string)
        coded = [f.name for f in schema if any(is_string(f.type) for is_string in strings)]
        with pq.ParquetFile(self.path, read_dictionary=coded) as file:
            names = None if self.columns is None else list(self.columns)
            table = file.read_row_group(self.group, columns=names, use_threads=False)
        return of_arrow(table, f"row group {self.group + 1} of {self.path}")

    def select(self, columns: Sequence[str]) -> "ParquetPiece":
        """The same rows with these columns only."""
        return ParquetPiece(self.path, self.group, self.rows, tuple(columns))


def parquet_pieces(*paths: str | PathLike[str]) -> list[ParquetPiece]:
    """All row groups of parquet files, as the pieces of a `Scan`.

    Args:
        paths: The files, in order.

    Raises:
        ParameterError: There are none.
        MissingExtraError: pyarrow is not installed.
        OSError: A file cannot be read.

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

    files = [(fspath(path), pq.read_metadata(path)) for path in paths]
    return [
        ParquetPiece(path, group, footer.row_group(group).num_rows)
        for path, footer in files
        for group in range(footer.num_row_groups)
    ]
