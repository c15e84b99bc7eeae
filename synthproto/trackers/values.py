"""What every tracker takes, and how a run ends."""

from io import BytesIO
from types import TracebackType
from typing import IO, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import Protocol, runtime_checkable

Status: TypeAlias = Literal["running", "finished", "interrupted", "failed"]
ParamValue: TypeAlias = str | int | float | bool
Array: TypeAlias = NDArray[np.float64] | pd.DataFrame

REFERENCE = "reference/"
"""Prefix of a reference's tag: ``reference/fidelity/x`` is what real data reach on ``fidelity/x``.

A group of its own: in a dashboard it follows the scores and does not come between them.
"""

ABOUT = "run/"
"""Prefix of texts that describe the whole run: ``run/plan``, ``run/spec``."""


@runtime_checkable
class Drawing(Protocol):
    """A plot that can write itself as an image; said here so that no tracker loads torch."""

    def savefig(self, file: IO[bytes], /, *, format: str) -> object:  # noqa: A002  matplotlib's name
        """Write the picture to an open binary file, ``format`` being ``"png"``."""
        ...


def png(figure: Drawing) -> bytes:
    """A plot as the bytes of a PNG file."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def outcome(kind: type[BaseException] | None, error: BaseException | None) -> tuple[Status, str]:
    """How a with-block ended.

    Args:
        kind: Class of what was raised in the block.
        error: What was raised.

    Returns:
        The run's status, and the error as one line, empty for a run that finished.
    """
    if kind is None:
        return "finished", ""
    status: Status = "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
    text = str(error) if error is not None else ""
    return status, f"{kind.__name__}: {text}" if text else kind.__name__


Traceback: TypeAlias = TracebackType | None
