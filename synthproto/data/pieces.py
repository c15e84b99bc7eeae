"""Pieces of a data set that is read one after another, and what reads several of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike, fspath
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np
import pandas as pd
from typing_extensions import Protocol, TypeVar, runtime_checkable

from synthproto.data.distribution import Floats
from synthproto.data.frames import Frame, as_pandas
from synthproto.data.merging import in_first_half
from synthproto.data.spec import TableSpec
from synthproto.data.summary import Merging
from synthproto.data.table import Table, piece_of
from synthproto.errors import ParameterError, SchemaError

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
        frame = frame_of(reader)
    except Exception as error:
        error.add_note(f"This was raised by {name}.")
        raise
    if len(spec.columns) < len(job.spec.columns) and set(spec.names) < set(frame.columns):
        frame = frame[list(spec.names)]
    if not len(frame):
        return None
    table = piece_of(frame, spec, name, job.starts[place], job.labels)
    known = {column: near for column, near in job.known.items() if column in spec.names}
    return table.snapped(known) if known else table


def piece_name(number: int, piece: Piece) -> str:
    """What errors call a piece: its number, and the file that it reads, if that can be told."""
    path = path_of(piece)
    return f"piece {number} ({path})" if path else f"piece {number}"


def path_of(piece: Piece) -> str:
    """The file that a piece reads; empty if that cannot be told."""
    part: object = piece
    given = part.args if isinstance(part, partial) else (getattr(part, "path", None),)
    return next((fspath(one) for one in given if isinstance(one, str | PathLike)), "")


@final
@dataclass(frozen=True)
class HalfPiece:
    """Rows of a piece that are in one of the random halves of its data set.

    Attributes:
        piece: What reads all of its rows.
        start: Number of the first of these.
        rows: Of the data set.
        seed: Decides which rows are in the first half.
        is_first: Which half.
    """

    piece: Piece
    start: int
    rows: int
    seed: int
    is_first: bool

    @property
    def path(self) -> str:
        """The file that is read, if that can be told."""
        return path_of(self.piece)

    def __call__(self) -> pd.DataFrame:
        """Read the piece."""
        frame = frame_of(self.piece)
        first = in_first_half(self.start, len(frame), self.rows, self.seed)
        return frame.iloc[np.flatnonzero(first == self.is_first)]

    def select(self, columns: Sequence[str]) -> "HalfPiece":
        """The same rows with these columns only, if the piece can be read without the others."""
        part: object = self.piece
        narrow = part.select(columns) if isinstance(part, Selective) else self.piece
        return replace(self, piece=narrow)


def frame_of(piece: Piece) -> pd.DataFrame:
    """The rows of a piece."""
    given = piece()
    return given.frame if isinstance(given, Table) else as_pandas(given)
