"""`Validation`: generate a table and compare it with the real one."""

from collections.abc import Callable
from typing import final

import pandas as pd

from synthproto.contracts import EpochEvent, Monitor, ReportTracker
from synthproto.data.table import Table, TablePair
from synthproto.errors import ParameterError, SchemaError
from synthproto.plan import Report, TablePlan
from synthproto.training.randomness import seeded
from synthproto.training.routines import ScoreMonitor


@final
class Validation:
    """Generates a synthetic table, compares it with the real one, and logs the report.

    Generation is seeded by itself, so that it disturbs nothing; with a fixed seed the same noise
    goes through the model every time, and scores of different epochs differ by the model alone.

    Args:
        sample: Generates the table: ``partial(model.generate, params)``, or any function.
        real: What it is compared with; its side of every comparison is computed once.
        plan: Scores, arrays and plots.
        tracker: Where to log the report (step = epoch); ``None`` keeps the scores in the history.
        holdout: Real rows that were never trained on, for scores that need them.
        seed: Of generation: one number, or a function of the epoch.
    """

    def __init__(
        self,
        *,
        sample: Callable[[], pd.DataFrame],
        real: Table,
        plan: TablePlan,
        tracker: ReportTracker | None = None,
        holdout: Table | None = None,
        seed: int | Callable[[int], int] = 0,
    ) -> None:
        self._sample = sample
        self._real = real
        self._plan = plan
        self._tracker = tracker
        self._holdout = holdout
        self._seed = seed

    def __call__(self, event: EpochEvent, /) -> Report:
        """Generate, compare and log for the epoch that ended."""
        report = self.compare(event.epoch)
        if self._tracker is not None:
            report.track(self._tracker, event.epoch)
        return report

    def compare(self, epoch: int = 1) -> Report:
        """Generate and compare, without logging.

        Args:
            epoch: Named in errors, and what a seed that is a function is given.

        Raises:
            SchemaError: The generated table does not fit the real one's spec; all faults.
        """
        with seeded(self._seed(epoch) if callable(self._seed) else self._seed):
            frame = self._sample()
        try:
            synthetic = Table(frame, self._real.spec, name="synthetic table")
        except SchemaError as error:
            raise SchemaError(f"generate, after epoch {epoch}: {error}") from error
        return self._plan.run(TablePair(self._real, synthetic, self._holdout))

    def monitor(self, score: Callable[[TablePair], float]) -> Monitor:
        """Reads one of the plan's scores, for a stopper or a scheduler.

        Raises:
            ParameterError: The score is not in the plan; names those that are.
        """
        raise ParameterError("")
