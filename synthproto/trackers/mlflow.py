"""Tracker that sends one run to MLflow: a server, or a database file on this machine."""

import re
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar, final
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import MissingExtraError, ParameterError, TrackerError
from synthproto.trackers.formats import array_file, digest
from synthproto.trackers.lifecycle import (
    Array,
    Drawing,
    Lifecycle,
    Mark,
    OnError,
    ParamValue,
    Status,
    Traceback,
    check_finite,
    clean,
    png,
)

_UNSAFE = re.compile(r"[^\w.\- ]")
_LONGEST = 60  # of a part
_LONGEST_KEY = 245  # of a whole key: MLflow takes 250, and 255 for the tag "tag.<key>"
_REJECTED = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")  # answers that blame an entry
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
    key = "/".join(_key_part(part) for part in tag.split("/"))
    return (
        key
        if len(key) <= _LONGEST_KEY
        else f"{key[: _LONGEST_KEY - 9].rstrip('/. ')}-{digest(tag)}"
    )


def _password(uri: str) -> str:
    """The password in an address; empty where there is none."""
    try:
        return urlsplit(uri).password or ""
    except ValueError:  # no address
        return ""


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
    the client retries an unreachable server for minutes.

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
        secret = _password(uri)
        where = f"MlflowTracker('{experiment}', uri='{uri}')"
        self._life = Lifecycle(where, on_error, (OSError, MlflowException), secret)
        self._after = resume_after
        self._sent: dict[str, set[tuple[int, str]]] = {}
        self._named: set[str] = set()
        # What was logged before the training run began: sent again where that run goes on.
        self._early: list[Callable[[], None]] | None = []
        try:
            self._client = MlflowClient(uri)
            self._run_id = run_id or self._start(experiment, artifacts, name)
            self._client.update_run(self._run_id, status=_STATUS["running"])
        except (OSError, MlflowException) as error:
            message = self._life.hidden(f"{where} cannot start its run; got {error!r}.")
            raise TrackerError(message) from self._life.cause(error)

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

    def mark(self) -> Mark:
        """Where the run stands, for a checkpoint."""
        self._early = None
        return {"run_id": self._run_id}

    def rewind(self, mark: Mark, /) -> None:
        """Go on with the run that a mark is of; MLflow cannot delete what came after it.

        A score that is logged again with the value it had is not sent again. The run that was
        begun for this tracker is deleted, and what it holds is sent to the one that goes on.

        Args:
            mark: What `mark` gave, in this process or an earlier one.

        Raises:
            TrackerError: The server has no such run, or cannot be reached.
        """
        own, run_id, early = self._run_id, str(mark["run_id"]), self._early or []
        self._after, self._early = -1, None
        if run_id == own:
            return
        with self._life.guard(["run_id"]):
            self._client.update_run(run_id, status=_STATUS["running"])
            self._run_id = run_id
            self._named.clear()
            self._client.delete_run(own)
        for call in early:
            call()

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Send several numbers of one step as metrics.

        Args:
            values: Numbers by tag.
            step: Epoch or training step.
        """
        from mlflow.entities import Metric

        self._life.check(values, step)
        self._remember(partial(self.log_scalars, dict(values), step))
        now = int(time.time() * 1000)

        def send(tags: Collection[str]) -> None:
            entries = [(self._key(tag), values[tag]) for tag in tags]
            metrics = [
                Metric(key, value, now, step)
                for key, value in entries
                if not self._is_there(key, value, step)
            ]
            for batch in _batches(metrics, _METRICS):
                self._client.log_batch(self._run_id, metrics=batch, synchronous=True)

        self._send_each(list(values), step, send)

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
        self._send("texts", tag, step, ".md", clean(text).encode())

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

        self._life.check(params, 0)
        self._remember(partial(self.log_params, dict(params)))

        def send(names: Collection[str]) -> None:
            entries = [Param(self._key(name), clean(str(params[name]))) for name in names]
            for batch in _batches(entries, _BATCH):
                self._client.log_batch(self._run_id, params=batch, synchronous=True)

        self._send_each(list(params), None, send)

    def flush(self) -> None:
        """Do nothing: each call has already been answered."""

    def close(self) -> None:
        """Mark the run as finished. A second call does nothing.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        self._life.end(self._end, self._early_done)

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        self._life.tell(status, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        self._life.end(self._end, self._early_done, kind, error)

    def _end(self) -> None:
        self._client.set_tag(self._run_id, "error", self._life.error)
        self._client.set_terminated(self._run_id, _STATUS[self._life.status])

    def _early_done(self) -> None:
        self._early = None

    def _remember(self, call: Callable[[], None]) -> None:
        if self._early is not None:
            self._early.append(call)

    def _send_each(
        self, names: Collection[str], step: int | None, send: Callable[[Collection[str]], None]
    ) -> None:
        """Send all entries of a call at once; if MLflow rejects them, each by itself.

        So one that it does not take costs no other. A server that is gone is asked once.
        """
        from mlflow.exceptions import MlflowException

        with self._life.guard(names, step):
            try:
                return send(names)
            except MlflowException as error:
                if len(names) == 1 or error.error_code not in _REJECTED:
                    raise
        troubles: list[TrackerError] = []
        for name in names:
            try:
                with self._life.guard([name], step):
                    send([name])
            except TrackerError as trouble:
                troubles.append(trouble)
        if troubles:
            raise troubles[0]
        return None

    def _key(self, tag: str) -> str:
        """The tag's name in MLflow; a changed one is explained once, in a tag of the run."""
        key = mlflow_key(tag)
        if key != tag and key not in self._named:
            self._client.set_tag(self._run_id, f"tag.{key}", clean(tag))
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
        self._life.check([tag], step)
        self._remember(partial(self._send, kind, tag, step, suffix, content))
        with self._life.guard([tag], step), TemporaryDirectory() as folder:
            file = Path(folder, f"{step:08d}{suffix}")
            file.write_bytes(content)
            self._client.log_artifact(self._run_id, str(file), f"{kind}/{self._key(tag)}")
