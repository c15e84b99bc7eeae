"""What a trainer saves, when, and how it goes on from there."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast, final

from synthproto.checks import listed
from synthproto.contracts import ResumableTracker, Stateful, Status, Tracker
from synthproto.errors import (
    CheckpointError,
    NonFiniteLossError,
    ParameterError,
    SynthprotoWarning,
)
from synthproto.files import FileLock
from synthproto.training.checkpoints import Checkpoints, load_into, read_checkpoint
from synthproto.training.composition import differences, trackers_of
from synthproto.training.models import inner_model
from synthproto.training.processes import Processes
from synthproto.training.randomness import Generator
from synthproto.training.state import RunState, not_finite

# Which side a run goes on with where script and checkpoint differ.
_WINS: Mapping[str, str] = {
    "batches": "those of the script are used",
    "trainer": "the random states of the checkpoint are used",
}


@final
class Saver:
    """Puts a run's state together for its checkpoints, and gives it back.

    Args:
        step: The training step.
        state: Where the run is.
        parts: Callbacks and routines; those with a ``state_dict`` are saved, and the trackers
            that they log to go back together with the run.
        checkpoints: Where and when; ``None`` saves nothing.
        generators: A user's own random generators.
        processes: Those that train together; the first one writes.
        made_of: What else the run is made of, as plain values by part.
        check_finite: Whether weights that are NaN or infinite raise an error; otherwise they are
            warned of, and not saved.
    """

    def __init__(
        self,
        step: Stateful,
        state: RunState,
        parts: Sequence[object],
        checkpoints: Checkpoints | None,
        generators: tuple[Generator, ...],
        processes: Processes,
        made_of: Mapping[str, dict[str, object]],
        *,
        check_finite: bool,
    ) -> None:
        self._step = step
        self._state = state
        self._parts = [part for part in parts if isinstance(part, Stateful)]
        self._checkpoints = checkpoints
        self._generators = generators
        self._processes = processes
        self._made_of = {part: dict(values) for part, values in made_of.items()}
        self._check_finite = check_finite
        self._were_not_finite: frozenset[str] = frozenset()
        self._saved: tuple[int, int] | None = None
        self._lock: FileLock | None = None
        further = checkpoints.trackers if checkpoints is not None else ()
        self.trackers: list[Tracker] = trackers_of([*parts, *further])
        self.within_epochs: bool = checkpoints is not None and checkpoints.within_epochs

    def begin(self, resume: bool | str | Path) -> None:
        """Go on from a checkpoint, or see that none would be overwritten.

        Raises:
            ParameterError: There is nowhere to resume from, or the folder is in use.
            CheckpointError: The checkpoint is damaged, foreign, or of another composition.
            TrackerError: A tracker cannot go back to the checkpoint.
        """
        if self._checkpoints is not None and self._processes.is_first:
            self._lock = self._checkpoints.lock()
        try:
            self._begin(resume)
        except BaseException:
            self.release()
            raise

    def _begin(self, resume: bool | str | Path) -> None:
        checkpoints = self._checkpoints
        if self._state.step == 0:
            self._were_not_finite = frozenset(not_finite(self._weights()))
        if isinstance(resume, (str, Path)):
            self._load(Path(resume), read_checkpoint(Path(resume)))
        elif resume:
            if checkpoints is None:
                raise ParameterError("Trainer: resume=True needs checkpoints; got none.")
            latest = checkpoints.read_latest()
            if latest is not None:
                self._load(*latest)
            elif self._state.step == 0 and self._processes.is_first:
                self._rewind(checkpoints.read_beginning())
        elif checkpoints is not None and self._state.step == 0 and checkpoints.paths:
            raise ParameterError(
                f"Trainer: {str(checkpoints.paths[-1])!r} is of an earlier run. Go on from "
                "it with run(resume=True), or choose another folder."
            )
        if self._state.step == 0 and checkpoints is not None and self._processes.is_first:
            checkpoints.save_beginning(self._marks())

    def after_step(self, seconds: float) -> None:
        """Save if a checkpoint within the epoch is due."""
        if self._checkpoints is not None and self._checkpoints.is_due(self._state.step):
            self._save(self._checkpoints, seconds)

    def after_epoch(self, seconds: float) -> None:
        """Save if a checkpoint after the epoch is due, and the best epoch's state."""
        if self._checkpoints is None:
            return
        if self._checkpoints.is_best(self._state.history):
            content = self._content(seconds)
            if content is not None and self._processes.is_first:
                self._checkpoints.save_best(content)
        if self._checkpoints.is_due_after(self._state.epoch):
            self._save(self._checkpoints, seconds)

    def end(self, seconds: float) -> None:
        """Save where the run ends, unless that was just done.

        Raises:
            NonFiniteLossError: The weights are NaN or infinite.
        """
        here = (self._state.step, self._state.position)
        if self._checkpoints is None:
            if self._check_finite:
                self._is_finite(self._weights())
        elif self._saved != here:
            self._save(self._checkpoints, seconds)

    def release(self) -> None:
        """Let others write to the folder of the checkpoints."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def tell(self, status: Status, error: str = "") -> None:
        """Tell the trackers how the run ended."""
        for tracker in self.trackers:
            if isinstance(tracker, ResumableTracker):
                tracker.tell(status, error)

    def _save(self, checkpoints: Checkpoints, seconds: float) -> None:
        content = self._content(seconds)
        if content is None:
            return
        if self._processes.is_first:
            checkpoints.save({**content, "trackers": self._marks()}, self._state.step)
        self._saved = (self._state.step, self._state.position)

    def _content(self, seconds: float) -> dict[str, object] | None:
        """All that the run goes on from; nothing where the weights are not finite."""
        step = self._step.state_dict()
        own = self._processes.gathered(self._state.own_state(self._generators))
        if not self._is_finite({"step": step, "means": [each["means"] for each in own]}):
            return None
        return {
            "step": step,
            "run": self._state.shared_state(seconds),
            "processes": own,
            "parts": [(type(part).__name__, part.state_dict()) for part in self._parts],
            "made_of": self._made_of,
        }

    def _weights(self) -> Mapping[str, object]:
        """The step's state; empty where it has none to give."""
        try:
            return {"step": self._step.state_dict()}
        except ParameterError:
            return {}

    def _is_finite(self, state: Mapping[str, object]) -> bool:
        """Whether all that was finite when training began still is.

        Raises:
            NonFiniteLossError: Something is not, and that is to raise an error.
        """
        bad = [name for name in not_finite(state) if name not in self._were_not_finite]
        if not bad:
            return True
        kept = self._checkpoints.paths if self._checkpoints is not None else []
        last = f" The last finite checkpoint is {str(kept[-1])!r}." if kept else ""
        message = (
            f"Trainer: {listed(bad)} hold NaN or infinity after step {self._state.step}, and are "
            "not saved. Where the losses were finite, a gradient was not: look for a root, a norm "
            f"or a power at exactly 0, or clip gradients (clip_norm).{last}"
        )
        if self._check_finite:
            raise NonFiniteLossError(message)
        warnings.warn(message, SynthprotoWarning, stacklevel=3)
        return False

    def _marks(self) -> list[tuple[str, dict[str, object]]]:
        """Where the trackers stand once everything that they were given is written."""
        for tracker in self.trackers:
            tracker.flush()
        return [
            (type(tracker).__name__, dict(tracker.mark()))
            for tracker in self.trackers
            if isinstance(tracker, ResumableTracker)
        ]

    def _rewind(self, marks: Sequence[tuple[str, dict[str, object]]]) -> None:
        """Tell the trackers to go back; the n-th of a class has the n-th mark of that class."""
        left = list(marks)
        for tracker in self.trackers:
            kind = type(tracker).__name__
            mark = next((each for each in left if each[0] == kind), None)
            if mark is not None and isinstance(tracker, ResumableTracker):
                left.remove(mark)
                tracker.rewind(mark[1])

    def _load(self, path: Path, content: Mapping[str, object]) -> None:
        missing = {"step", "run", "processes", "parts"} - content.keys()
        if missing:
            raise CheckpointError(f"checkpoint {str(path)!r} lacks {sorted(missing)}.")
        # The types of a loaded file are known only to the code that wrote it.
        own = cast("list[dict[str, object]]", content["processes"])
        parts = cast("list[tuple[str, dict[str, object]]]", content["parts"])
        if self._processes.is_first:
            self._check_composition(path, own, [name for name, _ in parts])
            self._warn_of_differences(path, content.get("made_of", {}))
            for part, (_, state) in zip(self._parts, parts, strict=True):
                load_into(part, state, path)
        load_into(self._step, content["step"], path)
        try:
            self._state.load_shared_state(cast("dict[str, object]", content["run"]))
            self._state.load_own_state(own[self._processes.rank], self._generators)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"checkpoint {str(path)!r} is damaged: its run cannot be read ({error!r})."
            ) from error
        self._saved = (self._state.step, self._state.position)
        if self._processes.is_first:
            self._rewind(cast("list[tuple[str, dict[str, object]]]", content.get("trackers", [])))

    def _check_composition(
        self, path: Path, own: Sequence[Mapping[str, object]], parts: list[str]
    ) -> None:
        faults = []
        if len(own) != self._processes.world:
            faults.append(f"it was saved by {len(own)} processes, here are {self._processes.world}")
        needed = [type(part).__name__ for part in self._parts]
        if parts != needed:
            faults.append(f"it has the states of the parts {parts}, needed are {needed}")
        generators = cast("list[object]", own[0].get("generators", []))
        if len(generators) != len(self._generators):
            faults.append(
                f"it has the states of {len(generators)} generators, needed are "
                f"{len(self._generators)}"
            )
        if faults:
            raise CheckpointError(
                f"checkpoint {str(path)!r} is of another composition: {'; '.join(faults)}."
            )

    def _warn_of_differences(self, path: Path, saved: object) -> None:
        """Say what the script does otherwise than the run that it goes on with, and what wins."""
        known = cast("Mapping[str, Mapping[str, object]]", saved)
        found = [
            f"{part}: {', '.join(told)} ({_WINS[part]})"
            for part, now in self._made_of.items()
            if (told := differences(now, known.get(part, {})))
        ]
        if found:
            warnings.warn(
                f"Trainer: the script differs from checkpoint {str(path)!r}. {'; '.join(found)}.",
                SynthprotoWarning,
                stacklevel=3,
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
