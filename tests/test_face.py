"""The public face: every listed name loads, says what it is, and costs nothing before its use."""

import subprocess
import sys

import pytest

import synthproto

NAMES = [name for name in synthproto.__all__ if name != "__version__"]


def test_names_are_listed_once() -> None:
    assert len(NAMES) == len(set(NAMES)) > 50


@pytest.mark.parametrize("name", NAMES)
def test_every_name_loads_and_has_a_docstring(name: str) -> None:
    value: object = getattr(synthproto, name)
    if isinstance(value, type) and value.__module__.startswith("synthproto"):
        assert value.__doc__


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(AttributeError, match=r"Did you mean .*Trainer"):
        getattr(synthproto, "Traner")  # noqa: B009  a checker would refuse the plain spelling


def test_dir_lists_names_before_they_are_loaded() -> None:
    code = "import synthproto, sys; print('Trainer' in dir(synthproto), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
