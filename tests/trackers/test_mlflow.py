"""MLflow's real server on this machine: what arrives, and what happens when it goes away."""

import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from mlflow.tracking.client import MlflowClient

from synthproto.errors import ParameterError, SynthprotoWarning, TrackerError
from synthproto.trackers.mlflow import MlflowTracker, mlflow_key
from synthproto.trackers.wrappers import Background

pytestmark = pytest.mark.slow  # the server alone takes half a minute to start


@dataclass(frozen=True)
class Server:
    uri: str
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """Stop the server and the workers that it started, all of one process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        assert isinstance(port, int)
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"]
    command += ["--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    found = Server(f"http://127.0.0.1:{port}", process)
    try:
        wait_for(found, folder / "log")
        yield found
    finally:
        found.end()


def wait_for(server: Server, log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and server.process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{server.uri}/health", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(log.read_text())


def test_a_run_arrives_at_the_server(server: Server, tmp_path: Path) -> None:
    figure = Figure(figsize=(1, 1))
    path = tmp_path / "spec.json"
    path.write_text("{}")
    with Background(tracker := MlflowTracker("adult", uri=server.uri, name="vae")) as run:
        run.log_params({"seed": 7, "model": "vae"})
        for step in range(1, 6):
            run.log_scalars({"fidelity/js/hours, a week": 1 / step, "train/loss": 2.0}, step)
        run.log_figure("visual/pdf", figure, 5)
        run.log_histogram("train/weights", np.arange(4.0), 5)
        run.log_file("spec", path, 5)
    client = MlflowClient(server.uri)
    kept = client.get_run(tracker.run_id)
    assert (kept.info.status, kept.data.params) == ("FINISHED", {"seed": "7", "model": "vae"})
    (key,) = set(kept.data.metrics) - {"train/loss"}
    assert kept.data.tags[f"tag.{key}"] == "fidelity/js/hours, a week"
    history = client.get_metric_history(tracker.run_id, key)
    assert [(m.step, m.value) for m in history] == [(step, 1 / step) for step in range(1, 6)]
    weights = "histograms/train/weights/00000005.npz"
    file = client.download_artifacts(tracker.run_id, weights, str(tmp_path))
    assert np.load(file)["values"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert client.list_artifacts(tracker.run_id, "figures/visual/pdf")
    assert client.list_artifacts(tracker.run_id, "files/spec")


def test_more_entries_than_one_request_takes(server: Server) -> None:
    scores = {f"fidelity/js/{number}": float(number) for number in range(1100)}
    with MlflowTracker("wide", uri=server.uri) as tracker:
        tracker.log_params({f"param {number}": number for number in range(120)})
        tracker.log_scalars(scores, 1)
    kept = MlflowClient(server.uri).get_run(tracker.run_id).data
    assert (len(kept.metrics), len(kept.params)) == (1100, 120)


def test_params_cannot_change_when_a_run_goes_on(server: Server) -> None:
    with MlflowTracker("adult", uri=server.uri) as tracker:
        tracker.log_params({"seed": 7})
    again = MlflowTracker("adult", uri=server.uri, run_id=tracker.run_id, resume_after=0)
    again.log_params({"seed": 7})
    with pytest.raises(TrackerError, match="could not keep 'seed'"):
        again.log_params({"seed": 8})
    with pytest.raises(TrackerError, match="lost 1 values of 1 tags: 'seed'"):
        again.close()


def test_a_run_to_continue_needs_its_name_and_a_step() -> None:
    with pytest.raises(ParameterError, match="belong together; got run_id=None, resume_after=3"):
        MlflowTracker("adult", resume_after=3)


def test_names_are_changed_only_where_they_must() -> None:
    assert (
        mlflow_key("fidelity/js_distance/hours per week") == "fidelity/js_distance/hours per week"
    )
    changed = ["a/../b", "a/./b", "a//b", "/a", "a/b,c", "a/b;c", "a/ü%", "a/" + "x" * 300, "a:b"]
    keys = [mlflow_key(tag) for tag in changed]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= 80 and key not in changed for key in keys)


def test_the_server_goes_away(server: Server) -> None:
    """Last in this file: it stops the server."""
    strict = MlflowTracker("adult", uri=server.uri)
    lenient = MlflowTracker("adult", uri=server.uri, on_error="warn")
    behind = Background(MlflowTracker("adult", uri=server.uri))
    for tracker in (strict, lenient, behind):
        tracker.log_scalars({"train/loss": 1.0}, 1)
    behind.flush()
    server.end()

    with pytest.raises(
        TrackerError, match=r"could not keep 'train/loss' of step 2; got .*API request"
    ):
        strict.log_scalars({"train/loss": 1.0}, 2)
    with pytest.raises(TrackerError, match=r"could not keep 'status'"):
        strict.close()

    with pytest.warns(SynthprotoWarning, match="It goes on, and counts what is lost"):
        lenient.log_scalars({"train/loss": 1.0}, 2)
    lenient.log_scalars({"train/loss": 1.0}, 3)  # told once
    with pytest.warns(SynthprotoWarning, match="lost 3 values of 2 tags: 'train/loss', 'status'"):
        lenient.close()

    behind.log_scalars({"train/loss": 1.0}, 2)
    with pytest.raises(TrackerError, match=r"lost 1 entries so far: 'train/loss'.*API request"):
        behind.close()

    with pytest.raises(TrackerError, match=r"cannot start its run; got .*API request"):
        MlflowTracker("adult", uri=server.uri)


def test_an_entry_that_is_rejected_costs_no_other(tmp_path: Path) -> None:
    tracker = MlflowTracker("odd", uri=f"sqlite:///{tmp_path}/db", on_error="warn")
    tracker.log_params({"width": 3})
    with pytest.warns(SynthprotoWarning, match="could not keep 'width'"):
        tracker.log_params({"rate": 0.5, "width": 4, "depth": 2})
    with pytest.warns(SynthprotoWarning, match="lost 1 values of 1 tags: 'width'"):
        tracker.close()
    client = MlflowClient(f"sqlite:///{tmp_path}/db")
    assert client.get_run(tracker.run_id).data.params == {"width": "3", "rate": "0.5", "depth": "2"}


def test_no_message_shows_the_password() -> None:
    uri, password = f"http://me:{'sEcReT'}@127.0.0.1:{free_port()}", "sEcReT"
    with pytest.raises(TrackerError) as caught:
        MlflowTracker("odd", uri=uri)
    assert password not in "".join(traceback.format_exception(caught.value))
    assert "me:***@127.0.0.1" in str(caught.value)
