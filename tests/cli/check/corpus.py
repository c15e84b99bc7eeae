"""Right and wrong joints as small scripts, and what `check` has to say of each.

``training.txt``, ``comparison.txt``, ``unproved.txt`` and ``right.txt`` hold them, each below its
name. A line ends with what is said of it: ``# ! place: explanation`` of a fault, ``# ?`` of what is
not proved, several apart by ``##``.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import synthproto

HERE = Path(__file__).resolve().parent
ROOMS = ("training", "comparison", "unproved", "right")
HEAD = """\
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypedDict, TypeVar
import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.utils.data import DataLoader, TensorDataset
from kit import (
    ADAM, AE, BATCHES, CODEC, FRAME, MODEL, PLAN, REAL, ROWS, SPEC, STEP, AEOutput, Judge,
    LabelBatch, Noise, PairBatch, Params, Printer, RichOutput, RowBatch, Scored,
)
from synthproto.contracts import Model, Progress
"""
_OTHERWISE = ("Params", "Model")  # the kit's, and the contract's
_SAID = re.compile(r"  # (?=[!?] )")


def joints(room: str) -> dict[str, str]:
    """Scripts of a file by name, with what is said of their lines."""
    blocks = (HERE / f"{room}.txt").read_text(encoding="utf-8").split("### ")[1:]
    return {name: body for name, _, body in (block.partition("\n") for block in blocks)}


def script(body: str) -> str:
    """The whole script, without what is said of it."""
    bare = "\n".join(_SAID.split(line)[0] for line in body.splitlines())
    used = [
        name
        for name in dir(synthproto)
        if name not in _OTHERWISE and re.search(rf"\b{name}\b", bare)
    ]
    return f"{HEAD}from synthproto import {', '.join(used or ['Trainer'])}\n{bare}\n"


def expected(body: str) -> Iterator[tuple[int, str]]:
    """Lines and what is said of each: ``(12, "! stopper of Trainer: a number is no stopper")``."""
    first = HEAD.count("\n") + 2  # below the imports
    for number, line in enumerate(body.splitlines(), first):
        for said in _SAID.split(line)[1:]:
            yield from ((number, each) for each in said.split(" ## "))
