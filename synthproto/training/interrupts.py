"""Ctrl-C as a request: the run ends between two steps, not inside one."""

import signal
import threading
from types import FrameType, TracebackType
from typing import final


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
