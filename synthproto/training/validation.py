"""`Validation`: generate a table and compare it with the real one."""

import json
import warnings
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import final

import numpy as np
import pandas as pd
import torch

from synthproto.artifacts.validity import label_notes
from synthproto.checks import listed, tag_of
from synthproto.conformance.calls import check_function
from synthproto.contracts import EpochEvent, Monitor, ReportTracker, TextTracker
from synthproto.data.frames import ArrowStream, Frame, ToPandas
from synthproto.data.kinds import NUMERIC
from synthproto.data.pair import TablePair
from synthproto.data.table import Table
from synthproto.errors import ConformanceError, ParameterError, SchemaError, SynthprotoWarning
from synthproto.plan import TablePlan
from synthproto.report import Report
from synthproto.training.randomness import seeded
from synthproto.training.stoppers import ScoreMonitor


@final
class Validation:
    """Generates a synthetic table, compares it with the real one, and logs the report.

    Generation is seeded by itself, so that it disturbs nothing. With a fixed seed the same noise
    goes through the model every time, and scores of different epochs differ by the model alone.

    Args:
        sample: Generates the table: ``sampler(model, params)``, or any function
            without arguments that gives a frame: pandas, polars, pyarrow, DuckDB, or anything
            with ``to_pandas()``.
        real: What it is compared with; its side of every comparison is computed once.
        plan: Scores, arrays and plots.
        tracker: Where to log the report (step = epoch); ``None`` keeps the scores in the history.
            One that keeps texts is told at once which data these are: ``run/data`` has their
            size and a hash of their content.
        holdout: Real rows that were never trained on, for scores that need them.
        seed: Of generation: one number, or a function of the epoch.
        name: Put before all tags as ``name/``, to tell validations of several splits apart.

    Example:
        >>> import pandas as pd
        >>> from synthproto import MeanJSDistance, Table, TablePlan, TableSpec, Validation
        >>> frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": ["a", "b", "a", "b"]})
        >>> validation = Validation(
        ...     sample=lambda: frame.iloc[::-1],  # usually sampler(model, params)
        ...     real=Table(frame, TableSpec.infer(frame)),
        ...     plan=TablePlan(scores=[MeanJSDistance()]),
        ... )
        >>> dict(validation.compare())
        {'fidelity/mean_js_distance': 0.0}
    """

    def __init__(
        self,
        *,
        sample: Callable[[], Frame],
        real: Table,
        plan: TablePlan,
        tracker: ReportTracker | None = None,
        holdout: Table | None = None,
        seed: int | Callable[[int], int] = 0,
        name: str = "",
    ) -> None:
        check_function(sample, 0, "Validation: sample")
        if holdout is not None:
            TablePair(real, holdout)  # refuses other columns now, not after the first epochs
        if callable(seed):
            check_function(seed, 1, "Validation: seed")
        self._sample = sample
        self._real = real
        self._plan = plan
        self._tracker = tracker
        self._holdout = holdout
        self._seed = seed
        self._prefix = f"{name}/" if name else ""
        self._monitored: list[str] = []
        self._labels_seen = False
        self._undefined: set[str] = set()
        keeper: object = tracker  # it may keep more than a report has
        if isinstance(keeper, TextTracker):
            # Here and not at the first epoch: a run that goes on then has it once.
            tables = [real] if holdout is None else [real, holdout]
            keeper.log_text(f"run/{self._prefix}data", "\n".join(map(_identity, tables)), 0)

    def __call__(self, event: EpochEvent, /) -> Report:
        """Generate, compare and log for the epoch that ended.

        Raises:
            SchemaError: The generated table does not fit the real one's spec; all faults.
            ConformanceError: What was generated is no frame.
            ParameterError: A monitored score is several numbers; names their tags.
        """
        report = self.compare(event.epoch)
        self._check_monitored(report)
        if self._tracker is not None:
            report.track(self._tracker, event.epoch)
        return report

    def compare(self, epoch: int = 0) -> Report:
        """Generate and compare, without logging: also outside a training.

        Args:
            epoch: Named in errors, and what a seed that is a function is given.

        Raises:
            SchemaError: The generated table does not fit the real one's spec; all faults.
            ConformanceError: What was generated is no frame.
        """
        seed = self._seed if isinstance(self._seed, int) else self._seed(epoch)
        with torch.no_grad(), seeded(seed):
            frame: object = self._sample()
        if not isinstance(frame, (pd.DataFrame, ArrowStream, ToPandas)):
            raise ConformanceError(
                f"sample, at epoch {epoch}, must return a DataFrame; got a {type(frame).__name__}."
            )
        try:
            synthetic = Table(frame, self._real.spec, name="synthetic table")
        except SchemaError as error:
            raise SchemaError(f"sample, at epoch {epoch}: {error}") from error
        pair = TablePair(self._real, synthetic, self._holdout)
        self._warn_of_labels(pair)
        report = self._plan.run(pair, undefined=partial(self._leave_out, epoch))
        return report.prefixed(self._prefix) if self._prefix else report

    def _leave_out(self, epoch: int, tag: str, reason: Exception) -> None:
        """Say once why a part has no value: one bad table does not end a training."""
        if tag not in self._undefined:
            self._undefined.add(tag)
            warnings.warn(
                f"Validation, at epoch {epoch}: {tag} has no value and is left out: {reason}",
                SynthprotoWarning,
                stacklevel=2,
            )

    def _warn_of_labels(self, pair: TablePair) -> None:
        """Say once what looks wrong about the labels of a generated table."""
        notes = [] if self._labels_seen else label_notes(pair)
        self._labels_seen = True
        if notes:
            warnings.warn(f"Validation: {'; '.join(notes)}", SynthprotoWarning, stacklevel=3)

    def monitor(self, score: Callable[[TablePair], float]) -> Monitor:
        """Reads one of the plan's scores, for a stopper, a scheduler or best-model keeping.

        Args:
            score: The part itself, as it is in the plan; one that gives one number.

        Raises:
            ParameterError: The score is not in the plan; names those that are.
        """
        tag = tag_of(score)
        if tag not in self._plan.score_tags:
            raise ParameterError(
                f"monitor: score {tag!r} is not in the plan, so it would never have a value; "
                f"the plan has {list(self._plan.score_tags)}."
            )
        self._monitored.append(f"{self._prefix}{tag}")
        return ScoreMonitor(self._monitored[-1])

    def _check_monitored(self, report: Report) -> None:
        for monitored in self._monitored:
            several = [tag for tag in report if tag.startswith(f"{monitored}/")]
            if monitored not in report and several:
                raise ParameterError(
                    f"monitor: score {monitored!r} is {len(several)} numbers: {listed(several)}. "
                    f"Monitor one of them, e.g. by lambda event: event.scores.get({several[0]!r})."
                )


def _identity(table: Table) -> str:
    """A table in one line: its size, and a hash of its numbers and labels.

    The same table has the same hash as CSV and as parquet, with integers and with floats.
    """
    found = sha256()
    for column in table.spec.columns:
        found.update(json.dumps([column.name, column.kind]).encode())
        if column.kind in NUMERIC:
            numbers = table.values(column.name) + 0.0  # no zero is negative
            numbers[np.isnan(numbers)] = np.nan  # in one way only
            found.update(numbers.astype("<f8").tobytes())
        else:
            levels = table.levels(column.name)
            found.update(json.dumps(levels.labels).encode())
            found.update(table.codes(levels).astype("<i4").tobytes())
    rows, columns = f"{len(table):,} rows", f"{len(table.spec.columns):,} columns"
    return f"{table.name}: {rows} x {columns}, sha256 {found.hexdigest()}"
