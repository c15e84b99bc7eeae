"""Text as numbers, booleans and dates: one reading, or none at all."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.data.kinds import EXACT

_LOOKED_AT = 1000  # values that tell what a column of strings looks like
_SHOWN = 12  # columns named in one message; a table may have thousands
_BOOLEANS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
WORDS = frozenset(
    {"NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "missing"}
    | {"NULL", "null", "Null", "None", "none", "NIL", "nil"}
)
"""Words that stand for a missing number or date; in columns of labels they are labels."""
MARKS = WORDS | {"?", "-", "--", ".", "*"}
"""What stands for a missing number or date besides the empty cell."""


@final
@dataclass(frozen=True, eq=False)
class Text:
    """A column of strings, each distinct one looked at once.

    Attributes:
        codes: Place of each row among the cells, shape ``(n,)``; -1 where it is empty.
        cells: The distinct cells, in order of appearance; mostly strings.
        rows: The column's index and name come from here.
    """

    codes: NDArray[np.intp]
    cells: list[object]
    rows: pd.Series

    @classmethod
    def of(cls, values: pd.Series) -> Self:
        """Distinct cells of a column of strings; one that cannot be hashed stands as its text."""
        try:
            codes, cells = pd.factorize(values)
        except TypeError:
            codes, cells = pd.factorize(values.map(str))
        return cls(codes, cells.tolist(), values)

    @property
    def present(self) -> int:
        """Number of rows that are not empty."""
        return len(self.codes) - int((self.codes < 0).sum())

    def count(self, some: Iterable[object]) -> int:
        """Number of rows that are one of some cells."""
        wanted = frozenset(some)
        places = [place for place, cell in enumerate(self.cells) if cell in wanted]
        return int(np.isin(self.codes, places).sum())

    def series(self, values: "NDArray[np.generic] | pd.DatetimeIndex") -> pd.Series:
        """The column with a value in place of each distinct cell, and last one of empty cells."""
        return pd.Series(values[self.codes], index=self.rows.index, name=self.rows.name)


def cut(shown: Sequence[str]) -> str:
    """Words for a message, with how many more there are."""
    more = f", ... {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _examples(cells: Mapping[str, object]) -> str:
    """Columns, each with a cell of it; empty if there are none."""
    shown = [f"{name!r} (e.g. {cell!r})" for name, cell in cells.items() if cell is not None]
    return f"column{'s' * (len(shown) > 1)} {cut(shown)}" if shown else ""


# --- numbers --------------------------------------------------------------------------------------


def number_pattern(decimal: str) -> re.Pattern[str]:
    """What a number looks like, with this decimal mark."""
    mark = re.escape(decimal)
    finite = rf"[0-9]+({mark}[0-9]*)?([eE][+-]?[0-9]+)?|{mark}[0-9]+([eE][+-]?[0-9]+)?"
    return re.compile(rf"\s*[+-]?({finite}|inf|Inf|INF|infinity|Infinity)\s*")


def as_numbers(text: Text, marks: Iterable[str], decimal: str) -> pd.Series | None:
    """Numbers of text.

    Args:
        text: A column.
        marks: Cells that stand for missing values.
        decimal: Mark of decimals.

    Returns:
        The numbers, whole ones as integers where none is missing; ``None`` where a cell is neither
        a number nor a mark.
    """
    pattern, missing, whole = number_pattern(decimal), frozenset(marks), True
    numbers: list[float] = []
    grouped: dict[str, str] | None = None
    for cell in text.cells:
        if not isinstance(cell, str):
            return None
        digits = cell
        if cell not in missing and not pattern.fullmatch(cell):
            grouped = without_thousands(text.cells, decimal) if grouped is None else grouped
            if cell not in grouped:
                return None
            digits = grouped[cell]
        numbers.append(np.nan if cell in missing else float(digits.replace(decimal, ".")))
        whole = whole and (cell in missing or digits.strip("+- ").isdecimal())
    found = np.array([*numbers, np.nan])
    read = text.series(found)
    exact = whole and text.present == len(text.codes) and not np.isnan(found[:-1]).any()
    return read.astype(np.int64) if exact and np.abs(found[:-1]).max() <= EXACT else read


def without_thousands(cells: Iterable[object], decimal: str) -> dict[str, str]:
    """Cells such as 1,234.50 or 1,234,567, each without the marks between thousands.

    Returns:
        Nothing if the marks may as well be of decimals: 1,234; or within keys: 555 123 456.
    """
    marks = "".join({",", "."} - {decimal})
    pattern = re.compile(
        rf"\s*[+-]?[1-9][0-9]{{0,2}}(?P<mark>[{marks}' \u00a0\u202f])[0-9]{{3}}"
        rf"(?P<more>(?P=mark)[0-9]{{3}})*(?P<decimals>{re.escape(decimal)}[0-9]+)?\s*"
    )
    matches = [found for c in cells if isinstance(c, str) and (found := pattern.fullmatch(c))]
    if len({found["mark"] for found in matches}) != 1:
        return {}
    sure = any(found["decimals"] or (found["more"] and found["mark"] in marks) for found in matches)
    return {f.string: f.string.replace(f["mark"], "") for f in matches} if sure else {}


def is_whole(values: pd.Series) -> bool:
    """Whether the column has only whole numbers, which may be digits with zeros before them."""
    if values.dtype.kind in "iu":
        return True
    return values.dtype.kind == "f" and not (values.dropna() % 1).any()


_ZEROS = re.compile(r"\s*0[0-9]+\s*")


def leading_zeros(text: Text) -> list[str]:
    """The cells with a zero before other digits, in a column of digits alone; else none."""
    cells = [cell for cell in text.cells if isinstance(cell, str) and cell not in MARKS]
    if not cells or not all(cell.strip().isdecimal() for cell in cells):
        return []
    return [cell for cell in cells if is_padded(cell)]


def is_padded(cell: object) -> bool:
    """Whether a cell is digits with a zero before them: 007."""
    return isinstance(cell, str) and _ZEROS.fullmatch(cell) is not None


_KEY = re.compile(r"0|-?[1-9][0-9]{0,17}")


def whole_keys(values: pd.Series) -> pd.Series | None:
    """Numbers where every cell is a whole number as numbers are written."""
    if all(isinstance(cell, str) and _KEY.fullmatch(cell) for cell in values):
        return values.astype(np.int64)
    return None


_MARKED = (
    r"[+-]?(\d+|[1-9]\d{{0,2}}([.,' \u00a0\u202f]\d{{3}})+)(?P<marked>{mark}\d*)?([eE][+-]?\d+)?"
)
_GROUPED = r"[+-]?(0|[1-9]\d{{0,2}}(?P<marked>{mark}\d{{3}})*)"  # also 1,234,567
ASK = (
    "say so: --decimal {mark}; if they are no numbers, say what they are: --categorical, "
    "--identifier or --text"
)
"""What to do about another decimal mark where kinds are inferred."""
WRITE = "write '{decimal}', or if all files have '{mark}', say so: --decimal {mark}"
"""What to do about it where kinds are known."""


def decimal_faults(texts: Mapping[str, Text], decimal: str, advice: str) -> list[str]:
    """Which columns are strings only because their numbers have another decimal mark.

    Returns:
        A clause for decimals, and one for what may as well be thousands: 1,234.
    """
    mark = "," if decimal == "." else "."
    number, grouped = (
        re.compile(pattern.format(mark=re.escape(mark))) for pattern in (_MARKED, _GROUPED)
    )
    either = {name: _marked(text.cells, grouped) for name, text in texts.items()}
    decimals = {name: _marked(texts[name].cells, number) for name in either if not either[name]}
    said, faults = advice.replace("{mark}", mark).replace("{decimal}", decimal), []
    if shown := _examples(decimals):
        faults.append(f"has numbers with the decimal mark {mark!r} in {shown}; {said}")
    if shown := _examples(either):
        faults.append(
            f"has numbers with {mark!r} as decimal mark or between thousands in {shown}; leave it "
            f"out between thousands; for decimals, {said}"
        )
    return faults


def _marked(cells: Sequence[object], pattern: re.Pattern[str]) -> str | None:
    """The first cell with a mark, where the pattern fits every cell; ``None`` if there is none."""
    example = None
    for cell in cells[:_LOOKED_AT]:
        found = pattern.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if found is None and cell not in MARKS:
            return None
        if found is not None and example is None and found["marked"]:
            example = found.string
    return example


# --- booleans -------------------------------------------------------------------------------------


def as_booleans(text: Text, marks: Iterable[str], *, words_only: bool = False) -> pd.Series | None:
    """Booleans of true and false in any case, and of 1 and 0 unless only words count.

    Returns:
        Of dtype bool, or of objects where some are missing; ``None`` where a cell is neither.
    """
    missing = frozenset(marks)
    read: list[bool | None] = []
    for cell in text.cells:
        word = str(cell).strip().lower()
        if str(cell) in missing:
            read.append(None)
        elif word in _BOOLEANS and not (words_only and word[0] in "01"):
            read.append(_BOOLEANS[word])
        else:
            return None
    found = text.series(np.array([*read, None], dtype=object))
    return found if found.isna().any() else found.astype(bool)


# --- dates ----------------------------------------------------------------------------------------

# A date, or a date with a time, as ISO 8601 writes it.
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
# Strings that pandas takes for the present moment, whatever the format.
_MOMENTS = ("now", "today")


def as_dates(text: Text, marks: Iterable[str]) -> pd.Series | None:
    """Datetimes of ISO 8601 text or dates, in UTC where a cell has a zone.

    Returns:
        ``None`` where a cell is neither a date nor a mark of missing values. Any other format
        would have to be guessed, and 01/02/2020 is a day of two months.
    """
    cells = _dated(text, marks)
    if any(isinstance(cell, str) and cell in _MOMENTS for cell in cells):
        return None
    found = _moments([*cells, None])
    return None if found is None else text.series(found)


def _dated(text: Text, marks: Iterable[str]) -> list[object]:
    """The distinct cells, without blanks around them and without marks."""
    missing = frozenset(marks)
    cells = [cell.strip() if isinstance(cell, str) else cell for cell in text.cells]
    return [None if isinstance(cell, str) and cell in missing else cell for cell in cells]


def _moments(cells: Sequence[object]) -> pd.DatetimeIndex | None:
    """Cells as datetimes; zones may differ within a column, and no zone is UTC."""
    for utc in (False, True):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of zones that differ
                given = pd.Series([*cells], dtype=object)
                read = pd.to_datetime(given, format="ISO8601", utc=utc)
        except pd.errors.OutOfBoundsDatetime:
            return _far_moments(cells)
        except (ValueError, TypeError, Warning):
            continue
        if read.dtype.kind == "M" and (utc or getattr(read.dtype, "tz", None) is None):
            return pd.DatetimeIndex(read)
    return None


def _far_moments(cells: Sequence[object]) -> pd.DatetimeIndex | None:
    """The same for the years 1 to 9999, in microseconds: nanoseconds have room for 1678 to 2261."""
    stamps = [np.datetime64("NaT", "us") if cell is None else _far_moment(cell) for cell in cells]
    known = [stamp for stamp in stamps if stamp is not None]
    return pd.DatetimeIndex(np.array(known)) if len(known) == len(stamps) else None


def _far_moment(cell: object) -> np.datetime64 | None:
    try:
        moment = datetime.fromisoformat(cell.isoformat() if isinstance(cell, date) else str(cell))
        naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return np.datetime64(naive, "us")
    except (ValueError, OverflowError):
        return None


def looks_like_dates(text: Text, marks: Iterable[str]) -> bool:
    """Whether the first cells are ISO 8601 dates, besides marks of missing values."""
    missing = frozenset(marks)
    some = [cell for cell in text.cells[:_LOOKED_AT] if cell not in missing]
    return len(some) > 0 and all(map(_is_iso, some))


def _is_iso(value: object) -> bool:
    if isinstance(value, str):
        return _ISO_DATE.fullmatch(value.strip()) is not None
    return isinstance(value, date)


def date_faults(texts: Mapping[str, Text], marks: Iterable[str]) -> list[str]:
    """Which columns that are to be dates are none.

    Returns:
        A clause for what is not ISO 8601, and one for what is, but no date.
    """
    bad = {n: _undated(text, marks) for n, text in texts.items() if as_dates(text, marks) is None}
    impossible = {name: cell for name, cell in bad.items() if _is_iso(cell)}
    faults = []
    if shown := _examples({name: cell for name, cell in bad.items() if name not in impossible}):
        faults.append(
            f"has dates that are not ISO 8601 in {shown}; write them as 2020-01-31, with times as "
            "2020-01-31 18:30:00"
        )
    if shown := _examples(impossible):
        faults.append(f"has dates of no calendar in {shown}; leave such cells empty")
    return faults


def _undated(text: Text, marks: Iterable[str]) -> object:
    """The first cell that is no ISO 8601 date."""
    for cell in _dated(text, marks):
        if cell is not None and (cell in _MOMENTS or _moments([cell]) is None):
            return cell
    return None


# --- what strings look like -----------------------------------------------------------------------

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_AMOUNT = r"[+-]?\d[\d., ']*"
_FORMS = {
    "dates that are not ISO 8601; write them as 2020-01-31": re.compile(
        rf"\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}\b.*|\d{{4}}[/-]\d{{1,2}}|.*\b({_MONTHS})[a-z]*\b.*\d.*",
        re.IGNORECASE,
    ),
    "percentages; write the number alone": re.compile(rf"{_AMOUNT}\s*%"),
    "amounts of money; write the number alone": re.compile(
        rf"[+-]?([€$£¥₹]|[A-Z]{{3}})\s*{_AMOUNT}|{_AMOUNT}\s*([€$£¥₹]|EUR|USD|GBP|CHF|JPY|INR)"
    ),
    "times of day or durations; write a number, such as minutes": re.compile(
        r"\d{1,4}:\d\d(:\d\d([.,]\d+)?)?(\s?[ap]\.?m\.?)?", re.IGNORECASE
    ),
    "numbers with marks between thousands; leave these out": re.compile(
        r"[+-]?[1-9]\d{0,2}([,.' \u00a0\u202f]\d{3})+([.,]\d+)?"
    ),
    "amounts, negative ones in brackets; write a minus": re.compile(r"\(\d[\d., ]*\)"),
    "numbers with a unit; write the number alone": re.compile(rf"{_AMOUNT}\s*[^\W\d_][^\d]{{0,9}}"),
}


_PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?")
_MOSTLY = 0.95


def form_of(text: Text) -> str:
    """How nearly all cells of a column are written, and what to do about it; empty if unknown.

    Plain numbers count as written in any form, but for those of units: 12 and 12a are no numbers.
    """
    some = [cell.strip() for cell in text.cells[:_LOOKED_AT] if isinstance(cell, str)]
    plain = [cell for cell in some if _PLAIN.fullmatch(cell)]
    for form, pattern in _FORMS.items():
        found = [c for c in some if pattern.fullmatch(c) and not _PLAIN.fullmatch(c)]
        others = 0 if "unit" in form else len(plain)
        if found and len(found) + others >= _MOSTLY * len(some):
            said, _, advice = form.partition("; ")
            return f"looks like {said}, e.g. {found[0]!r}; {advice}"
    return ""
