"""What a script or notebook says about its parts, read from its text: calls, classes, fields."""

import ast
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import final

import synthproto
from synthproto.errors import SynthprotoError

_REVEAL = b"reveal_type("
_PARTIAL = "partial"
_METHODS = ("monitor", "run", "encode", "decode", "fit", "track")
"""Methods of parts whose arguments are joints too."""


class ScriptError(SynthprotoError, ValueError):
    """A file cannot be read as Python."""


@final
@dataclass(frozen=True)
class Part:
    """An expression whose type is worth knowing: a part of the library, or its argument.

    Attributes:
        call: Name of what is called: ``"Trainer"``.
        argument: Which of its arguments the expression is; ``""`` for the call itself.
        node: The expression.
        owner: The call that it is, or that it is an argument of.
        revealed: Whether a checker is asked for its type.
    """

    call: str
    argument: str
    node: ast.expr
    owner: ast.Call
    revealed: bool = True

    @property
    def place(self) -> str:
        """Where it stands, in words: ``"batches of Trainer"``."""
        what = f"argument {self.argument}" if self.argument.isdigit() else self.argument
        return f"{what} of {self.call}" if what else self.call

    def spans(self, line: int, column: int) -> bool:
        """Whether a place is in the expression; lines from 1, columns in bytes from 0."""
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
        optional: Fields that may be missing.
    """

    name: str
    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.kind == "class":
            return self.name
        fields = ", ".join(f"{name}: {hint}" for name, hint in self.fields.items())
        return f"{self.name} ({self.kind} with {fields or 'no fields'})"


@final
@dataclass(frozen=True)
class Revealing:
    """A script's text with its parts inside of ``reveal_type``, on the same lines.

    Attributes:
        text: The text.
        parts: The part that a checker speaks of, by line and column in bytes.
        inserted: By line, the columns of the new text where something was inserted, and how much.
    """

    text: str
    parts: Mapping[tuple[int, int], Part]
    inserted: Mapping[int, Sequence[tuple[int, int]]]

    def reported(self, line: int, column: int, times: int) -> int:
        """The column in which a checker says what stands at a column in bytes.

        Args:
            line: From 1.
            column: In bytes, from 0.
            times: How often it subtracts what letters beyond ASCII have in bytes beyond one: never
                (bytes), once (characters), or twice (mypy 2.4 with its own parser).
        """
        before = self.text.split("\n")[line - 1].encode()[:column]
        return column - times * (len(before) - len(before.decode(errors="ignore")))

    def original(self, line: int, column: int, times: int) -> int:
        """The column in bytes in the script's own text of a column that a checker reports."""
        letters = self.text.split("\n")[line - 1] if 0 < line <= self.text.count("\n") + 1 else ""
        if times and not letters.isascii():
            starts = [0, *accumulate(len(letter.encode()) for letter in letters)]
            fitting = [at for at in starts if self.reported(line, at, times) == column] or [column]
            parts = [at for at in fitting if (line, at) in self.parts]
            column = (parts or fitting)[-1]
        before = [(at, length) for at, length in self.inserted.get(line, ()) if at < column]
        return column - sum(min(length, column - at) for at, length in before)


@final
class Script:
    """A script or notebook, parsed.

    Args:
        path: A Python file, or a notebook (``.ipynb``), whose code cells are read as one script.

    Raises:
        ScriptError: The text is no Python; says where.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_notebook: bool = path.suffix == ".ipynb"
        cells = _cells(path) if self.is_notebook else [_text(path)]
        self.text: str = "\n".join(cells)
        self.lines: list[str] = self.text.split("\n")
        counts = [cell.count("\n") + 1 for cell in cells]
        self._ends = list(accumulate(counts))
        trees = [
            _parsed(path, cell, n if self.is_notebook else 0) for n, cell in enumerate(cells, 1)
        ]
        tree = trees[0] if len(trees) == 1 else ast.parse(self.text)
        self.definitions: dict[str, Definition] = _definitions(tree, path, frozenset())
        self.parts: list[Part] = sorted(_parts(tree), key=_outermost_first)

    def place(self, line: int) -> tuple[int | None, int]:
        """The cell, from 1, and the line in it; no cell, and the line, in a script."""
        if not self.is_notebook:
            return None, line
        before = [end for end in self._ends if end < line]
        return len(before) + 1, line - (before[-1] if before else 0)

    def arguments_at(self, line: int, column: int) -> list[Part]:
        """The arguments of the library's calls that a place is in, innermost call last."""
        return [part for part in self.parts if part.argument and part.spans(line, column)]

    def call_at(self, line: int, column: int) -> Part | None:
        """The call of the library that begins at a place."""
        start = (line, column)
        calls = [part for part in self.parts if not part.argument]
        return next((p for p in calls if (p.node.lineno, p.node.col_offset) == start), None)

    def between(self, line: int, column: int, end_line: int, end_column: int) -> str:
        """A piece of the text on one line; lines from 1, columns in bytes from 0."""
        if not 0 < line <= len(self.lines):
            return ""
        last = end_column if end_line == line else None
        return self.lines[line - 1].encode()[column:last].decode(errors="replace")

    def source(self, node: ast.expr) -> str:
        """An expression as it is written, as far as it stands on one line."""
        line, column = node.lineno, node.col_offset
        return self.between(line, column, node.end_lineno or line, node.end_col_offset or column)

    def characters(self, line: int, column: int) -> int:
        """A column in characters, from a column in bytes."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return len(text.encode()[:column].decode(errors="replace"))

    def revealing(self) -> Revealing:
        """The text with each part whose type is worth knowing inside of ``reveal_type``."""
        marks: dict[int, list[tuple[int, int, int, bytes, Part | None]]] = {}
        wrapped = [part for part in self.parts if part.revealed and _can_be_wrapped(part.node)]
        for order, part in enumerate(wrapped):
            node, opening, closing = part.node, _REVEAL, b")"
            if part.call == _PARTIAL:
                # Beside the call, which mypy would no longer see through.
                node, source = part.owner, self.source(part.node).encode()
                opening, closing = b"(" + _REVEAL + source + b"), ", b")[1]"
            end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
            # At one place: what ends there before what begins, outer ones begin first, end last.
            marks.setdefault(node.lineno, []).append((node.col_offset, 1, order, opening, part))
            marks.setdefault(end_line, []).append((end, 0, -order, closing, None))
        lines = [line.encode() for line in self.lines]
        parts: dict[tuple[int, int], Part] = {}
        inserted: dict[int, list[tuple[int, int]]] = {}
        for number, here in marks.items():
            line, made, last = lines[number - 1], b"", 0
            for column, _, _, text, each in sorted(here, key=lambda mark: mark[:3]):
                made += line[last:column]
                inserted.setdefault(number, []).append((len(made), len(text)))
                if each is not None:
                    parts[number, len(made) + text.index(_REVEAL) + len(_REVEAL)] = each
                made += text
                last = column
            lines[number - 1] = made + line[last:]
        return Revealing(b"\n".join(lines).decode(), parts, inserted)


def scripts_of(paths: Sequence[Path]) -> list[Script]:
    """The scripts that were named, each once; of folders, all that are in them.

    Raises:
        ScriptError: One is no Python, or a folder has none.
        OSError: One cannot be read.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        inside = list(_inside(path)) if path.is_dir() else [path]
        if not inside:
            raise ScriptError(f"{str(path)!r} is a folder without a script or notebook in it")
        for each in inside:
            found.setdefault(each.resolve(), each)
    return [Script(path) for path in found.values()]


def _inside(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        hidden = any(name.startswith(".") or name in _ASIDE for name in names)
        if path.suffix in (".py", ".ipynb") and path.is_file() and not hidden:
            yield path


_ASIDE = ("__pycache__", "site-packages", "node_modules")


def _text(path: Path) -> str:
    try:
        with tokenize.open(path) as file:  # in the encoding that its first lines name
            return file.read()
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise ScriptError(f"{str(path)!r} is no UTF-8 text: {error}") from error


def _parsed(path: Path, text: str, cell: int) -> ast.Module:
    where = f"{path}, cell {cell}, line " if cell else f"{path}:"
    try:
        return ast.parse(text, filename=str(path))
    except SyntaxError as error:
        between = ":" if not cell else ", column "
        raise ScriptError(
            f"{where}{error.lineno}{between}{error.offset} is no Python: {error.msg}"
        ) from error
    except ValueError as error:
        raise ScriptError(f"{path} is no Python: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise ScriptError(f"{path} cannot be parsed: an expression is too long") from error


# --- notebooks ------------------------------------------------------------------------------------

_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2})$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w.]+\s*=\s*)[%!].*$")
_OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")


def _cells(path: Path) -> list[str]:
    """The code cells of a notebook, each with as many lines, without what only IPython reads."""
    try:
        content: object = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"{str(path)!r} is no notebook: it is not JSON") from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise ScriptError(f"{str(path)!r} is no notebook of version 4: it has no cells")
    found = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [_without_magic(_source(cell.get("source", ""))) for cell in found] or [""]


def _source(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _without_magic(cell: str) -> str:
    lines = cell.rstrip("\n").replace("\r\n", "\n").split("\n")
    if lines[0].startswith("%%"):
        python = lines[0].split()[0] in _OF_PYTHON
        return "\n".join(["pass", *(lines[1:] if python else [""] * (len(lines) - 1))])
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError):
        lines = [_ASSIGNED_MAGIC.sub(r"\1eval('')", _MAGIC.sub(r"\1pass", line)) for line in lines]
    return "\n".join(lines)


# --- parts ----------------------------------------------------------------------------------------


def _start_then_end(node: ast.expr) -> tuple[int, int, int, int]:
    return (
        node.lineno,
        node.col_offset,
        -(node.end_lineno or 0),
        -(node.end_col_offset or 0),
    )


def _outermost_first(part: Part) -> tuple[int, int, int, int]:
    return _start_then_end(part.node)


def _can_be_wrapped(node: ast.expr) -> bool:
    # A lambda, a list or a dict takes its type from the place where it stands.
    return isinstance(
        node, ast.Call | ast.Name | ast.Attribute | ast.Subscript | ast.BoolOp | ast.IfExp
    )


def _parts(tree: ast.Module) -> Iterator[Part]:
    names = _names_of_the_library(tree)
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    in_texts = {
        id(inner) for text in texts for inner in ast.walk(text)
    }  # their places are not exact
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in in_texts:
            continue
        if name := names.get(_dotted(node.func)):
            yield Part(name, "", node, node)
            for argument, value in _arguments_of(node):
                yield from _argument(Part(name, argument, value, node), names)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            for argument, value in _arguments_of(node):
                yield Part(node.func.attr, argument, value, node, revealed=False)
        elif _name(node.func) == _PARTIAL and node.args:
            function = node.args[0]
            if isinstance(function, ast.Name | ast.Attribute) and _on_one_line(function):
                yield Part(_PARTIAL, "1", function, node)


def _on_one_line(node: ast.expr) -> bool:
    return node.lineno == node.end_lineno


def _arguments_of(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    for index, value in enumerate(call.args):
        if not isinstance(value, ast.Starred):
            yield str(index + 1), value
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


def _argument(part: Part, names: dict[str, str]) -> Iterator[Part]:
    if not (isinstance(part.node, ast.Call) and _dotted(part.node.func) in names):
        yield part
    else:  # a call of the library, revealed as itself; here only for its place
        yield Part(part.call, part.argument, part.node, part.owner, revealed=False)
    if isinstance(part.node, ast.List | ast.Tuple):
        for item in part.node.elts:
            if not isinstance(item, ast.Starred):
                yield from _argument(Part(part.call, part.argument, item, part.owner), names)


def _names_of_the_library(tree: ast.Module) -> dict[str, str]:
    """What a script calls the library's names: ``{"sp.Trainer": "Trainer"}``."""
    names: dict[str, str] = {}
    prefixes: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "synthproto":
            for alias in node.names:
                if alias.name == "*":
                    names |= {name: name for name in synthproto.__all__}
                else:
                    names[alias.asname or alias.name] = alias.name
                    prefixes.add(alias.asname or alias.name)
        elif isinstance(node, ast.Import):
            prefixes |= {
                alias.asname or "synthproto"
                for alias in node.names
                if alias.name.split(".")[0] == "synthproto"
            }
    names |= _prefixed(tree, prefixes)
    for node in ast.walk(tree):  # Step = GradientStep
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            meant = names.get(_dotted(node.value))
            targets = [each.id for each in node.targets if isinstance(each, ast.Name)]
            names |= dict.fromkeys(targets, meant) if meant else {}
    return names


def _prefixed(tree: ast.Module, prefixes: Iterable[str]) -> dict[str, str]:
    dotted = {_dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    starts = tuple(f"{prefix}." for prefix in prefixes)
    public = set(synthproto.__all__)
    found = {name: name.rpartition(".")[2] for name in dotted if name.startswith(starts)}
    return {name: last for name, last in found.items() if last in public}


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):  # Plan[Images](...)
        return _dotted(node.value)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _name(node: ast.expr) -> str:
    return _dotted(node).rpartition(".")[2]


# --- definitions ---------------------------------------------------------------------------------


def _definitions(tree: ast.Module, path: Path, seen: frozenset[Path]) -> dict[str, Definition]:
    """Classes of a script and of the files beside it that it imports, by name."""
    found: dict[str, Definition] = {}
    seen |= {path}
    for node in ast.walk(tree):
        for module in _imported_modules(node):
            beside = path.parent.joinpath(*module.split(".")).with_suffix(".py")
            if beside not in seen and beside.is_file():
                try:
                    found |= _definitions(_parsed(beside, _text(beside), 0), beside, seen)
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
    own = {
        _name(statement.target): statement.annotation
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    fields |= {name: _hint(annotation) for name, annotation in own.items()}
    optional = frozenset(
        name
        for name, annotation in own.items()
        if isinstance(annotation, ast.Subscript) and _name(annotation) == "NotRequired"
    )
    return Definition(node.name, kinds[0] if kinds else "class", fields, optional)


def _hint(node: ast.expr) -> str:
    text = ast.unparse(node).removeprefix("torch.")
    if text.startswith("Annotated[") and isinstance(node, ast.Subscript):
        return ast.unparse(node.slice).strip("()").split(",")[0].removeprefix("torch.")
    return text
