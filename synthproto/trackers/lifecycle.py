"""What a tracker does when it cannot keep something, and what it never accepts."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from types import TracebackType
from typing import IO, Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import Protocol, runtime_checkable

from synthproto.errors import ParameterError, SynthprotoWarning, TrackerError

OnError: TypeAlias = Literal["raise", "warn"]
"""Stop with a `TrackerError`, or go on training with a warning and count what was lost."""

_SHOWN = 5  # tags named in a message


def listed(tags: Collection[str]) -> str:
    """Some tags for a message: the first few, and how many more."""
    first = ", ".join(repr(tag) for tag in list(tags)[:_SHOWN])
    more = len(tags) - _SHOWN
    return f"{first} and {more} more" if more > 0 else first


def check_entry(tags: Collection[str], step: int) -> None:
    """Refuse what no tracker keeps.

    Args:
        tags: Tags of one call.
        step: Its step.

    Raises:
        ParameterError: A tag is empty, or the step is negative.
    """
    faults = ["a tag is empty; tags are 'family/name[/column]'"] if "" in tags else []
    if step < 0:
        faults.append(f"step must not be negative; got {step} for {listed(tags)}")
    if faults:
        raise ParameterError("; ".join(faults))


def check_finite(tag: str, values: NDArray[np.float64], step: int) -> None:
    """Refuse values that have no distribution.

    Args:
        tag: Tag of the distribution.
        values: Its values, any shape.
        step: Its step.

    Raises:
        ParameterError: There is no value, or not all are finite.
    """
    odd = values.size - int(np.isfinite(values).sum())
    if odd or not values.size:
        raise ParameterError(
            f"histogram '{tag}' at step {step} needs finite values; got {values.size} values, "
            f"{odd} of them not finite."
        )


@contextmanager
def noted(error: BaseException | None) -> Iterator[None]:
    """Inside: a tracker's own trouble is a note on the error under way, if there is one."""
    try:
        yield
    except TrackerError as trouble:
        if error is None:
            raise
        if trouble is not error:
            error.add_note(str(trouble))


@final
class Faults:
    """Counts what a tracker lost, and tells the user as it was asked to.

    Args:
        tracker: The tracker's name in messages, with its place.
        on_error: ``"raise"`` a `TrackerError` at once and at `settle`, or ``"warn"`` once and
            again at `settle`.
        catch: Errors of the outer world that count as a loss; others pass through.
    """

    def __init__(
        self,
        tracker: str,
        on_error: OnError,
        catch: tuple[type[Exception], ...] = (OSError,),
    ) -> None:
        self._tracker = tracker
        self._on_error = on_error
        self._catch = catch
        self._lost: dict[str, int] = {}
        self._first: Exception | None = None

    @contextmanager
    def guard(self, tags: Collection[str], step: int | None = None) -> Iterator[None]:
        """Inside: an error of the outer world counts as the loss of these tags."""
        try:
            yield
        except self._catch as error:
            known = self._first is not None
            self._first = self._first or error
            for tag in tags:
                self._lost[tag] = self._lost.get(tag, 0) + 1
            at = "" if step is None else f" of step {step}"
            message = f"{self._tracker} could not keep {listed(tags)}{at}; got {error!r}."
            if self._on_error == "raise":
                raise TrackerError(f"{message} Pass on_error='warn' to go on without.") from error
            if not known:
                warnings.warn(
                    f"{message} It goes on, and counts what is lost.",
                    SynthprotoWarning,
                    stacklevel=4,
                )

    def settle(self) -> None:
        """Say once what was lost in all.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        if self._first is None:
            return
        count = sum(self._lost.values())
        message = (
            f"{self._tracker} lost {count} values of {len(self._lost)} tags: "
            f"{listed(self._lost)}; the first error was {self._first!r}."
        )
        error, self._first = self._first, None
        self._lost.clear()
        if self._on_error == "raise":
            raise TrackerError(message) from error
        warnings.warn(message, SynthprotoWarning, stacklevel=3)


Status: TypeAlias = Literal["running", "finished", "interrupted", "failed"]
ParamValue: TypeAlias = str | int | float | bool
Array: TypeAlias = NDArray[np.float64] | pd.DataFrame

REFERENCE = "reference/"
"""Prefix of a reference's tag: ``reference/fidelity/x`` is what real data reach on ``fidelity/x``.

A group of its own: in a dashboard it follows the scores and does not come between them.
"""

ABOUT = "run/"
"""Prefix of texts that describe the whole run: ``run/plan``, ``run/spec``."""


@runtime_checkable
class Drawing(Protocol):
    """A plot that can write itself as an image; said here so that no tracker loads torch."""

    def savefig(self, file: IO[bytes], /, *, format: str) -> object:  # noqa: A002  matplotlib's name
        """Write the picture to an open binary file, ``format`` being ``"png"``."""
        ...


def png(figure: Drawing) -> bytes:
    """A plot as the bytes of a PNG file."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def outcome(kind: type[BaseException] | None, error: BaseException | None) -> tuple[Status, str]:
    """How a with-block ended.

    Args:
        kind: Class of what was raised in the block.
        error: What was raised.

    Returns:
        The run's status, and the error as one line, empty for a run that finished.
    """
    if kind is None:
        return "finished", ""
    status: Status = "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
    text = str(error) if error is not None else ""
    return status, f"{kind.__name__}: {text}" if text else kind.__name__


Traceback: TypeAlias = TracebackType | None
