"""Tracker that keeps everything as frames in memory, for notebooks and tests."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.errors import TrackerError
from synthproto.trackers.lifecycle import (
    Array,
    Drawing,
    ParamValue,
    Status,
    Traceback,
    check_entry,
    check_finite,
    outcome,
    png,
)


@final
class MemoryTracker:
    """Keeps what a run logs, and gives it as DataFrames, one row an entry.

    What is logged again for the same tag and step replaces the earlier entry. Arrays are copied;
    plots are kept as PNG bytes. Calls are safe from several threads.
    """

    def __init__(self) -> None:
        self._entries: dict[str, dict[tuple[str, int], object]] = {}
        self._params: dict[str, ParamValue] = {}
        self._status: Status = "running"
        self._error = ""
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
        return self._status

    @property
    def error(self) -> str:
        """What ended the run, empty for a run that did not fail."""
        return self._error

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Keep several numbers of one step; NaN and infinity are kept as such."""
        check_entry(values, step)
        self._keep("scores", {(tag, step): value for tag, value in values.items()})

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Keep a copy of an array or frame."""
        check_entry([tag], step)
        self._keep("arrays", {(tag, step): array.copy()})

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Keep a plot as the bytes of a PNG file."""
        check_entry([tag], step)
        self._keep("figures", {(tag, step): png(figure)})

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Keep a copy of all values, which are finite, at least one."""
        check_entry([tag], step)
        check_finite(tag, values, step)
        self._keep("histograms", {(tag, step): values.copy()})

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Keep a text."""
        check_entry([tag], step)
        self._keep("texts", {(tag, step): text})

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Keep a file's bytes."""
        check_entry([tag], step)
        self._keep("files", {(tag, step): path.read_bytes()})

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
                left = {key: value for key, value in entries.items() if key[1] <= after}
                self._entries[kind] = left
            self._status, self._error = "running", ""

    def flush(self) -> None:
        """Do nothing: what was logged is there."""

    def close(self) -> None:
        """Mark the run as finished. A second call does nothing."""
        self._end("finished", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        self._end(*outcome(kind, error))

    def _end(self, status: Status, error: str) -> None:
        if self._status == "running":
            self._status, self._error = status, error

    def _keep(self, kind: str, entries: Mapping[tuple[str, int], object]) -> None:
        if self._status != "running":
            raise TrackerError(f"MemoryTracker is closed; got {kind} {list(entries)}.")
        with self._lock:
            self._entries.setdefault(kind, {}).update(entries)

    def _frame(self, kind: str) -> pd.DataFrame:
        with self._lock:
            rows = [
                (tag, step, value) for (tag, step), value in self._entries.get(kind, {}).items()
            ]
        return pd.DataFrame(rows, columns=["tag", "step", "value"])
