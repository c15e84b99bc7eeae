"""Several trackers as one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import ParameterError, TrackerError
from synthproto.trackers.faults import noted
from synthproto.trackers.values import Traceback
from synthproto.trackers.wrapping import enter, leave
from synthproto.contracts import (
    Array,
    ArrayTracker,
    Drawing,
    FigureTracker,
    ParamValue,
    RunTracker,
    ScalarTracker,
    TextTracker,
    Tracker,
)

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
        told = "; ".join(str(error) for error in errors)
        raise TrackerError(f"{len(errors)} of {total} trackers failed: {told}") from errors[0]
