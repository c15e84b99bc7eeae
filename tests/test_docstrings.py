"""Every example in a docstring runs and prints what it says."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import synthproto

PACKAGE = Path(synthproto.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # No names are given: a reader who copies an example must find its imports in it.
    found = doctest.testmod(import_module(name), globs={}, optionflags=OPTIONS)
    assert found.attempted > 0
    assert found.failed == 0
