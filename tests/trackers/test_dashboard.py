"""What the real TensorBoard server shows of a run, with both of its loaders."""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from synthproto.trackers.lifecycle import png
from synthproto.trackers.tensorboard import TensorBoardTracker

MEAN = "fidelity/mean_js_distance"


@dataclass(frozen=True)
class Server:
    address: str

    def raw(self, path: str, body: object = None, **query: str) -> bytes:
        request = urllib.request.Request(
            f"{self.address}data/{path}?{urllib.parse.urlencode(query)}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        assert isinstance(content, bytes)
        return content

    def get(self, path: str, body: object = None, **query: str) -> object:
        parsed: object = json.loads(self.raw(path, body, **query))
        return parsed


def figure(step: int) -> Figure:
    drawn = Figure(figsize=(3.25, 1.96), dpi=100)
    drawn.add_subplot().plot([0, 1, step])
    return drawn


def log_epoch(tracker: TensorBoardTracker, step: int, shift: float = 0.0) -> None:
    tracker.log_scalars(
        {
            MEAN: 1 / step + shift,
            f"reference/{MEAN}": 0.125,
            "fidelity/js_distance/age": 0.5,
            "reference/fidelity/js_distance/age": 0.25,
            "train/loss": 2 / step,
            "holdout/loss": 3 / step,
        },
        step,
    )
    for number in range(3):  # counted in training steps, far ahead of the epochs
        tracker.log_scalars({"train/gradient_norm": shift}, 100 * step + number)
    tracker.log_figure("visual/pdf", figure(step), step)
    tracker.log_text("fidelity/table", f"| a |\n|---|\n| {step} |", step)
    tracker.log_histogram("train/weights", np.linspace(-1.0, 1.0, 50) * step, step)


def write_runs(folder: Path) -> None:
    """Two runs: one that was killed in epoch 8 and continued from epoch 6, and one that failed."""
    told = {"fidelity/mean_js_distance": "In [0, 1]; **0** is a perfect match."}
    killed = TensorBoardTracker(folder / "vae", descriptions=told)
    killed.log_params({"learning_rate": 0.5, "model": "vae", "ema": True})
    for step in range(1, 9):
        log_epoch(killed, step)
    killed.close()
    with TensorBoardTracker(folder / "vae", resume_after=6) as tracker:
        tracker.log_params({"learning_rate": 0.5, "model": "vae", "ema": True})
        for step in range(7, 12):
            log_epoch(tracker, step, shift=1.0)
        rows = np.random.default_rng(0).normal(size=(6, 4))
        labels = pd.DataFrame({"side": ["real", "synthetic"] * 3, "sex": list("ffmmfm")})
        tracker.log_embedding('rows "encoded"', rows, labels, 11)
    failed = TensorBoardTracker(folder / "gan")
    failed.log_params({"learning_rate": 0.25, "model": "gan", "dropout": 0.1})
    failed.log_scalars({MEAN: 0.75}, 1)
    with pytest.raises(ValueError, match="broken"), failed:
        raise ValueError("broken")


@pytest.fixture(scope="module", params=["true", "false"], ids=["fast loader", "python loader"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("runs")
    write_runs(folder)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", "0"]
    command += ["--load_fast", str(request.param), "--samples_per_plugin", "images=100"]
    with (folder / "log").open("w+") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield wait_for(lambda: started(folder / "log"))
        finally:
            process.terminate()


def started(log: Path) -> Server | None:
    """The server, once its address is known and it has read both runs."""
    found = re.search(r"http://\S+", log.read_text())
    if found is None:
        return None
    server = Server(found[0])
    tags = server.get("plugin/scalars/tags")
    images = server.get("plugin/images/tags")
    ready = isinstance(tags, dict) and {"vae", "gan"} <= set(tags) and images
    return server if ready and complete(server) else None


def complete(server: Server) -> bool:
    points = server.get("plugin/scalars/scalars", run="vae", tag="holdout/loss")
    return isinstance(points, list) and len(points) == 11


def wait_for(look: Callable[[], Server | None], seconds: float = 60.0) -> Server:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if (found := look()) is not None:
                return found
        except OSError:  # not listening yet, or a tag that has not been read yet
            pass
        time.sleep(0.2)
    raise TimeoutError("TensorBoard did not show the runs")


def points(server: Server, tag: str) -> list[tuple[int, float]]:
    answer = server.get("plugin/scalars/scalars", run="vae", tag=tag)
    assert isinstance(answer, list)
    return [(int(step), float(value)) for _, step, value in answer]


def test_a_continued_run_is_one_clean_line_in_epochs_and_in_steps(server: Server) -> None:
    steps, means = zip(*points(server, MEAN), strict=True)
    assert steps == tuple(range(1, 12))
    assert means == pytest.approx([1 / step + (step > 6) for step in range(1, 12)])
    assert points(server, "train/gradient_norm") == [
        (100 * step + number, float(step > 6)) for step in range(1, 12) for number in range(3)
    ]


def test_a_tag_explains_itself(server: Server) -> None:
    tags = server.get("plugin/scalars/tags")
    assert isinstance(tags, dict)
    assert "<strong>0</strong> is a perfect match" in tags["vae"][MEAN]["description"]


def test_images_are_the_figures(server: Server) -> None:
    found = server.get("plugin/images/images", run="vae", tag="visual/pdf")
    assert isinstance(found, list)
    assert [entry["step"] for entry in found] == list(range(1, 12))
    query = urllib.parse.parse_qs(found[-1]["query"])
    shown = server.raw("plugin/images/individualImage", **{k: v[0] for k, v in query.items()})
    assert shown == png(figure(11))


def test_tables_are_shown_as_tables(server: Server) -> None:
    found = server.get("plugin/text/text", run="vae", tag="fidelity/table")
    assert isinstance(found, list)
    assert "<td>11</td>" in found[-1]["text"]
    status = server.get("plugin/text/text", run="gan", tag="run/status")
    assert isinstance(status, list)
    assert "<strong>failed</strong> ValueError: broken" in status[0]["text"]


def test_histograms_are_shown(server: Server) -> None:
    found = server.get("plugin/histograms/histograms", run="vae", tag="train/weights")
    assert isinstance(found, list)
    _, step, bins = found[-1]
    assert step == 11
    assert (bins[0][0], bins[-1][1]) == (-11.0, 11.0)
    assert sum(count for *_, count in bins) == 50


def test_runs_are_compared_by_hyperparameters_and_last_scores(server: Server) -> None:
    statuses = [f"STATUS_{name}" for name in ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")]
    wanted = [
        *({"hparam": name, "includeInResult": True} for name in ("learning_rate", "model", "ema")),
        {"hparam": "dropout", "includeInResult": True},
        {"metric": {"tag": MEAN, "group": ""}, "includeInResult": True},
    ]
    body = {"allowedStatuses": statuses, "colParams": wanted, "startIndex": 0, "sliceSize": 9}
    found = server.get("plugin/hparams/session_groups", body)
    assert isinstance(found, dict)
    groups = {group["name"]: group for group in found["sessionGroups"]}
    assert set(groups) == {"vae", "gan"}  # no runs besides the user's own
    assert groups["vae"]["hparams"] == {"learning_rate": 0.5, "model": "vae", "ema": True}
    assert groups["gan"]["hparams"]["dropout"] == 0.1
    last = {m["name"]["tag"]: m["value"] for m in groups["vae"]["metricValues"]}
    assert last[MEAN] == pytest.approx(1 / 11 + 1)
    sessions = {name: group["sessions"][0]["status"] for name, group in groups.items()}
    assert sessions == {"vae": "STATUS_SUCCESS", "gan": "STATUS_FAILURE"}


def test_scores_are_drawn_beside_their_references(server: Server) -> None:
    found = server.get("plugin/custom_scalars/layout")
    assert isinstance(found, dict)
    charts = {
        (category["title"], chart["title"]): chart
        for category in found["category"]
        for chart in category["chart"]
    }
    assert set(charts) == {
        ("fidelity", MEAN),
        ("fidelity/js_distance", "fidelity/js_distance/age"),
        ("loss", "loss"),
    }
    (band,) = charts["fidelity", MEAN]["margin"]["series"]
    assert band == {"value": MEAN, "lower": f"reference/{MEAN}", "upper": MEAN}
    joined = "|".join(f"({re.escape(tag)})" for tag in band.values())  # as the page asks
    answer = server.get("plugin/custom_scalars/scalars", run="vae", tag=joined)
    assert isinstance(answer, dict)
    assert set(band.values()) <= set(answer["tag_to_events"])


def test_rows_are_points_in_the_projector(server: Server) -> None:
    assert server.get("plugin/projector/runs") == ["vae"]
    info = server.get("plugin/projector/info", run="vae")
    assert isinstance(info, dict)
    (embedding,) = info["embeddings"]
    name = 'rows "encoded", step 11'
    assert (embedding["tensorName"], embedding["tensorShape"]) == (name, [6, 4])
    vectors = server.raw("plugin/projector/tensor", run="vae", name=name)
    expected = np.random.default_rng(0).normal(size=(6, 4))
    np.testing.assert_allclose(np.frombuffer(vectors, np.float32), expected.ravel(), rtol=1e-5)
    labels = server.raw("plugin/projector/metadata", run="vae", name=name)
    assert labels.decode().split("\n")[:2] == ["side\tsex", "real\tf"]
