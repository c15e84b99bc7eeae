"""The public face: every listed name loads, says what it is, and costs nothing before its use."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import synthproto

STUB = Path(synthproto.__file__).with_suffix(".pyi")
NAMES = [name for name in dir(synthproto) if name != "__version__"]


def test_what_checkers_see_is_what_loads() -> None:
    stub = ast.parse(STUB.read_text().partition("# Former names")[0])
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert sorted(str(node.names[0].asname) for node in imports) == NAMES
    assert all(len(node.names) == 1 for node in imports)
    assert len(NAMES) == len(set(NAMES)) > 100


def test_a_star_imports_what_checkers_see() -> None:
    """A stub with an ``__all__`` that lists no names exports none of them to checkers."""
    assert "__all__" not in STUB.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_loads_and_has_a_docstring(name: str) -> None:
    value: object = getattr(synthproto, name)
    if isinstance(value, type) and value.__module__.startswith("synthproto"):
        assert value.__doc__


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(AttributeError, match=r"Did you mean .*Trainer"):
        getattr(synthproto, "Traner")  # noqa: B009  a checker would refuse the plain spelling


def test_former_names_warn_and_work() -> None:
    with pytest.warns(DeprecationWarning, match=r"use synthproto\.ColumnImportance"):
        assert synthproto.Giveaways is synthproto.ColumnImportance
    with pytest.warns(DeprecationWarning, match=r"use synthproto\.presets\.default\.sd"):
        assert synthproto.sdmetrics_plan.__name__ == "sdmetrics_plan"
    _, _, text = STUB.read_text().partition("# Former names")
    former = re.findall(r"(?: as (\w+)$)|(?:^(\w+) = )", text, re.MULTILINE)
    names = [moved or renamed for moved, renamed in former]
    assert len(names) >= 11
    assert not set(names) & set(dir(synthproto))
    for name in names:
        with pytest.warns(DeprecationWarning, match="former name"):
            getattr(synthproto, name)


def test_dir_lists_names_before_they_are_loaded() -> None:
    code = "import synthproto, sys; print('Trainer' in dir(synthproto), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
