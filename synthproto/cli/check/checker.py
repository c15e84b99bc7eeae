"""mypy, run with the library's settings and stubs over scripts."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
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
        column: From 0; in bytes, or in characters: versions of mypy differ.
        end_line: From 1.
        end_column: Past the last one.
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
    """Where mypy keeps what it knows of installed packages, one folder per version of mypy."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "synthproto" / f"mypy-{version('mypy')}"


_UNREAD = (
    *("mlflow", "polars", "scipy", "sqlalchemy"),
    *("torch._dynamo", "torch._export", "torch._functorch", "torch._inductor"),
    *("torch.ao", "torch.onnx", "torch.testing"),
)
"""Packages that no part shows to a script: two thirds of what a first check would read."""


def _settings(texts: Iterable[str]) -> str:
    """A configuration of mypy by which it does not read what no script speaks of."""
    said = "\n".join(texts)
    unread = ",".join(f"{name}.*" for name in _UNREAD if name not in said)
    skipped = f"[mypy-{unread}]\nfollow_imports = skip\nfollow_imports_for_stubs = True\n"
    return "[mypy]\n" + (skipped if unread else "")


def is_warm() -> bool:
    """Whether mypy has read the types of torch before."""
    return any(cache_folder().glob("*/*/*"))


def messages(sources: Mapping[Path, Path], folders: Iterable[Path]) -> list[Message]:
    """What mypy says of files.

    Args:
        sources: The files, and the file that each is read from.
        folders: Where they find the modules that they import.

    Raises:
        CheckerError: mypy could not run; says why.
    """
    from mypy import api

    options = [
        "--strict",
        # A cloned repository says what it exports by habit, not by `__all__`.
        "--implicit-reexport",
        "--output=json",
        "--hide-error-context",
        "--no-warn-unused-configs",
        "--allow-redefinition",
        f"--python-executable={sys.executable}",
    ]
    for file, read_from in sources.items():
        if read_from != file:
            options += ["--shadow-file", str(file), str(read_from)]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sources.values()]
    settings = _settings(texts)
    # mypy reads all of torch again where its settings change.
    cache = cache_folder() / sha256(settings.encode()).hexdigest()[:8]
    with _alone(cache), _search_path(folders), TemporaryDirectory() as folder:
        config = Path(folder, "mypy.ini")
        config.write_text(settings)
        options += [f"--config-file={config}", f"--cache-dir={cache}"]
        out, err, status = api.run([*options, "--", *map(str, sources)])
    found = [_message(json.loads(line)) for line in out.splitlines() if line.startswith("{")]
    if status not in (0, 1) or err:
        raise CheckerError(_why(found, err or out, status))
    return found


def _why(found: list[Message], said: str, status: int) -> str:
    errors = [each for each in found if each.severity == "error"]
    if errors:
        first = errors[0]
        return f"mypy stopped at {str(first.path)!r}, line {first.line}: {first.text}"
    return f"mypy ended with status {status}: {(said.strip().splitlines() or [''])[-1]}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other check write to the cache meanwhile: mypy may read what is half written."""
    with ExitStack() as stack:
        with suppress(OSError):  # a home that cannot be written to has no cache either
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(Path(folder, "lock").open("w"))
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _search_path(folders: Iterable[Path]) -> Iterator[None]:
    """Let mypy find modules in folders, and stubs in a source checkout."""
    before = os.environ.get("MYPYPATH")
    checkout = Path(synthproto.__file__).resolve().parents[1] / "stubs"
    # An installed package has its stubs beside it in site-packages, where mypy finds them.
    stubs = [str(checkout)] if (checkout / "ctgan").is_dir() else []
    given = filter(None, (before or "").split(os.pathsep))
    os.environ["MYPYPATH"] = os.pathsep.join([*dict.fromkeys(map(str, folders)), *stubs, *given])
    try:
        yield
    finally:
        if before is None:
            del os.environ["MYPYPATH"]
        else:
            os.environ["MYPYPATH"] = before


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
        "\n".join(
            line
            for line in str(fields.get("hint") or "").split("\n")
            if "Revealed type is" not in line
        ),
        str(fields.get("code") or ""),
    )
