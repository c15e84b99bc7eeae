"""The check command, run as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.typing_runs import CACHE, ROOT


class Run(NamedTuple):
    status: int
    out: str
    err: str


def run(*words: str, search: Path | None = None) -> Run:
    """``check`` in a process of its own, with the cache of the tests.

    Args:
        words: Its arguments.
        search: Where else scripts find modules.
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(CACHE), "NO_COLOR": "1"}
    if search is not None:
        environment["MYPYPATH"] = str(search)
    done = subprocess.run(
        [sys.executable, "-m", "synthproto", "check", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    return Run(done.returncode, done.stdout, done.stderr)
