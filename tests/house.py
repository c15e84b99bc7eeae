"""The house in figures: files, imports, circles, tests at mirrored paths, examples, public names.

python tests/house.py
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "synthproto"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
# No test of its own: `python -m synthproto` is run by the tests of the command line, and contracts
# by the type suite.
UNTESTED = {"__main__.py", "contracts.py", "errors.py"}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES: Mapping[str, Path] = {module_of(path): path for path in FILES}


def imported(path: Path) -> Iterator[str]:
    """Modules of the package that a file imports at its top, each once."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {n if n in MODULES else node.module for n in names}
    yield from sorted(found & MODULES.keys())


def neighbours() -> list[tuple[str, str]]:
    """Imports between files of one room."""
    return [
        (name, other)
        for name, path in MODULES.items()
        for other in imported(path)
        if len(name.split(".")) > 2 and name.split(".")[:2] == other.split(".")[:2]
    ]


def circle() -> list[str]:
    """Files that import each other in a circle; empty where there is none."""
    try:
        TopologicalSorter({n: list(imported(p)) for n, p in MODULES.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def without_mirror() -> list[str]:
    """Files of the package whose test is not at the mirrored path."""
    inside = [path.relative_to(PACKAGE) for path in FILES]
    return [
        str(path)
        for path in inside
        if path.name not in UNTESTED
        and not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    ]


def long_functions(limit: int = 50) -> list[str]:
    """Functions of more lines than the limit."""
    return [
        f"{module_of(path)}:{node.name} ({node.end_lineno - node.lineno + 1})"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= limit
    ]


def public_names() -> list[str]:
    stub, _, _ = (PACKAGE / "__init__.pyi").read_text("utf-8").partition("# Former names")
    return [n.names[0].name for n in ast.parse(stub).body if isinstance(n, ast.ImportFrom)]


def figures() -> dict[str, object]:
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    lines = sorted(text.count("\n") for text in texts)
    return {
        "files": len(FILES),
        "lines": sum(lines),
        "lines of a file, median / 90 % / most": (
            f"{statistics.median(lines):.0f} / {lines[int(0.9 * len(lines))]} / {lines[-1]}"
        ),
        "files of 60 lines or fewer": sum(count <= 60 for count in lines),
        "imports between files of one room": len(neighbours()),
        "circle": " -> ".join(circle()) or "none",
        "examples": sum(len(re.findall(r"^\s*>>> ", text, re.MULTILINE)) for text in texts),
        "public names": len(public_names()),
        "functions over 50 lines": ", ".join(long_functions()) or "none",
        "no test at the mirrored path": ", ".join(without_mirror()) or "none",
    }


if __name__ == "__main__":
    for name, value in figures().items():
        sys.stdout.write(f"{name}: {value}\n")
