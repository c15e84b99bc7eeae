"""What a trainer saves, when, and how it goes on from there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast, final

from synthproto.contracts import Stateful
from synthproto.errors import CheckpointError, ParameterError
from synthproto.training.checkpoints import Checkpoints, load_into, read_checkpoint
from synthproto.training.models import inner_model
from synthproto.training.processes import Processes
from synthproto.training.randomness import Generator
from synthproto.training.state import RunState


@final
class Saver:
    """Puts a run's state together for its checkpoints, and gives it back.

    Args:
        step: The training step.
        state: Where the run is.
        parts: Callbacks and routines; those with a ``state_dict`` are saved.
        checkpoints: Where and when; ``None`` saves nothing.
        generators: A user's own random generators.
        processes: Those that train together; the first one writes.
    """

    def __init__(
        self,
        step: Stateful,
        state: RunState,
        parts: Sequence[object],
        checkpoints: Checkpoints | None,
        generators: tuple[Generator, ...],
        processes: Processes,
    ) -> None:
        self._step = step
        self._state = state
        self._parts = [part for part in parts if isinstance(part, Stateful)]
        self._checkpoints = checkpoints
        self._generators = generators
        self._processes = processes
        self._saved: tuple[int, int] | None = None
        self.within_epochs: bool = checkpoints is not None and checkpoints.within_epochs

    def begin(self, resume: bool | str | Path) -> None:
        """Go on from a checkpoint, or see that none would be overwritten.

        Raises:
            ParameterError: There is nowhere to resume from, or the folder is in use.
            CheckpointError: The checkpoint is damaged, foreign, or of another composition.
        """
        if isinstance(resume, (str, Path)):
            self._load(Path(resume), read_checkpoint(Path(resume)))
        elif resume:
            if self._checkpoints is None:
                raise ParameterError("Trainer: resume=True needs checkpoints; got none.")
            latest = self._checkpoints.read_latest()
            if latest is not None:
                self._load(*latest)
        elif self._checkpoints is not None and self._state.step == 0 and self._checkpoints.paths:
            raise ParameterError(
                f"Trainer: {str(self._checkpoints.paths[-1])!r} is of an earlier run. Go on from "
                "it with run(resume=True), or choose another folder."
            )

    def after_step(self, seconds: float) -> None:
        """Save if a checkpoint within the epoch is due."""
        if self._checkpoints is not None and self._checkpoints.is_due(self._state.step):
            self._save(self._checkpoints, seconds)

    def after_epoch(self, seconds: float) -> None:
        """Save if a checkpoint after the epoch is due, and the best epoch's state."""
        if self._checkpoints is None:
            return
        best = self._checkpoints.is_best(self._state.history)
        if best:
            content = self._content(seconds)
            if self._processes.is_first:
                self._checkpoints.save_best(content)
        if self._checkpoints.is_due_after(self._state.epoch):
            self._save(self._checkpoints, seconds)

    def end(self, seconds: float) -> None:
        """Save where the run ends, unless that was just done."""
        here = (self._state.step, self._state.position)
        if self._checkpoints is not None and self._saved != here:
            self._save(self._checkpoints, seconds)

    def _save(self, checkpoints: Checkpoints, seconds: float) -> None:
        content = self._content(seconds)
        if self._processes.is_first:
            checkpoints.save(content, self._state.step)
        self._saved = (self._state.step, self._state.position)

    def _content(self, seconds: float) -> dict[str, object]:
        return {
            "step": self._step.state_dict(),
            "run": self._state.shared_state(seconds),
            "processes": self._processes.gathered(self._state.own_state(self._generators)),
            "parts": [(type(part).__name__, part.state_dict()) for part in self._parts],
        }

    def _load(self, path: Path, content: Mapping[str, object]) -> None:
        # The types of a loaded file are known only to the code that wrote it.
        own = cast("list[dict[str, object]]", content["processes"])
        parts = cast("list[tuple[str, dict[str, object]]]", content["parts"])
        if self._processes.is_first:
            self._check_composition(path, len(own), [name for name, _ in parts])
            for part, (_, state) in zip(self._parts, parts, strict=True):
                load_into(part, state, path)
        load_into(self._step, content["step"], path)
        self._state.load_shared_state(cast("dict[str, object]", content["run"]))
        self._state.load_own_state(own[self._processes.rank], self._generators)
        self._saved = (self._state.step, self._state.position)

    def _check_composition(self, path: Path, processes: int, parts: list[str]) -> None:
        faults = []
        if processes != self._processes.world:
            faults.append(
                f"it was saved by {processes} processes, here are {self._processes.world}"
            )
        needed = [type(part).__name__ for part in self._parts]
        if parts != needed:
            faults.append(f"it has the states of the parts {parts}, needed are {needed}")
        if faults:
            raise CheckpointError(
                f"checkpoint {str(path)!r} is of another composition: {'; '.join(faults)}."
            )


def _stateful(name: str, part: object) -> Stateful:
    inner = inner_model(part)  # so that a file fits with the wrapper and without
    if not isinstance(inner, Stateful):
        raise ParameterError(
            f"{name} cannot be saved: a {type(part).__name__} has no state_dict and "
            "load_state_dict. Give it both, or run without checkpoints."
        )
    return inner


def parts_state(parts: Mapping[str, object]) -> dict[str, object]:
    """The states of parts by name; parts that are ``None`` are left out.

    Raises:
        ParameterError: A part has no ``state_dict``.
    """
    return {
        name: _stateful(name, part).state_dict() for name, part in parts.items() if part is not None
    }


def load_parts(parts: Mapping[str, object], state: Mapping[str, object]) -> None:
    """Give each part its state back.

    Raises:
        ParameterError: The names of parts and states differ, or a part has no state.
    """
    present = {name: part for name, part in parts.items() if part is not None}
    if present.keys() != state.keys():
        raise ParameterError(
            f"state has the parts {sorted(state)}; needed are {sorted(present)}. "
            "Compose the step as it was composed when the state was saved."
        )
    for name, part in present.items():
        # What a part is given is what its own state_dict returned.
        _stateful(name, part).load_state_dict(cast("dict[str, object]", state[name]))
