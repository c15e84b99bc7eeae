"""Stoppers: pure functions of a run's progress that say why it should end, or nothing.

Their state is the history, which is part of the run: a resumed run decides as if it had never
been interrupted, and resuming a finished run does nothing.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from typing_extensions import Protocol, runtime_checkable

from synthproto.conformance.calls import check_function, check_monitor
from synthproto.conformance.values import check_reason
from synthproto.contracts import EpochEvent, Monitor, Progress, Stopper
from synthproto.errors import ParameterError, SynthprotoWarning

Mode: TypeAlias = Literal["min", "max"]
"""Which end of a score is best."""


def train_loss(event: EpochEvent) -> float | None:
    """The epoch's mean training loss (``train/loss``)."""
    return event.scores.get("train/loss")


@final
class ScoreMonitor:
    """Reads the score with a tag from an epoch.

    Args:
        tag: As it stands in the history.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def __call__(self, event: EpochEvent, /) -> float | None:
        """The epoch's value, or ``None`` where it has none."""
        return event.scores.get(self.tag)

    def __repr__(self) -> str:
        return f"ScoreMonitor({self.tag!r})"


def improves(value: float, best: float, mode: Mode, margin: float = 0.0) -> bool:
    """Whether a value is better than the best one by more than a margin; NaN never is.

    Args:
        value: New value.
        best: Best value so far; NaN counts as worse than anything.
        mode: Whether low or high values are best.
        margin: Least improvement that counts, at least 0, in the unit of the value.

    Returns:
        ``value < best - margin`` for ``"min"``, ``value > best + margin`` for ``"max"``.
    """
    if math.isnan(value) or math.isnan(best):
        return not math.isnan(value)
    return value < best - margin if mode == "min" else value > best + margin


@runtime_checkable
class Bounded(Protocol):
    """A stopper that knows the last epoch in advance, so that a bar can show the time left."""

    @property
    def max_epochs(self) -> int | None:
        """Epochs after which the run ends at the latest; ``None`` where it is unknown."""
        ...


def _require_count(part: str, name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ParameterError(f"{part}: {name} must be at least {least}; got {value}.")


@final
@dataclass(frozen=True)
class MaxEpochs:
    """Ends the run after a number of epochs, those before a resume included.

    Attributes:
        epochs: At least 0; with 0 nothing is trained.

    Example:
        >>> from synthproto import MaxEpochs
        >>> from synthproto.contracts import Progress
        >>> stopper = MaxEpochs(2)
        >>> [stopper(Progress(epoch, 10, 0.0, True, [])) for epoch in (1, 2)]
        [None, 'MaxEpochs: 2 of 2 epochs done']
    """

    epochs: int

    def __post_init__(self) -> None:
        _require_count("MaxEpochs", "epochs", self.epochs, 0)

    @property
    def max_epochs(self) -> int:
        """Epochs after which the run ends."""
        return self.epochs

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, once the last epoch has ended."""
        if progress.epoch >= self.epochs and (progress.epoch_ended or progress.epoch == 0):
            return f"MaxEpochs: {progress.epoch} of {self.epochs} epochs done"
        return None


@final
@dataclass(frozen=True)
class MaxSteps:
    """Ends the run after a number of steps, those before a resume included.

    Attributes:
        steps: At least 0.

    Example:
        >>> from synthproto import MaxSteps
        >>> from synthproto.contracts import Progress
        >>> MaxSteps(10)(Progress(1, 10, 0.0, False, []))
        'MaxSteps: 10 of 10 steps done'
    """

    steps: int

    def __post_init__(self) -> None:
        _require_count("MaxSteps", "steps", self.steps, 0)

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, once the last step is done."""
        if progress.step >= self.steps:
            return f"MaxSteps: {progress.step} of {self.steps} steps done"
        return None


@final
@dataclass(frozen=True)
class TimeLimit:
    """Ends the run after the step in which a wall time has passed.

    Attributes:
        seconds: More than 0; earlier parts of a resumed run count.

    Example:
        >>> from synthproto import TimeLimit
        >>> from synthproto.contracts import Progress
        >>> TimeLimit(60)(Progress(3, 900, 61.5, False, []))
        'TimeLimit: 61.5 of 60 seconds are over'
    """

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ParameterError(f"TimeLimit: seconds must be more than 0; got {self.seconds}.")

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, once the time is over."""
        if progress.seconds >= self.seconds:
            return f"TimeLimit: {progress.seconds:.1f} of {self.seconds} seconds are over"
        return None


@final
class BestSoFar:
    """The best value of a score in a history that grows; each epoch is read once.

    Args:
        monitor: Reads the score.
        mode: Whether low or high values are best.
        min_delta: Least improvement that counts, in the unit of the score.
        relative: Least improvement as a share of the best value's magnitude.
    """

    def __init__(
        self, monitor: Monitor, mode: Mode, min_delta: float = 0.0, relative: float = 0.0
    ) -> None:
        self._monitor = monitor
        self._mode: Mode = mode
        self._min_delta, self._relative = min_delta, relative
        self._begin(())

    def _begin(self, history: Sequence[EpochEvent]) -> None:
        self._history, self._read = history, 0
        self.value: float = math.nan
        self.epoch: int = 0
        self.waited: int = 0

    def read(self, history: Sequence[EpochEvent]) -> None:
        """Read what is new in a history; all of it where it is another one, or was cut."""
        if self._history is not history or self._read > len(history):
            self._begin(history)
        for event in history[self._read :]:
            value = self._monitor(event)
            if value is None:
                continue
            margin = self._min_delta + self._relative * abs(self.value)
            if improves(value, self.value, self._mode, margin):
                self.value, self.epoch, self.waited = value, event.epoch, 0
            else:
                self.waited += 1
        self._read = len(history)


@final
@dataclass(frozen=True)
class Patience:
    """Ends the run when a score has stopped improving.

    Only epochs with a *new* value of the score count: with a validation every fifth epoch,
    ``patience=3`` waits for three validations. A value that is NaN is no improvement.

    Attributes:
        monitor: Reads the score: ``validation.monitor(score)``, ``train_loss``, any function.
        patience: New values without an improvement after which the run ends, at least 1.
        mode: Whether low or high values are best.
        min_delta: Least improvement that counts, in the unit of the score, at least 0.
        relative: Least improvement as a share of the best value's magnitude, at least 0:
            ``best - relative * abs(best)``, which is right for negative scores too.
        values: The former name of ``patience``.

    Raises:
        ParameterError: A number is outside its range, or ``patience`` is missing.

    Example:
        >>> from synthproto import Patience, train_loss
        >>> from synthproto.contracts import EpochEvent, Progress
        >>> losses = [3.0, 2.0, 2.5, 2.0]
        >>> history = [EpochEvent(i, i, 0.0, {"train/loss": x}) for i, x in enumerate(losses, 1)]
        >>> Patience(train_loss, patience=2)(Progress(4, 4, 0.0, True, history))
        'Patience: 2 new values without an improvement on 2 of epoch 2'
    """

    monitor: Monitor
    patience: int = 0
    mode: Mode = "min"
    min_delta: float = 0.0
    relative: float = 0.0
    values: int | None = field(default=None, kw_only=True, repr=False, compare=False)
    _best: BestSoFar = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.values is not None:
            object.__setattr__(self, "patience", self.values)
        check_monitor(self.monitor, "Patience: monitor")
        best = BestSoFar(self.monitor, self.mode, self.min_delta, self.relative)
        object.__setattr__(self, "_best", best)
        _require_count("Patience", "patience", self.patience, 1)
        _require_count("Patience", "min_delta", self.min_delta, 0)
        _require_count("Patience", "relative", self.relative, 0)

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, at the end of an epoch."""
        if not progress.epoch_ended:
            return None
        best = self._best
        best.read(progress.history)
        if best.waited < self.patience:
            return None
        return (
            f"Patience: {best.waited} new values without an improvement on {best.value:.6g} "
            f"of epoch {best.epoch}"
        )


@final
@dataclass(frozen=True)
class Target:
    """Ends the run once a score is good enough.

    Attributes:
        monitor: Reads the score.
        value: What it has to reach.
        mode: ``"min"``: at most the value; ``"max"``: at least the value.

    Example:
        >>> from synthproto import Target, train_loss
        >>> from synthproto.contracts import EpochEvent, Progress
        >>> history = [EpochEvent(1, 10, 0.0, {"train/loss": 0.04})]
        >>> Target(train_loss, 0.05)(Progress(1, 10, 0.0, True, history))
        'Target: 0.04 reached 0.05'
    """

    monitor: Monitor
    value: float
    mode: Mode = "min"

    def __post_init__(self) -> None:
        check_monitor(self.monitor, "Target: monitor")

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, at the end of an epoch."""
        if not progress.epoch_ended or not progress.history:
            return None
        score = self.monitor(progress.history[-1])
        if score is None:
            return None
        reached = score <= self.value if self.mode == "min" else score >= self.value
        return f"Target: {score:.6g} reached {self.value}" if reached else None


@final
@dataclass(frozen=True)
class NotFinite:
    """Ends the run after an epoch with a NaN or infinite score.

    For runs whose trainer is told not to raise (``check_finite=False``).

    Example:
        >>> from synthproto import NotFinite
        >>> from synthproto.contracts import EpochEvent, Progress
        >>> history = [EpochEvent(1, 10, 0.0, {"train/loss": float("nan")})]
        >>> NotFinite()(Progress(1, 10, 0.0, True, history))
        'NotFinite: train/loss=nan in epoch 1'
    """

    def __call__(self, progress: Progress, /) -> str | None:
        """The reason, naming the scores."""
        if not progress.epoch_ended or not progress.history:
            return None
        scores = progress.history[-1].scores
        bad = [f"{tag}={value}" for tag, value in scores.items() if not math.isfinite(value)]
        return f"NotFinite: {', '.join(bad)} in epoch {progress.epoch}" if bad else None


@final
class AnyOf:
    """Ends the run when any of the stoppers does; the first one's reason is given.

    Args:
        stoppers: In the order in which they are asked.

    Example:
        >>> from synthproto import AnyOf, MaxEpochs, MaxSteps
        >>> from synthproto.contracts import Progress
        >>> AnyOf(MaxEpochs(5), MaxSteps(10))(Progress(1, 10, 0.0, True, []))
        'MaxSteps: 10 of 10 steps done'
    """

    def __init__(self, *stoppers: Stopper) -> None:
        for index, stopper in enumerate(stoppers):
            check_function(stopper, 1, f"AnyOf: stoppers[{index}]")
        self._stoppers = stoppers

    @property
    def max_epochs(self) -> int | None:
        """The least of the bounds that are known."""
        return min(_bounds(self._stoppers), default=None)

    def __call__(self, progress: Progress, /) -> str | None:
        """The first reason that a stopper gives."""
        for stopper in self._stoppers:
            reason = stopper(progress)
            if reason is not None:
                return reason
        return None


@final
class AllOf:
    """Ends the run when all of the stoppers agree at the same moment.

    Args:
        stoppers: At least one.

    Example:
        >>> from synthproto import AllOf, MaxEpochs, MaxSteps
        >>> from synthproto.contracts import Progress
        >>> stopper = AllOf(MaxEpochs(1), MaxSteps(10))
        >>> [stopper(Progress(1, step, 0.0, True, [])) for step in (9, 10)]
        [None, 'MaxEpochs: 1 of 1 epochs done and MaxSteps: 10 of 10 steps done']
    """

    def __init__(self, *stoppers: Stopper) -> None:
        if not stoppers:
            raise ParameterError("AllOf: needs at least one stopper; got none.")
        for index, stopper in enumerate(stoppers):
            check_function(stopper, 1, f"AllOf: stoppers[{index}]")
        self._stoppers = stoppers

    @property
    def max_epochs(self) -> int | None:
        """Unknown: the stopper that comes last decides."""
        return None

    def __call__(self, progress: Progress, /) -> str | None:
        """All reasons, joined, if every stopper gives one."""
        reasons = [stopper(progress) for stopper in self._stoppers]
        given = [reason for reason in reasons if reason is not None]
        for stopper, reason in zip(self._stoppers, reasons, strict=True):
            if reason is not None:
                check_reason(stopper, reason)
        return " and ".join(given) if len(given) == len(reasons) else None


def _bounds(stoppers: tuple[object, ...]) -> list[int]:
    """The last epochs that stoppers know in advance."""
    bounds = [stopper.max_epochs for stopper in stoppers if isinstance(stopper, Bounded)]
    return [bound for bound in bounds if bound is not None]


def last_epoch(stopper: Stopper) -> int | None:
    """The epoch after which a stopper ends the run at the latest, if it knows."""
    return min(_bounds((stopper,)), default=None)


def warn_unused_monitors(stopper: Stopper, history: Sequence[EpochEvent]) -> None:
    """Warn of stoppers that could not end the run: their score had no value in any epoch."""
    names = _unused_monitors(stopper, history) if history else []
    if names:
        warnings.warn(
            f"Trainer: {' and '.join(names)} never had a value in {len(history)} epochs, and could "
            "not end the run. Is its validation among the routines, and due in time?",
            SynthprotoWarning,
            stacklevel=3,
        )


def _unused_monitors(stopper: object, history: Sequence[EpochEvent]) -> list[str]:
    if isinstance(stopper, (AnyOf, AllOf)):
        return [found for each in stopper._stoppers for found in _unused_monitors(each, history)]
    if not isinstance(stopper, (Patience, Target)):
        return []
    silent = all(stopper.monitor(event) is None for event in history)
    return [f"{type(stopper).__name__} of {stopper.monitor!r}"] if silent else []
