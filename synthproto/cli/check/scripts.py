"""What a script or notebook says about its parts, read from its text: calls, classes, fields."""

import ast
import builtins
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import final

import synthproto
from synthproto.cli.check.definitions import Definition, definitions_of, dotted, last_name
from synthproto.cli.check.sources import ScriptError, cells_of, parsed, text_of

_REVEAL = b"reveal_type("
_PARTIAL = "partial"
METHODS = ("monitor", "run", "encode", "decode", "fit", "track", "infer", "read")
"""Methods of parts whose arguments are joints too."""


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
        alone: Whether it has to be read without what is around it: where a function says nothing
            of what it takes or returns, mypy takes ``Any`` for the type that is asked for.
    """

    call: str
    argument: str
    node: ast.expr
    owner: ast.Call
    revealed: bool = True
    alone: bool = False

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
        cells = cells_of(path) if self.is_notebook else [text_of(path)]
        self.text: str = "\n".join(cells)
        self.lines: list[str] = self.text.split("\n")
        counts = [cell.count("\n") + 1 for cell in cells]
        self._ends = list(accumulate(counts))
        trees = [
            parsed(path, cell, n if self.is_notebook else 0) for n, cell in enumerate(cells, 1)
        ]
        tree = trees[0] if len(trees) == 1 else ast.parse(self.text)
        self.definitions: dict[str, Definition] = definitions_of(tree, path, frozenset())
        library = _names_of_the_library(tree)
        own, foreign = _imported(tree)
        self.foreign: frozenset[str] = foreign
        # Functions and classes of the script and its author, and what it calls the library's.
        self.names: frozenset[str] = frozenset(
            {*_defined(tree), *own, *self.definitions, *(n.rpartition(".")[2] for n in library)}
        )
        self._calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self.parts: list[Part] = sorted(_parts(tree, library), key=_outermost_first)

    def place(self, line: int) -> tuple[int | None, int]:
        """The cell, from 1, and the line in it; no cell, and the line, in a script."""
        if not self.is_notebook:
            return None, line
        before = [end for end in self._ends if end < line]
        return len(before) + 1, line - (before[-1] if before else 0)

    def arguments_at(self, line: int, column: int) -> list[Part]:
        """The arguments of the library's calls that a place is in, innermost call last."""
        return [part for part in self.parts if part.argument and part.spans(line, column)]

    def callee_at(self, line: int, column: int) -> str:
        """The function that a place is an argument of, as it is written; empty if of none."""
        holding = [
            call
            for call in self._calls
            for value in (*call.args, *(keyword.value for keyword in call.keywords))
            if Part("", "", value, call).spans(line, column)
        ]
        return dotted(holding[-1].func) if holding else ""  # outer ones come first

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
            if part.alone:
                opening, closing = b"[" + _REVEAL, b")][0]"
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
        node,
        ast.Call | ast.Name | ast.Attribute | ast.Subscript | ast.BoolOp | ast.IfExp | ast.UnaryOp,
    )


def _parts(tree: ast.Module, names: dict[str, str]) -> Iterator[Part]:
    unnamed = _given_to_untyped(tree)
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    in_texts = {
        id(inner) for text in texts for inner in ast.walk(text)
    }  # their places are not exact
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in in_texts:
            continue
        if name := names.get(dotted(node.func)):
            yield Part(name, "", node, node, alone=id(node) in unnamed)
            for argument, value in _arguments_of(node):
                yield from _argument(Part(name, argument, value, node), names)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            for argument, value in _arguments_of(node):
                yield Part(node.func.attr, argument, value, node, revealed=False)
        elif owner := names.get(dotted(node.func).rpartition(".")[0]):
            for argument, value in _arguments_of(node):  # PaperTable.of(...)
                method = f"{owner}.{last_name(node.func)}"
                yield Part(method, argument, value, node, revealed=False)
        elif last_name(node.func) == _PARTIAL and node.args:
            function = node.args[0]
            if isinstance(function, ast.Name | ast.Attribute) and _on_one_line(function):
                yield Part(_PARTIAL, "1", function, node)


def _given_to_untyped(tree: ast.Module) -> set[int]:
    """What functions without annotations take, return and yield, by identity."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    untyped = {
        function.name
        for function in functions
        if not any(each.annotation for each in function.args.args)
    }
    given = [
        node.value
        for function in functions
        if function.returns is None
        for node in ast.walk(function)
        if isinstance(node, ast.Return | ast.Yield)
    ]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given += [each for call in calls if dotted(call.func) in untyped for each in call.args]
    return set(map(id, given))


def _defined(tree: ast.Module) -> frozenset[str]:
    """Functions and classes of a script."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def _imported(tree: ast.Module) -> tuple[set[str], frozenset[str]]:
    """Names from modules of the script's author, and those from installed packages."""
    own: set[str] = set()
    foreign = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name for alias in node.names}
            (foreign if not node.level and _is_installed(node.module or "") else own).update(names)
    return own, frozenset(foreign)


@cache
def _is_installed(module: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    return found is not None and "-packages" in str(
        found.origin or found.submodule_search_locations
    )


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
    if not (isinstance(part.node, ast.Call) and dotted(part.node.func) in names):
        yield part
    else:  # a call of the library, revealed as itself; here only for its place
        yield Part(part.call, part.argument, part.node, part.owner, revealed=False)
    if isinstance(part.node, ast.Lambda):
        yield Part(part.call, part.argument, part.node.body, part.owner)
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
                    names |= {name: name for name in dir(synthproto)}
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
            meant = names.get(dotted(node.value))
            targets = [each.id for each in node.targets if isinstance(each, ast.Name)]
            names |= dict.fromkeys(targets, meant) if meant else {}
    return names


def _prefixed(tree: ast.Module, prefixes: Iterable[str]) -> dict[str, str]:
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    starts = tuple(f"{prefix}." for prefix in prefixes)
    public = set(dir(synthproto))
    found = {name: name.rpartition(".")[2] for name in used if name.startswith(starts)}
    return {name: last for name, last in found.items() if last in public}
