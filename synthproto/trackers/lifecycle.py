"""What trackers share: what they reject, what they may lose, how they end.

Every tracker keeps what it is given before the call returns, safe from the end of the process.
What the outer world does not take (a full disk, a folder that was deleted, a server that is gone)
is a loss. With ``on_error="raise"`` it raises a `TrackerError` at once, with ``"warn"`` training
goes on, and the end says how many values of which tags were lost. An entry that cannot be kept
takes no other entry of the same call with it.
"""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from traceback import format_exception
from types import TracebackType
from typing import IO, Literal, TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import Protocol, runtime_checkable

from synthproto.errors import ParameterError, SynthprotoWarning, TrackerError

OnError: TypeAlias = Literal["raise", "warn"]
"""Stop with a `TrackerError`, or go on training with a warning and count what was lost."""

Status: TypeAlias = Literal["running", "finished", "interrupted", "failed"]
ParamValue: TypeAlias = str | int | float | bool
_SHOWN = 5  # tags named in a message


def listed(tags: Collection[str]) -> str:
    """Some tags for a message: the first few, and how many more."""
    first = ", ".join(repr(tag) for tag in list(tags)[:_SHOWN])
    more = len(tags) - _SHOWN
    return f"{first} and {more} more" if more > 0 else first


def clean(text: str) -> str:
    r"""A text that can be written as UTF-8: lone surrogates become escapes such as ``\\udc80``."""
    return text.encode("utf-8", "backslashreplace").decode()


def check_entry(tags: Collection[str], step: int) -> None:
    """Reject empty tags and negative steps.

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
    """Reject values that have no distribution.

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
class Lifecycle:
    """A tracker from its start to its end: what it may lose, and how it says so.

    Attributes:
        status: ``"running"`` while it is open, then how the run ended.
        error: What ended the run, empty for one that finished.

    Args:
        tracker: The tracker's name in messages, with its place.
        on_error: ``"raise"`` a `TrackerError` at once and at the end, or ``"warn"`` once and
            again at the end.
        catch: Errors of the outer world that count as a loss; others pass through.
        secret: A password that no message may show.
    """

    def __init__(
        self,
        tracker: str,
        on_error: OnError = "raise",
        catch: tuple[type[Exception], ...] = (OSError,),
        secret: str = "",
    ) -> None:
        self.status: Status = "running"
        self.error: str = ""
        self._tracker = tracker
        self._on_error = on_error
        self._catch = catch
        self._secret = secret
        self._told: tuple[Status, str] = ("finished", "")
        self._lost: dict[str, int] = {}
        self._first: Exception | None = None

    def check(self, tags: Collection[str], step: int) -> None:
        """Reject empty tags and negative steps, and whatever comes after the end.

        Raises:
            ParameterError: A tag is empty, or the step is negative.
            TrackerError: The tracker is closed.
        """
        check_entry(tags, step)
        if self.status != "running":
            raise TrackerError(f"{self._tracker} is closed; got {listed(tags)}.")

    @contextmanager
    def guard(self, tags: Collection[str], step: int | None = None) -> Iterator[None]:
        """Inside: an error of the outer world counts as the loss of these tags.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        try:
            yield
        except self._catch as error:
            known = self._first is not None
            self._count(tags, error)
            at = "" if step is None else f" of step {step}"
            message = f"{self._tracker} could not keep {listed(tags)}{at}; got {error!r}."
            if self._on_error == "raise":
                message = self.hidden(f"{message} Pass on_error='warn' to go on without.")
                raise TrackerError(message) from self.cause(error)
            if not known:
                self._warn(f"{message} It goes on, and counts what is lost.")

    def cause(self, error: BaseException) -> BaseException | None:
        """What an error is raised from: nothing where that would show the password."""
        shown = "".join(format_exception(error)) if self._secret else ""
        return None if self._secret and self._secret in shown else error

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, for an end of the ``with`` block that no exception causes."""
        self._told = (status, error)

    def begin_again(self) -> None:
        """Be open again: the run goes on."""
        self.status, self.error, self._told = "running", "", ("finished", "")

    def end(
        self,
        write: Callable[[], None],
        release: Callable[[], None],
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Close the tracker, once: note how the run ended, and say what was lost in all.

        Args:
            write: Writes status and error where the run is.
            release: Closes files.
            kind: Class of what was raised in the ``with`` block.
            error: What was raised; the tracker's own trouble becomes a note on it.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        if self.status != "running":
            return
        self.status, self.error = self._told if kind is None else outcome(kind, error)
        self.error = self.hidden(self.error)
        with noted(error):
            try:
                try:
                    write()
                except self._catch as lost:
                    self._count(["status"], lost)
                self._settle()
            finally:
                release()

    def _count(self, tags: Collection[str], error: Exception) -> None:
        self._first = self._first or error
        for tag in tags:
            self._lost[tag] = self._lost.get(tag, 0) + 1

    def _settle(self) -> None:
        """Say once what was lost in all."""
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
            raise TrackerError(self.hidden(message)) from self.cause(error)
        self._warn(message)

    def _warn(self, message: str) -> None:
        warnings.warn(self.hidden(message), SynthprotoWarning, stacklevel=5)

    def hidden(self, message: str) -> str:
        """A message without the password."""
        return message.replace(self._secret, "***") if self._secret else message


Array: TypeAlias = NDArray[np.float64] | pd.DataFrame

BESIDE = ("reference/", "floor/")
"""Prefixes of what real rows, and independent columns, reach on a score: ``reference/fidelity/x``.

Groups of their own: in a dashboard they follow the scores and do not come between them.
"""

Mark: TypeAlias = Mapping[str, object]
"""Where a tracker stands, as plain values that a checkpoint keeps."""

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
