"""Tables that are read in pieces: folders, and files that may not fit into memory."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TypeVar, final

from synthproto.data.cells import Cells
from synthproto.data.file_pieces import file_pieces
from synthproto.data.files import FileFormat
from synthproto.data.pieces import Done, Job, Map, Piece
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.errors import ParameterError, SchemaError
from synthproto.progress import Bar

Given = TypeVar("Given")
Result = TypeVar("Result")

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory() -> int:
    """Bytes of memory that this machine, or the container that this is in, has."""
    if not hasattr(os, "sysconf"):  # Windows does not say without a package of its own
        return 1 << 40
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _CGROUP.read_text().strip() if _CGROUP.exists() else "max"
    return min(machine, int(limit)) if limit.isdigit() else machine


def is_read_in_pieces(path: Path) -> bool:
    """Whether a path is a folder, or a file beyond a quarter of the memory."""
    return path.is_dir() or (path.is_file() and path.stat().st_size > memory() / 4)


def folder_files(path: Path) -> list[Path]:
    """Files of a folder, in order of their names, those in folders of it too; or the file itself.

    Hidden files, and those that Spark and others write beside the data (``_SUCCESS``), are none.

    Raises:
        ParameterError: There are none, or the folder is a table of Delta or Iceberg, which has
            files of earlier versions too.
    """
    if not path.is_dir():
        return [path]
    if any((path / log).exists() for log in ("_delta_log", "metadata/version-hint.text")):
        raise ParameterError(
            f"{str(path)!r} is a table of Delta or Iceberg, with files of its earlier versions; "
            "write it as parquet files, or read it with the library of that format"
        )
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and not any(p.startswith(("_", ".")) for p in file.relative_to(path).parts)
    ]
    if not files:
        raise ParameterError(f"{str(path)!r} has no files; a folder holds CSV or parquet files")
    return files


def first_cells(path: Path, written: FileFormat) -> Cells:
    """Cells of a file; of a folder, or of a file that is read in pieces, of its first rows.

    Raises:
        SynthprotoError: A file is no table, or has no rows.
        OSError: A file cannot be read.
    """
    for file in folder_files(path):
        pieces = file_pieces(file, None, written)
        if pieces:
            cells = pieces[0].cells()
            cells.notes.append(
                f"kinds are as in the first {len(cells.frame):,} rows (of {cells.subject})"
            )
            return cells
    raise SchemaError(f"{str(path)!r} has no rows")


@contextmanager
def engine(workers: int) -> Iterator[Map]:
    """What applies a function to pieces: the builtin `map`, or processes."""
    if workers == 1:
        yield map
        return
    # Ctrl-C reaches every process of a terminal: it is this one that ends the others.
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
    )
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


@final
class Watched:
    """An engine whose progress a bar shows, with rows a second.

    Args:
        engine: What reads.
        bar: Where to show it.
    """

    def __init__(self, engine: Map, bar: Bar) -> None:
        self._engine, self._bar = engine, bar

    def __call__(
        self, function: Callable[[Given], Result], items: Iterable[Given], /
    ) -> Iterator[Result]:
        """Results in the order of the items."""
        jobs = list(items)
        self._bar.expect(len(jobs))
        begin, rows = perf_counter(), 0
        of = jobs[0].name if jobs and isinstance(jobs[0], Job) else ""
        for found in self._engine(function, jobs):
            rows += sum(found.rows) if isinstance(found, Done) else 0
            rate = rows / max(perf_counter() - begin, 1e-9)
            self._bar(f"{rows:,} rows, {rate:,.0f} a second, of {of}")
            yield found


def scan_of(path: Path, spec: TableSpec, written: FileFormat, name: str, engine: Map) -> Scan:
    """A table that is read in pieces.

    Args:
        path: A folder, or a file.
        spec: Names and kinds of its columns.
        written: How cells of CSV are written.
        name: What errors call the table.
        engine: What reads pieces.

    Raises:
        SchemaError: It has no rows, or a file is damaged.
        ParameterError: The folder has no files.
        OSError: A file cannot be opened.
    """
    pieces: list[Piece] = []
    for file in folder_files(path):
        pieces += file_pieces(file, spec, written)
    if not pieces:
        raise SchemaError(f"{name} has no rows")
    return Scan(pieces, spec, name=name, map=engine)


def check_workers(workers: int | None, paths: Sequence[Path]) -> None:
    """Refuse a number of processes that is none, or that nothing is done by.

    Raises:
        ParameterError: There are none, or no table is read in pieces.
    """
    if workers is not None and workers < 1:
        raise ParameterError(f"--workers must be at least 1; got {workers}")
    if workers is not None and not any(map(is_read_in_pieces, paths)):
        raise ParameterError(
            "--workers is for folders of files, and for files beyond a quarter of the memory "
            f"({memory() / 2**32:.1f} GB here)"
        )
