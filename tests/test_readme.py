"""The README is true: its commands, its code, its files."""

import ast
import re
from pathlib import Path

import synthproto
from tests.test_layers import FLOORS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    return re.split(r"(?m)^## ", README.split(f"\n## {title}\n", 1)[1])[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def test_the_quick_start_has_its_two_commands() -> None:
    commands = blocks(section("Quick start"), "sh")
    assert len(commands) == 2
    assert all(
        "-c constraints.txt" in command and "python3 -m venv" in command for command in commands
    )
    assert "examples/quickstart.py" in commands[0]
    assert "pytest" in commands[1]


def test_the_ci_runs_the_second_command() -> None:
    assert "count == 2" in (ROOT / ".ci/run").read_text()


def test_the_listing_is_the_quick_start() -> None:
    (code,) = blocks(section("Quick start"), "python")
    source = (ROOT / "examples/quickstart.py").read_text()
    assert source == f'"""{ast.get_docstring(ast.parse(source), clean=False)}"""\n\n{code}'


def test_what_follows_the_run_is_type_checked() -> None:
    (code,) = blocks(section("After the run"), "python")
    checked = (ROOT / "typecheck/readme.py").read_text()
    assert checked.split('# --- README.md, "After the run" ---\n')[1] == code


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_linked_files_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_named_parts_exist() -> None:
    named = set(re.findall(r"`([A-Z][A-Za-z0-9]+)(?:\([^`]*\))?`", README))
    foreign = {"Any", "VAE", "EpochBoundStopper", "DataFrame"}
    assert sorted(named - foreign - set(dir(synthproto))) == []


def test_the_floors_are_those_that_a_test_holds() -> None:
    shown = {
        word: int(floor)
        for floor, line in re.findall(r"(?m)^ +(\d)  (.*)$", synthproto.__doc__ or "")
        for word in re.findall(r"\w+", line)
        if word in FLOORS
    }
    assert shown == {room: floor for room, floor in FLOORS.items() if room != "__main__"}
