"""What is promised of versions is what is tested: floors, Pythons, the ends of ranges."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = ROOT / "tests" / "constraints"


def pins(path: Path) -> dict[str, str]:
    found = re.findall(r"(?m)^([\w.-]+)==([^;\s]+)", path.read_text())
    return {name.lower().replace("_", "-"): version for name, version in found}


def floors(requirements: Iterable[str]) -> dict[str, str]:
    found = [re.match(r"([\w.-]+)>=([\w.]+)$", each) for each in requirements]
    return {each[1]: each[2] for each in found if each is not None}


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_the_lowest_versions_are_the_floors() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = floors(PROJECT["dependencies"])
    assert len(wanted) == len(PROJECT["dependencies"])
    for extra in extras.keys() - {"dev"}:
        wanted |= floors(extras[extra])
    found = pins(CONSTRAINTS / "lowest.txt")
    assert found.keys() == wanted.keys()
    for name, floor in wanted.items():
        assert numbers(found[name])[: len(numbers(floor))] == numbers(floor), name


def test_the_newest_versions_are_newer_than_those_of_the_test_command() -> None:
    tested, newest = pins(ROOT / "constraints.txt"), pins(CONSTRAINTS / "newest.txt")
    assert {"numpy", "pandas", "torch"} <= newest.keys()
    for name, version in newest.items():
        assert numbers(version) > numbers(tested[name]), f"{name}: leave it to constraints.txt"


def test_every_promised_python_is_tested() -> None:
    named = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={named[0]}"
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    matrix = re.search(r"python: \[(.*)\]", workflow)
    assert matrix is not None
    assert re.findall(r"3\.\d+", matrix[1]) == named
    said = f"(Python {', '.join(named[:-1])} or {named[-1]};"
    assert said in (ROOT / "README.md").read_text()
