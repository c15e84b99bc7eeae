"""Tracker that keeps everything as frames in memory, for notebooks and tests."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.trackers.lifecycle import (
    Array,
    Drawing,
    Lifecycle,
    Mark,
    ParamValue,
    Status,
    Traceback,
    check_finite,
    png,
)


def _nothing() -> None:
    """There is no file to write or to close."""


@final
class MemoryTracker:
    """Keeps what a run logs, and gives it as DataFrames, one row an entry.

    What is logged again for the same tag and step replaces the earlier entry. Arrays are copied;
    plots are kept as PNG bytes. Calls are safe from several threads.

    Example:
        >>> from synthproto import MemoryTracker
        >>> with MemoryTracker() as tracker:
        ...     tracker.log_scalars({"train/loss": 0.5, "train/kl": 2.0}, step=1)
        ...     tracker.log_scalars({"train/loss": 0.25}, step=2)
        >>> tracker.history["train/loss"].tolist(), tracker.status
        ([0.5, 0.25], 'finished')
    """

    def __init__(self) -> None:
        self._life = Lifecycle("MemoryTracker")
        self._entries: dict[str, dict[tuple[str, int], object]] = {}
        self._order: dict[tuple[str, str, int], int] = {}  # kind, tag, step -> its first call
        self._calls = 0
        self._params: dict[str, ParamValue] = {}
        self._lock = threading.Lock()

    @property
    def scores(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, in the order of logging."""
        frame = self._frame("scores")
        return frame.astype({"value": "float64"})

    @property
    def history(self) -> pd.DataFrame:
        """Scores with one row a step and one column a tag; missing where nothing was logged."""
        return self.scores.pivot(index="step", columns="tag", values="value")

    @property
    def arrays(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, an array or frame each."""
        return self._frame("arrays")

    @property
    def figures(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, the bytes of a PNG file each."""
        return self._frame("figures")

    @property
    def histograms(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, an array of shape ``(n,)`` each."""
        return self._frame("histograms")

    @property
    def texts(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, a text each."""
        return self._frame("texts")

    @property
    def files(self) -> pd.DataFrame:
        """Columns ``tag``, ``step``, ``value``, a file's bytes each."""
        return self._frame("files")

    @property
    def params(self) -> dict[str, ParamValue]:
        """Hyperparameters by name."""
        return dict(self._params)

    @property
    def status(self) -> Status:
        """``"running"``, or how the run ended."""
        return self._life.status

    @property
    def error(self) -> str:
        """What ended the run, empty for a run that did not fail."""
        return self._life.error

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Keep several numbers of one step; NaN and infinity are kept as such."""
        self._keep("scores", step, values)

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Keep a copy of an array or frame."""
        self._keep("arrays", step, {tag: array.copy()})

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Keep a plot as the bytes of a PNG file."""
        self._keep("figures", step, {tag: png(figure)})

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Keep a copy of all values, which are finite, at least one."""
        check_finite(tag, values, step)
        self._keep("histograms", step, {tag: values.copy()})

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Keep a text."""
        self._keep("texts", step, {tag: text})

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Keep a file's bytes."""
        self._keep("files", step, {tag: path.read_bytes()})

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Keep hyperparameters, in addition to earlier ones."""
        self._params |= params

    def resume(self, after: int) -> None:
        """Go on with the same run: drop entries of later steps, and be open again.

        Args:
            after: The last step to keep, usually the epoch of a checkpoint.
        """
        with self._lock:
            for kind, entries in self._entries.items():
                for tag, step in [key for key in entries if key[1] > after]:
                    del entries[tag, step], self._order[kind, tag, step]
            self._life.begin_again()

    def mark(self) -> Mark:
        """Where the run stands, for a checkpoint."""
        return {"calls": self._calls}

    def rewind(self, mark: Mark, /) -> None:
        """Go on with the run that a mark is of: later entries are dropped.

        In another process than that of the mark there are none.

        Args:
            mark: What `mark` gave.
        """
        with self._lock:
            for kind, entries in self._entries.items():
                for tag, step in list(entries):
                    if self._order[kind, tag, step] > int(str(mark["calls"])):
                        del entries[tag, step], self._order[kind, tag, step]
            self._life.begin_again()

    def flush(self) -> None:
        """Do nothing: what was logged is there."""

    def close(self) -> None:
        """Mark the run as finished. A second call does nothing."""
        self._life.end(_nothing, _nothing)

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        self._life.tell(status, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        self._life.end(_nothing, _nothing, kind, error)

    def _keep(self, kind: str, step: int, entries: Mapping[str, object]) -> None:
        self._life.check(entries, step)
        with self._lock:
            self._calls += 1
            for tag, value in entries.items():
                self._entries.setdefault(kind, {})[tag, step] = value
                self._order.setdefault((kind, tag, step), self._calls)

    def _frame(self, kind: str) -> pd.DataFrame:
        with self._lock:
            entries = self._entries.get(kind, {}).items()
            rows = [(tag, step, value) for (tag, step), value in entries]
        names = ["tag", "step", "value"]
        try:
            return pd.DataFrame(rows, columns=names)
        except UnicodeEncodeError:  # pandas 3 keeps strings as UTF-8, which holds no lone surrogate
            kinds = {"step": "int64"} | ({"value": "float64"} if kind == "scores" else {})
            return pd.DataFrame(rows, columns=names, dtype=object).astype(kinds)
