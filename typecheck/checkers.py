"""Six type checkers, each run over files so that what it says can be compared line by line."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ("", "examples", "tests/benchmarks", "stubs")  # where scripts find what they import


@dataclass(frozen=True)
class Checker:
    """A checker's command line; where it looks for imports is said in pyproject.toml or here."""

    name: str
    words: tuple[str, ...]
    error: str

    def run(self, paths: Sequence[Path], root: Path = ROOT) -> dict[tuple[str, int], list[str]]:
        """Errors by file name and line.

        Args:
            paths: Files or folders.
            root: Where pyproject.toml and the package are.
        """
        done = subprocess.run(
            [str(Path(sys.executable).parent / self.words[0]), *self.words[1:], *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
            cwd=root,
            env=_surroundings(root),
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found: dict[tuple[str, int], list[str]] = {}
        for line in done.stdout.splitlines():
            if match := re.match(self.error, line.strip()):
                place = (match["path"], int(match["line"]))
                found.setdefault(place, []).append(match["text"])
        return found


def _surroundings(root: Path) -> Mapping[str, str]:
    # Where python's own path names the checked folder, mypy takes it for installed packages.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"PATH": os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))}


_MYPY = r"(?P<path>[^:]+):(?P<line>\d+): error: (?P<text>.*)"
_PYRIGHT = r"(?P<path>[^:]+):(?P<line>\d+):\d+ - error: (?P<text>.*)"
CHECKERS = (
    Checker("mypy", ("mypy", "--hide-error-context"), _MYPY),
    Checker("pyright", ("pyright", "--pythonpath", sys.executable), _PYRIGHT),
    Checker(
        "basedpyright",
        ("basedpyright", "--pythonpath", sys.executable, "--level", "error"),
        _PYRIGHT,
    ),
    Checker(
        "ty",
        ("ty", "check", "--python", sys.executable, "--output-format", "concise"),
        r"(?P<path>[^:]+):(?P<line>\d+):\d+: error\[(?P<text>.*)",
    ),
    Checker(
        "pyrefly",
        (
            *("pyrefly", "check", "--config", "pyproject.toml"),
            *("--python-interpreter-path", sys.executable, "--output-format", "min-text"),
        ),
        r"ERROR (?P<path>[^:]+):(?P<line>\d+):\S+ (?P<text>.*)",
    ),
    Checker("zuban", ("zuban", "mypy", "--python-executable", sys.executable), _MYPY),
)
