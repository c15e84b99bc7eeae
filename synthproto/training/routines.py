"""Routines: what is done after each epoch, in evaluation mode and without gradients."""

from collections.abc import Callable, Mapping
from typing import Generic, cast, final

import torch
from torch import Tensor

from synthproto.contracts import (
    Batch,
    Batches,
    EpochEvent,
    Model,
    Monitor,
    Output,
    ScalarTracker,
)
from synthproto.data.batches import batch_rows
from synthproto.errors import ParameterError
from synthproto.training.modes import evaluated
from synthproto.training.monitors import ScoreMonitor
from synthproto.training.randomness import seeded


@final
class LossRoutine:
    """Logs the mean losses of each epoch (tags ``train/<name>``, step = epoch).

    Args:
        tracker: Where to.
    """

    def __init__(self, tracker: ScalarTracker) -> None:
        self._tracker = tracker

    def __call__(self, event: EpochEvent, /) -> None:
        """Log the epoch's mean training losses."""
        losses = {tag: v for tag, v in event.scores.items() if tag.startswith("train/")}
        self._tracker.log_scalars(losses, event.epoch)


@final
class LoaderRoutine(Generic[Batch, Output]):
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
            raise ParameterError("LoaderRoutine: scores are empty; name at least one function.")
        self._model = model
        # A module's __call__ is typed `Callable[..., Any]`; its forward says what it takes.
        self._forward = cast(
            "Callable[[Batch], Output]", model if callable(model) else model.forward
        )
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
            batches = self._batches(epoch) if callable(self._batches) else self._batches
            for batch in batches:
                output, count = self._forward(batch), batch_rows(batch)
                rows += count
                for name, score in self._scores.items():
                    sums[name] += float(score(output, batch)) * count
        if rows == 0:
            raise ParameterError(f"LoaderRoutine {self._name!r}: batches gave nothing.")
        return {f"{self._name}/{name}": total / rows for name, total in sums.items()}

    def monitor(self, score: str) -> Monitor:
        """Reads one of the scores, for a stopper or a scheduler.

        Raises:
            ParameterError: There is no such score.
        """
        if score not in self._scores:
            raise ParameterError(
                f"LoaderRoutine {self._name!r} has no score {score!r}; it has "
                f"{sorted(self._scores)}."
            )
        return ScoreMonitor(f"{self._name}/{score}")
