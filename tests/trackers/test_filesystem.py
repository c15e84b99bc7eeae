"""A run's folder as a person, pandas and numpy see it."""

import csv
import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from synthproto.errors import TrackerError
from synthproto.trackers.filesystem import FilesystemTracker, _git
from synthproto.trackers.formats import original_name


def test_the_folder_explains_itself(tmp_path: Path) -> None:
    model = tmp_path / "model.pt"
    model.write_bytes(b"weights")
    with FilesystemTracker(tmp_path / "vae") as tracker:
        tracker.log_params({"seed": 7, "ema": True})
        tracker.log_text("run/plan", "MeanJSDistance()", 0)
        tracker.log_scalars({"fidelity/js/age": 0.1}, 5)
        tracker.log_array("fidelity/means", pd.DataFrame({"real": [1.5]}, index=["age"]), 5)
        tracker.log_array("fidelity/correlations", np.eye(2), 5)
        tracker.log_figure("visual/pdf", Figure(figsize=(1, 1)), 5)
        tracker.log_histogram("train/weights", np.arange(3.0), 5)
        tracker.log_file("model", model, 5)
        running = json.loads((tmp_path / "vae" / "run.json").read_text())
    folder = tmp_path / "vae"
    run = json.loads((folder / "run.json").read_text())
    assert (running["status"], run["status"], run["error"]) == ("running", "finished", "")
    assert run["params"] == {"seed": 7, "ema": True}
    assert run["texts"] == {"plan": "MeanJSDistance()"}
    assert {"python", "torch", "numpy", "pandas"} <= set(run["versions"])
    assert run["started"] <= run["ended"]
    header, line = (folder / "scores.csv").read_text().splitlines()
    assert header == "step,tag,value,time"
    assert line.startswith("5,fidelity/js/age,0.1,")
    assert time.time() - 3600 < float(line.rpartition(",")[2]) <= time.time()
    assert pd.read_csv(folder / "files.csv")["path"].tolist() == [
        "texts/run/plan/00000000.md",
        "arrays/fidelity/means/00000005.csv",
        "arrays/fidelity/correlations/00000005.npz",
        "figures/visual/pdf/00000005.png",
        "histograms/train/weights/00000005.npz",
        "files/model/00000005.pt",
    ]
    assert np.load(folder / "arrays/fidelity/correlations/00000005.npz")["values"].tolist() == [
        [1.0, 0.0],
        [0.0, 1.0],
    ]
    assert (folder / "files/model/00000005.pt").read_bytes() == b"weights"
    assert not list(folder.rglob("*.partial"))


@settings(max_examples=50)
@given(st.dictionaries(st.text(min_size=1), st.floats(allow_nan=False), min_size=1))
def test_scores_read_back_exactly_whatever_their_tags(scores: dict[str, float]) -> None:
    with TemporaryDirectory() as folder:
        with FilesystemTracker(folder) as tracker:
            tracker.log_scalars(scores, 1)
        with (tracker.folder / "scores.csv").open(newline="", encoding="utf-8") as file:
            _, *rows = csv.reader(file)
    assert [(int(step), tag, float(value)) for step, tag, value, _ in rows] == [
        (1, tag, value) for tag, value in scores.items()
    ]


@pytest.mark.parametrize("tag", ["../../x", "a/b", "/etc/passwd", "a\nb", "con", "a" * 400, "ä ö"])
def test_any_tag_stays_inside_and_comes_back(tag: str, tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        tracker.log_text(f"fidelity/js/{tag}", tag, 1)
    (row,) = pd.read_csv(tmp_path / "vae" / "files.csv").itertuples()
    assert row.tag == f"fidelity/js/{tag}"
    file = (tmp_path / "vae" / str(row.path)).resolve()
    assert file.is_relative_to(tmp_path / "vae" / "texts" / "fidelity" / "js")
    assert file.read_text() == tag
    if len(tag) < 100:
        parts = Path(str(row.path)).parent.parts[1:]
        assert "/".join(original_name(part) for part in parts) == row.tag


def test_tags_that_some_file_systems_confuse_have_folders_of_their_own(tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        for tag in ("js/Age", "js/age", "js/AGE"):
            tracker.log_text(tag, tag, 1)
    with FilesystemTracker(tmp_path / "vae", resume_after=1) as tracker:
        for tag in ("js/age", "js/Age", "js/AGE"):
            tracker.log_text(tag, tag, 2)
    kept = pd.read_csv(tmp_path / "vae" / "files.csv")
    folders = [Path(path).parent.as_posix() for path in kept["path"]]
    assert len({folder.casefold() for folder in folders}) == 3
    for folder, group in kept.groupby(folders):
        assert group["tag"].nunique() == 1, folder


def test_a_torn_last_line_is_dropped_when_the_run_goes_on(tmp_path: Path) -> None:
    tracker = FilesystemTracker(tmp_path / "vae")
    for step in range(1, 4):
        tracker.log_scalars({"train/loss": 0.125}, step)
    tracker.close()
    scores = tmp_path / "vae" / "scores.csv"
    torn = scores.read_bytes()[:-20]
    scores.write_bytes(torn)
    with FilesystemTracker(tmp_path / "vae", resume_after=5) as tracker:
        tracker.log_scalars({"train/loss": 0.25}, 4)
    lines = [line.rpartition(",")[0] for line in scores.read_text().splitlines()[1:]]
    assert lines == ["1,train/loss,0.125", "2,train/loss,0.125", "4,train/loss,0.25"]
    aside = next((tmp_path / "vae" / "superseded").iterdir()).read_bytes()
    assert aside.startswith(b"3,train/loss")
    assert torn.endswith(aside)


def test_what_is_logged_again_is_set_aside(tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        for step in range(1, 4):
            tracker.log_text("notes", f"first {step}", step)
            tracker.log_scalars({"train/loss": 1.0}, step)
    with FilesystemTracker(tmp_path / "vae", resume_after=2) as tracker:
        tracker.log_text("notes", "second 3", 3)
    folder = tmp_path / "vae"
    assert (folder / "texts/notes/00000003.md").read_text() == "second 3"
    assert (folder / "superseded/texts/notes/00000003.md").read_text() == "first 3"
    assert json.loads((folder / "run.json").read_text())["resumed_after"] == [2]


def test_steps_that_count_differently_are_cut_at_the_same_moment(tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        for epoch in range(1, 5):
            for number in (1, 2):
                tracker.log_scalars({"train/gradient_norm": 1.0}, epoch * 100 + number)
            tracker.log_scalars({"train/loss": 1.0}, epoch)
    FilesystemTracker(tmp_path / "vae", resume_after=2).close()
    kept = pd.read_csv(tmp_path / "vae" / "scores.csv")
    assert kept["step"].tolist() == [101, 102, 1, 201, 202, 2]


def test_a_moment_keeps_all_that_was_logged_before_it(tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
        tracker.log_scalars({"step/loss": 1.0}, 101)
        moment = datetime.now(UTC)
        tracker.log_scalars({"step/loss": 1.0}, 102)
        tracker.log_text("notes", "later", 2)
    FilesystemTracker(tmp_path / "vae", resume_after=moment).close()
    assert pd.read_csv(tmp_path / "vae" / "scores.csv")["step"].tolist() == [1, 101]
    assert (tmp_path / "vae/superseded/texts/notes/00000002.md").exists()
    run = json.loads((tmp_path / "vae" / "run.json").read_text())
    assert datetime.fromisoformat(run["resumed_after"][0]) == moment


@pytest.mark.parametrize("name", ["run.json", "scores.csv", "files.csv"])
def test_a_run_that_was_changed_by_hand_is_not_continued(name: str, tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "vae") as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
    (tmp_path / "vae" / name).write_text("something;else\n1;2\n")
    with pytest.raises(TrackerError, match="must be writable and whole; got"):
        FilesystemTracker(tmp_path / "vae", resume_after=1)


def test_a_run_says_of_which_commit_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    def told(name: str) -> object:
        _git.cache_clear()
        with FilesystemTracker(tmp_path / name) as tracker:
            pass
        return json.loads((tracker.folder / "run.json").read_text())["git"]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert told("none") is None
    git("init", "-q")
    (tmp_path / "script.py").write_text("1")
    git("add", "script.py")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD")
    assert told("clean") == {"commit": commit, "clean": True}
    (tmp_path / "script.py").write_text("2")
    assert told("changed") == {"commit": commit, "clean": False}
    _git.cache_clear()


def test_a_list_of_files_from_elsewhere_moves_nothing_out(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    with FilesystemTracker(tmp_path / "run") as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
    with (tmp_path / "run" / "files.csv").open("a") as file:
        file.write("2,texts,x,../victim.txt,99.0\n")
    with pytest.raises(TrackerError, match=r"'../victim.txt', which is outside of the folder"):
        FilesystemTracker(tmp_path / "run", resume_after=1)
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "content"),
    [("run.json", "[]"), ("run.json", "{"), ("scores.csv", "step,tag,value,time\n\n1,a\n")],
)
def test_a_damaged_folder_is_told_of(name: str, content: str, tmp_path: Path) -> None:
    with FilesystemTracker(tmp_path / "run") as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
    (tmp_path / "run" / name).write_text(content)
    with pytest.raises(TrackerError, match="must be writable and whole"):
        FilesystemTracker(tmp_path / "run", resume_after=1)


def test_a_torn_heading_is_written_again(tmp_path: Path) -> None:
    FilesystemTracker(tmp_path / "run").close()
    (tmp_path / "run" / "scores.csv").write_text("step,ta")
    with FilesystemTracker(tmp_path / "run", resume_after=1) as tracker:
        tracker.log_scalars({"train/loss": 1.0}, 1)
    assert (tmp_path / "run" / "scores.csv").read_text().startswith("step,tag,value,time\n1,train")
