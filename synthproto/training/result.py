"""What a run gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

from synthproto.contracts import EpochEvent
from synthproto.report import Report

if TYPE_CHECKING:
    import pandas


@final
@dataclass(frozen=True)
class TrainingResult:
    """What a run gives back.

    Attributes:
        epochs: The epochs that ended, oldest first.
        reason: Which stopper ended the run and why, or ``"interrupted"``.
        report: The last report of a validation, if this run had one.
        epoch: Epochs begun.
        step: Steps done.
        seconds: Wall time, earlier parts of a resumed run included.
        interrupted: Whether Ctrl-C ended the run. A tracker's ``with`` block around it only hears
            of that by an exception: ``if result.interrupted: raise KeyboardInterrupt`` as its last
            line makes every tracker mark its run as interrupted, not finished.
    """

    epochs: tuple[EpochEvent, ...]
    reason: str
    report: Report | None
    epoch: int
    step: int
    seconds: float
    interrupted: bool

    @cached_property
    def history(self) -> "pandas.DataFrame":
        """One row per epoch that ended, made when it is first asked for.

        Returns:
            Indexed by ``epoch``: ``step`` (steps of the run so far), ``seconds`` (wall time so
            far), then every score by tag (``train/loss``, ...), NaN in epochs without a value.
        """
        return history_frame(self.epochs)

    def __str__(self) -> str:
        return f"{self.epoch} epochs, {self.step} steps, {self.seconds:.1f} s; {self.reason}"


def history_frame(history: Sequence[EpochEvent]) -> "pandas.DataFrame":
    """The epochs of a run as a frame, one row an epoch."""
    import pandas as pd

    rows = [{"step": event.step, "seconds": event.seconds, **event.scores} for event in history]
    index = pd.Index([event.epoch for event in history], name="epoch", dtype="int64")
    return pd.DataFrame(rows, index=index, columns=None if rows else ["step", "seconds"])
