"""What a run gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import pandas as pd

from synthproto.contracts import EpochEvent
from synthproto.plan import Report


@final
@dataclass(frozen=True)
class TrainingResult:
    """What a run gives back.

    Attributes:
        history: One row per epoch that ended, indexed by ``epoch``: ``step`` (steps of the run
            so far), ``seconds`` (wall time so far), then every score by tag (``train/loss``,
            ...), NaN in epochs without a value of it.
        reason: Which stopper ended the run and why, or ``"interrupted"``.
        report: The last report of a validation, if this run had one.
        epoch: Epochs begun.
        step: Steps done.
        seconds: Wall time, earlier parts of a resumed run included.
        interrupted: Whether Ctrl-C ended the run.
    """

    history: pd.DataFrame
    reason: str
    report: Report | None
    epoch: int
    step: int
    seconds: float
    interrupted: bool

    def __str__(self) -> str:
        return f"{self.epoch} epochs, {self.step} steps, {self.seconds:.1f} s; {self.reason}"


def history_frame(history: Sequence[EpochEvent]) -> pd.DataFrame:
    """The epochs of a run as a frame, one row an epoch."""
    rows = [{"step": event.step, "seconds": event.seconds, **event.scores} for event in history]
    index = pd.Index([event.epoch for event in history], name="epoch", dtype="int64")
    return pd.DataFrame(rows, index=index, columns=None if rows else ["step", "seconds"])
