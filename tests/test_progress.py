"""The progress bar of the commands."""

import io
import subprocess
import sys
import time

import pytest

import synthproto.progress
from synthproto.progress import Bar, ProgressBar


class Terminal(io.StringIO):
    """Keeps what a terminal would show."""

    def isatty(self) -> bool:
        return True


def terminal_in(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Takes the place of standard error, within the test: pytest puts its own there before it."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(synthproto.progress, "_TICK", 0.02)
    return terminal


def wait_for(terminal: Terminal, text: str, times: int) -> None:
    end = time.monotonic() + 60
    while terminal.getvalue().count(text) < times and time.monotonic() < end:
        time.sleep(0.01)
    assert terminal.getvalue().count(text) >= times


def test_the_clock_goes_on_while_one_part_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_in(monkeypatch)
    monkeypatch.setattr(synthproto.progress, "_DELAY", 0.01)
    with Bar() as bar:
        bar.expect(2)
        bar("a long score")
        wait_for(terminal, "1/2", times=3)
        bar("a short one")
        wait_for(terminal, "2/2", times=1)
    assert "a long score" in terminal.getvalue()
    end = terminal.getvalue()
    assert end.split("\r")[-2].strip() == ""  # the line is wiped
    time.sleep(0.1)
    assert terminal.getvalue() == end


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_in(monkeypatch)
    with Bar() as bar:
        bar.expect(1)
        bar("a short score")
    assert terminal.getvalue() == ""


def test_what_is_no_terminal_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar() as bar:
        bar.expect(1)
        bar("a score")
    assert capsys.readouterr() == ("", "")


def test_a_line_of_80_columns_holds_whole_scores_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    bar = ProgressBar(file=terminal)
    bar.open(400, 10)
    scores = {"fidelity/mean_js_distance": 0.02524, "fidelity/correlation_distance": 0.19}
    bar.epoch(5, 10, {"train/loss": 4.514, **scores})
    bar.close(5)
    last = terminal.getvalue().rstrip("\n").split("\r")[-1]
    assert "epoch 5/400" in last
    assert "loss=4.514 mean_js_distance=0.02524" in last
    assert "corr" not in last
    assert len(last.rstrip()) <= 80


def test_a_notebook_without_ipywidgets_is_not_warned() -> None:
    script = """
import importlib.util, sys, types
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "ipywidgets" else found(name, *more)
shell = types.SimpleNamespace(config={"IPKernelApp": {}})
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
from synthproto.progress import ProgressBar
bar = ProgressBar()
bar.open(2, 1)
bar.epoch(1, 1, {"train/loss": 0.5})
bar.close(2)
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stderr
    assert "IProgress" not in done.stderr
