"""Routines: what is done after each epoch, in evaluation mode and without gradients."""

import copy
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, cast, final

import torch
from torch import Tensor
from typing_extensions import TypeVar

from synthproto.conformance.calls import check_function, check_monitor
from synthproto.contracts import (
    Batch,
    Batches,
    EpochEvent,
    Model,
    Monitor,
    Numbered,
    Output,
    ScalarTracker,
    Stateful,
    Value_co,
)
from synthproto.data.batches import batch_rows
from synthproto.errors import ParameterError, SynthprotoWarning
from synthproto.training.models import Forward, evaluated
from synthproto.training.randomness import seeded
from synthproto.training.state import not_finite
from synthproto.training.stoppers import Mode, ScoreMonitor, improves


@final
class LossRoutine:
    """Logs the mean losses of each epoch (tags ``train/<name>``, step = epoch).

    Args:
        tracker: Where to.

    Example:
        >>> from synthproto import LossRoutine, MemoryTracker
        >>> from synthproto.contracts import EpochEvent
        >>> tracker = MemoryTracker()
        >>> LossRoutine(tracker)(EpochEvent(1, 10, 0.0, {"train/loss": 0.5, "holdout/loss": 0.6}))
        >>> tracker.history.loc[1].to_dict()
        {'train/loss': 0.5}
    """

    def __init__(self, tracker: ScalarTracker) -> None:
        self._tracker = tracker

    def __call__(self, event: EpochEvent, /) -> None:
        """Log the epoch's mean training losses."""
        losses = {tag: v for tag, v in event.scores.items() if tag.startswith("train/")}
        self._tracker.log_scalars(losses, event.epoch)


@final
class BatchScores(Generic[Batch, Output]):
    """Mean of losses and other scores over the batches of any split.

    The model is evaluated as it is within the trainer's routines: averaged weights if there are
    any, no gradients. What it draws is seeded, the same in every epoch.

    Args:
        model: What is evaluated; it decides the types of batch and output.
        batches: Of the split: a sequence, or a function of the epoch.
        scores: Functions of output and batch by name: a mean over the batch's rows.
        name: Of the split; the scores' tags are ``<name>/<score>``.
        tracker: Where to log them; ``None`` keeps them in the history only.
        seed: Of what the model draws.

    Raises:
        ParameterError: There are no scores.

    Example:
        >>> import torch
        >>> from synthproto import BatchScores
        >>> routine = BatchScores(
        ...     model=torch.nn.Linear(1, 1),
        ...     batches=[torch.zeros(6, 1), torch.ones(2, 1)],
        ...     scores={"mean": lambda output, batch: batch.mean()},
        ... )
        >>> routine.evaluate()
        {'holdout/mean': 0.25}
    """

    def __init__(
        self,
        *,
        model: Model[Batch, Output],
        batches: Batches[Batch],
        scores: Mapping[str, Callable[[Output, Batch], Tensor | float]],
        name: str = "holdout",
        tracker: ScalarTracker | None = None,
        seed: int = 0,
    ) -> None:
        if not scores:
            raise ParameterError("BatchScores: scores are empty; name at least one function.")
        for name_of_score, score in scores.items():
            check_function(score, 2, f"BatchScores: score {name_of_score!r}")
        if callable(batches):
            check_function(batches, 1, "BatchScores: batches", may_yield=True)
        self._model = model
        self._forward = Forward(model).call
        self._batches = batches
        self._scores = dict(scores)
        self._name = name
        self._tracker = tracker
        self._seed = seed

    def __call__(self, event: EpochEvent, /) -> Mapping[str, float]:
        """Evaluate and log.

        Returns:
            Means over the split's rows by tag.
        """
        scores = self.evaluate(event.epoch)
        if self._tracker is not None:
            self._tracker.log_scalars(scores, event.epoch)
        return scores

    def evaluate(self, epoch: int = 1) -> dict[str, float]:
        """Means over the split's rows by tag, without logging; modes are left as they were.

        Raises:
            ParameterError: There are no batches.
        """
        sums, rows = dict.fromkeys(self._scores, 0.0), 0
        with evaluated(self._model), torch.no_grad(), seeded(self._seed):
            given = self._batches
            batches = given if isinstance(given, Sequence) else given(epoch)
            for batch in batches:
                output, count = self._forward(batch), batch_rows(batch)
                rows += count
                for name, score in self._scores.items():
                    sums[name] += float(score(output, batch)) * count
        if rows == 0:
            raise ParameterError(f"BatchScores {self._name!r}: batches gave nothing.")
        return {f"{self._name}/{name}": total / rows for name, total in sums.items()}

    def monitor(self, score: str) -> Monitor:
        """Reads one of the scores, for a stopper or a scheduler.

        Raises:
            ParameterError: There is no such score.
        """
        if score not in self._scores:
            raise ParameterError(
                f"BatchScores {self._name!r} has no score {score!r}; it has {sorted(self._scores)}."
            )
        return ScoreMonitor(f"{self._name}/{score}")


@final
class KeepBest:
    """Keeps a copy of the model's weights from the epoch with the best value of a score.

    The weights are those that evaluation sees: averaged ones if the step has an average. The
    copy is part of the trainer's checkpoints.

    Args:
        model: Whose weights.
        monitor: Reads the score, of a routine before this one.
        mode: Whether low or high values are best.

    Example:
        >>> import torch
        >>> from synthproto import KeepBest, train_loss
        >>> from synthproto.contracts import EpochEvent
        >>> best = KeepBest(torch.nn.Linear(1, 1), train_loss)
        >>> for epoch, loss in enumerate([0.5, 0.25, 0.75], 1):
        ...     best(EpochEvent(epoch, epoch, 0.0, {"train/loss": loss}))
        >>> best.epoch, best.value
        (2, 0.25)
    """

    def __init__(self, model: Stateful, monitor: Monitor, mode: Mode = "min") -> None:
        check_monitor(monitor, "KeepBest: monitor")
        self._model = model
        self._monitor = monitor
        self._mode: Mode = mode
        self._weights: dict[str, object] = {}
        self._were_not_finite = set(not_finite(model.state_dict()))  # a mask of -inf, say
        self.value: float = math.nan
        self.epoch: int = 0

    def __call__(self, event: EpochEvent, /) -> None:
        """Copy the weights if the epoch has a new best value."""
        value = self._monitor(event)
        if value is not None and improves(value, self.value, self._mode):
            if set(not_finite(self._model.state_dict())) - self._were_not_finite:
                warnings.warn(
                    f"KeepBest: weights of epoch {event.epoch} hold NaN or infinity, and are not "
                    f"kept, though its score is {value:.6g}.",
                    SynthprotoWarning,
                    stacklevel=2,
                )
                return
            self.value, self.epoch = value, event.epoch
            self._weights = {
                name: item.detach().clone() if isinstance(item, Tensor) else copy.deepcopy(item)
                for name, item in self._model.state_dict().items()
            }

    def restore(self) -> None:
        """Give the model the weights of the best epoch.

        Raises:
            ParameterError: No epoch had a value of the score yet.
        """
        if not self._weights:
            raise ParameterError("KeepBest: no epoch had a value of the monitored score yet.")
        self._model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, object]:
        """The best value, its epoch and its weights."""
        return {"value": self.value, "epoch": self.epoch, "weights": self._weights}

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        self.value = cast("float", state["value"])
        self.epoch = cast("int", state["epoch"])
        self._weights = dict(cast("dict[str, object]", state["weights"]))


Event_contra = TypeVar("Event_contra", bound=Numbered, contravariant=True)


@final
class Every(Generic[Event_contra, Value_co]):
    """Calls a callback or a routine on every n-th step or epoch, and nothing in between.

    Whether an event is due is decided once, here: what is not due costs nothing.

    Args:
        every: Distance between two events that are due, at least 1.
        part: A callback (every n-th step) or a routine (every n-th epoch).
        first: Number of the first event that is due, at least 1; by default ``every``, so
            that ``Every(5, part)`` acts on 5, 10, 15 and ``Every(5, part, first=1)`` on 1, 6, 11.

    Raises:
        ParameterError: A number is below 1.
        ConformanceError: The part cannot be called with an event.

    Example:
        >>> from synthproto import Every
        >>> from synthproto.contracts import EpochEvent
        >>> part = Every(5, lambda event: event.epoch)
        >>> [part(EpochEvent(epoch, epoch, 0.0, {})) for epoch in (4, 5, 6, 10)]
        [None, 5, None, 10]
    """

    def __init__(
        self, every: int, part: Callable[[Event_contra], Value_co], *, first: int | None = None
    ) -> None:
        start = every if first is None else first
        if every < 1 or start < 1:
            raise ParameterError(
                f"Every: every and first must be at least 1; got every={every}, first={start}."
            )
        check_function(part, 1, "Every: part")
        self._every = every
        self._first = start
        self._part = part

    @property
    def part(self) -> object:
        """The callback or routine that is called."""
        return self._part

    def __call__(self, event: Event_contra, /) -> Value_co | None:
        """What the part returns for an event that is due, otherwise ``None``."""
        number = event.number
        if number < self._first or (number - self._first) % self._every:
            return None
        return self._part(event)


def unwrapped(part: object) -> object:
    """The callback or routine inside any number of `Every`."""
    while isinstance(part, Every):
        part = part.part
    return part
