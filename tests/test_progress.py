"""The progress bar of the commands."""

import io
import sys
import time

import pytest

import synthproto.progress
from synthproto.progress import Bar


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
