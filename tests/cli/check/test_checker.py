"""How mypy is run: its cache, its messages."""

import json
import sys
from pathlib import Path

import pytest
from mypy import api

from synthproto.cli.check.checker import CheckerError, cache_folder, is_warm, messages

pytestmark = pytest.mark.interpreter_independent


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().parent == tmp_path / "synthproto"


def test_without_a_cache_it_is_cold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not is_warm()
    (cache_folder() / "settings" / "3.13").mkdir(parents=True)
    (cache_folder() / "settings" / "3.13" / "torch.meta.json").touch()
    assert is_warm()


def mypy_prints(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: str, err: str, status: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("a.py").touch()
    monkeypatch.setattr(api, "run", lambda words: (out, err, status))


def test_messages_are_read_from_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = {
        "file": "a.py",
        "line": 3,
        "column": -1,
        "severity": "error",
        "message": "wrong",
        "hint": 'Revealed type is "int"\nmore',
        "code": None,
    }
    mypy_prints(monkeypatch, tmp_path, f"{json.dumps(said)}\nSuccess\n", "", 1)
    (found,) = messages({Path("a.py"): Path("a.py")}, [])
    assert (found.line, found.column, found.end_line, found.end_column) == (3, 0, 3, 0)
    assert (found.text, found.hint, found.code) == ("wrong", "more", "")


@pytest.mark.parametrize(
    ("out", "err", "status", "said"),
    [
        ("", "INTERNAL ERROR\n", 2, "mypy ended with status 2: INTERNAL ERROR"),
        (
            '{"file": "b.py", "line": 7, "severity": "error", "message": "broken"}',
            "",
            2,
            "mypy stopped at 'b.py', line 7: broken",
        ),
    ],
)
def test_a_mypy_that_breaks_says_why(
    out: str, err: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mypy_prints(monkeypatch, tmp_path, out, err, status)
    with pytest.raises(CheckerError, match=said):
        messages({Path("a.py"): Path("a.py")}, [])


def test_only_packages_that_a_script_speaks_of_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked: list[dict[str, str]] = []

    def run(words: list[str]) -> tuple[str, str, int]:
        options = dict(word.split("=", 1) for word in words if "=" in word)
        asked.append(options | {"settings": Path(options["--config-file"]).read_text()})
        return "", "", 0

    monkeypatch.setattr(api, "run", run)
    for text in ("x = 1", "y = 2", "import mlflow"):
        path = tmp_path / "a.py"
        path.write_text(text)
        messages({path: path}, [])
    first, second, third = asked
    assert "mlflow.*" in first["settings"]
    assert "mlflow.*" not in third["settings"]
    assert "torch.onnx.*" in third["settings"]
    assert first["--cache-dir"] == second["--cache-dir"] != third["--cache-dir"]
