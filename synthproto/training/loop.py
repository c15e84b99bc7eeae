"""Going through an epoch's batches, from its start or from where a run was interrupted."""

import inspect
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import FrameType, TracebackType
from typing import cast, final

from synthproto.contracts import Batch, Batches
from synthproto.training.randomness import kept_random_states

_NOTHING = object()


def epoch_batches(batches: Batches[Batch], epoch: int, start: int) -> Iterator[Batch]:
    """The batches of an epoch without the first ones.

    Args:
        batches: A sequence, or a function of the epoch. One that has a parameter ``start`` is
            asked to skip by itself; from another one, batches are drawn and dropped.
        epoch: Counted from 1.
        start: Batches to skip.
    """
    if not callable(batches):
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
    """While entered, the first Ctrl-C is only noted and a second one raises.

    Outside the main thread, where Python delivers no signals, and where a program has replaced
    Python's handler by its own, it does nothing.
    """

    def __init__(self) -> None:
        self.requested: bool = False
        self._installed = False

    def __enter__(self) -> "Interrupt":
        self.requested = False
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._installed = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True
