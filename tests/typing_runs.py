"""Runs of type checkers that several test processes share: each is made once."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Make = Callable[[Path], list[str]]
ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".mypy_cache"


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Keep other test processes out for a while."""
    with Path(folder, f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], list[str]]
) -> list[str]:
    """What a slow function gives, made by the first test process that asks."""
    base = factory.getbasetemp()
    # Processes of one pytest-xdist run share the parent of their own folders.
    folder = base.parent if base.name.startswith("popen") else base
    with alone(folder, name):
        kept = folder / f"{name}.json"
        if not kept.exists():
            kept.write_text(json.dumps(make(folder)))
        lines: list[str] = json.loads(kept.read_text())
    return lines
