"""Tracker that writes a folder which a person, pandas and numpy read without this library."""

import json
import os
import platform
import re
import socket
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import TrackerError
from synthproto.files import replace_file
from synthproto.trackers.folders import SUPERSEDED, Ledger, RunFolder, is_beginning
from synthproto.trackers.formats import array_file, digest, safe_path
from synthproto.trackers.lifecycle import (
    ABOUT,
    Array,
    Drawing,
    Faults,
    OnError,
    ParamValue,
    Status,
    Traceback,
    check_entry,
    check_finite,
    listed,
    noted,
    outcome,
    png,
)

_PACKAGES = ("synthproto", "torch", "numpy", "pandas", "scipy", "matplotlib")
_RUN = "run.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # an optional package, or a source tree that is not installed
    return found


@final
class FilesystemTracker:
    """Writes one run as plain files.

    ::

        run.json       status, error, times, versions, hyperparameters, texts of tags run/...
        scores.csv     step, tag, value, time: one line a score, numbers that read back exactly
        files.csv      step, kind, tag, path, time: one line for each file below
        arrays/ figures/ histograms/ texts/ files/     <tag>/<step>.csv .npz .png .md ...

    A tag's parts are folders; what a file system may misread is percent-encoded, and
    ``files.csv`` has the tag as it was. Everything is in its file when the call returns; lines
    are appended and files replaced in one piece, so a killed process leaves a readable folder.
    Calls are safe from several threads, one tag at a time.

    Args:
        folder: The run's folder. One that already holds a run is left alone, and the run goes to
            ``folder-2``, ``folder-3``, ... beside it: see `folder`.
        resume_after: Continue the run in ``folder``, whose last entry to keep is of this moment
            (``checkpoints.saved_at``), or the last one of this step (an epoch). Later entries
            move to ``superseded/``; before the first checkpoint these are all that an earlier
            attempt left, and there need be none.
        on_error: ``"raise"`` a `TrackerError` when something cannot be written, or ``"warn"`` and
            go on without it.

    Raises:
        ParameterError: There is no run to continue.
        TrackerError: The folder cannot be written, or another process is writing that run.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        resume_after: int | datetime | None = None,
        on_error: OnError = "raise",
    ) -> None:
        self._run = RunFolder(
            folder,
            "filesystem",
            "scores.csv",
            resume=resume_after is not None,
            required=not is_beginning(resume_after),
        )
        self._faults = Faults(f"FilesystemTracker('{self.folder}')", on_error)
        self._status: Status = "running"
        self._error = ""
        self._started, self._ended = _now(), ""
        self._params: dict[str, ParamValue] = {}
        self._texts: dict[str, str] = {}
        self._resumed: list[int | str] = []
        self._owners: dict[str, tuple[str, str]] = {}  # folder, case folded -> kind and tag
        try:
            self._open(resume_after)
        except (OSError, ValueError, KeyError) as error:
            self._run.close()
            raise TrackerError(
                f"run folder '{self.folder}' must be writable and whole; got {error!r}. "
                "Choose another."
            ) from error

    def _open(self, resume_after: int | datetime | None) -> None:
        self._scores = Ledger(self.folder / "scores.csv", ("step", "tag", "value"))
        self._index = Ledger(self.folder / "files.csv", ("step", "kind", "tag", "path"))
        if resume_after is not None:
            self._scores.take_back(resume_after)
            kept, cut = self._index.take_back(resume_after)
            for _, kind, tag, path, _ in kept:
                self._owners[str(Path(path).parent).casefold()] = (kind, tag)
            for *_, path, _ in cut:
                self._supersede(path)
            self._continue(resume_after)
        self._save()

    def _continue(self, resume_after: int | datetime) -> None:
        """Take over what ``run.json`` says about the run so far."""
        if is_beginning(resume_after) and not (self.folder / _RUN).exists():
            return
        known = json.loads((self.folder / _RUN).read_bytes())
        self._started = known["started"]
        self._params, self._texts = known["params"], known["texts"]
        point = resume_after.isoformat() if isinstance(resume_after, datetime) else resume_after
        self._resumed = [*known["resumed_after"], point]

    def _supersede(self, path: str) -> None:
        old = self.folder / path
        if old.exists():
            new = self.folder / SUPERSEDED / path
            new.parent.mkdir(parents=True, exist_ok=True)
            old.replace(new)

    @property
    def folder(self) -> Path:
        """Where this run is."""
        return self._run.path

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Append several numbers of one step to ``scores.csv``; NaN and infinity as such.

        Args:
            values: Numbers by tag.
            step: Epoch or training step.
        """
        self._check(values, step)
        with self._faults.guard(values, step):
            self._scores.append((step, tag, repr(float(value))) for tag, value in values.items())

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Write a frame as CSV, an array as npz.

        Args:
            tag: Its tag.
            array: An array, or a frame with labelled rows and columns.
            step: Epoch or training step.
        """
        suffix, content = array_file(array)
        self._write("arrays", tag, step, suffix, content)

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Write a plot as PNG.

        Args:
            tag: Its tag.
            figure: The plot.
            step: Epoch or training step.
        """
        self._write("figures", tag, step, ".png", png(figure))

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Write all values as npz.

        Args:
            tag: Its tag.
            values: Finite values, shape ``(n,)``, at least one.
            step: Epoch or training step.

        Raises:
            ParameterError: There is no value, or not all are finite.
        """
        check_finite(tag, values, step)
        suffix, content = array_file(values)
        self._write("histograms", tag, step, suffix, content)

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Write a text as Markdown; one of tag ``run/...`` is in ``run.json`` too.

        Args:
            tag: Its tag.
            text: The text.
            step: Epoch or training step.
        """
        self._write("texts", tag, step, ".md", text.encode())
        if tag.startswith(ABOUT):
            self._texts[tag.removeprefix(ABOUT)] = text
            with self._faults.guard([tag], step):
                self._save()

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Write a copy of a file.

        Args:
            tag: Its tag.
            path: The file; its suffix is kept.
            step: Epoch or training step.
        """
        suffix = path.suffix if re.fullmatch(r"\.\w{1,16}", path.suffix) else ""
        self._write("files", tag, step, suffix, path.read_bytes())

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Write hyperparameters to ``run.json``, in addition to earlier ones.

        Args:
            params: Values by name.
        """
        self._check(params, 0)
        self._params |= params
        with self._faults.guard(params):
            self._save()

    def flush(self) -> None:
        """Do nothing: each call has already written what it was given."""

    def close(self) -> None:
        """Mark the run as finished and release its folder. A second call does nothing.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        self._end("finished", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        with noted(error):
            self._end(*outcome(kind, error))

    def _end(self, status: Status, error: str) -> None:
        if self._status != "running":
            return
        self._status, self._error, self._ended = status, error, _now()
        try:
            with self._faults.guard([_RUN]):
                self._save()
            self._faults.settle()
        finally:
            self._scores.close()
            self._index.close()
            self._run.close()

    def _check(self, tags: Collection[str], step: int) -> None:
        check_entry(tags, step)
        if self._status != "running":
            raise TrackerError(f"FilesystemTracker('{self.folder}') is closed; got {listed(tags)}.")

    def _save(self) -> None:
        content = {
            "status": self._status,
            "error": self._error,
            "started": self._started,
            "ended": self._ended,
            "resumed_after": self._resumed,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "versions": _versions(),
            "params": self._params,
            "texts": self._texts,
        }
        replace_file(self.folder / _RUN, json.dumps(content, indent=2, ensure_ascii=False).encode())

    def _write(self, kind: str, tag: str, step: int, suffix: str, content: bytes) -> None:
        self._check([tag], step)
        path = f"{self._place(kind, tag)}/{step:08d}{suffix}"
        with self._faults.guard([tag], step):
            replace_file(self.folder / path, content)
            self._index.append([(step, kind, tag, path)])

    def _place(self, kind: str, tag: str) -> str:
        """The folder of a tag, its own even where a file system does not tell a from A."""
        place = f"{kind}/{safe_path(tag)}"
        if self._owners.setdefault(place.casefold(), (kind, tag)) != (kind, tag):
            place += f"~{digest(tag)}"
        return place
