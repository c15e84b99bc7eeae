"""A folder of its own for each run: taken by one process at a time, never mixed."""

import csv
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from itertools import count
from pathlib import Path
from typing import IO, final

from synthproto.errors import ParameterError, TrackerError
from synthproto.files import AppendFile

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _locked(path: Path) -> IO[bytes] | None:
    """The open lock file, whose lock ends with the process; ``None`` if another holds it."""
    file = path.open("ab")
    try:
        _try_lock(file)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:
        return file  # a file system without locks: one process writes one run by agreement
    return file


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in count(2):
        yield path.with_name(f"{path.name}-{number}")


def is_beginning(after: object) -> bool:
    """Whether a run is to go on from before all time: it begins anew, in the same folder."""
    return isinstance(after, datetime) and after.timestamp() == 0


@final
class RunFolder:
    """A folder that one tracker writes to until it is closed.

    A folder that already holds a run, or that another process is about to write to, is left
    alone: the run goes to ``name-2``, ``name-3``, ... beside it. A continued run must be there,
    and idle.

    Args:
        wanted: The folder; it and its parents are made.
        kind: The tracker's name, so that two kinds can share a folder.
        marker: Pattern of a file that a run of this kind has.
        resume: Whether to continue the run in the folder.
        required: Whether there must be one to continue.

    Raises:
        ParameterError: There is no run to continue.
        TrackerError: The folder cannot be written, or the run to continue is still being written.
    """

    def __init__(
        self, wanted: str | Path, kind: str, marker: str, *, resume: bool, required: bool
    ) -> None:
        wanted = Path(wanted)
        if resume and required and not any(wanted.glob(marker)):
            raise ParameterError(
                f"resume_after needs a run to continue; got folder '{wanted}', which holds no "
                f"{marker!r}. Leave resume_after out to start a run."
            )
        self.path: Path
        try:
            self.path, self._lock = self._take(wanted, kind, marker, resume=resume)
        except OSError as error:
            raise TrackerError(
                f"run folder '{wanted}' must be writable; got {error!r}. Choose another folder."
            ) from error

    @staticmethod
    def _take(wanted: Path, kind: str, marker: str, *, resume: bool) -> tuple[Path, IO[bytes]]:
        for path in _numbered(wanted):
            path.mkdir(parents=True, exist_ok=True)
            if not resume and any(path.glob(marker)):
                continue
            lock = _locked(path / f".{kind}.lock")
            if lock is not None and (resume or not any(path.glob(marker))):
                return path, lock
            if resume:
                raise TrackerError(
                    f"run folder '{path}' is still being written; one process writes one run. "
                    "End the other process first."
                )
            if lock is not None:  # another run came and went between the look and the lock
                lock.close()
        raise AssertionError("unreachable: there is always another number")

    def close(self) -> None:
        """Let others continue the run."""
        self._lock.close()


SUPERSEDED = "superseded"
"""Folder for what a continued run logs again."""

_SPECIAL = frozenset(',"\r\n')


def _cell(value: object) -> str:
    """A field of RFC 4180; ``csv.writer`` would leave a lone carriage return unquoted."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.intersection(text) else text


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = "".join(",".join(map(_cell, row)) + "\n" for row in rows)
    return text.encode("utf-8", "surrogatepass")


def _whole_rows(data: bytes) -> list[list[str]]:
    """Rows of a CSV file without a last line that was torn when its writer was killed."""
    text = data.decode("utf-8", "surrogatepass")
    rows = list(csv.reader(StringIO(text, newline="")))
    return rows if text.endswith("\n") else rows[:-1]


@final
class Ledger:
    """Rows in the order in which they were logged.

    Args:
        path: The CSV file; it is made where there is none.
        columns: Its header, the step first; the time, in seconds since 1970, comes last.

    Raises:
        OSError: The file cannot be opened for writing.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._columns = [*columns, "time"]
        self._file = AppendFile(path)
        if self._file.size == 0:
            self._file.append(_lines([self._columns]))

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Append some rows, all or none, and the time to each.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        now = repr(time.time())
        self._file.append(_lines((*row, now) for row in rows))

    def take_back(self, after: int | datetime) -> tuple[list[list[str]], list[list[str]]]:
        """Keep rows up to the last one of a step or time; others move to ``superseded/``.

        Args:
            after: The last step, or the last moment, to keep.

        Returns:
            The rows that are left, and those that were taken back.

        Raises:
            OSError: The file cannot be read or cut.
            ValueError: The file was changed by hand.
        """
        path = self._file.path
        data = path.read_bytes()
        header, *rows = _whole_rows(data) or [[]]
        if isinstance(after, datetime):
            early = [float(row[-1]) <= after.timestamp() for row in rows]
        else:
            early = [int(row[0]) <= after for row in rows]
        last = max((i for i, kept in enumerate(early) if kept), default=-1)
        kept, cut = rows[: last + 1], rows[last + 1 :]
        left = _lines([header, *kept])
        if header != self._columns or not data.startswith(left):
            raise ValueError(f"'{path}' was changed since it was written")
        if data != left:
            aside = path.parent / SUPERSEDED / f"{path.stem}-{len(left)}{path.suffix}"
            aside.parent.mkdir(exist_ok=True)
            aside.write_bytes(data[len(left) :])
            self._file.cut(len(left))
        return kept, cut

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._file.close()
