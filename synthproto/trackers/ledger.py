"""A CSV file that grows by whole lines, and can be taken back to an earlier step."""

import csv
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import final

from synthproto.trackers.records import AppendFile

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
