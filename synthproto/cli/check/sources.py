"""Files read as Python: scripts, and the code cells of notebooks."""

import ast
import json
import re
import tokenize
from pathlib import Path

from synthproto.errors import SynthprotoError


class ScriptError(SynthprotoError, ValueError):
    """A file cannot be read as Python."""


def text_of(path: Path) -> str:
    """What a file says, in the encoding that it declares."""
    try:
        with tokenize.open(path) as file:  # in the encoding that its first lines name
            return file.read()
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        # Of zero bytes some Pythons say that here, others where the text is parsed.
        what = "is no Python" if "null bytes" in str(error) else "is no UTF-8 text"
        raise ScriptError(f"{str(path)!r} {what}: {error}") from error


def parsed(path: Path, text: str, cell: int) -> ast.Module:
    """The tree of a text; a refusal names its place, in a cell if it is of a notebook."""
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


def cells_of(path: Path) -> list[str]:
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
