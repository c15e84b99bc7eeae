"""Several trackers as one."""

import atexit
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from queue import Queue
from typing import NamedTuple, Self, TypeVar, cast, final

import numpy as np
from numpy.typing import NDArray

from synthproto.contracts import (
    Array,
    ArrayTracker,
    Drawing,
    FigureTracker,
    Mark,
    ParamValue,
    ResumableTracker,
    RunTracker,
    ScalarTracker,
    Status,
    TextTracker,
    Tracker,
)
from synthproto.errors import ParameterError, TrackerError
from synthproto.trackers.lifecycle import Traceback, listed, noted


def enter(tracker: Tracker) -> None:
    """Start a with-block of a tracker that has one."""
    if isinstance(tracker, AbstractContextManager):
        tracker.__enter__()


def leave(
    tracker: Tracker,
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: Traceback,
) -> None:
    """Close a tracker, and tell it what ended the run if it can be told."""
    if isinstance(tracker, AbstractContextManager):
        tracker.__exit__(kind, error, traceback)
    else:
        tracker.close()


_Kind = TypeVar("_Kind", bound=Tracker)


@final
class Tee:
    """Gives what it is told to several trackers.

    A tracker that keeps everything is given everything. One that keeps less is named with what it
    is for, so that a type checker sees that it can, and the reader what it will not have::

        Tee(TensorBoardTracker("runs/vae"), FilesystemTracker("runs/vae"), scalars=[printer])

    One tracker's error does not keep an entry from the others: it is raised when all have been
    told, and says how many failed.

    Args:
        trackers: Trackers of all kinds of entries.
        scalars: Further trackers of scalars only.
        arrays: Further trackers of arrays only.
        figures: Further trackers of plots only.
        texts: Further trackers of texts only.

    Raises:
        ParameterError: No tracker is given.

    Example:
        >>> from synthproto import MemoryTracker, Tee
        >>> one, two = MemoryTracker(), MemoryTracker()
        >>> with Tee(one, scalars=[two]) as tracker:
        ...     tracker.log_scalars({"train/loss": 0.5}, step=1)
        ...     tracker.log_text("notes", "for the first one only", step=1)
        >>> [(len(each.scores), len(each.texts)) for each in (one, two)]
        [(1, 1), (1, 0)]
    """

    def __init__(
        self,
        *trackers: RunTracker,
        scalars: Sequence[ScalarTracker] = (),
        arrays: Sequence[ArrayTracker] = (),
        figures: Sequence[FigureTracker] = (),
        texts: Sequence[TextTracker] = (),
    ) -> None:
        self._full = trackers
        self._scalars = [*trackers, *scalars]
        self._arrays = [*trackers, *arrays]
        self._figures = [*trackers, *figures]
        self._texts = [*trackers, *texts]
        everyone = [*trackers, *scalars, *arrays, *figures, *texts]
        self._all: list[Tracker] = list({id(tracker): tracker for tracker in everyone}.values())
        if not self._all:
            raise ParameterError("Tee needs a tracker; got none.")

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log several numbers of one step by tag."""
        _each(partial(tracker.log_scalars, values, step) for tracker in self._scalars)

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Log an array or frame."""
        _each(partial(tracker.log_array, tag, array, step) for tracker in self._arrays)

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Log a plot."""
        _each(partial(tracker.log_figure, tag, figure, step) for tracker in self._figures)

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Log the distribution of finite values, shape ``(n,)``."""
        _each(partial(tracker.log_histogram, tag, values, step) for tracker in self._full)

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Log a text in Markdown."""
        _each(partial(tracker.log_text, tag, text, step) for tracker in self._texts)

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Log a copy of a file."""
        _each(partial(tracker.log_file, tag, path, step) for tracker in self._full)

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Log hyperparameters by name."""
        _each(partial(tracker.log_params, params) for tracker in self._full)

    def mark(self) -> Mark:
        """Where the trackers stand, those that can say so."""
        able = [tracker for tracker in self._all if isinstance(tracker, ResumableTracker)]
        return {"trackers": [dict(tracker.mark()) for tracker in able]}

    def rewind(self, mark: Mark, /) -> None:
        """Let all that can go on with the run that a mark is of."""
        able = [tracker for tracker in self._all if isinstance(tracker, ResumableTracker)]
        # A mark is what `mark` gave, one for each of the same trackers.
        marks = cast("list[Mark]", mark["trackers"])
        _each(partial(one.rewind, of) for one, of in zip(able, marks, strict=False))

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        _each(
            partial(tracker.tell, status, error)
            for tracker in self._all
            if isinstance(tracker, ResumableTracker)
        )

    def flush(self) -> None:
        """Flush all."""
        _each(tracker.flush for tracker in self._all)

    def close(self) -> None:
        """Close all, even if one raises."""
        _each(tracker.close for tracker in self._all)

    def __enter__(self) -> Self:
        _each(partial(enter, tracker) for tracker in self._all)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: Traceback
    ) -> None:
        with noted(error):
            _each(partial(leave, tracker, kind, error, traceback) for tracker in self._all)


def _each(calls: Iterable[Callable[[], object]]) -> None:
    """Make all calls, then raise what any of them raised."""
    errors: list[Exception] = []
    total = 0
    for call in calls:
        total += 1
        try:
            call()
        except Exception as error:  # noqa: BLE001  foreign trackers raise what they like
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        told = "; ".join(str(error) or repr(error) for error in errors)
        raise TrackerError(f"{len(errors)} of {total} trackers failed: {told}") from errors[0]


class _Job(NamedTuple):
    """One call of the tracker, and the tags that are lost if it fails."""

    tags: Sequence[str]
    call: Callable[[], object]


@final
class Background:
    """Gives entries to a tracker on a thread of its own, in order.

    A call returns at once unless ``size`` entries wait; then it waits for room. Nothing is
    dropped: `flush` and `close` wait until all is written, and a program that ends without
    `close` is held until the queue is empty. Arrays are copied; a plot must not be changed
    after it was logged. What the tracker raises is raised by the next call and by `close`, as a
    `TrackerError` with the tags that were lost; what came after is still written.

    To keep only some kinds of entries in the background, or a tracker of scalars only, wrap it:
    ``Background(Tee(scalars=[mine]))``.

    Args:
        tracker: What keeps the entries; it is not to be used directly meanwhile.
        size: How many entries may wait, at least 1.

    Raises:
        ParameterError: ``size`` is less than 1.

    Example:
        >>> from synthproto import Background, MemoryTracker
        >>> kept = MemoryTracker()
        >>> with Background(kept) as tracker:
        ...     for step in range(1, 4):
        ...         tracker.log_scalars({"train/loss": 1 / step}, step)
        >>> kept.scores["step"].tolist()
        [1, 2, 3]
    """

    def __init__(self, tracker: RunTracker, *, size: int = 256) -> None:
        if size < 1:
            raise ParameterError(f"size must be at least 1; got {size}.")
        self._tracker = tracker
        self._jobs: Queue[_Job | None] = Queue(size)
        self._lost: list[str] = []
        self._untold = 0
        self._first: BaseException | None = None
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="tracker", daemon=True)
        self._worker.start()
        atexit.register(self._drain)  # runs before daemon threads are stopped

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log several numbers of one step by tag."""
        values = dict(values)
        self._put(list(values), partial(self._tracker.log_scalars, values, step))

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Log an array or frame."""
        self._put([tag], partial(self._tracker.log_array, tag, array.copy(), step))

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Log a plot; it is turned into an image on the other thread."""
        self._put([tag], partial(self._tracker.log_figure, tag, figure, step))

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Log the distribution of finite values, shape ``(n,)``."""
        self._put([tag], partial(self._tracker.log_histogram, tag, values.copy(), step))

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Log a text in Markdown."""
        self._put([tag], partial(self._tracker.log_text, tag, text, step))

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Log a copy of a file, made before this returns: the file may change afterwards."""
        self._put([tag], partial(self._tracker.log_file, tag, path, step))
        self._jobs.join()

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Log hyperparameters by name."""
        params = dict(params)
        self._put(list(params), partial(self._tracker.log_params, params))

    def mark(self) -> Mark:
        """Where the tracker stands when all that was logged is written, if it can say so."""
        self.flush()
        tracker = self._tracker
        return tracker.mark() if isinstance(tracker, ResumableTracker) else {}

    def rewind(self, mark: Mark, /) -> None:
        """Let the tracker go on with the run that a mark is of."""
        self.flush()
        if isinstance(self._tracker, ResumableTracker):
            self._tracker.rewind(mark)

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        if isinstance(self._tracker, ResumableTracker):
            self._tracker.tell(status, error)

    def flush(self) -> None:
        """Wait until everything is written, and flush the tracker.

        Raises:
            TrackerError: Something was lost since the last error that was raised.
        """
        if not self._closed:
            self._jobs.put(_Job((), self._tracker.flush))
            self._jobs.join()
        self._tell()

    def close(self) -> None:
        """Write everything, close the tracker and end the thread. A second call does nothing.

        Raises:
            TrackerError: Something was lost, ever; or the tracker cannot be closed.
        """
        self._end(self._tracker.close, None)

    def __enter__(self) -> Self:
        enter(self._tracker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: Traceback
    ) -> None:
        self._end(partial(leave, self._tracker, kind, error, traceback), error)

    def _put(self, tags: Sequence[str], call: Callable[[], object]) -> None:
        if self._closed:
            raise TrackerError(f"Background is closed; got {listed(tags)}.")
        self._jobs.put(_Job(tags, call))
        self._tell()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.call()
            except BaseException as error:  # noqa: BLE001  it is raised in the other thread
                self._first = self._first or error
                self._lost.extend(job.tags)
                self._untold += 1
            finally:
                self._jobs.task_done()
        self._jobs.task_done()

    def _tell(self) -> None:
        """Raise what was lost since the last time."""
        if self._untold:
            self._untold = 0
            raise TrackerError(self._message()) from self._first

    def _message(self) -> str:
        lost = f"lost {len(self._lost)} entries so far: {listed(self._lost)}"
        what = lost if self._lost else "could not flush or close its tracker"
        return f"Background {what}; the first error was {self._first!r}."

    def _drain(self) -> None:
        if self._worker.is_alive():
            self._jobs.put(None)
            self._worker.join()

    def _end(self, last: Callable[[], object], error: BaseException | None) -> None:
        if self._closed:
            return
        self._closed = True
        self._jobs.put(_Job((), last))
        self._drain()
        atexit.unregister(self._drain)
        with noted(error):
            if self._first is not None:
                raise TrackerError(self._message()) from self._first
