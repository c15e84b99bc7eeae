"""A folder of its own for each run: taken by one process at a time, never mixed."""

import csv
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from io import StringIO
from itertools import count
from pathlib import Path
from typing import final

from synthproto.errors import ParameterError, TrackerError
from synthproto.files import AppendFile, FileLock, locked, replace_file
from synthproto.trackers.lifecycle import clean


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
    alone: the run goes to ``name-2``, ``name-3``, ... beside it, and a line on standard error says
    so. A continued run must be there, and idle.

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
        self._wanted = Path(wanted)
        self._marker = marker
        self._lock_name = f".{kind}.lock"
        if resume and required and not any(self._wanted.glob(marker)):
            raise ParameterError(
                f"resume_after needs a run to continue; got folder '{wanted}', which holds no "
                f"{marker!r}. Leave resume_after out to start a run."
            )
        self.path: Path
        try:
            self.path, self._lock = self._begun(self._wanted) if resume else self._free()
            if self.path != self._wanted:
                _say(f"'{self._wanted}' holds a run already: this one is in '{self.path}'")
        except OSError as error:
            raise TrackerError(
                f"run folder '{wanted}' must be writable; got {error!r}. Choose another folder."
            ) from error

    def _free(self) -> tuple[Path, FileLock]:
        """The first folder without a run, locked."""
        for path in _numbered(self._wanted):
            path.mkdir(parents=True, exist_ok=True)
            if any(path.glob(self._marker)):
                continue
            lock = locked(path / self._lock_name)
            if lock is not None and not any(path.glob(self._marker)):
                return path, lock
            if lock is not None:  # another run came and went between the look and the lock
                lock.close()
        raise AssertionError("unreachable: there is always another number")

    def _begun(self, path: Path) -> tuple[Path, FileLock]:
        """A folder whose run goes on, locked."""
        path.mkdir(parents=True, exist_ok=True)
        lock = locked(path / self._lock_name)
        if lock is None:
            raise TrackerError(
                f"run folder '{path}' is still being written; one process writes one run. "
                "End the other process first."
            )
        return path, lock

    def go_to(self, name: str) -> bool:
        """Take the folder of a run that goes on in place of this one.

        Args:
            name: The folder's name, from a mark: this tracker's own, or one numbered after it.

        Returns:
            Whether there is such a run; if not, this one stays where it is.

        Raises:
            TrackerError: That run is still being written.
            OSError: The folder cannot be locked.
        """
        path = self._wanted.with_name(name)
        if path == self.path:
            return True
        own = re.fullmatch(re.escape(self._wanted.name) + r"(-\d+)?", name)
        if own is None or not any(path.glob(self._marker)):
            return False
        before = self._lock
        self.path, self._lock = self._begun(path)
        before.close()
        _say(f"the run in '{path}' goes on")
        return True

    def discard(self, path: Path) -> None:
        """Remove a folder that this run has left, unless it holds something else."""
        (path / self._lock_name).unlink(missing_ok=True)
        with suppress(OSError):
            path.rmdir()

    def close(self) -> None:
        """Let others continue the run."""
        self._lock.close()


def _say(line: str) -> None:
    with suppress(OSError, AttributeError):  # a program may run without a console
        sys.stderr.write(f"{clean(line)}\n")


SUPERSEDED = "superseded"
"""Folder for what a continued run logs again."""

_SPECIAL = frozenset(',"\r\n')


def _cell(value: object) -> str:
    """A field of RFC 4180; ``csv.writer`` would leave a lone carriage return unquoted."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.intersection(text) else text


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = "".join(",".join(map(_cell, row)) + "\n" for row in rows)
    return clean(text).encode()


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
        with path.open("rb") as file:
            whole = b"\n" in file.read(1000)
        if not whole:  # a new file, or one torn before its first line was whole
            self._file.cut(0)
            self._file.append(_lines([self._columns]))

    @property
    def size(self) -> int:
        """Bytes so far: where the next row begins."""
        return self._file.size

    def check(self) -> None:
        """See that the file is still there.

        Raises:
            OSError: It was deleted.
        """
        self._file.check()

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Append some rows, all or none, and the time to each.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        now = repr(time.time())
        self._file.append(_lines((*row, now) for row in rows))

    def rows(self, start: int = 0) -> list[list[str]]:
        """The rows from a byte on, or all, without the header.

        Raises:
            OSError: The file cannot be read.
            ValueError: The file was changed by hand.
        """
        return self._parsed(self._file.path.read_bytes()[start:], header=start == 0)

    def go_back(self, size: int) -> tuple[list[list[str]], list[list[str]]]:
        """Keep the first ``size`` bytes; later rows move to ``superseded/``.

        Returns:
            The rows that are left, and those that were taken back.

        Raises:
            OSError: The file cannot be read or cut.
            ValueError: The file was changed by hand.
        """
        data = self._file.path.read_bytes()
        if size > len(data) or not data[:size].endswith(b"\n"):
            raise self._changed()
        return self._keep(data, size)

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
        data = self._file.path.read_bytes()
        rows = self._parsed(data, header=True)
        if isinstance(after, datetime):
            early = [float(row[-1]) <= after.timestamp() for row in rows]
        else:
            early = [int(row[0]) <= after for row in rows]
        last = max((i for i, kept in enumerate(early) if kept), default=-1)
        left = _lines([self._columns, *rows[: last + 1]])
        if not data.startswith(left):
            raise self._changed()
        return self._keep(data, len(left))

    def _parsed(self, data: bytes, *, header: bool) -> list[list[str]]:
        rows = _whole_rows(data)
        if header and (not rows or rows.pop(0) != self._columns):
            raise self._changed()
        if any(len(row) != len(self._columns) for row in rows):
            raise self._changed()
        return rows

    def _keep(self, data: bytes, size: int) -> tuple[list[list[str]], list[list[str]]]:
        path = self._file.path
        kept = self._parsed(data[:size], header=True)
        cut = self._parsed(data[size:], header=False)
        if size < len(data):
            aside = path.parent / SUPERSEDED / f"{path.stem}-{size}{path.suffix}"
            replace_file(aside, data[size:])
            self._file.cut(size)
        return kept, cut

    def _changed(self) -> ValueError:
        return ValueError(f"'{self._file.path}' was changed since it was written")

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._file.close()
