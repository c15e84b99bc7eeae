"""Monitors: functions that read one score of an epoch."""

import math
from typing import Literal, TypeAlias, final

from synthproto.contracts import EpochEvent

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
