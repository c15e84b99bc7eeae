"""Annotations mean the same on every Python: they resolve, and name what they seem to name."""

import ast
import importlib
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
import typing_extensions

import synthproto

PACKAGE = Path(synthproto.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [
    module.name
    for module in pkgutil.walk_packages(synthproto.__path__, "synthproto.")
    if module.name != "synthproto.__main__"
]


def functions_of(owner: type) -> Iterator[tuple[str, object]]:
    """Functions that a class defines, those of properties and descriptors too."""
    for name, member in vars(owner).items():
        inner = [getattr(member, key, None) for key in ("__func__", "fget", "fset", "func")]
        for each in [member, *inner]:
            if isinstance(each, FunctionType):
                yield f"{owner.__qualname__}.{name}", each


def annotated(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Every function and class that a module defines, and what the classes define."""
    pending = [(name, value) for name, value in vars(module).items()]
    seen = set()
    while pending:
        name, value = pending.pop()
        if getattr(value, "__module__", None) != module.__name__ or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, FunctionType):
            yield name, value
        elif isinstance(value, type):
            yield name, value
            yield from functions_of(value)
            pending += vars(value).items()


@pytest.fixture(scope="module")
def packages() -> dict[str, ModuleType]:
    """What files import for checkers only; run-time checks find it by its name."""
    guarded = [
        node
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [each for node in guarded for each in node.body if isinstance(each, ast.Import)]
    names = {alias.asname or alias.name: alias.name for each in imports for alias in each.names}
    return {short: importlib.import_module(name) for short, name in names.items()}


@pytest.mark.parametrize("name", MODULES)
def test_every_annotation_resolves(name: str, packages: dict[str, ModuleType]) -> None:
    unresolved = {}
    for owner, value in annotated(importlib.import_module(name)):
        try:
            typing_extensions.get_type_hints(value, localns=packages)
        except (NameError, TypeError, AttributeError) as error:
            unresolved[owner] = repr(error)
    assert unresolved == {}


def test_every_kind_of_annotation_is_looked_at() -> None:
    owners = {owner for name in MODULES for owner, _ in annotated(importlib.import_module(name))}
    assert len(owners) > 1000
    # A function, a dataclass, its property, a Protocol, its method, a class method, a private one.
    assert owners >= {"split", "Block", "Block.slice", "Model", "Model.forward"}
    assert owners >= {"TableSpec.infer", "Trainer.__init__", "MlflowTracker._send"}


# --- type variables ------------------------------------------------------------------------------


def type_variables() -> Iterator[tuple[str, typing.TypeVar]]:
    for name in MODULES:
        for key, value in vars(importlib.import_module(name)).items():
            if isinstance(value, typing.TypeVar):
                yield f"{name}.{key}", value


def test_no_default_of_a_type_variable_narrows_a_run_time_hint() -> None:
    """Beartype takes a bare type variable for its default, from Python 3.13 on."""
    variables = dict(type_variables())
    assert len(variables) > 10
    nothing = typing_extensions.NoDefault
    narrow = {
        name: default
        for name, variable in variables.items()
        if (default := getattr(variable, "__default__", nothing))
        not in (nothing, object, variable.__bound__)
    }
    assert narrow == {}, "give the default to checkers only; see `contracts.py`"


# --- members -------------------------------------------------------------------------------------


def members(owner: ast.ClassDef) -> Iterator[str]:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for each in targets if isinstance(each, ast.Name))


def annotations(owner: ast.ClassDef) -> Iterator[ast.expr]:
    for node in owner.body:
        if isinstance(node, ast.AnnAssign):
            yield node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [each for each in ast.walk(node.args) if isinstance(each, ast.arg)]
            given = [each.annotation for each in arguments]
            yield from (each for each in [*given, node.returns] if each is not None)


def names(annotation: ast.expr) -> Iterator[str]:
    """Names in an annotation, those in strings too."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield from names(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                continue  # a word of a Literal


def shadowed(source: str) -> list[str]:
    return [
        f"{owner.name}.{name}, line {annotation.lineno}"
        for owner in ast.walk(ast.parse(source))
        if isinstance(owner, ast.ClassDef)
        for annotation in annotations(owner)
        for name in names(annotation)
        if name in set(members(owner))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_annotation_is_named_like_a_member_of_its_class(path: Path) -> None:
    """Such a name means the member where annotations are deferred, from Python 3.14 on."""
    assert shadowed(path.read_text()) == []


def test_a_name_of_a_member_is_found_in_every_place() -> None:
    source = """
class Block:
    float: int
    other: list["float"]

    def slice(self, x: dict[str, "slice"], *rest: Block) -> slice: ...
    def show(self, kind: Literal["a word"]) -> str: ...
"""
    found = [each.split(",")[0] for each in shadowed(source)]
    assert found == ["Block.float", "Block.slice", "Block.slice"]
