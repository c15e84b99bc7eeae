"""What is read from the text of scripts: parts, places, columns."""

from pathlib import Path

import pytest

from synthproto.cli.check.scripts import Script, scripts_of

pytestmark = pytest.mark.interpreter_independent


def test_revealing_keeps_lines_and_knows_places(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(
        "import synthproto as sp\n"
        "from synthproto import Trainer as T, Validation\n"
        "é = 'é'; T(step=é.x(), batches=[1],\n"
        "  stopper=lambda p: None)\n"
        "sp.Patience(monitor=Validation(plan=p).monitor(s))\n"
    )
    revealing = Script(script).revealing()
    text, places = revealing.text, revealing.parts
    assert text.splitlines()[2:] == [
        "é = 'é'; reveal_type(T(step=reveal_type(é.x()), batches=[1],",
        "  stopper=lambda p: None))",
        "reveal_type(sp.Patience(monitor=reveal_type(reveal_type(Validation("
        "plan=reveal_type(p))).monitor(s))))",
    ]
    assert {part.place for part in places.values()} == {
        "Trainer",
        "step of Trainer",
        "Patience",
        "monitor of Patience",
        "Validation",
        "plan of Validation",
    }
    for (line, column), part in places.items():
        rest = text.splitlines()[line - 1].encode()[column:].decode()
        assert rest.replace("reveal_type(", "").startswith(Script(script).source(part.node)[:8])


def test_columns_are_counted_as_any_mypy_does(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text("from synthproto import Every\n'é日😀'; Every(n, f)\n", encoding="utf-8")
    revealing = Script(script).revealing()
    for times in (0, 1, 2):
        for (line, column), part in revealing.parts.items():
            said = revealing.reported(line, column, times)
            assert revealing.original(line, said, times) == part.node.col_offset


def read(tmp_path: Path, text: str) -> Script:
    path = tmp_path / "a.py"
    path.write_text(text)
    return Script(path)


def test_what_an_untyped_function_takes_or_returns_is_read_alone(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        "from synthproto import Trainer\n"
        "def typed() -> Trainer:\n    return Trainer()\n"
        "def untyped():\n    return Trainer()\n"
        "def show(x):\n    yield Trainer()\n"
        "show(Trainer())\nprint(Trainer())\n",
    )
    assert script.revealing().text.splitlines()[2:] == [
        "    return reveal_type(Trainer())",
        "def untyped():",
        "    return [reveal_type(Trainer())][0]",
        "def show(x):",
        "    yield [reveal_type(Trainer())][0]",
        "show([reveal_type(Trainer())][0])",
        "print(reveal_type(Trainer()))",
    ]


def test_names_of_the_script_and_the_call_that_a_place_is_in(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        "from synthproto import Trainer as Training\n"
        "def helper(x): ...\nclass Model: ...\n"
        "helper(frame.sort_values(by=[1]))\n"
        "from numpy import array\nfrom .mine import build\n",
    )
    assert {"helper", "Model", "Training", "build"} <= script.names
    assert {"array", "int"} <= script.foreign
    assert script.callee_at(4, 28) == "frame.sort_values"
    assert script.callee_at(4, 8) == "helper"
    assert script.callee_at(4, 0) == ""


def test_folders_are_searched_and_each_script_is_read_once(tmp_path: Path) -> None:
    for name in ("a.py", "b.ipynb", ".hidden/c.py", "__pycache__/d.py", "text.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"cells": []}' if name.endswith("ipynb") else "")
    found = scripts_of([tmp_path, tmp_path / "a.py"])
    assert [each.path.name for each in found] == ["a.py", "b.ipynb"]
