"""Writing files so that a reader never sees half of one."""

import threading
from pathlib import Path
from typing import final


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one piece: it is there as a whole, or as it was.

    Args:
        path: The file; its folders are made.
        content: Its bytes.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:200]}.{threading.get_ident()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@final
class AppendFile:
    """A file that grows by whole records, from any thread.

    Each record is one unbuffered write: what was appended outlives the process, even one that is
    killed. A write that fails (a full disk) is taken back, so that the file stays readable.

    Args:
        path: The file; it is made where there is none.

    Raises:
        OSError: The file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def append(self, record: bytes) -> None:
        """Append one record, or nothing.

        Args:
            record: Its bytes.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        with self._lock:
            rest = memoryview(record)
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError:
                self._file.truncate(self._size)
                raise
            self._size += len(record)

    def cut(self, size: int) -> None:
        """Drop all bytes from ``size`` on.

        Raises:
            OSError: The file cannot be cut.
        """
        with self._lock:
            self._file.truncate(size)
            self._size = size

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._file.close()
