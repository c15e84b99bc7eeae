"""The stubs of TensorBoard's messages say nothing that the messages do not have."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

STUBS = Path(__file__).resolve().parents[2] / "stubs"
MESSAGES = sorted(STUBS.glob("tensorboard/**/*_pb2.pyi"))


def classes(body: list[ast.stmt], outer: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield outer + node.name, node
            yield from classes(node.body, f"{outer}{node.name}.")


def fields(node: ast.ClassDef) -> Iterator[str]:
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name):
            yield entry.target.id
        elif isinstance(entry, ast.FunctionDef) and entry.decorator_list:
            if entry.name != "FromString":
                yield entry.name
        elif isinstance(entry, ast.FunctionDef) and entry.name == "__init__":
            yield from (argument.arg for argument in entry.args.kwonlyargs)


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_each_field_is_one_of_the_message(path: Path) -> None:
    name = ".".join(path.relative_to(STUBS).with_suffix("").parts)
    module = import_module(name)
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert hasattr(module, node.target.id)
    for qualified, node in classes(tree.body):
        message: object = module
        for part in qualified.split("."):
            message = getattr(message, part)
        known = set(vars(message)["DESCRIPTOR"].fields_by_name)
        assert set(fields(node)) <= known, qualified


def test_there_are_stubs() -> None:
    assert len(MESSAGES) >= 7
