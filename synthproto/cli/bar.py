"""A progress bar on standard error for what takes longer than two seconds."""

import importlib.util
import sys
import threading
from types import TracebackType
from typing import Self, final

from typing_extensions import Protocol, runtime_checkable

from synthproto.cli.terminal import plain

_DELAY = 2.0  # seconds
_TICK = 1.0  # seconds


@runtime_checkable
class _Bar(Protocol):
    """What is used of tqdm's bar."""

    total: float | None

    def set_description_str(self, desc: str, refresh: bool) -> object: ...
    def update(self, n: float) -> object: ...
    def close(self) -> object: ...


@final
class Bar:
    """Counts parts of the work as they begin; call it with what begins.

    Its clock goes on while one part takes long. Silent where standard error is not a terminal,
    before two seconds have passed, and where tqdm (the extra ``progress``) is not installed.
    """

    def __init__(self) -> None:
        self._bar: _Bar | None = None
        self._drawing = threading.Lock()
        self._done = threading.Event()
        self._clock = threading.Thread(target=self._tick, name="progress bar", daemon=True)

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None:
            from tqdm import tqdm

            style = "{n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}  {desc}"
            self._bar = tqdm(
                total=0,
                file=sys.stderr,
                delay=_DELAY,
                leave=False,
                dynamic_ncols=True,
                miniters=0,  # so that an update by nothing draws the clock
                bar_format=style,
            )
            self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._done.set()
            self._clock.join()
            self._bar.close()

    def expect(self, steps: int) -> None:
        """Announce that so many more calls will follow."""
        if self._bar is not None:
            self._bar.total = (self._bar.total or 0) + steps

    def __call__(self, part: str) -> None:
        """Show what begins now."""
        if self._bar is not None:
            with self._drawing:
                self._bar.set_description_str(plain(part, 50), refresh=False)
                self._bar.update(1)

    def _tick(self) -> None:
        while self._bar is not None and not self._done.wait(_TICK):
            with self._drawing:
                self._bar.update(0)
