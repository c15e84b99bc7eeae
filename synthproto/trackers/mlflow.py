"""Tracker that sends one run to MLflow: a server, or a database file on this machine."""

import re
import time
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import MissingExtraError, ParameterError, TrackerError
from synthproto.trackers.formats import array_file, digest
from synthproto.trackers.lifecycle import (
    Array,
    Drawing,
    Faults,
    OnError,
    ParamValue,
    Status,
    Traceback,
    check_entry,
    check_finite,
    listed,
    noted,
    outcome,
    png,
)

_UNSAFE = re.compile(r"[^\w.\- ]")
_LONGEST = 60  # of a part; MLflow allows 250 for a whole key
_BATCH = 100  # entries that one call of MLflow's interface takes of parameters and tags
_METRICS = 1000  # and of metrics
_STATUS: Mapping[Status, str] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "interrupted": "KILLED",
    "failed": "FAILED",
}

_Entry = TypeVar("_Entry")


def _batches(entries: list[_Entry], size: int) -> list[list[_Entry]]:
    return [entries[start : start + size] for start in range(0, len(entries), size)]


def _key_part(text: str) -> str:
    name = _UNSAFE.sub("_", text)[:_LONGEST]
    if name != text or not text.strip(".") or text != text.strip():
        return f"{name.strip('. ')}-{digest(text)}"
    return name


def mlflow_key(tag: str) -> str:
    """A tag with the letters that MLflow takes; a part that had others ends with a digest."""
    return "/".join(_key_part(part) for part in tag.split("/"))


@final
class MlflowTracker:
    """Sends scores, plots, tables, texts, files and hyperparameters of one run to MLflow.

    Scores are metrics, hyperparameters params; everything else is an artifact
    ``<kind>/<tag>/<step>.csv .npz .png .md ...``. MLflow takes few letters in names: a tag with
    others is changed, and the run's tag ``tag.<changed>`` holds it as it was. MLflow stores NaN
    as such and infinity as the largest float. Each call is a request that has been answered when
    it returns: put it in a `Background` unless the server is near.

    How often the client tries again, and for how long, is set by MLflow's own environment
    variables ``MLFLOW_HTTP_REQUEST_MAX_RETRIES`` and ``MLFLOW_HTTP_REQUEST_TIMEOUT``: by default
    a server that went away is waited for for minutes.

    Args:
        experiment: Name of the experiment; it is made where there is none.
        uri: ``sqlite:///path.db`` or ``http://host:port``.
        name: Name of the run; MLflow makes one up.
        artifacts: Where a new experiment keeps its files: a folder or an address; by default
            where the server says, or ``./mlruns`` for a database file.
        run_id: Continue this run; needs ``resume_after``.
        resume_after: The last step to keep, usually the epoch of a checkpoint. MLflow cannot
            delete: a score of a later step is sent unless the same value is already there.
        on_error: ``"raise"`` a `TrackerError` when something cannot be sent, or ``"warn"`` and go
            on without it.

    Raises:
        MissingExtraError: MLflow is not installed; raised when it is made.
        ParameterError: Only one of ``run_id`` and ``resume_after`` is given.
        TrackerError: The server or database cannot be reached, or has no such run.
    """

    def __init__(
        self,
        experiment: str,
        *,
        uri: str = "sqlite:///mlflow.db",
        name: str | None = None,
        artifacts: str | None = None,
        run_id: str | None = None,
        resume_after: int | None = None,
        on_error: OnError = "raise",
    ) -> None:
        if find_spec("mlflow") is None:
            raise MissingExtraError(
                "MlflowTracker needs mlflow, which is not installed. Install the extra `mlflow`: "
                "pip install 'synthproto[mlflow]'."
            )
        from mlflow.exceptions import MlflowException
        from mlflow.tracking.client import MlflowClient

        if (run_id is None) != (resume_after is None):
            raise ParameterError(
                "run_id and resume_after belong together; got "
                f"run_id={run_id!r}, resume_after={resume_after!r}."
            )
        self._where = f"MlflowTracker('{experiment}', uri='{uri}')"
        self._faults = Faults(self._where, on_error, (OSError, MlflowException))
        self._after = resume_after
        self._sent: dict[str, set[tuple[int, str]]] = {}
        self._named: set[str] = set()
        self._closed = False
        try:
            self._client = MlflowClient(uri)
            self._run_id = run_id or self._start(experiment, artifacts, name)
            self._client.update_run(self._run_id, status=_STATUS["running"])
        except (OSError, MlflowException) as error:
            raise TrackerError(f"{self._where} cannot start its run; got {error!r}.") from error

    def _start(self, experiment: str, artifacts: str | None, name: str | None) -> str:
        known = self._client.get_experiment_by_name(experiment)
        experiment_id = (
            self._client.create_experiment(experiment, artifacts)
            if known is None
            else known.experiment_id
        )
        return self._client.create_run(experiment_id, run_name=name).info.run_id

    @property
    def run_id(self) -> str:
        """MLflow's name of the run, for resuming."""
        return self._run_id

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Send several numbers of one step as metrics.

        Args:
            values: Numbers by tag.
            step: Epoch or training step.
        """
        from mlflow.entities import Metric

        self._check(values, step)
        now = int(time.time() * 1000)
        with self._faults.guard(values, step):
            entries = [(self._key(tag), value) for tag, value in values.items()]
            metrics = [
                Metric(key, value, now, step)
                for key, value in entries
                if not self._is_there(key, value, step)
            ]
            for batch in _batches(metrics, _METRICS):
                self._client.log_batch(self._run_id, metrics=batch, synchronous=True)

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Send a frame as CSV, an array as npz.

        Args:
            tag: Its tag.
            array: An array, or a frame with labelled rows and columns.
            step: Epoch or training step.
        """
        suffix, content = array_file(array)
        self._send("arrays", tag, step, suffix, content)

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Send a plot as PNG.

        Args:
            tag: Its tag.
            figure: The plot.
            step: Epoch or training step.
        """
        self._send("figures", tag, step, ".png", png(figure))

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Send all values as npz.

        Args:
            tag: Its tag.
            values: Finite values, shape ``(n,)``, at least one.
            step: Epoch or training step.

        Raises:
            ParameterError: There is no value, or not all are finite.
        """
        check_finite(tag, values, step)
        suffix, content = array_file(values)
        self._send("histograms", tag, step, suffix, content)

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Send a text as a Markdown file.

        Args:
            tag: Its tag.
            text: The text.
            step: Epoch or training step.
        """
        self._send("texts", tag, step, ".md", text.encode())

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Send a copy of a file.

        Args:
            tag: Its tag.
            path: The file; its suffix is kept.
            step: Epoch or training step.
        """
        self._send("files", tag, step, path.suffix, path.read_bytes())

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Send hyperparameters; MLflow does not let them change afterwards.

        Args:
            params: Values by name.
        """
        from mlflow.entities import Param

        self._check(params, 0)
        with self._faults.guard(params):
            entries = [Param(self._key(name), str(value)) for name, value in params.items()]
            for batch in _batches(entries, _BATCH):
                self._client.log_batch(self._run_id, params=batch, synchronous=True)

    def flush(self) -> None:
        """Do nothing: each call has already been answered."""

    def close(self) -> None:
        """Mark the run as finished. A second call does nothing.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        self._end("finished", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        with noted(error):
            self._end(*outcome(kind, error))

    def _end(self, status: Status, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        with self._faults.guard(["status"]):
            self._client.set_tag(self._run_id, "error", reason)
            self._client.set_terminated(self._run_id, _STATUS[status])
        self._faults.settle()

    def _check(self, tags: Collection[str], step: int) -> None:
        check_entry(tags, step)
        if self._closed:
            raise TrackerError(f"{self._where} is closed; got {listed(tags)}.")

    def _key(self, tag: str) -> str:
        """The tag's name in MLflow; a changed one is explained once, in a tag of the run."""
        key = mlflow_key(tag)
        if key != tag and key not in self._named:
            self._client.set_tag(self._run_id, f"tag.{key}", tag)
            self._named.add(key)
        return key

    def _is_there(self, key: str, value: float, step: int) -> bool:
        """Whether a continued run already has this value of a step that is logged again."""
        if self._after is None or step <= self._after:
            return False
        if key not in self._sent:
            history = self._client.get_metric_history(self._run_id, key)
            self._sent[key] = {(metric.step, repr(metric.value)) for metric in history}
        return (step, repr(value)) in self._sent[key]

    def _send(self, kind: str, tag: str, step: int, suffix: str, content: bytes) -> None:
        self._check([tag], step)
        with self._faults.guard([tag], step), TemporaryDirectory() as folder:
            file = Path(folder, f"{step:08d}{suffix}")
            file.write_bytes(content)
            self._client.log_artifact(self._run_id, str(file), f"{kind}/{self._key(tag)}")
