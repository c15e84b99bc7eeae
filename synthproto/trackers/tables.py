"""Arrays and parameters as Markdown tables, the only form in which TensorBoard shows numbers."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from synthproto.trackers.values import Array, ParamValue

_ROWS = 60  # beyond, a table is no longer read on a dashboard
_COLUMNS = 16


def _cell(value: object) -> str:
    """A value, numbers to four digits; Markdown's own signs are escaped."""
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return "".join(f"\\{sign}" if sign in "\\|*_`<[" else sign for sign in text)


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _table(header: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    rule = "|---|" + "---:|" * (len(header) - 1)
    return "\n".join([_row(header), rule, *(_row(row) for row in rows)])


def params_table(params: Mapping[str, ParamValue]) -> str:
    """Hyperparameters as a table of two columns."""
    return _table(["parameter", "value"], params.items())


def array_table(array: Array) -> str:
    """An array or frame as a table.

    Args:
        array: A frame, or an array of one or two dimensions; of more, its shape and range are
            told.

    Returns:
        Markdown; what is beyond 60 rows or 16 columns is left out, and said to be.
    """
    if isinstance(array, pd.DataFrame):
        frame = array
    elif array.ndim <= 2:
        frame = pd.DataFrame(np.atleast_1d(array))
    else:
        extent = f", from {array.min():.4g} to {array.max():.4g}" if array.size else ""
        return f"array of shape {array.shape}{extent}"
    shown = frame.iloc[:_ROWS, :_COLUMNS]
    corner = "" if frame.index.name is None else frame.index.name
    rows = shown.itertuples()  # the index first
    table = _table([corner, *shown.columns], rows)
    if shown.shape == frame.shape:
        return table
    rows_told, columns_told = (
        f"{some} of {all_}" for some, all_ in zip(shown.shape, frame.shape, strict=True)
    )
    return f"{table}\n\nThe first {rows_told} rows and {columns_told} columns."
