"""mypy, run with the library's settings and stubs over scripts."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import final

import synthproto
from synthproto.errors import SynthprotoError


class CheckerError(SynthprotoError, RuntimeError):
    """mypy itself could not do its work."""


@final
@dataclass(frozen=True)
class Message:
    """One message of mypy.

    Attributes:
        path: File.
        line: From 1.
        column: From 0.
        end_line: From 1.
        end_column: Past the last character.
        severity: ``"error"`` or ``"note"``.
        text: What mypy says.
        hint: What it adds in notes, line by line.
        code: Kind of error, ``"arg-type"``.
    """

    path: Path
    line: int
    column: int
    end_line: int
    end_column: int
    severity: str
    text: str
    hint: str
    code: str


def cache_folder() -> Path:
    """Where mypy keeps what it knows of installed packages, one folder a version of mypy."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "synthproto" / f"mypy-{version('mypy')}"


def is_warm() -> bool:
    """Whether mypy has read the types of torch before."""
    return any(cache_folder().glob("*/*"))


def messages(paths: Sequence[Path], shadows: Mapping[Path, Path] | None = None) -> list[Message]:
    """What mypy says of scripts.

    Args:
        paths: The scripts.
        shadows: Files to read in the place of scripts, by script.

    Raises:
        CheckerError: mypy could not run; says why.
    """
    from mypy import api

    options = [
        "--strict",
        "--config-file=",
        "--output=json",
        "--hide-error-context",
        "--no-warn-unused-configs",
        "--allow-redefinition",
        f"--cache-dir={cache_folder()}",
        f"--python-executable={sys.executable}",
    ]
    for script, shadow in (shadows or {}).items():
        options += ["--shadow-file", str(script), str(shadow)]
    before = os.environ.get("MYPYPATH")
    os.environ["MYPYPATH"] = os.pathsep.join(_search_path(paths, before))
    try:
        out, err, status = api.run([*options, *map(str, paths)])
    finally:
        if before is None:
            del os.environ["MYPYPATH"]
        else:
            os.environ["MYPYPATH"] = before
    if status not in (0, 1) or err:
        raise CheckerError(f"mypy ended with status {status}: {(err or out).strip()}")
    return [_message(json.loads(line)) for line in out.splitlines() if line.startswith("{")]


def _search_path(paths: Sequence[Path], given: str | None) -> list[str]:
    """Folders of modules beside the scripts, and of stubs in a source checkout."""
    folders = [str(path.resolve().parent) for path in paths]
    checkout = Path(synthproto.__file__).resolve().parents[1] / "stubs"
    # An installed package has its stubs beside it in site-packages, where mypy finds them.
    stubs = [str(checkout)] if (checkout / "ctgan").is_dir() else []
    return [*dict.fromkeys(folders), *stubs, *filter(None, (given or "").split(os.pathsep))]


def _message(fields: Mapping[str, object]) -> Message:
    def number(name: str, default: int) -> int:
        value = fields.get(name)
        return value if isinstance(value, int) else default

    line, column = number("line", 1), number("column", 0)
    return Message(
        Path(str(fields["file"])),
        line,
        max(column, 0),
        number("end_line", line),
        number("end_column", column + 1),
        str(fields["severity"]),
        str(fields["message"]),
        str(fields.get("hint") or ""),
        str(fields.get("code") or ""),
    )
