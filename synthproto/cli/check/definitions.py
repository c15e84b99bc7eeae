"""Classes and fields of scripts, read from their text."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from synthproto.cli.check.sources import ScriptError, parsed, text_of


@final
@dataclass(frozen=True)
class Definition:
    """A class as its text defines it.

    Attributes:
        name: Its name.
        kind: ``"TypedDict"``, ``"NamedTuple"``, ``"dataclass"``, ``"Module"`` or ``"class"``.
        fields: Annotation by name, those of base classes first.
        optional: Fields that may be missing.
    """

    name: str
    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.kind in ("class", "Module"):
            return self.name
        fields = ", ".join(f"{name}: {hint}" for name, hint in self.fields.items())
        return f"{self.name} ({self.kind} with {fields or 'no fields'})"


def definitions_of(tree: ast.Module, path: Path, seen: frozenset[Path]) -> dict[str, Definition]:
    """Classes of a script and of the files beside it that it imports, by name."""
    found: dict[str, Definition] = {}
    seen |= {path}
    for node in ast.walk(tree):
        for module in _imported_modules(node):
            beside = path.parent.joinpath(*module.split(".")).with_suffix(".py")
            if beside not in seen and beside.is_file():
                try:
                    found |= definitions_of(parsed(beside, text_of(beside), 0), beside, seen)
                except (OSError, ScriptError):
                    continue  # not the script that was asked for
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found[node.name] = _definition(node, found)
    return found


def _imported_modules(node: ast.AST) -> Sequence[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module else []
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _definition(node: ast.ClassDef, known: dict[str, Definition]) -> Definition:
    bases = [last_name(base) for base in node.bases]
    decorators = [
        last_name(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
    ]
    kinds = [base for base in bases if base in ("TypedDict", "NamedTuple")]
    kinds += ["dataclass"] if "dataclass" in decorators else []
    kinds += ["Module"] if any(base.endswith("Module") for base in bases) else []
    fields: dict[str, str] = {}
    for base in bases:
        if base in known:
            kinds.append(known[base].kind)
            fields |= known[base].fields
    own = {
        last_name(statement.target): statement.annotation
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    fields |= {name: _hint(annotation) for name, annotation in own.items()}
    optional = frozenset(
        name
        for name, annotation in own.items()
        if isinstance(annotation, ast.Subscript) and last_name(annotation) == "NotRequired"
    )
    return Definition(node.name, kinds[0] if kinds else "class", fields, optional)


def _hint(node: ast.expr) -> str:
    text = ast.unparse(node).removeprefix("torch.")
    if text.startswith("Annotated[") and isinstance(node, ast.Subscript):
        return ast.unparse(node.slice).strip("()").split(",")[0].removeprefix("torch.")
    return text


def dotted(node: ast.expr) -> str:
    """A name as it is written, without the types in brackets behind it."""
    if isinstance(node, ast.Subscript):  # Plan[Images](...)
        return dotted(node.value)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return dotted(node).rpartition(".")[2]
