"""The stubs say what the untyped packages do, and reach a user's checker."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from tests.typing_runs import CACHE, ROOT

pytestmark = pytest.mark.interpreter_independent

STUBS = ROOT / "stubs"
MESSAGES = sorted(STUBS.rglob("*_pb2.pyi"))
READ_AND_WRITTEN = (
    "tensorboard.backend.event_processing.event_accumulator",
    "tensorboard.summary.writer.event_file_writer",
)


def stubtest(*modules: str) -> None:
    words = ["--ignore-missing-stub", "--concise", "--mypy-config-file", "pyproject.toml"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", *modules, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"MYPYPATH": "stubs", "PATH": ""},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_event_reader_is_as_its_stub_says() -> None:
    stubtest(*READ_AND_WRITTEN)


@pytest.mark.slow
def test_ctgan_is_as_its_stub_says() -> None:
    stubtest("ctgan")


# Messages are made at run time from descriptors, of which stubtest knows nothing.


class Descriptor(Protocol):
    name: str
    fields_by_name: Mapping[str, object]
    nested_types_by_name: "Mapping[str, Descriptor]"


def fields(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            yield from (argument.arg for argument in statement.args.kwonlyargs)
        elif isinstance(statement, ast.FunctionDef) and "property" in _decorators(statement):
            yield statement.name


def _decorators(function: ast.FunctionDef) -> list[str]:
    return [ast.unparse(each) for each in function.decorator_list]


def faults(node: ast.ClassDef, descriptor: Descriptor) -> Iterator[str]:
    for name in fields(node):
        if name not in descriptor.fields_by_name:
            yield f"{descriptor.name} has no field {name}"
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and not inner.name.startswith("_"):
            if inner.name in descriptor.nested_types_by_name:
                yield from faults(inner, descriptor.nested_types_by_name[inner.name])
            else:
                yield f"{descriptor.name} has no message {inner.name}"


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_messages_have_the_fields_of_their_stubs(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(STUBS).with_suffix("").parts))
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += list(faults(node, getattr(module, node.name).DESCRIPTOR))
        elif isinstance(node, ast.AnnAssign):
            assert hasattr(module, ast.unparse(node.target))
    assert found == []


def real_names() -> Iterator[str]:
    """An import of each public name of the real modules that have a stub."""
    for path in sorted(STUBS.rglob("*.pyi")):
        name = ".".join(path.relative_to(STUBS).with_suffix("").parts).removesuffix(".__init__")
        for each, value in sorted(vars(importlib.import_module(name)).items()):
            if each.isidentifier() and not each.startswith("_") and not inspect.ismodule(value):
                yield f"from {name} import {each} as {name.replace('.', '_')}_{each}"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_name_of_the_real_packages_is_hidden(tmp_path: Path) -> None:
    lines = list(real_names())
    assert len(lines) > 500
    script = tmp_path / "names.py"
    script.write_text("\n".join(lines) + "\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(CACHE), str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stdout


SCRIPT = """
from functools import partial
from ctgan import CTGAN
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

reveal_type(CTGAN().sample)
reveal_type(EventAccumulator("runs").Scalars("train/loss"))
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_installed_package_brings_its_stubs(tmp_path: Path) -> None:
    """In a fresh environment mypy finds them without a word of configuration."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "mypy", "pandas-stubs"], check=True)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
    # Stubs are asked for only where the package itself is: an empty one stands in for it.
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    for name in ("ctgan", "tensorboard"):
        site.joinpath(name).mkdir()
        site.joinpath(name, "__init__.py").touch()
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [python, "-m", "mypy", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "-> pandas.DataFrame" in done.stdout.replace("pandas.core.frame", "pandas")
    assert "list[tensorboard.backend.event_processing.event_accumulator.ScalarEvent]" in done.stdout
    assert "error" not in done.stdout
