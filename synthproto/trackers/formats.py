"""Arrays and parameters as Markdown tables, the only form in which TensorBoard shows numbers."""

import re
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pprint import pformat
from urllib.parse import unquote

import numpy as np
import pandas as pd

from synthproto.contracts import TextTracker
from synthproto.formatting import markdown_table, number
from synthproto.trackers.lifecycle import ABOUT, BESIDE, Array, ParamValue, clean

_ROWS = 60  # beyond, a table is no longer read on a dashboard
_COLUMNS = 16


def _cell(value: object) -> str:
    return number(float(value)) if isinstance(value, float | np.floating) else str(value)


def params_table(params: Mapping[str, ParamValue]) -> str:
    """Hyperparameters as a table of two columns."""
    rows = [[name, str(value)] for name, value in params.items()]
    return markdown_table([["parameter", "value"], *rows])


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
        extent = f", from {array.min():g} to {array.max():g}" if array.size else ""
        return f"array of shape {array.shape}{extent}"
    shown = frame.iloc[:_ROWS, :_COLUMNS]
    corner = "" if frame.index.name is None else frame.index.name
    body = [[_cell(value) for value in row] for row in shown.itertuples()]  # the index first
    table = markdown_table([[str(corner), *map(str, shown.columns)], *body])
    if shown.shape == frame.shape:
        return table
    rows_told, columns_told = (
        f"{some} of {all_}" for some, all_ in zip(shown.shape, frame.shape, strict=True)
    )
    return f"{table}\n\nThe first {rows_told} rows and {columns_told} columns."


_CARDS = 4  # numbers of one score that are charts of their own


def columns_tables(values: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """Scores of many numbers as tables, so that they do not bury the others.

    Args:
        values: Numbers by tag, with their references and floors beside them.

    Returns:
        The other numbers; and a table by tag, ``family/name``, for each score that has more than
        four numbers ``family/name/entry`` and a reference or a floor of one of them.
    """
    scores = [tag for tag in values if not tag.startswith(BESIDE)]
    groups: dict[str, list[str]] = {}
    for tag in scores:
        if tag.count("/") > 1:
            groups.setdefault("/".join(tag.split("/", 2)[:2]), []).append(tag)
    rest, tables = dict(values), {}
    for name, tags in groups.items():
        known = [prefix for prefix in BESIDE if any(prefix + tag in values for tag in tags)]
        if len(tags) <= _CARDS or not known:
            continue
        cells = [
            [tag[len(name) + 1 :], *(number(values.get(prefix + tag)) for prefix in ("", *known))]
            for tag in tags
        ]
        head = ["", "value", *(prefix.rstrip("/") for prefix in known)]
        tables[name] = markdown_table([head, *cells])
        for tag in tags:
            for prefix in ("", *BESIDE):
                rest.pop(prefix + tag, None)
    return rest, tables


_UNSAFE = re.compile(r"[^\w .,()=+@#-]")  # letters of every script stay
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 120  # bytes; file systems allow 255, and a suffix follows
_EMPTY = "%"  # a name that quoting never makes


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def digest(text: str) -> str:
    """Eight hexadecimal digits that tell texts apart."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def safe_name(text: str) -> str:
    """One part of a tag as the name of one file or folder.

    What a file system may refuse or misread is percent-encoded, ``..`` and names of devices
    included. Names beyond 120 bytes are cut and end with ``~`` and a digest.

    Args:
        text: Any text.

    Returns:
        A name without separators that is never hidden, empty, or ``..``.
    """
    if not text:
        return _EMPTY
    name = _UNSAFE.sub(lambda match: _quoted(match[0]), text)
    if name[0] in ". " or _DEVICE.match(name):
        name = _quoted(name[0]) + name[1:]
    if name[-1] in ". ":
        name = name[:-1] + _quoted(name[-1])
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{name.encode()[: _LONGEST - 12].decode(errors='ignore')}~{digest(text)}"


def original_name(name: str) -> str:
    """The text that `safe_name` was given, unless it was cut."""
    return "" if name == _EMPTY else unquote(name, errors="surrogatepass")


def safe_path(tag: str) -> str:
    """A tag as a relative path: its parts are folders, and none leads out."""
    return "/".join(safe_name(part) for part in tag.split("/"))


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _as_text(value: object) -> object:
    """A text that a spreadsheet would run as a formula, with the quote that makes it a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose labels and texts are none to a spreadsheet; numbers stay as they are."""
    texts = [name for name, kind in enumerate(frame.dtypes) if kind.kind not in "iufbcMm"]
    safe = frame.rename(index=_as_text, columns=_as_text)
    for place in texts:
        safe.isetitem(place, frame.iloc[:, place].map(_as_text).to_numpy())
    return safe


def array_file(array: Array) -> tuple[str, bytes]:
    """An array or frame as the suffix and the bytes of a file.

    Args:
        array: What to write.

    Returns:
        A frame as CSV with its index first and numbers that read back exactly (texts that begin
        like a formula of a spreadsheet get a ``'`` before them), an array as a compressed npz
        with the one entry ``values``.
    """
    if isinstance(array, pd.DataFrame):
        return ".csv", clean(_without_formulas(array).to_csv()).encode()
    file = BytesIO()
    np.savez_compressed(file, values=array)
    return ".npz", file.getvalue()


_WIDTH = 88  # signs a line; TensorBoard shows about a hundred


def describe_run(tracker: TextTracker, parts: Mapping[str, object]) -> None:
    """Log the parts of an experiment with their arguments, as they show themselves.

    ::

        describe_run(tracker, {"spec": spec, "scores": scores, "model": model})

    Dataclasses, modules and optimizers show their arguments; what shows none is better given as
    the list of what it was made from.

    Args:
        tracker: Keeps each part as a text of tag ``run/<name>``.
        parts: Parts by name.

    Example:
        >>> from synthproto import MaxEpochs, MemoryTracker, describe_run
        >>> tracker = MemoryTracker()
        >>> describe_run(tracker, {"stopper": MaxEpochs(100)})
        >>> tracker.texts.loc[0, "tag"]
        'run/stopper'
    """
    for name, part in parts.items():
        shown = part if isinstance(part, str) else pformat(part, width=_WIDTH, sort_dicts=False)
        fence = "`" * 3 if "```" not in shown else "`" * 6
        tracker.log_text(f"{ABOUT}{name}", f"{fence}\n{shown}\n{fence}", 0)
