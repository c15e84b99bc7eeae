"""What the checkers make of the rejecting files and of the right code beside them."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from typecheck.golden import REJECTS, cases

Outcome: TypeAlias = Literal["argument", "call", "later", "missed"]
Errors: TypeAlias = Mapping[tuple[str, int], list[str]]


def outcomes(errors: Errors) -> dict[str, Outcome]:
    """How each mistake was found: on its argument, on its statement, later in its case, not at all.

    Args:
        errors: What a checker says of the copies without ignores.
    """
    found: dict[str, Outcome] = {}
    for path in REJECTS:
        lines = {line for (name, line) in errors if Path(name).name == f"bare_{path.name}"}
        wrong = set(_ignored(path))
        for case in cases(path):
            inside = {line for line in lines if case.lineno <= line <= (case.end_lineno or 0)}
            blamed = {line for line in wrong if case.lineno <= line <= (case.end_lineno or 0)}
            found[case.name] = _outcome(inside, blamed, case)
    return found


def _outcome(inside: set[int], blamed: set[int], case: ast.FunctionDef) -> Outcome:
    if inside & blamed:
        return "argument"
    if any(inside & statement for statement in _statements(case) if statement & blamed):
        return "call"
    return "later" if inside else "missed"


def _statements(case: ast.FunctionDef) -> Iterator[set[int]]:
    """Lines of each simple statement."""
    for node in ast.walk(case):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _ignored(path: Path) -> Iterator[int]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if "# type: ignore[" in line:
            yield number


def alarms(errors: Errors) -> dict[str, list[str]]:
    """Errors in right code by file: in the package, the examples, the accepting files."""
    names = {path.name for path in REJECTS} | {f"bare_{path.name}" for path in REJECTS}
    found: dict[str, list[str]] = {}
    for (name, line), texts in errors.items():
        if Path(name).name not in names:
            found.setdefault(name, []).extend(f"{line}: {text}" for text in texts)
    return found
