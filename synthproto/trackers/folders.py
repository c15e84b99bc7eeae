"""A folder of its own for each run: taken by one process at a time, never mixed."""

import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import IO, final

from synthproto.errors import ParameterError, TrackerError

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
