"""The progress bar: tqdm's where it is installed, otherwise plain lines."""

import importlib.util
import itertools
import shutil
import sys
import threading
from collections.abc import Mapping
from time import perf_counter
from types import TracebackType
from typing import Self, TextIO, cast, final

from typing_extensions import Protocol, runtime_checkable

from synthproto.formatting import plain

_SECONDS_BETWEEN_DRAWINGS = 0.4
_SECONDS_BETWEEN_LINES = 5.0
_TIMED = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
_BESIDE = 28  # signs that share, clock and the shortest bar take of a line
_ENDLESS = "{desc}{elapsed}{postfix}"


@runtime_checkable
class Writable(Protocol):
    """What is used of a text stream; notebooks and captures have classes of their own."""

    def write(self, s: str, /) -> object:
        """Take a text."""
        ...

    def flush(self) -> object:
        """Show it."""
        ...


@runtime_checkable
class _Bar(Protocol):
    """What is used of tqdm's bar."""

    n: float

    def set_description_str(self, desc: str, refresh: bool, /) -> object: ...
    def set_postfix_str(self, s: str, refresh: bool, /) -> object: ...
    def refresh(self) -> object: ...
    def close(self) -> object: ...


def _tqdm_bar(epochs: int | None, file: Writable) -> _Bar | None:
    if importlib.util.find_spec("tqdm") is None:
        return None
    if importlib.util.find_spec("ipywidgets") is None:  # notebooks would be warned without it
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm

    style = _TIMED if epochs else _ENDLESS
    # tqdm asks for a whole stream, and uses no more than these two methods of it.
    stream = cast("TextIO", file)
    return tqdm(total=epochs, file=stream, dynamic_ncols=True, bar_format=style)


@final
class ProgressBar:
    """Shows the epoch, the share done, the loss, the latest scores and the time left.

    Without tqdm (the extra ``progress``) it writes a line every few seconds.

    Args:
        scores: Most of the routines' scores that are shown beside the loss, at least 0.
        file: Where to write; by default the standard error stream.

    Attributes:
        next_drawing: When `step` is due, as `time.perf_counter` counts.
    """

    def __init__(self, *, scores: int = 3, file: Writable | None = None) -> None:
        self._most = scores
        self._file = file
        self._out: Writable = sys.stderr
        self._bar: _Bar | None = None
        self._latest: dict[str, float] = {}
        self._total: int | None = None
        self._steps: int | None = None
        self._drawn = 0.0
        self.next_drawing: float = 0.0

    def open(self, epochs: int | None, steps: int | None) -> None:
        """Begin to show a run.

        Args:
            epochs: Epoch after which it ends at the latest, if known.
            steps: Steps of an epoch, if known.
        """
        self._total, self._steps = epochs, steps
        self._out = sys.stderr if self._file is None else self._file
        self._bar = _tqdm_bar(epochs, self._out)
        self._drawn = perf_counter()
        self.next_drawing = self._drawn + _SECONDS_BETWEEN_DRAWINGS

    def step(self, epoch: int, position: int, now: float) -> None:
        """Show a step of an epoch; to be called once `next_drawing` has come.

        Args:
            epoch: Current epoch, from 1.
            position: Steps done in it.
            now: What `time.perf_counter` gives.
        """
        self.next_drawing = now + _SECONDS_BETWEEN_DRAWINGS
        if self._bar is not None:
            share = min(position / self._steps, 1.0) if self._steps else 0.0
            self._draw(epoch, epoch - 1 + share)

    def epoch(self, epoch: int, steps: int, scores: Mapping[str, float]) -> None:
        """Note the end of an epoch, with its number of steps and its scores by tag."""
        self._steps = steps
        losses = [tag for tag in scores if tag.startswith("train/")]
        # Headlines before scores by column, whose tags have a part more.
        others = sorted(
            (tag for tag in scores if tag not in losses), key=lambda tag: tag.count("/")
        )
        kept = {tag: scores[tag] for tag in others[: self._most]} or {
            tag: self._latest[tag] for tag in self._latest if not tag.startswith("train/")
        }
        self._latest = {tag: scores[tag] for tag in losses[:2]} | kept
        now = perf_counter()
        wait = _SECONDS_BETWEEN_LINES if self._bar is None else _SECONDS_BETWEEN_DRAWINGS
        if now - self._drawn >= wait:
            self._drawn = now
            self._draw(epoch, epoch)

    def close(self, epoch: int) -> None:
        """Show the last state, and end the line."""
        self._draw(epoch, epoch)
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, epoch: int, done: float) -> None:
        head = f"epoch {epoch}" if self._total is None else f"epoch {epoch}/{self._total}"
        names = _short(list(self._latest))
        values = self._latest.values()
        told = [f"{name}={value:.4g}" for name, value in zip(names, values, strict=True)]
        if self._bar is not None:
            told = _fitting(told, shutil.get_terminal_size().columns - len(head) - _BESIDE)
        tail = " ".join(told)
        if self._bar is None:
            self._out.write(f"{head} {tail}\n")
            self._out.flush()
            return
        self._bar.n = done
        self._bar.set_description_str(f"{head} ", False)
        self._bar.set_postfix_str(tail, False)
        self._bar.refresh()


def _fitting(texts: list[str], width: int) -> list[str]:
    """The first texts, at least one, as many as fit into a line."""
    ends = itertools.accumulate(len(text) + 1 for text in texts)
    return texts[: max(1, sum(end <= width for end in ends))]


def _short(tags: list[str]) -> list[str]:
    """Tags without their family, where no other is then called the same."""
    names = [tag.partition("/")[2] or tag for tag in tags]
    return [name if names.count(name) == 1 else tag for name, tag in zip(names, tags, strict=True)]


_DELAY = 2.0  # seconds
_TICK = 1.0  # seconds


@runtime_checkable
class _CountBar(Protocol):
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
        self._bar: _CountBar | None = None
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
