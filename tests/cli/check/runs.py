"""The check command, run as a user runs it."""

import json
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


FITS = """
import torch
from torch import Tensor, nn
from synthproto import Batches, GradientStep, MaxEpochs, Trainer

class Line(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        return rows

model = Line()
step = GradientStep(
    model=model, loss=lambda output, batch: output.sum(), optimizer=torch.optim.SGD([torch.ones(2)])
)
Trainer(step=step, batches=Batches(torch.zeros(6, 2), size=2), stopper=MaxEpochs(1)).run()
"""

UNPROVED = FITS.replace("def forward(self, rows: Tensor) -> Tensor:", "def forward(self, rows):")
FAULT = FITS.replace("stopper=MaxEpochs(1)", "stopper=1")


def notebook(*cells: str) -> str:
    """A notebook with a text and these code cells."""
    text = [{"cell_type": "markdown", "source": "# no code: stopper=1"}]
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [*text, *code], "nbformat": 4})
