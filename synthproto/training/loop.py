"""Going through an epoch's batches, from its start or from where a run was interrupted."""

import inspect
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import FrameType, TracebackType
from typing import TypeAlias, cast, final

from synthproto.contracts import Batch, Batches
from synthproto.training.randomness import kept_random_states

_NOTHING = object()
_Handler: TypeAlias = Callable[[int, FrameType | None], object] | signal.Handlers
# The handlers that a run replaces: Python's own, not one that a program has set.
_DEFAULTS: dict[signal.Signals, _Handler] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


def epoch_batches(batches: Batches[Batch], epoch: int, start: int) -> Iterator[Batch]:
    """The batches of an epoch without the first ones.

    Args:
        batches: A sequence, or a function of the epoch. One that has a parameter ``start`` is
            asked to skip by itself; from another one, batches are drawn and dropped.
        epoch: Counted from 1.
        start: Batches to skip.
    """
    if isinstance(batches, Sequence):
        return islice(batches, start, None)
    if start and _takes_start(batches):
        # The signature was just looked at: the second argument is where to start.
        return iter(cast("Callable[[int, int], Iterable[Batch]]", batches)(epoch, start))
    drawn = iter(batches(epoch))
    for _ in islice(drawn, start):
        pass
    return drawn


def is_exhausted(batches: Iterator[object]) -> bool:
    """Whether an epoch has no batch left; drawing the next one leaves no trace."""
    with kept_random_states():
        return next(batches, _NOTHING) is _NOTHING


def _takes_start(batches: Callable[..., object]) -> bool:
    try:
        return "start" in inspect.signature(batches).parameters
    except (TypeError, ValueError):  # some builtins have no signature
        return False


@final
class Interrupt:
    """While entered, the first Ctrl-C or SIGTERM is only noted; a second one ends the process.

    Outside the main thread, where Python delivers no signals, and where a program has replaced
    Python's handler by its own, it does nothing.

    Attributes:
        cause: What was noted: ``"KeyboardInterrupt"``, ``"SIGTERM"``, or nothing.
    """

    def __init__(self) -> None:
        self.cause: str = ""
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> "Interrupt":
        self.cause = ""
        if threading.current_thread() is threading.main_thread():
            for number, default in _DEFAULTS.items():
                if signal.getsignal(number) is default:
                    self._before[number] = default
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.cause:
            self.cause = "SIGTERM" if number == signal.SIGTERM else "KeyboardInterrupt"
        elif number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
