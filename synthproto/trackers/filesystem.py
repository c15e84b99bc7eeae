"""Tracker that writes a folder which a person, pandas and numpy read without this library."""

import json
import os
import platform
import re
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
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
    Lifecycle,
    Mark,
    OnError,
    ParamValue,
    Status,
    Traceback,
    check_finite,
    clean,
    png,
)

_PACKAGES = ("synthproto", "torch", "numpy", "pandas", "scipy", "matplotlib")
_RUN = "run.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _git(folder: str) -> dict[str, str | bool] | None:
    """The commit that a folder is at, and whether tracked files are as committed."""
    command = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, or no repository
    lines = done.stdout.splitlines()
    commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "")
    return {"commit": commit, "clean": all(line.startswith("#") for line in lines)}


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):  # an optional one, or a source tree
            found[package] = version(package)
    return found


def _inside(folder: Path, path: str) -> Path:
    """A file of the run, which its own list of files has no say about where it is."""
    found = folder / path
    if not found.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"files.csv names {path!r}, which is outside of the folder")
    return found


@final
class FilesystemTracker:
    """Writes one run as plain files.

    ::

        run.json       status, error, times, versions, git commit and whether its tree was clean,
                       hyperparameters, texts of tags run/...
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

    Example:
        >>> import pandas as pd
        >>> from synthproto import FilesystemTracker
        >>> with FilesystemTracker("runs/vae") as tracker:
        ...     tracker.log_scalars({"train/loss": 0.5}, step=1)
        >>> pd.read_csv("runs/vae/scores.csv")[["step", "tag", "value"]].to_numpy().tolist()
        [[1, 'train/loss', 0.5]]
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
        self._life = Lifecycle(f"FilesystemTracker('{self.folder}')", on_error)
        self._started, self._ended = _now(), ""
        self._params: dict[str, ParamValue] = {}
        self._texts: dict[str, str] = {}
        self._resumed: list[int | str] = []
        self._owners: dict[str, tuple[str, str]] = {}  # folder, case folded -> kind and tag
        self._rewound: Mark = {}
        self._is_placed = resume_after is not None  # told where to go on by the script itself
        try:
            self._open()
            if resume_after is not None:
                self._take_back(resume_after)
            self._save()
        except (OSError, ValueError, KeyError, TypeError) as error:
            with suppress(AttributeError):  # what was not opened
                self._release()
            raise self._unusable(error) from error
        # Where entries begin that were logged before the training run did; None once it has.
        self._early: tuple[int, int] | None = (self._scores.size, self._index.size)

    def _open(self) -> None:
        self._scores = Ledger(self.folder / "scores.csv", ("step", "tag", "value"))
        self._index = Ledger(self.folder / "files.csv", ("step", "kind", "tag", "path"))

    def _unusable(self, error: Exception) -> TrackerError:
        return TrackerError(
            f"run folder '{self.folder}' must be writable and whole; got {error!r}. Choose another."
        )

    def _take_back(self, after: int | datetime) -> None:
        """Go on after a step or a moment: the former way to continue a run."""
        self._scores.take_back(after)
        self._settle(*self._index.take_back(after))
        if not is_beginning(after) or (self.folder / _RUN).exists():
            self._know(after.isoformat() if isinstance(after, datetime) else after)

    def _settle(self, kept: list[list[str]], cut: list[list[str]]) -> None:
        """Know the folders of tags that are left, and set aside the files that are not."""
        places = [_inside(self.folder, row[-2]) for row in (*kept, *cut)]
        for (_, kind, tag, path, _), _place in zip(kept, places, strict=False):
            self._owners[str(Path(path).parent).casefold()] = (kind, tag)
        left = set(places[: len(kept)])
        for old in places[len(kept) :]:
            if old.exists() and old not in left:
                new = self.folder / SUPERSEDED / old.relative_to(self.folder)
                new.parent.mkdir(parents=True, exist_ok=True)
                old.replace(new)

    def _know(self, point: int | str) -> None:
        """Take over what ``run.json`` says about the run so far."""
        known = json.loads((self.folder / _RUN).read_bytes())
        self._started = known["started"]
        self._params = {**known["params"], **self._params}
        self._texts = {**known["texts"], **self._texts}
        self._resumed = [*known["resumed_after"], point]

    def mark(self) -> Mark:
        """Where the run stands, for a checkpoint."""
        self._is_placed, self._early, self._rewound = False, None, {}
        return {
            "folder": self.folder.name,
            "started": self._started,
            "scores": self._scores.size,
            "files": self._index.size,
        }

    def rewind(self, mark: Mark, /) -> None:
        """Go on with the run that a mark is of: later entries move to ``superseded/``.

        What was logged since the tracker was made, before the run began, is kept.

        Args:
            mark: What `mark` gave, in this process or an earlier one.

        Raises:
            TrackerError: The run is still being written, or it was changed since.
        """
        if self._is_placed or mark == self._rewound:
            self._is_placed, self._early = False, None
            return
        place, early = self.folder, self._early_rows()
        try:
            content = [(row, (place / row[3]).read_bytes()) for row in early[1]]
            if not self._is_of(mark) or not self._run.go_to(str(mark["folder"])):
                return
            self._close_files()
            self._open()
            files = self._index.go_back(int(str(mark["files"])))
            self._scores.go_back(int(str(mark["scores"])))
            self._settle(*files)
            self._know(f"{mark['scores']} bytes")
            self._life.begin_again()
            self._save()
            if place != self.folder:
                self._forget(place, [row[3] for row in early[1]])
            self._log_again(early[0], content, files[0])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unusable(error) from error
        self._early, self._rewound = None, mark

    def _early_rows(self) -> tuple[list[list[str]], list[list[str]]]:
        """What was logged before the training run began."""
        if self._early is None:
            return [], []
        scores, files = self._early
        return self._scores.rows(scores), self._index.rows(files)

    def _is_of(self, mark: Mark) -> bool:
        """Whether the mark's folder still holds the run that it was of."""
        path = self.folder.with_name(str(mark["folder"])) / _RUN
        return path.exists() and json.loads(path.read_bytes())["started"] == mark["started"]

    def _forget(self, place: Path, paths: list[str]) -> None:
        """Remove what this tracker wrote to a folder that it has left."""
        for path in (_RUN, "scores.csv", "files.csv", *paths):
            (place / path).unlink(missing_ok=True)
            for parent in (place / path).parents[: path.count("/")]:
                with suppress(OSError):
                    parent.rmdir()
        self._run.discard(place)

    def _log_again(
        self,
        scores: list[list[str]],
        files: list[tuple[list[str], bytes]],
        kept: list[list[str]],
    ) -> None:
        """Keep what was logged before the run went on, unless it is there already."""
        there = {tuple(row[:-1]) for row in self._scores.rows()}
        self._scores.append(row[:-1] for row in scores if tuple(row[:-1]) not in there)
        known = {tuple(row[:-1]) for row in kept}
        for row, content in files:
            path = self.folder / row[3]
            if tuple(row[:-1]) not in known or not path.exists() or path.read_bytes() != content:
                replace_file(path, content)
                self._index.append([row[:-1]])

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
        self._life.check(values, step)
        with self._life.guard(values, step):
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
        self._write("texts", tag, step, ".md", clean(text).encode())
        if tag.startswith(ABOUT):
            self._texts[tag.removeprefix(ABOUT)] = text
            with self._life.guard([tag], step):
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
        self._life.check(params, 0)
        self._params |= params
        with self._life.guard(params):
            self._save()

    def flush(self) -> None:
        """Do nothing: each call has already written what it was given."""

    def close(self) -> None:
        """Mark the run as finished and release its folder. A second call does nothing.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        self._life.end(self._end, self._release)

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        self._life.tell(status, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        self._life.end(self._end, self._release, kind, error)

    def _end(self) -> None:
        self._ended = _now()
        self._save()

    def _release(self) -> None:
        self._run.close()
        self._close_files()

    def _close_files(self) -> None:
        self._scores.close()
        self._index.close()

    def _save(self) -> None:
        content = {
            "status": self._life.status,
            "error": self._life.error,
            "started": self._started,
            "ended": self._ended,
            "resumed_after": self._resumed,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "versions": _versions(),
            "git": _git(str(Path.cwd())),
            "params": self._params,
            "texts": self._texts,
        }
        text = clean(json.dumps(content, indent=2, ensure_ascii=False))
        replace_file(self.folder / _RUN, text.encode())

    def _write(self, kind: str, tag: str, step: int, suffix: str, content: bytes) -> None:
        self._life.check([tag], step)
        path = f"{self._place(kind, tag)}/{step:08d}{suffix}"
        with self._life.guard([tag], step):
            self._index.check()
            replace_file(self.folder / path, content)
            self._index.append([(step, kind, tag, path)])

    def _place(self, kind: str, tag: str) -> str:
        """The folder of a tag, its own even where a file system does not tell a from A."""
        place = f"{kind}/{safe_path(tag)}"
        if self._owners.setdefault(place.casefold(), (kind, tag)) != (kind, tag):
            place += f"~{digest(tag)}"
        return place
