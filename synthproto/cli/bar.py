"""A progress bar on standard error for what takes longer than two seconds."""

import importlib.util
import sys
from types import TracebackType
from typing import Self, final

from typing_extensions import Protocol, runtime_checkable

from synthproto.cli.terminal import plain

_DELAY = 2.0  # seconds


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

    Silent where standard error is not a terminal, before two seconds have passed, and where tqdm
    (the extra ``progress``) is not installed.
    """

    def __init__(self) -> None:
        self._bar: _Bar | None = None

    def __enter__(self) -> Self:
        if importlib.util.find_spec("tqdm") is not None:
            from tqdm import tqdm

            style = "{n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}  {desc}"
            self._bar = tqdm(
                total=0,
                file=sys.stderr,
                delay=_DELAY,
                disable=None,  # unless standard error is a terminal
                leave=False,
                dynamic_ncols=True,
                miniters=1,
                bar_format=style,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def expect(self, steps: int) -> None:
        """Announce that so many more calls will follow."""
        if self._bar is not None:
            self._bar.total = (self._bar.total or 0) + steps

    def __call__(self, part: str) -> None:
        """Show what begins now."""
        if self._bar is not None:
            self._bar.set_description_str(plain(part, 50), refresh=False)
            self._bar.update(1)
