"""What a script says about its parts, read from its text: calls of the library, classes, fields."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

_REVEAL = b"reveal_type("


@final
@dataclass(frozen=True)
class Part:
    """An expression whose type is worth knowing: a part of the library, or its argument.

    Attributes:
        call: Name of what is called: ``"Trainer"``.
        argument: Which of its arguments the expression is; ``""`` for the call itself.
        node: The expression.
        owner: The call that it is, or that it is an argument of.
    """

    call: str
    argument: str
    node: ast.expr
    owner: ast.Call

    @property
    def place(self) -> str:
        """Where it stands, in words: ``"batches of Trainer"``."""
        what = f"argument {self.argument}" if self.argument.isdigit() else self.argument
        return f"{what} of {self.call}" if what else self.call

    def spans(self, line: int, column: int) -> bool:
        """Whether a place is in the expression; lines from 1, columns from 0."""
        node = self.node
        end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return (node.lineno, node.col_offset) <= (line, column) < end


@final
@dataclass(frozen=True)
class Definition:
    """A class as its text defines it.

    Attributes:
        name: Its name.
        kind: ``"TypedDict"``, ``"NamedTuple"``, ``"dataclass"`` or ``"class"``.
        fields: Annotation by name, those of base classes first.
    """

    name: str
    kind: str
    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind == "class":
            return self.name
        fields = ", ".join(f"{name}: {hint}" for name, hint in self.fields.items())
        return f"{self.name} ({self.kind} with {fields or 'no fields'})"


@final
class Script:
    """A script, parsed.

    Args:
        path: A file in UTF-8.

    Raises:
        SyntaxError: The text is no Python.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text: str = path.read_text(encoding="utf-8-sig")
        self.lines: list[str] = self.text.split("\n")
        tree = ast.parse(self.text, filename=str(path))
        self.definitions: dict[str, Definition] = definitions(path)
        self.parts: list[Part] = sorted(_parts(tree), key=_outermost_first)

    def arguments_at(self, line: int, column: int) -> list[Part]:
        """The arguments of the library's calls that a place is in, innermost call last."""
        return [part for part in self.parts if part.argument and part.spans(line, column)]

    def between(self, line: int, column: int, end_line: int, end_column: int) -> str:
        """A piece of the text on one line; lines from 1, columns in bytes from 0."""
        last = end_column if end_line == line else None
        return self.lines[line - 1].encode()[column:last].decode(errors="replace")

    def source(self, node: ast.expr) -> str:
        """An expression as it is written, as far as it stands on one line."""
        line, column = node.lineno, node.col_offset
        return self.between(line, column, node.end_lineno or line, node.end_col_offset or column)

    def revealing(self) -> tuple[str, dict[tuple[int, int], Part]]:
        """The text with each part inside of ``reveal_type``, on the same lines.

        Returns:
            The text, and the part that mypy speaks of by line and column.
        """
        lines = [line.encode() for line in self.lines]
        wrapped = [part for part in self.parts if _can_be_wrapped(part)]
        marks: list[tuple[int, int, int, bytes]] = []
        for order, part in enumerate(wrapped):
            node = part.node
            marks.append((node.lineno, node.col_offset, order, _REVEAL))
            end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
            marks.append((*end, -len(wrapped) + order, b")"))
        # From the back, so that columns before a mark stay; at one place, the innermost first.
        for number, column, _, text in sorted(marks, reverse=True):
            line = lines[number - 1]
            lines[number - 1] = line[:column] + text + line[column:]
        revealing = b"\n".join(lines).decode()
        nodes = [
            node.args[0]
            for node in ast.walk(ast.parse(revealing))
            if isinstance(node, ast.Call) and _name(node.func) == "reveal_type"
        ]
        nodes.sort(key=_start_then_end)
        places = {
            (node.lineno, node.col_offset): part for node, part in zip(nodes, wrapped, strict=True)
        }
        return revealing, places


def _start_then_end(node: ast.expr) -> tuple[int, int, int, int]:
    return (
        node.lineno,
        node.col_offset,
        -(node.end_lineno or 0),
        -(node.end_col_offset or 0),
    )


def _outermost_first(part: Part) -> tuple[int, int, int, int]:
    return _start_then_end(part.node)


def _can_be_wrapped(part: Part) -> bool:
    # A lambda, a list or a dict takes its type from the place where it stands.
    return isinstance(part.node, ast.Call | ast.Name | ast.Attribute)


def _parts(tree: ast.Module) -> Iterator[Part]:
    names = _names_of_the_library(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := names.get(_dotted(node.func))):
            yield Part(name, "", node, node)
            for index, value in enumerate(node.args):
                if not isinstance(value, ast.Starred):
                    yield from _argument(Part(name, str(index + 1), value, node), names)
            for keyword in node.keywords:
                if keyword.arg is not None:
                    yield from _argument(Part(name, keyword.arg, keyword.value, node), names)


def _argument(part: Part, names: dict[str, str]) -> Iterator[Part]:
    if not (isinstance(part.node, ast.Call) and _dotted(part.node.func) in names):
        yield part
    else:  # a call of the library, revealed as itself; here only for its place
        place = ast.copy_location(ast.Constant(None), part.node)
        yield Part(part.call, part.argument, place, part.owner)


def _names_of_the_library(tree: ast.Module) -> dict[str, str]:
    """What a script calls the library's names: ``{"sp.Trainer": "Trainer"}``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "synthproto":
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "synthproto":
                    prefix = alias.asname or "synthproto"
                    names |= {
                        dotted: dotted.rpartition(".")[2]
                        for dotted in map(_dotted, _callees(tree))
                        if dotted.startswith(f"{prefix}.")
                    }
    return names


def _callees(tree: ast.Module) -> Iterator[ast.expr]:
    return (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):  # Plan[Images](...)
        return _dotted(node.value)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _name(node: ast.expr) -> str:
    return _dotted(node).rpartition(".")[2]


# --- definitions ---------------------------------------------------------------------------------


def definitions(path: Path, seen: frozenset[Path] = frozenset()) -> dict[str, Definition]:
    """Classes of a script and of the files beside it that it imports, by name."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return {}
    found: dict[str, Definition] = {}
    seen |= {path}
    for node in ast.walk(tree):
        for module in _imported_modules(node):
            beside = path.parent.joinpath(*module.split(".")).with_suffix(".py")
            if beside.is_file() and beside not in seen:
                found |= definitions(beside, seen)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found[node.name] = _definition(node, found)
    return found


def _imported_modules(node: ast.AST) -> Sequence[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module else []
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _definition(node: ast.ClassDef, known: dict[str, Definition]) -> Definition:
    bases = [_name(base) for base in node.bases]
    decorators = [
        _name(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
    ]
    kinds = [base for base in bases if base in ("TypedDict", "NamedTuple")]
    kinds += ["dataclass"] if "dataclass" in decorators else []
    fields: dict[str, str] = {}
    for base in bases:
        if base in known:
            kinds.append(known[base].kind)
            fields |= known[base].fields
    fields |= {
        _name(statement.target): _hint(statement.annotation)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    return Definition(node.name, kinds[0] if kinds else "class", fields)


def _hint(node: ast.expr) -> str:
    text = ast.unparse(node).removeprefix("torch.")
    if text.startswith("Annotated[") and isinstance(node, ast.Subscript):
        return ast.unparse(node.slice).strip("()").split(",")[0].removeprefix("torch.")
    return text
