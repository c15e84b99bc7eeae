"""Checkpoints: one file each, written whole or not at all, read without running any code in it."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pickle import UnpicklingError
from typing import cast, final
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import torch

from synthproto.conformance.calls import check_monitor
from synthproto.contracts import EpochEvent, Monitor, Stateful, Tracker
from synthproto.errors import CheckpointError, ParameterError
from synthproto.files import FileLock, locked, replace_file, replacing
from synthproto.training.state import HistoryTable
from synthproto.training.stoppers import BestSoFar, Mode

FORMAT = "synthproto checkpoint"
VERSION = 2
_BEGINNING = "beginning.json"
_NAME = re.compile(r"checkpoint-(\d+)\.pt")
_Upgrade = Callable[[dict[str, object]], dict[str, object]]


def _with_columns(state: dict[str, object]) -> dict[str, object]:
    """Version 1 has one entry per epoch in the history, version 2 has its columns."""
    run = state.get("run")
    if not isinstance(run, dict):
        return state  # whoever goes on from it says what it lacks
    history = [EpochEvent(*row) for row in run["history"]]
    return {**state, "run": {**run, "history": HistoryTable().columns(history)}}


# What makes a state of a version one of the next; a version without an entry cannot be read.
_UPGRADES: Mapping[int, _Upgrade] = {1: _with_columns}


@final
class Checkpoints:
    """Where and when a trainer saves its state.

    Each checkpoint is one file ``checkpoint-<step>.pt`` with everything that the next step
    depends on, and where the trackers stood. It is written aside, forced to the disk and renamed:
    a process that is killed at any moment leaves whole files only. A run is also saved when it
    ends, by Ctrl-C too. One run at a time writes to the folder.

    Args:
        folder: Where to; it is made if need be.
        every: Epochs between two checkpoints, at least 1.
        every_steps: Steps between two checkpoints within an epoch; ``None`` saves between
            epochs only.
        keep: Number of latest checkpoints that are kept, at least 1.
        best: Reads a score; the state of its best epoch is kept beside them as ``best.pt``.
        mode: Whether low or high values of that score are best.
        trackers: Trackers that the trainer does not find in callbacks and routines by itself;
            they are flushed before each checkpoint, and go back to it together with the run.

    Raises:
        ParameterError: A number is below 1, or the folder cannot be written.

    Example:
        >>> import torch
        >>> from synthproto import Checkpoints, GradientStep, MaxEpochs, Trainer
        >>> def trained(epochs):
        ...     model = torch.nn.Linear(1, 1)
        ...     return Trainer(
        ...         step=GradientStep(
        ...             model=model,
        ...             loss=lambda output, batch: (output - 3 * batch).square().mean(),
        ...             optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        ...         ),
        ...         batches=[torch.ones(4, 1)],
        ...         stopper=MaxEpochs(epochs),
        ...         checkpoints=Checkpoints("runs/vae/checkpoints"),
        ...         progress=False,
        ...     ).run(resume=True)
        >>> trained(2).step, trained(5).step
        (2, 5)
        >>> [path.name for path in Checkpoints("runs/vae/checkpoints").paths][-1]
        'checkpoint-000000005.pt'
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        every: int = 1,
        every_steps: int | None = None,
        keep: int = 3,
        best: Monitor | None = None,
        mode: Mode = "min",
        trackers: Sequence[Tracker] = (),
    ) -> None:
        if every < 1 or keep < 1 or (every_steps is not None and every_steps < 1):
            raise ParameterError(
                "Checkpoints: every, every_steps and keep must be at least 1; got "
                f"every={every}, every_steps={every_steps}, keep={keep}."
            )
        if best is not None:
            check_monitor(best, "Checkpoints: best")
        self._folder = Path(folder)
        self._every = every
        self._every_steps = every_steps
        self._keep = keep
        self._best = None if best is None else BestSoFar(best, mode)
        self.trackers: tuple[Tracker, ...] = tuple(trackers)
        self._tried = False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f"Checkpoints: folder {str(self._folder)!r} cannot be made: {error}."
            ) from error

    @property
    def paths(self) -> list[Path]:
        """The files of the latest checkpoints, oldest first."""
        found = [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found, key=_step_of)

    @property
    def best(self) -> Path | None:
        """The file of the best epoch, if there is one."""
        path = self._folder / "best.pt"
        return path if path.exists() else None

    @property
    def saved_at(self) -> datetime:
        """When the latest checkpoint was saved; where there is none, before all time (1970).

        Not needed any more: ``trainer.run(resume=True)`` tells the trackers where to go on. A
        tracker still takes it as ``resume_after=``, for one more release.

        Raises:
            CheckpointError: The latest checkpoint is damaged; names the one before it.
        """
        latest = self.read_latest()
        if latest is None:
            return datetime.fromtimestamp(0, UTC)
        path, state = latest
        # Files of before this was kept have their own time. Types of a loaded file are known only
        # to the code that wrote it.
        saved = cast("float", state.get("saved", path.stat().st_mtime))
        # Rounded up: what was tracked just before the save belongs to it.
        return datetime.fromtimestamp(saved, UTC) + timedelta(microseconds=1)

    def lock(self) -> FileLock:
        """Keep other runs from writing to the folder, until the lock is closed.

        Raises:
            ParameterError: Another run is writing to it.
        """
        lock = locked(self._folder / ".lock")
        if lock is None:
            raise ParameterError(
                f"Checkpoints: another run is writing to {str(self._folder)!r}. End it first, or "
                "choose another folder."
            )
        for left in self._folder.glob(".*.pt.*"):  # by a process that was killed
            left.unlink(missing_ok=True)
        return lock

    def save_beginning(self, marks: Sequence[tuple[str, dict[str, object]]]) -> None:
        """Keep where the trackers stood before training began: there is no checkpoint yet.

        Args:
            marks: Class and mark of each tracker.
        """
        replace_file(self._folder / _BEGINNING, json.dumps(list(marks)).encode())

    def read_beginning(self) -> list[tuple[str, dict[str, object]]]:
        """What `save_beginning` kept; nothing where no run has begun.

        Raises:
            CheckpointError: The file is damaged.
        """
        path = self._folder / _BEGINNING
        if not path.exists():
            return []
        try:
            return [(str(kind), dict(mark)) for kind, mark in json.loads(path.read_bytes())]
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"{str(path)!r} is damaged: {error}. Remove it to begin anew."
            ) from error

    @property
    def within_epochs(self) -> bool:
        """Whether checkpoints are written within epochs too."""
        return self._every_steps is not None

    def is_due(self, step: int) -> bool:
        """Whether to save after a step within an epoch."""
        return self._every_steps is not None and step % self._every_steps == 0

    def is_due_after(self, epoch: int) -> bool:
        """Whether to save after an epoch."""
        return epoch % self._every == 0

    def is_best(self, history: Sequence[EpochEvent]) -> bool:
        """Whether the last epoch has the best score so far."""
        if self._best is None or not history:
            return False
        self._best.read(history)
        return self._best.epoch == history[-1].epoch

    def save(self, state: Mapping[str, object], step: int) -> Path:
        """Write a checkpoint, and remove the oldest one beyond those that are kept.

        Args:
            state: Tensors and plain values only.
            step: Steps done.

        Raises:
            CheckpointError: The state has objects that cannot be read back safely, or the disk
                does not take it.
        """
        for tracker in self.trackers:
            tracker.flush()
        path = self._write({**state, "saved": time.time()}, f"checkpoint-{step:09d}.pt")
        # Later ones are of a future that was given up by resuming from an earlier one.
        later = [other for other in self.paths if _step_of(other) > step]
        until = [other for other in self.paths if _step_of(other) <= step]
        for other in (*later, *until[: -self._keep]):
            other.unlink(missing_ok=True)
        return path

    def save_best(self, state: Mapping[str, object]) -> Path:
        """Write the state of the best epoch so far."""
        return self._write(state, "best.pt")

    def restore(self, step: Stateful, path: Path | None = None) -> None:
        """Give a training step the state that it had in a checkpoint: the best epoch's weights.

        Args:
            step: Composed as it was when it was saved.
            path: Which file; by default the best epoch's.

        Raises:
            CheckpointError: There is no such file, it is damaged, or it does not fit the step.
        """
        path = path or self.best
        if path is None:
            raise CheckpointError(f"there is no best epoch in {str(self._folder)!r} to restore.")
        load_into(step, read_checkpoint(path).get("step"), path)

    def read_latest(self) -> tuple[Path, dict[str, object]] | None:
        """The latest checkpoint, or ``None`` where there is none.

        Raises:
            CheckpointError: It is damaged; names the one before it.
        """
        paths = self.paths
        if not paths:
            return None
        try:
            return paths[-1], read_checkpoint(paths[-1])
        except CheckpointError as error:
            before = (
                f"The one before it is {str(paths[-2])!r}: pass it as resume=, or remove the "
                "damaged file."
                if len(paths) > 1
                else "There is none before it: remove the file to begin anew."
            )
            raise CheckpointError(f"{error} {before}") from error

    def _write(self, state: Mapping[str, object], name: str) -> Path:
        path = self._folder / name
        content = {"format": FORMAT, "version": VERSION, "state": dict(state)}
        try:
            with replacing(path, sync=True) as file:
                torch.save(content, file)
                file.flush()
                if not self._tried:  # once: what cannot be read back is found before it is needed
                    read_checkpoint(Path(file.name))
        except (OSError, RuntimeError) as error:  # a full disk, say, for which torch has its own
            raise CheckpointError(
                f"checkpoint {str(path)!r} cannot be written: {_first_line(error)}. Those before "
                "it are whole."
            ) from error
        self._tried = True
        return path


def read_checkpoint(path: Path) -> dict[str, object]:
    """Read a checkpoint's state; no code that a file may hold is run.

    Raises:
        CheckpointError: The file is missing, damaged, foreign, or of an unknown version.
    """
    if not path.is_file():
        raise CheckpointError(f"checkpoint {str(path)!r} does not exist.")
    try:
        # Each entry of the archive has a checksum, which torch does not compare.
        with ZipFile(path) as archive:
            if any(entry.compress_type != ZIP_STORED for entry in archive.infolist()):
                # Half a megabyte may be a gigabyte of zeros.
                raise BadZipFile("it is compressed, which no checkpoint is")
            damaged = archive.testzip()
        if damaged is not None:
            raise BadZipFile(f"checksum of {damaged!r} is wrong")
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise CheckpointError(
            f"checkpoint {str(path)!r} has objects that are not tensors or plain values, and is "
            f"not read because reading them could run code: {_first_line(error)}"
        ) from error
    # What a damaged archive makes torch raise differs by where the damage is.
    except (BadZipFile, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"checkpoint {str(path)!r} is damaged: {_first_line(error)}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{str(path)!r} is no synthproto checkpoint.")
    state, version = content.get("state"), content.get("version")
    if not isinstance(state, dict) or not isinstance(version, int):
        raise CheckpointError(f"checkpoint {str(path)!r} is damaged: it lacks state or version.")
    return _upgraded(state, version, path)


def load_into(part: Stateful, state: object, path: Path) -> None:
    """Give a part a state; if it does not fit, the part keeps its own.

    Raises:
        CheckpointError: The state does not fit.
    """
    own = _cloned(dict(part.state_dict()))
    try:
        part.load_state_dict(cast("dict[str, object]", state))
    # The parts are a user's: whatever they raise means that the state does not fit them.
    except Exception as error:
        part.load_state_dict(cast("dict[str, object]", own))
        raise CheckpointError(
            f"checkpoint {str(path)!r} is of another composition of parts: {error}"
        ) from error


def _cloned(state: object) -> object:
    """A state whose tensors are copies."""
    if isinstance(state, torch.Tensor):
        return state.detach().clone()
    if isinstance(state, Mapping):
        return {key: _cloned(value) for key, value in state.items()}
    if isinstance(state, list):
        return [_cloned(value) for value in state]
    return tuple(_cloned(value) for value in state) if isinstance(state, tuple) else state


def _upgraded(state: dict[str, object], version: int, path: Path) -> dict[str, object]:
    while version != VERSION:
        upgrade = _UPGRADES.get(version)
        if upgrade is None:
            raise CheckpointError(
                f"checkpoint {str(path)!r} has version {version}; this library reads up to "
                f"{VERSION}. Use the release that wrote it."
            )
        try:
            state, version = upgrade(state), version + 1
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"checkpoint {str(path)!r} is damaged: its version {version} cannot be made one of "
                f"the next ({error!r})."
            ) from error
    return state


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _step_of(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match.group(1)) if match else -1
