"""Exit codes, and what reaches a terminal."""

import io
import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from synthproto.cli.console import (
    BAD_INPUT,
    FINE,
    INTERRUPTED,
    UNFORESEEN,
    colored,
    guarded,
    json_text,
    reason,
    say,
    shown_path,
    tell,
    unforeseen,
)
from synthproto.errors import SchemaError


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (None, FINE, ""),
        (
            SchemaError("t has 2 faults:\n  - it a.\n  - it b"),
            BAD_INPUT,
            "t has 2 faults: it a; it b",
        ),
        (
            FileNotFoundError(2, "No such file", "x.csv"),
            BAD_INPUT,
            "'x.csv' cannot be used: No such",
        ),
        (KeyboardInterrupt(), INTERRUPTED, "synthproto thing: stopped"),
        (ValueError("odd"), UNFORESEEN, "error inside: ValueError: odd (test_console.py:"),
    ],
)
def test_whatever_is_raised_is_one_line_and_a_code(
    raised: BaseException | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(given: Namespace) -> int:
        if raised is not None:
            raise raised
        return FINE

    assert guarded("thing", run, Namespace()) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == (raised is not None)


def test_reasons_on_one_line() -> None:
    assert reason(ValueError("a.\n- b")) == "a; b"
    assert unforeseen(MemoryError()) == "not enough memory."


def test_signs_that_move_a_cursor_are_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a\x1b[2Jb\nc")
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert err.count("\n") == 1


def test_a_stream_of_a_narrow_encoding_or_none_is_written_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    say("é")
    assert narrow.buffer.getvalue() == b"?"
    monkeypatch.setattr(sys, "stdout", None)
    say("nobody hears it")


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colored(Terminal())
    assert not colored(io.StringIO())
    assert not colored(None)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored(Terminal())


def test_json_has_no_signs_that_a_terminal_obeys() -> None:
    text = json_text({"a": "é\x1b"})
    assert json.loads(text) == {"a": "é\x1b"}
    assert "\x1b" not in text
    assert "é" in text


def test_paths_that_are_no_text_are_shown() -> None:
    assert shown_path(Path("a\udcff.csv")) == "a\\xff.csv"
