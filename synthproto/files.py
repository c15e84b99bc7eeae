"""Writing files so that a reader never sees half of one, and no two processes write the same."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, final
from weakref import WeakSet

# A name that somebody put there beforehand, a link to another place above all, is not written to.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_LINK


def _open_new(path: str, flags: int) -> int:  # noqa: ARG001  an opener's signature
    return os.open(path, _NEW, 0o666)


@contextmanager
def replacing(path: Path, *, sync: bool = False) -> Iterator[IO[bytes]]:
    """Inside: a new file aside, which takes the place of ``path`` at the end.

    After an error the file is removed, and ``path`` is as it was.

    Args:
        path: The file; its folders are made.
        sync: Whether to force content and name to the disk: they then outlive a power cut.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name[:200]}.{os.getpid()}-{threading.get_ident()}.partial")
    aside.unlink(missing_ok=True)
    try:
        with open(aside, "wb", opener=_open_new) as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if sync:
        _sync_folder(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one piece: it is there as a whole, or as it was.

    Args:
        path: The file; its folders are made.
        content: Its bytes.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path) as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    """Force a rename in a folder to the disk, where folders can be opened (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@final
class AppendFile:
    """A file that grows by whole records, from any thread.

    Each record is one unbuffered write: what was appended outlives the process, even one that is
    killed. A write that fails (a full disk) is taken back, so that the file stays readable.

    Args:
        path: The file; it is made where there is none.

    Raises:
        OSError: The file cannot be opened for writing, or is a link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.fdopen(os.open(path, _APPEND, 0o666), "ab", buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size
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
            self.check()
            rest = memoryview(record)
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError:
                self._file.truncate(self._size)
                raise
            self._size += len(record)

    def check(self) -> None:
        """See that the file is open, and still has a name.

        Raises:
            OSError: It was closed, or deleted: what is appended would be gone with the process.
        """
        if self._file.closed:
            raise OSError(f"'{self.path}' is closed")
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise FileNotFoundError(f"'{self.path}' was deleted while it was being written")

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


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@final
class FileLock:
    """A lock that this process holds until it closes it or ends.

    A forked child (a worker of a DataLoader, of a pool) has no part in it: it would otherwise
    hold the lock for as long as it lives, after its parent was killed too.

    Args:
        file: The open file, already locked.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        _HELD.add(self)

    def close(self) -> None:
        """Let others take the lock. A second call does nothing."""
        if not self._file.closed:
            with suppress(OSError):  # a file system without locks
                _unlock(self._file)
            self._file.close()

    def leave(self) -> None:
        """Close this process's copy of the file; the lock stays with the parent process."""
        self._file.close()


_HELD: WeakSet[FileLock] = WeakSet()  # only so that a forked child can close its copies


def _leave_all() -> None:
    for lock in list(_HELD):
        lock.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)


def locked(path: Path) -> FileLock | None:
    """The lock of a file, which is made where there is none; ``None`` if another holds it.

    Args:
        path: The lock file; its folder exists.

    Raises:
        OSError: The file cannot be opened, or is a link.
    """
    file = os.fdopen(os.open(path, _APPEND, 0o666), "ab")
    try:
        _try_lock(file)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:
        pass  # a file system without locks: one process writes one run by agreement
    return FileLock(file)
